//! What can be done to a container, here and on its own page.

use leptos::prelude::*;

use crate::api::Empty;
use crate::api::containers::{
    Container, ContainerKill, ContainerPause, ContainerRemove, ContainerRestart, ContainerStart, ContainerStop, ContainerUnpause, KillInput,
    RemoveInput, StopInput,
};
use crate::api::session::Whose;
use crate::ui::{Ask, Confirm, Kind, Menu, Tone, icons};
use crate::widgets::{GateButton, GateItem, use_act};

/// How good a state is.
pub fn container_tone(state: &str, health: Option<&str>) -> Tone {
    match (state, health) {
        ("running", Some("unhealthy")) => Tone::Bad,
        ("running", Some("starting")) | ("paused" | "restarting" | "removing", _) => Tone::Warn,
        ("running", _) => Tone::Good,
        ("dead", _) => Tone::Bad,
        _ => Tone::Neutral,
    }
}

/// What stopping means, for one and for many.
pub(super) const STOPPED: &str = "Connections close, and nothing answers there until it is started again.";

/// What losing a container means.
fn losses(force: bool) -> [String; 2] {
    let kill = if force { "It is running: it is killed first, without time to finish." } else { "Its name is free again." };
    ["Its writable layer: every file changed since it was made, and its log.".to_owned(), kill.to_owned()]
}

/// Start or stop, and a menu with the rest. `after` is called when something was done; `gone` when it was removed.
#[component]
pub fn ContainerActions(
    #[prop(into)] engine: Signal<String>,
    #[prop(into)] container: Signal<Container>,
    /// Words on the buttons, not icons alone: for the container's own page.
    #[prop(optional)]
    wide: bool,
    after: Callback<()>,
    #[prop(optional, into)] gone: Option<Callback<()>>,
) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let state = Memo::new(move |_| container.with(|c| c.state.clone()));
    let named = move || (engine.get_untracked(), container.with_untracked(|c| (c.id.clone(), c.name.clone())));
    let running = move || matches!(state.get().as_str(), "running" | "paused" | "restarting");
    let paused = move || state.get() == "paused";
    let needs_running = Signal::derive(move || (!running()).then(|| "it is not running".to_owned()));
    let busy = act.busy();

    let start = Callback::new(move |()| {
        let (engine, (id, name)) = named();
        act.run::<ContainerStart>(&[&engine, &id], &Empty {}, format!("Started {name}."), move |_| after.run(()));
    });
    let stop = Callback::new(move |()| {
        let (engine, (id, name)) = named();
        let ask = Ask::new(format!("Stop {name}?"), "Stop").loses(STOPPED);
        confirm.ask(ask, move || {
            let input = StopInput::default();
            act.run::<ContainerStop>(&[&engine, &id], &input, format!("Stopped {name}."), move |_| after.run(()));
        });
    });
    let restart = Callback::new(move |()| {
        let (engine, (id, name)) = named();
        let ask = Ask::new(format!("Restart {name}?"), "Restart").loses("What it is doing now is cut off, and its connections close.");
        confirm.ask(ask, move || {
            let input = StopInput::default();
            let done = format!("Restarted {name}.");
            act.run::<ContainerRestart>(&[&engine, &id], &input, done, move |_| after.run(()));
        });
    });
    let pause = Callback::new(move |()| {
        let (engine, (id, name)) = named();
        if paused() {
            act.run::<ContainerUnpause>(&[&engine, &id], &Empty {}, format!("{name} goes on."), move |_| after.run(()));
        } else {
            act.run::<ContainerPause>(&[&engine, &id], &Empty {}, format!("Paused {name}."), move |_| after.run(()));
        }
    });
    let kill = Callback::new(move |()| {
        let (engine, (id, name)) = named();
        let ask = Ask::new(format!("Kill {name}?"), "Kill").loses("It gets no time to finish: what it has not written to disk is lost.");
        confirm.ask(ask, move || {
            let input = KillInput::default();
            let done = format!("Killed {name}.");
            act.run::<ContainerKill>(&[&engine, &id], &input, done, move |_| after.run(()));
        });
    });
    let remove = Callback::new(move |()| {
        let (engine, (id, name)) = named();
        let force = running();
        let mut ask = Ask::new(format!("Remove {name}?"), "Remove").tick("Remove its anonymous volumes too, with what is in them");
        for what in losses(force) {
            ask = ask.loses(what);
        }
        if force {
            ask = ask.retype(name.clone());
        }
        confirm.ask_ticked(ask, move |volumes| {
            let input = RemoveInput { force, volumes };
            let done = format!("Removed {name}.");
            // Of what is gone there is nothing to read again.
            let then = move |_| gone.unwrap_or(after).run(());
            act.run::<ContainerRemove>(&[&engine, &id], &input, done, then);
        });
    });

    let whose = Signal::derive(move || container.with(|c| Whose::labelled(c.project.as_deref())));
    let label = move |word: &'static str| {
        Signal::derive(move || if wide { word.to_owned() } else { format!("{word} {}", container.with(|c| c.name.clone())) })
    };
    let first = move || {
        let kind = if wide { Kind::Plain } else { Kind::Quiet };
        if running() {
            view! {
                <GateButton permission="engine.container.stop" engine=engine whose=whose label=label("Stop") kind=kind icon=icons::STOP icon_only=!wide busy=busy on_press=stop/>
            }
            .into_any()
        } else {
            view! {
                <GateButton permission="engine.container.start" engine=engine whose=whose label=label("Start") kind=kind icon=icons::PLAY icon_only=!wide busy=busy on_press=start/>
            }
            .into_any()
        }
    };
    let pause_label = Signal::derive(move || if paused() { "Go on" } else { "Pause" }.to_owned());
    let pause_icon = Signal::derive(move || if paused() { icons::PLAY } else { icons::PAUSE });
    let id = container.with_untracked(|c| format!("actions-{}", c.id));
    view! {
        <div class="row-actions">
            {first}
            <Menu id=id label=label("More for") icon=icons::MORE icon_only=true kind=Kind::Quiet>
                <GateItem permission="engine.container.restart" engine=engine whose=whose label="Restart" icon=icons::RESTART reason=needs_running on_press=restart/>
                <GateItem permission="engine.container.pause" engine=engine whose=whose label=pause_label icon=pause_icon reason=needs_running on_press=pause/>
                <GateItem permission="engine.container.kill" engine=engine whose=whose label="Kill" icon=icons::SKULL danger=true reason=needs_running on_press=kill/>
                <GateItem permission="engine.container.remove" engine=engine whose=whose label="Remove" icon=icons::TRASH danger=true on_press=remove/>
            </Menu>
        </div>
    }
    .into_any()
}
