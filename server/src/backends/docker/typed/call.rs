//! One request to an engine: with a turn, a deadline on the whole answer, and a cap on what is read of it.

use std::{
    io::{self, BufReader, Read},
    pin::Pin,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, stream};
use http::{Method, Request, Response, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::super::{Body, Engine, EngineError, empty, full};
use crate::access::Permit;

/// How long an engine may take to answer a question.
pub const READ: Duration = Duration::from_secs(20);
/// How long an engine may take to change something.
pub const CHANGE: Duration = Duration::from_secs(60);
/// How long an engine may take to delete files.
pub const REMOVE: Duration = Duration::from_secs(120);
/// The largest answer that is read: a list of ten thousand containers.
const LARGEST: usize = 24 * 1024 * 1024;
/// The largest list that is read as it comes, without being held: what is kept of it is small.
const LARGEST_LIST: u64 = 512 * 1024 * 1024;
/// How long a list may take.
const LIST: Duration = Duration::from_secs(60);
/// The longest error text that is passed on.
const LONGEST_ERROR: usize = 4 * 1024;

const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `path` with these as its query, encoded.
pub fn with_query(path: &str, query: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    for (n, (key, value)) in query.iter().enumerate() {
        out.push(if n == 0 { '?' } else { '&' });
        out.push_str(key);
        out.push('=');
        out.extend(utf8_percent_encode(value, QUERY));
    }
    out
}

/// A request with this JSON, or with nothing.
pub fn request(method: Method, path: &str, body: Option<&Value>) -> Result<Request<Body>, EngineError> {
    let mut request = Request::builder().method(method).uri(path).header(header::HOST, "docker");
    let body = match body {
        Some(value) => {
            request = request.header(header::CONTENT_TYPE, "application/json");
            full(value.to_string())
        }
        None => empty(),
    };
    request.body(body).map_err(|_| EngineError::Refused { status: 400, message: "This name cannot stand in a request.".to_owned() })
}

/// Asks, and reads the answer's JSON.
pub async fn read<T: DeserializeOwned>(engine: &Engine, permit: &Permit, path: &str) -> Result<T, EngineError> {
    let bytes = whole(engine, permit, request(Method::GET, path, None)?, READ).await?;
    parse(&bytes)
}

/// Asks for a list that anybody could make long, and reads it as it comes: what `T` has no room for is not held.
pub async fn list<T: DeserializeOwned + Send + 'static>(engine: &Engine, permit: &Permit, path: &str) -> Result<T, EngineError> {
    let _turn = engine.turn(permit).await?;
    let answer = async {
        let mut body = refuse(engine.send(permit, request(Method::GET, path, None)?, LIST).await?).await?.into_body();
        let (tell, chunks) = mpsc::channel(4);
        // Dropped before its end it ends, too: there is nothing more to read.
        let reading = tokio::task::spawn_blocking(move || {
            let pipe = Pipe { chunks, held: Bytes::new() };
            serde_json::from_reader(BufReader::with_capacity(64 * 1024, pipe.take(LARGEST_LIST)))
        });
        let mut broken = false;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                broken = true;
                break;
            };
            let Ok(data) = frame.into_data() else { continue };
            if tell.send(data).await.is_err() {
                break;
            }
        }
        drop(tell);
        match reading.await {
            Ok(Ok(list)) => Ok(list),
            _ if broken => Err(EngineError::BrokenOff),
            _ => Err(unreadable()),
        }
    };
    tokio::time::timeout(LIST, answer).await.map_err(|_| EngineError::Timeout)?
}

/// The chunks of an answer, for whoever reads in a thread of their own.
struct Pipe {
    chunks: mpsc::Receiver<Bytes>,
    held: Bytes,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.held.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.held = chunk,
                None => return Ok(0),
            }
        }
        let length = self.held.len().min(buffer.len());
        buffer[..length].copy_from_slice(&self.held.split_to(length));
        Ok(length)
    }
}

/// Does, and reads the answer's JSON.
pub async fn create<T: DeserializeOwned>(engine: &Engine, permit: &Permit, path: &str, body: &Value) -> Result<T, EngineError> {
    let bytes = whole(engine, permit, request(Method::POST, path, Some(body))?, CHANGE).await?;
    parse(&bytes)
}

