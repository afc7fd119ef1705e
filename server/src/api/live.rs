//! Live streams: what an engine sends, passed on for as long as the right to it lasts.
//!
//! Each stream has a task that reads the engine and a short queue to the client: a client that reads slowly slows its
//! own stream only, and when the right ends or the client leaves, the engine's connection goes at once, even while the
//! client takes nothing.

pub mod terminal;

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::{FutureExt, Stream, StreamExt, stream, stream::Fuse};
use http::{HeaderValue, header};
use pilothouse_app::api::{Code, Live, Problem};
use tokio::sync::mpsc;

use super::{Api, ApiError};
use crate::{
    access::{Operation, Permit},
    audit::{Ending, Entry},
    authn::Principal,
    lease::{Lease, Over},
    operate::{Begun, fail},
};

/// How often a silent stream of events says that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How many chunks may wait for the client.
const QUEUE: usize = 4;
/// Items that are ready together go in one chunk, up to about this size.
const CHUNK: usize = 16 * 1024;
/// How long the last words may take to find room in the queue.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What goes to the client, in order; an error is the last.
type Source = Pin<Box<dyn Stream<Item = Result<Bytes, Problem>> + Send>>;

/// Set when an item said that what was asked for failed, though the stream itself ended well.
type FailedFlag = Arc<AtomicBool>;

/// How a stream is put on the wire.
#[derive(Clone, Debug)]
enum Form {
    /// Server-sent events.
    Events,
    /// To be saved under this name.
    File { name: String, media: &'static str },
}

/// Answers with events, each an item of `L`, while the right to `operation` lasts.
pub async fn events<L: Live, S, E>(
    api: &Api,
    who: &Principal,
    operation: Operation,
    open: impl AsyncFnOnce(Permit) -> Result<S, ApiError>,
) -> Result<Response, ApiError>
where
    S: Stream<Item = Result<L::Item, E>> + Send + 'static,
    E: Into<ApiError> + 'static,
{
    steps::<L, S, E>(api, who, operation, |_| false, open).await
}

/// The same for work that tells its steps: where an item `is_failure`, the work failed, and so it is written down.
pub async fn steps<L: Live, S, E>(
    api: &Api,
    who: &Principal,
    operation: Operation,
    is_failure: fn(&L::Item) -> bool,
    open: impl AsyncFnOnce(Permit) -> Result<S, ApiError>,
) -> Result<Response, ApiError>
where
    S: Stream<Item = Result<L::Item, E>> + Send + 'static,
    E: Into<ApiError> + 'static,
{
    begin(api, who, operation, async move |permit| {
        let failed = FailedFlag::default();
        let flag = failed.clone();
        let items = open(permit).await?.map(move |item| {
            let item = item.map_err(|error| error.into().0)?;
            flag.fetch_or(is_failure(&item), Ordering::Relaxed);
            event(&item)
        });
        Ok((Form::Events, Box::pin(items) as Source, failed))
    })
    .await
}

/// Answers with lines of text to be saved, while the right to `operation` lasts. `open` gives what the file is about, too.
pub async fn text<S, E>(
    api: &Api,
    who: &Principal,
    operation: Operation,
    open: impl AsyncFnOnce(Permit) -> Result<(String, S), ApiError>,
) -> Result<Response, ApiError>
where
    S: Stream<Item = Result<String, E>> + Send + 'static,
    E: Into<ApiError> + 'static,
{
    file(api, who, operation, ("text/plain; charset=utf-8", "log"), open).await
}

/// The same for a text of another media type, whose file's name ends otherwise.
pub async fn file<S, E>(
    api: &Api,
    who: &Principal,
    operation: Operation,
    (media, ending): (&'static str, &'static str),
    open: impl AsyncFnOnce(Permit) -> Result<(String, S), ApiError>,
) -> Result<Response, ApiError>
where
    S: Stream<Item = Result<String, E>> + Send + 'static,
    E: Into<ApiError> + 'static,
{
    begin(api, who, operation, async move |permit| {
        let (name, lines) = open(permit).await?;
        let lines = lines.map(|line| line.map(Bytes::from).map_err(|error| error.into().0));
        let form = Form::File { name: file_name(&name, ending), media };
        Ok((form, Box::pin(lines) as Source, FailedFlag::default()))
    })
    .await
}

async fn begin(
    api: &Api,
    who: &Principal,
    operation: Operation,
    open: impl AsyncFnOnce(Permit) -> Result<(Form, Source, FailedFlag), ApiError>,
) -> Result<Response, ApiError> {
    let Begun { permit, entry, lease } = api.operator.begin(who, operation).await?;
    match open(permit).await {
        Ok((form, source, failed)) => Ok(respond(form, source, failed, lease, entry)),
        Err(error) => {
            fail(entry, &error);
            Err(error)
        }
    }
}

fn respond(form: Form, source: Source, failed: FailedFlag, mut lease: Lease, entry: Entry) -> Response {
    let (out, mut queue) = mpsc::channel(QUEUE);
    let is_events = matches!(form, Form::Events);
    entry.started();
    tokio::spawn(async move {
        let (end, sent) = pump(source, is_events, lease.ended(), &out).await;
        let ending = match &end {
            End::Cut(over) => over.ending(Ending::ok(200)),
            End::Done | End::Left if failed.load(Ordering::Relaxed) => Ending::failed(200),
            End::Done | End::Left => Ending::ok(200),
            End::Failed(problem) => Ending::failed(problem.status),
        };
        entry.finish(ending.bytes(0, sent));
        last_words(end, is_events, &out).await;
    });
    let mut response = Response::new(Body::from_stream(stream::poll_fn(move |cx| queue.poll_recv(cx))));
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy in front must not hold back what is live.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    match form {
        Form::Events => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        }
        Form::File { name, media } => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
            if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
                headers.insert(header::CONTENT_DISPOSITION, value);
            }
        }
    }
    response
}

