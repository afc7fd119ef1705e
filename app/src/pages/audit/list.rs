//! The trail, newest first, a page at a time.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::alerts::{Alerts, Desk};
use super::counted::Counted;
use super::detail::Detail;
use super::keep::Keep;
use super::proof::ProofLine;
use super::row::Row;
use super::search::{FACETS, Search, query};
use crate::api::audit::{AUDIT_EXPORT, AuditGet, AuditList, AuditRecord};
use crate::api::{Empty, Page};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::{Button, EmptyState, Menu, PageHead, SkeletonRows, icons};
use crate::widgets::{ListState, Loaded, Paged, use_me};

#[component]
pub fn Audit() -> impl IntoView {
    let state = ListState::in_address("", FACETS);
    let query = query(state);
    let client = Client::get();
    let records = Resource::new(move || query.get(), move |query| client.call::<AuditList>(&[], &query));
    // It is not read again by itself: each reading is a line of the trail too.
    let again = Callback::new(move |()| records.refetch());
    let may = use_me().may("system.audit.list", None);
    let desk = Desk::new();
    view! {
        <PageHead title="Audit" about=Signal::stored("What was done through Pilothouse, by whom, and what came of it.".to_owned())>
            {may.then(|| view! { <Alerts desk=desk/><Keep/><Export state=state/> })}
            <Button label="Read again" icon=icons::REFRESH on_press=again/>
        </PageHead>
        {may.then(|| view! {
            <ProofLine/>
            <Search state=state desk=desk/>
            <Counted query=query state=state/>
        })}
        <Loaded resource=records skeleton=|| view! { <SkeletonRows rows=12 columns=6/> } let:page>
            <Found page=page state=state/>
        </Loaded>
    }
    .into_any()
}

/// What is found, as a file.
#[component]
fn Export(state: ListState) -> impl IntoView {
    let text = state.facet("q");
    let link = move |format: &'static str, words: &'static str| {
        let href = move || format!("{AUDIT_EXPORT}?format={format}&q={}", utf8_percent_encode(&text.get(), NON_ALPHANUMERIC));
        view! { <a role="menuitem" class="menu-item" href=href download="" rel="external"><span>{words}</span></a> }
    };
    view! {
        <Menu id="audit-export" label="Export" icon=Signal::stored(icons::DOWNLOAD)>
            {link("csv", "What is found, as a table (CSV)")}
            {link("jsonl", "What is found, as lines of JSON")}
            <a role="menuitem" class="menu-item" href=format!("{AUDIT_EXPORT}?format=chain") download="" rel="external"><span>"The whole chain, to be verified"</span></a>
        </Menu>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<AuditRecord>>, state: ListState) -> impl IntoView {
    let summary = Signal::derive(move || format!("{} on this page", page.with(|page| count(page.items.len(), "record"))));
    let opened = RwSignal::new(None::<AuditRecord>);
    let open = Callback::new(move |record: AuditRecord| opened.set(Some(record)));
    open_named(opened);
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
            none_fits_detail="Values of fields are matched whole, unless they end in *."
            none=move || view! { <EmptyState icon=icons::LIST title="Nothing further back"/> }
        />
        <Detail opened=opened/>
    }
    .into_any()
}

/// Opens the record that the address names, as a link to one does.
fn open_named(opened: RwSignal<Option<AuditRecord>>) {
    let address = use_query_map();
    let client = Client::get();
    Effect::new(move |_| {
        let Some(id) = address.with(|address| address.get("record")) else { return };
        let client = client.clone();
        leptos::task::spawn_local(async move {
            if let Ok(record) = client.call::<AuditGet>(&[&id], &Empty {}).await {
                let _left = opened.try_set(Some(record));
            }
        });
    });
}
