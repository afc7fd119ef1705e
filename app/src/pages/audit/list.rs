//! The trail, newest first, a page at a time.

use leptos::prelude::*;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::alerts::{Alerts, Desk};
use super::counted::Counted;
use super::detail::Detail;
use super::keep::Keep;
use super::proof::ProofLine;
use super::row::Row;
use super::search::{Asked, Search};
use crate::api::audit::{AUDIT_EXPORT, AuditGet, AuditList, AuditRecord};
use crate::api::{Empty, Page, Problem};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::{Button, EmptyState, Menu, PageHead, SkeletonRows, icons};
use crate::widgets::{ListState, Loaded, Paged, use_me};

/// The parameter of the address that names a record.
const NAMED: &str = "record";

/// A page of what is found, or what is wrong with what is looked for.
type Answer = Result<Page<AuditRecord>, String>;

#[component]
pub fn Audit() -> impl IntoView {
    let asked = Asked::in_address();
    let query = asked.query();
    let client = Client::get();
    // It is not read again by itself: each reading is a line of the trail too.
    let round = RwSignal::new(0_u32);
    let records = Resource::new(
        move || (query.get(), round.get()),
        move |(query, _)| {
            let call = client.call::<AuditList>(&[], &query);
            async move {
                match call.await {
                    Ok(page) => Ok::<Answer, Problem>(Ok(page)),
                    // The field of the search says it.
                    Err(problem) if problem.field.as_deref() == Some("q") => Ok(Err(problem.to_string())),
                    Err(problem) => Err(problem),
                }
            }
        },
    );
    Effect::new(move |_| asked.wrong.set(records.get().and_then(Result::ok).and_then(Result::err)));
    let again = Callback::new(move |()| round.update(|round| *round += 1));
    let may = use_me().may("system.audit.list", None);
    let desk = Desk::new();
    view! {
        <PageHead title="Audit" about=Signal::stored("What was done through Pilothouse, by whom, and what came of it.".to_owned())>
            {may.then(|| view! { <Alerts desk=desk/><Keep/><Export asked=asked/> })}
            <Button label="Read again" icon=icons::REFRESH on_press=again/>
        </PageHead>
        {may.then(|| view! {
            <ProofLine round=round/>
            <Search asked=asked desk=desk/>
            <Counted query=query round=round state=asked.state/>
        })}
        <Loaded resource=records skeleton=|| view! { <SkeletonRows rows=12 columns=6/> } let:answer>
            <Found answer=answer state=asked.state/>
        </Loaded>
    }
    .into_any()
}

/// What is found, as a file.
#[component]
fn Export(asked: Asked) -> impl IntoView {
    let text = asked.typed;
    let link = move |format: &'static str, words: &'static str| {
        let href =
            move || format!("{AUDIT_EXPORT}?format={format}&q={}", text.with(|text| utf8_percent_encode(text.trim(), NON_ALPHANUMERIC).to_string()));
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
fn Found(answer: Signal<Answer>, state: ListState) -> impl IntoView {
    let none = || Page { items: Vec::new(), next: None, total: None };
    let page = Signal::derive(move || answer.get().unwrap_or_else(|_| none()));
    let right = Memo::new(move |_| answer.with(Result::is_ok));
    let opened = RwSignal::new(None::<AuditRecord>);
    let left = open_named(opened, state);
    let open = Callback::new(move |record: AuditRecord| opened.set(Some(record)));
    view! {
        <Show when=move || right.get()><Records page=page state=state open=open/></Show>
        <Detail opened=opened left=left/>
    }
    .into_any()
}

#[component]
fn Records(page: Signal<Page<AuditRecord>>, state: ListState, open: Callback<AuditRecord>) -> impl IntoView {
    let summary = Signal::derive(move || format!("{} on this page", page.with(|page| count(page.items.len(), "record"))));
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
    }
    .into_any()
}

/// Opens the record that the address names, as a link to one does; when it is closed the address names it no more. What is given back is
/// called when one goes on from it by a link, which brings an address of its own.
fn open_named(opened: RwSignal<Option<AuditRecord>>, state: ListState) -> Callback<()> {
    let named = state.facet(NAMED);
    let client = Client::get();
    let leaving = StoredValue::new(false);
    Effect::new(move |_| {
        let id = named.get();
        if id.is_empty() {
            return;
        }
        let client = client.clone();
        leptos::task::spawn_local(async move {
            if let Ok(record) = client.call::<AuditGet>(&[&id], &Empty {}).await {
                let _left = opened.try_set(Some(record));
            }
        });
    });
    Effect::new(move |was: Option<bool>| {
        let is = opened.with(Option::is_some);
        if was == Some(true) && !is && !leaving.get_value() && !named.with_untracked(String::is_empty) {
            state.forget(NAMED);
        }
        leaving.set_value(false);
        is
    });
    Callback::new(move |()| leaving.set_value(true))
}
