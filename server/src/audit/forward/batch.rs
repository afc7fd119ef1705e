//! What is sent in one piece.

use data_encoding::HEXLOWER;

use super::super::{
    canonical::{self, Place, Stage},
    checkpoint::{Checkpoint, Signed},
    look::time_of,
};
use crate::store::audit::Linked;

/// What is sent in one piece: lines of one writer in their order, or checkpoints.
#[derive(Debug)]
pub struct Batch {
    /// The same each time that the same piece is sent: `SINK/WRITER/FIRST/LAST`, or `SINK/checkpoints/FIRST/LAST`.
    pub id: String,
    pub items: Vec<Item>,
}

/// One line, with what a receiver can sort it by without reading it.
#[derive(Clone, Debug, Default)]
pub struct Item {
    /// `intent`, `started`, `complete`, `aborted`, `withheld`, `before` or `checkpoint`.
    pub kind: &'static str,
    /// The line as it stands in an export, without its end; docs/audit.md describes it to the byte.
    pub line: String,
    /// When it was, in milliseconds since the Unix epoch; `None` of what has no time of its own.
    pub at: Option<i64>,
    /// Whose chain; 0 of a checkpoint.
    pub writer: i64,
    /// The number of the entry, or of the checkpoint.
    pub seq: i64,
    /// Whether something was refused, failed or broke off.
    pub warns: bool,
    /// Names and values: those that are empty are left out.
    pub fields: Vec<(&'static str, String)>,
}

impl Item {
    /// An entry of the chain. One whose text is not there any more says so, and its hash shows whether that was meant.
    pub fn entry(linked: Linked) -> Self {
        let Linked { entry, record } = linked;
        let stage = Stage::of_number(entry.stage);
        let hash = HEXLOWER.encode(&entry.hash);
        let text = match (&record, stage) {
            (Some(record), Some(stage)) => canonical::of_record(record, Place { writer: entry.writer, seq: entry.seq, id: entry.id, stage }),
            _ => None,
        };
        let text = text.and_then(|text| String::from_utf8(text).ok());
        let (Some(text), Some(record), Some(stage)) = (text, record, stage) else {
            let digest = HEXLOWER.encode(entry.digest.as_deref().unwrap_or_default());
            let stage = stage.map_or("", |stage| name(stage, ""));
            let head = format!(r#""digest":"{digest}","id":{},"seq":{},"stage":"{stage}","writer":{}"#, entry.id, entry.seq, entry.writer);
            let line = format!(r#"{{"withheld":{{{head}}},"hash":"{hash}"}}"#);
            return Self { kind: "withheld", line, writer: entry.writer, seq: entry.seq, ..Self::default() };
        };
        let outcome = match stage {
            Stage::Ended => record.end.outcome.clone(),
            Stage::Intent | Stage::Started => String::new(),
        };
        Self {
            kind: name(stage, &outcome),
            line: format!(r#"{{"entry":{text},"hash":"{hash}"}}"#),
            at: time_of(&record, stage),
            writer: entry.writer,
            seq: entry.seq,
            warns: record.decision == "denied" || !matches!(outcome.as_str(), "" | "ok"),
            fields: vec![
                ("record", entry.id.to_string()),
                ("user", record.username),
                ("operation", record.operation),
                ("permission", record.permission),
                ("target", record.target),
                ("object", record.object),
                ("decision", record.decision),
                ("outcome", outcome),
            ],
        }
    }

    /// Where a part of a chain begins: the number and hash of the entry before it.
    pub fn before(writer: i64, seq: i64, hash: &[u8]) -> Self {
        let line = format!(r#"{{"before":{{"hash":"{}","seq":{seq},"writer":{writer}}}}}"#, HEXLOWER.encode(hash));
        Self { kind: "before", line, writer, seq, ..Self::default() }
    }

    pub fn checkpoint(signed: &Signed, checkpoint: &Checkpoint) -> Self {
        Self { kind: "checkpoint", line: signed.line(), at: Some(checkpoint.at), seq: checkpoint.n, ..Self::default() }
    }
}

/// What a stage is called in the entry itself.
fn name(stage: Stage, outcome: &str) -> &'static str {
    match stage {
        Stage::Intent => "intent",
        Stage::Started => "started",
        Stage::Ended if matches!(outcome, "revoked" | "unknown") => "aborted",
        Stage::Ended => "complete",
    }
}
