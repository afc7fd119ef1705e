//! The list of an engine's networks.

use std::time::Duration;

use leptos::prelude::*;

use super::create::CreateButton;
use super::remove::RemoveButton;
use crate::api::events::{EventQuery, EventsFollow};
use crate::api::networks::{Network, NetworkList};
use crate::api::{Page, Problem, fill};
use crate::client::{Client, Following, follow};
use crate::ui::format::{count, grouped};
use crate::ui::time::{Debounce, poll};
use crate::ui::{Badge, Button, EmptyState, Kind, PageHead, Rows, SearchBox, SkeletonRows, SortHeader, Time, icons};
use crate::widgets::{ByEngine, ListState, LiveMark, Loaded, NextPages, USE_FACETS, UseFilter, UsedBy};

const SOON: Duration = Duration::from_millis(500);
/// Events tell of what changes; this is for what they miss.
const REFRESH: Duration = Duration::from_secs(30);

type Listed = Resource<Result<Page<Network>, Problem>>;

#[component]
pub fn Networks() -> impl IntoView {
    view! { <ByEngine let:engine><List engine=engine/></ByEngine> }.into_any()
}

#[component]
fn List(engine: String) -> impl IntoView {
    let state = ListState::in_address("name", USE_FACETS);
    let query = state.query();
    let client = Client::get();
    let networks: Listed = {
        let engine = engine.clone();
        Resource::new(move || query.get(), move |query| client.call::<NetworkList>(&[&engine], &query))
    };
    let following = keep_fresh(engine.clone(), networks);
    let after = Callback::new(move |()| networks.refetch());
    let about = Signal::stored(format!("On {engine}"));
    let engine = Signal::stored(engine);
    view! {
        <PageHead title="Networks" about=about>
            <LiveMark following=following otherwise="Every 30 s"/>
            <CreateButton engine=engine after=after/>
        </PageHead>
        <div class="toolbar">
            <SearchBox label="Search names and labels" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
            <UseFilter state=state/>
            <Show when=move || state.narrowed().get()>
                <Button label="Clear" kind=Kind::Quiet icon=icons::CLOSE on_press=Callback::new(move |()| state.clear())/>
            </Show>
        </div>
        <Loaded resource=networks skeleton=|| view! { <SkeletonRows rows=6 columns=6/> } let:page>
            <Found engine=engine page=page state=state after=after/>
        </Loaded>
    }
    .into_any()
}

/// Reads the list again soon after a network changed.
fn keep_fresh(engine: String, networks: Listed) -> ReadSignal<Following> {
    let soon = Debounce::new(SOON);
    poll(REFRESH, move || networks.refetch());
    let target = move || {
        let input = EventQuery { kind: Some("network".to_owned()), since: None };
        Some((vec![engine.clone()], input))
    };
    follow::<EventsFollow>(target, move |_| soon.run(move || networks.refetch()))
}

#[component]
fn Found(engine: Signal<String>, page: Signal<Page<Network>>, state: ListState, after: Callback<()>) -> impl IntoView {
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let empty = Memo::new(move |_| page.with(|page| page.items.is_empty()));
    let summary = Signal::derive(move || {
        page.with(|page| match page.total {
            Some(total) if total as usize > page.items.len() => format!("{} of {} networks", page.items.len(), grouped(total)),
            _ => count(page.items.len(), "network"),
        })
    });
    let (sort, on_sort) = (state.sort(), state.on_sort());
    view! {
        <Show when=move || !empty.get() fallback=move || view! { <Nothing state=state/> }>
            <div class="table-box" tabindex="0" role="region" aria-label="Networks">
                <table class="table cards">
                    <thead>
                        <tr>
                            <SortHeader field="name" label="Name" sort=sort on_sort=on_sort/>
                            <SortHeader field="driver" label="Driver" sort=sort on_sort=on_sort/>
                            <th scope="col">"Subnets"</th>
                            <th scope="col">"Used by"</th>
                            <th scope="col">"Project"</th>
                            <SortHeader field="created_at" label="Created" sort=sort on_sort=on_sort down=true/>
                            <th scope="col"><span class="unseen">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=items key=|network: &Network| network.id.clone() row=move |network| view! {
                            <Row engine=engine network=network after=after/>
                        }/>
                    </tbody>
                </table>
            </div>
            <NextPages page=page state=state summary=summary/>
        </Show>
    }
    .into_any()
}

#[component]
fn Row(engine: Signal<String>, network: Signal<Network>, after: Callback<()>) -> impl IntoView {
    let name = Signal::derive(move || network.with(|network| network.name.clone()));
    let href = move || network.with(|network| fill("/on/{engine}/networks/{id}", &[&engine.get(), &network.id]));
    let project = move || network.with(|network| network.project.clone()).map(|project| view! { <Badge text=project/> });
    let created = move || network.with(|network| network.created_at).map(|at| view! { <Time at=at/> });
    let subnets = move || network.with(|network| network.subnets.iter().map(|subnet| view! { <code>{subnet.clone()}</code> }).collect_view());
    view! {
        <tr>
            <td class="main">
                <a class="name" href=href title=move || name.get()>{move || name.get()}</a>
                <span class="sub">{move || network.with(about)}</span>
            </td>
            <td data-label="Driver">{move || network.with(|network| network.driver.clone())}</td>
            <td data-label="Subnets" class="ports">{subnets}</td>
            <td data-label="Used by"><UsedBy names=Signal::derive(move || network.with(|network| network.used_by.clone()))/></td>
            <td data-label="Project">{project}</td>
            <td data-label="Created">{created}</td>
            <td class="actions"><RemoveButton engine=engine network=network after=after/></td>
        </tr>
    }
    .into_any()
}

/// What is special about a network, in a few words.
pub(super) fn about(network: &Network) -> String {
    let mut words = vec![network.scope.clone()];
    if network.builtin {
        words.push("the engine's own".to_owned());
    }
    if network.internal {
        words.push("cut off from the outside".to_owned());
    }
    words.join(", ")
}

#[component]
fn Nothing(state: ListState) -> impl IntoView {
    move || {
        if state.narrowed().get() {
            view! {
                <EmptyState icon=icons::SEARCH title="No network fits" detail=Signal::stored("Loosen the search or the filter.".to_owned())>
                    <Button label="Show all" on_press=Callback::new(move |()| state.clear())/>
                </EmptyState>
            }
            .into_any()
        } else if state.has_previous().get() {
            view! {
                <EmptyState icon=icons::LIST title="This page has become empty">
                    <Button label="Previous page" on_press=Callback::new(move |()| state.previous())/>
                </EmptyState>
            }
            .into_any()
        } else {
            let detail = "Containers on a network of their own reach each other by name.".to_owned();
            view! { <EmptyState icon=icons::NETWORK title="No networks" detail=Signal::stored(detail)/> }.into_any()
        }
    }
}
