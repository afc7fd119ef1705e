//! The fields of a registry's rules.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::rules::{Read, lacks};
use super::rules_draft::{Draft, QuotaDraft};
use crate::api::registry_rules::{RegistryRulesShown, RegistryRulesUpdate};
use crate::ui::{Button, Card, Kind, TextArea, TextField, Toasts, icons};
use crate::widgets::{FormProblem, Submit};

/// The fields that show what is wrong with them.
const FIELDS: &[&str] = &["immutable", "limits.requests_per_second", "limits.uploads", "limits.blob_bytes", "limits.layers"];

#[component]
pub(super) fn RulesForm(registry: String, shown: Signal<RegistryRulesShown>, read: Read) -> impl IntoView {
    let draft = shown.with_untracked(|shown| Draft::of(&shown.rules));
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let reason = lacks(&registry);
    let error = |field: &'static str| submit.error(field);
    let (immutable_error, requests_error, uploads_error) = (error("immutable"), error("limits.requests_per_second"), error("limits.uploads"));
    let (blob_error, layers_error) = (error("limits.blob_bytes"), error("limits.layers"));
    let Draft { immutable, quotas, requests, uploads, blob, layers } = draft.clone();
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let rules = match draft.rules() {
            Ok(rules) => rules,
            Err(wrong) => return problem.set(Some(wrong)),
        };
        let name = registry.clone();
        submit.send::<RegistryRulesUpdate>(&[&registry], &rules, move |_| {
            toasts.ok(format!("The rules of {name} are in force."));
            read.refetch();
        });
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <Card title="Tags that stay">
                <TextArea label="Immutable tags" name="immutable" value=immutable rows=4 required=false placeholder="v*\nteam/app:release-*" error=immutable_error
                    hint="One a line: tags, in which * is any text, or PREFIX:TAGS for a repository and those below it. Once such a tag is there, nobody moves or deletes it. New ones can be made."/>
            </Card>
            <Card title="Quotas"><Quotas quotas=quotas/></Card>
            <Card title="Limits, for each person and robot">
                <TextField label="Requests a second" name="requests" value=requests kind="number" required=false autocomplete="off" error=requests_error
                    hint="Counted by each replica of Pilothouse for itself."/>
                <TextField label="Uploads at the same time" name="uploads" value=uploads kind="number" required=false autocomplete="off" error=uploads_error/>
                <TextField label="The largest blob, in MiB" name="blob" value=blob.text required=false autocomplete="off" error=blob_error
                    hint="A layer that is larger breaks off, and no image names it."/>
                <TextField label="Layers of an image" name="layers" value=layers kind="number" required=false autocomplete="off" error=layers_error/>
            </Card>
            <FormProblem problem=problem fields=FIELDS/>
            <footer class="form-actions"><Button label="Save" kind=Kind::Primary icon=icons::CHECK submit=true busy=busy reason=reason/></footer>
        </form>
    }
    .into_any()
}

#[component]
fn Quotas(quotas: RwSignal<Vec<QuotaDraft>>) -> impl IntoView {
    let add = Callback::new(move |()| {
        quotas.update(|quotas| {
            let key = quotas.iter().map(|quota| quota.key + 1).max().unwrap_or(0);
            quotas.push(QuotaDraft::new(key));
        });
    });
    let none = Memo::new(move |_| quotas.with(Vec::is_empty));
    view! {
        <Show when=move || none.get()><p class="muted">"There is none: as much is pushed as the registry takes."</p></Show>
        <For each=move || quotas.get() key=|quota| quota.key let:quota><QuotaFields quota=quota quotas=quotas/></For>
        <div><Button label="Add a quota" icon=icons::PLUS on_press=add/></div>
    }
    .into_any()
}

#[component]
fn QuotaFields(quota: QuotaDraft, quotas: RwSignal<Vec<QuotaDraft>>) -> impl IntoView {
    let QuotaDraft { key, prefix, size, tags } = quota;
    let remove = Callback::new(move |()| quotas.update(|quotas| quotas.retain(|quota| quota.key != key)));
    let label = format!("Remove quota {}", key + 1);
    let name = |field: &str| format!("quota-{key}-{field}");
    view! {
        <fieldset class="quota">
            <legend>{format!("Quota {}", key + 1)}</legend>
            <TextField label="Prefix" name=name("prefix") value=prefix required=false mono=true autocomplete="off" placeholder="team"
                hint="The repository and those below it; empty for all of the registry."/>
            <TextField label="MiB at most" name=name("size") value=size.text required=false autocomplete="off"/>
            <TextField label="Tags at most" name=name("tags") value=tags kind="number" required=false autocomplete="off"/>
            <div><Button label=label icon=icons::TRASH on_press=remove/></div>
        </fieldset>
    }
    .into_any()
}
