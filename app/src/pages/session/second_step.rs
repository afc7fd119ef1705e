//! The second step of a sign-in: a code, or a passkey.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::passkey::PasskeyButton;
use crate::api::factors::{CodeInput, SecondFactor, SecondStep};
use crate::ui::{Button, Kind, TextField};
use crate::widgets::{FormProblem, Submit};

/// `done` is called when they are in, `again` to begin with the password once more.
#[component]
pub(super) fn SecondStepForm(step: SecondStep, done: Callback<bool>, again: Callback<()>) -> impl IntoView {
    let SecondStep { totp, recovery, passkey, .. } = step;
    view! {
        {passkey.then(|| view! { <PasskeyButton second=true done=done/> })}
        {(totp || recovery).then(|| view! { <CodeForm totp=totp recovery=recovery done=done/> })}
        <Button label="Start again" kind=Kind::Quiet on_press=again/>
    }
    .into_any()
}

#[component]
fn CodeForm(totp: bool, recovery: bool, done: Callback<bool>) -> impl IntoView {
    let code = RwSignal::new(String::new());
    let by_recovery = RwSignal::new(!totp);
    let submit = Submit::new();
    let (busy, problem) = (submit.busy, submit.problem);
    let error = submit.error("code");
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = CodeInput { code: code.get_untracked() };
        submit.send::<SecondFactor>(&[], &input, move |me| done.run(me.needs_factor));
    };
    let field = move || {
        if by_recovery.get() {
            view! {
                <TextField label="Recovery code" name="recovery-code" value=code mono=true autocomplete="off" autofocus=true error=error
                    hint="One of the ten that you were given with your first factor. It works once."/>
            }
            .into_any()
        } else {
            view! {
                <TextField label="Code" name="code" value=code mono=true autocomplete="one-time-code" autofocus=true error=error
                    hint="The six digits that your authenticator app shows now."/>
            }
            .into_any()
        }
    };
    let switch = Callback::new(move |()| {
        code.set(String::new());
        problem.set(None);
        by_recovery.update(|by| *by = !*by);
    });
    let other = Signal::derive(move || if by_recovery.get() { "Use the authenticator app" } else { "Use a recovery code" }.to_owned());
    view! {
        <form method="post" on:submit=send>
            {field}
            <FormProblem problem=problem fields=&["code"]/>
            <Button label="Go on" kind=Kind::Primary submit=true busy=busy/>
            {(totp && recovery).then(|| view! { <Button label=other kind=Kind::Quiet on_press=switch/> })}
        </form>
    }
    .into_any()
}
