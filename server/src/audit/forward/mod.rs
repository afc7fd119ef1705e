//! Forwards the trail to places outside while it is written: each entry as its line of an export, and each checkpoint.
//!
//! A place has a durable cursor, which moves once the place has taken what was sent: nothing is lost while it is away, and what cannot be
//! known to have arrived goes again, in the same piece and under the same name. Entries go by writer in their order, a checkpoint once all
//! that it covers has gone. docs/forwarding.md describes what each kind of place gets.

mod batch;
mod forwarder;
pub mod otlp;
pub mod s3;
mod sigv4;
mod standing;
pub mod syslog;
pub mod webhook;

use std::{fmt, sync::Arc};

use tokio::{sync::watch, task::JoinHandle};

pub use batch::{Batch, Item};
pub use standing::{Standing, State};

use crate::store::Store;

/// What a place is sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum What {
    /// Every entry, and every checkpoint.
    All,
    Entries,
    Checkpoints,
}

/// Where a place begins that is new.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Begin {
    /// With what is written from now on.
    Now,
    /// With the first entry that there is.
    Beginning,
}

/// Why a place has not taken what it was sent, in a sentence that names no secret.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// It goes again after a pause.
    #[error("{0}")]
    Away(String),
    /// It shall get nothing more until the next start.
    #[error("{0}")]
    Stop(String),
}

/// A place that takes lines.
pub trait Sink: Send + Sync + 'static {
    /// How many lines one piece has at most.
    const LINES: u32;

    /// Whether a piece has anything for it. What has nothing is passed over.
    fn wants(&self, batch: &Batch) -> bool {
        !batch.items.is_empty()
    }

    /// Sends one piece, and returns once the place has taken it: what is returned is what the place has to say about it, or nothing.
    ///
    /// # Errors
    /// When it has not, or that is not known: within a deadline of its own.
    fn send(&mut self, batch: &Batch) -> impl Future<Output = Result<Option<String>, SinkError>> + Send;
}

/// A place as the settings have it.
#[derive(Debug)]
pub struct Forward {
    pub name: String,
    pub what: What,
    pub from: Begin,
    pub place: Place,
}

/// One of the kinds of places.
#[derive(Debug)]
pub enum Place {
    Syslog(syslog::Syslog),
    Webhook(webhook::Webhook),
    Otlp(otlp::Otlp),
    S3(s3::S3),
}

impl Place {
    /// What kind it is, in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Place::Syslog(_) => "syslog",
            Place::Webhook(_) => "webhook",
            Place::Otlp(_) => "otlp",
            Place::S3(_) => "s3",
        }
    }

    /// Where it is, without anything that could be a secret.
    pub fn address(&self) -> String {
        match self {
            Place::Syslog(syslog) => syslog.shown(),
            Place::Webhook(webhook) => webhook.shown(),
            Place::Otlp(otlp) => otlp.shown(),
            Place::S3(s3) => s3.shown(),
        }
    }
}

/// Something that the settings give in a file and nobody may see.
#[derive(Clone)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// All places, and how far each is.
#[derive(Clone, Debug, Default)]
pub struct Forwarding(pub Arc<Vec<Arc<Standing>>>);

/// Begins to forward entries to a place that is in no settings file, and has its cursors already.
pub fn start_one<S: Sink>(standing: Arc<Standing>, sink: S, store: &Store, written: &watch::Receiver<u64>) -> JoinHandle<()> {
    tokio::spawn(forwarder::Forwarder::new(store.clone(), standing, Begin::Now, written.clone()).run(sink))
}

/// Begins to forward to each of `places`. `written` is told of each commit to the trail.
pub fn start(places: Vec<Forward>, store: &Store, written: &watch::Receiver<u64>) -> (Forwarding, Vec<JoinHandle<()>>) {
    let (mut all, mut running) = (Vec::new(), Vec::new());
    for Forward { name, what, from, place } in places {
        let standing = Arc::new(Standing::new(name, place.kind(), place.address(), what));
        let task = forwarder::Forwarder::new(store.clone(), standing.clone(), from, written.clone());
        running.push(match place {
            Place::Syslog(sink) => tokio::spawn(task.run(sink)),
            Place::Webhook(sink) => tokio::spawn(task.run(sink)),
            Place::Otlp(sink) => tokio::spawn(task.run(sink)),
            Place::S3(sink) => tokio::spawn(task.run(sink)),
        });
        all.push(standing);
    }
    (Forwarding(Arc::new(all)), running)
}
