//! Reads along with what a client sends, and sees what hyper does not tell: a head that two readers could end or frame in two ways.
//!
//! hyper takes a request with both `Content-Length` and `Transfer-Encoding`, and drops the length without a word; it takes lines
//! that end with a bare LF. Both are how requests are smuggled past a proxy in front (RFC 9112, sections 2.2, 6.1 and 11.2). And it does
//! not see that a client has left while anything unread of its lies in its buffer.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest head that is looked at, in bytes. hyper takes none that is longer than its buffer.
pub const LONGEST: usize = 64 * 1024;

/// What the reader and those who answer tell each other.
#[derive(Clone)]
pub struct Requests(Arc<Counts>);

struct Counts {
    /// The first request that is ambiguous, from 0.
    refused: AtomicU64,
    /// How many have been answered.
    answered: AtomicU64,
}

impl Requests {
    fn new() -> Self {
        Self(Arc::new(Counts { refused: AtomicU64::new(u64::MAX), answered: AtomicU64::new(0) }))
    }

    /// Whether the `nth` request of the connection, from 0, is ambiguous or comes after one that is.
    pub fn refuses(&self, nth: u64) -> bool {
        nth >= self.0.refused.load(Ordering::Acquire)
    }

    /// The answer's body, which counts as answered when hyper lets go of it.
    pub fn answer(&self, body: Body) -> Answer {
        Answer { body, requests: self.clone() }
    }
}

/// The body of an answer.
pub struct Answer {
    body: Body,
    requests: Requests,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        http_body::Body::size_hint(&self.body)
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.requests.0.answered.fetch_add(1, Ordering::Release);
    }
}

/// A connection whose heads are looked at as they are read.
///
/// What comes behind a request is held back until that is answered: hyper finds out that a client has left only while it holds nothing
/// of its that is unread.
pub struct Watched<S> {
    inner: S,
    place: Place,
    /// How many heads have been read whole, and how many of their requests.
    heads: u64,
    whole: u64,
    /// What is held back.
    ahead: Vec<u8>,
    requests: Requests,
}

/// What the next byte belongs to.
enum Place {
    /// A head, of which this much has come.
    Head(Vec<u8>),
    /// A body of which so much is to come.
    Body(u64),
    /// What is not followed: no other request may come after it on this connection.
    Last,
}

impl<S> Watched<S> {
    pub fn new(inner: S) -> (Self, Requests) {
        let requests = Requests::new();
        (Self { inner, place: Place::Head(Vec::new()), heads: 0, whole: 0, ahead: Vec::new(), requests: requests.clone() }, requests)
    }

    /// Whether the last request that came whole is still to be answered.
    fn waits(&self) -> bool {
        !matches!(self.place, Place::Last) && self.whole > self.requests.0.answered.load(Ordering::Acquire) && self.whole == self.heads
    }

    /// Follows `bytes` up to the end of a request, and says how far that is.
    fn follow(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            match &mut self.place {
                Place::Last => return bytes.len(),
                Place::Body(left) => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len() - at);
                    at += here;
                    *left -= here as u64;
                    if *left == 0 {
                        self.place = Place::Head(Vec::new());
                        self.whole += 1;
                        return at;
                    }
                }
                Place::Head(begun) => {
                    // RFC 9112 lets empty lines stand before a request.
                    while begun.is_empty() && bytes[at..].starts_with(b"\r\n") {
                        at += 2;
                    }
                    if at == bytes.len() {
                        return at;
                    }
                    // The end may lie across two reads.
                    let before = begun.len();
                    begun.extend_from_slice(&bytes[at..]);
                    let Some(end) = end(begun, before.saturating_sub(3)) else {
                        if begun.len() > LONGEST {
                            self.place = Place::Last;
                        }
                        return bytes.len();
                    };
                    at += end - before;
                    let head = judge(&begun[..end]);
                    self.heads += u64::from(head != Head::Empty);
                    self.place = match head {
                        Head::Empty | Head::Length(0) => Place::Head(Vec::new()),
                        Head::Length(length) => Place::Body(length),
                        Head::Last => Place::Last,
                        Head::Ambiguous => {
                            self.requests.0.refused.store(self.heads - 1, Ordering::Release);
                            Place::Last
                        }
                    };
                    if head == Head::Length(0) {
                        self.whole += 1;
                        return at;
                    }
                }
            }
        }
        at
    }
}

/// Where the head ends: after its first empty line, whether that ends as it should or not.
fn end(bytes: &[u8], from: usize) -> Option<usize> {
    (from..bytes.len()).find_map(|at| {
        let rest = bytes[at..].strip_prefix(b"\n")?;
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest);
        rest.starts_with(b"\n").then(|| bytes.len() - rest.len() + 1)
    })
}

/// What a whole head says of what comes after it.
#[derive(Debug, Eq, PartialEq)]
enum Head {
    /// Empty lines before a request, which RFC 9112 lets stand.
    Empty,
    /// A body of this many bytes, then another head.
    Length(u64),
    /// Nothing that is to be followed.
    Last,
    Ambiguous,
}

