//! Who is told of what changes in a registry.

use leptos::prelude::*;

use super::hook_form::{HookDraft, HookForm};
use crate::api::registry_rules::{RegistryEvent, RegistryHook, RegistryHookDelete, RegistryHookList, RegistryHookUpdate, RegistryHookUpdateInput};
use crate::api::{Empty, Page};
use crate::client::Client;
use crate::ui::{Ask, Button, Confirm, Dialog, Kind, SkeletonRows, StateDot, Time, Toasts, Tone, icons};
use crate::widgets::{FormProblem, Loaded, Submit, use_act, use_me};

/// What an event is called.
pub(super) fn event_words(event: RegistryEvent) -> &'static str {
    match event {
        RegistryEvent::Push => "pushes",
        RegistryEvent::Tag => "moved tags",
        RegistryEvent::Delete => "deletions",
    }
}

/// How it stands, in words.
fn state(hook: &RegistryHook) -> (&'static str, Tone) {
    match (hook.error_at, hook.sent_at) {
        _ if !hook.enabled => ("Off", Tone::Neutral),
        _ if hook.stopped => ("Wants nothing more", Tone::Bad),
        (Some(error), sent) if sent.is_none_or(|sent| error > sent) => ("Away, asked again", Tone::Warn),
        _ => ("On", Tone::Good),
    }
}

/// Why webhooks cannot be changed by this person, if they cannot: whom Pilothouse speaks to is about all of it.
fn lacks() -> Signal<Option<String>> {
    let me = use_me();
    let everywhere = || me.0.grants.iter().filter(|grant| grant.scope == "all");
    let holds = everywhere().any(|grant| grant.permissions.iter().any(|it| it == "registry.hook.manage"));
    let reason = match (holds, me.viewer()) {
        (false, _) => Some("you need registry.hook.manage on all".to_owned()),
        (true, Some(_)) => Some("go back to your own rights first".to_owned()),
        (true, None) => None,
    };
    Signal::stored(reason)
}

#[component]
pub(super) fn Hooks(registry: String) -> impl IntoView {
    let client = Client::get();
    let hooks = {
        let registry = registry.clone();
        Resource::new(|| (), move |()| client.call::<RegistryHookList>(&[&registry], &Empty {}))
    };
    let again = Callback::new(move |()| hooks.refetch());
    let draft = RwSignal::new(None::<HookDraft>);
    let open = RwSignal::new(false);
    let reason = lacks();
    let add = Callback::new(move |()| {
        draft.set(Some(HookDraft::default()));
        open.set(true);
    });
    let title = Signal::derive(move || {
        let is_new = draft.with(|draft| draft.as_ref().is_none_or(|draft| draft.id.is_none()));
        if is_new { "A new webhook" } else { "Change the webhook" }.to_owned()
    });
    let (of_list, of_form) = (registry.clone(), StoredValue::new(registry));
    view! {
        <section class="card flush">
            <header class="card-head">
                <h2>"Webhooks"</h2><small>"Told of each push, moved tag and deletion, signed, until they have taken it"</small>
                <Button label="Add a webhook" icon=icons::PLUS reason=reason on_press=add/>
            </header>
            <Loaded resource=hooks skeleton=|| view! { <SkeletonRows rows=2 columns=3/> } let:page>
                <List registry=of_list.clone() page=page draft=draft open=open again=again/>
            </Loaded>
        </section>
        <Dialog open=open title=title>
            {move || draft.get().map(|draft| view! { <HookForm registry=of_form.get_value() draft=draft open=open again=again/> })}
        </Dialog>
    }
    .into_any()
}

#[component]
fn List(
    registry: String,
    page: Signal<Page<RegistryHook>>,
    draft: RwSignal<Option<HookDraft>>,
    open: RwSignal<bool>,
    again: Callback<()>,
) -> impl IntoView {
    let submit = Submit::new();
    let problem = submit.problem;
    let rows = move || {
        let hooks = page.get().items;
        if hooks.is_empty() {
            return view! { <p class="card-note">"There is no webhook: nobody is told."</p> }.into_any();
        }
        let lines = hooks.into_iter().map(|hook| {
            view! { <Line registry=registry.clone() hook=hook submit=submit.clone() draft=draft open=open again=again/> }
        });
        view! { <ul class="plain-list alerts">{lines.collect_view()}</ul> }.into_any()
    };
    view! {
        {rows}
        <FormProblem problem=problem fields=&[]/>
    }
    .into_any()
}

