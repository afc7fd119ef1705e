//! The trail: an intent before each action, an outcome after it. Typed fields only, never raw headers or bodies.
//!
//! Each stage of a record is an entry of a hash chain ([`chain`]), whose end is signed again and again ([`checkpoint`]); [`verify`] tells
//! whether all of it is what was written. docs/audit.md describes both to the byte.
//!
//! Records go through one writer, in groups: concurrent requests share one durable commit. A strict intent is on disk
//! when [`Trail::begin`] returns; a plain read is queued, and nobody waits. When the disk takes nothing, strict
//! operations are refused at once and reads go on until the queue is full.

pub mod alerts;
pub mod archive;
mod asked;
mod batch;
mod canonical;
mod chain;
mod changes;
pub mod checkpoint;
pub mod export;
mod flood;
pub mod forward;
mod ids;
pub mod keeper;
pub mod look;
pub mod query;
mod reads;
pub mod retention;
pub mod verify;
mod writer;

use std::{sync::Arc, time::Instant};

use tokio::sync::{mpsc, oneshot, watch};

#[cfg(feature = "failpoints")]
use crate::failpoints;
use crate::{
    access::{Denied, Known, Operation, Permit},
    authn::{Origin, Principal, throttle::network},
    clock::now_ms,
};

pub use asked::{asked, container_before, rebuilt, service_before, with_before};
pub use canonical::Change;
pub use changes::{between, field};
use flood::Flood;
use ids::Ids;
pub use reads::Reads;
use reads::Sampler;
pub use writer::open;

/// How many records may wait for the disk.
const QUEUE: usize = 16_384;
/// How long a strict operation waits for its intent to be durable.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(4);
/// How long a text in a record may be, in characters.
const TEXT: usize = 300;

/// The trail cannot be written now, so nothing may happen.
#[derive(Debug, Eq, PartialEq)]
pub struct TrailDown;

/// The first half of a record: what is about to happen.
#[derive(Clone, Debug)]
pub struct Intent {
    pub id: i64,
    pub at: i64,
    pub user: String,
    /// Who looked with that user's rights; empty for most.
    pub viewer: String,
    /// Through which the grant is held; empty for one's own.
    pub team: String,
    pub credential: String,
    pub door: &'static str,
    pub address: String,
    pub client: String,
    pub target: String,
    pub operation: &'static str,
    pub permission: &'static str,
    pub object: String,
    /// What the object is called and its id; empty where they are not known, or what it was called by.
    pub object_name: String,
    pub object_id: String,
    pub allowed: bool,
    pub reason: String,
    /// The id of the grant that allowed it.
    pub grant: String,
    pub change: bool,
    /// Whether nothing may happen before it is on disk.
    strict: bool,
}

impl Intent {
    /// Whether nothing may happen before it is on disk.
    fn is_strict(&self) -> bool {
        self.allowed && self.strict
    }
}

/// What came of it, in short.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// `ok`, `failed`, `denied`, `revoked` or `unknown`.
    pub outcome: &'static str,
    pub status: Option<u16>,
    pub bytes_in: u64,
    pub bytes_out: u64,
}

impl Ending {
    pub fn ok(status: u16) -> Self {
        Self { outcome: "ok", status: Some(status), bytes_in: 0, bytes_out: 0 }
    }

    pub fn failed(status: u16) -> Self {
        Self { outcome: "failed", status: Some(status), bytes_in: 0, bytes_out: 0 }
    }

    /// It was not allowed after all, once it was read.
    pub fn denied(status: u16) -> Self {
        Self { outcome: "denied", ..Self::failed(status) }
    }

    /// `ok` below 400, else `failed`.
    pub fn of_status(status: u16) -> Self {
        if status < 400 { Self::ok(status) } else { Self::failed(status) }
    }

    /// It broke off: it may have been done or not.
    pub fn unknown() -> Self {
        Self { outcome: "unknown", status: None, bytes_in: 0, bytes_out: 0 }
    }

    pub fn revoked(mut self) -> Self {
        self.outcome = "revoked";
        self
    }

    pub fn bytes(mut self, bytes_in: u64, bytes_out: u64) -> Self {
        self.bytes_in = bytes_in;
        self.bytes_out = bytes_out;
        self
    }
}

/// The second half of a record: what came of it.
#[derive(Clone, Debug)]
struct Outcome {
    at: i64,
    ending: Ending,
    duration_ms: u64,
    /// What is to be said of it besides.
    note: String,
    /// The id of what it made.
    made: String,
    changes: Vec<Change>,
    /// The digest of its recording, hexadecimal.
    recording: String,
}

impl Outcome {
    fn of(ending: Ending) -> Self {
        Self { at: now_ms(), ending, duration_ms: 0, note: String::new(), made: String::new(), changes: Vec::new(), recording: String::new() }
    }
}

