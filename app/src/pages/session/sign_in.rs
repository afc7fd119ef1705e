//! Signing in: by the providers there are, with a username and a password and then perhaps a second factor, or with a passkey.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::Porch;
use super::passkey::PasskeyButton;
use super::second_step::SecondStepForm;
use crate::api::factors::{SecondStep, SecondStepGet};
use crate::api::providers::{OIDC_START, WayList, Ways};
use crate::api::session::{SetupGet, SignIn, SignInInput};
use crate::api::{Code, Empty, Problem, fill};
use crate::client::Client;
use crate::ui::{Button, Callout, Icon, Kind, PasswordField, TextField, Tone, icons};
use crate::widgets::FormProblem;

#[component]
pub fn SignInPage() -> impl IntoView {
    let query = use_query_map();
    let client = Client::get();
    let setup = {
        let client = client.clone();
        Resource::new(|| (), move |()| client.call::<SetupGet>(&[], &Empty {}))
    };
    let ways = {
        let client = client.clone();
        Resource::new(|| (), move |()| client.call::<WayList>(&[], &Empty {}))
    };
    let factors = Resource::new(|| (), move |()| client.call::<SecondStepGet>(&[], &Empty {}));
    let step = RwSignal::new(None::<SecondStep>);
    let done = Callback::new(move |only_account: bool| {
        let next = query.with_untracked(|query| query.get("next"));
        let next = if only_account { "/account".to_owned() } else { inside(next.as_deref()) };
        // The whole page anew: what was drawn for nobody must not be shown to somebody.
        drop(window().location().assign(&next));
    });
    let again = Callback::new(move |()| step.set(None));
    // Back from a provider that vouches for the first factor alone.
    let ask = Client::get();
    Effect::new(move |_| {
        if query.with_untracked(|query| query.get("step").is_none()) {
            return;
        }
        let ask = ask.clone();
        spawn_local(async move {
            if let Ok(awaited) = ask.call::<SecondStepGet>(&[], &Empty {}).await
                && awaited.awaited
            {
                let _gone = step.try_set(Some(awaited));
            }
        });
    });
    let trouble = move || query.with(|query| query.get("problem")).map(|problem| trouble(&problem));
    view! {
        <Porch title="Sign in" about="One door to every engine.">
            <Transition>
                {move || setup.get().and_then(Result::ok).filter(|state| state.needed).map(|_| view! {
                    <Callout title="Nobody is in charge yet">
                        "The server's log holds a one-time link with which the first administrator is made."
                    </Callout>
                })}
            </Transition>
            {move || trouble().map(|(title, detail)| view! { <div role="alert"><Callout tone=Tone::Bad title=title>{detail}</Callout></div> })}
            <Transition>
                {move || {
                    if let Some(awaited) = step.get() {
                        return Some(view! { <SecondStepForm step=awaited done=done again=again/> }.into_any());
                    }
                    ways.get().map(|ways| {
                        // When the ways cannot be read, the one that needs nobody else is left.
                        let Ways { providers, password } = ways.unwrap_or(Ways { providers: Vec::new(), password: true });
                        let by_password = password || query.with(|query| query.get("local").is_some());
                        let several = by_password && !providers.is_empty();
                        let next = inside(query.with_untracked(|query| query.get("next")).as_deref());
                        let buttons = providers.into_iter().map(|way| {
                            let href = format!("{}?return_to={}", fill(OIDC_START, &[&way.name]), utf8_percent_encode(&next, NON_ALPHANUMERIC));
                            view! { <a class="button" rel="external" href=href><Icon of=icons::KEY/><span class="label">{format!("Continue with {}", way.label)}</span></a> }
                        });
                        view! {
                            <div class="ways">
                                {buttons.collect_view()}
                                {several.then(|| view! { <p class="or">"or"</p> })}
                                {by_password.then(|| view! { <PasswordForm step=step done=done/> })}
                            </div>
                        }
                        .into_any()
                    })
                }}
            </Transition>
            <Transition>
                {move || {
                    let passkeys = factors.get().and_then(Result::ok).is_some_and(|factors| factors.passkeys);
                    (passkeys && step.with(Option::is_none)).then(|| view! { <PasskeyButton second=false done=done/> })
                }}
            </Transition>
        </Porch>
    }
    .into_any()
}

#[component]
fn PasswordForm(step: RwSignal<Option<SecondStep>>, done: Callback<bool>) -> impl IntoView {
    let client = Client::get();
    let (username, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (busy, problem) = (RwSignal::new(false), RwSignal::new(None::<Problem>));
    let error_of = |field: &'static str| {
        Signal::derive(move || problem.with(|problem| problem.as_ref().filter(|p| p.field.as_deref() == Some(field)).map(Problem::to_string)))
    };
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        problem.set(None);
        let input = SignInInput { username: username.get_untracked().trim().to_owned(), password: password.get_untracked() };
        let client = client.clone();
        spawn_local(async move {
            let answer = match client.call::<SignIn>(&[], &input).await {
                Ok(me) => Ok(Come::In(me.needs_factor)),
                Err(why) if why.code == Code::SecondFactorRequired => client.call::<SecondStepGet>(&[], &Empty {}).await.map(Come::Further),
                Err(why) => Err(why),
            };
            let still_here = busy.try_set(false).is_none();
            match answer {
                Ok(Come::In(only_account)) if still_here => done.run(only_account),
                Ok(Come::Further(awaited)) => drop(step.try_set(Some(awaited))),
                Ok(Come::In(_)) => {}
                Err(why) => drop(problem.try_set(Some(why))),
            }
        });
    };
    view! {
        <form method="post" on:submit=send>
            <TextField label="Username" name="username" value=username autocomplete="username" autofocus=true mono=true error=error_of("username")/>
            <PasswordField label="Password" name="password" value=password autocomplete="current-password" error=error_of("password")/>
            <FormProblem problem=problem fields=&["username", "password"]/>
            <Button label="Sign in" kind=Kind::Primary submit=true busy=busy/>
        </form>
    }
    .into_any()
}

/// How far a right password led.
enum Come {
    /// In; `true` when all that is theirs is their account.
    In(bool),
    /// To the second step.
    Further(SecondStep),
}

/// What is said of a sign-in at a provider that came to nothing: our own words, whatever the address says.
fn trouble(problem: &str) -> (&'static str, &'static str) {
    match problem {
        "down" => ("The provider cannot be asked now", "Try again shortly, or sign in another way."),
        "account" => (
            "You may not come in",
            "The provider knows you, and you may not come in here: your account is disabled, or you are in none of the groups that may. Ask an administrator.",
        ),
        "unknown" => ("There is no such provider", "It was removed, or the link is wrong."),
        "failed" => ("That did not work", "Something went wrong in Pilothouse; its log says what. Try again shortly."),
        _ => (
            "The sign-in was refused",
            "It took too long, was begun in another browser, or what the provider answered cannot be believed. Begin again; an administrator finds the reason in the audit trail.",
        ),
    }
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
