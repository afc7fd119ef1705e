//! The list of teams.

use leptos::prelude::*;

use crate::api::Page;
use crate::api::people::{Team, TeamList};
use crate::client::Client;
use crate::pages::access::AccessTabs;
use crate::ui::palette::Command;
use crate::ui::{EmptyState, Kind, PageHead, SearchBox, SkeletonRows, Time, icons};
use crate::widgets::{GateLink, ListState, Loaded, Paged, UsedBy, offer_commands};

#[component]
pub fn Teams() -> impl IntoView {
    let state = ListState::in_address("", &[]);
    let query = state.query();
    let client = Client::get();
    let teams = Resource::new(move || query.get(), move |query| client.call::<TeamList>(&[], &query));
    offer_commands(|| vec![Command::go("Here", "Add a team", "", icons::PLUS, "/add/team")]);
    view! {
        <AccessTabs/>
        <PageHead title="Teams" about=Signal::stored("People and robots who hold the same roles.".to_owned())>
            <GateLink permission="system.team.create" href="/add/team" label="Add a team" kind=Kind::Primary icon=icons::PLUS/>
        </PageHead>
        <div class="toolbar">
            <SearchBox label="Search teams" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
        </div>
        <Loaded resource=teams skeleton=|| view! { <SkeletonRows rows=4 columns=3/> } let:page>
            <Found page=page state=state/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Team>>, state: ListState) -> impl IntoView {
    view! {
        <Paged
            page=page
            state=state
            label="Teams"
            thing="team"
            head=move || view! {
                <th scope="col">"Name"</th>
                <th scope="col">"Members"</th>
                <th scope="col">"Since"</th>
            }
            key=|team: &Team| team.name.clone()
            row=move |team| view! { <Row team=team/> }
            none_fits="No team fits"
            none=move || view! {
                <EmptyState icon=icons::PEOPLE title="No teams" detail=Signal::stored("Give a role to a team once, and whoever joins has it.".to_owned())>
                    <GateLink permission="system.team.create" href="/add/team" label="Add a team" kind=Kind::Primary icon=icons::PLUS/>
                </EmptyState>
            }
        />
    }
    .into_any()
}

#[component]
fn Row(team: Signal<Team>) -> impl IntoView {
    let (name, declared) = team.with_untracked(|team| (team.name.clone(), team.declared));
    let about = move || {
        let summary = team.with(|team| team.summary.clone());
        if summary.is_empty() && declared { "Declared in the settings file".to_owned() } else { summary }
    };
    let members = Signal::derive(move || team.with(|team| team.members.iter().map(|member| member.username.clone()).collect::<Vec<_>>()));
    view! {
        <tr>
            <td class="main">
                <a class="name" href=format!("/teams/{name}")>{name.clone()}</a>
                <span class="sub">{about}</span>
            </td>
            <td data-label="Members"><UsedBy names=members none="Nobody"/></td>
            <td data-label="Since"><Time at=Signal::derive(move || team.with(|team| team.created_at))/></td>
        </tr>
    }
    .into_any()
}
