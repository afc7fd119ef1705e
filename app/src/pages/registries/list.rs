//! The list of registries.

use leptos::prelude::*;

use super::row::Row;
use crate::api::Page;
use crate::api::registries::{Registry, RegistryList};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::palette::Command;
use crate::ui::{EmptyState, Kind, PageHead, SearchBox, SkeletonRows, icons};
use crate::widgets::{GateLink, ListState, Loaded, Paged, offer_commands};

const NONE: &str = "A registry keeps images. With one here, docker login, push and pull go through Pilothouse, each with the rights of whoever asks, \
    and you see here what there is, what runs it, and what may go. Add one, or ask for a role on one that is here.";

#[component]
pub fn Registries() -> impl IntoView {
    // The server has one order for them: by name.
    let state = ListState::in_address("", &[]);
    let query = state.query();
    let client = Client::get();
    let registries = Resource::new(move || query.get(), move |query| client.call::<RegistryList>(&[], &query));
    offer_commands(|| vec![Command::go("Here", "Add a registry", "", icons::PLUS, "/add/registry")]);
    let after = Callback::new(move |()| registries.refetch());
    view! {
        <PageHead title="Registries" about=Signal::stored("Where images are kept. Docker pushes and pulls through Pilothouse.".to_owned())>
            <GateLink permission="registry.registry.create" href="/add/registry" label="Add a registry" kind=Kind::Primary icon=icons::PLUS/>
        </PageHead>
        <div class="toolbar">
            <SearchBox label="Search names and labels" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
        </div>
        <Loaded resource=registries skeleton=|| view! { <SkeletonRows rows=3 columns=4/> } let:page>
            <Found page=page state=state after=after/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Registry>>, state: ListState, after: Callback<()>) -> impl IntoView {
    let summary = Signal::derive(move || {
        page.with(|page| match page.total.map_or(page.items.len(), |n| n as usize) {
            1 => count(1, "registry"),
            n => format!("{n} registries"),
        })
    });
    view! {
        <Paged
            page=page
            state=state
            label="Registries"
            summary=summary
            head=move || view! {
                <th scope="col">"Name"</th>
                <th scope="col">"Pilothouse is there"</th>
                <th scope="col">"Labels"</th>
                <th scope="col"><span class="unseen">"Actions"</span></th>
            }
            key=|registry: &Registry| registry.name.clone()
            row=move |registry| view! { <Row registry=registry after=after/> }
            none_fits="No registry fits"
            none=move || view! {
                <EmptyState icon=icons::ARCHIVE title="No registries yet" detail=Signal::stored(NONE.to_owned())>
                    <GateLink permission="registry.registry.create" href="/add/registry" label="Add a registry" kind=Kind::Primary icon=icons::PLUS/>
                </EmptyState>
            }
        />
    }
    .into_any()
}
