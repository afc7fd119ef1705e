//! Trying a provider: a look into a directory, or a sign-in that ends in what was said and in no session.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::api::Empty;
use crate::api::engines::TestStep;
use crate::api::providers::{Found, ProviderTest, ProviderTestInput, ProviderTestOutput, ProviderTested};
use crate::client::Client;
use crate::ui::{Badge, Button, Callout, Card, Facts, Icon, TextField, Tone, icons};
use crate::widgets::{FormProblem, Submit};

#[component]
pub(super) fn Tried(name: String, openid: bool) -> impl IntoView {
    let submit = Submit::new();
    let found = RwSignal::new(None::<ProviderTestOutput>);
    let username = RwSignal::new(String::new());
    let query = use_query_map();
    come_back(name.clone(), query.with_untracked(|query| query.get("test")), found);
    let (busy, problem) = (submit.busy, submit.problem);
    let press = Callback::new(move |()| {
        let input = ProviderTestInput { username: username.with_untracked(|name| (!name.trim().is_empty()).then(|| name.trim().to_owned())) };
        found.set(None);
        submit.send::<ProviderTest>(&[&name], &input, move |output| match output.go_to.clone() {
            Some(url) => drop(window().location().assign(&url)),
            None => found.set(Some(output)),
        });
    });
    let label = if openid { "Try a sign-in" } else { "Try it" };
    view! {
        <Card title="Try it">
            <div class="tried">
                {if openid {
                    view! { <p>"You sign in at the provider as yourself, and see here what it says of you. Your session stays as it is."</p> }.into_any()
                } else {
                    view! { <TextField label="Whom to look for" name="test-username" value=username required=false mono=true autocomplete="off" hint="Without a name, only the connection is tried."/> }.into_any()
                }}
                <Button label=label icon=icons::ACTIVITY busy=busy on_press=press/>
                <div role="status">{move || found.get().map(|output| view! { <Outcome output=output/> })}</div>
                <FormProblem problem=problem/>
            </div>
        </Card>
    }
    .into_any()
}

/// Shows what came of the test that this page was come back from.
fn come_back(name: String, id: Option<String>, found: RwSignal<Option<ProviderTestOutput>>) {
    let client = Client::get();
    Effect::new(move || {
        let Some(id) = id.clone() else { return };
        let call = client.call::<ProviderTested>(&[&name, &id], &Empty {});
        leptos::task::spawn_local(async move {
            if let Ok(output) = call.await {
                let _ = found.try_set(Some(output));
            }
        });
    });
}

#[component]
fn Outcome(output: ProviderTestOutput) -> impl IntoView {
    let verdict = if output.ok { ("It works", Tone::Good) } else { ("It does not work", Tone::Bad) };
    view! {
        <Badge text=verdict.0 tone=verdict.1/>
        <ol class="test-steps">{output.steps.into_iter().map(|step| view! { <Step step=step/> }).collect_view()}</ol>
        {output.found.map(|found| view! { <Person found=found/> })}
    }
    .into_any()
}

#[component]
fn Step(step: TestStep) -> impl IntoView {
    let (icon, word) = if step.ok { (icons::CHECK, "passed") } else { (icons::CLOSE, "failed") };
    let name = match step.step.as_str() {
        "discovery" => "The discovery document",
        "sign-in" => "The sign-in",
        "bind" => "The connection",
        "search" => "The search",
        other => other,
    }
    .to_owned();
    view! {
        <li data-ok=if step.ok { "yes" } else { "no" }>
            <Icon of=icon/>
            <span>
                <strong>{name}</strong>
                <span class="unseen">" "{word}". "</span>
                <span class="message">{step.message}</span>
            </span>
        </li>
    }
    .into_any()
}

#[component]
fn Person(found: Found) -> impl IntoView {
    let list = |all: Vec<String>| if all.is_empty() { "none".to_owned() } else { all.join(", ") };
    let claims = found.claims.into_iter().map(|claim| view! { <dt><code>{claim.name}</code></dt><dd class="mono">{claim.value}</dd> });
    view! {
        {found.refused.map(|why| view! { <Callout tone=Tone::Warn title="They could not come in">{why}</Callout> })}
        <Facts>
            <dt>"Known by"</dt>
            <dd class="mono">{format!("{} at {}", found.subject, found.issuer)}</dd>
            <dt>"A new user would be"</dt>
            <dd class="mono">{found.username}</dd>
            <dt>"Groups"</dt>
            <dd>{list(found.groups)}</dd>
            <dt>"Teams"</dt>
            <dd>{list(found.teams)}</dd>
        </Facts>
        <h3>"Everything that it says"</h3>
        <Facts>{claims.collect_view()}</Facts>
    }
    .into_any()
}
