//! One recording: played, or watched while its session goes on; what it is of, and what it proves.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::live::Live;
use super::play::Play;
use super::proves::Proves;
use super::words::{lasted, opened};
use crate::api::recordings::{RecordingGet, RecordingShown};
use crate::api::{Empty, Problem};
use crate::client::Client;
use crate::ui::format::{bytes, grouped};
use crate::ui::time::exact;
use crate::ui::{Callout, Card, Facts, PageHead, SkeletonText, Time, Tone};
use crate::widgets::{Gate, Loaded};

/// A recording, read again when its session has ended.
pub(super) type Read = Resource<Result<RecordingShown, Problem>>;

#[component]
pub fn RecordingPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    move || view! { <One id=id.get()/> }
}

#[component]
fn One(id: String) -> impl IntoView {
    let client = Client::get();
    let read: Read = Resource::new(|| (), move |()| client.call::<RecordingGet>(&[&id], &Empty {}));
    view! {
        <PageHead title="Recording" back=("/recordings".to_owned(), "Recordings".to_owned())/>
        <Loaded resource=read skeleton=|| view! { <SkeletonText lines=12/> } let:shown>
            <Found shown=shown read=read/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(shown: Signal<RecordingShown>, read: Read) -> impl IntoView {
    let running = Memo::new(move |_| shown.with(|shown| shown.recording.running));
    let recording = Signal::derive(move || shown.with(|shown| shown.recording.clone()));
    // What was watched stays until it is to be played.
    let watched = RwSignal::new(running.get_untracked());
    let live = Memo::new(move |_| running.get() || watched.get());
    let play = Callback::new(move |()| {
        watched.set(false);
        if running.get_untracked() {
            read.refetch();
        }
    });
    let screen = move || {
        if live.get() {
            view! { <Gate permission="system.recording.watch"><Live recording=recording read=read play=play/></Gate> }.into_any()
        } else {
            view! { <Gate permission="system.recording.view"><Play recording=recording/></Gate> }.into_any()
        }
    };
    let what = move || {
        recording
            .with(|recording| format!("{}: {}, in {} on {}.", recording.user, opened(&recording.operation), recording.container, recording.engine))
    };
    view! {
        <p class="recording-what">{what}</p>
        <Said shown=shown/>
        {screen}
        <div class="recording-about">
            <About shown=shown/>
            <Proves/>
        </div>
    }
    .into_any()
}

/// Whether it is what was recorded, and what is missing in it.
#[component]
fn Said(shown: Signal<RecordingShown>) -> impl IntoView {
    let proof = move || {
        let RecordingShown { proved, proof, recording, .. } = shown.get();
        let (tone, title) = match proved {
            Some(true) => (Tone::Good, "It is what was recorded"),
            Some(false) => (Tone::Bad, "It is NOT what was recorded"),
            None if recording.running => (Tone::Info, "The session goes on"),
            None => (Tone::Warn, "It was cut short"),
        };
        view! { <Callout tone=tone title=title.to_owned()>{proof}</Callout> }
    };
    let lost = move || {
        let lost = shown.with(|shown| shown.recording.lost);
        (lost > 0).then(|| {
            let text = format!("{} bytes passed and are not in it: more than could be written, or than one recording may hold.", grouped(lost));
            view! { <Callout tone=Tone::Warn title="It is not whole".to_owned()>{text}</Callout> }
        })
    };
    view! { <div class="recording-said" role="status">{proof}{lost}</div> }.into_any()
}

#[component]
fn About(shown: Signal<RecordingShown>) -> impl IntoView {
    let facts = move || {
        let RecordingShown { recording, digest, .. } = shown.get();
        let took = lasted(&recording).unwrap_or_else(|| "it goes on".to_owned());
        let strict = if recording.strict {
            "Without a recording there would have been no session."
        } else {
            "Without a recording the session would have gone on."
        };
        let typed = if recording.input {
            "It is in the recording."
        } else {
            "It is left out. What the program echoed of it was shown, and is in the recording."
        };
        let rule = recording.rule.clone().map_or_else(
            || "No rule is about it. Without a rule a session is recorded, and what is typed is left out.".to_owned(),
            |scope| format!("The rule for {scope}."),
        );
        let record = format!("/audit?record={}", recording.id);
        let facts: Vec<(&str, String)> = vec![
            ("Who", recording.user.clone()),
            ("Container", recording.container.clone()),
            ("Engine", recording.engine.clone()),
            ("How", opened(&recording.operation).to_owned()),
            ("Lasted", took),
            ("Terminal", if recording.tty { format!("{} by {}", recording.width, recording.height) } else { "none".to_owned() }),
            ("Typed text", typed.to_owned()),
            ("If it could not be recorded", strict.to_owned()),
            ("Rule", rule),
            ("Size", bytes(recording.bytes)),
            ("SHA-256", digest.unwrap_or_else(|| "\u{2013}".to_owned())),
        ];
        view! {
            <Facts>
                <dt>"Began"</dt>
                <dd>{exact(recording.started_at)}" ("<Time at=recording.started_at/>")"</dd>
                <dt>"Audit record"</dt>
                <dd><a href=record>{format!("Audit record {}", recording.id)}</a></dd>
                {facts.into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd class="breaks">{value}</dd> }).collect_view()}
            </Facts>
        }
    };
    view! { <Card title="The session">{facts}</Card> }.into_any()
}
