//! How many records fit: over time, to drag on, and by who, where and what, to press.

use leptos::ev::PointerEvent;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::Element;

use super::outcome::named;
use super::terms;
use crate::api::Problem;
use crate::api::audit::{AuditCount, AuditCounts, AuditQuery, Bar, Count};
use crate::client::Client;
use crate::ui::SkeletonText;
use crate::ui::format::grouped;
use crate::ui::time::{exact, iso, short_time};
use crate::widgets::{ListState, Loaded};

/// How many values of a field are shown at once.
const SHOWN: usize = 6;

#[component]
pub(super) fn Counted(
    query: Memo<AuditQuery>,
    /// Grows when all is to be read again.
    round: RwSignal<u32>,
    state: ListState,
) -> impl IntoView {
    let client = Client::get();
    // The page one is on changes nothing of it.
    let asked = Memo::new(move |_| AuditQuery { after: None, ..query.get() });
    // What is wrong with a search the list says: here there is nothing then.
    let counts = Resource::new(
        move || (asked.get(), round.get()),
        move |(query, _)| {
            let call = client.call::<AuditCount>(&[], &query);
            async move { Ok::<_, Problem>(call.await.unwrap_or_default()) }
        },
    );
    view! {
        <Loaded resource=counts skeleton=|| view! { <div class="histogram counted-waits"><SkeletonText lines=5/></div> } let:counts>
            <Show when=move || counts.with(|counts| counts.width_ms > 0 && counts.records > 0)>
                <Histogram counts=counts state=state/>
                <Facets counts=counts state=state/>
            </Show>
        </Loaded>
    }
    .into_any()
}

/// All bars between two times, those without a record too.
fn filled(counts: &AuditCounts) -> Vec<Bar> {
    let width = counts.width_ms.max(1);
    let first = counts.from.div_euclid(width) * width;
    let many = ((counts.to - first).max(0) / width + 1).min(96);
    let bar = |n: i64| {
        let at = first + n * width;
        counts.bars.iter().find(|bar| bar.at == at).cloned().unwrap_or(Bar { at, records: 0, bad: 0 })
    };
    (0..many).map(bar).collect()
}

#[component]
fn Histogram(counts: Signal<AuditCounts>, state: ListState) -> impl IntoView {
    let bars = Memo::new(move |_| counts.with(filled));
    let most = move || bars.with(|bars| bars.iter().map(|bar| bar.records).max().unwrap_or(0).max(1));
    let width = move || counts.with(|counts| counts.width_ms);
    // From where to where one drags, as numbers of bars.
    let dragged = RwSignal::new(None::<(usize, usize)>);
    let at = move |event: &PointerEvent| {
        let area = event.current_target()?.dyn_into::<Element>().ok()?.get_bounding_client_rect();
        let many = bars.with_untracked(Vec::len);
        let part = (f64::from(event.client_x()) - area.left()) / area.width().max(1.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between nothing and the number of bars")]
        let bar = (part.clamp(0.0, 0.9999) * many as f64) as usize;
        (many > 0).then_some(bar)
    };
    let begin = move |event: PointerEvent| {
        if let Some(bar) = at(&event) {
            dragged.set(Some((bar, bar)));
        }
    };
    let go_on = move |event: PointerEvent| {
        if let (Some((from, _)), Some(bar)) = (dragged.get_untracked(), at(&event)) {
            dragged.set(Some((from, bar)));
        }
    };
    let end = move |_: PointerEvent| {
        let Some((one, other)) = dragged.get_untracked() else { return };
        dragged.set(None);
        let chosen = bars.with_untracked(|bars| Some((bars.get(one.min(other))?.at, bars.get(one.max(other))?.at)));
        if let Some((from, to)) = chosen {
            let text = state.facet("q").get_untracked();
            state.set_facet("q", &terms::between(&text, &iso(from), &iso(to + width())));
        }
    };
    let is_in = move |n: usize| dragged.with(|dragged| dragged.is_some_and(|(one, other)| (one.min(other)..=one.max(other)).contains(&n)));
    let summary = move || {
        counts.with(|counts| {
            let all = format!("{} {}", grouped(counts.records), if counts.records == 1 { "record" } else { "records" });
            if counts.newest_only { format!("The newest {all}") } else { all }
        })
    };
    view! {
        <section class="histogram" aria-label="Records over time">
            <p class="histogram-head">
                <strong>{summary}</strong>
                <span class="muted">"Drag over a stretch of time to look at it alone."</span>
            </p>
            <div
                class="histogram-bars"
                on:pointerdown=begin
                on:pointermove=go_on
                on:pointerup=end
                on:pointerleave=move |_| dragged.set(None)
            >
                <svg viewBox=move || format!("0 0 {} 100", bars.with(Vec::len)) preserveAspectRatio="none" aria-hidden="true">
                    {move || bars.get().into_iter().enumerate().map(|(n, bar)| view! { <Column n=n bar=bar most=most() chosen=Signal::derive(move || is_in(n))/> }).collect_view()}
                </svg>
            </div>
            <p class="histogram-ends muted" aria-hidden="true">
                <span>{move || counts.with(|counts| short_time(counts.from))}</span>
                <span>{move || counts.with(|counts| short_time(counts.to))}</span>
            </p>
        </section>
    }
    .into_any()
}

/// A bar: all records, and those of them that were denied or failed. Places as attributes: the page takes no styles of its own.
#[component]
fn Column(n: usize, bar: Bar, most: u64, chosen: Signal<bool>) -> impl IntoView {
    let words = format!("{}: {} records, {} of them denied or failed", exact(bar.at), bar.records, bar.bad);
    let rect = |class: &'static str, records: u64| {
        // What is there is seen, however little it is.
        let height = if records == 0 { 0.0 } else { (records as f64 * 100.0 / most as f64).max(2.0) };
        let (x, y, height) = (format!("{:.2}", n as f64 + 0.08), format!("{:.2}", 100.0 - height), format!("{height:.2}"));
        view! { <rect class=class x=x y=y width="0.84" height=height/> }
    };
    view! {
        <g class:chosen=move || chosen.get()>
            <title>{words}</title>
            <rect class="behind" x=n.to_string() y="0" width="1" height="100"/>
            {rect("all", bar.records)}
            {rect("bad", bar.bad)}
        </g>
    }
    .into_any()
}

