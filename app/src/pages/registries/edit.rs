//! The page that changes a registry, or says why it cannot be changed here.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::address::{At, ByAddress};
use super::declared::Declared;
use super::draft::Draft;
use super::form::{FIELDS, Fields};
use super::remove::RemoveRegistry;
use super::tabs::RegistryTabs;
use crate::api::Empty;
use crate::api::registries::{Registry, RegistryGet, RegistryUpdate};
use crate::client::Client;
use crate::ui::{Button, Card, Kind, LinkButton, PageHead, SkeletonText, Toasts, icons};
use crate::widgets::{FormProblem, Gate, Loaded, Submit};

#[component]
pub fn EditRegistry() -> impl IntoView {
    view! { <ByAddress let:at><Page at=at/></ByAddress> }.into_any()
}

#[component]
fn Page(at: At) -> impl IntoView {
    let client = Client::get();
    let back = ("/registries".to_owned(), "Registries".to_owned());
    let (title, name) = (format!("Settings of {}", at.registry), at.registry.clone());
    let registry = Resource::new(|| (), move |()| client.call::<RegistryGet>(&[&at.registry], &Empty {}));
    view! {
        <PageHead title=title back=back about=Signal::stored("How Pilothouse reaches it, and who it is there.".to_owned())/>
        <RegistryTabs registry=name/>
        <Loaded resource=registry skeleton=|| view! { <SkeletonText lines=9/> } let:registry>
            <Found registry=registry.get_untracked()/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(registry: Registry) -> impl IntoView {
    if registry.declared {
        return view! { <Declared registry=registry/> }.into_any();
    }
    let shown = Signal::stored(registry);
    view! {
        <Gate permission="registry.registry.update"><Form registry=shown/></Gate>
        <Gate permission="registry.registry.delete" silent=true>
            <div class="form danger-zone">
                <Card title="Remove">
                    <p>"Pilothouse forgets this registry. The registry itself, and what it holds, stay as they are."</p>
                    <div><RemoveRegistry registry=shown/></div>
                </Card>
            </div>
        </Gate>
    }
    .into_any()
}

#[component]
fn Form(registry: Signal<Registry>) -> impl IntoView {
    let draft = registry.with_untracked(Draft::of);
    let (name, kept) = registry.with_untracked(|registry| (registry.name.clone(), registry.username.clone()));
    let submit = Submit::new();
    let toasts = Toasts::get();
    let navigate = use_navigate();
    let (busy, problem) = (submit.busy, submit.problem);
    let send = {
        let submit = submit.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            let navigate = navigate.clone();
            submit.send::<RegistryUpdate>(&[&name], &draft.update(), move |registry| {
                toasts.ok(format!("Changed {}.", registry.name));
                navigate("/registries", NavigateOptions::default());
            });
        }
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <Fields draft=draft submit=submit named=true kept=kept>
                <FormProblem problem=problem fields=FIELDS/>
                <footer class="form-actions">
                    <Button label="Save" kind=Kind::Primary icon=icons::CHECK submit=true busy=busy/>
                    <LinkButton href="/registries" label="Cancel"/>
                </footer>
            </Fields>
        </form>
    }
    .into_any()
}
