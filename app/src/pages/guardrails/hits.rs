//! What a guardrail stopped, or would have stopped.

use leptos::prelude::*;

use crate::api::Page;
use crate::api::guardrails::{GuardrailHits, Hit, HitQuery};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::{Badge, EmptyState, Rows, SkeletonRows, Time, Tone, icons};
use crate::widgets::{ListState, Loaded, NextPages};

#[component]
pub(super) fn Hits(id: String) -> impl IntoView {
    let state = ListState::in_address("", &[]);
    let query = state.query();
    let client = Client::get();
    let hits =
        Resource::new(move || query.get(), move |query| client.call::<GuardrailHits>(&[&id], &HitQuery { limit: query.limit, after: query.after }));
    view! {
        <Loaded resource=hits skeleton=|| view! { <SkeletonRows rows=4 columns=5/> } let:page>
            <Found page=page state=state/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<Hit>>, state: ListState) -> impl IntoView {
    let items = Signal::derive(move || page.with(|page| page.items.iter().cloned().enumerate().collect::<Vec<_>>()));
    let empty = Memo::new(move |_| page.with(|page| page.items.is_empty()));
    let summary = Signal::derive(move || format!("{} on this page", page.with(|page| count(page.items.len(), "request"))));
    view! {
        <Show when=move || !empty.get() fallback=|| view! { <EmptyState icon=icons::CHECK title="Nothing"
            detail=Signal::stored("Nobody asked for what it does not allow.".to_owned())/> }>
            <div class="table-box" tabindex="0" role="region" aria-label="What it found">
                <table class="table cards">
                    <thead>
                        <tr>
                            <th scope="col">"What"</th>
                            <th scope="col">"Who"</th>
                            <th scope="col">"Where"</th>
                            <th scope="col">"Came to"</th>
                            <th scope="col">"When"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <Rows items=items key=|(n, hit): &(usize, Hit)| format!("{}-{n}", hit.at) row=move |hit| view! { <Row hit=hit/> }/>
                    </tbody>
                </table>
            </div>
            <NextPages page=page state=state summary=summary/>
        </Show>
    }
    .into_any()
}

#[component]
fn Row(hit: Signal<(usize, Hit)>) -> impl IntoView {
    let Hit { at, user, target, operation, object, sentence, stopped } = hit.get_untracked().1;
    let (words, tone) = if stopped { ("stopped", Tone::Bad) } else { ("let through", Tone::Warn) };
    let what = if object.is_empty() { operation } else { format!("{operation} {object}") };
    view! {
        <tr>
            <td class="main"><span class="name">{what}</span><span class="sub">{sentence}</span></td>
            <td data-label="Who">{user}</td>
            <td data-label="Where">{target}</td>
            <td data-label="Came to"><Badge text=words tone=tone/></td>
            <td data-label="When"><Time at=at/></td>
        </tr>
    }
    .into_any()
}
