//! Reads along with what a client sends, and sees what hyper does not tell: a head that two readers could end or frame in two ways.
//!
//! hyper takes a request with both `Content-Length` and `Transfer-Encoding`, and drops the length without a word; it takes lines
//! that end with a bare LF. Both are how requests are smuggled past a proxy in front (RFC 9112, sections 2.2, 6.1 and 11.2).

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest head that is looked at, in bytes. hyper takes none that is longer than its buffer.
pub const LONGEST: usize = 64 * 1024;

/// Which head of a connection is ambiguous, if one is. Shared between the reader and those who answer.
#[derive(Clone)]
pub struct Verdict(Arc<AtomicU64>);

impl Verdict {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(u64::MAX)))
    }

    /// Whether the `nth` request of the connection, from 0, is ambiguous or comes after one that is.
    pub fn refuses(&self, nth: u64) -> bool {
        nth >= self.0.load(Ordering::Acquire)
    }
}

/// A connection whose heads are looked at as they are read.
pub struct Watched<S> {
    inner: S,
    place: Place,
    /// How many heads have been read whole.
    heads: u64,
    verdict: Verdict,
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
    pub fn new(inner: S) -> (Self, Verdict) {
        let verdict = Verdict::new();
        (Self { inner, place: Place::Head(Vec::new()), heads: 0, verdict: verdict.clone() }, verdict)
    }

    fn look(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.place {
                Place::Last => return,
                Place::Body(left) => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = &bytes[here..];
                    *left -= here as u64;
                    if *left == 0 {
                        self.place = Place::Head(Vec::new());
                    }
                }
                Place::Head(begun) => {
                    // The end may lie across two reads.
                    let before = begun.len();
                    begun.extend_from_slice(bytes);
                    let Some(end) = end(begun, before.saturating_sub(3)) else {
                        if begun.len() > LONGEST {
                            self.place = Place::Last;
                        }
                        return;
                    };
                    bytes = &bytes[end - before..];
                    let head = judge(&begun[..end]);
                    self.heads += u64::from(head != Head::Empty);
                    self.place = match head {
                        Head::Empty | Head::Length(0) => Place::Head(Vec::new()),
                        Head::Length(length) => Place::Body(length),
                        Head::Last => Place::Last,
                        Head::Ambiguous => {
                            self.verdict.0.store(self.heads - 1, Ordering::Release);
                            Place::Last
                        }
                    };
                }
            }
        }
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
        return Head::Empty;
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
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        self.look(&buf.filled()[before..]);
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
            let (mut watched, verdict) = Watched::new(());
            pieces.iter().for_each(|piece| watched.look(piece));
            (0..10).find(|nth| verdict.refuses(*nth))
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
        ] {
            assert_eq!(ambiguous(bad), Some(0), "{bad:?}");
            assert_eq!(ambiguous(&format!("{GOOD}{BODY}{bad}{GOOD}")), Some(2), "{bad:?}");
        }
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
