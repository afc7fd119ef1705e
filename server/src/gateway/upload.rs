//! A client's body on its way to a target, counted, and with an end.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use crate::audit::Ending;

/// How long a client may pause in the middle of a body it sends.
const UPLOAD_PAUSE: Duration = Duration::from_secs(300);

/// Bytes that went each way.
#[derive(Default)]
pub struct Counts {
    pub bytes_in: AtomicU64,
    pub bytes_out: AtomicU64,
    /// The client's body broke off, or was not framed as it should be.
    pub broken: AtomicBool,
    /// More came than may.
    pub over: AtomicBool,
}

impl Counts {
    pub fn ending(&self, ending: Ending) -> Ending {
        ending.bytes(self.bytes_in.load(Ordering::Relaxed), self.bytes_out.load(Ordering::Relaxed))
    }
}

/// A client's body on its way to the target.
pub struct Upload {
    inner: Incoming,
    counts: Arc<Counts>,
    pause: Pin<Box<Sleep>>,
    /// How many bytes may come.
    most: Option<u64>,
}

impl Upload {
    pub fn new(inner: Incoming, counts: Arc<Counts>) -> Self {
        Self { inner, counts, pause: Box::pin(tokio::time::sleep(UPLOAD_PAUSE)), most: None }
    }

    /// The same, which breaks off where more than so many bytes come.
    pub fn up_to(self, most: Option<u64>) -> Self {
        Self { most, ..self }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let Ok(data) = frame.into_data() else { return Poll::Ready(None) };
                let came = self.counts.bytes_in.fetch_add(data.len() as u64, Ordering::Relaxed) + data.len() as u64;
                if self.most.is_some_and(|most| came > most) {
                    self.counts.over.store(true, Ordering::Relaxed);
                    return Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::InvalidData, "more came than may"))));
                }
                self.pause.as_mut().reset(Instant::now() + UPLOAD_PAUSE);
                Poll::Ready(Some(Ok(Frame::data(data))))
            }
            Poll::Ready(Some(Err(error))) => {
                self.counts.broken.store(true, Ordering::Relaxed);
                Poll::Ready(Some(Err(io::Error::other(error))))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                ready!(self.pause.as_mut().poll(cx));
                self.counts.broken.store(true, Ordering::Relaxed);
                Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, "the client paused for too long"))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
