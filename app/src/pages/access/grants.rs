//! Every grant there is.

use leptos::prelude::*;

use super::tabs::AccessTabs;
use super::take::TakeBack;
use super::words::{given_by, holder_href, holder_kind, words};
use crate::api::Page;
use crate::api::people::{Grant, GrantList};
use crate::client::Client;
use crate::ui::{Badge, PageHead, SearchBox, SkeletonRows, Time, Tone};
use crate::widgets::{ListState, Loaded, Paged};

#[component]
pub fn Grants() -> impl IntoView {
    let state = ListState::in_address("", &[]);
    let query = state.query();
    let client = Client::get();
    let grants = Resource::new(move || query.get(), move |query| client.call::<GrantList>(&[], &query));
    let after = Callback::new(move |()| grants.refetch());
    let about = "Who has which role where. Roles are given on the page of a person, a team or a robot.".to_owned();
    view! {
        <AccessTabs/>
        <PageHead title="Grants" about=Signal::stored(about)/>
        <div class="toolbar">
            <SearchBox label="Search names, roles and places" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
        </div>
        <Loaded resource=grants skeleton=|| view! { <SkeletonRows rows=6 columns=5/> } let:page>
            <Found page=page state=state after=after/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Grant>>, state: ListState, after: Callback<()>) -> impl IntoView {
    view! {
        <Paged
            page=page
            state=state
            label="Grants"
            thing="grant"
            head=move || view! {
                <th scope="col">"Who"</th>
                <th scope="col">"Role"</th>
                <th scope="col">"On"</th>
                <th scope="col">"Until"</th>
                <th scope="col">"Given"</th>
                <th scope="col"><span class="unseen">"Actions"</span></th>
            }
            key=|grant: &Grant| grant.id.clone()
            row=move |grant| view! { <Row grant=grant after=after/> }
            none_fits="No grant fits"
        />
    }
    .into_any()
}

#[component]
fn Row(grant: Signal<Grant>, after: Callback<()>) -> impl IntoView {
    let grant = grant.get_untracked();
    let shown = grant.clone();
    let until = match shown.until {
        Some(until) => view! { <Time at=until/> }.into_any(),
        None => view! { <span class="muted">"Taken back"</span> }.into_any(),
    };
    view! {
        <tr>
            <td class="main">
                <a class="name" href=holder_href(&shown)>{shown.holder().to_owned()}</a>
                {holder_kind(&shown).map(|kind| view! { <span class="sub">{kind}</span> })}
            </td>
            <td data-label="Role"><a href=format!("/roles/{}", shown.role)>{shown.role.clone()}</a></td>
            <td data-label="On">{words(&shown.scope)}</td>
            <td data-label="Until">{until}</td>
            <td data-label="Given">
                <Time at=shown.created_at/>" "
                {if shown.declared {
                    view! { <Badge text="declared" tone=Tone::Info/> }.into_any()
                } else {
                    view! { <span class="sub">{given_by(&shown.created_by)}</span> }.into_any()
                }}
            </td>
            <td class="actions"><TakeBack grant=grant after=after/></td>
        </tr>
    }
    .into_any()
}
