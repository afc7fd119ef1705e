//! Where entries to be verified come from: a live store, or a file that was exported.

use std::io::BufRead;

use data_encoding::HEXLOWER;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    canonical::{self, Place, Stage},
    chain::digest,
    checkpoint::Signed,
    verify::{Entry, Report, Text, Verifier},
};
use crate::store::{
    self, Store,
    audit::{AuditRow, Linked, PRUNE},
};

/// The longest line of a file, in bytes: a record is short.
const LINE: usize = 256 * 1024;

/// Verifies the trail that `store` keeps. `outside` are checkpoints that were kept elsewhere: with them a tail that was cut off is found.
pub async fn store(store: &Store, outside: Option<&[Signed]>, key: Option<&str>) -> store::Result<Report> {
    let key = match key {
        Some(key) => Some(key.to_owned()),
        None => store.audit_key().await?.map(|row| HEXLOWER.encode(&row.public)),
    };
    let mut snapshot = store.audit_snapshot().await?;
    let own: Vec<Signed> = snapshot.checkpoints().await?.into_iter().map(Signed::from).collect();
    let mut verifier = Verifier::new(key.as_deref());
    verifier.checkpoints(&own);
    verifier.checkpoints(outside.unwrap_or_default());
    {
        let mut chain = snapshot.chain();
        while let Some(linked) = chain.next().await {
            take(&mut verifier, linked?);
        }
    }
    let (older, first) = snapshot.unchained().await?;
    verifier.unchained(u64::try_from(older).unwrap_or(0), first);
    Ok(verifier.finish())
}

fn take(verifier: &mut Verifier, linked: Linked) {
    let Linked { entry, record } = linked;
    let Some(stage) = Stage::of_number(entry.stage) else {
        return verifier.uncovered(entry.id, "An entry of the chain is about a stage that there is not.");
    };
    let place = Place { writer: entry.writer, seq: entry.seq, id: entry.id, stage };
    let text = match (&record, entry.digest) {
        (Some(record), _) => canonical::of_record(record, place).map_or(Text::Missing, |text| Text::Here(digest(&text))),
        (None, Some(digest)) => Text::Withheld(digest),
        (None, None) => Text::Missing,
    };
    let at = record.as_ref().and_then(|record| time_of(record, stage));
    verifier.entry(Entry { writer: entry.writer, seq: entry.seq, id: entry.id, stage, at, hash: entry.hash, text });
    let Some(record) = record.filter(|_| stage == Stage::Intent) else { return };
    if record.operation == PRUNE {
        verifier.pruned(record.object.parse().unwrap_or(0));
    }
    if record.started_at.is_some() {
        verifier.awaits(record.id, Stage::Started);
    }
    if record.end.outcome != "open" {
        verifier.awaits(record.id, Stage::Ended);
    } else if !is_empty(&record) {
        verifier.uncovered(record.id, "The record is open, and says more of its end than any entry of the chain does.");
    }
}

pub(super) fn time_of(record: &AuditRow, stage: Stage) -> Option<i64> {
    match stage {
        Stage::Intent => Some(record.at),
        Stage::Started => record.started_at,
        Stage::Ended => record.end.ended_at,
    }
}

/// Whether nothing is said of its end.
fn is_empty(record: &AuditRow) -> bool {
    let end = &record.end;
    let numbers = [end.ended_at, end.status, end.bytes_in, end.bytes_out, end.duration_ms];
    numbers.iter().all(Option::is_none) && [&end.note, &end.made, &end.changes, &end.recording].iter().all(|text| text.is_empty())
}

/// One line of an export; docs/audit.md describes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    /// Where a part of a chain begins.
    before: Option<Before>,
    #[serde(borrow)]
    entry: Option<&'a RawValue>,
    /// An entry whose text is not there.
    withheld: Option<Withheld>,
    hash: Option<String>,
    #[serde(borrow)]
    checkpoint: Option<&'a RawValue>,
    signature: Option<&'a str>,
}

