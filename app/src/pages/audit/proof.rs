//! Whether the trail is what was written, said on its page.

use leptos::prelude::*;

use super::forwarding::{ForwardingCard, away};
use crate::api::Empty;
use crate::api::audit::{AuditForwarding, AuditProof, AuditVerify, ChainEnd, Proof, Verified};
use crate::client::Client;
use crate::ui::format::{duration, grouped};
use crate::ui::time::exact;
use crate::ui::{Button, Callout, CopyButton, Dialog, Facts, Icon, Kind, SkeletonText, Time, Tone, icons};
use crate::widgets::{FormProblem, Loaded, Submit};

/// A line that says how the trail stands; it opens what is behind it.
#[component]
pub(super) fn ProofLine(
    /// Grows when all is to be read again.
    round: RwSignal<u32>,
) -> impl IntoView {
    let client = Client::get();
    let places = {
        let client = client.clone();
        Resource::new(move || round.get(), move |_| client.call::<AuditForwarding>(&[], &Empty {}))
    };
    let proof = Resource::new(move || round.get(), move |_| client.call::<AuditProof>(&[], &Empty {}));
    let open = RwSignal::new(false);
    let line = move || {
        let proof = proof.get()?.ok()?;
        let (tone, words) = stand(&proof);
        Some(view! {
            <button type="button" class="proof-line" data-tone=tone aria-haspopup="dialog" on:click=move |_| open.set(true)>
                <Icon of=icons::LOCK/>
                <span>{words}</span>
            </button>
        })
    };
    let away = move || {
        let words = away(&places.get()?.ok()?.items)?;
        Some(view! {
            <button type="button" class="proof-away" aria-haspopup="dialog" on:click=move |_| open.set(true)>
                <Icon of=icons::WARNING/>
                <span>{words}</span>
            </button>
        })
    };
    view! {
        <div class="proof-place"><Transition>{line}</Transition><Transition>{away}</Transition></div>
        <Dialog open=open title="How the trail is proved" wide=true>
            <Loaded resource=proof skeleton=|| view! { <SkeletonText lines=8/> } let:shown>
                <Behind proof=shown again=Callback::new(move |()| proof.refetch())/>
            </Loaded>
        </Dialog>
    }
    .into_any()
}

/// How good it is, and a sentence.
fn stand(proof: &Proof) -> (&'static str, String) {
    match &proof.verified {
        Some(verified) if !verified.whole => ("bad", "The trail is not what was written".to_owned()),
        Some(Verified { since: Some(since), .. }) => ("good", format!("The trail is whole since {}", exact(*since))),
        Some(_) => ("good", "The trail is whole".to_owned()),
        None => ("neutral", "The trail was not verified since the start".to_owned()),
    }
}

#[component]
fn Behind(proof: Signal<Proof>, again: Callback<()>) -> impl IntoView {
    let submit = Submit::new();
    let (busy, problem) = (submit.busy, submit.problem);
    let verify = Callback::new(move |()| submit.send::<AuditVerify>(&[], &Empty {}, move |_| again.run(())));
    let last = move || {
        match proof.get().verified {
        None => view! { <Callout title="Nobody has looked since the start">"Pilothouse looks at the whole trail once a day, and when it is asked to."</Callout> }.into_any(),
        Some(verified) => view! { <Looked verified=verified/> }.into_any(),
    }
    };
    let facts = move || {
        let proof = proof.get();
        let end = |end: &ChainEnd| format!("entry {} of writer {}: {}", grouped(u64::try_from(end.seq).unwrap_or(0)), end.writer, end.hash);
        let ends = proof.ends.iter().map(end).collect::<Vec<_>>().join("; ");
        let checkpoint = proof.checkpoint.zip(proof.checkpoint_at).map(|(n, at)| view! { {format!("number {n}, ")}<Time at=at/> });
        view! {
            <Facts>
                <dt>"Last checkpoint"</dt>
                <dd>{checkpoint}</dd>
                <dt>"Kept outside in"</dt>
                <dd class="mono">{proof.checkpoints_file.clone()}</dd>
                <dt>"Signed by the key"</dt>
                <dd class="mono with-copy"><span class="breaks">{proof.key.clone()}</span><CopyButton text=proof.key.clone() label="Copy the key"/></dd>
                <dt>"The chain ends at"</dt>
                <dd class="mono breaks">{ends}</dd>
            </Facts>
        }
    };
    view! {
        <p>
            "Every stage of every record takes in the hash of the one before it. Every five minutes, and at each thousand records, the end of the chain is \
             signed and written to a file outside of the database. So it shows when a record is changed, removed, put in or moved, when the end is cut off, \
             and when an old database is put in its place: as long as that file, or a copy of it, is out of reach of whoever did it."
        </p>
        {last}
        {facts}
        <ForwardingCard/>
        <FormProblem problem=problem fields=&[]/>
        <footer class="form-actions">
            <Button label="Verify now" kind=Kind::Primary icon=icons::CHECK busy=busy on_press=verify/>
            <a class="button" href="/api/v1/audit/export?format=chain" download="" rel="external"><Icon of=icons::DOWNLOAD/><span class="label">"Download the chain"</span></a>
        </footer>
        <p class="muted">"To be sure without this server: "<code>"pilothouse audit verify audit-chain.jsonl --checkpoints FILE --key KEY"</code>"."</p>
    }
    .into_any()
}

#[component]
fn Looked(verified: Verified) -> impl IntoView {
    let counted = format!(
        "{} entries of {} records and {} checkpoints, looked at in {}.",
        grouped(verified.entries),
        grouped(verified.records),
        grouped(verified.checkpoints),
        duration(verified.took_ms)
    );
    let withheld = (verified.withheld > 0).then(|| format!(" Of {} entries the text was pruned; their place is proved.", grouped(verified.withheld)));
    let older = (verified.older > 0).then(|| format!(" {} records are older than the chain, and nothing proves them.", grouped(verified.older)));
    let (tone, title) = if verified.whole { (Tone::Good, "All of it is what was written") } else { (Tone::Bad, "It is not what was written") };
    let whole = verified.whole;
    let findings = verified.findings.into_iter().take(20).map(|finding| {
        let place = match (finding.record, finding.seq) {
            (Some(record), _) => format!("Record {record}: "),
            (None, Some(seq)) => format!("Entry {seq}: "),
            (None, None) => String::new(),
        };
        view! { <li>{place}{finding.what}</li> }
    });
    let many = (verified.wrong > 20).then(|| view! { <li>{format!("and {} more", grouped(verified.wrong - 20))}</li> });
    view! {
        <Callout tone=tone title=title>
            {counted}{withheld}{older}" "<Time at=verified.at/>
            {(!whole).then(|| view! { <ul>{findings.collect_view()}{many}</ul> })}
        </Callout>
    }
    .into_any()
}
