//! The processes in a container, as its engine's host sees them.

use std::time::Duration;

use leptos::prelude::*;

use crate::api::Empty;
use crate::api::containers::{ContainerDetail, ContainerTop, Processes};
use crate::client::Client;
use crate::ui::format::grouped;
use crate::ui::time::poll;
use crate::ui::{EmptyState, SkeletonRows, icons};
use crate::widgets::Loaded;

const REFRESH: Duration = Duration::from_secs(5);

#[component]
pub(super) fn ProcessList(engine: Signal<String>, detail: Signal<ContainerDetail>) -> impl IntoView {
    let running = Memo::new(move |_| detail.with(|detail| matches!(detail.summary.state.as_str(), "running" | "paused")));
    move || {
        if running.get() {
            view! { <Running engine=engine detail=detail/> }.into_any()
        } else {
            let why = Signal::stored("Processes show while the container runs.".to_owned());
            view! { <EmptyState icon=icons::ACTIVITY title="It is not running" detail=why/> }.into_any()
        }
    }
}

#[component]
fn Running(engine: Signal<String>, detail: Signal<ContainerDetail>) -> impl IntoView {
    let client = Client::get();
    let id = detail.with_untracked(|detail| detail.summary.id.clone());
    let engine = engine.get_untracked();
    let processes = Resource::new(|| (), move |()| client.call::<ContainerTop>(&[&engine, &id], &Empty {}));
    poll(REFRESH, move || processes.refetch());
    view! {
        <Loaded resource=processes skeleton=|| view! { <SkeletonRows rows=4 columns=6/> } let:processes>
            <Table processes=processes/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Table(processes: Signal<Processes>) -> impl IntoView {
    let heads = move || processes.with(|p| p.titles.iter().map(|title| view! { <th scope="col">{title.clone()}</th> }).collect_view());
    let row = |cells: &Vec<String>| {
        let last = cells.len().saturating_sub(1);
        let cell = |(index, text): (usize, &String)| view! { <td class="mono" class:wide-cell=index == last>{text.clone()}</td> };
        view! { <tr>{cells.iter().enumerate().map(cell).collect_view()}</tr> }
    };
    view! {
        <div class="table-box" tabindex="0" role="region" aria-label="Processes">
            <table class="table dense">
                <thead><tr>{heads}</tr></thead>
                <tbody>{move || processes.with(|p| p.processes.iter().map(row).collect_view())}</tbody>
            </table>
        </div>
        <p class="list-note">{move || format!("{}, read again every five seconds.", processes_of(processes.with(|p| p.processes.len())))}</p>
    }
    .into_any()
}

/// `1 process`, `12 processes`.
pub(super) fn processes_of(number: usize) -> String {
    if number == 1 { "1 process".to_owned() } else { format!("{} processes", grouped(number as u64)) }
}
