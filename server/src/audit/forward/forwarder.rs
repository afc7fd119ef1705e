//! Sends what one place lacks, in order, and keeps its cursor.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{
    super::checkpoint::{Checkpoint, Signed},
    Batch, Begin, Item, Sink, SinkError, Standing, What,
};
use crate::store::{self, Store, StoreError, audit::CursorRow};

/// The checkpoints' place among the writers, who begin with 1.
const CHECKPOINTS: i64 = 0;
/// How many checkpoints one piece has at most.
const MOST_CHECKPOINTS: u32 = 50;
/// How long the lines of a piece are together at most, in bytes; one alone may be longer. Many servers take no more than 1 MiB unless told.
const LONGEST: usize = 512 * 1024;
/// How long an entry waits for company.
const LINGER: Duration = Duration::from_millis(100);
/// How often it is looked for checkpoints when no entry is written.
const IDLE: Duration = Duration::from_secs(5);
/// The pause after the first failure, which doubles...
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// ...up to this one.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Keeps one place up with the trail.
pub(super) struct Forwarder {
    store: Store,
    standing: Arc<Standing>,
    from: Begin,
    written: watch::Receiver<u64>,
    /// By writer. What was taken is written together with what is sent next.
    cursors: BTreeMap<i64, CursorRow>,
    /// Whether a cursor is further than the store knows.
    ahead: bool,
}

/// What a step sent.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Sent {
    Nothing,
    Some,
    /// There is more, or there may be.
    Full,
}

/// Why a step came to nothing.
enum Stuck {
    Sink(SinkError),
    Store(StoreError),
}

impl From<StoreError> for Stuck {
    fn from(error: StoreError) -> Self {
        Stuck::Store(error)
    }
}

impl From<SinkError> for Stuck {
    fn from(error: SinkError) -> Self {
        Stuck::Sink(error)
    }
}

impl Forwarder {
    pub fn new(store: Store, standing: Arc<Standing>, from: Begin, written: watch::Receiver<u64>) -> Self {
        Self { store, standing, from, written, cursors: BTreeMap::new(), ahead: false }
    }

