//! The trail, newest first, a page at a time.

use leptos::prelude::*;

use super::detail::Detail;
use super::filters::{FACETS, Filters, query};
use super::row::Row;
use crate::api::Page;
use crate::api::audit::{AuditList, AuditRecord};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::{Button, EmptyState, PageHead, SkeletonRows, icons};
use crate::widgets::{ListState, Loaded, Paged};

#[component]
pub fn Audit() -> impl IntoView {
    let state = ListState::in_address("", FACETS);
    let query = query(state);
    let client = Client::get();
    let records = Resource::new(move || query.get(), move |query| client.call::<AuditList>(&[], &query));
    // It is not read again by itself: each reading is a line of the trail too.
    let again = Callback::new(move |()| records.refetch());
    view! {
        <PageHead title="Audit" about=Signal::stored("What was done through Pilothouse, by whom, and what came of it.".to_owned())>
            <Button label="Read again" icon=icons::REFRESH on_press=again/>
        </PageHead>
        <Filters state=state/>
        <Loaded resource=records skeleton=|| view! { <SkeletonRows rows=12 columns=6/> } let:page>
            <Found page=page state=state/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<AuditRecord>>, state: ListState) -> impl IntoView {
    let summary = Signal::derive(move || format!("{} on this page", page.with(|page| count(page.items.len(), "record"))));
    let opened = RwSignal::new(None::<AuditRecord>);
    let open = Callback::new(move |record: AuditRecord| opened.set(Some(record)));
    view! {
        <Paged
            page=page
            state=state
            label="Audit records"
            class="audit"
            summary=summary
            head=move || view! {
                <th scope="col">"What"</th>
                <th scope="col">"Who"</th>
                <th scope="col">"Target"</th>
                <th scope="col">"Permission"</th>
                <th scope="col">"Outcome"</th>
                <th scope="col">"When"</th>
            }
            key=|record: &AuditRecord| record.id.to_string()
            row=move |record| view! { <Row record=record open=open/> }
            none_fits="No record fits"
            none_fits_detail="Users and targets are matched whole; a permission by its beginning."
            none=move || view! { <EmptyState icon=icons::LIST title="Nothing further back"/> }
        />
        <Detail opened=opened/>
    }
    .into_any()
}
