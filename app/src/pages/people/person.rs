//! One person: what they may do, their password, and letting them in or not.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::factors::ResetFactors;
use super::password::SetPassword;
use super::teams::Teams;
use super::view_as::ViewAs;
use crate::api::people::{User, UserDelete, UserList, UserUpdate, UserUpdateInput};
use crate::api::{Code, Empty, ListQuery, Problem};
use crate::client::Client;
use crate::pages::access::{HeldCard, Holder, declared_reason, read_held};
use crate::ui::{Ask, Badge, Card, Confirm, Kind, PageHead, SkeletonText, Time, Tone, icons};
use crate::widgets::{Gate, GateButton, Loaded, use_act, use_me};

type Read = Resource<Result<User, Problem>>;

#[component]
pub fn Person() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|params| params.get("user")).unwrap_or_default());
    move || view! { <One username=name.get()/> }
}

#[component]
fn One(username: String) -> impl IntoView {
    let client = Client::get();
    let user: Read = {
        let username = username.clone();
        let query = ListQuery { limit: Some(500), filter: Some(username.clone()), ..ListQuery::default() };
        Resource::new(
            || (),
            move |()| {
                let (call, username) = (client.call::<UserList>(&[], &query), username.clone());
                async move {
                    // The search finds parts of names too.
                    let found = call.await?.items.into_iter().find(|user| user.username == username);
                    found.ok_or_else(|| Problem::new(Code::NotFound, format!("There is no user {username}.")))
                }
            },
        )
    };
    view! {
        <PageHead title=username back=("/people".to_owned(), "People".to_owned())/>
        <Loaded resource=user skeleton=|| view! { <SkeletonText lines=8/> } let:shown>
            <Found user=shown read=user/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(user: Signal<User>, read: Read) -> impl IntoView {
    let name = user.with_untracked(|user| user.username.clone());
    let disabled = Memo::new(move |_| user.with(|user| user.disabled));
    let state = Signal::derive(move || if disabled.get() { "Disabled" } else { "Active" }.to_owned());
    let tone = Signal::derive(move || if disabled.get() { Tone::Warn } else { Tone::Good });
    let (declared, without_password) = user.with_untracked(|user| (user.declared, !user.has_password));
    let is_me = name == use_me().username();
    let holder = Holder::Person(name.clone());
    let grants = read_held(holder.clone(), user.with_untracked(|user| user.teams.clone()));
    let (for_password, for_factors, for_view, for_access) = (name.clone(), name.clone(), name.clone(), name);
    view! {
        <div class="form person">
            <div class="person-line">
                <p class="muted">
                    <Badge text=state tone=tone/>" "
                    {is_me.then(|| view! { <Badge text="this is you" tone=Tone::Info/> })}" "
                    {declared.then(|| view! { <Badge text="declared" tone=Tone::Info/> })}" "
                    {without_password.then(|| view! { <Badge text="no password"/> })}
                    " Added "<Time at=Signal::derive(move || user.with(|user| user.created_at))/>
                </p>
                <ViewAs username=for_view disabled=disabled is_me=is_me/>
            </div>
            <HeldCard holder=holder grants=grants nothing="Nothing yet: they hold no role. They can sign in, and see an empty console."/>
            <Teams teams=Signal::derive(move || user.with(|user| user.teams.clone()))/>
            <Gate permission="system.user.update" silent=true><SetPassword username=for_password.clone()/></Gate>
            <Gate permission="system.user.update" silent=true><ResetFactors username=for_factors.clone()/></Gate>
            <Access username=for_access disabled=disabled is_me=is_me declared=declared read=read/>
        </div>
    }
    .into_any()
}

/// Letting them in or not, and removing them.
#[component]
fn Access(username: String, disabled: Memo<bool>, is_me: bool, declared: bool, read: Read) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let navigate = StoredValue::new(use_navigate());
    let busy = act.busy();
    let own = Signal::stored(is_me.then(|| "this is you: you would lock yourself out".to_owned()));
    let kept = Signal::derive(move || own.get().or_else(|| declared_reason(declared)));
    let not_own = Signal::derive(move || own.get().filter(|_| !disabled.get()));
    let switch = {
        let username = username.clone();
        Callback::new(move |()| {
            let username = username.clone();
            if disabled.get_untracked() {
                let input = UserUpdateInput { disabled: Some(false), password: None };
                let done = format!("{username} may sign in again.");
                return act.run::<UserUpdate>(&[&username], &input, done, move |_| read.refetch());
            }
            let ask = Ask::new(format!("Disable {username}?"), "Disable")
                .loses("They cannot sign in, and their sessions and streams end at once.")
                .loses("Their tokens do not work until they are enabled again; their roles are kept.");
            confirm.ask(ask, move || {
                let input = UserUpdateInput { disabled: Some(true), password: None };
                act.run::<UserUpdate>(&[&username], &input, format!("Disabled {username}."), move |_| read.refetch());
            });
        })
    };
    let remove = Callback::new(move |()| {
        let name = username.clone();
        let ask = Ask::new(format!("Remove {name}?"), "Remove")
            .loses("Their roles, sessions and tokens are deleted, they leave their teams, and everything that uses those tokens stops.")
            .loses("What they did stays in the audit trail, under their name.")
            .retype(name.clone());
        confirm.ask(ask, move || {
            act.run::<UserDelete>(&[&name], &Empty {}, format!("Removed {name}."), move |_| {
                navigate.with_value(|navigate| navigate("/people", NavigateOptions::default()));
            });
        });
    });
    let word = Signal::derive(move || if disabled.get() { "Enable" } else { "Disable" }.to_owned());
    let icon = Signal::derive(move || if disabled.get() { icons::CHECK } else { icons::LOCK });
    view! {
        <Card title="Access">
            <p class="muted">"Disabling keeps everything and lets nobody in by this name. Removing cannot be undone."</p>
            <div class="form-actions">
                <GateButton permission="system.user.update" label=word icon=icon reason=not_own busy=busy on_press=switch/>
                <GateButton permission="system.user.delete" label="Remove" kind=Kind::Danger icon=icons::TRASH reason=kept busy=busy on_press=remove/>
            </div>
        </Card>
    }
    .into_any()
}
