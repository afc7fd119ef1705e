//! All that somebody may do at a place, and by which grants.

use leptos::prelude::*;

use super::groups::Group;
use super::words::{holder_kind, words};
use crate::api::access::MatrixRow;
use crate::api::people::Grant;
use crate::ui::{Dialog, LinkButton, icons, open_while};

/// Shows the row that is opened; closing it forgets which.
#[component]
pub(super) fn Detail(opened: RwSignal<Option<MatrixRow>>, scope: Memo<String>) -> impl IntoView {
    let open = open_while(opened);
    let title = Signal::derive(move || {
        let place = scope.with(|scope| words(scope));
        opened.with(|row| row.as_ref().map(|row| format!("{} on {place}", row.user))).unwrap_or_default()
    });
    view! {
        <Dialog open=open title=title wide=true>
            {move || opened.get().map(|row| view! { <Held row=row/> })}
        </Dialog>
    }
    .into_any()
}

#[component]
fn Held(row: MatrixRow) -> impl IntoView {
    let MatrixRow { user, robot, grants, permissions } = row;
    let href = format!("/{}/{user}", if robot { "robots" } else { "people" });
    let groups = Group::ALL
        .into_iter()
        .filter_map(|group| {
            let names: Vec<String> = permissions.iter().filter(|name| Group::of(name) == group).cloned().collect();
            (!names.is_empty()).then(|| view! { <Names group=group names=names/> })
        })
        .collect_view();
    view! {
        <div class="stack">
            <ul class="held">{grants.into_iter().map(line).collect_view()}</ul>
            {groups}
            <div><LinkButton href=href label=format!("To {user}") icon=icons::PEOPLE/></div>
        </div>
    }
    .into_any()
}

fn line(grant: Grant) -> impl IntoView {
    let by_team = holder_kind(&grant).filter(|kind| *kind == "team").map(|_| format!(", by team {}", grant.holder()));
    view! { <li><span><strong>{grant.role.clone()}</strong>" on "{words(&grant.scope)}{by_team}</span></li> }
}

#[component]
fn Names(group: Group, names: Vec<String>) -> impl IntoView {
    let many = names.len();
    view! {
        <details class="explained">
            <summary>{group.words()}" ("{many}"): "{group.about()}</summary>
            <ul class="permissions">{names.into_iter().map(|name| view! { <li><code>{name}</code></li> }).collect_view()}</ul>
        </details>
    }
    .into_any()
}
