//! The events of an engine as they happen, the newest first.

use std::collections::VecDeque;

use leptos::prelude::*;

use crate::api::events::{Event, EventQuery, EventsFollow};
use crate::api::fill;
use crate::client::{Following, follow};
use crate::clock::now;
use crate::ui::batch::Batch;
use crate::ui::format::{count, grouped, short_id};
use crate::ui::time::exact;
use crate::ui::{Badge, Button, Callout, Checkbox, EmptyState, Kind, PageHead, SearchBox, SkeletonRows, Time, Tone, icons};
use crate::widgets::{ByEngine, Gate, LiveMark, ProblemView};

/// So many are kept in the page.
const MOST: usize = 500;
/// What happened shortly before comes first.
const BEFORE_MS: i64 = 60 * 60 * 1000;
const KINDS: [&str; 5] = ["container", "image", "volume", "network", "daemon"];

/// An event, and its place in the order in which they came.
#[derive(Clone, PartialEq)]
struct Seen {
    number: u64,
    event: Event,
}

#[derive(Clone, Copy)]
struct View {
    /// The newest first.
    seen: RwSignal<VecDeque<Seen>>,
    /// What is shown while the page is paused: those up to this number.
    paused_at: RwSignal<Option<u64>>,
    words: RwSignal<String>,
    kind: RwSignal<String>,
    /// Programs run in containers are told too: a health check is three events every few seconds.
    inside: RwSignal<bool>,
}

impl View {
    fn add(self, events: Vec<Event>) {
        self.seen.update(|seen| {
            let inside = self.inside.get_untracked();
            for event in events.into_iter().filter(|event| inside || !is_inside(&event.action)) {
                let number = seen.front().map_or(0, |newest| newest.number + 1);
                seen.push_front(Seen { number, event });
            }
            seen.truncate(MOST);
        });
    }

    fn shown(self) -> Vec<Seen> {
        let last = self.paused_at.get().unwrap_or(u64::MAX);
        let (words, kind) = (self.words.get().to_lowercase(), self.kind.get());
        let fits = |seen: &&Seen| seen.number <= last && (kind.is_empty() || seen.event.kind == kind) && holds(&seen.event, &words);
        self.seen.with(|seen| seen.iter().filter(fits).cloned().collect())
    }

    /// How many came since it was paused.
    fn held(self) -> u64 {
        let newest = self.seen.with(|seen| seen.front().map_or(0, |seen| seen.number));
        self.paused_at.get().map_or(0, |at| newest.saturating_sub(at))
    }
}

/// Whether it tells of a program run in a container, and not of the container.
fn is_inside(action: &str) -> bool {
    action.starts_with("exec_") || matches!(action, "top" | "resize")
}

/// Whether all of `words`, in small letters, occur in the event.
fn holds(event: &Event, words: &str) -> bool {
    let attributes = event.attributes.iter().map(|(name, value)| format!("{name}={value}"));
    let text = [event.kind.clone(), event.action.clone(), event.name.clone(), event.id.clone()].into_iter().chain(attributes);
    let text = text.collect::<Vec<_>>().join(" ").to_lowercase();
    words.split_whitespace().all(|word| text.contains(word))
}

#[component]
pub fn Events() -> impl IntoView {
    view! {
        <ByEngine let:engine>
            <Gate permission="engine.system.events" engine=engine.clone()><Live engine=engine.clone()/></Gate>
        </ByEngine>
    }
    .into_any()
}

#[component]
fn Live(engine: String) -> impl IntoView {
    let view = View {
        seen: RwSignal::default(),
        paused_at: RwSignal::default(),
        words: RwSignal::default(),
        kind: RwSignal::default(),
        inside: RwSignal::default(),
    };
    let batch = Batch::new(MOST, move |events| view.add(events));
    let asked = StoredValue::new(false);
    let target = {
        let (engine, batch) = (engine.clone(), batch.clone());
        move || {
            // What was left out before has to be read again from the beginning.
            let inside = view.inside.get();
            if asked.get_value() != inside {
                asked.set_value(inside);
                batch.clear();
                view.seen.set(VecDeque::new());
                view.paused_at.set(None);
            }
            // Opened again, it goes on after the newest one.
            let newest = view.seen.with_untracked(|seen| seen.front().map(|seen| seen.event.at + 1));
            let since = Some(newest.unwrap_or_else(|| now() - BEFORE_MS));
            Some((vec![engine.clone()], EventQuery { since, kind: None }))
        }
    };
    let following = follow::<EventsFollow>(target, move |event| batch.push(event));
    let shown = Memo::new(move |_| view.shown());
    let about = Signal::stored(format!("On {engine}, since an hour ago"));
    let engine = Signal::stored(engine);
    view! {
        <PageHead title="Events" about=about>
            <LiveMark following=following otherwise="Opening"/>
            <Pause view=view/>
        </PageHead>
        <Filters view=view/>
        <Broken following=following view=view/>
        {move || {
            if shown.with(Vec::is_empty) {
                view! { <Nothing following=following view=view/> }.into_any()
            } else {
                view! { <Table engine=engine shown=shown/> }.into_any()
            }
        }}
        <p class="list-note">{move || counted(shown.with(Vec::len), view.seen.with(VecDeque::len))}</p>
    }
    .into_any()
}