/// Why a stream ended.
#[derive(Debug)]
enum End {
    /// There is no more.
    Done,
    /// The client left.
    Left,
    /// It had to end.
    Cut(Over),
    Failed(Problem),
}

/// Carries chunks until something ends it; also says how many bytes went. The source is gone when this returns.
async fn pump(source: Source, is_events: bool, ended: impl Future<Output = Over>, out: &mpsc::Sender<io::Result<Bytes>>) -> (End, u64) {
    // The end is found twice: when what is ready is put together, and when more is asked for.
    let mut source = Batches { source: source.fuse(), held: None };
    let mut ended = std::pin::pin!(ended);
    let mut sent = 0;
    loop {
        let chunk = tokio::select! {
            biased;
            over = &mut ended => return (End::Cut(over), sent),
            () = out.closed() => return (End::Left, sent),
            chunk = source.next() => match chunk {
                None => return (End::Done, sent),
                Some(Err(problem)) => return (End::Failed(problem), sent),
                Some(Ok(chunk)) => chunk,
            },
            () = tokio::time::sleep(KEEP_ALIVE), if is_events => Bytes::from_static(b": still here\n\n"),
        };
        let length = chunk.len() as u64;
        tokio::select! {
            biased;
            over = &mut ended => return (End::Cut(over), sent),
            room = out.send(Ok(chunk)) => if room.is_err() { return (End::Left, sent) },
        }
        sent += length;
    }
}

async fn last_words(end: End, is_events: bool, out: &mpsc::Sender<io::Result<Bytes>>) {
    let problem = match end {
        End::Done | End::Left => return,
        End::Cut(Over::Right) => Problem::new(Code::Forbidden, Over::Right.reason()),
        End::Cut(Over::Stop) => Problem::new(Code::Overloaded, Over::Stop.reason()),
        End::Failed(problem) => problem,
    };
    let words = if is_events {
        let json = serde_json::to_string(&problem).unwrap_or_default();
        Ok(Bytes::from(format!("event: end\ndata: {json}\n\n")))
    } else {
        // A text that was cut short must not look whole: the connection breaks.
        Err(io::Error::other(problem.title))
    };
    let _ = tokio::time::timeout(LAST_WORDS, out.send(words)).await;
}

/// Puts what is ready together in one chunk.
struct Batches {
    source: Fuse<Source>,
    held: Option<Result<Bytes, Problem>>,
}

impl Batches {
    /// May be dropped while it waits: nothing is lost.
    async fn next(&mut self) -> Option<Result<Bytes, Problem>> {
        let first = match self.held.take() {
            Some(held) => held,
            None => self.source.next().await?,
        };
        let Ok(first) = first else { return Some(first) };
        let Some(Some(second)) = self.ready(first.len()) else { return Some(Ok(first)) };
        let mut batch = bytes::BytesMut::from(first);
        let mut next = second;
        loop {
            match next {
                Ok(bytes) => batch.extend_from_slice(&bytes),
                error => {
                    self.held = Some(error);
                    break;
                }
            }
            match self.ready(batch.len()) {
                Some(Some(more)) => next = more,
                // The end of the source is found again by the next call.
                _ => break,
            }
        }
        Some(Ok(batch.freeze()))
    }

