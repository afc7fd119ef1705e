//! One image, index or artifact: what it is, what speaks of it, how to pull it, and where it runs.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::address::{At, ByAddress, is_digest};
use super::config::Config;
use super::copy::CopyDialog;
use super::copy_job::Source;
use super::delete::{DeleteDialog, Doomed};
use super::facts::{Platforms, Summary, Tags, kind_words};
use super::layers::Layers;
use super::referrers::Referrers;
use super::rights::lacks;
use super::runs::RunsOf;
use crate::api::Empty;
use crate::api::repositories::{ImageConfig, ManifestDetail, ManifestGet, RunQuery};
use crate::client::Client;
use crate::pages::containers::label_list;
use crate::ui::format::{bytes, short_id};
use crate::ui::{Button, Card, CodeBlock, Kind, PageHead, SkeletonText, icons};
use crate::widgets::{Loaded, use_me};

#[component]
pub fn RegistryImage() -> impl IntoView {
    view! { <ByAddress let:at><One at=at/></ByAddress> }.into_any()
}

#[component]
fn One(at: At) -> impl IntoView {
    let client = Client::get();
    let detail = {
        let At { registry, repository, reference } = at.clone();
        Resource::new(|| (), move |()| client.call::<ManifestGet>(&[&registry, &repository, &reference], &Empty {}))
    };
    let (copied, doomed) = (RwSignal::new(None), RwSignal::new(None));
    let list = at.repository_page();
    let navigate = use_navigate();
    let gone = Callback::new(move |()| navigate(&list, NavigateOptions::default()));
    let at = StoredValue::new(at);
    view! {
        // Until it is known what it is, and when it cannot be read.
        <Title text="Image"/>
        <Loaded resource=detail skeleton=Waiting let:detail>
            <Head at=at detail=detail copied=copied doomed=doomed/>
            <Body at=at detail=detail/>
        </Loaded>
        <CopyDialog source=copied after=Callback::new(|()| {})/>
        <DeleteDialog doomed=doomed after=gone/>
    }
    .into_any()
}

#[component]
fn Waiting() -> impl IntoView {
    view! {
        <PageHead title="Image"/>
        <div class="columns">
            <Card><SkeletonText lines=6/></Card>
            <Card><SkeletonText lines=6/></Card>
        </div>
    }
    .into_any()
}

#[component]
fn Head(at: StoredValue<At>, detail: Signal<ManifestDetail>, copied: RwSignal<Option<Source>>, doomed: RwSignal<Option<Doomed>>) -> impl IntoView {
    let At { registry, repository, reference } = at.get_value();
    let title = if is_digest(&reference) { format!("{repository}@{}", short_id(&reference)) } else { format!("{repository}:{reference}") };
    let back = (at.with_value(At::repository_page), format!("{registry}/{repository}"));
    let about = Signal::derive(move || detail.with(|detail| format!("{}, {}", kind_words(&detail.summary), bytes(detail.summary.size))));
    let me = use_me();
    let looking = Signal::stored(me.viewer().map(|_| "go back to your own rights first".to_owned()));
    let undeletable = Signal::stored(lacks(&me, &["registry.repository.delete"], &registry, &repository));
    let copy = Callback::new(move |()| {
        let At { registry, repository, reference } = at.get_value();
        copied.set(Some(Source { registry, repository, reference }));
    });
    let delete = Callback::new(move |()| {
        let At { registry, repository, reference } = at.get_value();
        doomed.set(Some(Doomed { registry, repository, reference }));
    });
    view! {
        <PageHead title=title back=back about=about>
            <Button label="Copy or promote" icon=icons::COPY reason=looking on_press=copy/>
            <Button label="Delete" kind=Kind::Danger icon=icons::TRASH reason=undeletable on_press=delete/>
        </PageHead>
    }
    .into_any()
}

#[component]
fn Body(at: StoredValue<At>, detail: Signal<ManifestDetail>) -> impl IntoView {
    let pull = Signal::derive(move || detail.with(|detail| detail.pull.clone()));
    let annotations = Memo::new(move |_| detail.with(|detail| detail.annotations.clone()));
    let referrers = Signal::derive(move || detail.with(|detail| detail.referrers.clone()));
    let raw = Signal::derive(move || detail.with(|detail| detail.raw.clone()));
    let images = Memo::new(move |_| detail.with(|detail| !detail.images.is_empty()));
    let query = Signal::derive(move || {
        let At { registry, repository, .. } = at.get_value();
        RunQuery { digest: detail.with(|detail| detail.summary.digest.clone()), registry: Some(registry), repository: Some(repository) }
    });
    view! {
        <div class="stack">
            <Card title="Pull it"><CodeBlock text=pull label="the command that pulls it"/></Card>
            <div class="columns">
                <Card title="What it is"><Summary detail=detail/></Card>
                <div class="stack">
                    <Card title="Tags that mean the same"><Tags at=at detail=detail/></Card>
                    <Card title="Where it runs"><RunsOf query=query/></Card>
                </div>
            </div>
            <Show when=move || images.get()>
                <Card title="Platforms" flush=true><Platforms at=at detail=detail/></Card>
            </Show>
            <Inside detail=detail/>
            <Card title="Signatures, SBOMs and attestations"><Referrers at=at referrers=referrers/></Card>
            <Card title="Annotations">{move || label_list(annotations.get())}</Card>
            <details class="more">
                <summary>"The manifest as it is kept"</summary>
                <CodeBlock text=raw label="the manifest"/>
            </details>
        </div>
    }
    .into_any()
}

/// What is in an image itself. An index has none of it.
#[component]
fn Inside(detail: Signal<ManifestDetail>) -> impl IntoView {
    let config = Memo::new(move |_| detail.with(|detail| detail.image.clone()));
    move || config.get().map(|config| view! { <Image config=config/> })
}

#[component]
fn Image(config: ImageConfig) -> impl IntoView {
    let labels = config.labels.clone();
    let layers = Signal::stored(config.layers.clone());
    view! {
        <div class="stack">
            <Card title="What it runs"><Config config=Signal::stored(config)/></Card>
            <Card title="How it was made" flush=true><Layers layers=layers/></Card>
            <Card title="Labels">{label_list(labels)}</Card>
        </div>
    }
    .into_any()
}
