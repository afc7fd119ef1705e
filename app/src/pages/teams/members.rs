//! Who is in a team, and who says so.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;

use super::source::{fixed, words};
use super::team::Read;
use crate::api::Empty;
use crate::api::people::{Member, MemberInput, Team, TeamMemberAdd, TeamMemberRemove};
use crate::pages::access::Accounts;
use crate::ui::{Ask, Button, Card, Confirm, Kind, Rows, TextField, Toasts, icons};
use crate::widgets::{FormProblem, GateButton, Submit, use_act, use_me};

#[component]
pub(super) fn Members(team: Signal<Team>, read: Read) -> impl IntoView {
    let name = team.with_untracked(|team| team.name.clone());
    let items = Signal::derive(move || team.with(|team| team.members.clone()));
    let any = Memo::new(move |_| items.with(|items| !items.is_empty()));
    let accounts = Accounts::read();
    let row = {
        let name = name.clone();
        move |member| view! { <Line team=name.clone() member=member accounts=accounts read=read/> }
    };
    let key = |member: &Member| format!("{} {}", member.username, member.source);
    view! {
        <Card title="Members">
            <Show when=move || any.get() fallback=|| view! { <p class="muted">"Nobody is in it yet."</p> }>
                <ul class="held"><Rows items=items key=key row=row.clone()/></ul>
            </Show>
            <Add team=name accounts=accounts read=read/>
        </Card>
    }
    .into_any()
}

#[component]
fn Line(team: String, member: Signal<Member>, accounts: Accounts, read: Read) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let Member { username, source } = member.get_untracked();
    let reason = Signal::stored(fixed(&source));
    let label = format!("Take {username} out");
    let (shown, named) = (username.clone(), username.clone());
    let href = move || accounts.href(&named);
    let take = Callback::new(move |()| {
        let (team, username) = (team.clone(), username.clone());
        let ask = Ask::new(format!("Take {username} out of {team}?"), "Take out")
            .loses("What they may do by this team ends at once, for their tokens too.")
            .loses("Logs, terminals and other streams that rest on it end within seconds.");
        confirm.ask(ask, move || {
            let done = format!("{username} is no longer in {team}.");
            act.run::<TeamMemberRemove>(&[&team, &username], &Empty {}, done, move |_| read.refetch());
        });
    });
    view! {
        <li>
            <span><a href=href>{shown}</a><small>{words(&source)}</small></span>
            <GateButton permission="system.team.update" label=label kind=Kind::Quiet icon=icons::CLOSE icon_only=true reason=reason on_press=take/>
        </li>
    }
    .into_any()
}

#[component]
fn Add(team: String, accounts: Accounts, read: Read) -> impl IntoView {
    let lacks = Signal::stored(use_me().lacks("system.team.update", None));
    let username = RwSignal::new(String::new());
    let submit = Submit::new();
    let toasts = Toasts::get();
    let (busy, problem, error) = (submit.busy, submit.problem, submit.error("username"));
    let reason =
        Signal::derive(move || lacks.get().or_else(|| username.with(|name| name.trim().is_empty()).then(|| "name somebody first".to_owned())));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if reason.get_untracked().is_some() {
            return;
        }
        let input = MemberInput { username: username.get_untracked().trim().to_owned() };
        let done = format!("{} is in {team} now.", input.username);
        submit.send::<TeamMemberAdd>(&[&team], &input, move |_| {
            toasts.ok(done);
            username.set(String::new());
            read.refetch();
        });
    };
    view! {
        <form method="post" class="beside" on:submit=send>
            <TextField label="Add a person or a robot" name="member" value=username mono=true autocomplete="off" error=error suggestions=accounts.all()/>
            <Button label="Add" icon=icons::PLUS submit=true busy=busy reason=reason/>
            <FormProblem problem=problem fields=&["username"]/>
        </form>
    }
    .into_any()
}
