//! The rules of a registry.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::form::RuleForm;
use super::words::{keeps, place, runs};
use crate::api::registry_retention::{RetentionPreview, RetentionRule, RetentionRuleDelete, RetentionRuleList};
use crate::api::{Empty, Page, fill};
use crate::client::Client;
use crate::ui::{Ask, Button, Callout, Confirm, EmptyState, Kind, SkeletonRows, Time, Tone, icons};
use crate::widgets::{ListState, Loaded, Paged, Within, use_act, use_me};

/// What it takes to make rules and to look what they would let go.
const MANAGE: &str = "registry.retention.manage";

#[component]
pub(super) fn Rules(registry: String) -> impl IntoView {
    let state = ListState::in_address("prefix", &[]);
    let query = state.query();
    let client = Client::get();
    let rules = {
        let registry = registry.clone();
        Resource::new(move || query.get(), move |query| client.call::<RetentionRuleList>(&[&registry], &query))
    };
    let after = Callback::new(move |()| rules.refetch());
    let editing = RwSignal::new(None::<RetentionRule>);
    let may = use_me().cannot_change(&[MANAGE], Within::PartOf(&registry)).is_none();
    let registry = StoredValue::new(registry);
    view! {
        <Callout tone=Tone::Info title="The narrowest rule counts".to_owned()>
            "For a repository it is the rule with the longest prefix. Without a rule everything stays. \
             A manifest goes with all of its tags, or stays with all of them; so does what a kept index needs, and what is signed of what stays."
        </Callout>
        <div>
            <Loaded resource=rules skeleton=|| view! { <SkeletonRows rows=3 columns=4/> } let:page>
                <Found registry=registry page=page state=state editing=editing after=after/>
            </Loaded>
            {may.then(|| view! { <RuleForm registry=registry.get_value() editing=editing after=after/> })}
        </div>
    }
    .into_any()
}

#[component]
fn Found(
    registry: StoredValue<String>,
    page: Signal<Page<RetentionRule>>,
    state: ListState,
    editing: RwSignal<Option<RetentionRule>>,
    after: Callback<()>,
) -> impl IntoView {
    view! {
        <Paged
            page=page
            state=state
            label="Retention rules"
            thing="rule"
            head=move || view! {
                <th scope="col">"Repositories"</th>
                <th scope="col">"Keeps"</th>
                <th scope="col">"Runs"</th>
                <th scope="col"><span class="unseen">"Actions"</span></th>
            }
            key=|rule: &RetentionRule| rule.id.clone()
            row=move |rule| view! { <Row registry=registry rule=rule editing=editing after=after/> }
            none_fits="No rule fits"
            none=move || view! {
                <EmptyState icon=icons::FILTER title="No rules"
                    detail=Signal::stored("So everything stays, until somebody deletes it by hand.".to_owned())/>
            }
        />
    }
    .into_any()
}

#[component]
fn Row(registry: StoredValue<String>, rule: Signal<RetentionRule>, editing: RwSignal<Option<RetentionRule>>, after: Callback<()>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let navigate = use_navigate();
    let reason = Signal::stored(registry.with_value(|registry| use_me().cannot_change(&[MANAGE], Within::PartOf(registry))));
    let name = Signal::derive(move || rule.with(|rule| place(&rule.prefix)));
    let next = Signal::derive(move || rule.with(|rule| rule.next_at));
    let look = Callback::new(move |()| {
        let RetentionRule { id, prefix, .. } = rule.get_untracked();
        let (registry, navigate) = (registry.get_value(), navigate.clone());
        let there = registry.clone();
        act.run::<RetentionPreview>(&[&registry, &id], &Empty {}, format!("Looked at {}.", place(&prefix)), move |plan| {
            navigate(&fill("/registries/{registry}/retention/plans/{plan}", &[&there, &plan.id]), NavigateOptions::default());
        });
    });
    let change = Callback::new(move |()| editing.set(Some(rule.get_untracked())));
    let remove = Callback::new(move |()| {
        let RetentionRule { id, prefix, .. } = rule.get_untracked();
        let registry = registry.get_value();
        let name = place(&prefix);
        let ask = Ask::new(format!("Remove the rule for {name}?"), "Remove").loses("A wider rule counts there then, or everything stays.");
        confirm.ask(ask, move || {
            act.run::<RetentionRuleDelete>(&[&registry, &id], &Empty {}, format!("The rule for {name} is removed."), move |_| after.run(()));
        });
    });
    let [look_label, change_label, remove_label] =
        ["Preview", "Change the rule for", "Remove the rule for"].map(|verb| Signal::derive(move || format!("{verb} {}", name.get())));
    view! {
        <tr>
            <td class="main"><span class="name">{move || name.get()}</span></td>
            <td data-label="Keeps">{move || rule.with(|rule| keeps(&rule.keep))}</td>
            <td data-label="Runs">
                {move || rule.with(|rule| runs(&rule.schedule))}
                {move || next.get().map(|at| view! { <span class="sub">"next "<Time at=at/></span> })}
            </td>
            <td class="actions">
                <Button label=look_label icon=icons::SEARCH reason=reason busy=act.busy() on_press=look/>
                <Button label=change_label kind=Kind::Quiet icon=icons::EDIT icon_only=true reason=reason on_press=change/>
                <Button label=remove_label kind=Kind::Quiet icon=icons::TRASH icon_only=true reason=reason on_press=remove/>
            </td>
        </tr>
    }
    .into_any()
}
