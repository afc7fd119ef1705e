//! One container: its head, its tabs, and the tab that the address names.

use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use super::actions::{ContainerActions, container_tone};
use super::changes::Changes;
use super::inspect::Inspect;
use super::logs::Logs;
use super::processes::ProcessList;
use super::rename::RenameButton;
use super::stats::Stats;
use super::summary::Summary;
use super::terminal::Terminal;
use crate::api::containers::{ContainerDetail, ContainerGet};
use crate::api::events::{EventQuery, EventsFollow};
use crate::api::session::Whose;
use crate::api::{Empty, Problem, fill};
use crate::client::{Client, follow};
use crate::ui::time::{Debounce, poll};
use crate::ui::{Card, PageHead, SkeletonText, StateDot, Tab, Tabs};
use crate::widgets::{ByEngine, Gate, Loaded};

/// What happens together is read together.
const SOON: Duration = Duration::from_millis(300);
/// In case an event was missed.
const REFRESH: Duration = Duration::from_secs(15);

const TABS: [(&str, &str); 7] = [
    ("", "Summary"),
    ("logs", "Logs"),
    ("stats", "Usage"),
    ("terminal", "Terminal"),
    ("processes", "Processes"),
    ("changes", "Changed files"),
    ("inspect", "Inspect"),
];

#[component]
pub fn ContainerPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    view! {
        <ByEngine let:engine>
            // Another container is another page: nothing of the one shows under the other's name.
            {move || view! { <One engine=engine.clone() id=id.get()/> }}
        </ByEngine>
    }
    .into_any()
}

#[component]
fn One(engine: String, id: String) -> impl IntoView {
    let client = Client::get();
    // The address may hold its name, and names change while one looks: then it is known by its id.
    let known = StoredValue::new(id.clone());
    let detail = {
        let engine = engine.clone();
        Resource::new(|| (), move |()| client.call::<ContainerGet>(&[&engine, &known.get_value()], &Empty {}))
    };
    keep_fresh(engine.clone(), known, detail);
    let base = fill("/on/{engine}/containers/{id}", &[&engine, &id]);
    let tabs: Vec<Tab> = TABS.iter().map(|(tab, words)| Tab::new(address(&base, tab), *words)).collect();
    let tabs = Signal::stored(tabs);
    let engine = Signal::stored(engine);
    view! {
        // Until it is known what it is called, and when it cannot be read.
        <Title text="Container"/>
        <Loaded resource=detail skeleton=Waiting let:detail_now>
            {known.set_value(detail_now.with_untracked(|detail| detail.summary.id.clone()))}
            <Head engine=engine detail=detail_now resource=detail/>
            <Tabs label="Container" tabs=tabs/>
            <Body engine=engine detail=detail_now/>
        </Loaded>
    }
    .into_any()
}

/// Of the size of the head and the summary.
#[component]
fn Waiting() -> impl IntoView {
    view! {
        <PageHead title="Container"/>
        <div class="columns">
            <Card><SkeletonText lines=8/></Card>
            <Card><SkeletonText lines=8/></Card>
        </div>
    }
    .into_any()
}

fn address(base: &str, tab: &str) -> String {
    if tab.is_empty() { base.to_owned() } else { format!("{base}?tab={tab}") }
}

/// Reads the container again when something happened to it.
fn keep_fresh(engine: String, known: StoredValue<String>, detail: Resource<Result<ContainerDetail, Problem>>) {
    let soon = Debounce::new(SOON);
    poll(REFRESH, move || detail.refetch());
    let target = move || {
        let input = EventQuery { kind: Some("container".to_owned()), since: None };
        Some((vec![engine.clone()], input))
    };
    follow::<EventsFollow>(target, move |event| {
        let ours = known.with_value(|id| event.id == *id || event.name == *id || event.id.starts_with(id));
        if ours && !event.action.starts_with("exec_") && event.action != "top" {
            soon.run(move || detail.refetch());
        }
    });
}

#[component]
fn Head(engine: Signal<String>, detail: Signal<ContainerDetail>, resource: Resource<Result<ContainerDetail, Problem>>) -> impl IntoView {
    let container = Signal::derive(move || detail.with(|detail| detail.summary.clone()));
    let name = Memo::new(move |_| detail.with(|detail| detail.summary.name.clone()));
    let about = Signal::derive(move || detail.with(|detail| detail.summary.image.clone()));
    let tone = Signal::derive(move || detail.with(|detail| container_tone(&detail.summary.state, detail.summary.health.as_deref())));
    let state = Signal::derive(move || detail.with(state_words));
    let list = format!("/on/{}/containers", engine.get_untracked());
    let after = Callback::new(move |()| resource.refetch());
    let navigate = use_navigate();
    let gone = {
        let list = list.clone();
        Callback::new(move |()| navigate(&list, NavigateOptions::default()))
    };
    view! {
        <PageHead title=name back=(list, "Containers".to_owned()) about=about>
            <StateDot text=state tone=tone/>
            <RenameButton engine=engine container=container after=after/>
            <ContainerActions engine=engine container=container wide=true after=after gone=gone/>
        </PageHead>
    }
    .into_any()
}

/// `running, healthy`, `exited with code 137`.
fn state_words(detail: &ContainerDetail) -> String {
    let summary = &detail.summary;
    match (summary.state.as_str(), summary.health.as_deref(), detail.exit_code) {
        ("running", Some(health), _) => format!("running, {health}"),
        ("exited" | "dead", _, Some(code)) => format!("{} with code {code}", summary.state),
        _ => summary.state.clone(),
    }
}

/// The tab that the address names.
#[component]
fn Body(engine: Signal<String>, detail: Signal<ContainerDetail>) -> impl IntoView {
    let query = use_query_map();
    let tab = Memo::new(move |_| query.with(|query| query.get("tab")).unwrap_or_default());
    let whose = Signal::derive(move || detail.with(|detail| Whose::labelled(detail.summary.project.as_deref())));
    let draw = move |tab: &str| match tab {
        "logs" => view! { <Gate permission="engine.container.logs" engine=engine whose=whose><Logs engine=engine detail=detail/></Gate> }.into_any(),
        "stats" => {
            view! { <Gate permission="engine.container.stats" engine=engine whose=whose><Stats engine=engine detail=detail/></Gate> }.into_any()
        }
        "terminal" => {
            view! { <Gate permission="engine.container.exec" engine=engine whose=whose><Terminal engine=engine detail=detail/></Gate> }.into_any()
        }
        "processes" => {
            view! { <Gate permission="engine.container.processes" engine=engine whose=whose><ProcessList engine=engine detail=detail/></Gate> }
                .into_any()
        }
        "changes" => {
            view! { <Gate permission="engine.container.changes" engine=engine whose=whose><Changes engine=engine detail=detail/></Gate> }.into_any()
        }
        "inspect" => view! { <Inspect detail=detail/> }.into_any(),
        _ => view! { <Summary engine=engine detail=detail/> }.into_any(),
    };
    move || {
        let tab = tab.get();
        untrack(|| draw(&tab))
    }
}
