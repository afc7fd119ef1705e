//! Docker's log streams, made lines: frames of an 8-byte head and its payload, or a terminal's raw bytes. No I/O.
//!
//! Logs are asked for with timestamps, so every message starts with one. A message that the engine cut (at 16 KiB) goes
//! on in the next one of its stream, which has a timestamp of its own: that one is dropped and the parts are joined.

use std::collections::VecDeque;

use pilothouse_app::api::containers::{LogLine, LogStream};

/// The longest payload that a frame may announce.
pub const LONGEST_FRAME: u32 = 16 * 1024 * 1024;
/// The longest line that is kept, in bytes.
pub const LONGEST_LINE: usize = 64 * 1024;
/// What stands at the end of a line that was cut.
pub const CUT: &str = " … [cut: the line is longer than 64 KiB]";
/// A timestamp with nanoseconds and an offset has 35 characters.
const LONGEST_STAMP: usize = 35;
/// How much of the engine's own error is kept.
const LONGEST_ERROR: usize = 1024;

/// Why a stream cannot be read on.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FrameError {
    #[error("The log has a frame of unknown kind {0}.")]
    Kind(u8),
    #[error("The log has a frame with a broken head.")]
    Reserved,
    #[error("The log has a frame of {0} bytes, which is too long.")]
    TooLong(u32),
    #[error("The log broke off inside a frame.")]
    Truncated,
    /// The engine could not read its log on, and says why.
    #[error("The engine could not read the log: {0}")]
    Engine(String),
}

/// How the bytes of a log are to be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mode {
    /// Frames: the container has no terminal.
    Frames,
    /// Raw bytes: the container has a terminal, whose output is all one stream.
    Raw,
}

/// Makes lines of a log's bytes, which may be fed in pieces of any size.
pub struct Decoder {
    mode: Mode,
    frame: Frame,
    stdout: Line,
    stderr: Line,
    ready: VecDeque<LogLine>,
}

/// Where in a frame the decoder is.
enum Frame {
    Head {
        bytes: [u8; 8],
        have: usize,
    },
    Payload {
        stream: LogStream,
        left: u32,
    },
    /// The engine's own error.
    Error {
        text: Vec<u8>,
        left: u32,
    },
}

const NEW_HEAD: Frame = Frame::Head { bytes: [0; 8], have: 0 };

impl Decoder {
    pub fn new(mode: Mode) -> Self {
        Self { mode, frame: NEW_HEAD, stdout: Line::new(LogStream::Stdout), stderr: Line::new(LogStream::Stderr), ready: VecDeque::new() }
    }

    /// Takes in `bytes`. Lines that they complete wait for [`Decoder::next_line`]; feed little at a time to hold few.
    ///
    /// # Errors
    /// When the bytes are no log. The lines before that are still there; nothing more can be fed.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), FrameError> {
        if self.mode == Mode::Raw {
            self.stdout.take(bytes, &mut self.ready);
            return Ok(());
        }
        while !bytes.is_empty() {
            bytes = self.step(bytes)?;
        }
        Ok(())
    }

    /// The next line that is complete.
    pub fn next_line(&mut self) -> Option<LogLine> {
        self.ready.pop_front()
    }

    /// There are no more bytes: what stands without an end is a line, too.
    ///
    /// # Errors
    /// When the stream ends inside a frame.
    pub fn finish(&mut self) -> Result<(), FrameError> {
        self.stdout.flush(&mut self.ready);
        self.stderr.flush(&mut self.ready);
        match std::mem::replace(&mut self.frame, NEW_HEAD) {
            Frame::Head { have: 0, .. } => Ok(()),
            _ => Err(FrameError::Truncated),
        }
    }

    /// Takes as much of `bytes` as belongs to one head or payload; the rest is returned.
    fn step<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], FrameError> {
        match &mut self.frame {
            Frame::Head { bytes: head, have } => {
                let Some((first, rest)) = bytes.split_first() else { return Ok(bytes) };
                if let Some(place) = head.get_mut(*have) {
                    *place = *first;
                }
                *have += 1;
                if *have == head.len() {
                    let head = *head;
                    self.begin(head)?;
                }
                Ok(rest)
            }
            Frame::Payload { stream, left } => {
                let (piece, rest) = split(bytes, *left);
                *left -= u32::try_from(piece.len()).unwrap_or(*left);
                let over = *left == 0;
                let line = if *stream == LogStream::Stdout { &mut self.stdout } else { &mut self.stderr };
                line.take(piece, &mut self.ready);
                if over {
                    self.frame = NEW_HEAD;
                }
                Ok(rest)
            }
            Frame::Error { text, left } => {
                let (piece, rest) = split(bytes, *left);
                *left -= u32::try_from(piece.len()).unwrap_or(*left);
                let room = LONGEST_ERROR.saturating_sub(text.len());
                text.extend_from_slice(split(piece, u32::try_from(room).unwrap_or(0)).0);
                if *left == 0 { Err(FrameError::Engine(String::from_utf8_lossy(text).trim().to_owned())) } else { Ok(rest) }
            }
        }
    }

    /// Reads a head.
    fn begin(&mut self, head: [u8; 8]) -> Result<(), FrameError> {
        let [kind, a, b, c, length @ ..] = head;
        if [a, b, c] != [0; 3] {
            return Err(FrameError::Reserved);
        }
        let left = u32::from_be_bytes(length);
        if left > LONGEST_FRAME {
            return Err(FrameError::TooLong(left));
        }
        let stream = match kind {
            // 0 is stdin, echoed: it is written where the output is.
            0 | 1 => LogStream::Stdout,
            2 => LogStream::Stderr,
            3 if left == 0 => return Err(FrameError::Engine(String::new())),
            3 => {
                self.frame = Frame::Error { text: Vec::new(), left };
                return Ok(());
            }
            kind => return Err(FrameError::Kind(kind)),
        };
        let line = if stream == LogStream::Stdout { &mut self.stdout } else { &mut self.stderr };
        line.message_starts();
        self.frame = if left == 0 { NEW_HEAD } else { Frame::Payload { stream, left } };
        Ok(())
    }
}

