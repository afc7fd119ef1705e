//! A container's log, as it is written.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;

use super::log_lines::Kept;
use super::log_screen::Screen;
use crate::api::containers::{ContainerDetail, ContainerLogs, LOG_DOWNLOAD, LogLine, LogQuery};
use crate::api::fill;
use crate::client::{Following, follow};
use crate::ui::batch::Batch;
use crate::ui::format::grouped;
use crate::ui::icon::Icon;
use crate::ui::{Button, Callout, Checkbox, Kind, SearchBox, Tone, icons};
use crate::widgets::{LiveMark, ProblemView};

/// So many lines are kept in the page; the rest is in the download.
const MOST: usize = 5000;
/// How many of the last lines can be asked for.
const TAILS: [u32; 4] = [100, 500, 2000, 5000];

/// What the parts of the page share.
#[derive(Clone, Copy)]
struct View {
    kept: StoredValue<Kept>,
    screen: Screen,
    /// The newest line stays in sight.
    at_end: RwSignal<bool>,
    /// Lines that came while something else was read.
    unseen: RwSignal<usize>,
    lines: RwSignal<usize>,
    dropped: RwSignal<u64>,
    found: RwSignal<usize>,
    /// The number of the hit that is looked at.
    looked: RwSignal<Option<usize>>,
    query: RwSignal<String>,
}

impl View {
    fn new(list: NodeRef<html::Div>) -> Self {
        Self {
            kept: StoredValue::new(Kept::new(MOST)),
            screen: Screen(list),
            at_end: RwSignal::new(true),
            unseen: RwSignal::default(),
            lines: RwSignal::default(),
            dropped: RwSignal::default(),
            found: RwSignal::default(),
            looked: RwSignal::default(),
            query: RwSignal::default(),
        }
    }

    fn add(self, lines: Vec<LogLine>) {
        let mut added = 0;
        self.kept.update_value(|kept| {
            for line in lines {
                added += usize::from(kept.add(line));
            }
            kept.trim();
            self.screen.append(kept, added);
        });
        self.count();
        if self.at_end.get_untracked() {
            self.screen.to_end();
        } else {
            self.unseen.update(|n| *n += added);
        }
    }

    fn count(self) {
        let (lines, dropped, found) = self.kept.with_value(|kept| (kept.lines.len(), kept.dropped, kept.found));
        self.lines.maybe_update(|n| std::mem::replace(n, lines) != lines);
        self.dropped.maybe_update(|n| std::mem::replace(n, dropped) != dropped);
        self.found.maybe_update(|n| std::mem::replace(n, found) != found);
    }

    fn clear(self) {
        self.kept.update_value(Kept::clear);
        self.screen.clear();
        self.looked.set(None);
        self.count();
    }

    fn search(self, query: &str) {
        self.query.set(query.to_owned());
        self.looked.set(None);
        self.kept.update_value(|kept| {
            let changed = kept.search(query);
            self.screen.mark(kept, &changed);
        });
        self.count();
    }

    fn look(self, step: i32) {
        self.looked.set(self.screen.show_mark(step));
    }

    fn scrolled(self) {
        let at_end = self.screen.is_at_end();
        if at_end != self.at_end.get_untracked() {
            self.at_end.set(at_end);
        }
        if at_end && self.unseen.get_untracked() > 0 {
            self.unseen.set(0);
        }
    }

    fn to_end(self) {
        self.at_end.set(true);
        self.unseen.set(0);
        self.screen.to_end();
    }
}

#[component]
pub(super) fn Logs(engine: Signal<String>, detail: Signal<ContainerDetail>) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let view = View::new(list);
    let (id, name) = detail.with_untracked(|detail| (detail.summary.id.clone(), detail.summary.name.clone()));
    let engine = engine.get_untracked();
    let download = fill(LOG_DOWNLOAD, &[&engine, &id]);
    let tail = RwSignal::new(500_u32);
    // A container that is started again goes on in the same log.
    let started = Memo::new(move |_| detail.with(|detail| detail.started_at));
    let batch = Batch::new(MOST, move |lines| view.add(lines));
    let target = move || {
        // Read, and not only tracked: a memo that nobody reads never learns anything.
        let _ = started.get();
        let tail = tail.get();
        let mut since = None;
        view.kept.update_value(|kept| since = kept.go_on());
        let tail = if since.is_some() { MOST as u32 } else { tail };
        Some((vec![engine.clone(), id.clone()], LogQuery { tail: Some(tail), since, until: None }))
    };
    let following = {
        let batch = batch.clone();
        follow::<ContainerLogs>(target, move |line| batch.push(line))
    };
    let on_tail = Callback::new(move |lines: u32| {
        batch.clear();
        view.clear();
        view.to_end();
        tail.set(lines);
    });
    let (wrap, times, only) = (RwSignal::new(true), RwSignal::new(true), RwSignal::new(false));
    view! {
        <section class="logs" aria-label=format!("Log of {name}")>
            <div class="toolbar">
                <Search view=view/>
                <Tail tail=tail on_tail=on_tail/>
                <div class="toggles">
                    <Checkbox label="Wrap" checked=wrap/>
                    <Checkbox label="Times" checked=times/>
                    <Checkbox label="Only hits" checked=only/>
                </div>
                <a class="button" href=download download=format!("{name}.log") rel="external">
                    <Icon of=icons::DOWNLOAD/>
                    <span class="label">"Download"</span>
                </a>
            </div>
            <Broken following=following view=view/>
            <div class="log-frame">
                <div
                    class="log-lines"
                    class:wrap=move || wrap.get()
                    class:times=move || times.get()
                    class:only-hits=move || only.get() && view.query.with(|query| !query.is_empty())
                    node_ref=list
                    role="log"
                    aria-live="off"
                    tabindex="0"
                    aria-label=format!("Log of {name}")
                    on:scroll=move |_| view.scrolled()
                ></div>
                <Nothing following=following view=view/>
                <Show when=move || !view.at_end.get()>
                    <button type="button" class="button primary log-jump" on:click=move |_| view.to_end()>
                        <Icon of=icons::CHEVRON_DOWN/>
                        {move || jump(view.unseen.get())}
                    </button>
                </Show>
            </div>
            <footer class="log-foot">
                <span>{move || counted(view.lines.get(), view.dropped.get())}</span>
                <LiveMark following=following otherwise="Opening"/>
            </footer>
        </section>
    }
    .into_any()
}

