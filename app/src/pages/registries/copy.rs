//! Copies an image to another repository or registry, and shows how far it is.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::address::{self, is_digest};
use super::copy_job::{Job, Phase, Source};
use crate::client::Client;
use crate::ui::format::{bytes, count, short_id};
use crate::ui::{Button, Callout, Checkbox, Dialog, Kind, Select, TextField, Toasts, Tone, icons, open_while};
use crate::widgets::{Within, registry_names, use_me};

/// Asks while `source` holds something. `after` is called when something was copied.
#[component]
pub(super) fn CopyDialog(source: RwSignal<Option<Source>>, after: Callback<()>) -> impl IntoView {
    let job = Job::new();
    let open = open_while(source);
    Effect::new(move || {
        if let Some(source) = source.get() {
            job.begin(source);
        }
    });
    let title = Signal::derive(move || {
        job.source.with(|source| {
            let reference = if is_digest(&source.reference) { format!("@{}", short_id(&source.reference)) } else { format!(":{}", source.reference) };
            format!("Copy {}{reference}", source.repository)
        })
    });
    view! {
        <Dialog open=open title=title wide=true>
            <Body job=job open=open after=after/>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Body(job: Job, open: RwSignal<bool>, after: Callback<()>) -> impl IntoView {
    let client = StoredValue::new(Client::get());
    let toasts = Toasts::get();
    let running = Memo::new(move |_| job.phase.get() == Phase::Running);
    let reason = unready(job);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if reason.get_untracked().is_some() {
            return;
        }
        let place = [job.registry, job.repository].map(|part| part.with_untracked(|part| part.trim().to_owned())).join("/");
        let done = move || {
            toasts.ok(format!("Copied to {place}."));
            after.run(());
        };
        client.with_value(|client| job.start(client, done));
    };
    let label = Signal::derive(move || if matches!(job.phase.get(), Phase::Failed(_)) { "Try again" } else { "Copy" }.to_owned());
    let foot = move || {
        if running.get() {
            view! {
                <Button label="Stop copying" on_press=Callback::new(move |()| job.cancel())/>
                <Button label="Go on in the background" kind=Kind::Primary on_press=Callback::new(move |()| open.set(false))/>
            }
            .into_any()
        } else {
            view! {
                <Button label="Close" on_press=Callback::new(move |()| open.set(false))/>
                <Button label=label kind=Kind::Primary icon=icons::COPY submit=true reason=reason/>
            }
            .into_any()
        }
    };
    view! {
        <form method="post" class="dialog-form" on:submit=send>
            <Show when=move || !running.get()><Target job=job/></Show>
            <Progress job=job/>
            <div role="status"><Outcome job=job/></div>
            <footer class="dialog-actions">{foot}</footer>
        </form>
    }
    .into_any()
}

/// Why it cannot be copied yet.
fn unready(job: Job) -> Signal<Option<String>> {
    let me = use_me();
    Signal::derive(move || {
        let [registry, repository, tag] = [job.registry, job.repository, job.tag].map(|part| part.with(|part| part.trim().to_owned()));
        if repository.is_empty() || tag.is_empty() {
            return Some("say which repository and tag first".to_owned());
        }
        if job.source.with(|source| source.registry == registry && source.repository == repository && source.reference == tag) {
            return Some("it is there already: choose another place or tag".to_owned());
        }
        let puts = ["registry.repository.create", "registry.repository.push", "registry.repository.retag"];
        me.cannot_change(&puts, Within::Repository(&registry, &repository))
    })
}

/// Where it goes.
#[component]
fn Target(job: Job) -> impl IntoView {
    let names = registry_names();
    let options = Signal::derive(move || {
        let mut names = names.get();
        // The one that it comes from is there in any case, also for who may pull there and not see the list.
        names.push(job.source.with(|source| source.registry.clone()));
        names.sort();
        names.dedup();
        names.into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>()
    });
    view! {
        <Select label="To the registry" name="copy-registry" value=job.registry options=options/>
        <TextField label="Repository" name="copy-repository" value=job.repository mono=true autocomplete="off" placeholder="team/app"/>
        <TextField label="Tag" name="copy-tag" value=job.tag mono=true autocomplete="off" placeholder="1.0" hint="All platforms are copied."/>
        <Checkbox label="Its signatures, SBOMs and attestations, too" checked=job.referrers/>
        <Checkbox label="If the tag is there already, let it mean this image" checked=job.overwrite
            hint="What it means now is then known by its other tags and its digest alone."/>
    }
    .into_any()
}

#[component]
fn Outcome(job: Job) -> impl IntoView {
    move || match job.phase.get() {
        Phase::Failed(why) => Some(
            view! {
                <Callout tone=Tone::Bad title="It could not be copied">
                    {why}" Try again, and it goes on where it was: what is there already is not sent again."
                </Callout>
            }
            .into_any(),
        ),
        Phase::Done => {
            let [registry, repository, tag] = [job.registry, job.repository, job.tag].map(|part| part.with_untracked(|part| part.trim().to_owned()));
            let href = address::image(&registry, &repository, &tag);
            Some(
                view! { <Callout tone=Tone::Good title="It is there"><a href=href>{format!("{registry}/{repository}:{tag}")}</a></Callout> }
                    .into_any(),
            )
        }
        _ => None,
    }
}

/// A line and a bar each for what is counted.
#[component]
fn Progress(job: Job) -> impl IntoView {
    let progress = job.progress;
    let begun =
        Memo::new(move |_| job.phase.get() != Phase::Idle && progress.with(|progress| progress.manifests_total > 0 || progress.blobs_total > 0));
    let status = move || progress.with(|progress| progress.status.clone());
    let blobs = move || progress.with(|p| (u64::from(p.blobs_done), u64::from(p.blobs_total)));
    let sent = move || progress.with(|p| (p.bytes_done, p.bytes_total));
    let manifests = move || progress.with(|p| (u64::from(p.manifests_done), u64::from(p.manifests_total)));
    let plain = |(done, total): (u64, u64)| format!("{done} of {total}");
    let present = move || match progress.with(|progress| progress.blobs_present) {
        0 => String::new(),
        n => format!("{} there already", count(n as usize, "blob")),
    };
    view! {
        <Show when=move || begun.get()>
            <ul class="layers" aria-label="Progress" tabindex="0">
                <Bar name="Blobs" more=Signal::derive(present) done=Signal::derive(blobs) figures=Signal::derive(move || plain(blobs()))/>
                <Bar name="Bytes" more=Signal::derive(status) done=Signal::derive(sent)
                    figures=Signal::derive(move || format!("{} of {}", bytes(sent().0), bytes(sent().1)))/>
                <Bar name="Manifests" more=Signal::stored(String::new()) done=Signal::derive(manifests) figures=Signal::derive(move || plain(manifests()))/>
            </ul>
        </Show>
        <Show when=move || job.phase.get() == Phase::Running && !begun.get()>
            <p class="list-note" role="status">"Asking the registries"</p>
        </Show>
    }
    .into_any()
}

#[component]
fn Bar(name: &'static str, more: Signal<String>, done: Signal<(u64, u64)>, figures: Signal<String>) -> impl IntoView {
    let all = Memo::new(move |_| done.with(|(done, total)| done >= total));
    let value = move || match done.get() {
        // Nothing to do is done.
        (_, 0) => "1".to_owned(),
        (done, total) => (done as f64 / total as f64).min(1.0).to_string(),
    };
    view! {
        <li class:done=move || all.get()>
            <span>{name}</span>
            <span class="what">{move || more.get()}</span>
            <span class="figures">{move || figures.get()}</span>
            <progress max="1" value=value aria-label=name></progress>
        </li>
    }
    .into_any()
}
