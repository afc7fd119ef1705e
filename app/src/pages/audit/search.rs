//! The line in which one says what to look for.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::alerts::{AlertMe, Desk};
use super::terms;
use super::views::Views;
use crate::api::audit::AuditQuery;
use crate::ui::{Button, Icon, Kind, icons};
use crate::widgets::ListState;

/// What the address holds of it.
const FACETS: &[&str] = &["q"];

/// What the box stands for.
const CHANGES: &str = "change:yes";

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub state: ListState,
    /// What stands in the field, looked for already or not: what is exported, kept and told of is this.
    pub typed: RwSignal<String>,
    /// What is wrong with what was looked for.
    pub wrong: RwSignal<Option<String>>,
}

impl Asked {
    pub fn in_address() -> Self {
        let state = ListState::in_address("", FACETS);
        let text = state.facet("q");
        let typed = RwSignal::new(text.get_untracked());
        Effect::new(move |_| typed.set(text.get()));
        Self { state, typed, wrong: RwSignal::new(None) }
    }

    /// What to ask the API for.
    pub fn query(&self) -> Memo<AuditQuery> {
        let (page, text) = (self.state.query(), self.state.facet("q"));
        let set = |text: String| (!text.is_empty()).then_some(text);
        Memo::new(move |_| AuditQuery { q: set(text.get()), after: page.with(|page| page.after.clone()), ..AuditQuery::default() })
    }

    /// Looks for `text`.
    pub fn go(&self, text: &str) {
        let text = text.trim();
        // The address may say so already, and then nothing follows from it.
        self.typed.set(text.to_owned());
        self.state.set_facet("q", text);
    }
}

#[component]
pub(super) fn Search(asked: Asked, desk: Desk) -> impl IntoView {
    let Asked { state, typed, wrong } = asked;
    let go = move |event: SubmitEvent| {
        event.prevent_default();
        asked.go(&typed.get_untracked());
    };
    let invalid = move || wrong.with(Option::is_some).then_some("true");
    view! {
        <form class="audit-search" role="search" on:submit=go>
            <div class="search-box" class:wrong=move || wrong.with(Option::is_some)>
                <Icon of=icons::SEARCH/>
                <input
                    class="input mono"
                    type="search"
                    aria-label="Search the trail"
                    aria-invalid=invalid
                    aria-describedby=move || wrong.with(Option::is_some).then_some("audit-wrong")
                    placeholder="user:ana outcome:denied after:2d nginx"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    data-search=""
                    prop:value=move || typed.get()
                    on:input:target=move |event| typed.set(event.target().value())
                />
            </div>
            <Button label="Search" submit=true/>
            <label class="checkbox">
                <input
                    type="checkbox"
                    prop:checked=move || typed.with(|typed| terms::has(typed, CHANGES))
                    on:change=move |_| asked.go(&typed.with_untracked(|typed| terms::toggled(typed, CHANGES)))
                />
                <span>"Only changes"</span>
            </label>
            <Views asked=asked/>
            <AlertMe desk=desk asked=asked/>
            <Show when=move || state.narrowed().get()>
                <Button label="Clear" kind=Kind::Quiet icon=icons::CLOSE on_press=Callback::new(move |()| state.clear())/>
            </Show>
        </form>
        <p class="field-error" id="audit-wrong" role="alert">{move || wrong.get()}</p>
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
