//! What a person, a robot or a team may do: the roles they hold, also by their teams, taking one back, giving another.

use leptos::prelude::*;

use super::give::GiveRole;
use super::holder::Holder;
use super::take::TakeBack;
use super::words::{given_by, words};
use crate::api::people::{Grant, GrantList};
use crate::api::{ListQuery, Page, Problem};
use crate::client::Client;
use crate::ui::{Badge, Card, Rows, SkeletonRows, Time, Tone};
use crate::widgets::{Gate, Loaded};

/// The grants of one holder, those of the teams they are in included.
pub(crate) type HeldRead = Resource<Result<Page<Grant>, Problem>>;

/// Reads the grants of `holder`, and of the `teams` that they are in.
pub(crate) fn read_held(holder: Holder, teams: Vec<String>) -> HeldRead {
    let client = Client::get();
    let holders: Vec<Holder> = std::iter::once(holder).chain(teams.into_iter().map(Holder::Team)).collect();
    Resource::new(
        || (),
        move |()| {
            let (client, holders) = (client.clone(), holders.clone());
            async move {
                let mut held = Page { items: Vec::new(), next: None, total: None };
                for holder in holders {
                    let query = ListQuery { limit: Some(500), filter: Some(holder.name().to_owned()), ..ListQuery::default() };
                    let page = client.call::<GrantList>(&[], &query).await?;
                    // The search finds parts of names too.
                    held.items.extend(page.items.into_iter().filter(|grant| holder.has(grant)));
                }
                Ok(held)
            }
        },
    )
}

/// A card of them. Where `grants` are refused there is none.
#[component]
pub(crate) fn HeldCard(
    holder: Holder,
    grants: HeldRead,
    /// What to say when there is none.
    nothing: &'static str,
) -> impl IntoView {
    view! {
        <Gate permission="system.grant.list" silent=true>
            <Inside holder=holder.clone() grants=grants nothing=nothing/>
        </Gate>
    }
    .into_any()
}

#[component]
fn Inside(holder: Holder, grants: HeldRead, nothing: &'static str) -> impl IntoView {
    let after = Callback::new(move |()| grants.refetch());
    let of_team = matches!(holder, Holder::Team(_));
    let title = if of_team { "What its members may do" } else { "What they may do" };
    view! {
        <Card title=title>
            <Loaded resource=grants skeleton=|| view! { <SkeletonRows rows=2 columns=3/> } let:page>
                <Held page=page of_team=of_team nothing=nothing after=after/>
            </Loaded>
            <GiveRole holder=holder after=after/>
        </Card>
    }
    .into_any()
}

#[component]
fn Held(page: Signal<Page<Grant>>, of_team: bool, nothing: &'static str, after: Callback<()>) -> impl IntoView {
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let any = Memo::new(move |_| items.with(|items| !items.is_empty()));
    view! {
        <Show when=move || any.get() fallback=move || view! { <p class="muted">{nothing}</p> }>
            <ul class="held">
                <Rows items=items key=|grant: &Grant| grant.id.clone() row=move |grant| view! { <Line grant=grant of_team=of_team after=after/> }/>
            </ul>
        </Show>
    }
    .into_any()
}

#[component]
fn Line(grant: Signal<Grant>, of_team: bool, after: Callback<()>) -> impl IntoView {
    let grant = grant.get_untracked();
    let shown = grant.clone();
    // On a person's page, the team that they have it by.
    let team = shown.team.clone().filter(|_| !of_team);
    let by_team = team.map(|name| view! { <span>", by team "<a href=format!("/teams/{name}")>{name.clone()}</a></span> });
    view! {
        <li>
            <span>
                <a href=format!("/roles/{}", shown.role)><strong>{shown.role.clone()}</strong></a>" on "{words(&shown.scope)}{by_team}
                " "{shown.declared.then(|| view! { <Badge text="declared" tone=Tone::Info/> })}
                <small>
                    {given_by(&shown.created_by)}", "<Time at=shown.created_at/>
                    {shown.until.map(|until| view! { <span>", ends "<Time at=until/></span> })}
                </small>
            </span>
            <TakeBack grant=grant after=after/>
        </li>
    }
    .into_any()
}
