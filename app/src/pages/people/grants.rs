//! What somebody may do: the roles they hold, taking one back, giving another.

use leptos::prelude::*;

use super::role::GiveRole;
use super::scope::words;
use crate::api::people::{Grant, GrantDelete, GrantList};
use crate::api::{Empty, ListQuery, Page, Problem};
use crate::client::Client;
use crate::ui::{Ask, Card, Confirm, Kind, Rows, SkeletonRows, Time, icons};
use crate::widgets::{Gate, GateButton, Loaded, use_act};

#[component]
pub(super) fn Grants(username: String) -> impl IntoView {
    let client = Client::get();
    let grants: Resource<Result<Page<Grant>, Problem>> = {
        let username = username.clone();
        let query = ListQuery { limit: Some(500), filter: Some(username.clone()), ..ListQuery::default() };
        Resource::new(
            || (),
            move |()| {
                let (call, username) = (client.call::<GrantList>(&[], &query), username.clone());
                async move {
                    let mut page = call.await?;
                    // The search finds parts of names too.
                    page.items.retain(|grant| grant.team.is_none() && grant.holder() == username);
                    Ok(page)
                }
            },
        )
    };
    let after = Callback::new(move |()| grants.refetch());
    view! {
        <Card title="What they may do">
            <Loaded resource=grants skeleton=|| view! { <SkeletonRows rows=2 columns=3/> } let:page>
                <Held page=page after=after/>
            </Loaded>
            <Gate permission="system.grant.create" silent=true><GiveRole username=username.clone() after=after/></Gate>
        </Card>
    }
    .into_any()
}

#[component]
fn Held(page: Signal<Page<Grant>>, after: Callback<()>) -> impl IntoView {
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let any = Memo::new(move |_| items.with(|items| !items.is_empty()));
    view! {
        <Show when=move || any.get() fallback=|| view! { <p class="muted">"Nothing yet: they hold no role. They can sign in, and see an empty console."</p> }>
            <ul class="held">
                <Rows items=items key=|grant: &Grant| grant.id.clone() row=move |grant| view! { <Line grant=grant after=after/> }/>
            </ul>
        </Show>
    }
    .into_any()
}

#[component]
fn Line(grant: Signal<Grant>, after: Callback<()>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let grant = grant.get_untracked();
    let user = grant.holder().to_owned();
    let Grant { id, role, scope, created_at, created_by, .. } = grant;
    let scope = words(&scope);
    let by = if created_by == "-" { "by the first set-up".to_owned() } else { format!("by {created_by}") };
    let label = format!("Take {role} on {scope} back");
    let (shown_role, shown_scope) = (role.clone(), scope.clone());
    let take = Callback::new(move |()| {
        let (id, done) = (id.clone(), format!("{user} is no longer {role} on {scope}."));
        let ask = Ask::new(format!("Take {role} on {scope} back from {user}?"), "Take back")
            .loses("What they may do by this role ends at once, for their tokens too.")
            .loses("Logs, terminals and other streams that rest on it end within seconds.");
        confirm.ask(ask, move || act.run::<GrantDelete>(&[&id], &Empty {}, done.clone(), move |_| after.run(())));
    });
    view! {
        <li>
            <span><strong>{shown_role}</strong>" on "{shown_scope}<small>{by}", "<Time at=created_at/></small></span>
            <GateButton permission="system.grant.delete" label=label kind=Kind::Quiet icon=icons::TRASH icon_only=true on_press=take/>
        </li>
    }
    .into_any()
}
