//! Signing in with a username and a password.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::Porch;
use crate::api::Empty;
use crate::api::session::{SetupGet, SignIn, SignInInput};
use crate::client::Client;
use crate::ui::{Button, Callout, Kind, PasswordField, TextField};
use crate::widgets::{FormProblem, Submit};

#[component]
pub fn SignInPage() -> impl IntoView {
    let query = use_query_map();
    let submit = Submit::new();
    let (username, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let client = Client::get();
    let setup = Resource::new(|| (), move |()| client.call::<SetupGet>(&[], &Empty {}));
    let send = {
        let submit = submit.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            let input = SignInInput { username: username.get_untracked().trim().to_owned(), password: password.get_untracked() };
            submit.send::<SignIn>(&[], &input, move |_| {
                let next = query.with_untracked(|query| query.get("next"));
                // The whole page anew: what was drawn for nobody must not be shown to somebody.
                drop(window().location().assign(&inside(next.as_deref())));
            });
        }
    };
    view! {
        <Porch title="Sign in" about="One door to every engine.">
            <Transition>
                {move || setup.get().and_then(Result::ok).filter(|state| state.needed).map(|_| view! {
                    <Callout title="Nobody is in charge yet">
                        "The server's log holds a one-time link with which the first administrator is made."
                    </Callout>
                })}
            </Transition>
            <form method="post" on:submit=send>
                <TextField label="Username" name="username" value=username autocomplete="username" autofocus=true mono=true error=submit.error("username")/>
                <PasswordField label="Password" name="password" value=password autocomplete="current-password" error=submit.error("password")/>
                <FormProblem problem=submit.problem fields=&["username", "password"]/>
                <Button label="Sign in" kind=Kind::Primary submit=true busy=submit.busy/>
            </form>
        </Porch>
    }
    .into_any()
}

/// Where to go after signing in: `next` if it stays in this site, else the overview.
///
/// Browsers take `\` for `/` and skip tabs and line ends, so that `/\host` and `/<tab>/host` would lead away too.
fn inside(next: Option<&str>) -> String {
    let next = next.unwrap_or_default();
    let mut chars = next.chars();
    let starts_well = chars.next() == Some('/') && !matches!(chars.next(), Some('/' | '\\'));
    if starts_well && !next.contains('\\') && !next.chars().any(char::is_control) { next.to_owned() } else { "/".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn one_stays_in_this_site() {
        for good in ["/", "/engines", "/on/demo/containers?q=a%20b&at=x", "/a//b"] {
            assert_eq!(inside(Some(good)), good);
        }
        let bad = [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "evil",
            "/\t/evil.example",
            "/a\\b",
            "\\/x",
            "/x\r\nSet-Cookie: a",
        ];
        for bad in bad {
            assert_eq!(inside(Some(bad)), "/", "{bad:?}");
        }
        assert_eq!(inside(None), "/");
    }
}
