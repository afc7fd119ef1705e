//! What stands in for content that is on its way: of its size, so that nothing moves when it comes.

use leptos::prelude::*;

/// Lines of text to come.
#[component]
pub fn SkeletonText(#[prop(default = 3)] lines: usize) -> impl IntoView {
    let bars = (0..lines).map(|_| view! { <span class="bone"></span> }).collect_view();
    view! { <div class="skeleton" role="status" aria-label="Loading">{bars}</div> }.into_any()
}

/// Rows of a table to come.
#[component]
pub fn SkeletonRows(#[prop(default = 8)] rows: usize, #[prop(default = 5)] columns: usize) -> impl IntoView {
    let row = |_| {
        let cells = (0..columns).map(|_| view! { <span class="bone"></span> }).collect_view();
        view! { <div class="skeleton-row">{cells}</div> }
    };
    view! { <div class="skeleton-table" role="status" aria-label="Loading">{(0..rows).map(row).collect_view()}</div> }.into_any()
}
