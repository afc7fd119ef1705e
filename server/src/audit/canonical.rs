//! The bytes that are hashed of each stage of a record: JSON as RFC 8785 (JCS) writes it. What is empty, false or not known is left out.
//!
//! The members stand in the order of their names, there is no space between them, and numbers are whole and below 2^53: so that any
//! JSON library that sorts by name writes the same bytes, and the chain can be checked without this code (docs/audit.md has a script).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::store::audit::{AuditRow, EndRow};

/// Which stage of a record an entry is about, and where it stands in the chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    pub writer: i64,
    pub seq: i64,
    pub id: i64,
    pub stage: Stage,
}

/// The stages of a record, in their order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stage {
    /// It is about to happen, or was refused.
    Intent,
    /// A stream has begun to flow.
    Started,
    /// It came to its end.
    Ended,
}

impl Stage {
    pub fn number(self) -> i64 {
        match self {
            Stage::Intent => 1,
            Stage::Started => 2,
            Stage::Ended => 3,
        }
    }

    /// What it is called where its end is not known.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Intent => "intent",
            Stage::Started => "started",
            Stage::Ended => "complete",
        }
    }

    pub fn of_number(number: i64) -> Option<Self> {
        [Stage::Intent, Stage::Started, Stage::Ended].into_iter().find(|stage| stage.number() == number)
    }
}

/// One field of a thing that was changed. What it was before is missing for what was made, what it is after for what was removed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Change {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    pub field: String,
}

// In each of these the fields stand in the order of their names: serde writes them as they stand.

#[derive(Serialize)]
struct Intent<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    address: &'a str,
    at: i64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    change: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    client: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    credential: &'a str,
    decision: &'a str,
    door: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    grant: &'a str,
    id: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    object: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    object_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    object_name: &'a str,
    operation: &'a str,
    permission: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
    seq: i64,
    stage: &'static str,
    target: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    team: &'a str,
    user: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    viewer: &'a str,
    writer: i64,
}

#[derive(Serialize)]
struct Started {
    at: i64,
    id: i64,
    seq: i64,
    stage: &'static str,
    writer: i64,
}

#[derive(Serialize)]
struct Ended<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_in: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_out: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changes: Vec<Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<i64>,
    id: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    made: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    note: &'a str,
    outcome: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    recording: &'a str,
    seq: i64,
    stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i64>,
    writer: i64,
}

/// Whether an end is of something that ran to its end; else it broke off: its client left, its right ended, or Pilothouse stopped.
pub fn name_of_end(outcome: &str) -> &'static str {
    match outcome {
        "revoked" | "unknown" => "aborted",
        _ => Stage::Ended.name(),
    }
}

/// The text of the stage of `record` that `place` says; `None` when the record has no such stage.
pub fn of_record<T: AsRef<str>>(record: &AuditRow<T>, place: Place) -> Option<Vec<u8>> {
    match place.stage {
        Stage::Intent => intent(record, place),
        Stage::Started => started(record.started_at?, place),
        Stage::Ended => ended(&record.end, place),
    }
}

pub fn started(at: i64, place: Place) -> Option<Vec<u8>> {
    text(&Started { at, id: place.id, seq: place.seq, stage: Stage::Started.name(), writer: place.writer })
}

pub fn ended<T: AsRef<str>>(end: &EndRow<T>, place: Place) -> Option<Vec<u8>> {
    let outcome = end.outcome.as_ref();
    if outcome == "open" {
        return None;
    }
    let changes = match end.changes.as_ref() {
        "" => Vec::new(),
        text => serde_json::from_str(text).ok()?,
    };
    text(&Ended {
        at: end.ended_at,
        bytes_in: end.bytes_in,
        bytes_out: end.bytes_out,
        changes,
        duration_ms: end.duration_ms,
        id: place.id,
        made: end.made.as_ref(),
        note: end.note.as_ref(),
        outcome,
        recording: end.recording.as_ref(),
        seq: place.seq,
        stage: name_of_end(outcome),
        status: end.status,
        writer: place.writer,
    })
}

