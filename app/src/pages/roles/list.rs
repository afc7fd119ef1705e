//! The list of roles.

use leptos::prelude::*;

use crate::api::Page;
use crate::api::people::{Role, RoleList};
use crate::client::Client;
use crate::pages::access::AccessTabs;
use crate::ui::palette::Command;
use crate::ui::{Badge, Kind, PageHead, SearchBox, SkeletonRows, Tone, icons};
use crate::widgets::{GateLink, ListState, Loaded, Paged, offer_commands};

#[component]
pub fn Roles() -> impl IntoView {
    let state = ListState::in_address("", &[]);
    let query = state.query();
    let client = Client::get();
    let roles = Resource::new(move || query.get(), move |query| client.call::<RoleList>(&[], &query));
    offer_commands(|| vec![Command::go("Here", "Add a role", "", icons::PLUS, "/add/role")]);
    let about = "Named sets of permissions. Those that ship stay as they are.".to_owned();
    view! {
        <AccessTabs/>
        <PageHead title="Roles" about=Signal::stored(about)>
            <GateLink permission="system.role.create" href="/add/role" label="Add a role" kind=Kind::Primary icon=icons::PLUS/>
        </PageHead>
        <div class="toolbar">
            <SearchBox label="Search roles" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
        </div>
        <Loaded resource=roles skeleton=|| view! { <SkeletonRows rows=5 columns=3/> } let:page>
            <Found page=page state=state/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Role>>, state: ListState) -> impl IntoView {
    view! {
        <Paged
            page=page
            state=state
            label="Roles"
            class="roles"
            thing="role"
            head=move || view! {
                <th scope="col">"Name"</th>
                <th scope="col">"Permissions"</th>
                <th scope="col">"From"</th>
            }
            key=|role: &Role| role.name.clone()
            row=move |role| view! { <Row role=role/> }
            none_fits="No role fits"
        />
    }
    .into_any()
}

#[component]
fn Row(role: Signal<Role>) -> impl IntoView {
    let (name, built_in, declared) = role.with_untracked(|role| (role.name.clone(), role.built_in, role.declared));
    let (from, tone) = match (built_in, declared) {
        (true, _) => ("built in", Tone::Neutral),
        (_, true) => ("declared", Tone::Info),
        _ => ("your own", Tone::Good),
    };
    view! {
        <tr>
            <td class="main">
                <a class="name" href=format!("/roles/{name}")>{name.clone()}</a>
                <span class="sub">{move || role.with(|role| role.summary.clone())}</span>
            </td>
            <td data-label="Permissions">{move || role.with(|role| role.permissions.len())}</td>
            <td data-label="From"><Badge text=from tone=tone/></td>
        </tr>
    }
    .into_any()
}