    /// Runs until the trail is closed, or the place wants nothing more.
    pub async fn run<S: Sink>(mut self, mut sink: S) {
        let mut pause = FIRST_PAUSE;
        loop {
            if !self.store.is_leader() {
                // Another replica sends. Should this one come to it, it begins where that one was.
                self.cursors.clear();
                tokio::time::sleep(IDLE).await;
                continue;
            }
            self.written.borrow_and_update();
            let stuck = match self.step(&mut sink).await {
                Ok(Sent::Full) => {
                    pause = FIRST_PAUSE;
                    continue;
                }
                Ok(Sent::Some) => {
                    pause = FIRST_PAUSE;
                    tokio::time::sleep(LINGER).await;
                    continue;
                }
                Ok(Sent::Nothing) => {
                    pause = FIRST_PAUSE;
                    match tokio::time::timeout(IDLE, self.written.changed()).await {
                        // The trail is closed. What is left goes after the next start.
                        Ok(Err(_)) => return,
                        Ok(Ok(())) => tokio::time::sleep(LINGER).await,
                        Err(_) => {}
                    }
                    continue;
                }
                Err(stuck) => stuck,
            };
            let why = match stuck {
                Stuck::Sink(SinkError::Stop(why)) => {
                    let (sink, kind) = (&self.standing.name, self.standing.kind);
                    tracing::error!(sink, kind, "The audit trail is NOT forwarded any more until the next start. {why}");
                    return self.standing.stop(&why);
                }
                Stuck::Sink(SinkError::Away(why)) => why,
                Stuck::Store(error) => format!("The database says: {error}."),
            };
            // Told once when it begins; then at the pace of the pauses, which is slow soon.
            tracing::warn!(
                sink = self.standing.name,
                kind = self.standing.kind,
                again_in_ms = pause.as_millis(),
                "The audit trail cannot be forwarded now. {why}"
            );
            self.standing.failed(&why);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Sends one piece of each writer, and the checkpoints that cover no more than was sent.
    async fn step<S: Sink>(&mut self, sink: &mut S) -> Result<Sent, Stuck> {
        if self.cursors.is_empty() {
            self.load().await?;
        }
        let mut sent = Sent::Nothing;
        if self.standing.what != What::Checkpoints {
            for (writer, end) in self.store.chain_lengths().await? {
                sent = sent.max(self.entries(sink, writer, end).await?);
            }
        }
        if self.standing.what != What::Entries {
            sent = sent.max(self.checkpoints(sink).await?);
        }
        if sent == Sent::Nothing && self.ahead {
            let all: Vec<CursorRow> = self.cursors.values().copied().collect();
            self.store.set_cursors(&self.standing.name, &all).await?;
            self.ahead = false;
        }
        Ok(sent)
    }

    /// Reads where the place is; one that is new begins where the settings say.
    async fn load(&mut self) -> store::Result<()> {
        let mut cursors = self.store.cursors(&self.standing.name).await?;
        if cursors.is_empty() {
            let at = |(writer, seq)| CursorRow { writer, seq, sending: seq, began: seq };
            cursors = vec![at((CHECKPOINTS, 0))];
            if self.from == Begin::Now {
                let last = self.store.last_checkpoint().await?.map_or(0, |row| row.n);
                cursors = vec![at((CHECKPOINTS, last))];
                cursors.extend(self.store.chain_lengths().await?.into_iter().map(at));
            }
            self.store.set_cursors(&self.standing.name, &cursors).await?;
        }
        self.standing.at(cursors.iter().map(|cursor| (cursor.writer, cursor.seq)).collect());
        self.cursors = cursors.into_iter().map(|cursor| (cursor.writer, cursor)).collect();
        Ok(())
    }

    fn cursor(&self, writer: i64) -> CursorRow {
        self.cursors.get(&writer).copied().unwrap_or(CursorRow { writer, ..CursorRow::default() })
    }

    async fn entries<S: Sink>(&mut self, sink: &mut S, writer: i64, end: i64) -> Result<Sent, Stuck> {
        let cursor = self.cursor(writer);
        if cursor.seq >= end {
            return Ok(Sent::Nothing);
        }
        // What was on its way goes again as it was: the place may have it already, and knows it by its name.
        let again = cursor.sending > cursor.seq;
        let until = if again { cursor.sending } else { end };
        let mut items = Vec::new();
        let mut length = 0;
        for linked in self.store.chain_after(writer, cursor.seq, until, S::LINES).await? {
            let item = Item::entry(linked);
            length += item.line.len();
            if !again && !items.is_empty() && length > LONGEST {
                break;
            }
            items.push(item);
        }
        let (Some(first), Some(last)) = (items.first().map(|item| item.seq), items.last().map(|item| item.seq)) else { return Ok(Sent::Nothing) };
        if first != cursor.seq + 1 {
            let (sink, from) = (&self.standing.name, cursor.seq + 1);
            tracing::error!(sink, writer, from, until = first - 1, "Entries of the audit trail were gone before they could be forwarded.");
        }
        if first == cursor.began + 1
            && let Some(hash) = self.store.chain_hash(writer, cursor.began).await?
        {
            items.insert(0, Item::before(writer, cursor.began, &hash));
        }
        let id = format!("{}/{writer}/{first}/{last}", self.standing.name);
        self.send(sink, CursorRow { sending: last, ..cursor }, Batch { id, items }).await?;
        Ok(if last < end { Sent::Full } else { Sent::Some })
    }

    async fn checkpoints<S: Sink>(&mut self, sink: &mut S) -> Result<Sent, Stuck> {
        let cursor = self.cursor(CHECKPOINTS);
        let again = cursor.sending > cursor.seq;
        let mut items = Vec::new();
        for row in self.store.checkpoints_after(cursor.seq, S::LINES.min(MOST_CHECKPOINTS)).await? {
            let n = row.n;
            let signed = Signed::from(row);
            // One that cannot be read goes as it is: whoever verifies it finds that out.
            let checkpoint = signed.read().unwrap_or_else(|| Checkpoint { at: 0, heads: Vec::new(), key: String::new(), n, previous: String::new() });
            if again && n > cursor.sending || !again && !self.covers(&checkpoint) {
                break;
            }
            items.push(Item::checkpoint(&signed, &checkpoint));
        }
        let (Some(first), Some(last)) = (items.first().map(|item| item.seq), items.last().map(|item| item.seq)) else { return Ok(Sent::Nothing) };
        let id = format!("{}/checkpoints/{first}/{last}", self.standing.name);
        self.send(sink, CursorRow { sending: last, ..cursor }, Batch { id, items }).await?;
        Ok(Sent::Full)
    }

    /// Whether all that a checkpoint covers has gone, where entries go at all.
    fn covers(&self, checkpoint: &Checkpoint) -> bool {
        self.standing.what == What::Checkpoints || checkpoint.heads.iter().all(|head| head.seq <= self.cursor(head.writer).seq)
    }

    /// Sends one piece, having said durably which, and moves the cursor once it was taken.
    async fn send<S: Sink>(&mut self, sink: &mut S, cursor: CursorRow, batch: Batch) -> Result<(), Stuck> {
        if !sink.wants(&batch) {
            // Nothing of it goes out, so nothing has to be on disk: it can be looked through again.
            self.cursors.insert(cursor.writer, CursorRow { seq: cursor.sending, ..cursor });
            self.ahead = true;
            self.standing.passed(cursor.writer, cursor.sending);
            return Ok(());
        }
        if self.cursor(cursor.writer) != cursor {
            self.store.set_cursors(&self.standing.name, &[cursor]).await?;
            self.cursors.insert(cursor.writer, cursor);
        }
        let said = sink.send(&batch).await?;
        if let Some(said) = &said {
            tracing::error!(sink = self.standing.name, kind = self.standing.kind, "Not all of the audit trail was taken. {said}");
        }
        self.cursors.insert(cursor.writer, CursorRow { seq: cursor.sending, ..cursor });
        self.ahead = true;
        self.standing.taken(cursor.writer, cursor.sending, said);
        Ok(())
    }
}
