//! Pulls an image, and shows how far each layer is.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::layers::{Layer, Pull};
use crate::api::Problem;
use crate::api::images::{ImagePull, PullProgress, PullQuery};
use crate::client::{Client, LiveHandle};
use crate::ui::format::{bytes, count};
use crate::ui::{Button, Callout, Dialog, Kind, Rows, TextField, Toasts, Tone, icons};
use crate::widgets::GateButton;

#[derive(Clone, PartialEq)]
pub(in crate::pages) enum Phase {
    /// Nothing asked for yet.
    Idle,
    Running,
    Done,
    Failed(String),
}

/// A pull under way. It goes on when the dialog is closed, and ends with the page.
#[derive(Clone, Copy)]
pub(in crate::pages) struct Job {
    pub phase: RwSignal<Phase>,
    pub image: RwSignal<String>,
    pull: RwSignal<Pull>,
    handle: StoredValue<Option<LiveHandle>>,
}

impl Job {
    pub fn new() -> Self {
        Self { phase: RwSignal::new(Phase::Idle), image: RwSignal::default(), pull: RwSignal::default(), handle: StoredValue::new(None) }
    }

    pub fn start(self, client: &Client, engine: &str, toasts: Toasts, after: Callback<()>) {
        let image = self.image.get_untracked().trim().to_owned();
        if image.is_empty() || self.phase.get_untracked() == Phase::Running {
            return;
        }
        self.pull.set(Pull::default());
        self.phase.set(Phase::Running);
        let done = format!("Pulled {image}.");
        let finish = move |result: Result<(), String>| match result {
            Ok(()) => {
                toasts.ok(done.clone());
                self.phase.set(Phase::Done);
                after.run(());
            }
            Err(why) => self.phase.set(Phase::Failed(why)),
        };
        let on_item = move |step: PullProgress| {
            if let Some(why) = step.error {
                finish(Err(why));
            } else if step.done {
                finish(Ok(()));
            } else {
                self.pull.update(|pull| pull.take(step));
            }
        };
        let on_end = move |end: Result<(), Problem>| {
            if self.phase.get_untracked() == Phase::Running {
                let why = end.err().map_or_else(|| "It broke off before the end. Try again.".to_owned(), |problem| problem.to_string());
                self.phase.set(Phase::Failed(why));
            }
        };
        let handle = client.live::<ImagePull>(&[engine], &PullQuery { image }, on_item, on_end);
        self.handle.set_value(Some(handle));
    }

    /// The engine stops when nobody listens any more; the layers that are here stay.
    pub fn cancel(self) {
        self.handle.set_value(None);
        self.phase.set(Phase::Idle);
    }
}

#[component]
pub(super) fn PullButton(engine: Signal<String>, after: Callback<()>) -> impl IntoView {
    let open = RwSignal::new(false);
    let job = Job::new();
    let label = Signal::derive(move || match job.phase.get() {
        Phase::Running => job.pull.with(|pull| format!("Pulling, {} of {}", pull.done(), count(pull.layers.len(), "layer"))),
        _ => "Pull an image".to_owned(),
    });
    let press = Callback::new(move |()| {
        if matches!(job.phase.get_untracked(), Phase::Done) {
            job.phase.set(Phase::Idle);
            job.image.set(String::new());
        }
        open.set(true);
    });
    view! {
        <GateButton permission="engine.image.pull" engine=engine label=label kind=Kind::Primary icon=icons::DOWNLOAD on_press=press/>
        <Dialog open=open title="Pull an image" wide=true>
            <Body engine=engine job=job open=open after=after/>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Body(engine: Signal<String>, job: Job, open: RwSignal<bool>, after: Callback<()>) -> impl IntoView {
    let client = StoredValue::new(Client::get());
    let toasts = Toasts::get();
    let running = Memo::new(move |_| job.phase.get() == Phase::Running);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        client.with_value(|client| job.start(client, &engine.get_untracked(), toasts, after));
    };
    let reason = Signal::derive(move || job.image.with(|image| image.trim().is_empty()).then(|| "name an image first".to_owned()));
    let outcome = move || match job.phase.get() {
        Phase::Failed(why) => Some(view! { <Callout tone=Tone::Bad title="It could not be pulled".to_owned()>{why}</Callout> }.into_any()),
        Phase::Done => Some(
            view! { <Callout tone=Tone::Good title="It is here".to_owned()>{job.pull.with_untracked(|pull| pull.status.clone())}</Callout> }
                .into_any(),
        ),
        _ => None,
    };
    let foot = move || {
        if running.get() {
            view! {
                <Button label="Stop pulling" on_press=Callback::new(move |()| job.cancel())/>
                <Button label="Go on in the background" kind=Kind::Primary on_press=Callback::new(move |()| open.set(false))/>
            }
            .into_any()
        } else {
            view! {
                <Button label="Close" on_press=Callback::new(move |()| open.set(false))/>
                <Button label="Pull" kind=Kind::Primary icon=icons::DOWNLOAD submit=true reason=reason/>
            }
            .into_any()
        }
    };
    view! {
        <form method="post" class="dialog-form" on:submit=send>
            <TextField label="Image" name="pull-image" value=job.image mono=true autocomplete="off" autofocus=true placeholder="nginx:1.29"
                hint="With its tag; latest without one. With its registry, where that is not Docker Hub."/>
            <Progress job=job/>
            <div role="status">{outcome}</div>
            <footer class="dialog-actions">{foot}</footer>
        </form>
    }
    .into_any()
}

/// A line and a bar for each layer.
#[component]
pub(in crate::pages) fn Progress(job: Job) -> impl IntoView {
    let layers = Signal::derive(move || job.pull.with(|pull| pull.layers.clone()));
    let any = Memo::new(move |_| job.pull.with(|pull| !pull.layers.is_empty()));
    view! {
        <Show when=move || any.get()>
            <ul class="layers" aria-label="Layers" tabindex="0">
                <Rows items=layers key=|layer: &Layer| layer.id.clone() row=|layer| view! { <LayerLine layer=layer/> }/>
            </ul>
        </Show>
        <Show when=move || job.phase.get() == Phase::Running && !any.get()>
            <p class="list-note" role="status">"Asking the registry"</p>
        </Show>
    }
    .into_any()
}

#[component]
fn LayerLine(layer: Signal<Layer>) -> impl IntoView {
    let id = move || layer.with(|layer| layer.id.clone());
    let figures = move || layer.with(|layer| (!layer.done && layer.total > 0).then(|| format!("{} of {}", bytes(layer.current), bytes(layer.total))));
    // Without a value the bar says that it is not known.
    let value = move || {
        layer.with(|layer| match (layer.done, layer.total) {
            (true, _) => Some("1".to_owned()),
            (false, 0) if layer.status == "Waiting" || layer.status.starts_with("Pulling") => Some("0".to_owned()),
            (false, 0) => None,
            (false, total) => Some((layer.current as f64 / total as f64).min(1.0).to_string()),
        })
    };
    view! {
        <li class:done=move || layer.with(|layer| layer.done)>
            <code>{id}</code>
            <span class="what">{move || layer.with(|layer| layer.status.clone())}</span>
            <span class="figures">{figures}</span>
            <progress max="1" value=value aria-label=move || format!("Layer {}", id())></progress>
        </li>
    }
    .into_any()
}
