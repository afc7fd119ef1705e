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
use crate::ui::{EmptyState, Kind, PageHead, SearchBox, SkeletonRows, icons};
use crate::widgets::{GateLink, ListState, Loaded, Paged, offer_commands};

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
    let summary = Signal::derive(move || page.with(|page| count(page.total.map_or(page.items.len(), |n| n as usize), "engine")));
    view! {
        <Paged
            page=page
            state=state
            label="Engines"
            class="engines"
            summary=summary
            head=move || view! {
                <th scope="col">"Name"</th>
                <th scope="col">"Health"</th>
                <th scope="col">"Docker"</th>
                <th scope="col">"Machine"</th>
                <th scope="col" class="number">"Containers"</th>
                <th scope="col">"Labels"</th>
                <th scope="col"><span class="unseen">"Actions"</span></th>
            }
            key=|engine: &Engine| engine.name.clone()
            row=move |engine| view! { <Row engine=engine after=after/> }
            none_fits="No engine fits"
            none=move || view! {
                <EmptyState icon=icons::SERVER title="No engines yet" detail=Signal::stored("Add one that Pilothouse can reach, or ask for a role on one that is here.".to_owned())>
                    <GateLink permission="system.engine.create" href="/add/engine" label="Add an engine" kind=Kind::Primary icon=icons::PLUS/>
                </EmptyState>
            }
        />
    }
    .into_any()
}
