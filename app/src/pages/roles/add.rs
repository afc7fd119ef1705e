//! The page that adds a role.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::form::RoleForm;
use crate::api::people::Role;
use crate::ui::{PageHead, Toasts};
use crate::widgets::Gate;

#[component]
pub fn AddRole() -> impl IntoView {
    let about = "A name for a set of permissions. Nobody has it until it is given.".to_owned();
    view! {
        <PageHead title="Add a role" back=("/roles".to_owned(), "Roles".to_owned()) about=Signal::stored(about)/>
        <Gate permission="system.role.create"><Form/></Gate>
    }
    .into_any()
}

#[component]
fn Form() -> impl IntoView {
    let navigate = StoredValue::new(use_navigate());
    let toasts = Toasts::get();
    let go = move |path: &str| navigate.with_value(|navigate| navigate(path, NavigateOptions::default()));
    let done = Callback::new(move |role: Role| {
        toasts.ok(format!("Added role {}.", role.name));
        go(&format!("/roles/{}", role.name));
    });
    view! { <RoleForm role=None done=done cancel=Callback::new(move |()| go("/roles"))/> }.into_any()
}
