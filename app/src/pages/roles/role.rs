//! One role: what it lets one do, who has it, changing it, removing it.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::form::{RoleForm, read_permissions};
use super::group::Area;
use super::who::{Has, Who, read_grants};
use crate::api::people::{PermissionInfo, Role, RoleDelete, RoleList};
use crate::api::{Code, Empty, ListQuery, Page, Problem};
use crate::client::Client;
use crate::pages::access::{by_area, declared_reason};
use crate::ui::format::count;
use crate::ui::{Ask, Badge, Card, Confirm, Kind, PageHead, SkeletonText, Toasts, Tone, icons};
use crate::widgets::{GateButton, Loaded, use_act};

type Read = Resource<Result<Role, Problem>>;

#[component]
pub fn RolePage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|params| params.get("role")).unwrap_or_default());
    move || view! { <One name=name.get()/> }
}

#[component]
fn One(name: String) -> impl IntoView {
    let client = Client::get();
    let role: Read = {
        let name = name.clone();
        let query = ListQuery { limit: Some(500), filter: Some(name.clone()), ..ListQuery::default() };
        Resource::new(
            || (),
            move |()| {
                let (call, name) = (client.call::<RoleList>(&[], &query), name.clone());
                async move {
                    // The search finds parts of names too.
                    let found = call.await?.items.into_iter().find(|role| role.name == name);
                    found.ok_or_else(|| Problem::new(Code::NotFound, format!("There is no role {name}.")))
                }
            },
        )
    };
    view! {
        <PageHead title=name back=("/roles".to_owned(), "Roles".to_owned())/>
        <Loaded resource=role skeleton=|| view! { <SkeletonText lines=8/> } let:shown>
            <Found role=shown read=role/>
        </Loaded>
    }
    .into_any()
}

/// Why a role stays as it is.
fn fixed(role: &Role) -> Option<String> {
    let ships = role.built_in.then(|| "it ships with Pilothouse and stays as it is".to_owned());
    ships.or_else(|| declared_reason(role.declared))
}

#[component]
fn Found(role: Signal<Role>, read: Read) -> impl IntoView {
    let first = role.get_untracked();
    let editing = RwSignal::new(false);
    let toasts = Toasts::get();
    let grants = read_grants(&first.name);
    let reason = Signal::stored(fixed(&first));
    let edit = Callback::new(move |()| editing.set(true));
    let cancel = Callback::new(move |()| editing.set(false));
    let done = Callback::new(move |role: Role| {
        toasts.ok(format!("Whoever has {} holds {} now.", role.name, count(role.permissions.len(), "permission")));
        editing.set(false);
        read.refetch();
    });
    let shown = move || {
        view! {
            <div class="form">
                <div class="said">
                    <p>
                        {move || role.with(|role| role.summary.clone())}" "
                        {first.built_in.then(|| view! { <Badge text="built in"/> })}
                        {first.declared.then(|| view! { <Badge text="declared" tone=Tone::Info/> })}
                    </p>
                    <GateButton permission="system.role.update" label="Edit" icon=icons::EDIT reason=reason on_press=edit/>
                </div>
                <Holds role=role/>
                <Who grants=grants/>
                <Remove role=role grants=grants reason=reason/>
            </div>
        }
    };
    view! {
        <Show when=move || editing.get() fallback=shown>
            <RoleForm role=Some(role.get_untracked()) done=done cancel=cancel/>
        </Show>
    }
    .into_any()
}

#[component]
fn Holds(role: Signal<Role>) -> impl IntoView {
    let permissions = read_permissions();
    view! {
        <Card title="What it lets one do">
            <Loaded resource=permissions skeleton=|| view! { <SkeletonText lines=6/> } let:page>
                <Areas role=role all=page/>
            </Loaded>
        </Card>
    }
    .into_any()
}

#[component]
fn Areas(role: Signal<Role>, all: Signal<Page<PermissionInfo>>) -> impl IntoView {
    move || {
        let names = role.with(|role| role.permissions.clone());
        let held = all.with(|page| page.items.iter().filter(|permission| names.contains(&permission.name)).cloned().collect::<Vec<_>>());
        let areas = by_area(held, |permission| &permission.name).into_iter();
        view! { <div class="areas">{areas.map(|(area, permissions)| view! { <Area area=area permissions=permissions/> }).collect_view()}</div> }
    }
}

#[component]
fn Remove(role: Signal<Role>, grants: Has, reason: Signal<Option<String>>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let navigate = StoredValue::new(use_navigate());
    let busy = act.busy();
    let name = role.with_untracked(|role| role.name.clone());
    let remove = Callback::new(move |()| {
        let name = name.clone();
        let known = grants.get_untracked().and_then(Result::ok).map(|page| page.items.len());
        let goes = match known {
            Some(0) => "Nobody has it, so nobody loses anything by it.".to_owned(),
            Some(1) => "The one grant of it goes with it, and what was allowed by it ends at once.".to_owned(),
            Some(many) => format!("The {many} grants of it go with it, and what was allowed by them ends at once."),
            None => "Every grant of it goes with it, and what was allowed by them ends at once.".to_owned(),
        };
        confirm.ask(Ask::new(format!("Remove role {name}?"), "Remove").loses(goes).retype(name.clone()), move || {
            act.run::<RoleDelete>(&[&name], &Empty {}, format!("Removed role {name}."), move |_| {
                navigate.with_value(|navigate| navigate("/roles", NavigateOptions::default()));
            });
        });
    });
    view! {
        <div class="form-actions">
            <GateButton permission="system.role.delete" label="Remove" kind=Kind::Danger icon=icons::TRASH reason=reason busy=busy on_press=remove/>
        </div>
    }
    .into_any()
}
