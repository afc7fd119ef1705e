//! Two images of a repository, compared: their layers, and what else differs.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use super::address::{At, ByAddress, compare};
use super::differences::{Fields, Layers, Sides};
use crate::api::repositories::{Diff, DiffQuery, ManifestDiff};
use crate::api::{Code, Problem};
use crate::client::Client;
use crate::ui::{Button, Card, Kind, LinkButton, PageHead, SkeletonText, TextField, icons};
use crate::widgets::Loaded;

#[component]
pub fn CompareImages() -> impl IntoView {
    view! { <ByAddress let:at><Page at=at/></ByAddress> }.into_any()
}

/// What the address says is to be compared.
fn use_asked() -> Memo<DiffQuery> {
    let query = use_query_map();
    Memo::new(move |_| {
        query.with(|query| DiffQuery {
            from: query.get("from").unwrap_or_default(),
            to: query.get("to").unwrap_or_default(),
            platform: query.get("platform").filter(|platform| !platform.is_empty()),
        })
    })
}

#[component]
fn Page(at: At) -> impl IntoView {
    let client = Client::get();
    let asked = use_asked();
    let diff = {
        let (registry, repository) = (at.registry.clone(), at.repository.clone());
        let compared = move |query: DiffQuery| {
            let named = !query.from.is_empty() && !query.to.is_empty();
            let call = named.then(|| client.call::<ManifestDiff>(&[&registry, &repository], &query));
            async move {
                match call {
                    Some(call) => call.await,
                    None => {
                        Err(Problem::new(Code::InvalidInput, "Say which two to compare.").detail("Each is a tag or a digest of this repository."))
                    }
                }
            }
        };
        Resource::new(move || asked.get(), compared)
    };
    let back = (at.repository_page(), format!("{}/{}", at.registry, at.repository));
    let at = StoredValue::new(at);
    view! {
        <PageHead title="Compare" back=back about=Signal::stored("What one image has that the other has not.".to_owned())/>
        <div class="stack">
            {move || view! { <Asked at=at asked=asked.get()/> }}
            <Loaded resource=diff skeleton=|| view! { <SkeletonText lines=8/> } let:diff>
                <Found at=at asked=asked diff=diff/>
            </Loaded>
        </div>
    }
    .into_any()
}

/// The two, and a way to choose others or to turn them round.
#[component]
fn Asked(at: StoredValue<At>, asked: DiffQuery) -> impl IntoView {
    let (from, to) = (RwSignal::new(asked.from.clone()), RwSignal::new(asked.to.clone()));
    let navigate = use_navigate();
    let address = move |query: &DiffQuery| at.with_value(|at| compare(&at.registry, &at.repository, query));
    let turned = address(&DiffQuery { from: asked.to, to: asked.from, platform: asked.platform });
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let [from, to] = [from, to].map(|text| text.with_untracked(|text| text.trim().to_owned()));
        navigate(&address(&DiffQuery { from, to, platform: None }), NavigateOptions::default());
    };
    view! {
        <Card>
            <form method="post" class="dialog-form" on:submit=send>
                <div class="columns">
                    <TextField label="From" name="from" value=from mono=true autocomplete="off"/>
                    <TextField label="To" name="to" value=to mono=true autocomplete="off"/>
                </div>
                <div class="page-actions">
                    <Button label="Compare" kind=Kind::Primary submit=true/>
                    <LinkButton href=turned label="Turn round" icon=icons::UPDOWN/>
                </div>
            </form>
        </Card>
    }
    .into_any()
}

#[component]
fn Found(at: StoredValue<At>, asked: Memo<DiffQuery>, diff: Signal<Diff>) -> impl IntoView {
    let layers = Signal::derive(move || diff.with(|diff| diff.layers.clone()));
    let fields = Signal::derive(move || diff.with(|diff| diff.fields.clone()));
    view! {
        <div class="stack">
            <Platform at=at asked=asked diff=diff/>
            <Card title="The two"><Sides at=at diff=diff/></Card>
            <Card title="Layers" flush=true><Layers layers=layers/></Card>
            <Card title="What else differs" flush=true><Fields fields=fields/></Card>
        </div>
    }
    .into_any()
}

/// Which image of the indexes is compared, where both have several.
#[component]
fn Platform(at: StoredValue<At>, asked: Memo<DiffQuery>, diff: Signal<Diff>) -> impl IntoView {
    let choices = Memo::new(move |_| diff.with(|diff| (diff.platforms.clone(), diff.platform.clone().unwrap_or_default())));
    let navigate = StoredValue::new(use_navigate());
    let choose = move |platform: String| {
        let query = DiffQuery { platform: Some(platform), ..asked.get_untracked() };
        let href = at.with_value(|at| compare(&at.registry, &at.repository, &query));
        navigate.with_value(|navigate| navigate(&href, NavigateOptions { scroll: false, ..NavigateOptions::default() }));
    };
    move || {
        let (platforms, chosen) = choices.get();
        (platforms.len() > 1).then(|| {
            let option = |platform: String| {
                let selected = platform == chosen;
                let words = platform.clone();
                view! { <option value=platform selected=selected>{words}</option> }
            };
            view! {
                <div class="toolbar">
                    <select class="input" aria-label="Platform" on:change:target=move |event| choose(event.target().value())>
                        {platforms.into_iter().map(option).collect_view()}
                    </select>
                </div>
            }
        })
    }
}
