//! Forgetting an engine, after saying what is lost by it.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::Empty;
use crate::api::engines::{Engine, EngineDelete};
use crate::ui::{Ask, Confirm, Kind, icons};
use crate::widgets::{GateButton, use_act, use_engines};

/// What asking comes to. Made in a component's body, called by a button or a menu's item.
pub(super) fn removal(engine: Signal<Engine>, after: impl Fn() + Copy + Send + Sync + 'static) -> Callback<()> {
    let act = use_act();
    let confirm = Confirm::get();
    let engines = use_engines();
    Callback::new(move |()| {
        let (name, tls) = engine.with_untracked(|engine| (engine.name.clone(), engine.tls));
        confirm.ask(question(&name, tls), move || {
            act.run::<EngineDelete>(&[&name], &Empty {}, format!("Removed {name}."), move |_| {
                if let Some(engines) = engines {
                    engines.refetch();
                }
                after();
            });
        });
    })
}

fn question(name: &str, tls: bool) -> Ask {
    let mut ask = Ask::new(format!("Remove {name} from Pilothouse?"), "Remove")
        .loses("Its address and its labels are forgotten.")
        .loses("The tokens made for it stop working at once, and streams through it end.")
        .loses("The engine and what runs on it stay as they are; roles given on its name would hold again for another engine of that name.");
    if tls {
        ask = ask.loses("Its certificate and key are deleted. They cannot be read back.");
    }
    ask.retype(name)
}

/// The button on the engine's own page.
#[component]
pub(super) fn RemoveEngine(engine: Signal<Engine>) -> impl IntoView {
    let navigate = StoredValue::new(use_navigate());
    let leave = move || navigate.with_value(|navigate| navigate("/engines", NavigateOptions::default()));
    let remove = removal(engine, leave);
    view! { <GateButton permission="system.engine.delete" label="Remove the engine" kind=Kind::Danger icon=icons::TRASH on_press=remove/> }.into_any()
}
