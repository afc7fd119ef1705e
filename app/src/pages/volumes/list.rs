//! The list of an engine's volumes.

use std::time::Duration;

use leptos::prelude::*;

use super::create::CreateButton;
use crate::api::events::{EventQuery, EventsFollow};
use crate::api::session::Whose;
use crate::api::volumes::{Volume, VolumeList, VolumeRemove};
use crate::api::{Empty, Page, Problem};
use crate::client::{Client, Following, follow};
use crate::ui::format::{count, grouped};
use crate::ui::time::{Debounce, poll};
use crate::ui::{Ask, Badge, Button, Confirm, EmptyState, Kind, PageHead, Rows, SearchBox, SkeletonRows, SortHeader, Time, icons};
use crate::widgets::{ByEngine, GateButton, ListState, LiveMark, Loaded, NextPages, USE_FACETS, UseFilter, UsedBy, use_act};

const SOON: Duration = Duration::from_millis(500);
/// Events tell of what changes; this is for what they miss.
const REFRESH: Duration = Duration::from_secs(30);

type Listed = Resource<Result<Page<Volume>, Problem>>;

#[component]
pub fn Volumes() -> impl IntoView {
    view! { <ByEngine let:engine><List engine=engine/></ByEngine> }.into_any()
}

#[component]
fn List(engine: String) -> impl IntoView {
    let state = ListState::in_address("name", USE_FACETS);
    let query = state.query();
    let client = Client::get();
    let volumes: Listed = {
        let engine = engine.clone();
        Resource::new(move || query.get(), move |query| client.call::<VolumeList>(&[&engine], &query))
    };
    let following = keep_fresh(engine.clone(), volumes);
    let after = Callback::new(move |()| volumes.refetch());
    let about = Signal::stored(format!("On {engine}"));
    let engine = Signal::stored(engine);
    view! {
        <PageHead title="Volumes" about=about>
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
        <Loaded resource=volumes skeleton=|| view! { <SkeletonRows rows=8 columns=5/> } let:page>
            <Found engine=engine page=page state=state after=after/>
        </Loaded>
    }
    .into_any()
}

/// Reads the list again soon after a volume or a container came or went.
fn keep_fresh(engine: String, volumes: Listed) -> ReadSignal<Following> {
    let soon = Debounce::new(SOON);
    poll(REFRESH, move || volumes.refetch());
    let target = move || Some((vec![engine.clone()], EventQuery::default()));
    follow::<EventsFollow>(target, move |event| {
        let of_container = event.kind == "container" && matches!(event.action.as_str(), "create" | "destroy");
        if event.kind == "volume" || of_container {
            soon.run(move || volumes.refetch());
        }
    })
}

#[component]
fn Found(engine: Signal<String>, page: Signal<Page<Volume>>, state: ListState, after: Callback<()>) -> impl IntoView {
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let empty = Memo::new(move |_| page.with(|page| page.items.is_empty()));
    let summary = Signal::derive(move || {
        page.with(|page| match page.total {
            Some(total) if total as usize > page.items.len() => format!("{} of {} volumes", page.items.len(), grouped(total)),
            _ => count(page.items.len(), "volume"),
        })
    });
    let (sort, on_sort) = (state.sort(), state.on_sort());
    view! {
        <Show when=move || !empty.get() fallback=move || view! { <Nothing state=state/> }>
            <div class="table-box" tabindex="0" role="region" aria-label="Volumes">
                <table class="table cards">
                    <thead>
                        <tr>
                            <SortHeader field="name" label="Name" sort=sort on_sort=on_sort/>
                            <th scope="col">"Used by"</th>
                            <th scope="col">"Driver"</th>
                            <th scope="col">"Project"</th>
                            <SortHeader field="created_at" label="Created" sort=sort on_sort=on_sort down=true/>
                            <th scope="col"><span class="unseen">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=items key=|volume: &Volume| volume.name.clone() row=move |volume| view! {
                            <Row engine=engine volume=volume after=after/>
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
fn Row(engine: Signal<String>, volume: Signal<Volume>, after: Callback<()>) -> impl IntoView {
    let name = Signal::derive(move || volume.with(|volume| volume.name.clone()));
    let project = move || volume.with(|volume| volume.project.clone()).map(|project| view! { <Badge text=project/> });
    let created = move || volume.with(|volume| volume.created_at).map(|at| view! { <Time at=at/> });
    view! {
        <tr>
            <td class="main">
                <span class="name" title=move || name.get()>{move || name.get()}</span>
                <span class="sub mono" title=move || volume.with(|volume| volume.mountpoint.clone())>{move || volume.with(|volume| volume.mountpoint.clone())}</span>
            </td>
            <td data-label="Used by"><UsedBy names=Signal::derive(move || volume.with(|volume| volume.used_by.clone()))/></td>
            <td data-label="Driver">{move || volume.with(|volume| volume.driver.clone())}</td>
            <td data-label="Project">{project}</td>
            <td data-label="Created">{created}</td>
            <td class="actions"><RemoveButton engine=engine volume=volume after=after/></td>
        </tr>
    }
    .into_any()
}

#[component]
fn RemoveButton(engine: Signal<String>, volume: Signal<Volume>, after: Callback<()>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let label = Signal::derive(move || format!("Remove {}", volume.with(|volume| volume.name.clone())));
    // One without a label belongs to those who mount it: that is for the server to know.
    let whose = Signal::derive(move || volume.with(|volume| volume.project.clone().map_or(Whose::Anybody, Whose::Project)));
    let reason =
        Signal::derive(move || volume.with(|volume| (!volume.used_by.is_empty()).then(|| format!("it is mounted in {}", volume.used_by.join(", ")))));
    let press = Callback::new(move |()| {
        let (engine, name) = (engine.get_untracked(), volume.with_untracked(|volume| volume.name.clone()));
        let ask = Ask::new(format!("Remove {name}?"), "Remove")
            .loses("Everything that was ever written in it: databases, uploads, settings.")
            .loses("There is no copy, and no way back.")
            .retype(name.clone());
        confirm.ask(ask, move || {
            let done = format!("Removed {name}.");
            act.run::<VolumeRemove>(&[&engine, &name], &Empty {}, done, move |_| after.run(()));
        });
    });
    let busy = act.busy();
    view! {
        <GateButton permission="engine.volume.remove" engine=engine whose=whose label=label kind=Kind::Quiet icon=icons::TRASH icon_only=true
            reason=reason busy=busy on_press=press/>
    }
    .into_any()
}

#[component]
fn Nothing(state: ListState) -> impl IntoView {
    move || {
        if state.narrowed().get() {
            view! {
                <EmptyState icon=icons::SEARCH title="No volume fits" detail=Signal::stored("Loosen the search or the filter.".to_owned())>
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
            let detail = "A volume keeps what a container writes, also when the container is removed.".to_owned();
            view! { <EmptyState icon=icons::DATABASE title="No volumes yet" detail=Signal::stored(detail)/> }.into_any()
        }
    }
}