/// A line of another export: a record as the console shows it.
#[derive(Deserialize)]
struct Shown {
    #[serde(rename = "operation")]
    _operation: String,
}

const RECORDS: &str = "These are records without the chain over them. What is verified is an export of the chain: /api/v1/audit/export?format=chain.";

#[derive(Deserialize)]
struct Before {
    hash: String,
    seq: i64,
    writer: i64,
}

#[derive(Deserialize)]
struct Withheld {
    digest: String,
    id: i64,
    seq: i64,
    stage: String,
    writer: i64,
}

/// What of an entry's text is needed to know its place.
#[derive(Deserialize)]
struct Head {
    at: Option<i64>,
    id: i64,
    seq: i64,
    stage: String,
    writer: i64,
    #[serde(default)]
    operation: String,
    #[serde(default)]
    object: String,
}

fn stage(name: &str) -> Option<Stage> {
    match name {
        "intent" => Some(Stage::Intent),
        "started" => Some(Stage::Started),
        "complete" | "aborted" => Some(Stage::Ended),
        _ => None,
    }
}

/// Verifies an export. The checkpoints in it stand before its entries.
///
/// # Errors
/// When it cannot be read, or a line is none of an export: the sentence says which.
pub fn file(mut lines: impl BufRead, outside: Option<&[Signed]>, key: Option<&str>) -> Result<Report, String> {
    let mut verifier = Verifier::new(key);
    verifier.checkpoints(outside.unwrap_or_default());
    let mut own = Some(Vec::new());
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        let read = std::io::Read::take(&mut lines, LINE as u64).read_line(&mut line).map_err(|e| format!("Line {number} cannot be read: {e}."))?;
        if read == 0 {
            break;
        }
        let text = line.trim_end();
        if text.is_empty() {
            continue;
        }
        let no_line = || format!("Line {number} is no line of an export of the chain.");
        let parsed: Line = serde_json::from_str(text).map_err(|_| match serde_json::from_str::<Shown>(text) {
            Ok(_) => RECORDS.to_owned(),
            Err(_) => no_line(),
        })?;
        if parsed.checkpoint.is_some() && parsed.signature.is_some() {
            let signed = Signed::of_line(text).ok_or_else(no_line)?;
            own.as_mut().ok_or_else(|| format!("Line {number}: a checkpoint stands behind entries."))?.push(signed);
            continue;
        }
        if let Some(own) = own.take() {
            verifier.checkpoints(&own);
        }
        place(&mut verifier, parsed).ok_or_else(no_line)?;
    }
    if let Some(own) = own.take() {
        verifier.checkpoints(&own);
    }
    Ok(verifier.finish())
}

fn place(verifier: &mut Verifier, line: Line) -> Option<()> {
    let bytes = |hex: &str| HEXLOWER.decode(hex.as_bytes()).ok();
    let entry = match line {
        Line { before: Some(before), .. } => {
            verifier.begin_behind(before.writer, before.seq, bytes(&before.hash)?);
            return Some(());
        }
        Line { entry: Some(text), hash: Some(hash), .. } => {
            let head: Head = serde_json::from_str(text.get()).ok()?;
            if head.stage == "intent" && head.operation == PRUNE {
                verifier.pruned(head.object.parse().unwrap_or(0));
            }
            let text = Text::Here(digest(text.get().as_bytes()));
            Entry { writer: head.writer, seq: head.seq, id: head.id, stage: stage(&head.stage)?, at: head.at, hash: bytes(&hash)?, text }
        }
        Line { withheld: Some(gone), hash: Some(hash), .. } => {
            let text = Text::Withheld(bytes(&gone.digest)?);
            Entry { writer: gone.writer, seq: gone.seq, id: gone.id, stage: stage(&gone.stage)?, at: None, hash: bytes(&hash)?, text }
        }
        _ => return None,
    };
    verifier.entry(entry);
    Some(())
}
