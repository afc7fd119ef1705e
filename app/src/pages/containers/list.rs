//! The list of an engine's containers. The model of every list: state in the address, pages from the server, live.

use std::collections::BTreeSet;
use std::time::Duration;

use leptos::prelude::*;

use super::actions::STOPPED;
use super::row::Row;
use crate::api::Empty;
use crate::api::Page;
use crate::api::containers::{
    Container, ContainerKill, ContainerList, ContainerRemove, ContainerRestart, ContainerStart, ContainerStop, KillInput, RemoveInput, StopInput,
};
use crate::api::events::{EventQuery, EventsFollow};
use crate::api::session::Whose;
use crate::client::{Client, Following, follow};
use crate::ui::format::{count, grouped};
use crate::ui::palette::Command;
use crate::ui::time::{Debounce, poll};
use crate::ui::{Ask, Button, Confirm, EmptyState, Kind, LinkButton, PageHead, Rows, SearchBox, SelectAll, SkeletonRows, SortHeader, icons};
use crate::widgets::{ByEngine, GateButton, GateLink, ListState, LiveMark, Loaded, NextPages, Target, offer_commands, use_act, use_me};

/// What happens together is read together.
const SOON: Duration = Duration::from_millis(500);
/// Figures are measured every few seconds; reading them more often shows nothing new.
const REFRESH: Duration = Duration::from_secs(5);
const STATES: [&str; 7] = ["running", "exited", "created", "paused", "restarting", "removing", "dead"];

type Listed = Resource<Result<Page<Container>, crate::api::Problem>>;

#[component]
pub fn Containers() -> impl IntoView {
    view! { <ByEngine let:engine><List engine=engine/></ByEngine> }.into_any()
}

#[component]
fn List(engine: String) -> impl IntoView {
    let state = ListState::in_address("name", &["state", "label"]);
    let query = state.query();
    let client = Client::get();
    let containers: Listed = {
        let engine = engine.clone();
        Resource::new(move || query.get(), move |query| client.call::<ContainerList>(&[&engine], &query))
    };
    let selected = RwSignal::new(BTreeSet::<String>::new());
    Effect::new(move || {
        query.track();
        selected.set(BTreeSet::new());
    });
    let following = keep_fresh(engine.clone(), containers);
    let new_page = format!("/on/{engine}/containers/new");
    {
        let (engine, new_page) = (engine.clone(), new_page.clone());
        offer_commands(move || vec![Command::go("Here", "New container", engine.clone(), icons::PLUS, new_page.clone())]);
    }
    let about = Signal::stored(format!("On {engine}"));
    let engine = Signal::stored(engine);
    view! {
        <PageHead title="Containers" about=about>
            <LiveMark following=following/>
            <GateLink permission="engine.container.create" engine=engine href=new_page label="New container" kind=Kind::Primary icon=icons::PLUS/>
        </PageHead>
        <Filters state=state/>
        <Loaded resource=containers skeleton=|| view! { <SkeletonRows rows=10 columns=7/> } let:page>
            <Found engine=engine page=page state=state selected=selected containers=containers/>
        </Loaded>
    }
    .into_any()
}

/// Reads the list again soon after something happened on the engine, and every few seconds for the figures.
fn keep_fresh(engine: String, containers: Listed) -> ReadSignal<Following> {
    let soon = Debounce::new(SOON);
    poll(REFRESH, move || containers.refetch());
    let target = move || {
        let input = EventQuery { kind: Some("container".to_owned()), since: None };
        Some((vec![engine.clone()], input))
    };
    follow::<EventsFollow>(target, move |event| {
        // Health checks and terminals come and go without changing the list.
        if !event.action.starts_with("exec_") && event.action != "top" {
            soon.run(move || containers.refetch());
        }
    })
}

#[component]
fn Filters(state: ListState) -> impl IntoView {
    let chosen = state.facet("state");
    let label = state.facet("label");
    let options = STATES
        .map(|name| {
            view! { <option value=name selected=move || chosen.get() == name>{name}</option> }
        })
        .collect_view();
    view! {
        <div class="toolbar">
            <SearchBox label="Search names, images and labels" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
            <select
                class="input"
                aria-label="State"
                prop:value=move || chosen.get()
                on:change:target=move |event| state.set_facet("state", &event.target().value())
            >
                <option value="">"Any state"</option>
                {options}
            </select>
            <input
                class="input mono label-filter"
                aria-label="Label"
                placeholder="label=value"
                autocomplete="off"
                spellcheck="false"
                prop:value=move || label.get()
                on:change:target=move |event| state.set_facet("label", event.target().value().trim())
            />
            <Show when=move || state.narrowed().get()>
                <Button label="Clear" kind=Kind::Quiet icon=icons::CLOSE on_press=Callback::new(move |()| state.clear())/>
            </Show>
        </div>
    }
    .into_any()
}

