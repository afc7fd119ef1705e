//! Giving somebody a role.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use crate::api::people::{GrantCreate, GrantInput, Role, RoleList};
use crate::api::{ListQuery, Page};
use crate::client::Client;
use crate::ui::{Button, Kind, Select, SkeletonText, Toasts, icons};
use crate::widgets::{FormProblem, Loaded, Submit, use_engines};

const EVERYTHING: &str = "all";

/// The form; `after` is called when a role was given.
#[component]
pub(super) fn GiveRole(username: String, after: Callback<()>) -> impl IntoView {
    let client = Client::get();
    let roles = Resource::new(|| (), move |()| client.call::<RoleList>(&[], &ListQuery { limit: Some(500), ..ListQuery::default() }));
    view! {
        <Loaded resource=roles skeleton=|| view! { <SkeletonText lines=3/> } let:roles>
            <Form username=username.clone() roles=roles after=after/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Form(username: String, roles: Signal<Page<Role>>, after: Callback<()>) -> impl IntoView {
    // The one that may the least is offered first.
    let least = roles.with_untracked(|page| page.items.iter().min_by_key(|role| role.permissions.len()).map(|role| role.name.clone()));
    let role = RwSignal::new(least.unwrap_or_default());
    let scope = RwSignal::new(EVERYTHING.to_owned());
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let (role_error, scope_error) = (submit.error("role"), submit.error("scope"));
    let names = Signal::derive(move || roles.with(|page| page.items.iter().map(|role| (role.name.clone(), role.name.clone())).collect::<Vec<_>>()));
    let chosen = move || roles.with(|page| page.items.iter().find(|r| role.with(|name| *name == r.name)).cloned());
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = GrantInput {
            user: Some(username.clone()),
            robot: None,
            team: None,
            role: role.get_untracked(),
            scope: scope.get_untracked(),
            until: None,
        };
        submit.send::<GrantCreate>(&[], &input, move |grant| {
            toasts.ok(format!("{} is {} on {} now.", grant.holder(), grant.role, super::scope::words(&grant.scope)));
            after.run(());
        });
    };
    view! {
        <form method="post" class="give-role" on:submit=send>
            <Select label="Role" name="role" value=role options=names error=role_error/>
            <Scopes scope=scope error=scope_error/>
            <Button label="Give the role" kind=Kind::Primary icon=icons::PLUS submit=true busy=busy/>
            {move || chosen().map(|role| view! { <Explained role=role/> })}
            <FormProblem problem=problem fields=&["role", "scope"]/>
        </form>
    }
    .into_any()
}

#[component]
fn Scopes(scope: RwSignal<String>, error: Signal<Option<String>>) -> impl IntoView {
    let engines = use_engines();
    let options = Signal::derive(move || {
        let names = engines.map(|engines| engines.all()).unwrap_or_default().into_iter().map(|engine| engine.name);
        let everything = (EVERYTHING.to_owned(), "Everything, Pilothouse too".to_owned());
        std::iter::once(everything).chain(names.map(|name| (format!("engine/{name}"), format!("Engine {name}")))).collect::<Vec<_>>()
    });
    view! { <Transition><Select label="On" name="scope" value=scope options=options error=error/></Transition> }.into_any()
}

/// What a role may do, in a sentence, and all of it behind it.
#[component]
fn Explained(role: Role) -> impl IntoView {
    let many = crate::ui::format::count(role.permissions.len(), "permission");
    view! {
        <div class="explained">
            <p>{role.summary}</p>
            <details>
                <summary>{many}</summary>
                <ul class="permissions">{role.permissions.into_iter().map(|name| view! { <li><code>{name}</code></li> }).collect_view()}</ul>
            </details>
        </div>
    }
    .into_any()
}
