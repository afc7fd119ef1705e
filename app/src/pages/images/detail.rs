//! One image: what it is, its tags, what uses it, and how it was made.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::actions::{ImageActions, image_name};
use crate::api::images::{Image, ImageDetail, ImageGet, ImageRemove, ImageRemoveInput, Layer};
use crate::api::{Empty, fill};
use crate::client::Client;
use crate::pages::containers::label_list;
use crate::ui::format::{bytes, count, short_id};
use crate::ui::{Ask, Card, Confirm, CopyButton, Facts, Kind, PageHead, SkeletonText, Time, icons};
use crate::widgets::{ByEngine, GateButton, Loaded, use_act};

#[component]
pub fn ImagePage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    view! {
        <ByEngine let:engine>
            {move || view! { <One engine=engine.clone() id=id.get()/> }}
        </ByEngine>
    }
    .into_any()
}

#[component]
fn One(engine: String, id: String) -> impl IntoView {
    let client = Client::get();
    let detail = {
        let engine = engine.clone();
        Resource::new(|| (), move |()| client.call::<ImageGet>(&[&engine, &id], &Empty {}))
    };
    let after = Callback::new(move |()| detail.refetch());
    let list = format!("/on/{engine}/images");
    let navigate = use_navigate();
    let gone = {
        let list = list.clone();
        Callback::new(move |()| navigate(&list, NavigateOptions::default()))
    };
    let engine = Signal::stored(engine);
    view! {
        // Until it is known what it is called, and when it cannot be read.
        <Title text="Image"/>
        <Loaded resource=detail skeleton=Waiting let:detail>
            <Head engine=engine list=list.clone() detail=detail after=after gone=gone/>
            <Body engine=engine detail=detail after=after/>
        </Loaded>
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
fn Head(engine: Signal<String>, list: String, detail: Signal<ImageDetail>, after: Callback<()>, gone: Callback<()>) -> impl IntoView {
    let image = Signal::derive(move || detail.with(|detail| detail.summary.clone()));
    let title = Memo::new(move |_| detail.with(|detail| image_name(&detail.summary)));
    let about = Signal::derive(move || detail.with(|detail| format!("{} for {}/{}", bytes(detail.summary.size), detail.os, detail.architecture)));
    view! {
        <PageHead title=title back=(list, "Images".to_owned()) about=about>
            <ImageActions engine=engine image=image after=after gone=gone/>
        </PageHead>
    }
    .into_any()
}

#[component]
fn Body(engine: Signal<String>, detail: Signal<ImageDetail>, after: Callback<()>) -> impl IntoView {
    let image = Signal::derive(move || detail.with(|detail| detail.summary.clone()));
    let labels = Memo::new(move |_| detail.with(|detail| detail.labels.clone()));
    view! {
        <div class="stack">
            <div class="columns">
                <div class="stack">
                    <Card title="Tags"><Tags engine=engine image=image after=after/></Card>
                    <Card title="Used by"><Users engine=engine image=image/></Card>
                </div>
                <Card title="What it runs"><Config detail=detail/></Card>
            </div>
            <Card title="How it was made" flush=true><History detail=detail/></Card>
            <Card title="Labels">{move || label_list(labels.get())}</Card>
        </div>
    }
    .into_any()
}

/// The tags, each with a way to take it off.
#[component]
fn Tags(engine: Signal<String>, image: Signal<Image>, after: Callback<()>) -> impl IntoView {
    let tags = Memo::new(move |_| image.with(|image| image.tags.clone()));
    let line = move |tag: String| view! { <TagLine engine=engine tag=tag image=image after=after/> };
    move || {
        let tags = tags.get();
        if tags.is_empty() {
            return view! { <p class="none">"None. It is known by its id alone."</p> }.into_any();
        }
        view! { <ul class="lines">{tags.into_iter().map(line).collect_view()}</ul> }.into_any()
    }
}

#[component]
fn TagLine(engine: Signal<String>, tag: String, image: Signal<Image>, after: Callback<()>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    // The last one takes the image with it: that is "Remove".
    let reason = Signal::derive(move || image.with(|image| image.tags.len() < 2).then(|| "it is the last one: remove the image instead".to_owned()));
    let shown = tag.clone();
    let copied = tag.clone();
    let label = format!("Take {tag} off");
    let off = Callback::new(move |()| {
        let (engine, tag) = (engine.get_untracked(), tag.clone());
        let ask =
            Ask::new(format!("Take {tag} off?"), "Take it off").loses("The image stays, by its other tags. Whoever asks for this one finds nothing.");
        confirm.ask(ask, move || {
            let done = format!("Took {tag} off.");
            act.run::<ImageRemove>(&[&engine, &tag], &ImageRemoveInput::default(), done, move |_| after.run(()));
        });
    });
    view! {
        <li>
            <code>{shown}</code>
            <CopyButton text=copied label="Copy the tag"/>
            <GateButton permission="engine.image.remove" engine=engine label=label kind=Kind::Quiet icon=icons::CLOSE icon_only=true reason=reason on_press=off/>
        </li>
    }
    .into_any()
}

#[component]
fn Users(engine: Signal<String>, image: Signal<Image>) -> impl IntoView {
    let names = Memo::new(move |_| image.with(|image| image.used_by.clone()));
    let line = move |name: String| {
        let href = fill("/on/{engine}/containers/{id}", &[&engine.get(), &name]);
        view! { <li><a href=href>{name}</a></li> }
    };
    move || {
        let names = names.get();
        if names.is_empty() {
            return view! { <p class="none">"No container on this engine is made from it."</p> }.into_any();
        }
        view! { <ul class="flow">{names.into_iter().map(line).collect_view()}</ul> }.into_any()
    }
}

#[component]
fn Config(detail: Signal<ImageDetail>) -> impl IntoView {
    let id = Memo::new(move |_| detail.with(|detail| detail.summary.id.clone()));
    let words = move |of: fn(&ImageDetail) -> &Vec<String>| {
        move || {
            let words = detail.with(|detail| of(detail).join(" "));
            if words.is_empty() { view! { <span class="none">"None"</span> }.into_any() } else { view! { <code>{words}</code> }.into_any() }
        }
    };
    let env = move || {
        let env = detail.with(|detail| detail.env.clone());
        if env.is_empty() {
            return view! { <span class="none">"None"</span> }.into_any();
        }
        view! { <ul>{env.into_iter().map(|line| view! { <li><code>{line}</code></li> }).collect_view()}</ul> }.into_any()
    };
    view! {
        <Facts>
            <dt>"Id"</dt>
            <dd class="with-copy"><code>{move || id.with(|id| short_id(id))}</code><CopyButton text=id label="Copy the id"/></dd>
            <dt>"Created"</dt>
            <dd><Time at=Signal::derive(move || detail.with(|detail| detail.summary.created_at))/></dd>
            <dt>"Entrypoint"</dt>
            <dd>{words(|detail| &detail.entrypoint)}</dd>
            <dt>"Command"</dt>
            <dd>{words(|detail| &detail.command)}</dd>
            <dt>"Ports"</dt>
            <dd>{words(|detail| &detail.exposed_ports)}</dd>
            <dt>"Environment"</dt>
            <dd>{env}</dd>
        </Facts>
    }
    .into_any()
}

/// The layers, the newest first as the engine tells them.
#[component]
fn History(detail: Signal<ImageDetail>) -> impl IntoView {
    let history = Memo::new(move |_| detail.with(|detail| detail.history.clone()));
    let row = |layer: Layer| {
        let (word, rest) = step(&layer.created_by);
        let comment = Some(layer.comment).filter(|comment| !comment.is_empty()).map(|comment| view! { <small>{comment}</small> });
        view! {
            <li>
                <span class="step">{word}</span>
                <code>{rest}</code>
                {comment}
                <span class="size">{if layer.size > 0 { bytes(layer.size) } else { "nothing added".to_owned() }}</span>
            </li>
        }
    };
    let summary = move || {
        let (steps, with_size) = history.with(|history| (history.len(), history.iter().filter(|layer| layer.size > 0).count()));
        format!("{}, {} with files", count(steps, "step"), with_size)
    };
    view! {
        <p class="history-note">{summary}</p>
        <ol class="history">{move || history.get().into_iter().map(row).collect_view()}</ol>
    }
    .into_any()
}

/// A step as its word and the rest: `RUN` and `apt-get update`. The engine's old way to write it is undone.
pub(in crate::pages) fn step(created_by: &str) -> (String, String) {
    let text = created_by.trim();
    let text = text.strip_prefix("/bin/sh -c #(nop)").map_or(text, str::trim_start);
    if let Some(run) = text.strip_prefix("/bin/sh -c ") {
        return ("RUN".to_owned(), run.trim().to_owned());
    }
    let text = text.strip_suffix("# buildkit").map_or(text, str::trim_end);
    match text.split_once(char::is_whitespace) {
        Some((word, rest)) if word.chars().all(|c| c.is_ascii_uppercase()) => {
            (word.to_owned(), rest.trim().trim_start_matches("/bin/sh -c ").to_owned())
        }
        _ => (String::new(), text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn a_step_reads_as_it_stood_in_the_dockerfile() {
        let read = |text| {
            let (word, rest) = step(text);
            format!("{word}|{rest}")
        };
        assert_eq!(read("/bin/sh -c #(nop)  CMD [\"sh\"]"), "CMD|[\"sh\"]");
        assert_eq!(read("/bin/sh -c apt-get update"), "RUN|apt-get update");
        assert_eq!(read("RUN /bin/sh -c make # buildkit"), "RUN|make");
        assert_eq!(read("COPY . /app # buildkit"), "COPY|. /app");
        assert_eq!(read("bazel build ..."), "|bazel build ...");
        assert_eq!(read(""), "|");
    }
}
