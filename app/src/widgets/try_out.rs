//! A change of rights or guardrails that is not made yet, tried against what was done in the last 30 days.

use leptos::prelude::*;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::form::{FormProblem, Submit};
use crate::api::Problem;
use crate::api::audit::{AuditSimulate, Difference, SimulateInput, Simulated};
use crate::ui::format::{count, grouped};
use crate::ui::{Badge, Button, Callout, Dialog, Time, Tone, icons};
use crate::widgets::use_me;

/// How many differences are shown at once.
const SHOWN: usize = 50;

/// A button that tries what `input` says, and shows what would come out otherwise.
#[component]
pub fn TryOut(input: Callback<(), Result<SimulateInput, Problem>>) -> impl IntoView {
    let submit = Submit::new();
    let (busy, problem) = (submit.busy, submit.problem);
    let found = RwSignal::new(None::<Simulated>);
    let open = RwSignal::new(false);
    let reason = (!use_me().may("system.audit.list", None)).then(|| "For this you need system.audit.list.".to_owned());
    let try_it = Callback::new(move |()| match input.run(()) {
        Ok(input) => submit.send::<AuditSimulate>(&[], &input, move |simulated| {
            found.set(Some(simulated));
            open.set(true);
        }),
        Err(why) => problem.set(Some(why)),
    });
    view! {
        <div class="try-out">
            <Button label="Try it against the last 30 days" icon=icons::CLOCK busy=busy reason=Signal::stored(reason) on_press=try_it/>
            <span class="muted">"Nothing is changed by it."</span>
        </div>
        <FormProblem problem=problem fields=&[]/>
        <Dialog open=open title="What would have come out otherwise" wide=true>
            {move || found.get().map(|found| view! { <Found found=found/> })}
        </Dialog>
    }
    .into_any()
}

#[component]
fn Found(found: Simulated) -> impl IntoView {
    let looked = format!(
        "{}{} of the last 30 days were looked at.",
        if found.newest_only { "The newest " } else { "" },
        count(usize::try_from(found.records).unwrap_or(usize::MAX), "record")
    );
    let untold = (found.untold > 0).then(|| {
        format!(" Of {} nobody can tell: whose their object was is not known any more.", count(usize::try_from(found.untold).unwrap_or(0), "record"))
    });
    if found.differences.is_empty() {
        return view! { <Callout tone=Tone::Good title="Nothing would have come out otherwise">{looked}{untold}</Callout> }.into_any();
    }
    let sum = |stopped: bool| found.differences.iter().filter(|d| d.stopped == stopped).map(|d| d.records).sum::<u64>();
    let title = match (sum(true), sum(false)) {
        (stopped, 0) => format!("{} would have been stopped", grouped(stopped)),
        (0, through) => format!("{} would have been let through", grouped(through)),
        (stopped, through) => format!("{} would have been stopped, and {} let through", grouped(stopped), grouped(through)),
    };
    let more = found.differences.len().saturating_sub(SHOWN);
    let rows = found.differences.into_iter().take(SHOWN).map(|difference| view! { <Row difference=difference/> });
    view! {
        <Callout tone=Tone::Warn title=title>{looked}{untold}</Callout>
        <ul class="differences">{rows.collect_view()}</ul>
        {(more > 0).then(|| view! { <p class="muted">{format!("and {more} more")}</p> })}
    }
    .into_any()
}

#[component]
fn Row(difference: Difference) -> impl IntoView {
    let (tone, word) = if difference.stopped { (Tone::Bad, "stopped") } else { (Tone::Good, "let through") };
    let target = if difference.target == "-" { "Pilothouse".to_owned() } else { difference.target };
    let href = format!("/audit?record={}", utf8_percent_encode(&difference.record.to_string(), NON_ALPHANUMERIC));
    let times = if difference.records == 1 { String::new() } else { format!("{} times, last ", grouped(difference.records)) };
    view! {
        <li>
            <p>
                <Badge text=word tone=tone/>" "<strong>{difference.user}</strong>" "<code>{difference.operation}</code>" "
                <span class="breaks">{difference.object}</span>" on "{target}
            </p>
            <p class="sub">{difference.why}</p>
            <p class="sub"><a href=href>{times}<Time at=difference.last_at/></a></p>
        </li>
    }
    .into_any()
}
