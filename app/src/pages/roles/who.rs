//! Who has a role.

use leptos::prelude::*;

use crate::api::people::{Grant, GrantList};
use crate::api::{ListQuery, Page, Problem};
use crate::client::Client;
use crate::pages::access::{TakeBack, holder_href, holder_kind, words};
use crate::ui::{Badge, Card, Rows, SkeletonRows, Time, Tone};
use crate::widgets::{Gate, Loaded};

pub(super) type Has = Resource<Result<Page<Grant>, Problem>>;

/// The grants of this role.
pub(super) fn read_grants(role: &str) -> Has {
    let client = Client::get();
    let query = ListQuery { limit: Some(500), filter: Some(role.to_owned()), ..ListQuery::default() };
    let role = role.to_owned();
    Resource::new(
        || (),
        move |()| {
            let (call, role) = (client.call::<GrantList>(&[], &query), role.clone());
            async move {
                let mut page = call.await?;
                // The search finds names and places too.
                page.items.retain(|grant| grant.role == role);
                Ok(page)
            }
        },
    )
}

#[component]
pub(super) fn Who(grants: Has) -> impl IntoView {
    view! {
        <Gate permission="system.grant.list" silent=true>
            <Card title="Who has it">
                <Loaded resource=grants skeleton=|| view! { <SkeletonRows rows=2 columns=2/> } let:page>
                    <Found page=page after=Callback::new(move |()| grants.refetch())/>
                </Loaded>
            </Card>
        </Gate>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Grant>>, after: Callback<()>) -> impl IntoView {
    let items = Signal::derive(move || page.with(|page| page.items.clone()));
    let any = Memo::new(move |_| items.with(|items| !items.is_empty()));
    view! {
        <Show when=move || any.get() fallback=|| view! { <p class="muted">"Nobody."</p> }>
            <ul class="held"><Rows items=items key=|grant: &Grant| grant.id.clone() row=move |grant| view! { <Line grant=grant after=after/> }/></ul>
        </Show>
    }
    .into_any()
}

#[component]
fn Line(grant: Signal<Grant>, after: Callback<()>) -> impl IntoView {
    let grant = grant.get_untracked();
    let kind = holder_kind(&grant).map(|kind| format!("{kind} "));
    let until = grant.until.map(|until| view! { <small>"ends "<Time at=until/></small> });
    let declared = grant.declared.then(|| view! { <Badge text="declared" tone=Tone::Info/> });
    view! {
        <li>
            <span>{kind}<a href=holder_href(&grant)><strong>{grant.holder().to_owned()}</strong></a>" on "{words(&grant.scope)}" "{declared}{until}</span>
            <TakeBack grant=grant.clone() after=after/>
        </li>
    }
    .into_any()
}
