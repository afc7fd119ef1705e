//! The list of engines.

use std::time::Duration;

use leptos::prelude::*;

use super::row::Row;
use crate::api::Page;
use crate::api::engines::{Engine, EngineList};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::palette::Command;
use crate::ui::time::poll;
use crate::ui::{Button, EmptyState, Kind, PageHead, Pager, Rows, SearchBox, SkeletonRows, icons};
use crate::widgets::{GateLink, ListState, Loaded, offer_commands};

const REFRESH: Duration = Duration::from_secs(10);

#[component]
pub fn Engines() -> impl IntoView {
    // The server has one order for them: by name.
    let state = ListState::in_address("", &[]);
    let query = state.query();
    let client = Client::get();
    let engines = Resource::new(move || query.get(), move |query| client.call::<EngineList>(&[], &query));
    poll(REFRESH, move || engines.refetch());
    offer_commands(|| vec![Command::go("Here", "Add an engine", "", icons::PLUS, "/add/engine")]);
    let after = Callback::new(move |()| engines.refetch());
    view! {
        <PageHead title="Engines" about=Signal::stored("The Docker engines that Pilothouse stands in front of.".to_owned())>
            <GateLink permission="system.engine.create" href="/add/engine" label="Add an engine" kind=Kind::Primary icon=icons::PLUS/>
        </PageHead>
        <div class="toolbar">
            <SearchBox label="Search names and labels" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
        </div>
        <Loaded resource=engines skeleton=|| view! { <SkeletonRows rows=4 columns=6/> } let:page>
            <Found page=page state=state after=after/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Engine>>, state: ListState, after: Callback<()>) -> impl IntoView {
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let empty = Memo::new(move |_| page.with(|page| page.items.is_empty()));
    let next = Memo::new(move |_| page.with(|page| page.next.clone()));
    let summary = Signal::derive(move || page.with(|page| count(page.total.map_or(page.items.len(), |n| n as usize), "engine")));
    let on_next = Callback::new(move |()| {
        if let Some(next) = next.get_untracked() {
            state.next(&next);
        }
    });
    view! {
        <Show when=move || !empty.get() fallback=move || view! { <Nothing state=state/> }>
            <div class="table-box" tabindex="0" role="region" aria-label="Engines">
                <table class="table cards engines">
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"Health"</th>
                            <th scope="col">"Docker"</th>
                            <th scope="col">"Machine"</th>
                            <th scope="col" class="number">"Containers"</th>
                            <th scope="col">"Labels"</th>
                            <th scope="col"><span class="unseen">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=items key=|engine: &Engine| engine.name.clone() row=move |engine| view! { <Row engine=engine after=after/> }/>
                    </tbody>
                </table>
            </div>
            <Pager
                summary=summary
                has_previous=state.has_previous()
                has_next=Signal::derive(move || next.with(Option::is_some))
                on_previous=Callback::new(move |()| state.previous())
                on_next=on_next
            />
        </Show>
    }
    .into_any()
}

#[component]
fn Nothing(state: ListState) -> impl IntoView {
    move || {
        if state.narrowed().get() {
            return view! {
                <EmptyState icon=icons::SEARCH title="No engine fits">
                    <Button label="Show all" on_press=Callback::new(move |()| state.clear())/>
                </EmptyState>
            }
            .into_any();
        }
        let detail = "Add one that Pilothouse can reach, or ask for a role on one that is here.".to_owned();
        view! {
            <EmptyState icon=icons::SERVER title="No engines yet" detail=Signal::stored(detail)>
                <GateLink permission="system.engine.create" href="/add/engine" label="Add an engine" kind=Kind::Primary icon=icons::PLUS/>
            </EmptyState>
        }
        .into_any()
    }
}
