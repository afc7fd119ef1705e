//! Whether somebody may do something somewhere, and why. The question is in the address.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};
use leptos_router::location::Url;

use super::place::{Place, PlaceFields};
use super::suggest::{Accounts, suggest_permissions};
use super::tabs::AccessTabs;
use super::words::{given_by, holder_kind, words};
use crate::api::access::{AccessExplain, ExplainInput, ExplainOutput};
use crate::api::people::Grant;
use crate::client::Client;
use crate::ui::{Button, Callout, Card, Kind, PageHead, SkeletonText, TextField, Time, Tone, icons};
use crate::widgets::{Gate, Loaded};

#[component]
pub fn Explain() -> impl IntoView {
    let about = "Whether somebody may do something somewhere, and why.".to_owned();
    view! {
        <AccessTabs/>
        <PageHead title="Explain" about=Signal::stored(about)/>
        <Gate permission="system.access.explain"><Asked/></Gate>
    }
    .into_any()
}

#[component]
fn Asked() -> impl IntoView {
    let params = use_query_map();
    let question = Memo::new(move |_| {
        params.with(|params| {
            let part = |name: &str| params.get(name).unwrap_or_default();
            ExplainInput { user: part("user"), permission: part("permission"), scope: part("scope") }
        })
    });
    let client = Client::get();
    let answer = Resource::new(
        move || question.get(),
        move |question| {
            let whole = ![&question.user, &question.permission, &question.scope].iter().any(|part| part.is_empty());
            let call = whole.then(|| client.call::<AccessExplain>(&[], &question));
            async move {
                match call {
                    Some(call) => call.await.map(Some),
                    None => Ok(None),
                }
            }
        },
    );
    view! {
        <div class="form">
            // Another question in the address is another form.
            {move || view! { <Question question=question.get()/> }}
            <Loaded resource=answer skeleton=|| view! { <SkeletonText lines=3/> } let:answer>
                {move || answer.get().map(|answer| view! { <Answer answer=answer/> })}
            </Loaded>
        </div>
    }
    .into_any()
}

#[component]
fn Question(question: ExplainInput) -> impl IntoView {
    let (user, permission) = (RwSignal::new(question.user), RwSignal::new(question.permission));
    let place = Place::new(&question.scope);
    let navigate = use_navigate();
    let (accounts, permissions) = (Accounts::read(), suggest_permissions());
    let reason = Signal::derive(move || {
        let missing = |text: RwSignal<String>| text.with(|text| text.trim().is_empty());
        (missing(user) || missing(permission)).then(|| "say who and what first".to_owned())
    });
    let ask = move |event: SubmitEvent| {
        event.prevent_default();
        if reason.get_untracked().is_some() {
            return;
        }
        let part = |text: RwSignal<String>| Url::escape(text.get_untracked().trim());
        let address = format!("/access/explain?user={}&permission={}&scope={}", part(user), part(permission), Url::escape(&place.scope()));
        navigate(&address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    view! {
        <Card>
            <form method="get" class="form" on:submit=ask>
                <div class="give-fields">
                    <TextField label="Who" name="user" value=user mono=true autocomplete="off" placeholder="mira" suggestions=accounts.all()
                        hint="A person or a robot."/>
                    <TextField label="What" name="permission" value=permission mono=true autocomplete="off" placeholder="engine.container.start"
                        suggestions=permissions hint="A permission; begin to type and choose."/>
                    <PlaceFields place=place/>
                </div>
                <div><Button label="Explain" kind=Kind::Primary icon=icons::HELP submit=true reason=reason/></div>
            </form>
        </Card>
    }
    .into_any()
}

#[component]
fn Answer(answer: ExplainOutput) -> impl IntoView {
    let ExplainOutput { allowed, sentence, grants, roles } = answer;
    let (tone, word) = if allowed { (Tone::Good, "Yes") } else { (Tone::Bad, "No") };
    let because = (!grants.is_empty()).then(|| view! { <Because grants=grants/> });
    let would = (!allowed && !roles.is_empty()).then(|| view! { <Would roles=roles/> });
    view! {
        <div class="stack" role="status">
            <Callout tone=tone title=word>{sentence}</Callout>
            {because}
            {would}
        </div>
    }
    .into_any()
}

#[component]
fn Because(grants: Vec<Grant>) -> impl IntoView {
    let line = |grant: Grant| {
        let whose = match holder_kind(&grant) {
            Some("team") => {
                let team = grant.holder().to_owned();
                Some(view! { <span>", by team "<a href=format!("/teams/{team}")>{team.clone()}</a></span> })
            }
            _ => None,
        };
        view! {
            <li>
                <span>
                    <a href=format!("/roles/{}", grant.role)><strong>{grant.role.clone()}</strong></a>" on "{words(&grant.scope)}{whose}
                    <small>
                        {given_by(&grant.created_by)}", "<Time at=grant.created_at/>
                        {grant.until.map(|until| view! { <span>", ends "<Time at=until/></span> })}
                    </small>
                </span>
            </li>
        }
    };
    view! { <Card title="Because of"><ul class="held">{grants.into_iter().map(line).collect_view()}</ul></Card> }.into_any()
}

#[component]
fn Would(roles: Vec<String>) -> impl IntoView {
    let links = roles.into_iter().map(|role| view! { <li><a href=format!("/roles/{role}")>{role.clone()}</a></li> }).collect_view();
    view! {
        <Card title="What would let them">
            <p class="muted">"A grant of one of these roles there, to them or to a team that they are in:"</p>
            <ul class="role-links">{links}</ul>
        </Card>
    }
    .into_any()
}
