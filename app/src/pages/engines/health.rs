//! How an engine is: a dot with a word, and why.

use leptos::prelude::*;

use crate::api::engines::{Engine, Health};
use crate::ui::{StateDot, Time, Tone};

#[component]
pub fn EngineHealth(engine: Signal<Engine>) -> impl IntoView {
    let health = Memo::new(move |_| engine.with(|engine| engine.health.clone()));
    let word = Signal::derive(move || health.with(word).to_owned());
    let tone = Signal::derive(move || health.with(tone));
    let more = move || match health.get() {
        Health::Unknown => ().into_any(),
        Health::Up { latency_ms, .. } => format!("answers in {latency_ms} ms").into_any(),
        Health::Down { since, reason } => view! { {reason}" Since "<Time at=since/> }.into_any(),
    };
    view! {
        <StateDot text=word tone=tone/>
        <span class="sub">{more}</span>
    }
    .into_any()
}

fn word(health: &Health) -> &'static str {
    match health {
        Health::Unknown => "Not asked yet",
        Health::Up { .. } => "Up",
        Health::Down { .. } => "Down",
    }
}

fn tone(health: &Health) -> Tone {
    match health {
        Health::Unknown => Tone::Neutral,
        Health::Up { .. } => Tone::Good,
        Health::Down { .. } => Tone::Bad,
    }
}
