//! Retention of what a registry holds: rules, what they would let go, runs, and how the registry frees what went.

mod form;
mod list;
mod plan;
mod rights;
mod runs;
mod storage;
mod tags;
mod words;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub use plan::RetentionPlanPage;

use crate::api::fill;
use crate::ui::PageHead;

/// Where the page of a registry's retention is.
fn address(registry: &str) -> String {
    fill("/registries/{registry}/retention", &[registry])
}

#[component]
pub fn Retention() -> impl IntoView {
    let params = use_params_map();
    let registry = Memo::new(move |_| params.with(|params| params.get("registry").unwrap_or_default()));
    move || {
        let registry = registry.get();
        untrack(|| view! { <Page registry=registry/> })
    }
}

#[component]
fn Page(registry: String) -> impl IntoView {
    let back = (fill("/registries/{registry}", &[&registry]), registry.clone());
    let about =
        "What is kept of what it holds. A rule lets go what it does not keep, once it is run; what a container is made from stays in any case.";

    view! {
        <PageHead title="Retention" back=back about=Signal::stored(about.to_owned())/>
        <div class="stack">
            <list::Rules registry=registry.clone()/>
            <runs::Runs registry=registry.clone()/>
            <storage::Storage registry=registry/>
        </div>
    }
    .into_any()
}
