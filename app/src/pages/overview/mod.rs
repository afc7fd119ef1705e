//! The first page: every engine at a glance, what runs hot, and what was changed.

mod changes;
mod engines;
mod hot;
mod tiles;
mod welcome;

use std::time::Duration;

use leptos::prelude::*;

use crate::api::Empty;
use crate::api::overview::{Overview as Read, OverviewOutput};
use crate::client::Client;
use crate::ui::time::poll;
use crate::ui::{Kind, PageHead, SkeletonRows, icons};
use crate::widgets::{GateLink, Loaded};

const REFRESH: Duration = Duration::from_secs(10);

#[component]
pub fn Overview() -> impl IntoView {
    let client = Client::get();
    let overview = Resource::new(|| (), move |()| client.call::<Read>(&[], &Empty {}));
    poll(REFRESH, move || overview.refetch());
    view! {
        <PageHead title="Overview">
            <GateLink permission="system.engine.create" href="/add/engine" label="Add an engine" kind=Kind::Plain icon=icons::PLUS/>
        </PageHead>
        <Loaded resource=overview skeleton=|| view! { <Bones/> } let:overview>
            <Found overview=overview/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(overview: Signal<OverviewOutput>) -> impl IntoView {
    let engines = Signal::derive(move || overview.with(|o| o.engines.clone()));
    let hot = Signal::derive(move || overview.with(|o| o.hot.clone()));
    let changes = Signal::derive(move || overview.with(|o| o.changes.clone()));
    let any = Memo::new(move |_| engines.with(|engines| !engines.is_empty()));
    view! {
        <Show when=move || any.get() fallback=|| view! { <welcome::Welcome/> }>
            <div class="stack">
                <tiles::Tiles engines=engines/>
                <engines::Engines engines=engines/>
                <div class="overview-pair">
                    <hot::Hottest hot=hot/>
                    <changes::Changes changes=changes/>
                </div>
            </div>
        </Show>
    }
    .into_any()
}

/// Of the size of the page to come.
#[component]
fn Bones() -> impl IntoView {
    let tile = || view! { <div class="tile"><span class="bone"></span><span class="bone"></span></div> };
    view! {
        <div class="stack" role="status" aria-label="Loading">
            <div class="tiles">{(0..4).map(|_| tile()).collect_view()}</div>
            <SkeletonRows rows=3 columns=6/>
            <div class="overview-pair">
                <SkeletonRows rows=6 columns=3/>
                <SkeletonRows rows=6 columns=2/>
            </div>
        </div>
    }
    .into_any()
}
