//! One robot: its tokens, what it may do, and letting it in or not.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::tokens::Tokens;
use crate::api::people::{Robot, RobotDelete, RobotList, RobotUpdate, RobotUpdateInput};
use crate::api::{Code, Empty, ListQuery, Problem};
use crate::client::Client;
use crate::pages::access::{HeldCard, Holder, declared_reason, read_held};
use crate::ui::{Ask, Badge, Card, Confirm, Kind, PageHead, SkeletonText, Time, Tone, icons};
use crate::widgets::{DockerLogin, GateButton, Loaded, use_act};

type Read = Resource<Result<Robot, Problem>>;

#[component]
pub fn RobotPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|params| params.get("robot")).unwrap_or_default());
    move || view! { <One name=name.get()/> }
}

#[component]
fn One(name: String) -> impl IntoView {
    let client = Client::get();
    let robot: Read = {
        let name = name.clone();
        let query = ListQuery { limit: Some(500), filter: Some(name.clone()), ..ListQuery::default() };
        Resource::new(
            || (),
            move |()| {
                let (call, name) = (client.call::<RobotList>(&[], &query), name.clone());
                async move {
                    // The search finds parts of names too.
                    let found = call.await?.items.into_iter().find(|robot| robot.name == name);
                    found.ok_or_else(|| Problem::new(Code::NotFound, format!("There is no robot {name}.")))
                }
            },
        )
    };
    view! {
        <PageHead title=name back=("/robots".to_owned(), "Robots".to_owned())/>
        <Loaded resource=robot skeleton=|| view! { <SkeletonText lines=8/> } let:shown>
            <Found robot=shown read=robot/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(robot: Signal<Robot>, read: Read) -> impl IntoView {
    let (name, declared) = robot.with_untracked(|robot| (robot.name.clone(), robot.declared));
    let disabled = Memo::new(move |_| robot.with(|robot| robot.disabled));
    let state = Signal::derive(move || if disabled.get() { "Disabled" } else { "Active" }.to_owned());
    let tone = Signal::derive(move || if disabled.get() { Tone::Warn } else { Tone::Good });
    let (holder, of_login) = (Holder::Robot(name.clone()), name.clone());
    let grants = read_held(holder.clone(), Vec::new());
    view! {
        <div class="form robot">
            <p class="muted">
                <Badge text=state tone=tone/>" "
                {declared.then(|| view! { <Badge text="declared" tone=Tone::Info/> })}
                " Added "<Time at=Signal::derive(move || robot.with(|robot| robot.created_at))/>
            </p>
            <Tokens robot=name.clone()/>
            <HeldCard holder=holder grants=grants nothing="Nothing yet: it holds no role, and its tokens open nothing."/>
            <Card title="Push and pull with docker"><DockerLogin robot=of_login/></Card>
            <Access name=name disabled=disabled declared=declared read=read/>
        </div>
    }
    .into_any()
}

/// Letting it in or not, and removing it.
#[component]
fn Access(name: String, disabled: Memo<bool>, declared: bool, read: Read) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let navigate = StoredValue::new(use_navigate());
    let busy = act.busy();
    let kept = Signal::stored(declared_reason(declared));
    let switch = {
        let name = name.clone();
        Callback::new(move |()| {
            let name = name.clone();
            if disabled.get_untracked() {
                let done = format!("The tokens of {name} work again.");
                return act.run::<RobotUpdate>(&[&name], &RobotUpdateInput { disabled: false }, done, move |_| read.refetch());
            }
            let ask = Ask::new(format!("Disable robot {name}?"), "Disable")
                .loses("Its tokens do not work until it is enabled again, and everything that uses them stops.")
                .loses("Its live streams end at once; its roles are kept.");
            confirm.ask(ask, move || {
                act.run::<RobotUpdate>(&[&name], &RobotUpdateInput { disabled: true }, format!("Disabled {name}."), move |_| read.refetch());
            });
        })
    };
    let remove = Callback::new(move |()| {
        let name = name.clone();
        let ask = Ask::new(format!("Remove robot {name}?"), "Remove")
            .loses("Its roles and tokens are deleted, it leaves its teams, and everything that uses those tokens stops.")
            .loses("What it did stays in the audit trail, under its name.")
            .retype(name.clone());
        confirm.ask(ask, move || {
            act.run::<RobotDelete>(&[&name], &Empty {}, format!("Removed {name}."), move |_| {
                navigate.with_value(|navigate| navigate("/robots", NavigateOptions::default()));
            });
        });
    });
    let word = Signal::derive(move || if disabled.get() { "Enable" } else { "Disable" }.to_owned());
    let icon = Signal::derive(move || if disabled.get() { icons::CHECK } else { icons::LOCK });
    view! {
        <Card title="Access">
            <p class="muted">"Disabling keeps everything and stops its tokens. Removing cannot be undone."</p>
            <div class="form-actions">
                <GateButton permission="system.robot.update" label=word icon=icon busy=busy on_press=switch/>
                <GateButton permission="system.robot.delete" label="Remove" kind=Kind::Danger icon=icons::TRASH reason=kept busy=busy on_press=remove/>
            </div>
        </Card>
    }
    .into_any()
}