/// What goes to the writer.
enum Record {
    Intent { intent: Box<Intent>, durable: Option<oneshot::Sender<bool>> },
    Started { id: i64, at: i64 },
    Outcome { id: i64, outcome: Box<Outcome> },
}

/// What a change came to: what is answered, and what it changed.
pub struct Changed<T> {
    pub answer: T,
    changes: Vec<Change>,
    made: String,
}

impl<T> Changed<T> {
    pub fn new(changes: Vec<Change>, answer: T) -> Self {
        Self { answer, changes, made: String::new() }
    }

    /// The same, answered with something else.
    pub fn answering<U>(self, answer: U) -> Changed<U> {
        Changed { answer, changes: self.changes, made: self.made }
    }

    /// Tells of one more field, if there is one.
    pub fn also(&mut self, change: Option<Change>) {
        self.changes.extend(change);
    }

    /// The id of what it made.
    pub fn with_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.made);
        self
    }
}

/// The way into the trail.
#[derive(Clone)]
pub struct Trail {
    records: mpsc::Sender<Record>,
    ids: Arc<Ids>,
    flood: Arc<Flood>,
    sampler: Arc<Sampler>,
    written: watch::Receiver<u64>,
}

/// One record that was begun. Finishing it writes the outcome; dropping it says that it broke off.
pub struct Entry {
    id: i64,
    begun: Instant,
    /// True from the start for one that is not written down.
    finished: bool,
    records: mpsc::Sender<Record>,
    note: String,
    made: String,
    changes: Vec<Change>,
    recording: String,
}

impl Trail {
    fn new(records: mpsc::Sender<Record>, ids: Ids, reads: Reads, written: watch::Receiver<u64>) -> Self {
        Self { records, ids: Arc::new(ids), flood: Arc::default(), sampler: Arc::new(Sampler::new(reads)), written }
    }

    /// How many records were written since the start; told of each commit.
    pub fn written(&self) -> watch::Receiver<u64> {
        self.written.clone()
    }

    /// Writes the intent of an allowed operation.
    pub async fn begin(&self, who: &Principal, permit: &Permit) -> Result<Entry, TrailDown> {
        self.begin_as(Some(who), &who.origin, permit).await
    }

    /// The same, where nobody may be signed in yet.
    pub async fn begin_as(&self, who: Option<&Principal>, origin: &Origin, permit: &Permit) -> Result<Entry, TrailDown> {
        let operation = permit.operation();
        if !operation.is_strict() && !self.sampler.takes(operation.permission) {
            let mut entry = Entry::new(0, self.records.clone());
            entry.finished = true;
            return Ok(entry);
        }
        let mut intent = self.intent(who, origin, operation, true, permit.reason());
        if let Some(grant) = permit.grant() {
            intent.grant.clone_from(&grant.id);
            intent.team = grant.team.clone().unwrap_or_default();
        }
        let id = intent.id;
        self.write(intent, operation.is_strict()).await?;
        let entry = Entry::new(id, self.records.clone());
        #[cfg(feature = "failpoints")]
        if operation.is_strict() && failpoints::fails(failpoints::AFTER_INTENT).await {
            entry.finish(Ending::failed(503));
            return Err(TrailDown);
        }
        Ok(entry)
    }

    /// Writes that an operation was refused for want of a right.
    pub async fn denied(&self, who: &Principal, operation: &Operation, denied: &Denied) -> Result<(), TrailDown> {
        self.refused(Some(who), &who.origin, operation, &denied.reason, 403).await
    }

    /// Writes that something was refused before it was an operation at all: not classified, nobody signed in, a wrong password.
    ///
    /// Of a flood from nobody known only the first are written one by one; the next that is written says how many were not.
    pub async fn refused(&self, who: Option<&Principal>, origin: &Origin, operation: &Operation, reason: &str, status: u16) -> Result<(), TrailDown> {
        let left_out = match who {
            Some(_) => 0,
            None => match self.flood.admit(operation.name, &network(&origin.address), Instant::now()) {
                Some(left_out) => left_out,
                None => return Ok(()),
            },
        };
        let more = if left_out == 0 { String::new() } else { format!(" Before it, {left_out} more like it were counted and not written down.") };
        let intent = self.intent(who, origin, operation, false, &format!("{reason}{more}"));
        let id = intent.id;
        self.write(intent, false).await?;
        let outcome = Box::new(Outcome::of(Ending::denied(status)));
        self.records.send(Record::Outcome { id, outcome }).await.map_err(|_| TrailDown)
    }

