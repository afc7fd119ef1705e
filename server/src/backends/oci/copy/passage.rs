//! A blob on its way from one registry to another: counted, never whole in memory, and held against its digest. Its last piece goes on only when
//! all of it is right, so that no registry takes a wrong one for whole.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::{Progress, plan::Blob};
use crate::backends::oci::answer::Check;

/// What is known of a blob on its way.
#[derive(Default)]
pub struct Flow {
    passed: AtomicU64,
    is_whole: AtomicBool,
    broken: OnceLock<&'static str>,
}

impl Flow {
    /// How many bytes have gone on.
    pub fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    /// All has gone on; what is awaited is the target's answer.
    pub fn is_whole(&self) -> bool {
        self.is_whole.load(Ordering::Relaxed)
    }

    /// Why the source is to blame, if it is.
    pub fn broken(&self) -> Option<&'static str> {
        self.broken.get().copied()
    }
}

/// A blob as the body of a request.
pub struct Passage {
    inner: Incoming,
    flow: Arc<Flow>,
    progress: Arc<Progress>,
    /// Gone once all was held against the digest.
    check: Option<Check>,
    /// The piece that came last.
    held: Option<Bytes>,
    came: u64,
    left: u64,
    size: u64,
}

impl Passage {
    pub fn new(inner: Incoming, blob: &Blob, flow: Arc<Flow>, progress: Arc<Progress>) -> Self {
        Self { inner, flow, progress, check: Some(Check::new(&blob.digest)), held: None, came: 0, left: blob.size, size: blob.size }
    }

    fn pass(&mut self, piece: Bytes) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let length = piece.len() as u64;
        self.left = self.left.saturating_sub(length);
        self.flow.passed.fetch_add(length, Ordering::Relaxed);
        self.progress.sent(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn fail(&mut self, kind: io::ErrorKind, why: &'static str) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let _ = self.flow.broken.set(why);
        Poll::Ready(Some(Err(io::Error::new(kind, why))))
    }
}

impl Body for Passage {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if self.check.is_none() {
            return Poll::Ready(None);
        }
        loop {
            let data = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(_)) => return self.fail(io::ErrorKind::UnexpectedEof, "It broke off in the middle of a blob."),
                None => break,
            };
            self.came += data.len() as u64;
            if self.came > self.size {
                return self.fail(io::ErrorKind::InvalidData, "It sent more than its manifest says.");
            }
            if let Some(check) = &mut self.check {
                check.update(&data);
            }
            if !data.is_empty()
                && let Some(piece) = self.held.replace(data)
            {
                return self.pass(piece);
            }
        }
        if self.came != self.size {
            return self.fail(io::ErrorKind::UnexpectedEof, "It broke off in the middle of a blob.");
        }
        if !self.check.take().is_some_and(Check::holds) {
            return self.fail(io::ErrorKind::InvalidData, "What it sent is not what its digest says.");
        }
        self.flow.is_whole.store(true, Ordering::Relaxed);
        match self.held.take() {
            Some(piece) => self.pass(piece),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.check.is_none() && self.held.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
