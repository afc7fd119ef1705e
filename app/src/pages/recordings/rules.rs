//! The rules that say which sessions are recorded.

use leptos::prelude::*;

use super::rule_form::RuleForm;
use crate::api::recordings::{Record, RecordingRule, RecordingRuleDelete, RecordingRuleList};
use crate::api::{Empty, Page};
use crate::client::Client;
use crate::pages::access::words as scope_words;
use crate::ui::{Ask, Badge, Callout, Confirm, EmptyState, Kind, PageHead, SkeletonRows, SortHeader, Tone, icons};
use crate::widgets::{Gate, GateButton, ListState, Loaded, Paged, use_act};

#[component]
pub fn RecordingRules() -> impl IntoView {
    let state = ListState::in_address("scope", &[]);
    let query = state.query();
    let client = Client::get();
    let rules = Resource::new(move || query.get(), move |query| client.call::<RecordingRuleList>(&[], &query));
    let after = Callback::new(move |()| rules.refetch());
    let editing = RwSignal::new(None::<RecordingRule>);
    let about = "Which terminals are recorded, and how. What is changed counts for sessions that begin afterwards.".to_owned();
    view! {
        <PageHead title="What is recorded" back=("/recordings".to_owned(), "Recordings".to_owned()) about=Signal::stored(about)/>
        <Callout tone=Tone::Info title="The narrowest rule counts".to_owned()>
            "A project before its engine, an engine before labels, labels before everything; of two that are as narrow, the one that records more. \
             Where no rule fits, sessions are recorded, without what is typed, and go on if that fails."
        </Callout>
        <Loaded resource=rules skeleton=|| view! { <SkeletonRows rows=3 columns=5/> } let:page>
            <Found page=page state=state editing=editing after=after/>
        </Loaded>
        <Gate permission="system.recording.rule" silent=true><RuleForm editing=editing after=after/></Gate>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<RecordingRule>>, state: ListState, editing: RwSignal<Option<RecordingRule>>, after: Callback<()>) -> impl IntoView {
    let (sort, on_sort) = (state.sort(), state.on_sort());
    view! {
        <Paged
            page=page
            state=state
            label="Recording rules"
            class="recording-rules"
            thing="rule"
            head=move || view! {
                <SortHeader field="scope" label="Where" sort=sort on_sort=on_sort/>
                <th scope="col">"Recorded"</th>
                <th scope="col">"If that fails"</th>
                <th scope="col">"What is typed"</th>
                <th scope="col"><span class="unseen">"Actions"</span></th>
            }
            key=|rule: &RecordingRule| rule.id.clone()
            row=move |rule| view! { <Row rule=rule editing=editing after=after/> }
            none_fits="No rule fits"
            none=move || view! {
                <EmptyState icon=icons::FILTER title="No rules"
                    detail=Signal::stored("So every terminal is recorded, without what is typed.".to_owned())/>
            }
        />
    }
    .into_any()
}

#[component]
fn Row(rule: Signal<RecordingRule>, editing: RwSignal<Option<RecordingRule>>, after: Callback<()>) -> impl IntoView {
    let act = use_act();
    let confirm = Confirm::get();
    let always = Memo::new(move |_| rule.with(|rule| rule.record == Record::Always));
    let text = Signal::derive(move || if always.get() { "always" } else { "never" }.to_owned());
    let tone = Signal::derive(move || if always.get() { Tone::Good } else { Tone::Warn });
    let fails = move || match (always.get(), rule.with(|rule| rule.strict)) {
        (false, _) => "\u{2013}",
        (true, true) => "no session",
        (true, false) => "it goes on",
    };
    let typed = move || match (always.get(), rule.with(|rule| rule.input)) {
        (false, _) => "\u{2013}",
        (true, true) => "kept too",
        (true, false) => "left out",
    };
    let scope = Signal::derive(move || rule.with(|rule| rule.scope.clone()));
    let change = Callback::new(move |()| editing.set(Some(rule.get_untracked())));
    let remove = Callback::new(move |()| {
        let RecordingRule { id, scope, .. } = rule.get_untracked();
        let ask = Ask::new(format!("Remove the rule for {scope}?"), "Remove")
            .loses("Sessions there are recorded as a wider rule says, or without what is typed where there is none.");
        confirm
            .ask(ask, move || act.run::<RecordingRuleDelete>(&[&id], &Empty {}, format!("The rule for {scope} is removed."), move |_| after.run(())));
    });
    let change_label = Signal::derive(move || format!("Change the rule for {}", scope.get()));
    let remove_label = Signal::derive(move || format!("Remove the rule for {}", scope.get()));
    view! {
        <tr>
            <td class="main"><span class="name">{move || scope.get()}</span><span class="sub">{move || rule.with(|rule| scope_words(&rule.scope))}</span></td>
            <td data-label="Recorded" class="labels"><Badge text=text tone=tone/></td>
            <td data-label="If that fails">{fails}</td>
            <td data-label="What is typed">{typed}</td>
            <td class="actions">
                <GateButton permission="system.recording.rule" label=change_label kind=Kind::Quiet icon=icons::EDIT icon_only=true on_press=change/>
                <GateButton permission="system.recording.rule" label=remove_label kind=Kind::Quiet icon=icons::TRASH icon_only=true on_press=remove/>
            </td>
        </tr>
    }
    .into_any()
}
