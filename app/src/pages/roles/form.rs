//! The form of a role, to make one and to change one.

use std::collections::BTreeSet;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::picker::Picker;
use crate::api::audit::SimulateInput;
use crate::api::people::{PermissionInfo, PermissionList, Role, RoleCreate, RoleInput, RoleUpdate, RoleUpdateInput};
use crate::api::{Empty, Page, Problem};
use crate::client::Client;
use crate::ui::{Button, Card, Kind, SkeletonText, TextField, icons};
use crate::widgets::{FormProblem, Loaded, Submit, TryOut};

const FIELDS: &[&str] = &["name", "summary", "permissions"];

/// Every permission there is.
pub(super) fn read_permissions() -> Resource<Result<Page<PermissionInfo>, Problem>> {
    let client = Client::get();
    Resource::new(|| (), move |()| client.call::<PermissionList>(&[], &Empty {}))
}

/// Changes `role`, or makes one where there is none. `done` gets it, `cancel` is called when nothing is to be done.
#[component]
pub(super) fn RoleForm(role: Option<Role>, done: Callback<Role>, cancel: Callback<()>) -> impl IntoView {
    let permissions = read_permissions();
    view! {
        <Loaded resource=permissions skeleton=|| view! { <SkeletonText lines=8/> } let:page>
            <Form role=role.clone() permissions=page.get_untracked().items done=done cancel=cancel/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Form(role: Option<Role>, permissions: Vec<PermissionInfo>, done: Callback<Role>, cancel: Callback<()>) -> impl IntoView {
    let before =
        role.clone().unwrap_or(Role { name: String::new(), summary: String::new(), permissions: Vec::new(), built_in: false, declared: false });
    let (name, summary) = (RwSignal::new(before.name), RwSignal::new(before.summary));
    let chosen = RwSignal::new(before.permissions.into_iter().collect::<BTreeSet<String>>());
    let is_new = role.is_none();
    let submit = Submit::new();
    let (busy, problem) = (submit.busy, submit.problem);
    // What was wrong with one choice is not said of the next.
    let forget = move |problem: &mut Option<Problem>| {
        if problem.as_ref().is_some_and(|problem| problem.field.as_deref() == Some("permissions")) {
            *problem = None;
        }
    };
    Effect::watch(move || chosen.get(), move |_, _, _| problem.update(forget), false);
    let (name_error, summary_error, permissions_error) = (submit.error("name"), submit.error("summary"), submit.error("permissions"));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let (name, summary) = (name.get_untracked().trim().to_owned(), summary.get_untracked());
        let permissions = chosen.with_untracked(|chosen| chosen.iter().cloned().collect());
        let then = move |role| done.run(role);
        if is_new {
            submit.send::<RoleCreate>(&[], &RoleInput { name, summary, permissions }, then);
        } else {
            submit.send::<RoleUpdate>(&[&name], &RoleUpdateInput { summary, permissions }, then);
        }
    };
    let tried = Callback::new(move |()| {
        let permissions = chosen.with_untracked(|chosen| chosen.iter().cloned().collect());
        let role = RoleInput { name: name.get_untracked().trim().to_owned(), summary: String::new(), permissions };
        Ok(SimulateInput { role: Some(role), ..SimulateInput::default() })
    });
    let word = if is_new { "Add the role" } else { "Save the role" };
    view! {
        <form method="post" class="form" on:submit=send>
            <Card>
                {is_new.then(|| view! {
                    <TextField label="Name" name="name" value=name mono=true autofocus=true autocomplete="off" placeholder="restarter" error=name_error
                        hint="1 to 63 of a-z, 0-9 and -. It stays as it is."/>
                })}
                <TextField label="What it is for" name="summary" value=summary required=false autocomplete="off" error=summary_error
                    placeholder="Restarts what hangs, and changes nothing else"/>
                <Picker permissions=permissions chosen=chosen error=permissions_error/>
            </Card>
            // What nobody holds yet changes nothing for anybody.
            {(!is_new).then(|| view! { <TryOut input=tried/> })}
            <FormProblem problem=problem fields=FIELDS/>
            <footer class="form-actions">
                <Button label=word kind=Kind::Primary icon=icons::CHECK submit=true busy=busy/>
                <Button label="Cancel" on_press=cancel/>
            </footer>
        </form>
    }
    .into_any()
}
