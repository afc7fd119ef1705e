//! A container's log, line by line.

use futures_util::{Stream, StreamExt, stream};
use http::Method;
use pilothouse_app::api::{
    Problem,
    containers::{LogLine, LogQuery},
};

use super::{
    super::{Engine, EngineError},
    bad,
    call::{self, Chunks, READ},
    containers, events,
    frames::{Decoder, FrameError, Mode},
    names::ContainerId,
    wire,
};
use crate::access::Permit;

/// How many lines one may ask for.
const MOST_LINES: u32 = 10_000;
/// How many lines come unless told.
const LINES: u32 = 500;
/// How many bytes are made lines at a time.
const STEP: usize = 8 * 1024;

/// A log that is open.
pub struct Log<S> {
    /// The container's name.
    pub name: String,
    pub lines: S,
}

/// What is asked of a log.
#[derive(Clone, Debug)]
pub struct Ask {
    query: Vec<(&'static str, String)>,
}

impl Ask {
    /// The last lines, and then what comes.
    ///
    /// # Errors
    /// A problem that names the field that is wrong.
    pub fn follow(query: &LogQuery) -> Result<Self, Problem> {
        Self::new(query, true)
    }

    /// What is there now: all of it, unless the query says how many lines.
    ///
    /// # Errors
    /// A problem that names the field that is wrong.
    pub fn whole(query: &LogQuery) -> Result<Self, Problem> {
        Self::new(query, false)
    }

    fn new(query: &LogQuery, follow: bool) -> Result<Self, Problem> {
        let tail = match query.tail {
            Some(tail) if tail > MOST_LINES => return Err(bad("tail", "At most 10,000 lines.")),
            Some(tail) => tail.to_string(),
            None if follow => LINES.to_string(),
            None => "all".to_owned(),
        };
        let flag = if follow { "1" } else { "0" };
        let mut out = vec![("follow", flag.to_owned()), ("stdout", "1".into()), ("stderr", "1".into()), ("timestamps", "1".into()), ("tail", tail)];
        for (key, at) in [("since", query.since), ("until", query.until)] {
            if let Some(at) = at {
                out.push((key, events::seconds(at).ok_or_else(|| bad(key, "This is no time since 1970."))?));
            }
        }
        Ok(Self { query: out })
    }
}

/// Opens a container's log. Whether it is framed depends on the container's terminal, so that is asked first.
pub async fn open(
    engine: &Engine,
    permit: &Permit,
    id: &ContainerId,
    ask: &Ask,
) -> Result<Log<impl Stream<Item = Result<LogLine, EngineError>> + Send + use<>>, EngineError> {
    let named: wire::Named = call::read(engine, permit, &containers::path(id, "json")).await?;
    let query: Vec<(&str, &str)> = ask.query.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let path = call::with_query(&containers::path(id, "logs"), &query);
    let chunks = call::open(engine, permit, call::request(Method::GET, &path, None)?, READ).await?;
    let mode = if named.config.tty { Mode::Raw } else { Mode::Frames };
    let name = named.name.trim_start_matches('/').to_owned();
    Ok(Log { name, lines: lines(chunks, mode) })
}

struct Lines {
    chunks: Chunks,
    chunk: bytes::Bytes,
    decoder: Decoder,
    /// What ended the log, once its last lines are out.
    ended: Option<Result<(), EngineError>>,
}

fn lines(chunks: Chunks, mode: Mode) -> impl Stream<Item = Result<LogLine, EngineError>> + Send {
    let state = Lines { chunks, chunk: bytes::Bytes::new(), decoder: Decoder::new(mode), ended: None };
    stream::unfold(state, async |mut state| {
        let item = state.next().await?;
        Some((item, state))
    })
}

impl Lines {
    async fn next(&mut self) -> Option<Result<LogLine, EngineError>> {
        loop {
            if let Some(line) = self.decoder.next_line() {
                return Some(Ok(line));
            }
            if let Some(ended) = &mut self.ended {
                return std::mem::replace(ended, Ok(())).err().map(Err);
            }
            if !self.chunk.is_empty() {
                let piece = self.chunk.split_to(STEP.min(self.chunk.len()));
                if let Err(error) = self.decoder.feed(&piece) {
                    self.end(Err(broken(error)));
                }
                continue;
            }
            match self.chunks.next().await {
                Some(Ok(chunk)) => self.chunk = chunk,
                Some(Err(error)) => {
                    let _ = self.decoder.finish();
                    self.end(Err(error));
                }
                None => {
                    let ended = self.decoder.finish().map_err(broken);
                    self.end(ended);
                }
            }
        }
    }

    fn end(&mut self, ended: Result<(), EngineError>) {
        self.chunk.clear();
        // Nothing more is read, so the connection goes now.
        self.chunks = Box::pin(stream::empty());
        self.ended = Some(ended);
    }
}

fn broken(error: FrameError) -> EngineError {
    match error {
        FrameError::Truncated => EngineError::BrokenOff,
        error => EngineError::Refused { status: 502, message: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    async fn read(mode: Mode, chunks: Vec<Result<Bytes, EngineError>>) -> (Vec<String>, bool) {
        let items: Vec<_> = lines(Box::pin(stream::iter(chunks)), mode).collect().await;
        let failed = items.last().is_some_and(Result::is_err);
        (items.into_iter().flatten().map(|line| line.text).collect(), failed)
    }

    #[tokio::test]
    async fn a_log_that_breaks_off_is_an_error_after_its_last_line() {
        let chunks = || vec![Ok(Bytes::from_static(b"one\ntwo")), Err(EngineError::BrokenOff)];
        assert_eq!(read(Mode::Raw, chunks()).await, (vec!["one".to_owned(), "two".to_owned()], true));
        let frame = Bytes::from_static(b"\x01\0\0\0\0\0\0\x09one\n");
        assert_eq!(read(Mode::Frames, vec![Ok(frame)]).await, (vec!["one".to_owned()], true));
    }

    #[tokio::test]
    async fn a_log_that_ends_ends() {
        let long = Bytes::from("x\n".repeat(100_000));
        let (got, failed) = read(Mode::Raw, vec![Ok(long)]).await;
        assert_eq!((got.len(), failed), (100_000, false));
    }

    #[test]
    fn a_query_is_checked() {
        let tail = |n| Ask::follow(&LogQuery { tail: Some(n), ..LogQuery::default() });
        assert!(tail(10_000).is_ok() && tail(0).is_ok());
        assert_eq!(tail(10_001).unwrap_err().field.as_deref(), Some("tail"));
        assert_eq!(Ask::whole(&LogQuery { since: Some(-1), ..LogQuery::default() }).unwrap_err().field.as_deref(), Some("since"));
    }
}
