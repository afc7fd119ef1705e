//! The recorder of one session: fed with what passes in both directions, and never in its way.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use tokio::{sync::oneshot, time::timeout};

use crate::audit::Entry;

use super::{
    demux::Demux,
    running::{Running, Stop},
};

/// How long the end of a recording may take to be written.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Something that happened.
pub(super) struct Fed {
    pub at: Duration,
    pub what: What,
}

pub(super) enum What {
    Bytes(Way, Bytes),
    Resize(u16, u16),
}

impl What {
    pub fn length(&self) -> usize {
        match self {
            What::Bytes(_, bytes) => bytes.len(),
            What::Resize(..) => 0,
        }
    }
}

/// Which way bytes went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    Input,
    Output,
    /// What a program without a terminal wrote to its other output.
    Error,
}

/// Records one session. Dropped, the recording ends.
pub struct Recorder {
    running: Arc<Running>,
    input: bool,
    tty: bool,
    /// The digest of all that was kept.
    done: Option<oneshot::Receiver<Option<String>>>,
}

impl Recorder {
    pub(super) fn new(running: Arc<Running>, input: bool, tty: bool, done: oneshot::Receiver<Option<String>>) -> Self {
        Self { running, input, tty, done: Some(done) }
    }

    /// Takes what goes to the client.
    pub fn output(&self) -> Feed {
        let demux = (!self.tty).then(Demux::default);
        Feed(Some(Taking { running: self.running.clone(), way: Way::Output, demux }))
    }

    /// Whether what comes from the client is kept.
    pub fn takes_input(&self) -> bool {
        self.input
    }

    /// Takes what comes from the client, if that is to be kept.
    pub fn input(&self) -> Feed {
        Feed(self.input.then(|| Taking { running: self.running.clone(), way: Way::Input, demux: None }))
    }

    /// Says that the terminal has another size.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.running.resize(columns, rows);
    }

    /// Waits until the session has to end. May be dropped and asked again.
    pub async fn stopped(&self) -> Stop {
        self.running.stopped().await
    }

    /// What is being recorded.
    pub fn running(&self) -> Arc<Running> {
        self.running.clone()
    }

    /// There was no session after all: nothing is kept.
    pub fn discard(self) {
        self.running.void.store(true, Ordering::Release);
    }

    /// Ends the recording, and says the SHA-256 of its text, if it is whole on disk.
    pub async fn close(mut self) -> Option<String> {
        self.running.over.cancel();
        let done = self.done.take()?;
        timeout(LAST_WORDS, done).await.ok()?.ok()?
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.running.over.cancel();
    }
}

/// Takes what goes one way; or nothing at all.
pub struct Feed(Option<Taking>);

struct Taking {
    running: Arc<Running>,
    way: Way,
    demux: Option<Demux>,
}

impl Feed {
    /// One that takes nothing: the session is not recorded.
    pub fn none() -> Self {
        Self(None)
    }

    pub fn take(&mut self, bytes: &[u8]) {
        let Some(Taking { running, way, demux }) = &mut self.0 else { return };
        if bytes.is_empty() {
            return;
        }
        match demux {
            None => running.feed(What::Bytes(*way, Bytes::copy_from_slice(bytes))),
            Some(demux) => demux.take(bytes, |is_error, bytes| {
                let way = if is_error { Way::Error } else { Way::Output };
                running.feed(What::Bytes(way, Bytes::copy_from_slice(bytes)));
            }),
        }
    }
}

/// Waits until a session has to end; for ever where it is not recorded.
pub async fn stopped(recorder: Option<&Recorder>) -> Stop {
    match recorder {
        Some(recorder) => recorder.stopped().await,
        None => std::future::pending().await,
    }
}

/// Ends a session's recording, and has its audit record say so.
pub async fn close(recorder: Option<Recorder>, entry: &mut Entry) {
    if let Some(recorder) = recorder
        && let Some(digest) = recorder.close().await
    {
        entry.recorded(digest);
    }
}