/// Does; what the answer says beyond its status is of no interest.
pub async fn act(engine: &Engine, permit: &Permit, method: Method, path: &str, body: Option<&Value>, deadline: Duration) -> Result<(), EngineError> {
    whole(engine, permit, request(method, path, body)?, deadline).await.map(drop)
}

/// Reads an answer's JSON.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, EngineError> {
    serde_json::from_slice(bytes).map_err(|_| unreadable())
}

/// The engine sent something that is no answer to the question.
pub fn unreadable() -> EngineError {
    EngineError::Refused { status: 502, message: "The engine's answer cannot be read.".to_owned() }
}

/// The whole answer of a request that worked.
async fn whole(engine: &Engine, permit: &Permit, request: Request<Body>, deadline: Duration) -> Result<Bytes, EngineError> {
    let _turn = engine.turn(permit).await?;
    let answer = async {
        let response = refuse(engine.send(permit, request, deadline).await?).await?;
        collect(response, LARGEST).await
    };
    tokio::time::timeout(deadline, answer).await.map_err(|_| EngineError::Timeout)?
}

/// The body in one piece. Not held in pieces until its end: that would take it twice.
async fn collect(response: Response<Incoming>, limit: usize) -> Result<Bytes, EngineError> {
    let mut body = response.into_body();
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| EngineError::BrokenOff)?.into_data() else { continue };
        if whole.len() + data.len() > limit {
            return Err(EngineError::Refused { status: 502, message: "The engine's answer is endless, or larger than 24 MiB.".to_owned() });
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.into())
}

/// The answer if it is a good one, else what the engine says is wrong. 304 is good: it was so already.
pub async fn refuse(response: Response<Incoming>) -> Result<Response<Incoming>, EngineError> {
    let status = response.status().as_u16();
    if status < 400 {
        return Ok(response);
    }
    let said = tokio::time::timeout(READ, collect(response, LONGEST_ERROR)).await;
    let text = match said {
        Ok(Ok(bytes)) => message(&bytes),
        _ => None,
    };
    let message = text.unwrap_or_else(|| format!("The engine answered {status}."));
    Err(match status {
        404 => EngineError::NotFound(message),
        409 => EngineError::Conflict(message),
        _ => EngineError::Refused { status, message },
    })
}

fn message(bytes: &[u8]) -> Option<String> {
    let said: Value = serde_json::from_slice(bytes).ok()?;
    said.get("message")?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A body as it comes, holding a stream's turn; dropping it drops the connection.
pub type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, EngineError>> + Send>>;

/// Asks for a stream; `head` is how long its head may take. The stream itself has no deadline: its lease ends it.
pub async fn open(engine: &Engine, permit: &Permit, request: Request<Body>, head: Duration) -> Result<Chunks, EngineError> {
    let turn = engine.stream_turn().await?;
    let response = refuse(engine.send(permit, request, head).await?).await?;
    Ok(chunks(response.into_body(), turn))
}

fn chunks(body: Incoming, turn: OwnedSemaphorePermit) -> Chunks {
    Box::pin(stream::unfold(Some((body, turn)), async |held| {
        let (mut body, turn) = held?;
        loop {
            return match body.frame().await? {
                Ok(frame) => match frame.into_data() {
                    Ok(data) => Some((Ok(data), Some((body, turn)))),
                    Err(_) => continue,
                },
                Err(_) => Some((Err(EngineError::BrokenOff), None)),
            };
        }
    }))
}

/// The longest line of a stream of JSON lines that is read, and the longest that is skipped: an event holds all labels of a thing, and
/// whoever makes one may put much into them.
const LONGEST_LINE: usize = 1024 * 1024;
const LONGEST_SKIPPED: usize = 64 * 1024 * 1024;

/// Splits chunks into the JSON values that stand in them, one a line. A line that is too long is left out; an endless one is an error.
pub fn json_lines<T: DeserializeOwned + Send + 'static>(chunks: Chunks) -> impl Stream<Item = Result<T, EngineError>> + Send {
    let state = Lines { chunks, held: Vec::new(), from: 0, skipped: 0, over: false };
    stream::unfold(state, async |mut state| {
        let item = state.next().await?;
        Some((item, state))
    })
}

