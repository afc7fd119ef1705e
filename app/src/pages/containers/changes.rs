//! The files of a container that differ from its image, a page at a time.

use leptos::prelude::*;

use crate::api::containers::{Change, ContainerChanges, ContainerDetail};
use crate::api::{Page, Problem};
use crate::client::Client;
use crate::ui::format::{count, grouped};
use crate::ui::{Badge, Button, EmptyState, SearchBox, SkeletonRows, Tone, icons};
use crate::widgets::{ListState, Loaded, NextPages};

#[component]
pub(super) fn Changes(engine: Signal<String>, detail: Signal<ContainerDetail>) -> impl IntoView {
    let client = Client::get();
    let state = ListState::in_address("", &[]);
    let query = state.query();
    let id = detail.with_untracked(|detail| detail.summary.id.clone());
    let engine = engine.get_untracked();
    let changes: Resource<Result<Page<Change>, Problem>> =
        Resource::new(move || query.get(), move |query| client.call::<ContainerChanges>(&[&engine, &id], &query));
    let again = Callback::new(move |()| changes.refetch());
    view! {
        <div class="toolbar">
            <SearchBox label="Search paths" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
            <Button label="Read again" icon=icons::REFRESH on_press=again/>
        </div>
        <Loaded resource=changes skeleton=|| view! { <SkeletonRows rows=8 columns=2/> } let:page>
            <Found page=page state=state/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Change>>, state: ListState) -> impl IntoView {
    let empty = Memo::new(move |_| page.with(|page| page.items.is_empty()));
    let summary = Signal::derive(move || {
        page.with(|page| match page.total {
            Some(total) if total as usize > page.items.len() => format!("{} of {} changed files", page.items.len(), grouped(total)),
            _ => count(page.items.len(), "changed file"),
        })
    });
    let row = |change: &Change| {
        let (word, tone) = kind(&change.kind);
        view! {
            <tr>
                <td class="change-kind"><Badge text=word tone=Signal::stored(tone)/></td>
                <td class="mono wide-cell">{change.path.clone()}</td>
            </tr>
        }
    };
    view! {
        <Show when=move || !empty.get() fallback=move || view! { <Nothing state=state/> }>
            <div class="table-box" tabindex="0" role="region" aria-label="Changed files">
                <table class="table dense">
                    <thead><tr><th scope="col">"Change"</th><th scope="col">"Path"</th></tr></thead>
                    <tbody>{move || page.with(|page| page.items.iter().map(row).collect_view())}</tbody>
                </table>
            </div>
            <NextPages page=page state=state summary=summary/>
        </Show>
    }
    .into_any()
}

#[component]
fn Nothing(state: ListState) -> impl IntoView {
    move || {
        if state.words().with(|words| !words.is_empty()) {
            view! {
                <EmptyState icon=icons::SEARCH title="No changed file fits" detail=Signal::stored("Loosen the search.".to_owned())>
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
            let detail = "Every file is as it came in the image. What is written in volumes does not count.".to_owned();
            view! { <EmptyState icon=icons::LAYERS title="Nothing has changed" detail=Signal::stored(detail)/> }.into_any()
        }
    }
}

/// The word for a change, and how it looks.
fn kind(kind: &str) -> (String, Tone) {
    let tone = match kind {
        "added" => Tone::Good,
        "deleted" => Tone::Bad,
        _ => Tone::Info,
    };
    (kind.to_owned(), tone)
}
