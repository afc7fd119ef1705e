//! The first set-up: the link from the server's log makes the first administrator.
//!
//! The secret comes in the fragment of the address, which a browser sends to nobody, so that no log holds it.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use percent_encoding::percent_decode_str;

use super::Porch;
use crate::api::Empty;
use crate::api::session::{Setup, SetupGet, SetupInput};
use crate::client::Client;
use crate::ui::{Badge, Button, Callout, Kind, PasswordField, SkeletonText, TextField, Tone};
use crate::widgets::{FormProblem, Loaded, Submit};

const SHORTEST: usize = 12;

#[component]
pub fn FirstSetup() -> impl IntoView {
    let client = Client::get();
    let state = Resource::new(|| (), move |()| client.call::<SetupGet>(&[], &Empty {}));
    view! {
        <Porch title="First set-up" about="Make the first administrator of this Pilothouse.">
            <Loaded resource=state skeleton=|| view! { <SkeletonText lines=6/> } let:state>
                <Show
                    when=move || state.with(|state| state.needed)
                    fallback=|| view! {
                        <Callout tone=Tone::Good title="It is done already">
                            "The first administrator exists. " <a href="/sign-in">"Sign in"</a> " instead."
                        </Callout>
                    }
                >
                    <SetupForm/>
                </Show>
            </Loaded>
        </Porch>
    }
    .into_any()
}

#[component]
fn SetupForm() -> impl IntoView {
    let submit = Submit::new();
    let (username, password, again) = (RwSignal::new("admin".to_owned()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    // Known in the browser only: the server never sees the fragment.
    let secret = RwSignal::new(None::<String>);
    let read = RwSignal::new(false);
    Effect::new(move || {
        let fragment = window().location().hash().unwrap_or_default();
        let found = secret_of(&fragment);
        if found.is_some() {
            // It works once, but need not stay in the history.
            if let Ok(history) = window().history() {
                drop(history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some("/setup")));
            }
            secret.set(found);
        }
        read.set(true);
    });
    let pasted = RwSignal::new(String::new());
    let missing = Signal::derive(move || read.get() && secret.with(Option::is_none));
    let too_short = Signal::derive(move || {
        let count = password.with(|password| password.chars().count());
        (count > 0 && count < SHORTEST).then(|| format!("At least {SHORTEST} characters; {} more.", SHORTEST - count))
    });
    let differs = Signal::derive(move || {
        let differs = again.with(|again| !again.is_empty() && password.with(|password| !password.starts_with(again.as_str())));
        differs.then(|| "Not the same as above.".to_owned())
    });
    let password_error = {
        let refused = submit.error("password");
        Signal::derive(move || refused.get().or_else(|| too_short.get()))
    };
    let reason = Signal::derive(move || {
        let ready = password.with(|p| p.chars().count() >= SHORTEST && again.with(|again| again == p));
        (!ready).then(|| "fill in both passwords first".to_owned())
    });
    let send = {
        let submit = submit.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            if reason.get_untracked().is_some() {
                return;
            }
            let input = SetupInput {
                secret: secret.get_untracked().unwrap_or_else(|| pasted_secret(&pasted.get_untracked())),
                username: username.get_untracked().trim().to_owned(),
                password: password.get_untracked(),
            };
            submit.send::<Setup>(&[], &input, move |_| drop(window().location().assign("/")));
        }
    };
    let secret_error = submit.error("secret");
    view! {
        <form method="post" on:submit=send>
            <Show
                when=move || missing.get()
                fallback=move || view! { <p class="secret-line">"Set-up link " <Badge text="read" tone=Tone::Good/></p> }
            >
                <TextField
                    label="Set-up link or its secret"
                    name="secret"
                    value=pasted
                    mono=true
                    autocomplete="off"
                    hint="The server printed it to its log when it started."
                    error=secret_error
                />
            </Show>
            <TextField label="Username" name="username" value=username autocomplete="username" mono=true error=submit.error("username")/>
            <PasswordField
                label="Password"
                name="password"
                value=password
                autocomplete="new-password"
                hint=format!("At least {SHORTEST} characters. A few words make a good one.")
                error=password_error
            />
            <PasswordField label="Password again" name="password-again" value=again autocomplete="new-password" error=differs/>
            <FormProblem problem=submit.problem fields=&["username", "password"]/>
            <Button label="Make the administrator" kind=Kind::Primary submit=true busy=submit.busy reason=reason/>
        </form>
    }
    .into_any()
}

/// The secret in `#secret=...`.
fn secret_of(fragment: &str) -> Option<String> {
    let fragment = fragment.trim_start_matches('#');
    let value = fragment.split('&').find_map(|part| part.strip_prefix("secret="))?;
    let secret = percent_decode_str(value).decode_utf8_lossy().trim().to_owned();
    (!secret.is_empty()).then_some(secret)
}

/// What was pasted is the secret, or the whole link.
fn pasted_secret(text: &str) -> String {
    let text = text.trim();
    text.split_once('#').and_then(|(_, fragment)| secret_of(fragment)).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{pasted_secret, secret_of};

    #[test]
    fn the_secret_is_in_the_fragment() {
        assert_eq!(secret_of("#secret=ab-_%2Bc"), Some("ab-_+c".into()));
        assert_eq!(secret_of("#x=1&secret=q"), Some("q".into()));
        assert_eq!(secret_of("#secret="), None);
        assert_eq!(secret_of(""), None);
    }

    #[test]
    fn a_link_or_the_bare_secret_may_be_pasted() {
        assert_eq!(pasted_secret(" https://host/setup#secret=abc "), "abc");
        assert_eq!(pasted_secret("abc"), "abc");
    }
}