#[component]
fn Facets(counts: Signal<AuditCounts>, state: ListState) -> impl IntoView {
    let facet = move |title: &'static str, field: &'static str, of: fn(&AuditCounts) -> &Vec<Count>| {
        view! { <Facet title=title field=field counts=Signal::derive(move || counts.with(|counts| of(counts).clone())) state=state/> }
    };
    view! {
        <details class="facets" open=true>
            <summary>"Narrow by who, where and what"</summary>
            <div class="facet-columns">
                {facet("Who", "user", |counts| &counts.users)}
                {facet("Target", "target", |counts| &counts.targets)}
                {facet("Permission", "permission", |counts| &counts.permissions)}
                {facet("Outcome", "outcome", |counts| &counts.outcomes)}
            </div>
        </details>
    }
    .into_any()
}

#[component]
fn Facet(title: &'static str, field: &'static str, counts: Signal<Vec<Count>>, state: ListState) -> impl IntoView {
    let text = state.facet("q");
    let all = RwSignal::new(false);
    let rows = move || {
        let counts = counts.get();
        let more = counts.len().saturating_sub(SHOWN);
        let rows = counts.into_iter().take(if all.get() { usize::MAX } else { SHOWN }).map(|count| {
            let term = terms::term(field, &count.value);
            let (pressed, words) = (term.clone(), words(field, &count.value));
            view! {
                <li>
                    <button
                        type="button"
                        aria-pressed=move || text.with(|text| if terms::has(text, &pressed) { "true" } else { "false" })
                        title=count.value.clone()
                        on:click=move |_| state.set_facet("q", &terms::toggled(&text.get_untracked(), &term))
                    >
                        <span>{words}</span>
                        <span class="muted">{grouped(count.records)}</span>
                    </button>
                </li>
            }
        });
        let rest = (more > 0).then(|| {
            let words = if all.get() { "Show fewer".to_owned() } else { format!("Show {more} more") };
            view! { <li><button type="button" class="more" aria-expanded=all.get().to_string() on:click=move |_| all.update(|all| *all = !*all)>{words}</button></li> }
        });
        (rows.collect_view(), rest)
    };
    view! {
        <section class="facet" aria-label=title>
            <h3>{title}</h3>
            <ul>{rows}</ul>
        </section>
    }
    .into_any()
}

/// A value as people say it.
fn words(field: &str, value: &str) -> String {
    match (field, value) {
        // Of those who were not signed in, and of what Pilothouse did itself.
        ("user", "-") => "Nobody signed in".to_owned(),
        ("target", "-") => "Pilothouse".to_owned(),
        ("outcome", name) => named(name).to_owned(),
        _ => value.to_owned(),
    }
}
