//! Tabs that are links, so that each has its own address.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// One of them.
#[derive(Clone, PartialEq)]
pub struct Tab {
    href: String,
    words: String,
    /// Why it cannot be gone to.
    reason: Option<String>,
}

impl Tab {
    pub fn new(href: impl Into<String>, words: impl Into<String>) -> Self {
        Self { href: href.into(), words: words.into(), reason: None }
    }

    /// Off, and says why, where there is a `reason`.
    #[must_use]
    pub fn off(self, reason: Option<String>) -> Self {
        Self { reason, ..self }
    }
}

/// A row of links; the one whose address (query included, where it has one) is shown now is marked.
#[component]
pub fn Tabs(
    /// What the tabs are of: `Container`.
    #[prop(into)]
    label: String,
    tabs: Signal<Vec<Tab>>,
) -> impl IntoView {
    let location = use_location();
    let current = move |href: &str| {
        let path = location.pathname.get();
        match href.split_once('?') {
            None => path == href && location.search.with(|s| !s.contains("tab=")),
            Some((base, query)) => path == base && location.search.with(|s| s.split('&').any(|part| part == query)),
        }
    };
    let links = move || {
        let link = move |Tab { href, words, reason }: Tab| {
            let marked = current(&href).then_some("page");
            match reason {
                None => view! { <a href=href aria-current=marked>{words}</a> }.into_any(),
                // Reached by the keyboard too, or nobody there learns why.
                Some(reason) => {
                    let name = format!("{words} ({reason})");
                    view! { <a role="link" tabindex="0" aria-disabled="true" aria-current=marked aria-label=name title=reason>{words}</a> }.into_any()
                }
            }
        };
        tabs.get().into_iter().map(link).collect_view()
    };
    view! { <nav class="tabs" aria-label=label>{links}</nav> }.into_any()
}
