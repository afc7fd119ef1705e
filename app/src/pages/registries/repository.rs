//! The tags of a repository.

use std::collections::BTreeSet;

use leptos::prelude::*;

use super::address::{self, At, ByAddress};
use super::copy::CopyDialog;
use super::copy_job::Source;
use super::delete::{DeleteDialog, Doomed};
use super::how::HowToPush;
use super::tag_row::TagRow;
use crate::api::Page;
use crate::api::repositories::{DiffQuery, Tag, TagList};
use crate::client::Client;
use crate::ui::format::grouped;
use crate::ui::{Button, Card, EmptyState, Kind, LinkButton, PageHead, SearchBox, SelectAll, SkeletonRows, icons};
use crate::widgets::{ListState, Loaded, Paged};

/// What the rows and the dialogs of this page share.
#[derive(Clone, Copy)]
pub(super) struct Shared {
    pub at: StoredValue<At>,
    pub selected: RwSignal<BTreeSet<String>>,
    pub copied: RwSignal<Option<Source>>,
    pub doomed: RwSignal<Option<Doomed>>,
}

#[component]
pub fn RepositoryPage() -> impl IntoView {
    view! { <ByAddress let:at><List at=at/></ByAddress> }.into_any()
}

#[component]
fn List(at: At) -> impl IntoView {
    let state = ListState::in_address("", &[]);
    let query = state.query();
    let client = Client::get();
    let tags = {
        let (registry, repository) = (at.registry.clone(), at.repository.clone());
        Resource::new(move || query.get(), move |query| client.call::<TagList>(&[&registry, &repository], &query))
    };
    let after = Callback::new(move |()| tags.refetch());
    let back = (at.registry_page(), at.registry.clone());
    let title = at.repository.clone();
    let shared =
        Shared { at: StoredValue::new(at), selected: RwSignal::new(BTreeSet::new()), copied: RwSignal::new(None), doomed: RwSignal::new(None) };
    view! {
        <PageHead title=title back=back about=Signal::stored("Its tags, and what each means now.".to_owned())/>
        <div class="toolbar">
            <SearchBox label="Search tags" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
        </div>
        <Loaded resource=tags skeleton=|| view! { <SkeletonRows rows=8 columns=7/> } let:page>
            <Found shared=shared page=page state=state/>
        </Loaded>
        <CopyDialog source=shared.copied after=after/>
        <DeleteDialog doomed=shared.doomed after=after/>
    }
    .into_any()
}

#[component]
fn Found(shared: Shared, page: Signal<Page<Tag>>, state: ListState) -> impl IntoView {
    let summary = Signal::derive(move || {
        page.with(|page| {
            let shown = page.items.len() as u64;
            match page.total.unwrap_or(shown) {
                1 => "1 tag".to_owned(),
                total if total > shown => format!("{} of {} tags", grouped(shown), grouped(total)),
                _ if page.next.is_some() => format!("{} tags, and more", grouped(shown)),
                _ => format!("{} tags", grouped(shown)),
            }
        })
    });
    let names = Signal::derive(move || page.with(|page| page.items.iter().map(|tag| tag.name.clone()).collect::<Vec<_>>()));
    let path = shared.at.with_value(|at| format!("{}/{}", at.registry, at.repository));
    view! {
        <Paged
            page=page
            state=state
            label="Tags"
            class="tags"
            summary=summary
            head=move || view! {
                <th class="select"><SelectAll ids=names selected=shared.selected/></th>
                <th scope="col">"Tag"</th>
                <th scope="col">"Digest"</th>
                <th scope="col">"Platforms"</th>
                <th scope="col" class="number">"Size"</th>
                <th scope="col">"Made"</th>
                <th scope="col">"Pushed by"</th>
                <th scope="col">"Runs"</th>
                <th scope="col"><span class="unseen">"Actions"</span></th>
            }
            key=|tag: &Tag| tag.name.clone()
            row=move |tag| view! { <TagRow shared=shared tag=tag/> }
            none_fits="No tag fits"
            none=move || view! { <Nothing path=path.clone()/> }
        />
        <Chosen shared=shared page=page/>
    }
    .into_any()
}

#[component]
fn Nothing(path: String) -> impl IntoView {
    let detail = "Its images are known by their digests alone, or there are none.".to_owned();
    view! {
        <div class="stack">
            <EmptyState icon=icons::TAG title="No tags" detail=Signal::stored(detail)/>
            <Card title="Push an image to it"><HowToPush path=path/></Card>
        </div>
    }
    .into_any()
}

/// What can be done with those that are chosen.
#[component]
fn Chosen(shared: Shared, page: Signal<Page<Tag>>) -> impl IntoView {
    let selected = shared.selected;
    // What is chosen on another page, or gone by now, does not count.
    let chosen = Memo::new(move |_| {
        let (tags, chosen) = (page.get().items, selected.get());
        tags.into_iter().filter(|tag| chosen.contains(&tag.name)).collect::<Vec<_>>()
    });
    let compare = move || match chosen.get().as_slice() {
        [one, other] => {
            let href = shared.at.with_value(|at| address::compare(&at.registry, &at.repository, &older_first(one, other)));
            view! { <LinkButton href=href label="Compare" kind=Kind::Primary icon=icons::LAYERS/> }.into_any()
        }
        few => {
            let reason = if few.len() < 2 { "choose one more" } else { "choose two alone" }.to_owned();
            view! { <Button label="Compare" kind=Kind::Primary icon=icons::LAYERS reason=Signal::stored(Some(reason))/> }.into_any()
        }
    };
    view! {
        <Show when=move || chosen.with(|chosen| !chosen.is_empty())>
            <div class="bulk-bar" role="region" aria-label="Selected tags">
                <strong>{move || format!("{} selected", chosen.with(Vec::len))}</strong>
                {compare}
                <Button label="Clear the selection" kind=Kind::Quiet icon=icons::CLOSE icon_only=true on_press=Callback::new(move |()| selected.set(BTreeSet::new()))/>
            </div>
        </Show>
    }
    .into_any()
}

/// The two from the older to the newer, as far as their images say when they were made.
fn older_first(one: &Tag, other: &Tag) -> DiffQuery {
    let made = |tag: &Tag| tag.manifest.as_ref().and_then(|manifest| manifest.created_at);
    let (from, to) = if made(one) > made(other) { (other, one) } else { (one, other) };
    DiffQuery { from: from.name.clone(), to: to.name.clone(), platform: None }
}

#[cfg(test)]
mod tests {
    use super::older_first;
    use crate::api::repositories::{ManifestKind, ManifestSummary, Tag};

    #[test]
    fn the_older_one_is_what_it_was_before() {
        let tag = |name: &str, created_at| {
            let manifest = ManifestSummary {
                digest: "sha256:0".into(),
                media_type: String::new(),
                kind: ManifestKind::Image,
                platforms: Vec::new(),
                size: 0,
                created_at,
            };
            Tag { name: name.into(), manifest: Some(manifest), problem: None, pushed: None, runs: 0 }
        };
        let order = |one, other| {
            let query = older_first(&one, &other);
            format!("{} {}", query.from, query.to)
        };
        assert_eq!(order(tag("b", Some(2)), tag("a", Some(1))), "a b");
        assert_eq!(order(tag("b", Some(1)), tag("a", Some(2))), "b a");
        assert_eq!(order(tag("b", None), tag("a", None)), "b a");
    }
}
