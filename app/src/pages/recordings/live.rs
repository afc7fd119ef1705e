//! A session that goes on: looked at, and ended.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::one::Read;
use super::words::clock;
use crate::api::Empty;
use crate::api::recordings::{Recording, RecordingEnd, RecordingWatch};
use crate::client::{Client, LiveHandle};
use crate::ui::player::{Player, Position, Screen, Stage};
use crate::ui::{Ask, Badge, Button, Callout, Confirm, Kind, Tone, icons};
use crate::widgets::{GateButton, use_act};

/// How it goes with looking on.
#[derive(Clone, PartialEq)]
enum Watching {
    Opening,
    Live,
    Ended,
    Broken(String),
}

#[component]
pub(super) fn Live(
    recording: Signal<Recording>,
    read: Read,
    /// It is to be played now.
    play: Callback<()>,
) -> impl IntoView {
    let now = recording.get_untracked();
    let id = now.id.to_string();
    let screen = Screen { columns: now.width.max(20), rows: now.height.max(5), tty: now.tty };
    let element = NodeRef::<html::Div>::new();
    let player = RwSignal::new(None::<Player>);
    // Dropped, and so ended, with the page.
    let stream = RwSignal::new(None::<LiveHandle>);
    let position = RwSignal::new(Position::default());
    let watching = RwSignal::new(Watching::Opening);
    let client = StoredValue::new(Client::get());
    let watch = {
        let id = id.clone();
        move || {
            let Some(element) = element.get_untracked() else { return };
            let id = id.clone();
            stream.set(None);
            player.set(None);
            watching.set(Watching::Opening);
            spawn_local(async move {
                let on_time = move |now| drop(position.try_set(now));
                let Some(opened) = Player::open(&element, screen, || {}, on_time, |_| {}).await else {
                    return drop(watching.try_set(Watching::Broken("The player could not be loaded. Reload the page.".to_owned())));
                };
                if player.try_set(Some(opened)).is_some() {
                    return;
                }
                let on_item = move |moment: crate::api::recordings::Moment| {
                    if watching.try_get_untracked() == Some(Watching::Opening) {
                        watching.set(Watching::Live);
                    }
                    let _ = player.try_with_untracked(|player| {
                        if let Some(player) = player {
                            player.feed(moment.at, &moment.code, &moment.data);
                        }
                    });
                };
                let on_end = move |end: Result<(), crate::api::Problem>| {
                    let state = end.map_or_else(|problem| Watching::Broken(problem.to_string()), |()| Watching::Ended);
                    let ended = state == Watching::Ended;
                    if watching.try_set(state).is_none() && ended {
                        read.refetch();
                        // It may take a moment until all of it is written.
                        set_timeout(move || still_running(recording, read), Duration::from_secs(2));
                    }
                };
                let handle = client.try_with_value(|client| client.live::<RecordingWatch>(&[&id], &Empty {}, on_item, on_end));
                let _ = stream.try_set(handle);
            });
        }
    };
    let first = watch.clone();
    Effect::new(move |_| {
        if element.get().is_some() {
            first();
        }
    });
    let again = Callback::new(move |()| watch());
    let badge = Signal::derive(move || match watching.get() {
        Watching::Opening => "opening".to_owned(),
        Watching::Live => "watching live".to_owned(),
        Watching::Ended => "ended".to_owned(),
        Watching::Broken(_) => "not watching".to_owned(),
    });
    let tone = Signal::derive(move || if watching.with(|now| *now == Watching::Live) { Tone::Bad } else { Tone::Neutral });
    let told = move || clock(position.with(|position| position.at));
    let why = move || match watching.get() {
        Watching::Broken(why) => Some(view! { <Callout tone=Tone::Warn title="You do not see what happens".to_owned()>{why}</Callout> }),
        _ => None,
    };
    let after = move || match watching.get() {
        Watching::Ended => view! { <Button label="Play it" kind=Kind::Primary icon=icons::PLAY on_press=play/> }.into_any(),
        Watching::Broken(_) => view! { <Button label="Watch again" icon=icons::REFRESH on_press=again/> }.into_any(),
        _ => view! { <End recording=recording/> }.into_any(),
    };
    view! {
        <section class="player" aria-label="The session, as it goes on">
            <div class="toolbar player-controls">
                <Badge text=badge tone=tone/>
                <span class="player-clock grow">{told}</span>
                {after}
            </div>
            <div role="alert">{why}</div>
            <Stage screen=screen element=element/>
        </section>
    }
    .into_any()
}

/// Reads it again where it was said to go on.
fn still_running(recording: Signal<Recording>, read: Read) {
    if recording.try_with_untracked(|recording| recording.running) == Some(true) {
        read.refetch();
    }
}

/// Ends the session, after a question.
#[component]
fn End(recording: Signal<Recording>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let end = Callback::new(move |()| {
        let Recording { id, user, container, .. } = recording.get_untracked();
        let ask = Ask::new(format!("End the session of {user} in {container}?"), "End the session")
            .loses("The connection is cut, and what was on its way with it.")
            .loses("A terminal of the console ends its program; one that a command line started may go on in the container.");
        confirm.ask(ask, move || act.run::<RecordingEnd>(&[&id.to_string()], &Empty {}, "The session is ended.", |_| ()));
    });
    view! { <GateButton permission="system.recording.end" label="End session" kind=Kind::Danger icon=icons::STOP on_press=end/> }.into_any()
}