/// `bytes` in two, the first of at most `at` bytes.
fn split(bytes: &[u8], at: u32) -> (&[u8], &[u8]) {
    let at = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes.split_at_checked(at).unwrap_or((bytes, &[]))
}

/// The line that one stream is in the middle of.
struct Line {
    stream: LogStream,
    /// What may become a timestamp, while it is being read.
    stamp: Option<Vec<u8>>,
    at: String,
    text: Vec<u8>,
    /// Something of the line has come.
    begun: bool,
    cut: bool,
}

impl Line {
    fn new(stream: LogStream) -> Self {
        Self { stream, stamp: Some(Vec::new()), at: String::new(), text: Vec::new(), begun: false, cut: false }
    }

    /// A message starts here, with its timestamp.
    fn message_starts(&mut self) {
        if let Some(stamp) = self.stamp.take() {
            // The message before was too short to hold one.
            self.append(&stamp);
        }
        self.stamp = Some(Vec::new());
    }

    fn take(&mut self, mut bytes: &[u8], ready: &mut VecDeque<LogLine>) {
        while let Some((first, rest)) = bytes.split_first() {
            if self.stamp.is_some() {
                self.take_stamp(*first, ready);
                bytes = rest;
                continue;
            }
            let end = bytes.iter().position(|b| *b == b'\n');
            let (piece, rest) = bytes.split_at_checked(end.unwrap_or(bytes.len())).unwrap_or((bytes, &[]));
            self.append(piece);
            bytes = rest.strip_prefix(b"\n").unwrap_or(rest);
            if end.is_some() {
                self.end(ready);
            }
        }
    }

    /// One more byte of what may be a timestamp.
    fn take_stamp(&mut self, byte: u8, ready: &mut VecDeque<LogLine>) {
        let Some(stamp) = &mut self.stamp else { return };
        self.begun = true;
        if byte != b' ' && byte != b'\n' && stamp.len() < LONGEST_STAMP {
            stamp.push(byte);
            return;
        }
        let stamp = self.stamp.take().unwrap_or_default();
        match String::from_utf8(stamp) {
            Ok(at) if byte == b' ' && is_stamp(&at) => {
                if self.at.is_empty() {
                    self.at = at;
                }
                return;
            }
            Ok(text) => self.append(text.as_bytes()),
            Err(error) => self.append(error.as_bytes()),
        }
        if byte == b'\n' { self.end(ready) } else { self.append(&[byte]) }
    }

    fn append(&mut self, bytes: &[u8]) {
        self.begun |= !bytes.is_empty();
        let room = LONGEST_LINE.saturating_sub(self.text.len());
        self.cut |= bytes.len() > room;
        self.text.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn end(&mut self, ready: &mut VecDeque<LogLine>) {
        let mut text = std::mem::take(&mut self.text);
        if text.last() == Some(&b'\r') {
            text.pop();
        }
        let mut text = match String::from_utf8(text) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        if self.cut {
            text.push_str(CUT);
        }
        ready.push_back(LogLine { stream: self.stream, at: std::mem::take(&mut self.at), text });
        *self = Self::new(self.stream);
    }

    fn flush(&mut self, ready: &mut VecDeque<LogLine>) {
        if let Some(stamp) = self.stamp.take() {
            self.append(&stamp);
        }
        if self.begun {
            self.end(ready);
        }
        *self = Self::new(self.stream);
    }
}

/// Whether `text` has the shape of `2006-01-02T15:04:05.000000000Z`, or with an offset.
fn is_stamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = bytes.get(..19).is_some_and(|head| {
        head.iter().enumerate().all(|(n, b)| match n {
            4 | 7 => *b == b'-',
            10 => *b == b'T',
            13 | 16 => *b == b':',
            _ => b.is_ascii_digit(),
        })
    });
    let rest = bytes.get(19..).unwrap_or_default();
    shape && !rest.is_empty() && rest.iter().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'Z' | b'+' | b'-' | b':'))
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