fn judge(head: &[u8]) -> Head {
    if head.iter().all(|b| matches!(b, b'\r' | b'\n')) {
        let whole = head.split_inclusive(|b| *b == b'\n').all(|line| line == b"\r\n");
        return if whole { Head::Empty } else { Head::Ambiguous };
    }
    let (mut length, mut encoded, mut upgrade) = (None, false, false);
    for line in head.split_inclusive(|b| *b == b'\n') {
        let Some(line) = line.strip_suffix(b"\r\n") else { return Head::Ambiguous };
        let Some(colon) = line.iter().position(|b| *b == b':') else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            // What is no number is hyper's to refuse.
            length = Some(std::str::from_utf8(value).ok().and_then(|value| value.parse().ok()));
        }
        encoded |= name.eq_ignore_ascii_case(b"transfer-encoding");
        upgrade |= name.eq_ignore_ascii_case(b"upgrade");
    }
    match length {
        Some(_) if encoded => Head::Ambiguous,
        Some(None) => Head::Last,
        _ if encoded || upgrade => Head::Last,
        length => Head::Length(length.flatten().unwrap_or(0)),
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.waits() {
            if this.ahead.len() >= LONGEST {
                // Nobody honest does so, and without reading on it would not be seen that they left.
                return Poll::Ready(Err(io::Error::other("too much came behind a request that is not answered yet")));
            }
            let mut piece = [0; 1024];
            let mut more = ReadBuf::new(&mut piece);
            ready!(Pin::new(&mut this.inner).poll_read(cx, &mut more))?;
            if more.filled().is_empty() {
                // The client has left: nobody waits for the answer, nor for what was asked behind it.
                return Poll::Ready(Ok(()));
            }
            this.ahead.extend_from_slice(more.filled());
        }
        if !this.ahead.is_empty() {
            let ahead = std::mem::take(&mut this.ahead);
            let here = this.follow(&ahead[..ahead.len().min(buf.remaining())]);
            buf.put_slice(&ahead[..here]);
            this.ahead.extend_from_slice(&ahead[here..]);
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        let here = this.follow(&buf.filled()[before..]);
        this.ahead.extend_from_slice(&buf.filled()[before + here..]);
        buf.set_filled(before + here);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bufs: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the heads in `bytes` is ambiguous, read whole and read byte by byte.
    fn ambiguous(bytes: &str) -> Option<u64> {
        let read = |pieces: &[&[u8]]| {
            let (mut watched, requests) = Watched::new(());
            for mut piece in pieces.iter().copied() {
                while !piece.is_empty() {
                    let here = watched.follow(piece);
                    piece = &piece[here..];
                }
            }
            (0..10).find(|nth| requests.refuses(*nth))
        };
        let whole = read(&[bytes.as_bytes()]);
        let single: Vec<&[u8]> = bytes.as_bytes().chunks(1).collect();
        assert_eq!(read(&single), whole, "{bytes:?}");
        whole
    }

    const GOOD: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const BODY: &str = "POST / HTTP/1.1\r\nContent-Length: 31\r\n\r\nTransfer-Encoding: x\n\n\r\n\r\nGET /";

    #[test]
    fn what_can_be_read_in_one_way_passes() {
        for good in [GOOD, BODY, &GOOD.repeat(3), &BODY.repeat(3), &format!("\r\n\r\n{GOOD}\r\n{BODY}{GOOD}")] {
            assert_eq!(ambiguous(good), None, "{good:?}");
        }
    }

    #[test]
    fn a_head_framed_twice_or_ended_by_half_is_found_wherever_it_comes() {
        let both = "POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n";
        let turned = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n";
        for bad in [
            both,
            turned,
            "GET / HTTP/1.1\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\n\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\n",
            "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "\n\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "\r\n\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        ] {
            assert_eq!(ambiguous(bad), Some(0), "{bad:?}");
            assert_eq!(ambiguous(&format!("{GOOD}{BODY}{bad}{GOOD}")), Some(2), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn what_comes_behind_a_request_waits_for_its_answer() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut client, server) = tokio::io::duplex(1 << 16);
        let (mut watched, requests) = Watched::new(server);
        client.write_all(format!("{GOOD}{BODY}{GOOD}").as_bytes()).await.unwrap();
        let mut bytes = vec![0; 4096];
        for expected in [GOOD, BODY, GOOD] {
            let n = watched.read(&mut bytes).await.unwrap();
            assert_eq!(std::str::from_utf8(&bytes[..n]).unwrap(), expected);
            let early = tokio::time::timeout(std::time::Duration::from_millis(20), watched.read(&mut bytes)).await;
            assert!(early.is_err(), "more was read before the answer");
            drop(requests.answer(Body::empty()));
        }
        client.write_all(GOOD.repeat(2).as_bytes()).await.unwrap();
        assert_eq!(watched.read(&mut bytes).await.unwrap(), GOOD.len());
        drop(client);
        assert_eq!(watched.read(&mut bytes).await.unwrap(), 0, "that the client left is seen before the answer");
    }

    #[test]
    fn nothing_is_followed_where_a_body_s_end_is_not_known() {
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert_eq!(ambiguous(&format!("{chunked}GET / HTTP/1.1\n\n")), None);
        assert_eq!(judge(chunked.as_bytes()), Head::Last);
        assert_eq!(judge(b"GET / HTTP/1.1\r\nUpgrade: tcp\r\nContent-Length: 2\r\n\r\n"), Head::Last);
        assert_eq!(judge(b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"), Head::Last);
    }
}
