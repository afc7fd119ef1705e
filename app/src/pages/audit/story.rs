//! A record told as a story: who did what, why they might, and what came of it; and the ways on from it.

use leptos::prelude::*;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::row::{is_own, object_words, short, who};
use super::terms::term;
use super::words::did_to;
use crate::api::audit::{AuditRecord, Change, Outcome};
use crate::ui::time::iso;

const MINUTE_MS: i64 = 60_000;

/// The record in one or two sentences.
pub(super) fn told(record: &AuditRecord) -> String {
    let somebody = match (&record.viewer, record.user.as_str()) {
        (Some(viewer), user) => format!("{viewer}, with the rights of {user},"),
        (None, "-") if !is_own(record) => "Somebody who was not signed in".to_owned(),
        (None, _) => who(record),
    };
    let deed = deed(record);
    let target = if record.target == "-" { String::new() } else { format!(" on {}", record.target) };
    let from = if record.address == "-" || record.address.is_empty() { String::new() } else { format!(", from {}", record.address) };
    let end = match (record.outcome, record.note.as_deref()) {
        (Outcome::Denied, Some(note)) => format!(" It was refused: {note}"),
        (Outcome::Denied, None) => format!(" It was refused: {}", record.reason),
        (Outcome::Failed, note) => {
            // An engine says 200 before it knows.
            let with = record.status.filter(|status| *status >= 400).map(|status| format!(" with {status}")).unwrap_or_default();
            format!(" It failed{with}{}", note.map_or(".".to_owned(), |note| format!(": {note}")))
        }
        (_, Some(note)) => format!(" {note}"),
        _ => String::new(),
    };
    format!("{somebody} {deed}{target}{from}.{end}")
}

/// What was done, and to what.
fn deed(record: &AuditRecord) -> String {
    let object = object_words(record);
    let changed = record.changes.iter().find(|change| change.field.eq_ignore_ascii_case("container"));
    let container = changed.and_then(|change| change.after.as_ref().or(change.before.as_ref()));
    let done = did_to(&record.operation, &record.permission, record.outcome, &object);
    match container {
        // Which one it was stands among what was changed alone.
        Some(container) if matches!(record.operation.as_str(), "NetworkConnect" | "NetworkDisconnect") => {
            done.replacen("a container", &format!("container {}", short(container.trim_start_matches('/'))), 1)
        }
        _ => done.trim_end_matches(':').to_owned(),
    }
}

/// What was changed, or, of what was not done, asked for: a table of fields.
#[component]
pub(super) fn Changes(changes: Vec<Change>, outcome: Outcome) -> impl IntoView {
    if changes.is_empty() {
        return ().into_any();
    }
    let title = if outcome == Outcome::Ok { "What it changed" } else { "What was asked for" };
    let only_after = changes.iter().all(|change| change.before.is_none());
    let rows = changes.into_iter().map(|change| {
        let side = |value: Option<String>| match value {
            Some(value) => view! { <td class="mono breaks">{value}</td> }.into_any(),
            None => view! { <td class="muted">"\u{2013}"</td> }.into_any(),
        };
        view! { <tr><th scope="row">{change.field}</th>{(!only_after).then(|| side(change.before))}{side(change.after)}</tr> }
    });
    view! {
        <section class="changes">
            <h3>{title}</h3>
            <table>
                <thead><tr><th scope="col">"Field"</th>{(!only_after).then(|| view! { <th scope="col">"Before"</th> })}<th scope="col">"After"</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

/// Searches around a record: each its words and its address.
pub(super) fn ways_on(record: &AuditRecord) -> Vec<(&'static str, String)> {
    let link = |query: String| format!("/audit?q={}", utf8_percent_encode(&query, NON_ALPHANUMERIC));
    let time = format!("after:{} before:{}", iso(record.at - MINUTE_MS), iso(record.at + MINUTE_MS));
    let mut ways = vec![("The minute before and after on this target", link(format!("{} {time}", term("target", &record.target))))];
    match record.credential.split_once(':') {
        Some(("session", _)) => ways.push(("All of this session", link(term("credential", &record.credential)))),
        Some(_) => ways.push(("All that this credential did", link(term("credential", &record.credential)))),
        None => {}
    }
    if record.user != "-" {
        ways.push(("All of this person", link(term("user", &record.user))));
    }
    let object = record.object_id.as_ref().unwrap_or(&record.object);
    if !object.is_empty() && record.target != "-" {
        ways.push(("All about this object", link(term("object", object))));
    }
    if record.address != "-" {
        ways.push(("All from this address", link(term("address", &record.address))));
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(outcome: &str, more: serde_json::Value) -> AuditRecord {
        let mut record = serde_json::json!({
            "id": 1, "at": 0, "user": "ana", "credential": "session:ab", "door": "engine", "address": "10.0.0.7", "client": "docker", "target": "prod",
            "operation": "ContainerStop", "permission": "engine.container.stop", "object": "0".repeat(64), "object_name": "/web", "decision": "allowed",
            "reason": "operator on all", "outcome": outcome, "status": 204, "bytes_in": null, "bytes_out": null, "duration_ms": 3, "change": true,
        });
        if let (Some(record), Some(more)) = (record.as_object_mut(), more.as_object()) {
            record.extend(more.clone());
        }
        serde_json::from_value(record).unwrap()
    }

    #[test]
    fn a_record_is_a_sentence() {
        assert_eq!(told(&record("ok", serde_json::json!({}))), "ana stopped container web on prod, from 10.0.0.7.");
        let denied = record("denied", serde_json::json!({ "reason": "You need engine.container.stop." }));
        assert_eq!(told(&denied), "ana wanted to stop container web on prod, from 10.0.0.7. It was refused: You need engine.container.stop.");
        let viewed = record("failed", serde_json::json!({ "viewer": "admin", "target": "-", "status": 409, "object_name": null, "object": "x" }));
        let house = record(
            "ok",
            serde_json::json!({ "user": "-", "door": "start", "address": "-", "target": "-", "operation": "SettingsApply", "object": "mira",
            "object_name": null }),
        );
        assert_eq!(told(&house), "Pilothouse took over what the settings say: mira.");
        let joined = record(
            "ok",
            serde_json::json!({ "operation": "NetworkConnect", "object_name": "nn", "changes": [{ "field": "Container", "after": "web" }] }),
        );
        assert_eq!(told(&joined), "ana connected container web to network nn on prod, from 10.0.0.7.");
        assert_eq!(told(&viewed), "admin, with the rights of ana, tried to stop container x, from 10.0.0.7. It failed with 409.");
    }

    #[test]
    fn there_are_ways_on() {
        let ways = ways_on(&record("ok", serde_json::json!({})));
        assert_eq!(ways.len(), 5);
        assert!(ways[0].1.contains("target%3Aprod") && ways[1].1.contains("session%3Aab"), "{ways:?}");
    }
}
