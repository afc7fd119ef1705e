//! Trying to reach an engine before it is kept, step by step.

use leptos::prelude::*;

use super::form::Draft;
use super::way::Way;
use crate::api::engines::{EngineTest, EngineTestOutput, TestStep};
use crate::ui::{Badge, Button, Icon, Tone, icons};
use crate::widgets::{FormProblem, Submit};

/// A button that tries, and what it found. What is found is forgotten when the fields change.
#[component]
pub(super) fn Tried(draft: Draft, kept: bool) -> impl IntoView {
    let submit = Submit::new();
    let found = RwSignal::new(None::<EngineTestOutput>);
    Effect::new(move || {
        [draft.scheme, draft.place, draft.ca, draft.cert, draft.key].iter().for_each(Track::track);
        found.set(None);
    });
    let reason = Signal::derive(move || {
        if draft.place.with(|place| place.trim().is_empty()) {
            return Some("say where it is first".to_owned());
        }
        let hidden = kept && draft.way() == Way::Tls && draft.tls().is_none();
        hidden.then(|| "stored certificates are not sent here: save, and its health tells".to_owned())
    });
    let (busy, problem) = (submit.busy, submit.problem);
    let press = Callback::new(move |()| {
        let mut input = draft.input();
        if input.name.is_empty() {
            // The connection can be tried before the name is thought of.
            "unnamed".clone_into(&mut input.name);
        }
        found.set(None);
        submit.send::<EngineTest>(&[], &input, move |output| found.set(Some(output)));
    });
    view! {
        <div class="tried">
            <Button label="Try the connection" icon=icons::ACTIVITY busy=busy reason=reason on_press=press/>
            <div role="status">{move || found.get().map(|found| view! { <Found found=found/> })}</div>
            <FormProblem problem=problem/>
        </div>
    }
    .into_any()
}

#[component]
fn Found(found: EngineTestOutput) -> impl IntoView {
    let verdict = if found.ok { ("It works", Tone::Good) } else { ("It does not work", Tone::Bad) };
    view! {
        <Badge text=verdict.0 tone=verdict.1/>
        <ol class="test-steps">{found.steps.into_iter().map(|step| view! { <Step step=step/> }).collect_view()}</ol>
    }
    .into_any()
}

#[component]
fn Step(step: TestStep) -> impl IntoView {
    let (icon, word) = if step.ok { (icons::CHECK, "passed") } else { (icons::CLOSE, "failed") };
    view! {
        <li data-ok=if step.ok { "yes" } else { "no" }>
            <Icon of=icon/>
            <span>
                <strong>{name(&step.step)}</strong>
                <span class="unseen">" "{word}". "</span>
                <span class="message">{step.message}</span>
            </span>
        </li>
    }
    .into_any()
}

/// What a step looks at.
fn name(step: &str) -> String {
    let name = match step {
        "address" => "The address",
        "connect" => "The connection",
        "tls" => "The certificates",
        "answer" => "The answer",
        "version" => "The version",
        other => other,
    };
    name.to_owned()
}
