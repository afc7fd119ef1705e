//! The trail, newest first, a page at a time.

use leptos::prelude::*;

use super::detail::Detail;
use super::filters::{FACETS, Filters, query};
use super::row::Row;
use crate::api::Page;
use crate::api::audit::{AuditList, AuditRecord};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::{Button, EmptyState, PageHead, Pager, Rows, SkeletonRows, icons};
use crate::widgets::{ListState, Loaded};

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
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let empty = Memo::new(move |_| page.with(|page| page.items.is_empty()));
    let next = Memo::new(move |_| page.with(|page| page.next.clone()));
    let summary = Signal::derive(move || format!("{} on this page", page.with(|page| count(page.items.len(), "record"))));
    let on_next = Callback::new(move |()| {
        if let Some(next) = next.get_untracked() {
            state.next(&next);
        }
    });
    let opened = RwSignal::new(None::<AuditRecord>);
    let open = Callback::new(move |record: AuditRecord| opened.set(Some(record)));
    view! {
        <Show when=move || !empty.get() fallback=move || view! { <Nothing state=state/> }>
            <div class="table-box" tabindex="0" role="region" aria-label="Audit records">
                <table class="table cards audit">
                    <thead>
                        <tr>
                            <th scope="col">"What"</th>
                            <th scope="col">"Who"</th>
                            <th scope="col">"Target"</th>
                            <th scope="col">"Permission"</th>
                            <th scope="col">"Outcome"</th>
                            <th scope="col">"When"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=items key=|record: &AuditRecord| record.id.to_string() row=move |record| view! { <Row record=record open=open/> }/>
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
        <Detail opened=opened/>
    }
    .into_any()
}

#[component]
fn Nothing(state: ListState) -> impl IntoView {
    move || {
        if state.narrowed().get() {
            return view! {
                <EmptyState icon=icons::SEARCH title="No record fits" detail=Signal::stored("Users and targets are matched whole; a permission by its beginning.".to_owned())>
                    <Button label="Show all" on_press=Callback::new(move |()| state.clear())/>
                </EmptyState>
            }
            .into_any();
        }
        view! { <EmptyState icon=icons::LIST title="Nothing further back"/> }.into_any()
    }
}
