//! A session that is being recorded at this moment: what goes into its recording, who looks on, and what ends it.

use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
};

use tokio::{
    sync::{broadcast, mpsc},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::recorder::{Fed, What};
use crate::audit::Ending;

/// How many bytes may wait to be recorded.
const WAITING: usize = 8 * 1024 * 1024;
/// How many lines a looker-on may lag behind.
const LAG: usize = 4_096;

/// Why a session must end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Stop {
    /// Somebody ended it.
    Ended { by: String },
    /// It must be recorded, and cannot be any more.
    NotRecordable(&'static str),
}

impl Stop {
    /// What is written down of it.
    pub fn sentence(&self) -> String {
        match self {
            Stop::Ended { by } => format!("Ended by {by}."),
            Stop::NotRecordable(why) => format!("Ended, since it must be recorded: {why}"),
        }
    }

    /// What came of a session that ended so.
    pub fn ending(&self, begun: Ending) -> Ending {
        match self {
            Stop::Ended { .. } => begun.revoked(),
            Stop::NotRecordable(_) => Ending::failed(503),
        }
    }
}

/// A session that is being recorded.
pub struct Running {
    pub id: i64,
    pub engine: String,
    /// The engine's own id of what its terminal belongs to: of a program that was started, or of a container.
    pub process: String,
    pub strict: bool,
    begun: Instant,
    feed: mpsc::Sender<Fed>,
    waiting: AtomicUsize,
    lost: AtomicU64,
    why: OnceLock<Stop>,
    stopped: CancellationToken,
    /// Set when nothing more comes.
    pub(super) over: CancellationToken,
    /// Set when there was no session after all.
    pub(super) void: AtomicBool,
    shown: Mutex<Shown>,
}

/// What looks on are made of.
pub(super) struct Shown {
    /// How many chunks are on disk.
    pub kept: i64,
    /// Lines that are not on disk yet.
    pub unkept: String,
    pub tell: Option<broadcast::Sender<Arc<str>>>,
}

/// Where somebody who looks on begins.
pub struct Look {
    /// How many chunks to read first.
    pub kept: i64,
    /// The lines behind them.
    pub unkept: String,
    /// What comes; `None` when nothing more does.
    pub coming: Option<broadcast::Receiver<Arc<str>>>,
}

impl Running {
    pub(super) fn new(id: i64, engine: &str, process: &str, strict: bool, feed: mpsc::Sender<Fed>) -> Self {
        Self {
            id,
            engine: engine.to_owned(),
            process: process.to_owned(),
            strict,
            begun: Instant::now(),
            feed,
            waiting: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
            why: OnceLock::new(),
            stopped: CancellationToken::new(),
            over: CancellationToken::new(),
            void: AtomicBool::new(false),
            shown: Mutex::new(Shown { kept: 0, unkept: String::new(), tell: Some(broadcast::Sender::new(LAG)) }),
        }
    }

    /// Takes in what happened, if there is room. Never waits.
    pub(super) fn feed(&self, what: What) {
        let length = what.length();
        let waiting = self.waiting.fetch_add(length, Ordering::AcqRel);
        let fits = waiting + length <= WAITING && self.feed.try_send(Fed { at: self.begun.elapsed(), what }).is_ok();
        if !fits {
            self.waiting.fetch_sub(length, Ordering::AcqRel);
            self.lose(length, "more passes than can be recorded.");
        }
    }

    /// Something that was waiting is taken.
    pub(super) fn taken(&self, length: usize) {
        self.waiting.fetch_sub(length, Ordering::AcqRel);
    }

    /// Something that passed will not be in the recording.
    pub(super) fn lose(&self, length: usize, why: &'static str) {
        self.lost.fetch_add(length as u64, Ordering::AcqRel);
        if self.strict {
            self.stop(Stop::NotRecordable(why));
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Acquire)
    }

    /// The time since it began.
    pub(super) fn now(&self) -> std::time::Duration {
        self.begun.elapsed()
    }

    /// Says that its terminal has another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.feed(What::Resize(columns, rows));
    }

    /// Makes the session end.
    pub fn stop(&self, why: Stop) {
        let _ = self.why.set(why);
        self.stopped.cancel();
    }

    /// Waits until the session has to end. May be dropped and asked again.
    pub async fn stopped(&self) -> Stop {
        self.stopped.cancelled().await;
        self.why.get().cloned().unwrap_or(Stop::NotRecordable("its recording broke off."))
    }

    pub(super) fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to look on: nothing is missing between what is kept and what comes.
    pub fn look(&self) -> Look {
        let shown = self.shown();
        Look { kept: shown.kept, unkept: shown.unkept.clone(), coming: shown.tell.as_ref().map(broadcast::Sender::subscribe) }
    }
}
