//! The page that adds a provider.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::draft::Draft;
use super::form::{FIELDS, Fields};
use crate::api::providers::{ProviderCreate, ProviderInput};
use crate::ui::{Button, Kind, LinkButton, PageHead, Toasts, icons};
use crate::widgets::{FormProblem, Gate, Submit};

#[component]
pub fn AddProvider() -> impl IntoView {
    let about = "Somebody else who says who people are.".to_owned();
    view! {
        <PageHead title="Add a provider" back=("/providers".to_owned(), "Sign-in".to_owned()) about=Signal::stored(about)/>
        <Gate permission="system.provider.create"><Form/></Gate>
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
            let name = draft.name.with_untracked(|name| name.trim().to_owned());
            let input = ProviderInput { name, settings: draft.settings(), secret: draft.new_secret() };
            submit.send::<ProviderCreate>(&[], &input, move |provider| {
                toasts.ok(format!("Added {}.", provider.name));
                navigate(&format!("/providers/{}", provider.name), NavigateOptions::default());
            });
        }
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <Fields draft=draft submit=submit>
                <FormProblem problem=problem fields=FIELDS/>
                <footer class="form-actions">
                    <Button label="Add the provider" kind=Kind::Primary icon=icons::PLUS submit=true busy=busy/>
                    <LinkButton href="/providers" label="Cancel"/>
                </footer>
            </Fields>
        </form>
    }
    .into_any()
}