#[component]
fn Line(
    registry: String,
    hook: RegistryHook,
    submit: Submit,
    draft: RwSignal<Option<HookDraft>>,
    open: RwSignal<bool>,
    again: Callback<()>,
) -> impl IntoView {
    let (word, tone) = state(&hook);
    let (toasts, act, confirm) = (Toasts::get(), use_act(), Confirm::get());
    let reason = lacks();
    let events: Vec<&str> = hook.events.iter().map(|event| event_words(*event)).collect();
    let of = if hook.prefix.is_empty() { "everything".to_owned() } else { hook.prefix.clone() };
    let told = format!("{} of {of}, to {}", events.join(", "), hook.webhook);
    let wrong = hook.error.clone().filter(|_| matches!(tone, Tone::Warn | Tone::Bad)).map(|why| view! { <span class="sub breaks">{why}</span> });
    let sent = hook.sent_at.map(|at| view! { <span class="sub">"Took something "<Time at=Signal::stored(at)/></span> });
    let (id, name, enabled) = (hook.id.clone(), hook.name.clone(), hook.enabled);
    let switch = {
        let (registry, id, name) = (registry.clone(), id.clone(), name.clone());
        Callback::new(move |()| {
            let (name, input) = (name.clone(), RegistryHookUpdateInput { enabled: Some(!enabled), ..RegistryHookUpdateInput::default() });
            submit.send::<RegistryHookUpdate>(&[&registry, &id], &input, move |_| {
                toasts.ok(format!("Switched {name} {}.", if enabled { "off" } else { "on" }));
                again.run(());
            });
        })
    };
    let edit = {
        let filled = HookDraft::of(&hook);
        Callback::new(move |()| {
            draft.set(Some(filled.clone()));
            open.set(true);
        })
    };
    let remove = {
        let (id, name) = (id, name.clone());
        Callback::new(move |()| {
            let ask =
                Ask::new(format!("Remove the webhook {name}?"), "Remove").loses("It is told of nothing any more; what it has not taken is not sent.");
            let (registry, id, done) = (registry.clone(), id.clone(), format!("Removed {name}."));
            confirm.ask(ask, move || act.run::<RegistryHookDelete>(&[&registry, &id], &Empty {}, done.clone(), move |_| again.run(())));
        })
    };
    let switch_label = format!("Switch {name} {}", if enabled { "off" } else { "on" });
    let switch_icon = if enabled { icons::PAUSE } else { icons::PLAY };
    view! {
        <li>
            <div>
                <span class="name">{name.clone()}</span>" "<StateDot text=Signal::stored(word.to_owned()) tone=Signal::stored(tone)/>
                <span class="sub breaks">{told}</span>
                {sent}
                {wrong}
            </div>
            <div class="row-actions">
                <Button label=format!("Edit {name}") kind=Kind::Quiet icon=icons::EDIT icon_only=true reason=reason on_press=edit/>
                <Button label=switch_label kind=Kind::Quiet icon=switch_icon icon_only=true reason=reason on_press=switch/>
                <Button label=format!("Remove {name}") kind=Kind::Quiet icon=icons::TRASH icon_only=true reason=reason on_press=remove/>
            </div>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_did_last_counts() {
        let hook = |enabled, sent_at, error_at, stopped| RegistryHook {
            id: String::new(),
            name: "ci".to_owned(),
            prefix: String::new(),
            events: Vec::new(),
            webhook: "https://hooks.example".to_owned(),
            enabled,
            created_at: 0,
            created_by: "ana".to_owned(),
            sent_at,
            error: None,
            error_at,
            stopped,
        };
        let tone = |enabled, sent, error, stopped| state(&hook(enabled, sent, error, stopped)).1;
        assert_eq!((tone(true, None, None, false), tone(true, Some(2), Some(1), false)), (Tone::Good, Tone::Good));
        assert_eq!((tone(true, Some(1), Some(2), false), tone(true, None, Some(1), true)), (Tone::Warn, Tone::Bad));
        assert_eq!(tone(false, None, Some(1), true), Tone::Neutral);
    }
}
