//! Retention of what a registry holds: rules, what they would let go, runs, and how the registry frees what went.

mod form;
mod list;
mod plan;
mod runs;
mod storage;
mod tags;
mod words;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

pub use plan::RetentionPlanPage;

use super::tabs::{RETENTION, RegistryTabs, refused};
use crate::api::fill;
use crate::ui::PageHead;
use crate::widgets::{Within, use_me};

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
    let back = ("/registries".to_owned(), "Registries".to_owned());
    let title = format!("Retention of {registry}");
    let about =
        "What is kept of what it holds. A rule lets go what it does not keep, once it is run; what a container is made from stays in any case.";
    let parts = refused(use_me().cannot_see(&[RETENTION], Within::PartOf(&registry))).unwrap_or_else(|| {
        view! {
            <div class="stack">
                <list::Rules registry=registry.clone()/>
                <runs::Runs registry=registry.clone()/>
                <storage::Storage registry=registry.clone()/>
            </div>
        }
        .into_any()
    });
    view! {
        <PageHead title=title back=back about=Signal::stored(about.to_owned())/>
        <RegistryTabs registry=registry/>
        {parts}
    }
    .into_any()
}
