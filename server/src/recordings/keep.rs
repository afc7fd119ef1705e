//! Writes what a recorder takes in: as lines, in chunks, compressed and sealed, a few seconds behind what happens.

use std::{
    io::Write,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};

use super::{
    Recordings,
    cast::{self, Event},
    recorder::{Fed, Way, What},
    running::Running,
    utf8::Utf8,
};
use crate::{clock::now_ms, seal::Seal, store::recordings::Progress};

/// A chunk is written when its text is this long...
const CHUNK: usize = 64 * 1024;
/// ...but not so soon after the last, unless it is this long: commits are few, and everybody else needs them too.
const PAUSE: Duration = Duration::from_millis(250);
const LARGE: usize = 1024 * 1024;
/// ...or when so much time has passed since it began: a crash loses no more.
const SOON: Duration = Duration::from_secs(2);
/// How much text may wait for a disk that takes nothing.
const UNKEPT: usize = 4 * 1024 * 1024;
/// How long the text of one recording may be.
pub const LONGEST: u64 = 64 * 1024 * 1024;
/// How long is tried to write the end.
const LAST_TRIES: Duration = Duration::from_secs(6);
/// How long one write may take.
const WRITE: Duration = Duration::from_secs(5);

/// Writes one recording.
pub(super) struct Keeper {
    recordings: Arc<Recordings>,
    running: Arc<Running>,
    /// What was typed, what was written, and what was written to the other output.
    texts: [Utf8; 3],
    size: (u16, u16),
    last: Duration,
    /// The length of the text so far, with what is not on disk yet.
    length: u64,
    /// When what is not on disk yet is to be written.
    due: Option<Instant>,
    /// When something was written last.
    written: Option<Instant>,
    /// The digest of what is on disk, and how much that is.
    digest: ring::digest::Context,
    kept: u64,
    chunks: i64,
    /// A chunk that the disk did not take yet.
    held: Option<Held>,
    /// How much of what was lost is marked.
    marked: u64,
    full: bool,
}

/// A chunk on its way to the disk. It stays as it is until it is there: a commit that failed may have reached it.
struct Held {
    sealed: Vec<u8>,
    text: String,
}

impl Keeper {
    pub(super) fn new(recordings: Arc<Recordings>, running: Arc<Running>, size: (u16, u16)) -> Self {
        Self {
            recordings,
            running,
            texts: Default::default(),
            size,
            last: Duration::ZERO,
            length: 0,
            due: None,
            written: None,
            digest: ring::digest::Context::new(&ring::digest::SHA256),
            kept: 0,
            chunks: 0,
            held: None,
            marked: 0,
            full: false,
        }
    }

    /// Takes in what comes until nothing more does; then ends the recording.
    pub(super) async fn run(mut self, head: String, mut inbox: mpsc::Receiver<Fed>, done: oneshot::Sender<Option<String>>) {
        self.add(&head);
        let running = self.running.clone();
        loop {
            let due = self.due;
            tokio::select! {
                biased;
                fed = inbox.recv() => match fed {
                    Some(fed) => self.take(&fed),
                    None => break,
                },
                () = async { if let Some(due) = due { sleep_until(due).await } else { std::future::pending().await } } => self.write().await,
                () = running.over.cancelled() => break,
            }
            if self.is_chunk() {
                self.write().await;
            }
        }
        while let Ok(fed) = inbox.try_recv() {
            self.take(&fed);
            if self.is_chunk() {
                self.write().await;
            }
        }
        let _ = done.send(self.finish().await);
    }

    fn is_chunk(&self) -> bool {
        // A disk that took nothing is tried again when that is due, not for each line.
        let length = self.running.shown().unkept.len();
        let is_soon = self.written.is_some_and(|written| written.elapsed() < PAUSE);
        self.held.is_none() && length >= if is_soon { LARGE } else { CHUNK }
    }

    fn take(&mut self, fed: &Fed) {
        self.running.taken(fed.what.length());
        let at = fed.at.max(self.last);
        self.last = at;
        self.mark_lost(at);
        match &fed.what {
            What::Bytes(way, bytes) => {
                let n = match way {
                    Way::Input => 0,
                    Way::Output => 1,
                    Way::Error => 2,
                };
                let text = self.texts.get_mut(n).map(|utf8| utf8.take(bytes)).unwrap_or_default();
                if text.is_empty() {
                    return;
                }
                let event = if *way == Way::Input { Event::Input(&text) } else { Event::Output(&text) };
                self.event(at, event, bytes.len());
            }
            What::Resize(columns, rows) => {
                if self.size == (*columns, *rows) {
                    return;
                }
                self.size = (*columns, *rows);
                self.event(at, Event::Resize(*columns, *rows), 0);
            }
        }
    }

    /// Says where something is missing.
    fn mark_lost(&mut self, at: Duration) {
        let lost = self.running.lost();
        if lost > self.marked && !self.full && self.has_room() {
            let text = format!("{} bytes that passed here are not recorded.", lost - self.marked);
            self.marked = lost;
            self.add(&cast::line(at, Event::Mark(&text)));
        }
    }

    fn has_room(&self) -> bool {
        self.running.shown().unkept.len() < UNKEPT
    }