fn intent<T: AsRef<str>>(record: &AuditRow<T>, place: Place) -> Option<Vec<u8>> {
    text(&Intent {
        address: record.address.as_ref(),
        at: record.at,
        change: record.is_change,
        client: record.client.as_ref(),
        credential: record.credential.as_ref(),
        decision: record.decision.as_ref(),
        door: record.door.as_ref(),
        grant: record.grant_id.as_ref(),
        id: place.id,
        object: record.object.as_ref(),
        object_id: record.object_id.as_ref(),
        object_name: record.object_name.as_ref(),
        operation: record.operation.as_ref(),
        permission: record.permission.as_ref(),
        reason: record.reason.as_ref(),
        seq: place.seq,
        stage: Stage::Intent.name(),
        target: record.target.as_ref(),
        team: record.team.as_ref(),
        user: record.username.as_ref(),
        viewer: record.viewer.as_ref(),
        writer: place.writer,
    })
}

fn text(entry: &impl Serialize) -> Option<Vec<u8>> {
    serde_json::to_vec(entry).ok()
}

/// What was changed, as it is kept.
pub fn changes(changes: &[Change]) -> Cow<'static, str> {
    match changes {
        [] => Cow::Borrowed(""),
        some => Cow::Owned(serde_json::to_string(some).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;

    fn record() -> AuditRow {
        AuditRow {
            id: 7,
            at: 1_795_000_000_000,
            username: "ana".to_owned(),
            door: "engine".to_owned(),
            target: "demo".to_owned(),
            operation: "ContainerStart".to_owned(),
            permission: "engine.container.start".to_owned(),
            object: "wéb \"1\"\n\u{7f}\u{2028}".to_owned(),
            decision: "allowed".to_owned(),
            is_change: true,
            started_at: Some(3),
            end: EndRow {
                ended_at: Some(9),
                outcome: "ok".to_owned(),
                status: Some(204),
                changes: r#"[{"after": "b", "field": "name"}]"#.to_owned(),
                ..EndRow::default()
            },
            ..AuditRow::default()
        }
    }

    fn place(stage: Stage) -> Place {
        Place { writer: 1, seq: 41, id: 7, stage }
    }

    fn line(stage: Stage) -> String {
        String::from_utf8(of_record(&record(), place(stage)).unwrap()).unwrap()
    }

    #[test]
    fn the_bytes_are_what_the_documentation_says() {
        assert_eq!(
            line(Stage::Intent),
            "{\"at\":1795000000000,\"change\":true,\"decision\":\"allowed\",\"door\":\"engine\",\"id\":7,\"object\":\"wéb \\\"1\\\"\\n\u{7f}\u{2028}\",\
             \"operation\":\"ContainerStart\",\"permission\":\"engine.container.start\",\"seq\":41,\"stage\":\"intent\",\"target\":\"demo\",\
             \"user\":\"ana\",\"writer\":1}"
        );
        assert_eq!(line(Stage::Started), r#"{"at":3,"id":7,"seq":41,"stage":"started","writer":1}"#);
        assert_eq!(
            line(Stage::Ended),
            r#"{"at":9,"changes":[{"after":"b","field":"name"}],"id":7,"outcome":"ok","seq":41,"stage":"complete","status":204,"writer":1}"#
        );
    }

    #[test]
    fn the_members_stand_in_the_order_of_their_names() {
        let full = AuditRow {
            viewer: "v".into(),
            team: "t".into(),
            credential: "c".into(),
            address: "a".into(),
            client: "c".into(),
            object_id: "o".into(),
            object_name: "p".into(),
            reason: "r".into(),
            grant_id: "g".into(),
            end: EndRow {
                bytes_in: Some(1),
                bytes_out: Some(2),
                duration_ms: Some(3),
                note: "n".into(),
                made: "m".into(),
                recording: "ab".into(),
                ..record().end
            },
            ..record()
        };
        for stage in [Stage::Intent, Stage::Started, Stage::Ended] {
            let text = String::from_utf8(of_record(&full, place(stage)).unwrap()).unwrap();
            let sorted: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&sorted).unwrap(), text);
            assert_eq!(Stage::of_number(stage.number()), Some(stage));
        }
    }

    #[test]
    fn what_is_not_there_has_no_text() {
        let mut open = record();
        open.end.outcome = "open".to_owned();
        open.started_at = None;
        assert_eq!(of_record(&open, place(Stage::Ended)), None);
        assert_eq!(of_record(&open, place(Stage::Started)), None);
        let mut broken = record();
        broken.end.changes = "[".to_owned();
        assert_eq!(of_record(&broken, place(Stage::Ended)), None);
        let mut cut = record();
        cut.end.outcome = "revoked".to_owned();
        assert!(String::from_utf8(of_record(&cut, place(Stage::Ended)).unwrap()).unwrap().contains(r#""stage":"aborted""#));
    }
}
