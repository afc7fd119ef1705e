//! What uses an image, a volume or a network: shown in their lists, and a filter of them.

use leptos::prelude::*;

use super::list::ListState;
use crate::ui::Badge;

/// The filter's name in the address and in the API. A list with [`UseFilter`] knows it.
pub const USE_FACETS: &[&str] = &["state"];

/// The first names, and how many more.
#[component]
pub fn UsedBy(
    #[prop(into)] names: Signal<Vec<String>>,
    /// What to say when there is none.
    #[prop(default = "Nothing")]
    none: &'static str,
) -> impl IntoView {
    const SHOWN: usize = 2;
    move || {
        let names = names.get();
        if names.is_empty() {
            return view! { <span class="none">{none}</span> }.into_any();
        }
        let all = names.join(", ");
        let more = names.len().checked_sub(SHOWN).filter(|more| *more > 0).map(|more| view! { <span class="more">{format!("+{more}")}</span> });
        let shown = names.into_iter().take(SHOWN).map(|name| view! { <Badge text=name/> }).collect_view();
        view! { <span class="badges" title=all>{shown}{more}</span> }.into_any()
    }
}

/// All, those in use, or those that nothing uses.
#[component]
pub fn UseFilter(state: ListState) -> impl IntoView {
    let chosen = state.facet("state");
    let option = move |value: &'static str, words: &'static str| {
        view! { <option value=value selected=move || chosen.get() == value>{words}</option> }
    };
    view! {
        <select
            class="input"
            aria-label="Use"
            prop:value=move || chosen.get()
            on:change:target=move |event| state.set_facet("state", &event.target().value())
        >
            {option("", "Used or not")}
            {option("used", "Used")}
            {option("unused", "Unused")}
        </select>
    }
    .into_any()
}
