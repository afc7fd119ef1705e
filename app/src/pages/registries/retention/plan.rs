//! What a rule would let go: why, and what stays; and to run that.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map};

use super::address;
use super::tags::Tags;
use super::words::{counted, place};
use crate::api::registry_retention::{Reason, RetentionPlan, RetentionPlanGet, RetentionRunInput, RetentionRunStart};
use crate::api::{Empty, fill};
use crate::client::Client;
use crate::ui::{Ask, Button, Callout, Card, Confirm, Facts, Kind, PageHead, SkeletonText, Time, Tone, icons};
use crate::widgets::{Loaded, Within, use_act, use_me};

#[component]
pub fn RetentionPlanPage() -> impl IntoView {
    let params = use_params_map();
    let at = Memo::new(move |_| params.with(|params| ["registry", "plan"].map(|name| params.get(name).unwrap_or_default())));
    move || {
        let [registry, plan] = at.get();
        untrack(|| view! { <Page registry=registry plan=plan/> })
    }
}

#[component]
fn Page(registry: String, plan: String) -> impl IntoView {
    let client = Client::get();
    let found = {
        let (registry, plan) = (registry.clone(), plan.clone());
        Resource::new(|| (), move |()| client.call::<RetentionPlanGet>(&[&registry, &plan], &Empty {}))
    };
    let back = (address(&registry), format!("Retention of {registry}"));
    let about = "As it was when it was looked at. Nothing has been deleted by looking.".to_owned();
    view! {
        <PageHead title="Preview" back=back about=Signal::stored(about)/>
        <div class="stack">
            <Loaded resource=found skeleton=|| view! { <SkeletonText lines=6/> } let:plan>
                <Found plan=plan/>
            </Loaded>
            <Tags registry=registry plan=plan/>
        </div>
    }
    .into_any()
}

#[component]
fn Found(plan: Signal<RetentionPlan>) -> impl IntoView {
    let problems = move || {
        let problems = plan.with(|plan| plan.problems.clone());
        (!problems.is_empty()).then(|| {
            view! {
                <Callout tone=Tone::Bad title="Not everything could be read, so nothing goes".to_owned()>
                    <ul class="plain-list">{problems.into_iter().map(|problem| view! { <li>{problem}</li> }).collect_view()}</ul>
                </Callout>
            }
        })
    };
    let made_at = Signal::derive(move || plan.with(|plan| plan.made_at));
    let good_until = Signal::derive(move || plan.with(|plan| plan.good_until));
    let looked_at =
        move || plan.with(|plan| format!("{} of {} in {}", place(&plan.prefix), counted(plan.tags, "tag"), counted(plan.repositories, "repository")));
    let goes = move || plan.with(|plan| format!("{} with {}", counted(plan.digests_going, "manifest"), counted(plan.tags_going, "tag")));
    view! {
        {problems}
        <Card title="What it comes to">
            <Facts>
                <dt>"Looked at"</dt>
                <dd>{looked_at}</dd>
                <dt>"When"</dt>
                <dd><Time at=made_at/>", by "{move || plan.with(|plan| plan.made_by.clone())}</dd>
                <dt>"Goes"</dt>
                <dd>{goes}</dd>
                <dt>"May be run until"</dt>
                <dd><Time at=good_until/></dd>
            </Facts>
            <Reasons plan=plan/>
            <Run plan=plan/>
        </Card>
    }
    .into_any()
}

/// How many tags go and stay, by why.
#[component]
fn Reasons(plan: Signal<RetentionPlan>) -> impl IntoView {
    let rows = move || {
        let reasons = plan.with(|plan| plan.reasons.clone());
        let row = |of: crate::api::registry_retention::ReasonCount| {
            let fate = if matches!(of.reason, Reason::Unkept | Reason::SubjectGoes) { "goes" } else { "stays" };
            view! {
                <tr>
                    <td class="main">{of.reason.words()}</td>
                    <td data-label="Becomes">{fate}</td>
                    <td data-label="Tags" class="number">{of.tags.to_string()}</td>
                </tr>
            }
        };
        reasons.into_iter().map(row).collect_view()
    };
    view! {
        <div class="table-box bare" tabindex="0" role="region" aria-label="Why tags go and stay">
            <table class="table cards">
                <thead>
                    <tr>
                        <th scope="col">"Why"</th>
                        <th scope="col">"Becomes"</th>
                        <th scope="col" class="number">"Tags"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Run(plan: Signal<RetentionPlan>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let navigate = use_navigate();
    let me = use_me();
    let reason = Signal::derive(move || {
        plan.with(|plan| {
            let lacks = |permission| me.cannot_change(&[permission], Within::PartOf(&plan.registry));
            if let Some(reason) = lacks("registry.retention.manage").or_else(|| lacks("registry.repository.delete")) {
                return Some(reason);
            }
            match plan {
                plan if !plan.problems.is_empty() => Some("not everything could be read".to_owned()),
                plan if plan.run.is_some() => Some("it was run already; look again".to_owned()),
                plan if plan.digests_going == 0 => Some("there is nothing to let go".to_owned()),
                _ => None,
            }
        })
    });
    let run = Callback::new(move |()| {
        let plan = plan.get_untracked();
        let navigate = navigate.clone();
        let (manifests, tags) = (counted(plan.digests_going, "manifest"), counted(plan.tags_going, "tag"));
        let ask = Ask::new(format!("Delete {manifests} with {tags}?"), "Delete them")
            .loses(format!("They are gone from {} for good, and can be pulled no more.", plan.registry))
            .loses("Each is looked at once more just before: what is run, retagged or pushed by then stays.")
            .retype(plan.registry.clone());
        confirm.ask(ask, move || {
            let input = RetentionRunInput { digests: plan.digests_going, tags: plan.tags_going };
            let (there, navigate) = (address(&plan.registry), navigate.clone());
            act.run::<RetentionRunStart>(&[&plan.registry, &plan.id], &input, "It is being run.", move |_| {
                navigate(&there, NavigateOptions::default());
            });
        });
    });
    let again = Signal::derive(move || plan.with(|plan| fill("/registries/{registry}/retention", &[&plan.registry])));
    view! {
        <footer class="form-actions">
            <Button label="Delete what goes" kind=Kind::Danger icon=icons::TRASH reason=reason busy=act.busy() on_press=run/>
            <a href=move || again.get()>"Back to the rules"</a>
        </footer>
    }
    .into_any()
}