#[component]
fn Found(
    engine: Signal<String>,
    page: Signal<Page<Container>>,
    state: ListState,
    selected: RwSignal<BTreeSet<String>>,
    containers: Listed,
) -> impl IntoView {
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let ids = Signal::derive(move || page.with(|page| page.items.iter().map(|c| c.id.clone()).collect::<Vec<_>>()));
    let empty = Memo::new(move |_| page.with(|page| page.items.is_empty()));
    let summary = Signal::derive(move || {
        page.with(|page| match page.total {
            Some(total) if total as usize > page.items.len() => format!("{} of {}", page.items.len(), count_of(total)),
            _ => count(page.items.len(), "container"),
        })
    });
    let after = Callback::new(move |()| containers.refetch());
    let (sort, on_sort) = (state.sort(), state.on_sort());
    view! {
        <Show when=move || !empty.get() fallback=move || view! { <Nothing engine=engine state=state/> }>
            <div class="table-box" tabindex="0" role="region" aria-label="Containers">
                <table class="table cards">
                    <thead>
                        <tr>
                            <th class="select"><SelectAll ids=ids selected=selected/></th>
                            <SortHeader field="name" label="Name" sort=sort on_sort=on_sort/>
                            <SortHeader field="state" label="State" sort=sort on_sort=on_sort/>
                            <SortHeader field="cpu" label="CPU" sort=sort on_sort=on_sort down=true/>
                            <SortHeader field="memory" label="Memory" sort=sort on_sort=on_sort down=true/>
                            <th scope="col">"Ports"</th>
                            <th scope="col">"Project"</th>
                            <SortHeader field="created_at" label="Created" sort=sort on_sort=on_sort down=true/>
                            <th scope="col"><span class="unseen">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=items key=|c: &Container| c.id.clone() row=move |container| view! {
                            <Row engine=engine container=container selected=selected after=after/>
                        }/>
                    </tbody>
                </table>
            </div>
            <Bulk engine=engine items=items selected=selected after=after/>
            <NextPages page=page state=state summary=summary/>
        </Show>
    }
    .into_any()
}

fn count_of(total: u64) -> String {
    if total == 1 { "1 container".to_owned() } else { format!("{} containers", grouped(total)) }
}

