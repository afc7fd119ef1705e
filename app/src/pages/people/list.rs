//! The list of people.

use leptos::prelude::*;

use super::factor_rules::{self, FactorRulesCard};
use crate::api::people::{Grant, GrantList, User, UserList};
use crate::api::{ListQuery, Page, Problem};
use crate::client::Client;
use crate::pages::access::{AccessTabs, grant_words};
use crate::ui::format::count;
use crate::ui::palette::Command;
use crate::ui::{Badge, Kind, PageHead, SearchBox, SkeletonRows, StateDot, Time, Tone, icons};
use crate::widgets::{GateLink, ListState, Loaded, Paged, offer_commands, use_me};

type Grants = Resource<Result<Page<Grant>, Problem>>;

#[component]
pub fn People() -> impl IntoView {
    let state = ListState::in_address("", &[]);
    let query = state.query();
    let client = Client::get();
    let users = {
        let client = client.clone();
        Resource::new(move || query.get(), move |query| client.call::<UserList>(&[], &query))
    };
    let grants: Grants = Resource::new(|| (), move |()| client.call::<GrantList>(&[], &ListQuery { limit: Some(500), ..ListQuery::default() }));
    // Made here and not inside of a gate: server and browser count resources in the order in which they are made, and rows stand before it.
    let rules = use_me().may("system.factor.rule", None).then(factor_rules::read);
    offer_commands(|| vec![Command::go("Here", "Add a person", "", icons::PLUS, "/add/person")]);
    view! {
        <AccessTabs/>
        <PageHead title="People" about=Signal::stored("Who may sign in, and what they may do.".to_owned())>
            <GateLink permission="system.user.create" href="/add/person" label="Add a person" kind=Kind::Primary icon=icons::PLUS/>
        </PageHead>
        <div class="toolbar">
            <SearchBox label="Search names" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
        </div>
        <Loaded resource=users skeleton=|| view! { <SkeletonRows rows=6 columns=5/> } let:page>
            <Found page=page grants=grants state=state/>
        </Loaded>
        {rules.map(|read| view! { <FactorRulesCard read=read/> })}
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<User>>, grants: Grants, state: ListState) -> impl IntoView {
    let summary = Signal::derive(move || {
        page.with(|page| match page.total.unwrap_or_default() as usize {
            1 => "1 person".to_owned(),
            total => count(total, "people").trim_end_matches('s').to_owned(),
        })
    });
    view! {
        <Paged
            page=page
            state=state
            label="People"
            summary=summary
            head=move || view! {
                <th scope="col">"Name"</th>
                <th scope="col">"May"</th>
                <th scope="col">"Teams"</th>
                <th scope="col">"State"</th>
                <th scope="col">"Since"</th>
            }
            key=|user: &User| user.username.clone()
            row=move |user| view! { <Row user=user grants=grants/> }
            none_fits="Nobody fits"
        />
    }
    .into_any()
}

#[component]
fn Row(user: Signal<User>, grants: Grants) -> impl IntoView {
    let name = user.with_untracked(|user| user.username.clone());
    let disabled = Memo::new(move |_| user.with(|user| user.disabled));
    let state = Signal::derive(move || if disabled.get() { "Disabled" } else { "Active" }.to_owned());
    let tone = Signal::derive(move || if disabled.get() { Tone::Neutral } else { Tone::Good });
    let may = {
        let name = name.clone();
        move || {
            let page = grants.get()?.ok()?;
            let mine: Vec<&Grant> = page.items.iter().filter(|grant| grant.team.is_none() && grant.holder() == name).collect();
            // One root whatever there is: of two that are both empty the browser finds neither.
            Some(if mine.is_empty() {
                // Past 500 grants this list does not know them all; the person's own page does.
                let word = match user.with(|user| user.teams.is_empty()) {
                    _ if page.next.is_some() => "see their page",
                    true => "nothing yet",
                    false => "by team only",
                };
                view! { <span class="muted">{word}</span> }.into_any()
            } else {
                let badges = mine.iter().map(|grant| view! { <Badge text=grant_words(grant) tone=grant_tone(&grant.role)/> });
                badges.collect_view().into_any()
            })
        }
    };
    let teams = move || {
        let links = user.with(|user| user.teams.clone()).into_iter();
        links.map(|team| view! { <a class="team" href=format!("/teams/{team}")>{team.clone()}</a> }).collect_view()
    };
    let declared = user.with_untracked(|user| user.declared);
    view! {
        <tr>
            <td class="main">
                <a class="name" href=format!("/people/{name}")>{name.clone()}</a>
                {declared.then(|| view! { <span class="sub">"Declared in the settings file"</span> })}
            </td>
            <td data-label="May" class="labels"><Transition fallback=|| view! { <span class="bone short"></span> }>{may}</Transition></td>
            <td data-label="Teams" class="labels">{teams}</td>
            <td data-label="State"><StateDot text=state tone=tone/></td>
            <td data-label="Since"><Time at=Signal::derive(move || user.with(|user| user.created_at))/></td>
        </tr>
    }
    .into_any()
}

fn grant_tone(role: &str) -> Tone {
    if role == "admin" { Tone::Info } else { Tone::Neutral }
}
