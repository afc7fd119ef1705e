//! One network: what it is, and which containers are on it.

use std::time::Duration;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::connect::ConnectButton;
use super::list::about;
use super::remove::RemoveButton;
use crate::api::events::{EventQuery, EventsFollow};
use crate::api::networks::{ConnectInput, Member, NetworkDetail, NetworkDisconnect, NetworkGet};
use crate::api::session::Whose;
use crate::api::{Empty, Problem, fill};
use crate::client::{Client, follow};
use crate::pages::containers::label_list;
use crate::ui::format::{count, short_id};
use crate::ui::time::{Debounce, poll};
use crate::ui::{Ask, Card, Confirm, CopyButton, EmptyState, Facts, Kind, PageHead, Rows, SkeletonText, Time, icons};
use crate::widgets::{ByEngine, GateButton, Loaded, use_act};

const SOON: Duration = Duration::from_millis(500);
const REFRESH: Duration = Duration::from_secs(30);

#[component]
pub fn NetworkPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    view! {
        <ByEngine let:engine>
            {move || view! { <One engine=engine.clone() id=id.get()/> }}
        </ByEngine>
    }
    .into_any()
}

#[component]
fn One(engine: String, id: String) -> impl IntoView {
    let client = Client::get();
    let detail = {
        let engine = engine.clone();
        Resource::new(|| (), move |()| client.call::<NetworkGet>(&[&engine, &id], &Empty {}))
    };
    keep_fresh(engine.clone(), detail);
    let after = Callback::new(move |()| detail.refetch());
    let list = format!("/on/{engine}/networks");
    let navigate = use_navigate();
    let gone = {
        let list = list.clone();
        Callback::new(move |()| navigate(&list, NavigateOptions::default()))
    };
    let engine = Signal::stored(engine);
    view! {
        // Until it is known what it is called, and when it cannot be read.
        <Title text="Network"/>
        <Loaded resource=detail skeleton=Waiting let:detail>
            <Head engine=engine list=list.clone() detail=detail after=after gone=gone/>
            <div class="stack">
                <Members engine=engine detail=detail after=after/>
                <div class="columns">
                    <Card title="What it is"><What detail=detail/></Card>
                    <Card title="Labels"><Labels detail=detail/></Card>
                </div>
            </div>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Waiting() -> impl IntoView {
    view! {
        <PageHead title="Network"/>
        <Card><SkeletonText lines=5/></Card>
    }
    .into_any()
}

/// Reads it again soon after something joined or left a network.
fn keep_fresh(engine: String, detail: Resource<Result<NetworkDetail, Problem>>) {
    let soon = Debounce::new(SOON);
    poll(REFRESH, move || detail.refetch());
    let target = move || {
        let input = EventQuery { kind: Some("network".to_owned()), since: None };
        Some((vec![engine.clone()], input))
    };
    follow::<EventsFollow>(target, move |_| soon.run(move || detail.refetch()));
}

#[component]
fn Head(engine: Signal<String>, list: String, detail: Signal<NetworkDetail>, after: Callback<()>, gone: Callback<()>) -> impl IntoView {
    let title = Memo::new(move |_| detail.with(|detail| detail.summary.name.clone()));
    let about = Signal::derive(move || detail.with(|detail| format!("{}, {}", detail.summary.driver, about(&detail.summary))));
    // What holds it are those who are on it now.
    let network = Signal::derive(move || {
        detail.with(|detail| {
            let mut network = detail.summary.clone();
            network.used_by = detail.members.iter().map(|member| member.name.clone()).collect();
            network
        })
    });
    view! {
        <PageHead title=title back=(list, "Networks".to_owned()) about=about>
            <RemoveButton engine=engine network=network wide=true after=gone/>
            <ConnectButton engine=engine detail=detail after=after/>
        </PageHead>
    }
    .into_any()
}

#[component]
fn Members(engine: Signal<String>, detail: Signal<NetworkDetail>, after: Callback<()>) -> impl IntoView {
    let members = Signal::derive(move || detail.with(|detail| detail.members.clone()));
    let empty = Memo::new(move |_| detail.with(|detail| detail.members.is_empty()));
    let nothing = || {
        let detail = "Containers that run and are connected to it show here.".to_owned();
        view! { <EmptyState icon=icons::NETWORK title="Nothing is on it" detail=Signal::stored(detail)/> }
    };
    view! {
        <Show when=move || !empty.get() fallback=nothing>
            <div class="table-box" tabindex="0" role="region" aria-label="Containers on this network">
                <table class="table cards">
                    <thead>
                        <tr>
                            <th scope="col">"Container"</th>
                            <th scope="col">"Address"</th>
                            <th scope="col"><span class="unseen">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=members key=|member: &Member| member.container.clone() row=move |member| view! {
                            <MemberRow engine=engine detail=detail member=member after=after/>
                        }/>
                    </tbody>
                </table>
            </div>
            <p class="list-note">{move || format!("{} on it.", count(members.with(Vec::len), "container"))}</p>
        </Show>
    }
    .into_any()
}

#[component]
fn MemberRow(engine: Signal<String>, detail: Signal<NetworkDetail>, member: Signal<Member>, after: Callback<()>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let name = Signal::derive(move || member.with(|member| member.name.clone()));
    let href = move || member.with(|member| fill("/on/{engine}/containers/{id}", &[&engine.get(), &member.container]));
    let label = Signal::derive(move || format!("Disconnect {}", name.get()));
    let whose = Signal::derive(move || detail.with(|detail| Whose::labelled(detail.summary.project.as_deref())));
    let press = Callback::new(move |()| {
        let engine = engine.get_untracked();
        let (id, network) = detail.with_untracked(|detail| (detail.summary.id.clone(), detail.summary.name.clone()));
        let Member { container, name, .. } = member.get_untracked();
        let ask = Ask::new(format!("Disconnect {name}?"), "Disconnect")
            .loses(format!("Its connections over {network} break, and nobody reaches it there by name."));
        confirm.ask(ask, move || {
            let done = format!("Disconnected {name} from {network}.");
            let input = ConnectInput { container: container.clone() };
            act.run::<NetworkDisconnect>(&[&engine, &id], &input, done, move |_| after.run(()));
        });
    });
    let busy = act.busy();
    view! {
        <tr>
            <td class="main">
                <a class="name" href=href>{move || name.get()}</a>
                <span class="sub mono">{move || member.with(|member| short_id(&member.container))}</span>
            </td>
            <td data-label="Address"><code>{move || member.with(|member| member.address.clone())}</code></td>
            <td class="actions">
                <GateButton permission="engine.network.connect" engine=engine whose=whose label=label kind=Kind::Quiet icon=icons::CLOSE icon_only=true
                    busy=busy on_press=press/>
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn What(detail: Signal<NetworkDetail>) -> impl IntoView {
    let id = Memo::new(move |_| detail.with(|detail| detail.summary.id.clone()));
    let subnets = move || {
        let subnets = detail.with(|detail| detail.summary.subnets.join(", "));
        if subnets.is_empty() { view! { <span class="none">"None"</span> }.into_any() } else { view! { <code>{subnets}</code> }.into_any() }
    };
    let project = move || detail.with(|detail| detail.summary.project.clone()).map(|project| view! { <dt>"Project"</dt><dd>{project}</dd> });
    let created = move || detail.with(|detail| detail.summary.created_at).map(|at| view! { <dt>"Created"</dt><dd><Time at=at/></dd> });
    view! {
        <Facts>
            <dt>"Id"</dt>
            <dd class="with-copy"><code>{move || id.with(|id| short_id(id))}</code><CopyButton text=id label="Copy the id"/></dd>
            <dt>"Subnets"</dt>
            <dd>{subnets}</dd>
            <dt>"Reaches the outside"</dt>
            <dd>{move || if detail.with(|detail| detail.summary.internal) { "No" } else { "Yes" }}</dd>
            {project}
            {created}
        </Facts>
    }
    .into_any()
}

#[component]
fn Labels(detail: Signal<NetworkDetail>) -> impl IntoView {
    let labels = Memo::new(move |_| detail.with(|detail| detail.summary.labels.clone()));
    move || label_list(labels.get())
}
