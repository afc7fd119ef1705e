//! Makes a token for one engine, and shows the lines that point docker at it.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::lifetime::{USUAL, choices};
use super::lines::{BACK, Place, context, keep, point};
use crate::api::engines::{Engine, Health};
use crate::api::session::{TokenCreate, TokenInput};
use crate::ui::{Button, Callout, Card, CodeBlock, EmptyState, Kind, LinkButton, PageHead, Select, SkeletonText, TextField, Tone, icons};
use crate::widgets::{DockerLogin, FormProblem, Loaded, Submit, use_engines};

/// A token that was just made, for the lines.
#[derive(Clone)]
struct Made {
    engine: String,
    token: String,
}

#[component]
pub fn UseDocker() -> impl IntoView {
    let about = "Your own docker, through Pilothouse: the same commands, under your rights, written down.".to_owned();
    let page = use_engines().map(|engines| {
        view! {
            <Loaded resource=engines.0 skeleton=|| view! { <SkeletonText lines=6/> } let:page>
                <Begin engines=Signal::derive(move || page.with(|page| page.items.clone()))/>
            </Loaded>
        }
    });
    view! {
        <PageHead title="Use docker here" about=Signal::stored(about)/>
        <div class="stack">
            {page}
            // For registries no engine is needed.
            <div class="form"><Card title="Push and pull images"><DockerLogin/></Card></div>
        </div>
    }
    .into_any()
}

#[component]
fn Begin(engines: Signal<Vec<Engine>>) -> impl IntoView {
    let made = RwSignal::new(None::<Made>);
    let any = Memo::new(move |_| engines.with(|engines| !engines.is_empty()));
    let detail = "There is no engine that you may see. Add one, or ask for a role on one.".to_owned();
    let detail = Signal::stored(detail);
    view! {
        <Show when=move || any.get() fallback=move || view! { <EmptyState icon=icons::SERVER title="No engine to point docker at" detail=detail/> }>
            <div class="form">
                {move || match made.get() {
                    Some(token) => view! { <Lines made=token again=Callback::new(move |()| made.set(None))/> }.into_any(),
                    None => view! { <Form engines=engines made=made/> }.into_any(),
                }}
            </div>
        </Show>
    }
    .into_any()
}

#[component]
fn Form(engines: Signal<Vec<Engine>>, made: RwSignal<Option<Made>>) -> impl IntoView {
    let asked = use_query_map().with_untracked(|query| query.get("engine"));
    let first = engines.with_untracked(|engines| {
        let known = |name: &String| engines.iter().any(|engine| engine.name == *name);
        let up = engines.iter().find(|engine| matches!(engine.health, Health::Up { .. }));
        asked.filter(known).or_else(|| up.or(engines.first()).map(|engine| engine.name.clone())).unwrap_or_default()
    });
    let engine = RwSignal::new(first);
    let name = RwSignal::new("docker".to_owned());
    let lasts = RwSignal::new(USUAL.to_owned());
    let submit = Submit::new();
    let (busy, problem) = (submit.busy, submit.problem);
    let (engine_error, name_error) = (submit.error("engine"), submit.error("name"));
    let options = Signal::derive(move || engines.with(|engines| engines.iter().map(|e| (e.name.clone(), e.name.clone())).collect::<Vec<_>>()));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let engine = engine.get_untracked();
        let lasts = lasts.with_untracked(|seconds| seconds.parse().ok());
        let input = TokenInput { name: name.get_untracked().trim().to_owned(), expires_in_s: lasts, engine: Some(engine.clone()) };
        submit.send::<TokenCreate>(&[], &input, move |created| made.set(Some(Made { engine, token: created.token })));
    };
    view! {
        <Card title="A token for one engine">
            <p class="muted">"docker needs a token of yours. It is good for this engine only, and for what you may do there."</p>
            <form method="post" class="form" on:submit=send>
                <Select label="Engine" name="engine" value=engine options=options error=engine_error/>
                <div class="columns">
                    <TextField label="Name of the token" name="token-name" value=name autocomplete="off" error=name_error hint="The machine that it is for, perhaps."/>
                    <Select label="Lasts" name="lasts" value=lasts options=choices()/>
                </div>
                <FormProblem problem=problem fields=&["engine", "name"]/>
                <footer class="form-actions">
                    <Button label="Make the token and show the lines" kind=Kind::Primary icon=icons::KEY submit=true busy=busy/>
                </footer>
            </form>
        </Card>
    }
    .into_any()
}

/// The lines. Drawn in the browser only, which knows by which address it came here.
#[component]
fn Lines(made: Made, again: Callback<()>) -> impl IntoView {
    let Made { engine, token } = made;
    let place = here();
    let texts = [keep(&engine, &token, &place), point(&engine, &place), context(&engine, &place), BACK.to_owned()];
    let tls = place.is_tls();
    let [keep, point, context, back] = texts.map(Signal::stored);
    view! {
        <Callout tone=Tone::Good title="The token is made. These lines are shown this once.">"Paste them into a terminal of the machine where you use docker."</Callout>
        <Card title="1. Once: keep the token">
            <p class="muted">"In a folder of its own that only you can read. Your usual docker configuration stays as it is."</p>
            <CodeBlock text=keep label="lines that keep the token"/>
            {tls.then(|| view! {
                <p class="field-hint">"On macOS the authorities are in "<code>"/etc/ssl/cert.pem"</code>". If your own authority signed this address, copy its certificate instead."</p>
            })}
        </Card>
        <Card title="2. In each terminal: point docker here">
            <CodeBlock text=point label="lines that point docker here"/>
            {(!tls).then(|| view! {
                <Callout tone=Tone::Warn title="This address is not encrypted">
                    "You reached Pilothouse by http, so docker will too, with the token. That is fine on one machine and nowhere else."
                </Callout>
            })}
            <details class="more">
                <summary>"Or as a docker context, without anything in the environment"</summary>
                <CodeBlock text=context label="lines that make a docker context"/>
            </details>
            <details class="more">
                <summary>"Back to the engine you used before"</summary>
                <CodeBlock text=back label="lines that undo it"/>
            </details>
        </Card>
        <footer class="form-actions">
            <Button label="Another engine" icon=icons::PLUS on_press=again/>
            <LinkButton href="/tokens" label="My tokens" icon=icons::KEY/>
        </footer>
    }
    .into_any()
}

/// The address that the browser came by.
fn here() -> Place {
    let location = location();
    let part = |part: Result<String, wasm_bindgen::JsValue>| part.unwrap_or_default();
    Place::new(&part(location.protocol()), &part(location.hostname()), &part(location.port()))
}
