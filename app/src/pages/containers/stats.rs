//! What a container uses, as it uses it.

use leptos::prelude::*;

use super::processes::processes_of;
use crate::api::Empty;
use crate::api::containers::{ContainerDetail, ContainerStats, ContainerUsage, Usage, UsageHistory};
use crate::client::{Client, Following, follow};
use crate::ui::chart::{Chart, Point, Scale};
use crate::ui::format::{bytes, percent, rate};
use crate::ui::{EmptyState, SkeletonText, icons};
use crate::widgets::{LiveMark, Loaded};

/// What is shown, as far as it was measured.
const SPAN_MS: i64 = 15 * 60 * 1000;

const PERCENT: Scale = Scale { unit: "percent", text: percent };
const BYTES: Scale = Scale { unit: "bytes", text: |value| bytes(value.max(0.0) as u64) };
const RATE: Scale = Scale { unit: "bytes/s", text: rate };

#[component]
pub(super) fn Stats(engine: Signal<String>, detail: Signal<ContainerDetail>) -> impl IntoView {
    let client = Client::get();
    let running = Memo::new(move |_| detail.with(|detail| detail.summary.state == "running"));
    let id = detail.with_untracked(|detail| detail.summary.id.clone());
    let engine = engine.get_untracked();
    let history = {
        let (engine, id) = (engine.clone(), id.clone());
        Resource::new(|| (), move |()| client.call::<ContainerUsage>(&[&engine, &id], &Empty {}))
    };
    let fresh = RwSignal::new(Vec::<Usage>::new());
    let target = move || running.get().then(|| (vec![engine.clone(), id.clone()], Empty {}));
    let following = follow::<ContainerStats>(target, move |usage| fresh.update(|samples| join(samples, &[usage])));
    view! {
        <Loaded resource=history skeleton=Waiting let:history>
            <Charts history=history fresh=fresh running=running following=following/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Waiting() -> impl IntoView {
    view! { <div class="charts">{(0..4).map(|_| view! { <div class="card chart-card"><SkeletonText lines=6/></div> }).collect_view()}</div> }
        .into_any()
}

#[component]
fn Charts(history: Signal<UsageHistory>, fresh: RwSignal<Vec<Usage>>, running: Memo<bool>, following: ReadSignal<Following>) -> impl IntoView {
    let samples = Memo::new(move |_| {
        let mut samples = history.with(|history| history.items.clone());
        fresh.with(|fresh| join(&mut samples, fresh));
        samples
    });
    let points = move |values: fn(&Usage) -> Vec<f64>| {
        Signal::derive(move || samples.with(|all| all.iter().map(|usage| Point { at: usage.at, values: values(usage) }).collect::<Vec<_>>()))
    };
    let empty = Memo::new(move |_| samples.with(Vec::is_empty));
    let last = move || samples.with(|samples| samples.last().copied());
    let about = move || {
        let usage = last()?;
        let of = if usage.memory_limit > 0 { format!(" {} of memory may be used.", bytes(usage.memory_limit)) } else { String::new() };
        Some(format!("{} in it. 100% is one core.{of} Times are UTC.", processes_of(usage.pids as usize)))
    };
    let nothing = move || {
        if running.get() {
            let detail = Signal::stored("The first figures come within seconds.".to_owned());
            view! { <EmptyState icon=icons::CLOCK title="Not measured yet" detail=detail/> }.into_any()
        } else {
            let detail = Signal::stored("What a container uses is measured while it runs.".to_owned());
            view! { <EmptyState icon=icons::ACTIVITY title="It is not running" detail=detail/> }.into_any()
        }
    };
    view! {
        <Show when=move || !empty.get() fallback=nothing>
            <div class="toolbar stats-bar">
                <p>{about}</p>
                {move || running.get().then(|| view! { <LiveMark following=following otherwise="Not live"/> })}
            </div>
            <div class="charts">
                <Chart title="CPU" series=&["CPU"] scale=PERCENT points=points(|u| vec![u.cpu_percent])/>
                <Chart title="Memory" series=&["Memory"] scale=BYTES points=points(|u| vec![u.memory as f64])/>
                <Chart title="Network" series=&["In", "Out"] scale=RATE points=points(|u| vec![u.net_rx, u.net_tx])/>
                <Chart title="Disk" series=&["Read", "Written"] scale=RATE points=points(|u| vec![u.disk_read, u.disk_write])/>
            </div>
        </Show>
    }
    .into_any()
}

/// Adds what is newer than the last sample, and drops what is older than the span.
fn join(samples: &mut Vec<Usage>, newer: &[Usage]) {
    for usage in newer {
        if samples.last().is_none_or(|last| last.at < usage.at) {
            samples.push(*usage);
        }
    }
    let oldest = samples.last().map_or(0, |last| last.at - SPAN_MS);
    samples.retain(|usage| usage.at >= oldest);
}

#[cfg(test)]
mod tests {
    use super::{SPAN_MS, join};
    use crate::api::containers::Usage;

    fn at(at: i64) -> Usage {
        Usage { at, ..Usage::default() }
    }

    #[test]
    fn history_and_live_samples_join_without_doubles() {
        let mut samples = vec![at(1), at(2)];
        join(&mut samples, &[at(2), at(3)]);
        assert_eq!(samples.iter().map(|u| u.at).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn what_is_old_goes() {
        let mut samples = vec![at(1), at(5)];
        join(&mut samples, &[at(SPAN_MS + 4)]);
        assert_eq!(samples.len(), 2);
        join(&mut Vec::new(), &[]);
    }
}
