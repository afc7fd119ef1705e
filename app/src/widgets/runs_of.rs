//! Where an image runs: the containers on all engines that are made from a digest.

use leptos::prelude::*;

use super::loaded::Loaded;
use crate::api::fill;
use crate::api::repositories::{Run, RunList, RunQuery, Runs};
use crate::client::Client;
use crate::ui::format::count;
use crate::ui::{Callout, SkeletonText, StateDot, Tone};

/// How many are named; of the rest, how many there are.
const SHOWN: usize = 100;

/// The containers made from what `query` names, on every engine.
#[component]
pub fn RunsOf(#[prop(into)] query: Signal<RunQuery>) -> impl IntoView {
    let client = Client::get();
    let runs = Resource::new(move || query.get(), move |query| client.call::<RunList>(&[], &query));
    view! {
        <Loaded resource=runs skeleton=|| view! { <SkeletonText lines=3/> } let:runs>
            <Found runs=runs/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Found(runs: Signal<Runs>) -> impl IntoView {
    let silent = Memo::new(move |_| runs.with(|runs| silence(&runs.silent_engines)));
    let rest = Memo::new(move |_| runs.with(|runs| rest(runs.items.len(), runs.unseen)));
    let list = move || {
        let items = runs.with(|runs| runs.items.iter().take(SHOWN).cloned().collect::<Vec<_>>());
        if items.is_empty() {
            return view! { <p class="none">"No container that you may see is made from it."</p> }.into_any();
        }
        view! { <ul class="lines">{items.into_iter().map(line).collect_view()}</ul> }.into_any()
    };
    view! {
        <div class="stack">
            {list}
            {move || rest.get().map(|words| view! { <p class="none">{words}</p> })}
            {move || silent.get().map(|words| view! { <Callout tone=Tone::Warn>{words}</Callout> })}
        </div>
    }
    .into_any()
}

fn line(run: Run) -> impl IntoView {
    let href = fill("/on/{engine}/containers/{id}", &[&run.engine, &run.container]);
    let tone = match run.state.as_str() {
        "running" => Tone::Good,
        "paused" => Tone::Warn,
        _ => Tone::Neutral,
    };
    view! {
        <li>
            <a href=href>{run.name}</a>
            <span>{format!("on {}", run.engine)}</span>
            <StateDot text=run.state tone=tone/>
            <code>{run.image}</code>
        </li>
    }
    .into_any()
}

/// Of those that are not named, how many there are.
fn rest(found: usize, unseen: u32) -> Option<String> {
    let more = found.saturating_sub(SHOWN);
    match (more, unseen as usize) {
        (0, 0) => None,
        (0, unseen) => Some(format!("{} more where you may not look.", count(unseen, "container"))),
        (more, 0) => Some(format!("{} more.", count(more, "container"))),
        (more, unseen) => Some(format!("{} more, and {} where you may not look.", count(more, "container"), count(unseen, "container"))),
    }
}

/// Which engines do not say what runs there.
fn silence(engines: &[String]) -> Option<String> {
    match engines {
        [] => None,
        [engine] => Some(format!("{engine} does not answer: what runs there is not known now.")),
        engines => Some(format!("{} do not answer: what runs there is not known now.", engines.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::{rest, silence};

    #[test]
    fn what_is_not_named_is_counted() {
        assert_eq!(rest(100, 0), None);
        assert_eq!(rest(0, 1).as_deref(), Some("1 container more where you may not look."));
        assert_eq!(rest(103, 2).as_deref(), Some("3 containers more, and 2 containers where you may not look."));
    }

    #[test]
    fn engines_that_do_not_answer_are_named() {
        assert_eq!(silence(&[]), None);
        assert_eq!(silence(&["a".into()]).as_deref(), Some("a does not answer: what runs there is not known now."));
        assert!(silence(&["a".into(), "b".into()]).is_some_and(|words| words.starts_with("a, b do not answer")));
    }
}