    fn event(&mut self, at: Duration, event: Event<'_>, length: usize) {
        if self.full {
            return self.running.lose(length, "its recording is as long as one may be.");
        }
        if !self.has_room() {
            return self.running.lose(length, "its recording cannot be written.");
        }
        let line = cast::line(at, event);
        if self.length + line.len() as u64 > LONGEST {
            self.full = true;
            self.add(&cast::line(at, Event::Mark("The recording is as long as one may be: what follows is not in it.")));
            return self.running.lose(length, "its recording is as long as one may be.");
        }
        self.add(&line);
    }

    fn add(&mut self, line: &str) {
        self.length += line.len() as u64;
        let mut shown = self.running.shown();
        shown.unkept.push_str(line);
        if let Some(tell) = &shown.tell
            && tell.receiver_count() > 0
        {
            let _ = tell.send(Arc::from(line));
        }
        self.due.get_or_insert_with(|| Instant::now() + SOON);
    }

    /// Writes what is not on disk yet.
    async fn write(&mut self) {
        if let Err(why) = self.try_write().await {
            tracing::warn!(recording = self.running.id, why, "A recording could not be written; it is tried again.");
            self.due = Some(Instant::now() + SOON);
            if self.running.strict {
                self.running.lose(0, "its recording cannot be written.");
            }
        }
    }

    async fn try_write(&mut self) -> Result<(), String> {
        if self.held.is_none() {
            let text = self.running.shown().unkept.clone();
            if text.is_empty() {
                self.due = None;
                return Ok(());
            }
            self.held = Some(Held { sealed: seal(&self.recordings.seal, self.running.id, self.chunks, &text)?, text });
        }
        let Some(held) = &self.held else { return Ok(()) };
        let progress = Progress {
            at: now_ms(),
            bytes: i64::try_from(self.kept + held.text.len() as u64).unwrap_or(i64::MAX),
            chunks: self.chunks + 1,
            lost: i64::try_from(self.running.lost()).unwrap_or(i64::MAX),
            width: self.size.0,
            height: self.size.1,
        };
        let written = timeout(WRITE, self.recordings.store.add_recording_chunk(self.running.id, self.chunks, &held.sealed, progress)).await;
        written.map_err(|_| "it took too long".to_owned())?.map_err(|error| error.to_string())?;
        let Some(held) = self.held.take() else { return Ok(()) };
        self.digest.update(held.text.as_bytes());
        self.kept += held.text.len() as u64;
        self.chunks += 1;
        self.written = Some(Instant::now());
        let mut shown = self.running.shown();
        shown.kept = self.chunks;
        shown.unkept.drain(..held.text.len());
        self.due = if shown.unkept.is_empty() { None } else { Some(Instant::now() + SOON) };
        Ok(())
    }

    /// Writes the last of it, and says its digest, if all is on disk.
    async fn finish(mut self) -> Option<String> {
        if self.running.void.load(Ordering::Acquire) {
            let gone = timeout(WRITE, self.recordings.store.delete_recording(self.running.id)).await;
            if !matches!(gone, Ok(Ok(()))) {
                tracing::warn!(recording = self.running.id, "The recording of a session that there was not could not be removed.");
            }
            self.recordings.forget(self.running.id);
            return None;
        }
        for n in [1, 2, 0] {
            let rest = self.texts.get_mut(n).map_or("", Utf8::finish);
            if !rest.is_empty() {
                let event = if n == 0 { Event::Input(rest) } else { Event::Output(rest) };
                self.event(self.last, event, rest.len());
            }
        }
        let now = self.running.now().max(self.last);
        self.mark_lost(now);
        let end = Instant::now() + LAST_TRIES;
        let mut whole = false;
        while !whole && Instant::now() < end {
            whole = match self.try_write().await {
                Ok(()) => self.running.shown().unkept.is_empty(),
                Err(why) => {
                    tracing::warn!(recording = self.running.id, why, "The end of a recording could not be written yet.");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                    false
                }
            };
        }
        let digest = self.digest.clone().finish();
        let digest = data_encoding::HEXLOWER.encode(digest.as_ref());
        let lost = i64::try_from(self.running.lost()).unwrap_or(i64::MAX);
        let ended = timeout(WRITE, self.recordings.store.end_recording(self.running.id, now_ms(), lost, &digest)).await;
        self.recordings.forget(self.running.id);
        // Whoever looks on is told that it is over.
        self.running.shown().tell = None::<broadcast::Sender<Arc<str>>>;
        match ended {
            // What was kept is proved, even where the last of it is missing.
            Ok(Ok(())) => Some(digest),
            _ => {
                tracing::error!(recording = self.running.id, "The end of a recording could not be written.");
                None
            }
        }
    }
}

/// The chunk of this text.
fn seal(seal: &Seal, recording: i64, n: i64, text: &str) -> Result<Vec<u8>, String> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(text.as_bytes()).map_err(|error| error.to_string())?;
    let packed = gzip.finish().map_err(|error| error.to_string())?;
    seal.seal_bytes(&super::place(recording, n), &packed).map_err(|error| error.to_string())
}
