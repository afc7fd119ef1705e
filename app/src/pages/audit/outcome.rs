//! What came of something, in a word.

use leptos::prelude::*;

use crate::api::audit::Outcome;
use crate::ui::{Badge, Tone};

/// Every outcome: its name in an address, its word, how good it is, and what it means.
pub(super) const OUTCOMES: [(Outcome, &str, &str, Tone, &str); 6] = [
    (Outcome::Ok, "ok", "Done", Tone::Good, "It was allowed and done."),
    (Outcome::Failed, "failed", "Failed", Tone::Warn, "It was allowed, and then failed."),
    (Outcome::Denied, "denied", "Denied", Tone::Bad, "It was refused; nothing was done."),
    (Outcome::Revoked, "revoked", "Cut off", Tone::Warn, "The stream was cut because the right to it ended."),
    (Outcome::Open, "open", "Under way", Tone::Info, "It was begun and has not ended yet."),
    (Outcome::Unknown, "unknown", "Unknown", Tone::Neutral, "Pilothouse stopped before it ended: it may have been done or not."),
];

/// The word for the outcome of this name in the API.
pub(super) fn named(name: &str) -> &str {
    OUTCOMES.iter().find(|outcome| outcome.1 == name).map_or(name, |outcome| outcome.2)
}

fn row(outcome: Outcome) -> (&'static str, Tone, &'static str) {
    OUTCOMES.iter().find(|row| row.0 == outcome).map_or(("Unknown", Tone::Neutral, ""), |row| (row.2, row.3, row.4))
}

/// What it means, as a sentence.
pub(super) fn meaning(outcome: Outcome) -> &'static str {
    row(outcome).2
}

#[component]
pub fn OutcomeBadge(outcome: Signal<Outcome>) -> impl IntoView {
    let word = Signal::derive(move || row(outcome.get()).0.to_owned());
    let tone = Signal::derive(move || row(outcome.get()).1);
    view! { <Badge text=word tone=tone/> }.into_any()
}
