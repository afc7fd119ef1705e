//! What narrows the trail. All of it is in the address, and the server does the narrowing.

use leptos::prelude::*;

use super::outcome::{OUTCOMES, named};
use crate::api::audit::AuditQuery;
use crate::ui::{Button, Kind, icons};
use crate::widgets::{ListState, use_engines};

pub(super) const FACETS: &[&str] = &["user", "target", "permission", "outcome", "changes"];

/// What to ask the API for.
pub(super) fn query(state: ListState) -> Memo<AuditQuery> {
    let page = state.query();
    let [user, target, permission, outcome, changes] = ["user", "target", "permission", "outcome", "changes"].map(|name| state.facet(name));
    let set = |text: String| (!text.is_empty()).then_some(text);
    Memo::new(move |_| AuditQuery {
        limit: None,
        after: page.with(|page| page.after.clone()),
        user: set(user.get()),
        target: set(target.get()),
        permission: set(permission.get()),
        outcome: named(&outcome.get()),
        changes: changes.with(|changes| changes == "yes").then_some(true),
    })
}

#[component]
pub(super) fn Filters(state: ListState) -> impl IntoView {
    let outcome = state.facet("outcome");
    let changes = state.facet("changes");
    let outcomes = OUTCOMES
        .map(|(_, name, word, _, _)| {
            view! { <option value=name selected=move || outcome.with(|chosen| chosen == name)>{word}</option> }
        })
        .collect_view();
    view! {
        <div class="toolbar audit-filters">
            <Words state=state name="user" label="User"/>
            <Targets state=state/>
            <Words state=state name="permission" label="Permission or its beginning"/>
            <select
                class="input"
                aria-label="Outcome"
                prop:value=move || outcome.get()
                on:change:target=move |event| state.set_facet("outcome", &event.target().value())
            >
                <option value="">"Any outcome"</option>
                {outcomes}
            </select>
            <label class="checkbox">
                <input
                    type="checkbox"
                    prop:checked=move || changes.with(|changes| changes == "yes")
                    on:change:target=move |event| state.set_facet("changes", if event.target().checked() { "yes" } else { "" })
                />
                <span>"Only changes"</span>
            </label>
            <Show when=move || state.narrowed().get()>
                <Button label="Clear" kind=Kind::Quiet icon=icons::CLOSE on_press=Callback::new(move |()| state.clear())/>
            </Show>
        </div>
    }
    .into_any()
}

/// A filter by words; it takes hold when the field is left, or on Enter.
#[component]
fn Words(state: ListState, name: &'static str, label: &'static str) -> impl IntoView {
    let value = state.facet(name);
    view! {
        <input
            class="input mono words"
            data-filter=name
            aria-label=label
            placeholder=label
            autocomplete="off"
            autocapitalize="off"
            spellcheck="false"
            data-search=(name == "user").then_some("")
            prop:value=move || value.get()
            on:change:target=move |event| state.set_facet(name, event.target().value().trim())
        />
    }
    .into_any()
}

/// The engines one sees, and Pilothouse itself. An engine that is gone keeps its place while it is chosen.
#[component]
fn Targets(state: ListState) -> impl IntoView {
    let chosen = state.facet("target");
    let engines = use_engines();
    let options = move || {
        let mut names: Vec<String> = engines.map(|engines| engines.all().into_iter().map(|engine| engine.name).collect()).unwrap_or_default();
        let now = chosen.get();
        if !now.is_empty() && now != "-" && !names.contains(&now) {
            names.push(now.clone());
        }
        names.into_iter().map(|name| view! { <option value=name.clone() selected=name == now>{name.clone()}</option> }).collect_view()
    };
    view! {
        <select class="input" aria-label="Target" prop:value=move || chosen.get() on:change:target=move |event| state.set_facet("target", &event.target().value())>
            <option value="">"Any target"</option>
            <option value="-" selected=move || chosen.with(|chosen| chosen == "-")>"Pilothouse itself"</option>
            <Transition>{options}</Transition>
        </select>
    }
    .into_any()
}
