//! Removes a network, when nothing needs it.

use leptos::prelude::*;

use crate::api::Empty;
use crate::api::networks::{Network, NetworkRemove};
use crate::api::session::Whose;
use crate::ui::{Ask, Confirm, Kind, icons};
use crate::widgets::{GateButton, use_act};

#[component]
pub(super) fn RemoveButton(
    engine: Signal<String>,
    #[prop(into)] network: Signal<Network>,
    /// The word on the button, not the icon alone.
    #[prop(optional)]
    wide: bool,
    after: Callback<()>,
) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let label = Signal::derive(move || if wide { "Remove".to_owned() } else { format!("Remove {}", network.with(|n| n.name.clone())) });
    let reason = Signal::derive(move || network.with(keeps));
    let whose = Signal::derive(move || network.with(|n| Whose::labelled(n.project.as_deref())));
    let press = Callback::new(move |()| {
        let (engine, (id, name)) = (engine.get_untracked(), network.with_untracked(|n| (n.id.clone(), n.name.clone())));
        let ask = Ask::new(format!("Remove {name}?"), "Remove")
            .loses("Its subnet and its settings. Nothing is connected to it now.")
            .loses("Stopped containers that are to join it no longer start.");
        confirm.ask(ask, move || {
            let done = format!("Removed {name}.");
            act.run::<NetworkRemove>(&[&engine, &id], &Empty {}, done, move |_| after.run(()));
        });
    });
    let busy = act.busy();
    let kind = if wide { Kind::Plain } else { Kind::Quiet };
    view! {
        <GateButton permission="engine.network.remove" engine=engine whose=whose label=label kind=kind icon=icons::TRASH icon_only=!wide
            reason=reason busy=busy on_press=press/>
    }
    .into_any()
}

/// Why it cannot go.
fn keeps(network: &Network) -> Option<String> {
    if network.builtin {
        return Some("it is the engine's own".to_owned());
    }
    (!network.used_by.is_empty()).then(|| format!("connected to it: {}", network.used_by.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::keeps;
    use crate::api::networks::Network;

    #[test]
    fn a_network_in_use_stays() {
        let mut network: Network = serde_json::from_value(serde_json::json!({
            "id": "x", "name": "x", "driver": "bridge", "scope": "local", "internal": false, "created_at": null,
            "subnets": [], "labels": {}, "project": null, "builtin": false, "used_by": []
        }))
        .unwrap_or_else(|_| unreachable!("the example is a network"));
        assert_eq!(keeps(&network), None);
        network.used_by = vec!["web".into()];
        assert_eq!(keeps(&network).as_deref(), Some("connected to it: web"));
        network.builtin = true;
        assert_eq!(keeps(&network).as_deref(), Some("it is the engine's own"));
    }
}
