//! The tags of a plan, one by one.

use leptos::prelude::*;

use crate::api::Page;
use crate::api::registry_retention::{PlannedTag, RetentionPlanTags};
use crate::client::Client;
use crate::ui::format::short_id;
use crate::ui::{Badge, EmptyState, SearchBox, SkeletonRows, SortHeader, Time, Tone, icons};
use crate::widgets::{ListState, Loaded, Paged};

const STATE: &str = "state";

#[component]
pub(super) fn Tags(registry: String, plan: String) -> impl IntoView {
    let state = ListState::in_address("fate", &[STATE]);
    let query = state.query();
    let client = Client::get();
    let tags = Resource::new(move || query.get(), move |query| client.call::<RetentionPlanTags>(&[&registry, &plan], &query));
    let chosen = state.facet(STATE);
    view! {
        <div>
            <div class="toolbar">
                <SearchBox label="Search repositories, tags and reasons" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
                <select
                    class="input"
                    aria-label="What becomes of them"
                    prop:value=move || chosen.get()
                    on:change:target=move |event| state.set_facet(STATE, &event.target().value())
                >
                    <option value="" selected=move || chosen.with(String::is_empty)>"All tags"</option>
                    <option value="goes" selected=move || chosen.with(|chosen| chosen == "goes")>"What goes"</option>
                    <option value="stays" selected=move || chosen.with(|chosen| chosen == "stays")>"What stays"</option>
                </select>
            </div>
            <Loaded resource=tags skeleton=|| view! { <SkeletonRows rows=8 columns=4/> } let:page>
                <Found page=page state=state/>
            </Loaded>
        </div>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<PlannedTag>>, state: ListState) -> impl IntoView {
    let (sort, on_sort) = (state.sort(), state.on_sort());
    view! {
        <Paged
            page=page
            state=state
            label="Tags of the plan"
            thing="tag"
            head=move || view! {
                <SortHeader field="tag" label="Tag" sort=sort on_sort=on_sort/>
                <SortHeader field="fate" label="Becomes" sort=sort on_sort=on_sort/>
                <SortHeader field="at" label="Age" sort=sort on_sort=on_sort/>
                <SortHeader field="digest" label="Digest" sort=sort on_sort=on_sort/>
            }
            key=|tag: &PlannedTag| format!("{}:{}", tag.repository, tag.tag)
            row=move |tag| view! { <Row tag=tag/> }
            none_fits="No tag fits"
            none=move || view! {
                <EmptyState icon=icons::TAG title="No tags"
                    detail=Signal::stored("There is nothing in these repositories, or it could not be read.".to_owned())/>
            }
        />
    }
    .into_any()
}

#[component]
fn Row(tag: Signal<PlannedTag>) -> impl IntoView {
    let goes = Memo::new(move |_| tag.with(|tag| tag.goes));
    let fate = Signal::derive(move || if goes.get() { "goes" } else { "stays" }.to_owned());
    let tone = Signal::derive(move || if goes.get() { Tone::Warn } else { Tone::Good });
    let name = move || tag.with(|tag| format!("{}:{}", tag.repository, tag.tag));
    let why = move || {
        tag.with(|tag| match &tag.detail {
            Some(detail) => format!("{}: {detail}", tag.reason.words()),
            None => tag.reason.words().to_owned(),
        })
    };
    let at = move || match tag.with(|tag| tag.at) {
        Some(at) => view! { <Time at=at/> }.into_any(),
        None => "not known".into_any(),
    };
    view! {
        <tr>
            <td class="main"><span class="name">{name}</span></td>
            <td data-label="Becomes"><Badge text=fate tone=tone/><span class="sub">{why}</span></td>
            <td data-label="Age">{at}</td>
            <td data-label="Digest" class="mono" title=move || tag.with(|tag| tag.digest.clone())>{move || tag.with(|tag| short_id(&tag.digest))}</td>
        </tr>
    }
    .into_any()
}
