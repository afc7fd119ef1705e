//! Connects one more container to a network.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::ListQuery;
use crate::api::containers::ContainerList;
use crate::api::networks::{ConnectInput, NetworkConnect, NetworkDetail};
use crate::api::session::Whose;
use crate::client::Client;
use crate::ui::{Button, Dialog, Kind, TextField, Toasts, icons};
use crate::widgets::{FormProblem, GateButton, Submit};

#[component]
pub(super) fn ConnectButton(engine: Signal<String>, detail: Signal<NetworkDetail>, after: Callback<()>) -> impl IntoView {
    let open = RwSignal::new(false);
    let press = Callback::new(move |()| open.set(true));
    let title = Signal::derive(move || format!("Connect a container to {}", detail.with(|detail| detail.summary.name.clone())));
    // The engine refuses these two: they are all or nothing, chosen when a container is made.
    let reason = Signal::derive(move || {
        let fixed = detail.with(|detail| matches!(detail.summary.driver.as_str(), "host" | "null"));
        fixed.then(|| "a container is on this network from its making, or never".to_owned())
    });
    let whose = Signal::derive(move || detail.with(|detail| Whose::labelled(detail.summary.project.as_deref())));
    view! {
        <GateButton permission="engine.network.connect" engine=engine whose=whose label="Connect a container" kind=Kind::Primary icon=icons::PLUS reason=reason on_press=press/>
        <Dialog open=open title=title>
            <Form engine=engine detail=detail open=open after=after/>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Form(engine: Signal<String>, detail: Signal<NetworkDetail>, open: RwSignal<bool>, after: Callback<()>) -> impl IntoView {
    let container = RwSignal::new(String::new());
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem, error) = (submit.busy, submit.problem, submit.error("container"));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = ConnectInput { container: container.get_untracked().trim().to_owned() };
        let (id, name) = detail.with_untracked(|detail| (detail.summary.id.clone(), detail.summary.name.clone()));
        let done = format!("Connected {} to {name}.", input.container);
        submit.send::<NetworkConnect>(&[&engine.get_untracked(), &id], &input, move |_| {
            toasts.ok(done);
            open.set(false);
            after.run(());
        });
    };
    view! {
        <form method="post" class="dialog-form" on:submit=send>
            <TextField label="Container" name="connect-container" value=container mono=true autocomplete="off" autofocus=true error=error
                hint="It gets an address here at once, and keeps its other networks."/>
            <Known engine=engine detail=detail container=container/>
            <FormProblem problem=problem fields=&["container"]/>
            <footer class="dialog-actions">
                <Button label="Cancel" on_press=Callback::new(move |()| open.set(false))/>
                <Button label="Connect" kind=Kind::Primary submit=true busy=busy/>
            </footer>
        </form>
    }
    .into_any()
}

/// Containers that are not on it yet, to choose from.
#[component]
fn Known(engine: Signal<String>, detail: Signal<NetworkDetail>, container: RwSignal<String>) -> impl IntoView {
    const MOST: usize = 12;
    let client = Client::get();
    let query = ListQuery { limit: Some(100), ..ListQuery::default() };
    let engine = engine.get_untracked();
    let containers = Resource::new(|| (), move |()| client.call::<ContainerList>(&[&engine], &query));
    let chips = move || {
        let page = containers.get().and_then(Result::ok)?;
        let here = detail.with(|detail| detail.members.iter().map(|member| member.name.clone()).collect::<Vec<_>>());
        let names = page.items.into_iter().map(|c| c.name).filter(|name| !here.contains(name)).take(MOST);
        let chip = move |name: String| {
            let chosen = name.clone();
            view! { <button type="button" class="chip" on:click=move |_| container.set(chosen.clone())>{name}</button> }
        };
        Some(names.map(chip).collect_view())
    };
    view! { <div class="chips" role="group" aria-label="Containers"><Transition>{chips}</Transition></div> }.into_any()
}
