//! Which roles ask for a second factor.

use leptos::prelude::*;

use crate::api::factors::{FactorRule, FactorRuleList, FactorRuleSet, FactorRules};
use crate::api::people::RoleList;
use crate::api::{Empty, ListQuery, Page, Problem};
use crate::client::Client;
use crate::ui::{Button, Card, Checkbox, Kind, SkeletonText};
use crate::widgets::{Loaded, use_act};

/// The roles there are, and those that ask for a factor.
pub(super) type Read = Resource<Result<(Vec<String>, Page<FactorRule>), Problem>>;

/// Reads both.
pub(super) fn read() -> Read {
    let client = Client::get();
    Resource::new(
        || (),
        move |()| {
            let all = ListQuery { limit: Some(500), ..ListQuery::default() };
            let (roles, rules) = (client.call::<RoleList>(&[], &all), client.call::<FactorRuleList>(&[], &Empty {}));
            async move { Ok((roles.await?.items.into_iter().map(|role| role.name).collect(), rules.await?)) }
        },
    )
}

#[component]
pub(super) fn FactorRulesCard(read: Read) -> impl IntoView {
    view! {
        <Card title="Roles that ask for a second factor">
            <p class="muted">"Who holds such a role and has no factor may do nothing but add one under their account."</p>
            <Loaded resource=read skeleton=|| view! { <SkeletonText lines=3/> } let:found>
                <Form found=found read=read/>
            </Loaded>
        </Card>
    }
    .into_any()
}

#[component]
fn Form(found: Signal<(Vec<String>, Page<FactorRule>)>, read: Read) -> impl IntoView {
    let act = use_act();
    let busy = act.busy();
    let (roles, rules) = found.get_untracked();
    let ticked = |role: &str| RwSignal::new(rules.items.iter().any(|rule| rule.role == role));
    let roles: Vec<(String, RwSignal<bool>)> = roles.into_iter().map(|role| (role.clone(), ticked(&role))).collect();
    let tokens = RwSignal::new(rules.items.iter().any(|rule| rule.tokens));
    let boxes = roles.clone().into_iter().map(|(role, ticked)| view! { <Checkbox label=role checked=ticked/> }).collect_view();
    let save = Callback::new(move |()| {
        let asked = roles.iter().filter(|(_, ticked)| ticked.get_untracked());
        let rules = asked.map(|(role, _)| FactorRule { role: role.clone(), tokens: tokens.get_untracked() }).collect();
        act.run::<FactorRuleSet>(&[], &FactorRules { rules }, "The rules are in force.", move |_| read.refetch());
    });
    view! {
        <div class="form">
            {boxes}
            <Checkbox label="For tokens too" checked=tokens hint="Tokens of those who have no factor stop working until they add one."/>
            <div><Button label="Save the rules" kind=Kind::Primary busy=busy on_press=save/></div>
        </div>
    }
    .into_any()
}
