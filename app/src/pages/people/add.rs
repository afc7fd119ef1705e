//! The page that adds a person.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::password;
use crate::api::people::{UserCreate, UserInput};
use crate::ui::{Button, Card, Kind, LinkButton, PageHead, PasswordField, TextField, Toasts, icons};
use crate::widgets::{FormProblem, Gate, Submit};

#[component]
pub fn AddPerson() -> impl IntoView {
    let about = "They may sign in, and do nothing until they are given a role: that is the next page.".to_owned();
    view! {
        <PageHead title="Add a person" back=("/people".to_owned(), "People".to_owned()) about=Signal::stored(about)/>
        <Gate permission="system.user.create"><Form/></Gate>
    }
    .into_any()
}

#[component]
fn Form() -> impl IntoView {
    let (username, secret) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let submit = Submit::new();
    let toasts = Toasts::get();
    let navigate = use_navigate();
    let (busy, problem) = (submit.busy, submit.problem);
    let (name_error, refused) = (submit.error("username"), submit.error("password"));
    let short = password::too_short(secret);
    let password_error = Signal::derive(move || refused.get().or_else(|| short.get()));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let navigate = navigate.clone();
        let password = Some(secret.get_untracked()).filter(|password| !password.is_empty());
        let input = UserInput { username: username.get_untracked().trim().to_owned(), password };
        submit.send::<UserCreate>(&[], &input, move |user| {
            toasts.ok(format!("Added {}.", user.username));
            navigate(&format!("/people/{}", user.username), NavigateOptions::default());
        });
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <Card>
                <TextField label="Username" name="username" value=username mono=true autofocus=true autocomplete="off" placeholder="mira" error=name_error
                    hint="1 to 64 of a-z, 0-9, ., _ and -. It stays as it is."/>
                <PasswordField label="First password" name="password" value=secret autocomplete="new-password" error=password_error
                    hint="At least 12 characters; they can change it. Empty: they cannot sign in with a password."/>
            </Card>
            <FormProblem problem=problem fields=&["username", "password"]/>
            <footer class="form-actions">
                <Button label="Add the person" kind=Kind::Primary icon=icons::PLUS submit=true busy=busy/>
                <LinkButton href="/people" label="Cancel"/>
            </footer>
        </form>
    }
    .into_any()
}
