//! The page that adds a registry.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::address;
use super::draft::Draft;
use super::form::{FIELDS, Fields};
use crate::api::registries::RegistryCreate;
use crate::ui::{Button, Kind, LinkButton, PageHead, Toasts, icons};
use crate::widgets::{FormProblem, Gate, Submit};

#[component]
pub fn AddRegistry() -> impl IntoView {
    let about = "A server of images that Pilothouse stands in front of: Docker Hub, Harbor, GitLab, or one of your own.".to_owned();
    view! {
        <PageHead title="Add a registry" back=("/registries".to_owned(), "Registries".to_owned()) about=Signal::stored(about)/>
        <Gate permission="registry.registry.create"><Form/></Gate>
    }
    .into_any()
}

#[component]
fn Form() -> impl IntoView {
    let draft = Draft::new();
    let submit = Submit::new();
    let toasts = Toasts::get();
    let navigate = use_navigate();
    let (busy, problem) = (submit.busy, submit.problem);
    let send = {
        let submit = submit.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            let navigate = navigate.clone();
            submit.send::<RegistryCreate>(&[], &draft.input(), move |registry| {
                toasts.ok(format!("Added {}.", registry.name));
                navigate(&address::registry(&registry.name), NavigateOptions::default());
            });
        }
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <Fields draft=draft submit=submit>
                <FormProblem problem=problem fields=FIELDS/>
                <footer class="form-actions">
                    <Button label="Add the registry" kind=Kind::Primary icon=icons::PLUS submit=true busy=busy/>
                    <LinkButton href="/registries" label="Cancel"/>
                </footer>
            </Fields>
        </form>
    }
    .into_any()
}
