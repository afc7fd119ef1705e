//! Tabs that are links, so that each has its own address.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// A row of links; the one whose address (query included, where it has one) is shown now is marked.
#[component]
pub fn Tabs(
    /// What the tabs are of: `Container`.
    #[prop(into)]
    label: String,
    /// Each tab's address and words.
    #[prop(into)]
    tabs: Signal<Vec<(String, String)>>,
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
        let link = move |(href, words): (String, String)| {
            let marked = current(&href).then_some("page");
            view! { <a href=href aria-current=marked>{words}</a> }
        };
        tabs.get().into_iter().map(link).collect_view()
    };
    view! { <nav class="tabs" aria-label=label>{links}</nav> }.into_any()
}
