//! Looks for images on Docker Hub and in the registries. The words are in the address.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use leptos_router::location::Url;

use crate::api::fill;
use crate::api::image_search::{FoundImage, ImageSearch, ImageSearchOutput, ImageSearchQuery, SilentSource};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::{Badge, Button, Callout, Card, EmptyState, Icon, Kind, LinkButton, PageHead, SkeletonText, Tone, icons};
use crate::widgets::{Later, ProblemView};

#[component]
pub fn FindImages() -> impl IntoView {
    let params = use_query_map();
    let words = Memo::new(move |_| params.with(|params| params.get("words").unwrap_or_default().trim().to_owned()));
    let about = "On Docker Hub, and in the registries that you may pull from.".to_owned();
    view! {
        <PageHead title="Search images" about=Signal::stored(about)/>
        // Other words in the address are another search: what the last one found does not stand under them.
        {move || {
            let words = words.get();
            untrack(|| view! { <Question words=words.clone()/><Results words=words/> }.into_any())
        }}
    }
    .into_any()
}

#[component]
fn Question(words: String) -> impl IntoView {
    let typed = RwSignal::new(words);
    let navigate = use_navigate();
    let reason = Signal::derive(move || typed.with(|typed| typed.trim().is_empty()).then(|| "say what to look for first".to_owned()));
    let search = move |event: SubmitEvent| {
        event.prevent_default();
        if reason.get_untracked().is_some() {
            return;
        }
        let address = format!("/search/images?words={}", Url::escape(typed.get_untracked().trim()));
        navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    view! {
        <form method="get" class="toolbar" role="search" on:submit=search>
            <div class="search-box">
                <Icon of=icons::SEARCH/>
                <input
                    class="input"
                    type="search"
                    name="words"
                    aria-label="Words in the image's name"
                    placeholder="postgres"
                    maxlength="100"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    data-search=""
                    autofocus=true
                    prop:value=move || typed.get()
                    on:input:target=move |event| typed.set(event.target().value())
                />
            </div>
            <Button label="Search" kind=Kind::Primary submit=true reason=reason/>
        </form>
    }
    .into_any()
}

#[component]
fn Results(words: String) -> impl IntoView {
    if words.is_empty() {
        let detail = Signal::stored("Search for a name, such as postgres, and run what you find in two clicks.".to_owned());
        return view! { <EmptyState icon=icons::SEARCH title="What are you looking for?" detail=detail/> }.into_any();
    }
    view! { <Answer words=words/> }.into_any()
}

/// Asked for by the browser alone, when the page is there: a source that does not answer takes longer than a page can wait.
#[component]
fn Answer(words: String) -> impl IntoView {
    let client = Client::get();
    let query = ImageSearchQuery { words, engine: None };
    let answer = Later::new(move || client.call::<ImageSearch>(&[], &query));
    move || match answer.get() {
        None => view! { <SkeletonText lines=8/> }.into_any(),
        Some(Err(problem)) => view! { <ProblemView problem=problem retry=answer.retry()/> }.into_any(),
        Some(Ok(answer)) => view! { <Found answer=answer/> }.into_any(),
    }
}

#[component]
fn Found(answer: ImageSearchOutput) -> impl IntoView {
    let ImageSearchOutput { items, silent } = answer;
    let list = if items.is_empty() {
        view! { <EmptyState icon=icons::LAYERS title="Nothing was found" detail=Signal::stored("Try fewer or other words.".to_owned())/> }.into_any()
    } else {
        let lines = items.into_iter().map(|found| view! { <Line found=found/> }).collect_view();
        view! { <Card><ul class="held" aria-label="Images">{lines}</ul></Card> }.into_any()
    };
    view! {
        <div class="stack" role="status">
            <Silent silent=silent/>
            {list}
        </div>
    }
    .into_any()
}

/// Who has not answered, and why.
#[component]
fn Silent(silent: Vec<SilentSource>) -> impl IntoView {
    (!silent.is_empty()).then(|| {
        let line = |SilentSource { registry, why }: SilentSource| {
            let source = registry.map_or_else(|| "Docker Hub".to_owned(), |name| format!("Registry {name}"));
            view! { <li><strong>{source}</strong>": "{why}</li> }
        };
        let lines = silent.into_iter().map(line).collect_view();
        view! { <Callout tone=Tone::Warn title="Not everything was looked through"><ul>{lines}</ul></Callout> }.into_any()
    })
}

#[component]
fn Line(found: FoundImage) -> impl IntoView {
    let FoundImage { image, registry, repository, description, stars, official } = found;
    let mut href = format!("/run?image={}", Url::escape(&image));
    let mut name = view! { <strong class="mono">{repository.clone()}</strong> }.into_any();
    if let Some(registry) = &registry {
        href += &format!("&registry={}&repository={}", Url::escape(registry), Url::escape(&repository));
        let page = fill("/registries/{registry}/repositories/{repository}", &[registry, &repository]);
        name = view! { <a class="mono" href=page>{repository}</a> }.into_any();
    }
    let from_hub = registry.is_none();
    let source = registry.unwrap_or_else(|| "Docker Hub".to_owned());
    let mark = official.then(|| view! { <Badge text="official" tone=Signal::stored(Tone::Good)/> });
    let stars = (from_hub && stars > 0).then(|| view! { <span class="muted">{count(stars as usize, "star")}</span> });
    view! {
        <li>
            <span class="grow">
                {name}" "<Badge text=source/>" "{mark}" "{stars}
                {(!description.is_empty()).then(|| view! { <small>{description}</small> })}
            </span>
            <LinkButton href=href label="Run" icon=icons::PLAY/>
        </li>
    }
    .into_any()
}
