//! Bodies and raw streams on their way, counted, leased, and with an end.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep},
};
use tokio_util::{io::InspectReader, task::AbortOnDropHandle};

use crate::{
    audit::{Ending, Entry},
    backends::docker::Carrier,
    gateway::upload::Counts,
    lease::Lease,
    recordings::{Feed, Recorder, Running, Stop, close, stopped},
};

use super::verdict::Verdict;

/// How long an engine may pause in the middle of an answer that is no stream.
const ANSWER_PAUSE: Duration = Duration::from_secs(30);

/// What holds an answer open, and what ends it.
#[allow(clippy::large_enum_variant, reason = "one an answer, and it is moved once")]
pub enum Hold {
    /// An answer that is soon whole: the engine must not pause for long.
    Prompt,
    /// A stream: goes on while the right to it lasts.
    Leased(Lease),
}

/// What is written down of an answer: its record, and what passes where it is a session.
pub struct Told {
    pub entry: Entry,
    pub recorder: Option<Recorder>,
    /// What the answer itself says of it, where that is not its status.
    pub verdict: Option<Verdict>,
}

/// An answer of so many bytes is written at once, whether its client reads or not.
const SMALL: u64 = 16 * 1024;
/// Chunks that are ready together go on as one, up to about this size...
const BATCH: usize = 16 * 1024;
/// ...but for those that are large enough to go alone.
const LARGE: usize = 4 * 1024;

/// The engine's body on its way to the client. Dropping it drops the engine's connection if it is not at its end.
pub struct Download {
    answer: Arc<Mutex<Answer>>,
    /// When an engine that is to answer soon has paused for too long.
    pause: Option<Pin<Box<Sleep>>>,
    /// Ends a stream with the right to it, even while nobody reads: a body is only asked for more when its client takes more.
    _watch: Option<AbortOnDropHandle<()>>,
}

/// The engine's side of an answer, and what is written down of it.
struct Answer {
    open: Option<Open>,
    /// Why it ends before its end.
    broken: Option<(io::ErrorKind, &'static str)>,
    waker: Option<Waker>,
    status: u16,
    counts: Arc<Counts>,
    entry: Option<Entry>,
    /// What records it, where it is a session.
    recording: Option<(Recorder, Feed)>,
    verdict: Option<Verdict>,
}

/// What is held while an answer goes on.
struct Open {
    inner: Incoming,
    carrier: Carrier,
    /// How it ended, when that was found behind what goes on now.
    last: Option<Option<hyper::Error>>,
    /// Whether what came before a failure had its time to be written.
    rested: bool,
    _turn: OwnedSemaphorePermit,
}

impl Open {
    fn poll_inner(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        self.carrier.poll(cx);
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    /// What has come by now, in one piece.
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, hyper::Error>>> {
        if let Some(last) = self.last.take() {
            // hyper drops what it has not written yet when a body fails, the head too.
            if last.is_some() && !std::mem::replace(&mut self.rested, true) {
                self.last = Some(last);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            return Poll::Ready(last.map(Err));
        }
        let mut batch = BytesMut::new();
        while batch.len() < BATCH {
            let last = match self.poll_inner(cx) {
                Poll::Pending if batch.is_empty() => return Poll::Pending,
                Poll::Pending => break,
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if batch.is_empty() && data.len() >= LARGE => return Poll::Ready(Some(Ok(data))),
                    Ok(data) => {
                        batch.extend_from_slice(&data);
                        continue;
                    }
                    // Trailers are dropped: Docker sends none.
                    Err(_) => None,
                },
                Poll::Ready(Some(Err(error))) => Some(error),
                Poll::Ready(None) => None,
            };
            self.last = Some(last);
            if batch.is_empty() {
                return self.poll_data(cx);
            }
            break;
        }
        Poll::Ready(Some(Ok(batch.freeze())))
    }

    fn is_end(&self) -> bool {
        match &self.last {
            Some(last) => last.is_none(),
            None => self.inner.is_end_stream(),
        }
    }
}

impl Answer {
    fn finish(&mut self, ending: Ending) {
        self.open = None;
        let Some(mut entry) = self.entry.take() else { return };
        let ending = self.counts.ending(ending);
        match self.recording.take() {
            None => entry.finish(ending),
            Some((recorder, _)) => {
                tokio::spawn(async move {
                    close(Some(recorder), &mut entry).await;
                    entry.finish(ending);
                });
            }
        }
    }

