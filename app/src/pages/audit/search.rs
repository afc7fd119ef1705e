//! The line in which one says what to look for.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::alerts::{AlertMe, Desk};
use super::views::Views;
use crate::api::audit::AuditQuery;
use crate::ui::{Button, Icon, Kind, icons};
use crate::widgets::ListState;

/// What the address holds of it.
pub(super) const FACETS: &[&str] = &["q", "changes"];

/// What to ask the API for.
pub(super) fn query(state: ListState) -> Memo<AuditQuery> {
    let (page, text, changes) = (state.query(), state.facet("q"), state.facet("changes"));
    let set = |text: String| (!text.is_empty()).then_some(text);
    Memo::new(move |_| AuditQuery {
        q: set(text.get()),
        after: page.with(|page| page.after.clone()),
        changes: changes.with(|changes| changes == "yes").then_some(true),
        ..AuditQuery::default()
    })
}

#[component]
pub(super) fn Search(state: ListState, desk: Desk) -> impl IntoView {
    let text = state.facet("q");
    let changes = state.facet("changes");
    let field = NodeRef::<leptos::html::Input>::new();
    let go = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(field) = field.get_untracked() {
            state.set_facet("q", field.value().trim());
        }
    };
    view! {
        <form class="audit-search" role="search" on:submit=go>
            <div class="search-box">
                <Icon of=icons::SEARCH/>
                <input
                    class="input mono"
                    type="search"
                    node_ref=field
                    aria-label="Search the trail"
                    placeholder="user:ana outcome:denied after:2d nginx"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    data-search=""
                    prop:value=move || text.get()
                />
            </div>
            <Button label="Search" submit=true/>
            <label class="checkbox">
                <input
                    type="checkbox"
                    prop:checked=move || changes.with(|changes| changes == "yes")
                    on:change:target=move |event| state.set_facet("changes", if event.target().checked() { "yes" } else { "" })
                />
                <span>"Only changes"</span>
            </label>
            <Views state=state/>
            <AlertMe desk=desk state=state/>
            <Show when=move || state.narrowed().get()>
                <Button label="Clear" kind=Kind::Quiet icon=icons::CLOSE on_press=Callback::new(move |()| state.clear())/>
            </Show>
        </form>
        <details class="audit-help">
            <summary>"How to search"</summary>
            <p>
                "Words find what an intent says: who, from where, what and why. A field narrows: "
                <code>"user:ana"</code>", "<code>"permission:engine.container.*"</code>", "<code>"target:prod"</code>", "<code>"object:web"</code>", "
                <code>"outcome:denied"</code>", "<code>"change:yes"</code>", "<code>"status:403"</code>", "<code>"address:10.*"</code>", "
                <code>"session:ID"</code>", "<code>"team:ops"</code>". Of the same field any value fits; "<code>"-user:ana"</code>" leaves one out. "
                "Times: "<code>"after:2d"</code>", "<code>"before:2026-11-01"</code>". Quote what has spaces or a colon."
            </p>
        </details>
    }
    .into_any()
}
