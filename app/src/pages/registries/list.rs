//! The list of registries.

use leptos::prelude::*;

use super::row::Row;
use crate::api::Page;
use crate::api::registries::Registry;
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::palette::Command;
use crate::ui::{EmptyState, Kind, LinkButton, PageHead, SearchBox, SkeletonRows, icons};
use crate::widgets::{GateLink, ListState, Loaded, Paged, offer_commands, read_registries, sees_registries, use_me};

const NONE: &str = "A registry keeps images. With one here, docker login, push and pull go through Pilothouse, each with the rights of whoever asks, \
    and you see here what there is, what runs it, and what may go. Add one, or ask for a role on one that is here.";
const UNSEEN: &str = "A registry keeps images. To see one, you need registry.registry.view on it or on a part of it; you hold it on none. \
    Ask an administrator for a role on one.";

#[component]
pub fn Registries() -> impl IntoView {
    // The server has one order for them: by name.
    let state = ListState::in_address("", &[]);
    let query = state.query();
    let (client, me) = (Client::get(), use_me());
    let registries = Resource::new(move || query.get(), move |query| read_registries(client.clone(), me.clone(), query));
    offer_commands(|| {
        vec![
            Command::go("Here", "Add a registry", "", icons::PLUS, "/add/registry"),
            Command::go("Here", "Search images", "", icons::SEARCH, "/search/images"),
        ]
    });
    let after = Callback::new(move |()| registries.refetch());
    view! {
        <PageHead title="Registries" about=Signal::stored("Where images are kept. Docker pushes and pulls through Pilothouse.".to_owned())>
            <LinkButton href="/search/images" label="Search images" icon=icons::SEARCH/>
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
    let (title, detail) = if sees_registries(&use_me()) { ("No registries yet", NONE) } else { ("No registry for you to see", UNSEEN) };
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
                <EmptyState icon=icons::ARCHIVE title=title detail=Signal::stored(detail.to_owned())>
                    <GateLink permission="registry.registry.create" href="/add/registry" label="Add a registry" kind=Kind::Primary icon=icons::PLUS/>
                </EmptyState>
            }
        />
    }
    .into_any()
}
