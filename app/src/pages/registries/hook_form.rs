//! The form of a registry's webhook.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::registry_rules::{RegistryEvent, RegistryHook, RegistryHookCreate, RegistryHookInput, RegistryHookUpdate, RegistryHookUpdateInput};
use crate::ui::{Button, Checkbox, Kind, TextField, Toasts};
use crate::widgets::{FormProblem, Submit};

/// A webhook that is being written: a new one without an id.
#[derive(Clone, Default)]
pub(super) struct HookDraft {
    pub id: Option<String>,
    name: String,
    prefix: String,
    events: Vec<RegistryEvent>,
    /// Where it is, of one that is there already.
    at: String,
}

impl HookDraft {
    pub fn of(hook: &RegistryHook) -> Self {
        let RegistryHook { id, name, prefix, events, webhook, .. } = hook.clone();
        Self { id: Some(id), name, prefix, events, at: webhook }
    }
}

#[component]
pub(super) fn HookForm(registry: String, draft: HookDraft, open: RwSignal<bool>, again: Callback<()>) -> impl IntoView {
    let HookDraft { id, name, prefix, events, at } = draft;
    let has = |event: RegistryEvent| RwSignal::new(events.is_empty() || events.contains(&event));
    let (pushes, tags, deletions) = (has(RegistryEvent::Push), has(RegistryEvent::Tag), has(RegistryEvent::Delete));
    let (name, prefix) = (RwSignal::new(name), RwSignal::new(prefix));
    let (url, secret) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let error = |field: &'static str| submit.error(field);
    let (name_error, prefix_error, url_error, secret_error) = (error("name"), error("prefix"), error("url"), error("secret"));
    let is_new = id.is_none();
    let hint = match is_new {
        true => "https://, or http:// to this very machine. It is not shown again.".to_owned(),
        false => format!("It is at {at}. Leave this empty to keep it; another address needs another secret."),
    };
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let said = |field: RwSignal<String>| field.get_untracked().trim().to_owned();
        let given = |field: RwSignal<String>| Some(said(field)).filter(|text| !text.is_empty());
        let wanted = [(pushes, RegistryEvent::Push), (tags, RegistryEvent::Tag), (deletions, RegistryEvent::Delete)];
        let events: Vec<RegistryEvent> = wanted.into_iter().filter(|(on, _)| on.get_untracked()).map(|(_, event)| event).collect();
        let done = move |hook: RegistryHook, did: &str| {
            toasts.ok(format!("{did} {}.", hook.name));
            open.set(false);
            again.run(());
        };
        match &id {
            None => {
                let input = RegistryHookInput { name: said(name), prefix: said(prefix), events, url: said(url), secret: secret.get_untracked() };
                submit.send::<RegistryHookCreate>(&[&registry], &input, move |hook| done(hook, "Added"));
            }
            Some(id) => {
                let input = RegistryHookUpdateInput {
                    name: Some(said(name)),
                    prefix: Some(said(prefix)),
                    events: Some(events),
                    url: given(url),
                    secret: Some(secret.get_untracked()).filter(|secret| !secret.is_empty()),
                    enabled: None,
                };
                submit.send::<RegistryHookUpdate>(&[&registry, id], &input, move |hook| done(hook, "Changed"));
            }
        }
    };
    view! {
        <form method="post" class="dialog-form" on:submit=send>
            <TextField label="Name" name="hook-name" value=name autofocus=true autocomplete="off" placeholder="ci" error=name_error/>
            <TextField label="Prefix" name="hook-prefix" value=prefix required=false mono=true autocomplete="off" placeholder="team" error=prefix_error
                hint="The repository and those below it; empty for all of the registry."/>
            <Checkbox label="Pushes" checked=pushes/>
            <Checkbox label="Moved tags" checked=tags/>
            <Checkbox label="Deletions" checked=deletions hint="With none of these it is told of all."/>
            <TextField label="Address" name="hook-url" value=url required=is_new mono=true autocomplete="off" placeholder="https://hooks.example/registry"
                error=url_error hint=hint/>
            <TextField label="Its secret" name="hook-secret" value=secret kind="password" required=is_new autocomplete="off" error=secret_error
                hint="What its messages are signed with: 16 characters at least. It is never shown again."/>
            <FormProblem problem=problem fields=&["name", "prefix", "url", "secret"]/>
            <footer class="form-actions"><Button label=if is_new { "Add the webhook" } else { "Change it" } kind=Kind::Primary submit=true busy=busy/></footer>
        </form>
    }
    .into_any()
}
