//! Where an image runs: the containers that are made from it, on all engines.

use leptos::prelude::*;

use super::later::Later;
use super::problem::ProblemView;
use crate::api::fill;
use crate::api::repositories::{Run, RunList, RunQuery, Runs};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::{Callout, SkeletonText, StateDot, Tone};

/// How many are named; of the rest, how many there are.
const SHOWN: usize = 100;

/// The containers of an image. Asked for by the browser alone, when the page is there: engines may take their time.
#[component]
pub fn RunsOf(#[prop(into)] query: Signal<RunQuery>) -> impl IntoView {
    let client = Client::get();
    let found = Later::new(move || client.call::<RunList>(&[], &query.get()));
    move || match found.get() {
        None => view! { <SkeletonText lines=2/> }.into_any(),
        Some(Err(problem)) => view! { <ProblemView problem=problem retry=found.retry()/> }.into_any(),
        Some(Ok(Runs { items, unseen, silent_engines })) => view! { <RunLines runs=items unseen=unseen silent=silent_engines/> }.into_any(),
    }
}

/// Containers, and what is not known of others.
#[component]
pub fn RunLines(runs: Vec<Run>, unseen: u32, silent: Vec<String>) -> impl IntoView {
    let nothing = (runs.is_empty() && unseen == 0).then_some(if silent.is_empty() {
        "No container is made from it."
    } else {
        "No container is made from it on the engines that answered."
    });
    let rest = runs.len().saturating_sub(SHOWN);
    let lines = runs.into_iter().take(SHOWN).map(|run| view! { <Line run=run/> }).collect_view();
    view! {
        <div class="stack">
            {match nothing {
                Some(words) => view! { <p class="none">{words}</p> }.into_any(),
                None => view! { <ul class="run-lines">{lines}</ul> }.into_any(),
            }}
            {(rest > 0).then(|| view! { <p class="list-note">{format!("And {}.", count(rest, "more container"))}</p> })}
            {(unseen > 0).then(|| view! { <p class="list-note">{more(unseen)}</p> })}
            {(!silent.is_empty()).then(|| view! {
                <Callout tone=Tone::Warn title="Not all engines answered">{format!("What runs on {} is not known.", silent.join(", "))}</Callout>
            })}
        </div>
    }
    .into_any()
}

/// Those that are not shown.
fn more(unseen: u32) -> String {
    format!("And {} where you may not look.", count(unseen as usize, "more container"))
}

#[component]
fn Line(run: Run) -> impl IntoView {
    let href = fill("/on/{engine}/containers/{id}", &[&run.engine, &run.container]);
    let tone = match run.state.as_str() {
        "running" => Tone::Good,
        "paused" | "restarting" | "removing" => Tone::Warn,
        "dead" => Tone::Bad,
        _ => Tone::Neutral,
    };
    view! {
        <li>
            <a href=href>{run.name}</a>
            <StateDot text=run.state tone=tone/>
            <span class="muted">"on "{run.engine}</span>
            <code>{run.image}</code>
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::more;

    #[test]
    fn those_out_of_sight_are_counted() {
        assert_eq!(more(1), "And 1 more container where you may not look.");
        assert_eq!(more(12), "And 12 more containers where you may not look.");
    }
}