fn jump(unseen: usize) -> String {
    match unseen {
        0 => "Jump to the latest".to_owned(),
        1 => "Jump to the latest (1 new line)".to_owned(),
        n => format!("Jump to the latest ({} new lines)", grouped(n as u64)),
    }
}

fn counted(lines: usize, dropped: u64) -> String {
    let shown = if lines == 1 { "1 line".to_owned() } else { format!("{} lines", grouped(lines as u64)) };
    match dropped {
        0 => shown,
        n => format!("{shown}. {} older ones have left this page; the download has them.", grouped(n)),
    }
}

/// The search, how often it hits, and the way from hit to hit: Enter and Shift+Enter too.
#[component]
fn Search(view: View) -> impl IntoView {
    let keys = move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            view.look(if event.shift_key() { 1 } else { -1 });
        }
    };
    let words = move || {
        let found = view.found.get();
        match (found, view.looked.get()) {
            (0, _) => "No hit".to_owned(),
            (1, None) => "1 hit".to_owned(),
            (n, None) => format!("{} hits", grouped(n as u64)),
            (n, Some(at)) => format!("{} of {}", grouped(at as u64), grouped(n as u64)),
        }
    };
    let none = Signal::derive(move || (view.found.get() == 0).then(|| "there is no hit".to_owned()));
    view! {
        <div class="log-search" on:keydown=keys>
            <SearchBox label="Search these lines" value=view.query on_change=Callback::new(move |query: String| view.search(&query))/>
            <Show when=move || view.query.with(|query| !query.is_empty())>
                <span class="hits" role="status">{words}</span>
                <Button label="The hit above" kind=Kind::Quiet icon=icons::CHEVRON_UP icon_only=true reason=none on_press=Callback::new(move |()| view.look(-1))/>
                <Button label="The hit below" kind=Kind::Quiet icon=icons::CHEVRON_DOWN icon_only=true reason=none on_press=Callback::new(move |()| view.look(1))/>
            </Show>
        </div>
    }
    .into_any()
}

#[component]
fn Tail(tail: RwSignal<u32>, on_tail: Callback<u32>) -> impl IntoView {
    let option = move |lines: u32| {
        view! { <option value=lines.to_string() selected=move || tail.get() == lines>{format!("Last {} lines", grouped(lines.into()))}</option> }
    };
    view! {
        <select
            class="input"
            aria-label="How many lines to begin with"
            prop:value=move || tail.get().to_string()
            on:change:target=move |event| {
                if let Ok(lines) = event.target().value().parse() {
                    on_tail.run(lines);
                }
            }
        >
            {TAILS.map(option).collect_view()}
        </select>
    }
    .into_any()
}

/// Why no more lines come, while there are some.
#[component]
fn Broken(following: ReadSignal<Following>, view: View) -> impl IntoView {
    let problem = Memo::new(move |_| match following.get() {
        Following::Broken(problem) | Following::Refused(problem) if view.lines.get() > 0 => Some(problem),
        _ => None,
    });
    move || problem.get().map(|problem| view! { <Callout tone=Tone::Warn title="The log is not followed now">{problem.to_string()}</Callout> })
}

/// What stands in the place of the lines while there are none.
#[component]
fn Nothing(following: ReadSignal<Following>, view: View) -> impl IntoView {
    let none = Memo::new(move |_| view.lines.get() == 0);
    move || {
        if !none.get() {
            return ().into_any();
        }
        match following.get() {
            Following::Opening => view! { <p class="log-nothing" role="status">"Reading the log"</p> }.into_any(),
            Following::Live => view! { <p class="log-nothing">"Nothing has been printed so far. New lines show here."</p> }.into_any(),
            Following::Ended => view! { <p class="log-nothing">"Nothing was printed."</p> }.into_any(),
            Following::Broken(problem) | Following::Refused(problem) => {
                view! { <div class="log-nothing"><ProblemView problem=problem/></div> }.into_any()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{counted, jump};

    #[test]
    fn lines_are_counted_in_words() {
        assert_eq!(counted(1, 0), "1 line");
        assert_eq!(counted(5000, 1200), "5,000 lines. 1,200 older ones have left this page; the download has them.");
        assert_eq!(jump(0), "Jump to the latest");
        assert_eq!(jump(1234), "Jump to the latest (1,234 new lines)");
    }
}
