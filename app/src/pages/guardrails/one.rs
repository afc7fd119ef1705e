//! One guardrail: what it says, what it found, and taking it down.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::form::{Draft, FIELDS, Fields};
use super::hits::Hits;
use super::kinds::{summary, taken_apart};
use crate::api::guardrails::{Guardrail, GuardrailDelete, GuardrailGet, GuardrailUpdate, GuardrailUpdateInput};
use crate::api::{Empty, Problem};
use crate::client::Client;
use crate::ui::{Ask, Button, Callout, Card, Confirm, Facts, Kind, PageHead, SkeletonText, Toasts, Tone, icons};
use crate::widgets::{FormProblem, Gate, GateButton, Loaded, Submit, use_act};

type Read = Resource<Result<Guardrail, Problem>>;

#[component]
pub fn GuardrailPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    move || view! { <One id=id.get()/> }
}

#[component]
fn One(id: String) -> impl IntoView {
    let client = Client::get();
    let guardrail: Read = {
        let id = id.clone();
        Resource::new(|| (), move |()| client.call::<GuardrailGet>(&[&id], &Empty {}))
    };
    view! {
        <PageHead title="Guardrail" back=("/guardrails".to_owned(), "Guardrails".to_owned())/>
        <Loaded resource=guardrail skeleton=|| view! { <SkeletonText lines=9/> } let:shown>
            <Found guardrail=shown read=guardrail/>
        </Loaded>
        <Card title="What it found in the last 30 days" flush=true><Hits id=id/></Card>
    }
    .into_any()
}

#[component]
fn Found(guardrail: Signal<Guardrail>, read: Read) -> impl IntoView {
    let declared = guardrail.with_untracked(|guardrail| guardrail.declared);
    if declared {
        return view! { <Declared guardrail=guardrail/> }.into_any();
    }
    view! {
        <Gate permission="system.guardrail.update"><Form guardrail=guardrail read=read/></Gate>
        <Gate permission="system.guardrail.delete" silent=true><Remove guardrail=guardrail/></Gate>
    }
    .into_any()
}

/// One that the settings declare: it is shown.
#[component]
fn Declared(guardrail: Signal<Guardrail>) -> impl IntoView {
    let Guardrail { name, scope, roles, rule, mode, .. } = guardrail.get_untracked();
    let kind = taken_apart(&rule).0.words;
    let roles = if roles.is_empty() { "everybody".to_owned() } else { roles.join(", ") };
    view! {
        <Callout tone=Tone::Info title="The settings file declares it".to_owned()>"Change it there and start Pilothouse again."</Callout>
        <Card>
            <Facts>
                <dt>"Name"</dt><dd>{name}</dd>
                <dt>"About"</dt><dd>{kind}</dd>
                <dt>"Rule"</dt><dd>{summary(&rule)}</dd>
                <dt>"Where"</dt><dd><code>{scope}</code></dd>
                <dt>"For"</dt><dd>{roles}</dd>
                <dt>"Mode"</dt><dd>{super::list::mode_words(mode)}</dd>
            </Facts>
        </Card>
    }
    .into_any()
}

#[component]
fn Form(guardrail: Signal<Guardrail>, read: Read) -> impl IntoView {
    let draft = guardrail.with_untracked(Draft::of);
    let id = guardrail.with_untracked(|guardrail| guardrail.id.clone());
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let send = {
        let submit = submit.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            let input = match draft.input() {
                Ok(input) => input,
                Err(wrong) => return problem.set(Some(wrong)),
            };
            let input = GuardrailUpdateInput {
                name: Some(input.name),
                mode: Some(input.mode),
                scope: Some(input.scope),
                roles: Some(input.roles),
                rule: Some(input.rule),
            };
            submit.send::<GuardrailUpdate>(&[&id], &input, move |changed| {
                toasts.ok(format!("Changed {}. It is in force as it is now.", changed.name));
                read.refetch();
            });
        }
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <Fields draft=draft submit=submit/>
            <FormProblem problem=problem fields=FIELDS/>
            <footer class="form-actions"><Button label="Save" kind=Kind::Primary icon=icons::CHECK submit=true busy=busy/></footer>
        </form>
    }
    .into_any()
}

/// What asking to take one down comes to.
pub(super) fn removal(guardrail: Signal<Guardrail>, after: impl Fn() + Copy + Send + Sync + 'static) -> Callback<()> {
    let act = use_act();
    let confirm = Confirm::get();
    Callback::new(move |()| {
        let (id, name) = guardrail.with_untracked(|guardrail| (guardrail.id.clone(), guardrail.name.clone()));
        let ask = Ask::new(format!("Take {name} down?"), "Take down")
            .loses("What it does not allow is allowed at once, unless another guardrail is in its way.")
            .loses("What it found is forgotten here; the audit trail keeps it.");
        confirm.ask(ask, move || act.run::<GuardrailDelete>(&[&id], &Empty {}, format!("{name} is down."), move |_| after()));
    })
}

#[component]
fn Remove(guardrail: Signal<Guardrail>) -> impl IntoView {
    let navigate = StoredValue::new(use_navigate());
    let remove = removal(guardrail, move || navigate.with_value(|navigate| navigate("/guardrails", NavigateOptions::default())));
    view! {
        <div class="form danger-zone">
            <Card title="Take it down">
                <p>"Without it, what it does not allow is allowed."</p>
                <div><GateButton permission="system.guardrail.delete" label="Take it down" kind=Kind::Danger icon=icons::TRASH on_press=remove/></div>
            </Card>
        </div>
    }
    .into_any()
}
