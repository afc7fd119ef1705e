//! The last runs of rules in a registry. While one goes on it is looked at again and again.

use std::time::Duration;

use leptos::prelude::*;

use super::words::{counted, place, state as words};
use crate::api::registry_retention::{RetentionRun, RetentionRunList, RunState};
use crate::api::{ListQuery, Page};
use crate::client::Client;
use crate::ui::time::poll;
use crate::ui::{Badge, Card, SkeletonText, Time, Tone};
use crate::widgets::Loaded;

/// How many are shown.
const SHOWN: u32 = 10;
const AGAIN: Duration = Duration::from_secs(2);

#[component]
pub(super) fn Runs(registry: String) -> impl IntoView {
    let client = Client::get();
    let query = ListQuery { limit: Some(SHOWN), ..ListQuery::default() };
    let runs = Resource::new(|| (), move |()| client.call::<RetentionRunList>(&[&registry], &query));
    let goes_on = RwSignal::new(false);
    poll(AGAIN, move || {
        if goes_on.try_get_untracked().unwrap_or(false) {
            runs.refetch();
        }
    });
    view! {
        <Card title="Last runs">
            <Loaded resource=runs skeleton=|| view! { <SkeletonText lines=3/> } let:page>
                <Found page=page goes_on=goes_on/>
            </Loaded>
        </Card>
    }
    .into_any()
}

#[component]
fn Found(page: Signal<Page<RetentionRun>>, goes_on: RwSignal<bool>) -> impl IntoView {
    Effect::new(move |_| {
        let now = page.with(|page| page.items.iter().any(|run| run.state == RunState::Running));
        if goes_on.get_untracked() != now {
            goes_on.set(now);
        }
    });
    let rows = move || {
        let runs = page.with(|page| page.items.clone());
        if runs.is_empty() {
            return view! { <p class="muted">"Nothing has been run here."</p> }.into_any();
        }
        view! {
            <div class="table-box bare" tabindex="0" role="region" aria-label="Last runs">
                <table class="table cards">
                    <thead>
                        <tr>
                            <th scope="col">"Repositories"</th>
                            <th scope="col">"When"</th>
                            <th scope="col">"State"</th>
                            <th scope="col">"What went"</th>
                        </tr>
                    </thead>
                    <tbody>{runs.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! { <div aria-live="polite">{rows}</div> }.into_any()
}

fn row(run: RetentionRun) -> impl IntoView {
    let tone = match run.state {
        RunState::Running => Tone::Info,
        RunState::Done => Tone::Good,
        RunState::Stopped | RunState::BrokenOff => Tone::Bad,
    };
    let by = run.started_by.map_or_else(|| "by its schedule".to_owned(), |who| format!("by {who}"));
    let went = format!("{} of {}, {}", run.digests_gone, counted(run.digests_planned, "manifest"), counted(run.tags_gone, "tag"));
    let kept = (run.spared + run.failed > 0).then(|| format!("{} spared, {} failed. ", run.spared, run.failed)).unwrap_or_default();
    view! {
        <tr>
            <td class="main">{place(&run.prefix)}</td>
            <td data-label="When"><Time at=run.started_at/><span class="sub">{by}</span></td>
            <td data-label="State"><Badge text=words(run.state) tone=tone/></td>
            <td data-label="What went">{went}<span class="sub">{kept}{run.note}</span></td>
        </tr>
    }
}