fn counted(shown: usize, seen: usize) -> String {
    let kept = if seen >= MOST { format!(" The last {} are kept here.", grouped(MOST as u64)) } else { String::new() };
    if shown == seen { format!("{}.{kept}", count(seen, "event")) } else { format!("{} of {}.{kept}", grouped(shown as u64), count(seen, "event")) }
}

#[component]
fn Pause(view: View) -> impl IntoView {
    let paused = Memo::new(move |_| view.paused_at.with(Option::is_some));
    let label = Signal::derive(move || match (paused.get(), view.held()) {
        (false, _) => "Pause".to_owned(),
        (true, 0) => "Go on".to_owned(),
        (true, held) => format!("Go on ({} new)", grouped(held)),
    });
    let icon = Signal::derive(move || if paused.get() { icons::PLAY } else { icons::PAUSE });
    let press = Callback::new(move |()| {
        let newest = view.seen.with_untracked(|seen| seen.front().map_or(0, |seen| seen.number));
        view.paused_at.update(|at| *at = if at.is_some() { None } else { Some(newest) });
    });
    view! { <Button label=label icon=icon on_press=press/> }.into_any()
}

#[component]
fn Filters(view: View) -> impl IntoView {
    let narrowed = move || view.words.with(|words| !words.is_empty()) || view.kind.with(|kind| !kind.is_empty());
    let clear = Callback::new(move |()| {
        view.words.set(String::new());
        view.kind.set(String::new());
    });
    let options = KINDS.map(|kind| view! { <option value=kind selected=move || view.kind.get() == kind>{kind}</option> }).collect_view();
    view! {
        <div class="toolbar">
            <SearchBox label="Search actions, names and attributes" value=view.words on_change=Callback::new(move |words: String| view.words.set(words))/>
            <select
                class="input"
                aria-label="Type"
                prop:value=move || view.kind.get()
                on:change:target=move |event| view.kind.set(event.target().value())
            >
                <option value="">"Any type"</option>
                {options}
            </select>
            <Checkbox label="Exec and health checks" checked=view.inside/>
            <Show when=narrowed>
                <Button label="Clear" kind=Kind::Quiet icon=icons::CLOSE on_press=clear/>
            </Show>
        </div>
    }
    .into_any()
}

/// Why no more events come, while there are some.
#[component]
fn Broken(following: ReadSignal<Following>, view: View) -> impl IntoView {
    let problem = Memo::new(move |_| match following.get() {
        Following::Broken(problem) | Following::Refused(problem) if view.seen.with(|seen| !seen.is_empty()) => Some(problem),
        _ => None,
    });
    move || problem.get().map(|problem| view! { <Callout tone=Tone::Warn title="Events are not followed now">{problem.to_string()}</Callout> })
}

