//! The list of an engine's images.

use std::time::Duration;

use leptos::prelude::*;

use super::actions::{ImageActions, image_name};
use super::pull::PullButton;
use crate::api::events::{EventQuery, EventsFollow};
use crate::api::images::{Image, ImageList};
use crate::api::{Page, Problem, fill};
use crate::client::{Client, Following, follow};
use crate::ui::format::{bytes, count, grouped, short_id};
use crate::ui::time::{Debounce, poll};
use crate::ui::{Button, EmptyState, Kind, LinkButton, PageHead, Rows, SearchBox, SkeletonRows, SortHeader, Time, icons};
use crate::widgets::{ByEngine, ListState, LiveMark, Loaded, NextPages, USE_FACETS, UseFilter, UsedBy};

const SOON: Duration = Duration::from_millis(500);
/// Events tell of what changes; this is for what they miss.
const REFRESH: Duration = Duration::from_secs(30);

type Listed = Resource<Result<Page<Image>, Problem>>;

#[component]
pub fn Images() -> impl IntoView {
    view! { <ByEngine let:engine><List engine=engine/></ByEngine> }.into_any()
}

#[component]
fn List(engine: String) -> impl IntoView {
    let state = ListState::in_address("tag", USE_FACETS);
    let query = state.query();
    let client = Client::get();
    let images: Listed = {
        let engine = engine.clone();
        Resource::new(move || query.get(), move |query| client.call::<ImageList>(&[&engine], &query))
    };
    let following = keep_fresh(engine.clone(), images);
    let after = Callback::new(move |()| images.refetch());
    let about = Signal::stored(format!("On {engine}"));
    let engine = Signal::stored(engine);
    view! {
        <PageHead title="Images" about=about>
            <LiveMark following=following otherwise="Every 30 s"/>
            <LinkButton href="/search/images" label="Search images" icon=icons::SEARCH/>
            <PullButton engine=engine after=after/>
        </PageHead>
        <div class="toolbar">
            <SearchBox label="Search tags" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
            <UseFilter state=state/>
            <Show when=move || state.narrowed().get()>
                <Button label="Clear" kind=Kind::Quiet icon=icons::CLOSE on_press=Callback::new(move |()| state.clear())/>
            </Show>
        </div>
        <Loaded resource=images skeleton=|| view! { <SkeletonRows rows=8 columns=5/> } let:page>
            <Found engine=engine page=page state=state after=after/>
        </Loaded>
    }
    .into_any()
}

/// Reads the list again soon after an image or a container came or went.
fn keep_fresh(engine: String, images: Listed) -> ReadSignal<Following> {
    let soon = Debounce::new(SOON);
    poll(REFRESH, move || images.refetch());
    let target = move || Some((vec![engine.clone()], EventQuery::default()));
    follow::<EventsFollow>(target, move |event| {
        let of_container = event.kind == "container" && matches!(event.action.as_str(), "create" | "destroy");
        if event.kind == "image" || of_container {
            soon.run(move || images.refetch());
        }
    })
}

#[component]
fn Found(engine: Signal<String>, page: Signal<Page<Image>>, state: ListState, after: Callback<()>) -> impl IntoView {
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let empty = Memo::new(move |_| page.with(|page| page.items.is_empty()));
    let summary = Signal::derive(move || {
        page.with(|page| match page.total {
            Some(total) if total as usize > page.items.len() => format!("{} of {} images", page.items.len(), grouped(total)),
            _ => count(page.items.len(), "image"),
        })
    });
    let (sort, on_sort) = (state.sort(), state.on_sort());
    view! {
        <Show when=move || !empty.get() fallback=move || view! { <Nothing state=state/> }>
            <div class="table-box" tabindex="0" role="region" aria-label="Images">
                <table class="table cards">
                    <thead>
                        <tr>
                            <SortHeader field="tag" label="Tags" sort=sort on_sort=on_sort/>
                            <th scope="col">"Used by"</th>
                            <SortHeader field="size" label="Size" sort=sort on_sort=on_sort down=true/>
                            <SortHeader field="created_at" label="Created" sort=sort on_sort=on_sort down=true/>
                            <th scope="col"><span class="unseen">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=items key=|image: &Image| image.id.clone() row=move |image| view! {
                            <Row engine=engine image=image after=after/>
                        }/>
                    </tbody>
                </table>
            </div>
            <NextPages page=page state=state summary=summary/>
        </Show>
    }
    .into_any()
}

#[component]
fn Row(engine: Signal<String>, image: Signal<Image>, after: Callback<()>) -> impl IntoView {
    let href = move || image.with(|image| fill("/on/{engine}/images/{id}", &[&engine.get(), &image.id]));
    let name = Signal::derive(move || image.with(image_name));
    let sub = move || {
        image.with(|image| match image.tags.len() {
            0 => "no tag".to_owned(),
            1 => short_id(&image.id),
            _ => format!("{}, also {}", short_id(&image.id), image.tags.get(1..).unwrap_or_default().join(", ")),
        })
    };
    view! {
        <tr>
            <td class="main">
                <a class="name" href=href title=move || name.get()>{move || name.get()}</a>
                <span class="sub">{sub}</span>
            </td>
            <td data-label="Used by"><UsedBy names=Signal::derive(move || image.with(|image| image.used_by.clone()))/></td>
            <td data-label="Size">{move || bytes(image.with(|image| image.size))}</td>
            <td data-label="Created"><Time at=Signal::derive(move || image.with(|image| image.created_at))/></td>
            <td class="actions"><ImageActions engine=engine image=image after=after/></td>
        </tr>
    }
    .into_any()
}

#[component]
fn Nothing(state: ListState) -> impl IntoView {
    move || {
        if state.narrowed().get() {
            view! {
                <EmptyState icon=icons::SEARCH title="No image fits" detail=Signal::stored("Loosen the search or the filter.".to_owned())>
                    <Button label="Show all" on_press=Callback::new(move |()| state.clear())/>
                </EmptyState>
            }
            .into_any()
        } else if state.has_previous().get() {
            view! {
                <EmptyState icon=icons::LIST title="This page has become empty">
                    <Button label="Previous page" on_press=Callback::new(move |()| state.previous())/>
                </EmptyState>
            }
            .into_any()
        } else {
            let detail = "Pull one from a registry, or build one with the docker command line through Pilothouse.".to_owned();
            view! { <EmptyState icon=icons::LAYERS title="No images yet" detail=Signal::stored(detail)/> }.into_any()
        }
    }
}
