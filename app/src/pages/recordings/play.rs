//! The player: its screen, its controls, and the search in what was shown.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_query_map;

use super::words::{clock, moment};
use crate::api::fill;
use crate::api::recordings::{CAST, Recording};
use crate::ui::button::copy;
use crate::ui::player::{Found, Player, Position, Screen, Stage};
use crate::ui::{Button, Callout, Icon, Kind, SearchBox, Toasts, Tone, icons};

const SPEEDS: [(&str, &str); 4] = [("0.5", "Half speed"), ("1", "As it was"), ("2", "Twice as fast"), ("4", "Four times as fast")];

#[component]
pub(super) fn Play(recording: Signal<Recording>) -> impl IntoView {
    let now = recording.get_untracked();
    let url = fill(CAST, &[&now.id.to_string()]);
    let screen = Screen { columns: now.width.max(20), rows: now.height.max(5), tty: now.tty };
    let begin = use_query_map().with_untracked(|query| query.get("t").map(|text| moment(&text)));
    let element = NodeRef::<html::Div>::new();
    // Dropped, and so ended, with the page.
    let player = RwSignal::new(None::<Player>);
    let position = RwSignal::new(Position::default());
    let ready = RwSignal::new(false);
    let failed = RwSignal::new(None::<String>);
    let file = url.clone();
    Effect::new(move |_| {
        let Some(element) = element.get() else { return };
        let url = url.clone();
        spawn_local(async move {
            let on_ready = move || {
                let _ = ready.try_set(true);
            };
            let on_time = move |now| drop(position.try_set(now));
            let on_failed = move |why| drop(failed.try_set(Some(why)));
            let Some(opened) = Player::open(&element, screen, on_ready, on_time, on_failed).await else {
                return drop(failed.try_set(Some("The player could not be loaded. Reload the page.".to_owned())));
            };
            opened.load(&url, begin);
            drop(player.try_set(Some(opened)));
        });
    });
    let waiting = move || {
        (!ready.get() && failed.with(Option::is_none)).then(|| view! { <p class="recording-waits" role="status">"The recording is on its way."</p> })
    };
    let broken = move || failed.get().map(|why| view! { <Callout tone=Tone::Bad title="It cannot be played".to_owned()>{why}</Callout> });
    let typed = move || {
        let typed = position.with(|position| position.typed.clone());
        recording.with(|recording| recording.input).then(|| {
            let typed = if typed.is_empty() { "nothing yet".to_owned() } else { typed };
            view! { <p class="recording-typed">"Typed last: "<code>{typed}</code></p> }
        })
    };
    view! {
        <section class="player" aria-label="The recording, played">
            <div role="alert">{broken}</div>
            <Stage screen=screen element=element>{waiting}</Stage>
            {typed}
            <Controls player=player position=position ready=ready file=file/>
            <Search player=player ready=ready/>
        </section>
    }
    .into_any()
}

type Held = RwSignal<Option<Player>>;

fn with(player: Held, act: impl FnOnce(&Player)) {
    player.with_untracked(|player| {
        if let Some(player) = player {
            act(player);
        }
    });
}

#[component]
fn Controls(player: Held, position: RwSignal<Position>, ready: RwSignal<bool>, file: String) -> impl IntoView {
    let toasts = Toasts::get();
    let playing = Memo::new(move |_| position.with(|position| position.playing));
    let label = Signal::derive(move || if playing.get() { "Pause" } else { "Play" }.to_owned());
    let icon = Signal::derive(move || if playing.get() { icons::PAUSE } else { icons::PLAY });
    let reason = Signal::derive(move || (!ready.get()).then(|| "it is on its way".to_owned()));
    let toggle = Callback::new(move |()| with(player, Player::toggle));
    let seconds = move |of: fn(&Position) -> f64| position.with(|position| format!("{:.1}", of(position)));
    let told = move || position.with(|position| format!("{} of {}", clock(position.at), clock(position.duration)));
    let seek = move |text: String| with(player, |player| player.seek(moment(&text)));
    let link = Callback::new(move |()| {
        // Upwards: what is shown now is to be shown there.
        let at = (position.with_untracked(|position| position.at) * 100.0).ceil() / 100.0;
        let location = window().location();
        let address = format!("{}{}?t={at:.2}", location.origin().unwrap_or_default(), location.pathname().unwrap_or_default());
        copy(&address);
        toasts.ok(format!("The link to {} is copied.", clock(at)));
    });
    let speeds = SPEEDS.map(|(value, words)| view! { <option value=value selected=value == "1">{words}</option> }).collect_view();
    view! {
        <div class="toolbar player-controls">
            <Button label=label kind=Kind::Primary icon=icon reason=reason on_press=toggle/>
            <input type="range" class="seek" min="0" step="0.1" aria-label="Moment" aria-valuetext=told
                max=move || seconds(|position| position.duration.max(0.1))
                prop:value=move || seconds(|position| position.at)
                on:input:target=move |event| seek(event.target().value())/>
            <span class="player-clock">{told}</span>
        </div>
        <div class="toolbar player-more">
            <select class="input" aria-label="Speed" on:change:target=move |event| {
                let times = event.target().value().parse().unwrap_or(1.0);
                with(player, |player| player.speed(times));
            }>{speeds}</select>
            <label class="checkbox">
                <input type="checkbox" checked=true on:change:target=move |event| {
                    let yes = event.target().checked();
                    with(player, |player| player.skip(yes));
                }/>
                <span>"Skip what is idle"</span>
            </label>
            <Button label="Copy the link to this moment" icon=icons::COPY on_press=link/>
            <a class="button" href=file download="" rel="external"><Icon of=icons::DOWNLOAD/><span class="label">"Download"</span></a>
        </div>
    }
    .into_any()
}

/// The search in what was shown, with a way to each moment.
#[component]
fn Search(player: Held, ready: RwSignal<bool>) -> impl IntoView {
    let words = RwSignal::new(String::new());
    let found = RwSignal::new(Vec::<Found>::new());
    let change = Callback::new(move |text: String| {
        with(player, |player| found.set(player.search(&text)));
        words.set(text);
    });
    let said = move || {
        let none = words.with(String::is_empty) || !ready.get();
        (!none).then(|| {
            let text = found.with(|found| match found.len() {
                0 => "It was not shown.".to_owned(),
                1 => "Shown once.".to_owned(),
                n if n >= 200 => "Shown 200 times and more.".to_owned(),
                n => format!("Shown {n} times."),
            });
            view! { <p class="muted">{text}</p> }
        })
    };
    let rows = move || {
        let go = |at: f64| {
            move |_| {
                with(player, |player| {
                    player.pause();
                    player.seek(at);
                });
            }
        };
        let row = |found: Found| {
            view! { <li><button type="button" class="moment" on:click=go(found.at)><b>{clock(found.at)}</b><code>{found.line}</code></button></li> }
        };
        found.get().into_iter().map(row).collect_view()
    };
    view! {
        <div class="player-search">
            <SearchBox label="Search in what was shown" value=words on_change=change/>
            <div role="status">{said}</div>
            <ol class="moments">{rows}</ol>
        </div>
    }
    .into_any()
}
