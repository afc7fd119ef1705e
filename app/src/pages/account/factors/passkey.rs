//! Adding a passkey: the browser makes it, with a dialog of its own.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;

use super::Desk;
use super::prove::PasswordIfAsked;
use crate::api::factors::{FactorAdded, PasskeyAdd, PasskeyInput, PasskeyStart, ProofInput};
use crate::api::{Code, Problem};
use crate::client::Client;
use crate::ui::{Button, Kind, TextField, icons, passkey};
use crate::widgets::FormProblem;

/// What the browser made.
#[derive(Deserialize)]
struct Made {
    client_data: String,
    attestation: String,
}

#[component]
pub(super) fn AddPasskey(ask: Signal<bool>, desk: Desk) -> impl IntoView {
    let client = Client::get();
    let (name, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (busy, problem) = (RwSignal::new(false), RwSignal::new(None::<Problem>));
    let error_of = |field: &'static str| {
        Signal::derive(move || problem.with(|problem| problem.as_ref().filter(|p| p.field.as_deref() == Some(field)).map(Problem::to_string)))
    };
    let added = desk.added();
    let reason = Signal::derive(move || name.with(|name| name.trim().is_empty()).then(|| "give it a name first".to_owned()));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() || reason.get_untracked().is_some() {
            return;
        }
        busy.set(true);
        problem.set(None);
        let making = make(client.clone(), name.get_untracked(), password.get_untracked());
        spawn_local(async move {
            let done = making.await;
            let still_here = busy.try_set(false).is_none();
            match done {
                Ok(done) if still_here => added.run(done),
                Ok(_) => {}
                Err(why) => drop(problem.try_set(Some(why))),
            }
        });
    };
    view! {
        <form method="post" class="form factor-form" on:submit=send>
            <p>"A passkey is kept by this device, a password manager or a security key. It signs you in without the password, too."</p>
            <TextField label="Name of the passkey" name="factor-name" value=name autocomplete="off" autofocus=true placeholder="laptop, or blue key"
                error=error_of("name")/>
            <PasswordIfAsked ask=ask value=password error=error_of("password")/>
            <FormProblem problem=problem fields=&["name", "password"]/>
            <footer class="form-actions">
                <Button label="Make the passkey" kind=Kind::Primary icon=icons::KEY submit=true busy=busy reason=reason/>
                <Button label="Cancel" on_press=desk.close()/>
            </footer>
        </form>
    }
    .into_any()
}

async fn make(client: Client, name: String, password: String) -> Result<FactorAdded, Problem> {
    let options = client.call::<PasskeyStart>(&[], &ProofInput { password: Some(password) }).await?;
    let made = passkey::make::<Made>(&options).await.map_err(|why| Problem::new(Code::InvalidInput, "No passkey was made.").detail(why))?;
    client.call::<PasskeyAdd>(&[], &PasskeyInput { name, client_data: made.client_data, attestation: made.attestation }).await
}