    fn intent(&self, who: Option<&Principal>, origin: &Origin, operation: &Operation, allowed: bool, reason: &str) -> Box<Intent> {
        let at = now_ms();
        // Said only where it says more than the object itself does.
        let known = |part: fn(&Known) -> &String| {
            let known = operation.known.as_ref().map(part).filter(|known| **known != operation.object);
            known.map(|known| clean(known)).unwrap_or_default()
        };
        Box::new(Intent {
            id: self.ids.next(at),
            at,
            user: who.map_or_else(|| "-".to_owned(), |w| clean(&w.subject.user)),
            viewer: who.and_then(|w| w.subject.viewer.as_deref()).map(clean).unwrap_or_default(),
            team: String::new(),
            credential: who.map_or_else(|| "-".to_owned(), |w| w.credential.to_string()),
            door: origin.door.name(),
            address: origin.address.to_string(),
            client: clean(&origin.client),
            target: operation.target.to_string(),
            operation: operation.name,
            permission: operation.permission.name(),
            object: clean(&operation.object),
            object_name: known(|known| &known.name),
            object_id: known(|known| &known.id),
            allowed,
            reason: clean(reason),
            grant: String::new(),
            change: operation.permission.is_change(),
            strict: operation.is_strict(),
        })
    }

    async fn write(&self, intent: Box<Intent>, strict: bool) -> Result<(), TrailDown> {
        if !strict {
            return self.records.try_send(Record::Intent { intent, durable: None }).map_err(|_| TrailDown);
        }
        let id = intent.id;
        let (durable, written) = oneshot::channel();
        self.records.try_send(Record::Intent { intent, durable: Some(durable) }).map_err(|_| TrailDown)?;
        match tokio::time::timeout(PATIENCE, written).await {
            Ok(Ok(true)) => Ok(()),
            Ok(_) => Err(TrailDown),
            Err(_) => {
                // It may still be written; nothing will happen, and the record shall say so.
                let _ = self.records.try_send(Record::Outcome { id, outcome: Box::new(Outcome::of(Ending::failed(503))) });
                Err(TrailDown)
            }
        }
    }
}

impl Entry {
    fn new(id: i64, records: mpsc::Sender<Record>) -> Self {
        let (note, made, recording) = (String::new(), String::new(), String::new());
        Self { id, begun: Instant::now(), finished: false, records, note, made, changes: Vec::new(), recording }
    }

    /// The record's id; 0 for one that is not written down.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Says the digest of what was recorded of its session.
    pub fn recorded(&mut self, digest: String) {
        self.recording = digest;
    }

    /// Says what else there is to say of it.
    pub fn note(&mut self, note: &str) {
        if !note.is_empty() {
            self.note = clean(note);
        }
    }

    /// Says something besides what was noted already.
    pub fn also(&mut self, note: &str) {
        let both = if self.note.is_empty() { note.to_owned() } else { format!("{} {note}", self.note) };
        self.note = clean(&both);
    }

    /// Says the id of what it made.
    pub fn made(&mut self, id: &str) {
        self.made = clean(id);
    }

    /// Says what it changed; of what fails it is what was asked for.
    pub fn changed(&mut self, changes: Vec<Change>) {
        self.changes = changes;
    }

    /// Says what it changed and made, and gives the answer.
    pub fn take<T>(&mut self, changed: Changed<T>) -> T {
        self.made(&changed.made);
        self.changes = changed.changes;
        changed.answer
    }

    /// Writes down that its stream begins to flow.
    pub fn started(&self) {
        if self.finished {
            return;
        }
        self.send(Record::Started { id: self.id, at: now_ms() });
    }

    pub fn finish(mut self, ending: Ending) {
        self.end(ending);
    }

    fn end(&mut self, ending: Ending) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        let duration_ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let outcome = Outcome {
            duration_ms,
            note: std::mem::take(&mut self.note),
            made: std::mem::take(&mut self.made),
            changes: std::mem::take(&mut self.changes),
            recording: std::mem::take(&mut self.recording),
            ..Outcome::of(ending)
        };
        self.send(Record::Outcome { id: self.id, outcome: Box::new(outcome) });
    }

    fn send(&self, record: Record) {
        if let Err(mpsc::error::TrySendError::Full(record)) = self.records.try_send(record) {
            // The queue is full because the disk takes nothing. What came of it must not be lost while the process lives.
            let records = self.records.clone();
            tokio::spawn(async move { records.send(record).await });
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // Whoever asked left before the answer: it may have been done or not.
        self.end(Ending::unknown());
    }
}

/// A text as it may stand in a record: control characters and bidirectional overrides escaped, cut to [`TEXT`] characters.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(TEXT));
    for (n, c) in text.chars().enumerate() {
        if n == TEXT {
            out.push('…');
            break;
        }
        let hidden = c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if hidden { out.extend(c.escape_unicode()) } else { out.push(c) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn hostile_text_is_one_short_visible_line() {
        assert_eq!(clean("a\r\n\u{1b}[31m\u{202e}b"), r"a\u{d}\u{a}\u{1b}[31m\u{202e}b");
        assert_eq!(clean(&"x".repeat(1_000_000)).chars().count(), super::TEXT + 1);
    }
}
