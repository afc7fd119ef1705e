//! The page of one provider: what to register at it, trying it, changing and removing it.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::draft::Draft;
use super::form::{FIELDS, Fields};
use super::test::Tried;
use crate::api::Empty;
use crate::api::providers::{Provider, ProviderDelete, ProviderGet, ProviderUpdate, ProviderUpdateInput};
use crate::client::Client;
use crate::ui::{Ask, Button, Callout, Card, CodeBlock, Confirm, Kind, LinkButton, PageHead, SkeletonText, Toasts, Tone, icons};
use crate::widgets::{FormProblem, Gate, GateButton, Loaded, Submit, use_act};

#[component]
pub fn EditProvider() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|params| params.get("provider").unwrap_or_default()));
    let client = Client::get();
    let provider = Resource::new(move || name.get(), move |name| client.call::<ProviderGet>(&[&name], &Empty {}));
    view! {
        <PageHead title=name back=("/providers".to_owned(), "Sign-in".to_owned())/>
        <Gate permission="system.provider.list">
            <Loaded resource=provider skeleton=|| view! { <SkeletonText lines=9/> } let:provider>
                <Found provider=provider.get_untracked()/>
            </Loaded>
        </Gate>
    }
    .into_any()
}

#[component]
fn Found(provider: Provider) -> impl IntoView {
    let (declared, name) = (provider.declared, provider.name.clone());
    let openid = provider.settings.oidc.is_some();
    let (redirect, signed_out) = (Signal::stored(provider.redirect_uri.clone()), Signal::stored(provider.signed_out_uri.clone()));
    let provider = Signal::stored(provider);
    view! {
        <div class="form">
            {openid.then(|| view! {
                <Card title="To register at the provider">
                    <CodeBlock text=redirect label="Redirect URI"/>
                    <CodeBlock text=signed_out label="Post-logout redirect URI"/>
                </Card>
            })}
            <Gate permission="system.provider.test" silent=true><Tried name=name.clone() openid=openid/></Gate>
            {declared.then(|| view! {
                <Callout tone=Tone::Info title="Declared in the settings file">
                    "The file wins at every start, so a change made here would not last. Change the section of this provider in "
                    <code>"pilothouse.toml"</code>", or take it out, and start Pilothouse again."
                </Callout>
            })}
        </div>
        {(!declared).then(|| view! {
            <Gate permission="system.provider.update"><Form provider=provider/></Gate>
            <Gate permission="system.provider.delete" silent=true><Removal provider=provider/></Gate>
        })}
    }
    .into_any()
}

#[component]
fn Form(provider: Signal<Provider>) -> impl IntoView {
    let draft = provider.with_untracked(Draft::of);
    let (name, kept) = provider.with_untracked(|provider| (provider.name.clone(), provider.secret));
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem) = (submit.busy, submit.problem);
    let send = {
        let submit = submit.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            let input = ProviderUpdateInput { settings: Some(draft.settings()), secret: draft.new_secret() };
            submit.send::<ProviderUpdate>(&[&name], &input, move |provider| {
                draft.secret.set(String::new());
                toasts.ok(format!("Changed {}.", provider.name));
            });
        }
    };
    view! {
        <form method="post" class="form" on:submit=send>
            <Fields draft=draft submit=submit fixed=true kept=kept>
                <FormProblem problem=problem fields=FIELDS/>
                <footer class="form-actions">
                    <Button label="Save" kind=Kind::Primary icon=icons::CHECK submit=true busy=busy/>
                    <LinkButton href="/providers" label="Cancel"/>
                </footer>
            </Fields>
        </form>
    }
    .into_any()
}

#[component]
fn Removal(provider: Signal<Provider>) -> impl IntoView {
    let (act, confirm) = (use_act(), Confirm::get());
    let navigate = StoredValue::new(use_navigate());
    let remove = Callback::new(move |()| {
        let name = provider.with_untracked(|provider| provider.name.clone());
        let ask = Ask::new(format!("Remove {name}?"), "Remove")
            .loses("Nobody can sign in by it any more.")
            .loses("Who came by it loses their sessions and the teams of their groups, and their tokens stop, until they come another way.")
            .loses("Its secret is deleted. It cannot be read back.")
            .retype(&name);
        confirm.ask(ask, move || {
            act.run::<ProviderDelete>(&[&name], &Empty {}, format!("Removed {name}."), move |_| {
                navigate.with_value(|navigate| navigate("/providers", NavigateOptions::default()));
            });
        });
    });
    view! {
        <div class="form danger-zone">
            <Card title="Remove">
                <p>"Pilothouse forgets this provider. The users who came by it stay, and may nothing until they come another way."</p>
                <div><GateButton permission="system.provider.delete" label="Remove the provider" kind=Kind::Danger icon=icons::TRASH on_press=remove/></div>
            </Card>
        </div>
    }
    .into_any()
}