    fn ready(&mut self, length: usize) -> Option<Option<Result<Bytes, Problem>>> {
        if length >= CHUNK { None } else { self.source.next().now_or_never() }
    }
}

/// An item as an event. JSON has no line ends of its own.
fn event(item: &impl serde::Serialize) -> Result<Bytes, Problem> {
    let json = serde_json::to_string(item).map_err(|_| Problem::new(Code::Internal, "An item could not be written."))?;
    Ok(Bytes::from(format!("data: {json}\n\n")))
}

/// A name that is safe to save under anywhere.
fn file_name(name: &str, ending: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') { c } else { '_' };
    let name: String = name.chars().take(100).map(safe).collect();
    let name = name.trim_matches('.');
    format!("{}.{ending}", if name.is_empty() { "container" } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(texts: &[&'static str]) -> Source {
        let texts: Vec<&'static str> = texts.to_vec();
        Box::pin(stream::iter(texts.into_iter().map(|text| Ok(Bytes::from_static(text.as_bytes())))))
    }

    async fn received(mut queue: mpsc::Receiver<io::Result<Bytes>>) -> String {
        let mut out = String::new();
        while let Some(item) = queue.recv().await {
            match item {
                Ok(bytes) => out.push_str(std::str::from_utf8(&bytes).unwrap()),
                Err(error) => out.push_str(&format!("!{error}")),
            }
        }
        out
    }

    #[tokio::test]
    async fn what_is_ready_goes_together_and_errors_come_last() {
        let failing = items(&["a", "b"]).chain(stream::iter([Err(Problem::new(Code::BackendUnreachable, "broke"))]));
        let (out, queue) = mpsc::channel(QUEUE);
        let (end, sent) = pump(Box::pin(failing), true, std::future::pending(), &out).await;
        assert!(matches!(&end, End::Failed(problem) if problem.status == 502));
        assert_eq!(sent, 2);
        last_words(end, true, &out).await;
        drop(out);
        let got = received(queue).await;
        assert!(got.starts_with("abevent: end\ndata: {") && got.contains("backend-unreachable"), "{got}");
    }

    #[tokio::test]
    async fn the_end_may_come_together_with_the_last_items() {
        // As engines' streams are made: polled after its end, this one panics.
        let counting = stream::unfold(0, async |n| (n < 3).then_some((Ok(Bytes::from_static(b"x")), n + 1)));
        let (out, queue) = mpsc::channel(QUEUE);
        let (end, sent) = pump(Box::pin(counting), true, std::future::pending(), &out).await;
        drop(out);
        assert!(matches!(end, End::Done));
        assert_eq!((sent, received(queue).await.as_str()), (3, "xxx"));
    }

    #[tokio::test]
    async fn a_text_that_is_cut_short_breaks() {
        let (out, queue) = mpsc::channel(QUEUE);
        last_words(End::Failed(Problem::new(Code::BackendUnreachable, "broke")), false, &out).await;
        drop(out);
        assert_eq!(received(queue).await, "!broke");
    }

    #[tokio::test]
    async fn a_client_that_reads_nothing_holds_back_and_does_not_outlive_the_right() {
        let endless = stream::repeat_with(|| Ok(Bytes::from(vec![b'x'; CHUNK])));
        let (out, _queue) = mpsc::channel(QUEUE);
        let soon = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Over::Right
        };
        let (end, sent) = pump(Box::pin(endless), true, soon, &out).await;
        assert!(matches!(end, End::Cut(Over::Right)));
        assert_eq!(sent, (QUEUE * CHUNK) as u64);
    }

    #[tokio::test]
    async fn a_client_that_leaves_ends_a_silent_stream() {
        let (out, queue) = mpsc::channel(QUEUE);
        drop(queue);
        let (end, _) = pump(Box::pin(stream::pending()), true, std::future::pending(), &out).await;
        assert!(matches!(end, End::Left));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_says_that_it_is_alive() {
        let (out, mut queue) = mpsc::channel(QUEUE);
        let pumping = tokio::spawn(async move { pump(Box::pin(stream::pending()), true, std::future::pending(), &out).await });
        assert_eq!(queue.recv().await.unwrap().unwrap(), ": still here\n\n");
        drop(queue);
        assert!(matches!(pumping.await.unwrap().0, End::Left));
    }

    #[test]
    fn a_file_name_is_harmless() {
        assert_eq!(file_name("web-1", "log"), "web-1.log");
        assert_eq!(file_name("../a\"b\r\nc", "log"), "_a_b__c.log");
        assert_eq!(file_name("..", "log"), "container.log");
    }
}
