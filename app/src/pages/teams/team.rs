//! One team: who is in it, and what they may do by it.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::members::Members;
use super::summary::Summary;
use crate::api::people::{Team, TeamDelete, TeamList};
use crate::api::{Code, Empty, ListQuery, Problem};
use crate::client::Client;
use crate::pages::access::{HeldCard, HeldRead, Holder, declared_reason, grant_words, read_held};
use crate::ui::format::count;
use crate::ui::{Ask, Badge, Card, Confirm, Kind, PageHead, SkeletonText, Time, Tone, icons};
use crate::widgets::{GateButton, Loaded, use_act};

pub(super) type Read = Resource<Result<Team, Problem>>;

#[component]
pub fn TeamPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|params| params.get("team")).unwrap_or_default());
    move || view! { <One name=name.get()/> }
}

#[component]
fn One(name: String) -> impl IntoView {
    let client = Client::get();
    let team: Read = {
        let name = name.clone();
        let query = ListQuery { limit: Some(500), filter: Some(name.clone()), ..ListQuery::default() };
        Resource::new(
            || (),
            move |()| {
                let (call, name) = (client.call::<TeamList>(&[], &query), name.clone());
                async move {
                    // The search finds parts of names too.
                    let found = call.await?.items.into_iter().find(|team| team.name == name);
                    found.ok_or_else(|| Problem::new(Code::NotFound, format!("There is no team {name}.")))
                }
            },
        )
    };
    view! {
        <PageHead title=name back=("/teams".to_owned(), "Teams".to_owned())/>
        <Loaded resource=team skeleton=|| view! { <SkeletonText lines=8/> } let:shown>
            <Found team=shown read=team/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(team: Signal<Team>, read: Read) -> impl IntoView {
    let (name, declared) = team.with_untracked(|team| (team.name.clone(), team.declared));
    let holder = Holder::Team(name);
    let grants = read_held(holder.clone(), Vec::new());
    view! {
        <div class="form">
            <p class="muted">
                {declared.then(|| view! { <Badge text="declared" tone=Tone::Info/> })}
                " Added "<Time at=Signal::derive(move || team.with(|team| team.created_at))/>
            </p>
            <Summary team=team read=read/>
            <Members team=team read=read/>
            <HeldCard holder=holder grants=grants nothing="Nothing yet: the team holds no role."/>
            <Remove team=team grants=grants/>
        </div>
    }
    .into_any()
}

#[component]
fn Remove(team: Signal<Team>, grants: HeldRead) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let navigate = StoredValue::new(use_navigate());
    let busy = act.busy();
    let (name, declared) = team.with_untracked(|team| (team.name.clone(), team.declared));
    let reason = Signal::stored(declared_reason(declared));
    let remove = Callback::new(move |()| {
        let name = name.clone();
        let members = team.with_untracked(|team| team.members.len());
        let mut ask = Ask::new(format!("Remove team {name}?"), "Remove").loses(lost(members));
        if let Some(Ok(page)) = grants.get_untracked()
            && !page.items.is_empty()
        {
            let held: Vec<String> = page.items.iter().take(3).map(grant_words).collect();
            let more = if page.items.len() > 3 { " and more" } else { "" };
            ask = ask.loses(format!("{} of it end at once: {}{more}.", count(page.items.len(), "grant"), held.join(", ")));
        }
        confirm.ask(ask.retype(name.clone()), move || {
            act.run::<TeamDelete>(&[&name], &Empty {}, format!("Removed team {name}."), move |_| {
                navigate.with_value(|navigate| navigate("/teams", NavigateOptions::default()));
            });
        });
    });
    view! {
        <Card title="Remove">
            <p class="muted">"Its members stay, and lose what they may do by this team. It cannot be undone."</p>
            <div class="form-actions">
                <GateButton permission="system.team.delete" label="Remove" kind=Kind::Danger icon=icons::TRASH reason=reason busy=busy on_press=remove/>
            </div>
        </Card>
    }
    .into_any()
}

fn lost(members: usize) -> String {
    match members {
        0 => "Nobody is in it now, so nobody loses anything by it.".to_owned(),
        1 => "Its one member loses what they may do by it.".to_owned(),
        many => format!("Its {many} members lose what they may do by it."),
    }
}
