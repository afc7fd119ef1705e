//! The page that adds an engine.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::form::{Draft, FIELDS, Fields};
use crate::api::engines::{EngineCreate, Health};
use crate::ui::{Button, Kind, LinkButton, PageHead, Toasts, icons};
use crate::widgets::{FormProblem, Gate, Submit, use_engines};

#[component]
pub fn AddEngine() -> impl IntoView {
    view! {
        <PageHead title="Add an engine" back=("/engines".to_owned(), "Engines".to_owned()) about=Signal::stored("A Docker engine that Pilothouse can reach.".to_owned())/>
        <Gate permission="system.engine.create"><Form/></Gate>
    }
    .into_any()
}

#[component]
fn Form() -> impl IntoView {
    let draft = Draft::new();
    let submit = Submit::new();
    let toasts = Toasts::get();
    let engines = use_engines();
    let navigate = use_navigate();
    let (busy, problem) = (submit.busy, submit.problem);
    let send = {
        let submit = submit.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            let navigate = navigate.clone();
            submit.send::<EngineCreate>(&[], &draft.input(), move |engine| {
                match engine.health {
                    Health::Down { reason, .. } => toasts.failed(format!("Added {}, but it does not answer.", engine.name), Some(reason)),
                    _ => toasts.ok(format!("Added {}.", engine.name)),
                }
                if let Some(engines) = engines {
                    engines.refetch();
                }
                navigate(&format!("/on/{}/containers", engine.name), NavigateOptions::default());
            });
        }
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <Fields draft=draft submit=submit>
                <FormProblem problem=problem fields=FIELDS/>
                <footer class="form-actions">
                    <Button label="Add the engine" kind=Kind::Primary icon=icons::PLUS submit=true busy=busy/>
                    <LinkButton href="/engines" label="Cancel"/>
                </footer>
            </Fields>
        </form>
    }
    .into_any()
}
