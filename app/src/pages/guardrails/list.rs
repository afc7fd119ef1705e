//! The list of guardrails.

use leptos::prelude::*;

use super::kinds::{summary, taken_apart};
use super::one::removal;
use crate::api::Page;
use crate::api::guardrails::{Guardrail, GuardrailList, Mode};
use crate::client::Client;
use crate::pages::access::words as scope_words;
use crate::ui::format::grouped;
use crate::ui::palette::Command;
use crate::ui::{Badge, EmptyState, Kind, PageHead, SearchBox, SkeletonRows, SortHeader, Tone, icons};
use crate::widgets::{GateButton, GateLink, ListState, Loaded, Paged, offer_commands};

const DECLARED: &str = "the settings file declares it: take it out there";

/// The mode in words.
pub(super) fn mode_words(mode: Mode) -> &'static str {
    match mode {
        Mode::Enforce => "enforced",
        Mode::Warn => "warns only",
    }
}

#[component]
pub fn Guardrails() -> impl IntoView {
    let state = ListState::in_address("name", &[]);
    let query = state.query();
    let client = Client::get();
    let guardrails = Resource::new(move || query.get(), move |query| client.call::<GuardrailList>(&[], &query));
    let after = Callback::new(move |()| guardrails.refetch());
    offer_commands(|| vec![Command::go("Here", "Put a guardrail up", "", icons::PLUS, "/add/guardrail")]);
    view! {
        <PageHead title="Guardrails" about=Signal::stored("What containers, services, volumes and networks may not ask for.".to_owned())>
            <GateLink permission="system.guardrail.create" href="/add/guardrail" label="Put a guardrail up" kind=Kind::Primary icon=icons::PLUS/>
        </PageHead>
        <div class="toolbar">
            <SearchBox label="Search names, places and roles" value=state.words() on_change=Callback::new(move |words: String| state.set_words(&words))/>
        </div>
        <Loaded resource=guardrails skeleton=|| view! { <SkeletonRows rows=6 columns=6/> } let:page>
            <Found page=page state=state after=after/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Guardrail>>, state: ListState, after: Callback<()>) -> impl IntoView {
    let (sort, on_sort) = (state.sort(), state.on_sort());
    view! {
        <Paged
            page=page
            state=state
            label="Guardrails"
            thing="guardrail"
            head=move || view! {
                <SortHeader field="name" label="Name" sort=sort on_sort=on_sort/>
                <th scope="col">"About"</th>
                <th scope="col">"Mode"</th>
                <SortHeader field="scope" label="Where" sort=sort on_sort=on_sort/>
                <th scope="col">"For"</th>
                <SortHeader field="hits" label="Last 30 days" sort=sort on_sort=on_sort down=true/>
                <th scope="col"><span class="unseen">"Actions"</span></th>
            }
            key=|guardrail: &Guardrail| guardrail.id.clone()
            row=move |guardrail| view! { <Row guardrail=guardrail after=after/> }
            none_fits="No guardrail fits"
            none=move || view! {
                <EmptyState icon=icons::LOCK title="No guardrails"
                    detail=Signal::stored("Whoever may make containers may ask for everything the engine can do. Begin with one that only warns.".to_owned())/>
            }
        />
    }
    .into_any()
}

#[component]
fn Row(guardrail: Signal<Guardrail>, after: Callback<()>) -> impl IntoView {
    let href = format!("/guardrails/{}", guardrail.with_untracked(|guardrail| guardrail.id.clone()));
    let name = Signal::derive(move || guardrail.with(|guardrail| guardrail.name.clone()));
    let kind = move || guardrail.with(|guardrail| taken_apart(&guardrail.rule).0.words);
    let mode = Signal::derive(move || mode_words(guardrail.with(|guardrail| guardrail.mode)).to_owned());
    let tone = Signal::derive(move || if guardrail.with(|guardrail| guardrail.mode == Mode::Warn) { Tone::Warn } else { Tone::Good });
    let roles = move || guardrail.with(|guardrail| if guardrail.roles.is_empty() { "everybody".to_owned() } else { guardrail.roles.join(", ") });
    let declared = Signal::derive(move || guardrail.with(|guardrail| guardrail.declared).then(|| DECLARED.to_owned()));
    let remove = removal(guardrail, move || after.run(()));
    let label = Signal::derive(move || format!("Take {} down", name.get()));
    view! {
        <tr>
            <td class="main">
                <a class="name" href=href>{move || name.get()}</a>
                <span class="sub">{move || guardrail.with(|guardrail| summary(&guardrail.rule))}</span>
            </td>
            <td data-label="About">{kind}</td>
            <td data-label="Mode" class="labels">
                <Badge text=mode tone=tone/>
                {move || declared.with(Option::is_some).then(|| view! { <Badge text="declared" tone=Tone::Info/> })}
            </td>
            <td data-label="Where">{move || guardrail.with(|guardrail| scope_words(&guardrail.scope))}</td>
            <td data-label="For">{roles}</td>
            <td data-label="Last 30 days" class="number">{move || grouped(guardrail.with(|guardrail| guardrail.hits))}</td>
            <td class="actions">
                <GateButton permission="system.guardrail.delete" label=label kind=Kind::Quiet icon=icons::TRASH icon_only=true reason=declared on_press=remove/>
            </td>
        </tr>
    }
    .into_any()
}
