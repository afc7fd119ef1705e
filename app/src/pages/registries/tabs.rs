//! The row of pages that are about one registry, and the part of such a page that takes a right.

use leptos::prelude::*;

use super::address;
use crate::ui::{EmptyState, Tab, Tabs, icons};
use crate::widgets::{Within, use_me};

/// To read the page of retention.
pub(super) const RETENTION: &str = "registry.retention.view";
/// To read the page of rules.
pub(super) const RULES: &str = "registry.rules.view";

/// The pages about a registry, above each of them. Those that one may not read say why.
#[component]
pub(super) fn RegistryTabs(registry: String) -> impl IntoView {
    let me = use_me();
    let base = address::registry(&registry);
    let tabs = vec![
        Tab::new(base.clone(), "Repositories"),
        Tab::new(format!("{base}/retention"), "Retention").off(me.cannot_see(&[RETENTION], Within::PartOf(&registry))),
        Tab::new(format!("{base}/rules"), "Rules").off(me.cannot_see(&[RULES], Within::Whole(&registry))),
        // Where a registry is belongs to Pilothouse: no right on one registry gives it.
        Tab::new(format!("{base}/edit"), "Settings").off(me.lacks("registry.registry.update", None)),
    ];
    view! { <Tabs label=format!("Registry {registry}") tabs=Signal::stored(tabs)/> }.into_any()
}

/// What stands there for whoever may not read a page, if `reason` says why.
pub(super) fn refused(reason: Option<String>) -> Option<AnyView> {
    reason.map(|reason| {
        view! { <EmptyState icon=icons::LOCK title="Not for you to see" detail=Signal::stored(format!("To see this, {reason}."))/> }.into_any()
    })
}