    /// Ends a session that must not go on.
    fn stop(&mut self, stop: &Stop) {
        if let Some(entry) = &mut self.entry {
            entry.also(&stop.sentence());
        }
        self.cut(stop.ending(Ending::of_status(self.status)), io::ErrorKind::PermissionDenied, "the session was ended");
    }

    fn done(&mut self) {
        let Some(failure) = self.verdict.as_mut().and_then(Verdict::failure) else { return self.finish(Ending::of_status(self.status)) };
        if let Some(entry) = &mut self.entry {
            entry.also(&failure);
        }
        self.finish(Ending::failed(self.status));
    }

    /// Ends it before its end. Whoever waits for more is told why.
    fn cut(&mut self, ending: Ending, kind: io::ErrorKind, why: &'static str) {
        self.broken = Some((kind, why));
        self.finish(ending);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if let Some((kind, why)) = self.broken {
            return Poll::Ready(Some(Err(io::Error::new(kind, why))));
        }
        let Some(open) = &mut self.open else { return Poll::Ready(None) };
        match open.poll_data(cx) {
            Poll::Ready(Some(Ok(data))) => {
                self.counts.bytes_out.fetch_add(data.len() as u64, Ordering::Relaxed);
                if let Some((_, output)) = &mut self.recording {
                    output.take(&data);
                }
                if let Some(verdict) = &mut self.verdict {
                    verdict.take(&data);
                }
                if open.is_end() {
                    self.done();
                }
                Poll::Ready(Some(Ok(data)))
            }
            Poll::Ready(Some(Err(error))) => {
                self.finish(Ending::failed(502));
                Poll::Ready(Some(Err(io::Error::other(error))))
            }
            Poll::Ready(None) => {
                self.done();
                Poll::Ready(None)
            }
            Poll::Pending => {
                self.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Download {
    /// `carrier` moves `inner`'s connection, unless something else does.
    pub fn new(inner: Incoming, carrier: Carrier, hold: Hold, status: u16, counts: Arc<Counts>, told: Told, turn: OwnedSemaphorePermit) -> Self {
        let small = inner.size_hint().upper().is_some_and(|size| size <= SMALL);
        let open = Open { inner, carrier, last: None, rested: false, _turn: turn };
        let Told { entry, recorder, verdict } = told;
        let running = recorder.as_ref().map(Recorder::running);
        let recording = recorder.map(|recorder| {
            let output = recorder.output();
            (recorder, output)
        });
        let answer = Answer { open: Some(open), broken: None, waker: None, status, counts, entry: Some(entry), recording, verdict };
        let answer = Arc::new(Mutex::new(answer));
        match hold {
            // What fits into the connection's own buffer is taken at once.
            Hold::Prompt if small => Self { answer, pause: Some(Box::pin(tokio::time::sleep(ANSWER_PAUSE))), _watch: None },
            Hold::Prompt => {
                let watch = tokio::spawn(stalled(answer.clone()));
                Self { answer, pause: None, _watch: Some(AbortOnDropHandle::new(watch)) }
            }
            Hold::Leased(lease) => {
                let watch = tokio::spawn(unleased(answer.clone(), lease, running));
                Self { answer, pause: None, _watch: Some(AbortOnDropHandle::new(watch)) }
            }
        }
    }
}

/// Ends an answer with the right to it.
async fn unleased(answer: Arc<Mutex<Answer>>, mut lease: Lease, running: Option<Arc<Running>>) {
    let over = tokio::select! {
        over = lease.ended() => over,
        stop = async { match &running { Some(running) => running.stopped().await, None => std::future::pending().await } } => {
            return lock(&answer).stop(&stop);
        }
    };
    let mut answer = lock(&answer);
    let ending = over.ending(Ending::of_status(answer.status));
    answer.cut(ending, io::ErrorKind::PermissionDenied, over.reason());
}

/// Ends an answer that nothing was taken of for so long: it holds one of the turns that everybody needs.
async fn stalled(answer: Arc<Mutex<Answer>>) {
    let mut taken = 0;
    loop {
        tokio::time::sleep(ANSWER_PAUSE).await;
        let mut answer = lock(&answer);
        let now = answer.counts.bytes_out.load(Ordering::Relaxed);
        if now == taken {
            return answer.cut(Ending::failed(504), io::ErrorKind::TimedOut, "the engine or the client paused for too long");
        }
        taken = now;
    }
}

fn lock(answer: &Mutex<Answer>) -> MutexGuard<'_, Answer> {
    answer.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Body for Download {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        let polled = lock(&this.answer).poll_data(cx);
        match polled {
            Poll::Ready(data) => {
                if let Some(pause) = &mut this.pause {
                    pause.as_mut().reset(Instant::now() + ANSWER_PAUSE);
                }
                Poll::Ready(data.map(|data| data.map(Frame::data)))
            }
            Poll::Pending => {
                let Some(pause) = &mut this.pause else { return Poll::Pending };
                std::task::ready!(pause.as_mut().poll(cx));
                lock(&this.answer).finish(Ending::failed(504));
                Poll::Ready(Some(Err(io::Error::new(io::ErrorKind::TimedOut, "the engine paused for too long"))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let answer = lock(&self.answer);
        answer.broken.is_none() && answer.open.as_ref().is_none_or(Open::is_end)
    }

    fn size_hint(&self) -> SizeHint {
        lock(&self.answer).open.as_ref().map_or_else(|| SizeHint::with_exact(0), |open| open.inner.size_hint())
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        // The client left, or wanted no more: what it got, it got.
        lock(&self.answer).done();
    }
}

/// Carries a raw stream both ways until both sides have ended, one broke off, or the right to it has ended. When one side
/// says that it will send no more, the other is told so and may go on answering.
pub async fn tunnel<C, E>(client: C, engine: E, mut lease: Lease, told: Told)
where
    C: AsyncRead + AsyncWrite + Unpin,
    E: AsyncRead + AsyncWrite + Unpin,
{
    let counts = Counts::default();
    let count = |count: &AtomicU64, bytes: &[u8]| {
        count.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    };
    let Told { mut entry, recorder, .. } = told;
    let mut input = recorder.as_ref().map_or_else(Feed::none, Recorder::input);
    let mut output = recorder.as_ref().map_or_else(Feed::none, Recorder::output);
    let mut client = InspectReader::new(client, |bytes| {
        count(&counts.bytes_in, bytes);
        input.take(bytes);
    });
    let mut engine = InspectReader::new(engine, |bytes| {
        count(&counts.bytes_out, bytes);
        output.take(bytes);
    });
    let ending = tokio::select! {
        // A side that broke off is the usual end of a terminal: the program is gone, or the person closed the window.
        _ = tokio::io::copy_bidirectional_with_sizes(&mut client, &mut engine, 32 * 1024, 32 * 1024) => Ending::ok(101),
        over = lease.ended() => over.ending(Ending::ok(101)),
        stop = stopped(recorder.as_ref()) => {
            entry.also(&stop.sentence());
            stop.ending(Ending::ok(101))
        }
    };
    let _ = engine.shutdown().await;
    let _ = client.shutdown().await;
    close(recorder, &mut entry).await;
    entry.finish(counts.ending(ending));
}
