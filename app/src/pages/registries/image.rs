//! One image, index or artifact: what it is, what speaks of it, how to pull it, and where it runs.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::address::{At, ByAddress, is_digest};
use super::config::Config;
use super::copy::CopyDialog;
use super::copy_job::Source;
use super::delete::{DeleteDialog, Doomed};
use super::facts::{Platforms, Summary, Tags, kind_words};
use super::layers::Layers;
use super::referrers::Referrers;
use super::vulnerabilities::ImageVulnerabilities;
use crate::api::Empty;
use crate::api::repositories::{ImageConfig, ManifestDetail, ManifestGet, ManifestKind, RunQuery};
use crate::client::Client;
use crate::pages::containers::label_list;
use crate::ui::format::{bytes, short_id};
use crate::ui::{Button, Card, CodeBlock, Kind, LinkButton, PageHead, SkeletonText, icons};
use crate::widgets::{Loaded, RunsOf, Within, use_me};

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
    let undeletable = Signal::stored(me.cannot_change(&["registry.repository.delete"], Within::Repository(&registry, &repository)));
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
            <Run at=at detail=detail/>
            <Button label="Copy or promote" icon=icons::COPY reason=looking on_press=copy/>
            <Button label="Delete" kind=Kind::Danger icon=icons::TRASH reason=undeletable on_press=delete/>
        </PageHead>
    }
    .into_any()
}

/// The way to the form that runs it. What runs is named by a tag.
#[component]
fn Run(at: StoredValue<At>, detail: Signal<ManifestDetail>) -> impl IntoView {
    let href = Memo::new(move |_| at.with_value(|at| detail.with(|detail| run_page(at, detail))));
    move || match href.get() {
        Ok(href) => view! { <LinkButton href=href label="Run" icon=icons::PLAY/> }.into_any(),
        Err(reason) => view! { <Button label="Run" icon=icons::PLAY reason=Signal::stored(Some(reason.to_owned()))/> }.into_any(),
    }
}

/// The page that runs it, or why it cannot be run.
fn run_page(at: &At, detail: &ManifestDetail) -> Result<String, &'static str> {
    if detail.summary.kind == ManifestKind::Artifact {
        return Err("it is no image");
    }
    let tag = if is_digest(&at.reference) { detail.tags.first() } else { Some(&at.reference) };
    let tag = tag.ok_or("it has no tag to run it by")?;
    // The command that pulls it knows by which host an engine reaches it.
    let image = detail.pull.strip_prefix("docker pull ").and_then(without_reference).ok_or("nobody says how to pull it")?;
    let part = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let (image, registry, repository, tag) = (part(image), part(&at.registry), part(&at.repository), part(tag));
    Ok(format!("/run?image={image}&registry={registry}&repository={repository}&tag={tag}"))
}

/// `h:443/hub/app:1` and `h:443/hub/app@sha256:0a` as `h:443/hub/app`.
fn without_reference(image: &str) -> Option<&str> {
    image.split_once('@').or_else(|| image.rsplit_once(':')).map(|(name, _)| name)
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
            <Card title="Signatures, SBOMs and attestations"><Referrers at=at referrers=referrers/></Card>
            <Card title="Known vulnerabilities"><Vulnerabilities at=at detail=detail/></Card>
            <Inside detail=detail/>
            <Card title="Annotations">{move || label_list(annotations.get())}</Card>
            <details class="more">
                <summary>"The manifest as it is kept"</summary>
                <CodeBlock text=raw label="the manifest"/>
            </details>
        </div>
    }
    .into_any()
}

/// What is known of an image. An index has none of its own, and an artifact has nothing to be scanned.
#[component]
fn Vulnerabilities(at: StoredValue<At>, detail: Signal<ManifestDetail>) -> impl IntoView {
    let image = Memo::new(move |_| detail.with(|detail| (detail.summary.kind, detail.summary.digest.clone())));
    move || match image.get() {
        (ManifestKind::Image, digest) => {
            let At { registry, repository, .. } = at.get_value();
            view! { <ImageVulnerabilities registry=registry repository=repository digest=digest/> }.into_any()
        }
        (ManifestKind::Index, _) => {
            view! { <p class="none">"Each of its platforms is an image of its own: what is known of it stands on that one's page."</p> }.into_any()
        }
        (ManifestKind::Artifact, _) => view! { <p class="none">"It is no image: there is nothing to scan."</p> }.into_any(),
    }
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

#[cfg(test)]
mod tests {
    use super::without_reference;

    #[test]
    fn an_image_is_named_without_its_tag_or_digest() {
        assert_eq!(without_reference("h:443/hub/app:1"), Some("h:443/hub/app"));
        assert_eq!(without_reference("h:443/hub/app@sha256:0a"), Some("h:443/hub/app"));
    }
}
