//! Permissions of one area, each with what it lets through.

use leptos::prelude::*;

use crate::api::people::PermissionInfo;
use crate::ui::{Badge, Tone};

/// What a permission lets through, and what kind it is.
#[component]
pub(super) fn Lets(permission: PermissionInfo) -> impl IntoView {
    let PermissionInfo { kind, house, lets, .. } = permission;
    let badge = match kind.as_str() {
        "sensitive" => Some(("sensitive", Tone::Warn)),
        "change" => Some(("changes", Tone::Info)),
        _ => None,
    };
    let note = match (house, lets.is_empty()) {
        (true, _) => Some("Pilothouse itself; worth something on everything only."),
        (_, true) => Some("No operation of its own: it widens what others show."),
        _ => None,
    };
    let lines = lets.into_iter().map(|line| view! { <code>{line}</code> }).collect_view();
    view! {
        {badge.map(|(word, tone)| view! { <Badge text=word tone=tone/> })}
        <small class="lets">{note}{lines}</small>
    }
    .into_any()
}

/// The permissions of an area, to read.
#[component]
pub(super) fn Area(area: String, permissions: Vec<PermissionInfo>) -> impl IntoView {
    let many = permissions.len();
    let lines = permissions.into_iter().map(|permission| view! { <li><code>{permission.name.clone()}</code>" "<Lets permission=permission/></li> });
    view! {
        <details class="area">
            <summary><span>{area}</span><small>{many}</small></summary>
            <ul class="area-list">{lines.collect_view()}</ul>
        </details>
    }
    .into_any()
}