struct Lines {
    chunks: Chunks,
    held: Vec<u8>,
    /// Where the next line starts in `held`.
    from: usize,
    /// How much of a line that is too long has been left out so far.
    skipped: usize,
    over: bool,
}

impl Lines {
    async fn next<T: DeserializeOwned>(&mut self) -> Option<Result<T, EngineError>> {
        use futures_util::StreamExt;
        loop {
            if let Some(line) = self.line() {
                if std::mem::take(&mut self.skipped) > 0 || line.is_empty() || line.len() > LONGEST_LINE {
                    continue;
                }
                return Some(self.ended_by(parse(&line)));
            }
            if self.over {
                return None;
            }
            if self.held.len() > LONGEST_LINE {
                self.skipped += self.held.len();
                self.held.clear();
            }
            if self.skipped > LONGEST_SKIPPED {
                return Some(self.ended_by(Err(unreadable())));
            }
            match self.chunks.next().await {
                Some(Ok(chunk)) => self.held.extend_from_slice(&chunk),
                Some(Err(error)) => return Some(self.ended_by(Err(error))),
                // A last line without an end is a line, too.
                None => {
                    self.over = true;
                    self.held.push(b'\n');
                }
            }
        }
    }

    /// An error is the last item.
    fn ended_by<T>(&mut self, item: Result<T, EngineError>) -> Result<T, EngineError> {
        if item.is_err() {
            self.over = true;
            self.held.clear();
            self.from = 0;
        }
        item
    }

    fn line(&mut self) -> Option<Vec<u8>> {
        let rest = self.held.get(self.from..).unwrap_or_default();
        let Some(end) = rest.iter().position(|b| *b == b'\n') else {
            self.held.drain(..self.from);
            self.from = 0;
            return None;
        };
        let line = rest.get(..end).unwrap_or_default().trim_ascii().to_vec();
        self.from += end + 1;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;

    async fn lines(chunks: Vec<&'static [u8]>) -> Vec<Result<Value, String>> {
        let chunks: Chunks = Box::pin(stream::iter(chunks.into_iter().map(|c| Ok(Bytes::from_static(c)))));
        json_lines::<Value>(chunks).map(|item| item.map_err(|e| e.to_string())).collect().await
    }

    #[tokio::test]
    async fn json_lines_may_be_cut_anywhere() {
        let got = lines(vec![b"{\"a\"", b":1}\r\n\n{\"a\":2}\n{\"a\"", b":3}"]).await;
        let numbers: Vec<i64> = got.iter().map(|item| item.as_ref().unwrap()["a"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [1, 2, 3]);
    }

    #[tokio::test]
    async fn garbage_ends_the_stream_with_an_error() {
        let got = lines(vec![b"{}\nnonsense\n{}\n"]).await;
        assert_eq!(got.len(), 2);
        assert!(got[1].is_err());
    }

    #[tokio::test]
    async fn a_long_line_is_left_out_and_an_endless_one_is_an_error() {
        static LONG: [u8; 700_000] = [b'x'; 700_000];
        let got = lines(vec![b"{\"a\":1}\n", &LONG, &LONG, b"\n{\"a\":2}\n"]).await;
        assert_eq!(got.iter().map(|item| item.as_ref().unwrap()["a"].clone()).collect::<Vec<_>>(), [1, 2]);
        let got = lines(vec![&LONG; 100]).await;
        assert_eq!(got.len(), 1);
        assert!(got[0].is_err());
    }

    #[test]
    fn chunks_are_read_as_one_text() {
        let (tell, chunks) = mpsc::channel(4);
        for chunk in [&b"[1,"[..], b"", b"2", b"]"] {
            tell.try_send(Bytes::from_static(chunk)).unwrap();
        }
        drop(tell);
        let read: Vec<u8> = serde_json::from_reader(Pipe { chunks, held: Bytes::new() }).unwrap();
        assert_eq!(read, [1, 2]);
    }

    #[test]
    fn a_query_cannot_leave_its_value() {
        assert_eq!(with_query("/x", &[("a", "b&c=d#e f"), ("g", "h")]), "/x?a=b%26c%3Dd%23e%20f&g=h");
    }
}
