//! Taking a grant back.

use leptos::prelude::*;

use super::words::words;
use crate::api::Empty;
use crate::api::people::{Grant, GrantDelete};
use crate::ui::{Ask, Confirm, Kind, icons};
use crate::widgets::{GateButton, use_act};

/// Why what is declared cannot be changed here.
pub(crate) const DECLARED: &str = "it is declared in the settings file";

/// The reason of a button that would change something declared.
pub(crate) fn declared_reason(declared: bool) -> Option<String> {
    declared.then(|| DECLARED.to_owned())
}

/// The button that takes `grant` back, after a question. `after` is called when it is done.
#[component]
pub(crate) fn TakeBack(grant: Grant, after: Callback<()>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let whose = match &grant.team {
        Some(team) => format!("team {team}"),
        None => grant.holder().to_owned(),
    };
    let is_team = grant.team.is_some();
    let Grant { id, role, scope, declared, .. } = grant;
    let scope = words(&scope);
    let label = format!("Take {role} on {scope} back");
    let reason = Signal::stored(declared_reason(declared));
    let take = Callback::new(move |()| {
        let (id, done) = (id.clone(), format!("{whose} is no longer {role} on {scope}."));
        let what = if is_team { "What its members may do by this role ends at once" } else { "What they may do by this role ends at once" };
        let ask = Ask::new(format!("Take {role} on {scope} back from {whose}?"), "Take back")
            .loses(format!("{what}, for their tokens too."))
            .loses("Logs, terminals and other streams that rest on it end within seconds.");
        confirm.ask(ask, move || act.run::<GrantDelete>(&[&id], &Empty {}, done.clone(), move |_| after.run(())));
    });
    view! { <GateButton permission="system.grant.delete" label=label kind=Kind::Quiet icon=icons::TRASH icon_only=true reason=reason on_press=take/> }
        .into_any()
}
