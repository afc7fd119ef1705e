//! The question before a factor or the old codes are lost, with the password if it is asked for.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::{Desk, Doing};
use crate::api::factors::{Factor, FactorRemove, ProofInput, RecoveryRenew};
use crate::ui::{Button, Dialog, Kind, PasswordField, open_while};
use crate::widgets::{FormProblem, Submit, use_me};

/// What is to be done.
#[derive(Clone, PartialEq)]
pub(super) enum Deed {
    Remove(Factor),
    Renew,
}

impl Deed {
    fn title(&self) -> String {
        match self {
            Deed::Remove(factor) => format!("Remove {}?", factor.name),
            Deed::Renew => "Make new recovery codes?".to_owned(),
        }
    }

    fn action(&self) -> &'static str {
        match self {
            Deed::Remove(_) => "Remove it",
            Deed::Renew => "Make new ones",
        }
    }

    fn loses(&self) -> [&'static str; 2] {
        match self {
            Deed::Remove(_) => ["You cannot sign in with it any more.", "If it is your last factor, the recovery codes go with it."],
            Deed::Renew => ["The codes that you have do not work any more.", "The new ones are shown once."],
        }
    }
}

/// The current password, where it is asked for.
#[component]
pub(super) fn PasswordIfAsked(ask: Signal<bool>, value: RwSignal<String>, error: Signal<Option<String>>) -> impl IntoView {
    let name = use_me().username().to_owned();
    view! {
        <Show when=move || ask.get()>
            // For what keeps passwords: whose it is.
            <input type="text" name="username" value=name.clone() autocomplete="username" readonly hidden/>
            <PasswordField label="Your password" name="factor-password" value=value autocomplete="current-password" error=error
                hint="So that nobody who finds your browser open can change this."/>
        </Show>
    }
    .into_any()
}

#[component]
pub(super) fn Prove(ask: Signal<bool>, desk: Desk) -> impl IntoView {
    let asked = desk.asked;
    let open = open_while(asked);
    let title = Signal::derive(move || asked.with(|deed| deed.as_ref().map(Deed::title).unwrap_or_default()));
    view! {
        <Dialog open=open title=title>
            {move || asked.get().map(|deed| view! { <Question deed=deed ask=ask desk=desk/> })}
        </Dialog>
    }
    .into_any()
}

#[component]
fn Question(deed: Deed, ask: Signal<bool>, desk: Desk) -> impl IntoView {
    let password = RwSignal::new(String::new());
    let submit = Submit::new();
    let (busy, problem, error) = (submit.busy, submit.problem, submit.error("password"));
    let Desk { read, doing, asked, toasts } = desk;
    let (action, loses) = (deed.action(), deed.loses());
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = ProofInput { password: Some(password.get_untracked()) };
        match &deed {
            Deed::Remove(factor) => {
                let done = format!("Removed {}.", factor.name);
                submit.send::<FactorRemove>(&[&factor.id], &input, move |_| {
                    asked.set(None);
                    toasts.ok(done);
                    read.refetch();
                });
            }
            Deed::Renew => submit.send::<RecoveryRenew>(&[], &input, move |made| {
                asked.set(None);
                doing.set(Doing::Codes(made.codes));
                read.refetch();
            }),
        }
    };
    view! {
        <form method="post" class="question" on:submit=send>
            <ul class="loses">{loses.map(|what| view! { <li>{what}</li> }).collect_view()}</ul>
            <PasswordIfAsked ask=ask value=password error=error/>
            <FormProblem problem=problem fields=&["password"]/>
            <footer class="dialog-actions">
                <Button label="Cancel" on_press=Callback::new(move |()| asked.set(None))/>
                <Button label=action kind=Kind::Danger submit=true busy=busy/>
            </footer>
        </form>
    }
    .into_any()
}