/// An empty list: nothing there yet, nothing that fits, or a page that has emptied.
#[component]
fn Nothing(engine: Signal<String>, state: ListState) -> impl IntoView {
    move || {
        if state.narrowed().get() {
            view! {
                <EmptyState icon=icons::SEARCH title="No container fits" detail=Signal::stored("Loosen the search or the filters.".to_owned())>
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
            let href = Signal::derive(move || format!("/on/{}/containers/new", engine.get()));
            let detail = "Make one here, or run one with the docker command line through Pilothouse.".to_owned();
            view! {
                <EmptyState icon=icons::BOX title="No containers yet" detail=Signal::stored(detail)>
                    <GateLink permission="engine.container.create" engine=engine href=href label="New container" kind=Kind::Primary icon=icons::PLUS/>
                    <LinkButton href="/use-docker" label="Use docker here" icon=icons::TERMINAL/>
                </EmptyState>
            }
            .into_any()
        }
    }
}

/// What can be done to the selected ones at once.
#[component]
fn Bulk(engine: Signal<String>, items: Signal<Vec<Container>>, selected: RwSignal<BTreeSet<String>>, after: Callback<()>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let busy = act.busy();
    let chosen = Memo::new(move |_| {
        let keep = |c: &&Container| selected.with(|s| s.contains(&c.id));
        items.with(|items| items.iter().filter(keep).map(|c| (c.id.clone(), c.name.clone())).collect::<Vec<_>>())
    });
    let me = use_me();
    // One of them that may not be touched is enough: nothing is done by half on purpose.
    let lacks = move |permission: &'static str| {
        let me = me.clone();
        Signal::derive(move || {
            let engine = engine.get();
            let why = |c: &Container| {
                let why = me.lacks_for(permission, Some(&engine), &Whose::labelled(c.project.as_deref()))?;
                Some(format!("for {}, {why}", c.name))
            };
            items.with(|items| items.iter().filter(|c| selected.with(|s| s.contains(&c.id))).find_map(why))
        })
    };
    // What is asked about is what will be done, whatever is selected by then.
    let targets = move || {
        let engine = engine.get_untracked();
        let target = |(id, name)| Target { params: vec![engine.clone(), id], name };
        chosen.get_untracked().into_iter().map(target).collect::<Vec<_>>()
    };
    let done = move || {
        selected.set(BTreeSet::new());
        after.run(());
    };
    let ask = |verb: &str, targets: &[Target]| Ask::new(format!("{verb} {}?", count(targets.len(), "container")), verb).loses(listed(targets));
    let start = Callback::new(move |()| act.run_all::<ContainerStart>(targets(), Empty {}, "Started", "container", done));
    let stop = Callback::new(move |()| {
        let targets = targets();
        confirm.ask(ask("Stop", &targets).loses(STOPPED), move || {
            act.run_all::<ContainerStop>(targets.clone(), StopInput::default(), "Stopped", "container", done);
        });
    });
    let restart = Callback::new(move |()| {
        let targets = targets();
        let ask = ask("Restart", &targets).loses("What they are doing now is cut off, and their connections close.");
        confirm.ask(ask, move || {
            act.run_all::<ContainerRestart>(targets.clone(), StopInput::default(), "Restarted", "container", done);
        });
    });
    let kill = Callback::new(move |()| {
        let targets = targets();
        let ask = ask("Kill", &targets).loses("They get no time to finish: what they have not written to disk is lost.");
        confirm.ask(ask, move || {
            act.run_all::<ContainerKill>(targets.clone(), KillInput::default(), "Killed", "container", done);
        });
    });
    let remove = Callback::new(move |()| {
        let targets = targets();
        let ask = ask("Remove", &targets)
            .loses("Their writable layers: every file changed since they were made, and their logs.")
            .loses("Those that run are killed first, without time to finish.")
            .tick("Remove their anonymous volumes too, with what is in them")
            .retype(targets.len().to_string());
        confirm.ask_ticked(ask, move |volumes| {
            let input = RemoveInput { force: true, volumes };
            act.run_all::<ContainerRemove>(targets.clone(), input, "Removed", "container", done);
        });
    });
    view! {
        <Show when=move || chosen.with(|c| !c.is_empty())>
            <div class="bulk-bar" role="region" aria-label="Selected containers">
                <strong>{move || format!("{} selected", chosen.with(Vec::len))}</strong>
                <GateButton permission="engine.container.start" engine=engine reason=lacks("engine.container.start") label="Start" icon=icons::PLAY busy=busy on_press=start/>
                <GateButton permission="engine.container.stop" engine=engine reason=lacks("engine.container.stop") label="Stop" icon=icons::STOP busy=busy on_press=stop/>
                <GateButton permission="engine.container.restart" engine=engine reason=lacks("engine.container.restart") label="Restart" icon=icons::RESTART busy=busy on_press=restart/>
                <GateButton permission="engine.container.kill" engine=engine reason=lacks("engine.container.kill") label="Kill" icon=icons::SKULL busy=busy on_press=kill/>
                <GateButton permission="engine.container.remove" engine=engine reason=lacks("engine.container.remove") label="Remove" icon=icons::TRASH kind=Kind::Danger busy=busy on_press=remove/>
                <Button label="Clear the selection" kind=Kind::Quiet icon=icons::CLOSE icon_only=true on_press=Callback::new(move |()| selected.set(BTreeSet::new()))/>
            </div>
        </Show>
    }
    .into_any()
}

/// The first names, and how many more.
fn listed(targets: &[Target]) -> String {
    const NAMED: usize = 8;
    let mut text = targets.iter().take(NAMED).map(|t| t.name.clone()).collect::<Vec<_>>().join(", ");
    if targets.len() > NAMED {
        text.push_str(&format!(" and {} more", targets.len() - NAMED));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Target, listed};

    #[test]
    fn many_names_are_counted() {
        let targets: Vec<Target> = (0..10).map(|n| Target { params: vec![], name: format!("c{n}") }).collect();
        assert_eq!(listed(&targets), "c0, c1, c2, c3, c4, c5, c6, c7 and 2 more");
        assert_eq!(listed(&targets[..1]), "c0");
    }
}
