//! Setting somebody else's password.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::people::{UserUpdate, UserUpdateInput};
use crate::ui::{Button, Card, PasswordField, Toasts};
use crate::widgets::{FormProblem, Submit};

/// What the server asks of a password.
pub(crate) const SHORTEST: usize = 12;

/// What to say while a password that is begun is too short.
pub(crate) fn too_short(password: RwSignal<String>) -> Signal<Option<String>> {
    Signal::derive(move || {
        let count = password.with(|password| password.chars().count());
        (count > 0 && count < SHORTEST).then(|| format!("At least {SHORTEST} characters; {} more.", SHORTEST - count))
    })
}

#[component]
pub(super) fn SetPassword(username: String) -> impl IntoView {
    let password = RwSignal::new(String::new());
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let refused = submit.error("password");
    let short = too_short(password);
    let error = Signal::derive(move || refused.get().or_else(|| short.get()));
    let reason = Signal::derive(move || password.with(|p| p.chars().count() < SHORTEST).then(|| "write a password first".to_owned()));
    let name = username.clone();
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if reason.get_untracked().is_some() {
            return;
        }
        let done = format!("{username} has a new password, and is signed out everywhere.");
        let input = UserUpdateInput { disabled: None, password: Some(password.get_untracked()) };
        submit.send::<UserUpdate>(&[&username], &input, move |_| {
            toasts.ok(done);
            password.set(String::new());
        });
    };
    view! {
        <Card title="Password">
            <form method="post" class="form" on:submit=send>
                // For what keeps passwords: whose it is.
                <input type="text" name="username" value=name autocomplete="username" readonly hidden/>
                <PasswordField label="New password" name="password" value=password autocomplete="new-password" error=error
                    hint="Their sessions end at once. Their tokens go on working: disable them to stop everything."/>
                <FormProblem problem=problem fields=&["password"]/>
                <div><Button label="Set the password" submit=true busy=busy reason=reason/></div>
            </form>
        </Card>
    }
    .into_any()
}
