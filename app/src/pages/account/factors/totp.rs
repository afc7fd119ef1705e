//! Adding an authenticator app: a secret to take in, then a code that shows that it was.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::Desk;
use super::prove::PasswordIfAsked;
use crate::api::factors::{ProofInput, TotpAdd, TotpInput, TotpStart, TotpStarted};
use crate::ui::{Button, CodeBlock, Kind, TextField, icons};
use crate::widgets::{FormProblem, Submit};

#[component]
pub(super) fn AddApp(ask: Signal<bool>, desk: Desk) -> impl IntoView {
    let started = RwSignal::new(None::<TotpStarted>);
    move || match started.get() {
        None => view! { <Begin ask=ask started=started close=desk.close()/> }.into_any(),
        Some(begun) => view! { <Finish begun=begun desk=desk/> }.into_any(),
    }
}

#[component]
fn Begin(ask: Signal<bool>, started: RwSignal<Option<TotpStarted>>, close: Callback<()>) -> impl IntoView {
    let password = RwSignal::new(String::new());
    let submit = Submit::new();
    let (busy, problem, error) = (submit.busy, submit.problem, submit.error("password"));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = ProofInput { password: Some(password.get_untracked()) };
        submit.send::<TotpStart>(&[], &input, move |begun| started.set(Some(begun)));
    };
    view! {
        <form method="post" class="form factor-form" on:submit=send>
            <p>"You need an app for one-time codes, on a device that you have with you."</p>
            <PasswordIfAsked ask=ask value=password error=error/>
            <FormProblem problem=problem fields=&["password"]/>
            <footer class="form-actions">
                <Button label="Show the QR code" kind=Kind::Primary submit=true busy=busy/>
                <Button label="Cancel" on_press=close/>
            </footer>
        </form>
    }
    .into_any()
}

#[component]
fn Finish(begun: TotpStarted, desk: Desk) -> impl IntoView {
    let TotpStarted { id, secret, qr, qr_size, .. } = begun;
    let (name, code) = (RwSignal::new("Authenticator app".to_owned()), RwSignal::new(String::new()));
    let submit = Submit::new();
    let (busy, problem) = (submit.busy, submit.problem);
    let (name_error, code_error) = (submit.error("name"), submit.error("code"));
    let added = desk.added();
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = TotpInput { code: code.get_untracked(), name: name.get_untracked() };
        submit.send::<TotpAdd>(&[&id], &input, move |done| added.run(done));
    };
    view! {
        <form method="post" class="form factor-form" on:submit=send>
            <p>"Scan this with the app. If it has no camera, type the key into it instead."</p>
            <svg class="qr" viewBox=format!("0 0 {qr_size} {qr_size}") role="img" aria-label="QR code with the key of the authenticator app">
                <path d=qr></path>
            </svg>
            <CodeBlock text=Signal::stored(secret) label="the key for the authenticator app"/>
            <TextField label="Name of the app" name="factor-name" value=name autocomplete="off" error=name_error/>
            <TextField label="Code that the app shows" name="factor-code" value=code mono=true autocomplete="one-time-code" autofocus=true error=code_error
                hint="Six digits. With a right one the app counts from now on."/>
            <FormProblem problem=problem fields=&["name", "code"]/>
            <footer class="form-actions">
                <Button label="Add the app" kind=Kind::Primary icon=icons::CHECK submit=true busy=busy/>
                <Button label="Cancel" on_press=desk.close()/>
            </footer>
        </form>
    }
    .into_any()
}
