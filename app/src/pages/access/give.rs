//! Giving a person, a robot or a team a role.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::holder::Holder;
use super::place::{Place, PlaceFields};
use super::words::grant_words;
use crate::api::audit::SimulateInput;
use crate::api::people::{GrantCreate, Role, RoleList};
use crate::api::{ListQuery, Page};
use crate::client::Client;
use crate::ui::{Button, Kind, Select, SkeletonText, TextField, Toasts, icons};
use crate::widgets::{FormProblem, Loaded, Submit, TryOut, use_me};

/// The form; `after` is called when a role was given. Who may give none sees the button, and why.
#[component]
pub(crate) fn GiveRole(holder: Holder, after: Callback<()>) -> impl IntoView {
    if let Some(reason) = use_me().lacks("system.grant.create", None) {
        let reason = Signal::stored(Some(reason));
        return view! { <div class="give-role"><Button label="Give a role" icon=icons::PLUS reason=reason/></div> }.into_any();
    }
    let client = Client::get();
    let roles = Resource::new(|| (), move |()| client.call::<RoleList>(&[], &ListQuery { limit: Some(500), ..ListQuery::default() }));
    view! {
        <Loaded resource=roles skeleton=|| view! { <SkeletonText lines=3/> } let:roles>
            <Form holder=holder.clone() roles=roles after=after/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Form(holder: Holder, roles: Signal<Page<Role>>, after: Callback<()>) -> impl IntoView {
    // The one that may the least is offered first: the roles that ship come from the least to the most.
    let least = roles.with_untracked(|page| page.items.first().map(|role| role.name.clone()));
    let role = RwSignal::new(least.unwrap_or_default());
    let until = RwSignal::new(String::new());
    let place = Place::new("");
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let (role_error, scope_error, until_error) = (submit.error("role"), submit.error("scope"), submit.error("until"));
    let names = Signal::derive(move || roles.with(|page| page.items.iter().map(|role| (role.name.clone(), role.name.clone())).collect::<Vec<_>>()));
    let chosen = move || roles.with(|page| page.items.iter().find(|r| role.with(|name| *name == r.name)).cloned());
    let asked = holder.clone();
    let tried = Callback::new(move |()| {
        let grant = asked.input(role.get_untracked(), place.scope(), moment(&until.get_untracked()));
        Ok(SimulateInput { grant: Some(grant), ..SimulateInput::default() })
    });
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let input = holder.input(role.get_untracked(), place.scope(), moment(&until.get_untracked()));
        submit.send::<GrantCreate>(&[], &input, move |grant| {
            toasts.ok(format!("{} is {} now.", grant.holder(), grant_words(&grant)));
            until.set(String::new());
            after.run(());
        });
    };
    view! {
        <form method="post" class="give-role" on:submit=send>
            <h3>"Give a role"</h3>
            <div class="give-fields">
                <Select label="Role" name="role" value=role options=names error=role_error/>
                <PlaceFields place=place error=scope_error/>
                <TextField label="Until" name="until" kind="datetime-local" value=until required=false error=until_error
                    hint="Then it ends by itself. Empty: until it is taken back."/>
            </div>
            {move || chosen().map(|role| view! { <Explained role=role/> })}
            <TryOut input=tried/>
            <FormProblem problem=problem fields=&["role", "scope", "until"]/>
            <div><Button label="Give the role" kind=Kind::Primary icon=icons::PLUS submit=true busy=busy/></div>
        </form>
    }
    .into_any()
}

/// What a date and time field holds, by the reader's own clock. Only in the browser.
fn moment(text: &str) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    let at = js_sys::Date::parse(text);
    #[expect(clippy::cast_possible_truncation, reason = "a date is far below what an integer holds")]
    at.is_finite().then_some(at as i64)
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
