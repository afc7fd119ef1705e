//! Which grants are used, and which may be one too many.

use leptos::prelude::*;

use super::tabs::AccessTabs;
use super::take::TakeBack;
use super::words::{holder_href, holder_kind, words};
use crate::api::Page;
use crate::api::access::{AccessReview, REVIEW_CSV, ReviewRow};
use crate::client::Client;
use crate::ui::{Badge, Icon, PageHead, SearchBox, SkeletonRows, Time, Tone, icons};
use crate::widgets::{ListState, Loaded, Paged};

#[component]
pub fn Review() -> impl IntoView {
    let state = ListState::in_address("", &["state"]);
    let query = state.query();
    let client = Client::get();
    let rows = Resource::new(move || query.get(), move |query| client.call::<AccessReview>(&[], &query));
    let after = Callback::new(move |()| rows.refetch());
    let only = state.facet("state");
    let about = "When each grant was last used, by the audit trail; those unused for longest come first.".to_owned();
    view! {
        <AccessTabs/>
        <PageHead title="Review" about=Signal::stored(about)>
            <a class="button" href=REVIEW_CSV rel="external" download="access-review.csv"><Icon of=icons::DOWNLOAD/><span class="label">"Download CSV"</span></a>
        </PageHead>
        <div class="toolbar">
            <SearchBox label="Search names, roles and places" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
            <label class="checkbox">
                <input
                    type="checkbox"
                    prop:checked=move || only.with(|only| only == "unused")
                    on:change:target=move |event| state.set_facet("state", if event.target().checked() { "unused" } else { "" })
                />
                <span>"Only unused for 90 days"</span>
            </label>
        </div>
        <Loaded resource=rows skeleton=|| view! { <SkeletonRows rows=6 columns=4/> } let:page>
            <Found page=page state=state after=after/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<ReviewRow>>, state: ListState, after: Callback<()>) -> impl IntoView {
    view! {
        <Paged
            page=page
            state=state
            label="Grants and their use"
            thing="grant"
            head=move || view! {
                <th scope="col">"Who"</th>
                <th scope="col">"Has"</th>
                <th scope="col">"Last used"</th>
                <th scope="col">"Given"</th>
                <th scope="col"><span class="unseen">"Actions"</span></th>
            }
            key=|row: &ReviewRow| row.grant.id.clone()
            row=move |row| view! { <Row row=row after=after/> }
            none_fits="No grant fits"
            none_fits_detail="A grant counts as unused when it is older than 90 days and nothing was done by it since."
        />
    }
    .into_any()
}

#[component]
fn Row(row: Signal<ReviewRow>, after: Callback<()>) -> impl IntoView {
    let grant = row.with_untracked(|row| row.grant.clone());
    let shown = grant.clone();
    let used = move || match row.with(|row| row.last_used_at) {
        Some(at) => view! { <Time at=at/> }.into_any(),
        None => view! { <span class="muted">"Never"</span> }.into_any(),
    };
    let notes = move || {
        let (unused, idle) = row.with(|row| (row.unused, row.idle));
        view! {
            {unused.then(|| view! { <Badge text="unused for 90 days" tone=Tone::Warn/> })}
            " "
            {idle.then(|| view! { <Badge text="nobody has it" tone=Tone::Warn/> })}
        }
    };
    view! {
        <tr>
            <td class="main">
                <a class="name" href=holder_href(&shown)>{shown.holder().to_owned()}</a>
                {holder_kind(&shown).map(|kind| view! { <span class="sub">{kind}</span> })}
            </td>
            <td data-label="Has">
                <a href=format!("/roles/{}", shown.role)>{shown.role.clone()}</a>" on "{words(&shown.scope)}
                {shown.until.map(|until| view! { <span class="sub">"ends "<Time at=until/></span> })}
            </td>
            <td data-label="Last used">{used}" "{notes}</td>
            <td data-label="Given">
                <Time at=shown.created_at/>" "
                {shown.declared.then(|| view! { <Badge text="declared" tone=Tone::Info/> })}
            </td>
            <td class="actions"><TakeBack grant=grant after=after/></td>
        </tr>
    }
    .into_any()
}
