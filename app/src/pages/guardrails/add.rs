//! The page that puts a guardrail up.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::form::{Draft, FIELDS, Fields};
use crate::api::guardrails::GuardrailCreate;
use crate::ui::{Button, Kind, LinkButton, PageHead, Toasts, icons};
use crate::widgets::{FormProblem, Gate, Submit};

#[component]
pub fn AddGuardrail() -> impl IntoView {
    let about = "A rule on what containers, services, volumes and networks may ask for.".to_owned();
    view! {
        <PageHead title="Put a guardrail up" back=("/guardrails".to_owned(), "Guardrails".to_owned()) about=Signal::stored(about)/>
        <Gate permission="system.guardrail.create"><Form/></Gate>
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
            let input = match draft.input() {
                Ok(input) => input,
                Err(wrong) => return problem.set(Some(wrong)),
            };
            submit.send::<GuardrailCreate>(&[], &input, move |made| {
                toasts.ok(format!("{} is up.", made.name));
                navigate(&format!("/guardrails/{}", made.id), NavigateOptions::default());
            });
        }
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <Fields draft=draft submit=submit/>
            <FormProblem problem=problem fields=FIELDS/>
            <footer class="form-actions">
                <Button label="Put it up" kind=Kind::Primary icon=icons::PLUS submit=true busy=busy/>
                <LinkButton href="/guardrails" label="Cancel"/>
            </footer>
        </form>
    }
    .into_any()
}
