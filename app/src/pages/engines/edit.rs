//! The page that changes an engine, or says why it cannot be changed here.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::declared::Declared;
use super::form::{Draft, FIELDS, Fields};
use super::remove::RemoveEngine;
use crate::api::Empty;
use crate::api::engines::{Engine, EngineGet, EngineUpdate, EngineUpdateInput, Health};
use crate::client::Client;
use crate::ui::{Button, Card, Kind, LinkButton, PageHead, SkeletonText, Toasts, icons};
use crate::widgets::{ByEngine, FormProblem, Gate, Loaded, Submit, use_engines};

#[component]
pub fn EditEngine() -> impl IntoView {
    view! { <ByEngine let:engine><Page name=engine/></ByEngine> }.into_any()
}

#[component]
fn Page(name: String) -> impl IntoView {
    let client = Client::get();
    let engine = {
        let name = name.clone();
        Resource::new(|| (), move |()| client.call::<EngineGet>(&[&name], &Empty {}))
    };
    view! {
        <PageHead title=name back=("/engines".to_owned(), "Engines".to_owned()) about=Signal::stored("How Pilothouse reaches it.".to_owned())/>
        <Loaded resource=engine skeleton=|| view! { <SkeletonText lines=9/> } let:engine>
            <Found engine=engine.get_untracked()/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(engine: Engine) -> impl IntoView {
    if engine.declared {
        return view! { <Declared engine=engine/> }.into_any();
    }
    let shown = Signal::stored(engine);
    view! {
        <Gate permission="system.engine.update"><Form engine=shown/></Gate>
        <Gate permission="system.engine.delete" silent=true>
            <div class="form danger-zone">
                <Card title="Remove">
                    <p>"Pilothouse forgets this engine. The engine itself, and what runs on it, stay as they are."</p>
                    <div><RemoveEngine engine=shown/></div>
                </Card>
            </div>
        </Gate>
    }
    .into_any()
}

#[component]
fn Form(engine: Signal<Engine>) -> impl IntoView {
    let draft = engine.with_untracked(Draft::of);
    let (name, kept) = engine.with_untracked(|engine| (engine.name.clone(), engine.tls));
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
            let input = draft.input();
            let input = EngineUpdateInput { url: Some(input.url), labels: Some(input.labels), tls: input.tls };
            submit.send::<EngineUpdate>(&[&name], &input, move |engine| {
                match engine.health {
                    Health::Down { reason, .. } => toasts.failed(format!("Changed {}, but it does not answer.", engine.name), Some(reason)),
                    _ => toasts.ok(format!("Changed {}.", engine.name)),
                }
                if let Some(engines) = engines {
                    engines.refetch();
                }
                navigate("/engines", NavigateOptions::default());
            });
        }
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <Fields draft=draft submit=submit named=true kept=kept>
                <FormProblem problem=problem fields=FIELDS/>
                <footer class="form-actions">
                    <Button label="Save" kind=Kind::Primary icon=icons::CHECK submit=true busy=busy/>
                    <LinkButton href="/engines" label="Cancel"/>
                </footer>
            </Fields>
        </form>
    }
    .into_any()
}
