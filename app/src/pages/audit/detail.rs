//! All that is known of one record.

use leptos::prelude::*;

use super::outcome::{OutcomeBadge, meaning};
use super::row::{door, is_own};
use super::story::{Changes, told, ways_on};
use super::words::deed;
use crate::api::audit::AuditRecord;
use crate::ui::format::{bytes, duration};
use crate::ui::time::exact;
use crate::ui::{Badge, Callout, CopyButton, Dialog, Facts, JsonTree, Time, Tone, open_while};

/// Shows the record that is opened; closing it forgets which.
#[component]
pub(super) fn Detail(
    opened: RwSignal<Option<AuditRecord>>,
    /// One goes on from it by a link.
    left: Callback<()>,
) -> impl IntoView {
    let open = open_while(opened);
    let close = Callback::new(move |()| {
        left.run(());
        opened.set(None);
    });
    let title = Signal::derive(move || {
        opened.with(|record| record.as_ref().map(|record| deed(&record.operation, &record.permission, record.outcome))).unwrap_or_default()
    });
    view! {
        <Dialog open=open title=title wide=true>
            {move || opened.get().map(|record| view! { <Record record=record close=close/> })}
        </Dialog>
    }
    .into_any()
}

fn who(record: &AuditRecord) -> String {
    match (&record.viewer, record.user.as_str()) {
        (Some(viewer), user) => format!("{viewer}, with the rights of {user}"),
        (None, "-") if is_own(record) => "Pilothouse itself".to_owned(),
        (None, "-") => "Nobody was signed in".to_owned(),
        (None, user) => user.to_owned(),
    }
}

#[component]
fn Record(record: AuditRecord, close: Callback<()>) -> impl IntoView {
    let allowed = record.decision == "allowed";
    let (tone, title) = if allowed { (Tone::Good, "Allowed") } else { (Tone::Bad, "Denied") };
    let outcome = record.outcome;
    let json = serde_json::to_value(&record).unwrap_or_default();
    let recording = record.recording.is_some().then(|| format!("/recordings/{}", record.id));
    let (id, at, reason) = (record.id, record.at, record.reason.clone());
    // Where the console is only the browser knows.
    let link = Signal::derive(move || format!("{}/audit?record={id}", window().location().origin().unwrap_or_default()));
    let (story, ways, changes) = (told(&record), ways_on(&record), record.changes.clone());
    let facts: Vec<(&str, String)> = vec![
        ("Who", who(&record)),
        ("With", credential(&record.credential)),
        ("From", record.address),
        ("Client", record.client),
        ("Came in", door(&record.door)),
        ("Operation", record.operation),
        ("Target", if record.target == "-" { "Pilothouse itself".to_owned() } else { record.target }),
        ("Object", record.object),
        ("Called", record.object_name.unwrap_or_default()),
        ("Its id", record.object_id.unwrap_or_default()),
        ("Made", record.made.unwrap_or_default()),
        ("Permission", record.permission),
        ("Through team", record.team.unwrap_or_default()),
        ("Besides", record.note.unwrap_or_default()),
        ("Status", record.status.map(|status| status.to_string()).unwrap_or_default()),
        ("Took", record.duration_ms.map(duration).unwrap_or_default()),
        ("Bytes", moved(record.bytes_in, record.bytes_out)),
        ("Record", record.id.to_string()),
    ];
    let facts = facts.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> });
    let ways = ways.into_iter().map(|(words, href)| view! { <li><a href=href on:click=move |_| close.run(())>{words}</a></li> });
    view! {
        <p class="story">{story}</p>
        <Callout tone=tone title=title>{reason}</Callout>
        <Changes changes=changes outcome=outcome/>
        <Facts>
            <dt>"Outcome"</dt>
            <dd><OutcomeBadge outcome=Signal::stored(outcome)/>" "{meaning(outcome)}</dd>
            <dt>"When"</dt>
            <dd>{exact(at)}" ("<Time at=at/>")"</dd>
            <dt>"Kind"</dt>
            <dd>{if record.change { view! { <Badge text="could change something" tone=Tone::Info/> }.into_any() } else { "It only looked".into_any() }}</dd>
            {facts.collect_view()}
            {recording.map(|href| view! { <dt>"Recording"</dt><dd><a href=href>"What passed through the terminal"</a></dd> })}
        </Facts>
        <div class="form-actions"><CopyButton text=link label="Copy link" wide=true/></div>
        <nav class="ways-on" aria-label="On from here"><h3>"On from here"</h3><ul>{ways.collect_view()}</ul></nav>
        <details class="raw"><summary>"As the API tells it"</summary><JsonTree value=Signal::stored(json) label=Signal::stored("The record".to_owned())/></details>
    }
    .into_any()
}

/// `session:ID` and `token:ID` in words.
fn credential(credential: &str) -> String {
    match credential.split_once(':') {
        Some(("session", id)) => format!("a session of the console, {id}"),
        Some(("token", id)) => format!("a token, {id}"),
        _ if credential == "-" => "no credential that is in force".to_owned(),
        _ => credential.to_owned(),
    }
}

fn moved(up: Option<u64>, down: Option<u64>) -> String {
    match (up, down) {
        (None, None) => String::new(),
        (up, down) => format!("{} sent, {} answered", bytes(up.unwrap_or(0)), bytes(down.unwrap_or(0))),
    }
}

#[cfg(test)]
mod tests {
    use super::{credential, moved};

    #[test]
    fn credentials_and_bytes_have_words() {
        assert_eq!(credential("token:ab"), "a token, ab");
        assert_eq!(credential("-"), "no credential that is in force");
        assert_eq!(moved(None, None), "");
        assert_eq!(moved(Some(10), None), "10 B sent, 0 B answered");
    }
}