#[component]
fn Table(engine: Signal<String>, shown: Memo<Vec<Seen>>) -> impl IntoView {
    view! {
        <div class="table-box" tabindex="0" role="region" aria-label="Events">
            <table class="table cards dense events">
                <thead>
                    <tr>
                        <th scope="col">"What"</th>
                        <th scope="col">"Action"</th>
                        <th scope="col">"When"</th>
                        <th scope="col">"More"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || shown.get() key=|seen| seen.number children=move |seen| view! { <Row engine=engine event=seen.event/> }/>
                </tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Row(engine: Signal<String>, event: Event) -> impl IntoView {
    let name = if event.name.is_empty() { short_id(&event.id) } else { event.name.clone() };
    let href = page_of(&engine.get_untracked(), &event);
    let what = match href {
        Some(href) => view! { <a class="name" href=href>{name}</a> }.into_any(),
        None => view! { <span class="name">{name}</span> }.into_any(),
    };
    let (action, detail) = event.action.split_once(": ").map_or((event.action.clone(), None), |(a, d)| (a.to_owned(), Some(d.to_owned())));
    let tone = Signal::stored(tone(&action, &event));
    let more = more(&event);
    view! {
        <tr>
            <td class="main">{what}<span class="sub">{event.kind.clone()}</span></td>
            <td data-label="Action" class="event-action">
                <Badge text=action tone=tone/>
                {detail.map(|detail| view! { <span class="sub mono" title=detail.clone()>{detail.clone()}</span> })}
            </td>
            <td data-label="When" title=exact(event.at)><Time at=event.at/></td>
            <td data-label="More" class="event-more"><span title=more.clone()>{more.clone()}</span></td>
        </tr>
    }
    .into_any()
}

/// The page of what the event is about, where it has one and is likely to be there still.
fn page_of(engine: &str, event: &Event) -> Option<String> {
    if matches!(event.action.as_str(), "destroy" | "delete" | "remove") {
        return None;
    }
    let pattern = match event.kind.as_str() {
        "container" => "/on/{engine}/containers/{id}",
        "image" => "/on/{engine}/images/{id}",
        "network" => "/on/{engine}/networks/{id}",
        _ => return None,
    };
    Some(fill(pattern, &[engine, &event.id]))
}

/// How good or bad an action is.
fn tone(action: &str, event: &Event) -> Tone {
    match action {
        "start" | "create" | "unpause" | "connect" | "pull" => Tone::Good,
        "oom" => Tone::Bad,
        "die" if event.attributes.get("exitCode").is_some_and(|code| code != "0") => Tone::Bad,
        "kill" | "pause" | "destroy" | "delete" | "remove" | "disconnect" | "untag" => Tone::Warn,
        "health_status" if event.action.ends_with("unhealthy") => Tone::Bad,
        _ => Tone::Neutral,
    }
}

/// What else the engine says, without what is shown already.
fn more(event: &Event) -> String {
    let shown = event.attributes.iter().filter(|(name, value)| *name != "name" && **value != event.name);
    shown.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("  ")
}

#[component]
fn Nothing(following: ReadSignal<Following>, view: View) -> impl IntoView {
    move || {
        if view.seen.with(|seen| !seen.is_empty()) {
            return view! { <EmptyState icon=icons::SEARCH title="No event fits" detail=Signal::stored("Loosen the search or the type.".to_owned())/> }.into_any();
        }
        match following.get() {
            Following::Opening => view! { <SkeletonRows rows=6 columns=4/> }.into_any(),
            Following::Broken(problem) | Following::Refused(problem) => view! { <ProblemView problem=problem/> }.into_any(),
            _ => {
                let detail = "What containers, images, volumes and networks do shows here as it happens.".to_owned();
                view! { <EmptyState icon=icons::ACTIVITY title="A quiet hour" detail=Signal::stored(detail)/> }.into_any()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{counted, holds, is_inside, more, page_of};
    use crate::api::events::Event;

    fn event() -> Event {
        let attributes = [("name", "web-1"), ("image", "nginx"), ("exitCode", "137")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        Event { at: 1, kind: "container".into(), action: "die".into(), id: "abc".into(), name: "web-1".into(), attributes }
    }

    #[test]
    fn all_words_must_occur() {
        assert!(holds(&event(), "die nginx") && holds(&event(), "exitcode=137") && holds(&event(), ""));
        assert!(!holds(&event(), "die redis"));
    }

    #[test]
    fn health_checks_are_told_when_asked_for() {
        assert!(is_inside("exec_start: /bin/sh -c true") && is_inside("top"));
        assert!(!is_inside("start") && !is_inside("health_status: healthy"));
    }

    #[test]
    fn what_is_gone_has_no_page() {
        let mut event = event();
        assert_eq!(page_of("demo", &event).as_deref(), Some("/on/demo/containers/abc"));
        event.action = "destroy".into();
        assert_eq!(page_of("demo", &event), None);
    }

    #[test]
    fn what_is_shown_is_not_said_twice() {
        assert_eq!(more(&event()), "exitCode=137  image=nginx");
        assert_eq!(counted(1, 3), "1 of 3 events.");
        assert_eq!(counted(3, 3), "3 events.");
    }
}
