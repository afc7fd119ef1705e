//! What a team is for, in one line that can be said anew.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::team::Read;
use crate::api::people::{Team, TeamUpdate, TeamUpdateInput};
use crate::pages::access::declared_reason;
use crate::ui::{Button, Card, TextField, Toasts, icons};
use crate::widgets::{FormProblem, GateButton, Submit};

#[component]
pub(super) fn Summary(team: Signal<Team>, read: Read) -> impl IntoView {
    let editing = RwSignal::new(false);
    let declared = team.with_untracked(|team| team.declared);
    let reason = Signal::stored(declared_reason(declared));
    let said = move || {
        let summary = team.with(|team| team.summary.clone());
        if summary.is_empty() { "Nobody has said what it is for.".to_owned() } else { summary }
    };
    let edit = Callback::new(move |()| editing.set(true));
    view! {
        <Show
            when=move || editing.get()
            fallback=move || view! {
                <div class="said">
                    <p>{said}</p>
                    <GateButton permission="system.team.update" label="Change what it is for" icon=icons::EDIT icon_only=true reason=reason on_press=edit/>
                </div>
            }
        >
            <Form team=team read=read editing=editing/>
        </Show>
    }
    .into_any()
}

#[component]
fn Form(team: Signal<Team>, read: Read, editing: RwSignal<bool>) -> impl IntoView {
    let (name, before) = team.with_untracked(|team| (team.name.clone(), team.summary.clone()));
    let summary = RwSignal::new(before);
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem, error) = (submit.busy, submit.problem, submit.error("summary"));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = TeamUpdateInput { summary: summary.get_untracked() };
        submit.send::<TeamUpdate>(&[&name], &input, move |_| {
            toasts.ok("Said anew what the team is for.");
            read.refetch();
            editing.set(false);
        });
    };
    view! {
        <Card>
            <form method="post" class="form" on:submit=send>
                <TextField label="What it is for" name="summary" value=summary required=false autofocus=true autocomplete="off" error=error/>
                <FormProblem problem=problem fields=&["summary"]/>
                <div class="form-actions">
                    <Button label="Save" submit=true busy=busy/>
                    <Button label="Cancel" on_press=Callback::new(move |()| editing.set(false))/>
                </div>
            </form>
        </Card>
    }
    .into_any()
}
