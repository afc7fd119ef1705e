//! Forgetting a registry, after saying what is lost by it.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::Empty;
use crate::api::registries::{Registry, RegistryDelete};
use crate::ui::{Ask, Confirm, Kind, icons};
use crate::widgets::{GateButton, use_act};

/// What asking comes to. Made in a component's body, called by a button or a menu's item.
pub(super) fn removal(registry: Signal<Registry>, after: impl Fn() + Copy + Send + Sync + 'static) -> Callback<()> {
    let act = use_act();
    let confirm = Confirm::get();
    Callback::new(move |()| {
        let (name, credential) = registry.with_untracked(|registry| (registry.name.clone(), registry.username.is_some()));
        confirm.ask(question(&name, credential), move || {
            act.run::<RegistryDelete>(&[&name], &Empty {}, format!("Removed {name}."), move |_| after());
        });
    })
}

fn question(name: &str, credential: bool) -> Ask {
    let mut ask = Ask::new(format!("Remove {name} from Pilothouse?"), "Remove")
        .loses("Its address and its labels are forgotten.")
        .loses("Nobody pushes to it or pulls from it through Pilothouse any more, and engines that do find nothing.")
        .loses("The registry and what it holds stay as they are; roles given on its name would hold again for another registry of that name.");
    if credential {
        ask = ask.loses("Its credential is deleted. It cannot be read back.");
    }
    ask.retype(name)
}

/// The button on the registry's own page.
#[component]
pub(super) fn RemoveRegistry(registry: Signal<Registry>) -> impl IntoView {
    let navigate = StoredValue::new(use_navigate());
    let leave = move || navigate.with_value(|navigate| navigate("/registries", NavigateOptions::default()));
    let remove = removal(registry, leave);
    view! { <GateButton permission="registry.registry.delete" label="Remove the registry" kind=Kind::Danger icon=icons::TRASH on_press=remove/> }
        .into_any()
}
