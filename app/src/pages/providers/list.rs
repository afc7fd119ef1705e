//! The list of sign-in providers.

use leptos::prelude::*;

use crate::api::Page;
use crate::api::presets::preset;
use crate::api::providers::{Provider, ProviderList};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::{Badge, EmptyState, Kind, PageHead, SearchBox, SkeletonRows, Tone, icons};
use crate::widgets::{Gate, GateLink, ListState, Loaded, Paged};

#[component]
pub fn Providers() -> impl IntoView {
    let state = ListState::in_address("", &[]);
    let about = "Who else may say who somebody is: OpenID providers and directories. Their groups become teams.".to_owned();
    view! {
        <PageHead title="Sign-in" about=Signal::stored(about)>
            <GateLink permission="system.provider.create" href="/add/provider" label="Add a provider" kind=Kind::Primary icon=icons::PLUS/>
        </PageHead>
        <Gate permission="system.provider.list"><List state=state/></Gate>
    }
    .into_any()
}

#[component]
fn List(state: ListState) -> impl IntoView {
    let query = state.query();
    let client = Client::get();
    let providers = Resource::new(move || query.get(), move |query| client.call::<ProviderList>(&[], &query));
    view! {
        <div class="toolbar">
            <SearchBox label="Search names" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
        </div>
        <Loaded resource=providers skeleton=|| view! { <SkeletonRows rows=3 columns=4/> } let:page>
            <Found page=page state=state/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Provider>>, state: ListState) -> impl IntoView {
    let summary = Signal::derive(move || page.with(|page| count(page.total.map_or(page.items.len(), |n| n as usize), "provider")));
    view! {
        <Paged
            page=page
            state=state
            label="Sign-in providers"
            summary=summary
            head=move || view! {
                <th scope="col">"Name"</th>
                <th scope="col">"Kind"</th>
                <th scope="col">"Where"</th>
                <th scope="col">"Teams by group"</th>
            }
            key=|provider: &Provider| provider.name.clone()
            row=|provider| view! { <Row provider=provider/> }
            none_fits="No provider fits"
            none=move || view! {
                <EmptyState icon=icons::LOCK title="No providers yet" detail=Signal::stored("People sign in with a username and a password that are kept here. Add a provider, and they can come by it.".to_owned())>
                    <GateLink permission="system.provider.create" href="/add/provider" label="Add a provider" kind=Kind::Primary icon=icons::PLUS/>
                </EmptyState>
            }
        />
    }
    .into_any()
}

#[component]
fn Row(provider: Signal<Provider>) -> impl IntoView {
    let name = provider.with_untracked(|provider| provider.name.clone());
    let label = move || provider.with(|provider| provider.settings.label.clone());
    let kind = move || {
        provider.with(|provider| match (&provider.settings.oidc, &provider.settings.ldap) {
            (Some(oidc), _) => preset(&oidc.preset).label,
            (_, Some(ldap)) if ldap.active_directory => "Active Directory",
            _ => "LDAP",
        })
    };
    let place = move || {
        provider.with(|provider| {
            let oidc = provider.settings.oidc.as_ref().map(|oidc| oidc.issuer.clone());
            oidc.or_else(|| provider.settings.ldap.as_ref().map(|ldap| ldap.url.clone())).unwrap_or_default()
        })
    };
    let teams = move || match provider.with(|provider| provider.settings.group_teams.len()) {
        0 => "none".to_owned(),
        n => count(n, "group"),
    };
    let declared = move || provider.with(|provider| provider.declared).then(|| view! { <Badge text="declared" tone=Tone::Info/> });
    view! {
        <tr>
            <td class="main">
                <a class="name" href=format!("/providers/{name}")>{name.clone()}</a>
                <span class="sub">{label}</span>
            </td>
            <td data-label="Kind">{kind}</td>
            <td data-label="Where" class="mono">{place}</td>
            <td data-label="Teams by group" class="labels">{teams}" "{declared}</td>
        </tr>
    }
    .into_any()
}
