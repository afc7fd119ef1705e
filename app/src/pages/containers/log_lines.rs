//! The lines of a log that are kept: coloured, searched, and never more than so many.

use std::collections::VecDeque;
use std::ops::Range;

use jiff::Timestamp;

use crate::api::containers::{LogLine, LogStream};
use crate::ui::ansi::{self, Look, Span};

/// One line, ready to be drawn.
pub struct Line {
    pub at: String,
    pub stream: LogStream,
    spans: Vec<Span>,
    plain: String,
    /// How often what is searched occurs in it.
    pub hits: usize,
}

/// A part of a line that looks the same all through.
#[derive(Debug, PartialEq)]
pub struct Piece<'a> {
    pub text: &'a str,
    pub class: &'a str,
    pub hit: bool,
}

/// The last lines.
pub struct Kept {
    pub lines: VecDeque<Line>,
    /// How many had to go.
    pub dropped: u64,
    /// How often what is searched occurs.
    pub found: usize,
    most: usize,
    query: String,
    looks: [Look; 2],
    last: Option<Timestamp>,
    /// The stream was opened again: what is not later than this was seen before.
    seen: Option<Timestamp>,
}

impl Kept {
    pub fn new(most: usize) -> Self {
        let looks = [Look::default(); 2];
        Self { lines: VecDeque::new(), dropped: 0, found: 0, most, query: String::new(), looks, last: None, seen: None }
    }

    /// Forgets the lines, not what is searched.
    pub fn clear(&mut self) {
        *self = Self { query: std::mem::take(&mut self.query), ..Self::new(self.most) };
    }

    /// Takes in one more line, unless it was seen before; tells whether it did.
    pub fn add(&mut self, line: LogLine) -> bool {
        let at = line.at.parse::<Timestamp>().ok();
        if at.is_some() && at <= self.seen {
            return false;
        }
        self.last = at.or(self.last);
        let [out, err] = &mut self.looks;
        let spans = ansi::parse(&line.text, if line.stream == LogStream::Stderr { err } else { out });
        let plain: String = spans.iter().map(|span| span.text.as_str()).collect();
        let hits = ranges(&plain, &self.query).count();
        self.found += hits;
        self.lines.push_back(Line { at: line.at, stream: line.stream, spans, plain, hits });
        true
    }

    /// Drops the oldest beyond what is kept.
    pub fn trim(&mut self) {
        let surplus = self.lines.len().saturating_sub(self.most);
        for line in self.lines.drain(..surplus) {
            self.found -= line.hits;
            self.dropped += 1;
        }
    }

    /// Where to go on when the stream is opened again: the last line's time in milliseconds. What was seen is left out then.
    pub fn go_on(&mut self) -> Option<i64> {
        self.seen = self.last;
        self.last.map(Timestamp::as_millisecond)
    }

    /// Searches for `query`; tells which lines look different by it.
    pub fn search(&mut self, query: &str) -> Vec<bool> {
        self.query = query.to_ascii_lowercase();
        self.found = 0;
        let mut changed = Vec::with_capacity(self.lines.len());
        for line in &mut self.lines {
            let hits = ranges(&line.plain, &self.query).count();
            changed.push(hits > 0 || line.hits > 0);
            line.hits = hits;
            self.found += hits;
        }
        changed
    }

    pub fn pieces<'a>(&self, line: &'a Line) -> Vec<Piece<'a>> {
        pieces(&line.spans, &ranges(&line.plain, &self.query).collect::<Vec<_>>())
    }
}

/// Where `query` occurs in `text`, capital letters or not. `query` is in small letters.
fn ranges(text: &str, query: &str) -> impl Iterator<Item = Range<usize>> + use<> {
    // Only ASCII letters change, so that places in the one are places in the other.
    let found: Vec<usize> = if query.is_empty() { Vec::new() } else { text.to_ascii_lowercase().match_indices(query).map(|(at, _)| at).collect() };
    let length = query.len();
    found.into_iter().map(move |at| at..at + length)
}

/// Cuts spans where hits begin and end.
fn pieces<'a>(spans: &'a [Span], hits: &[Range<usize>]) -> Vec<Piece<'a>> {
    let mut pieces = Vec::with_capacity(spans.len());
    let mut start = 0;
    for span in spans {
        let end = start + span.text.len();
        let mut at = start;
        while at < end {
            let inside = hits.iter().find(|hit| hit.contains(&at));
            let next = inside.map(|hit| hit.end).or_else(|| hits.iter().map(|hit| hit.start).find(|begin| *begin > at)).unwrap_or(end).min(end);
            let text = span.text.get(at - start..next - start).unwrap_or_default();
            pieces.push(Piece { text, class: &span.class, hit: inside.is_some() });
            at = next;
        }
        start = end;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{Kept, Piece};
    use crate::api::containers::{LogLine, LogStream};

    fn line(at: &str, text: &str) -> LogLine {
        LogLine { stream: LogStream::Stdout, at: format!("2026-11-24T10:00:{at}Z"), text: text.into() }
    }

    fn drawn(kept: &Kept, index: usize) -> Vec<(String, String, bool)> {
        let pieces = kept.lines.get(index).map(|line| kept.pieces(line)).unwrap_or_default();
        pieces.into_iter().map(|Piece { text, class, hit }| (text.into(), class.into(), hit)).collect()
    }

    #[test]
    fn only_the_last_lines_are_kept() {
        let mut kept = Kept::new(2);
        kept.search("l");
        for n in 1..=3 {
            kept.add(line(&format!("0{n}"), "line"));
        }
        kept.trim();
        assert_eq!((kept.lines.len(), kept.dropped, kept.found), (2, 1, 2));
    }

    #[test]
    fn a_hit_may_cross_colours() {
        let mut kept = Kept::new(9);
        kept.add(line("01", "ab\u{1b}[31mcd\u{1b}[0mef"));
        assert_eq!(kept.search("BCDE"), [true]);
        let expected = [("a", "", false), ("b", "", true), ("cd", "ansi-f1", true), ("e", "", true), ("f", "", false)];
        assert_eq!(drawn(&kept, 0), expected.map(|(text, class, hit)| (text.to_owned(), class.to_owned(), hit)));
        assert_eq!(kept.search(""), [true]);
        assert_eq!(drawn(&kept, 0).len(), 3);
    }

    #[test]
    fn hits_are_counted_in_letters_of_any_language() {
        let mut kept = Kept::new(9);
        kept.add(line("01", "\u{e9}t\u{e9} \u{130} Error error"));
        kept.search("error");
        assert_eq!(kept.found, 2);
        kept.search("\u{e9}");
        assert_eq!(kept.found, 2);
        assert_eq!(drawn(&kept, 0).iter().map(|(text, ..)| text.as_str()).collect::<String>(), "\u{e9}t\u{e9} \u{130} Error error");
    }

    #[test]
    fn what_was_seen_is_not_seen_again() {
        let mut kept = Kept::new(9);
        assert_eq!(kept.go_on(), None);
        assert!(kept.add(line("01", "a")) && kept.add(line("02.5", "b")));
        assert_eq!(kept.go_on().map(|ms| ms % 60_000), Some(2500));
        assert!(!kept.add(line("02", "older")) && !kept.add(line("02.500", "b")));
        assert!(kept.add(line("02.5001", "c")));
    }

    #[test]
    fn each_stream_has_its_own_colours() {
        let mut kept = Kept::new(9);
        kept.add(line("01", "\u{1b}[31mred"));
        kept.add(LogLine { stream: LogStream::Stderr, ..line("02", "plain") });
        kept.add(line("03", "still red"));
        assert_eq!(drawn(&kept, 1).first().map(|(_, class, _)| class.as_str()), Some(""));
        assert_eq!(drawn(&kept, 2).first().map(|(_, class, _)| class.as_str()), Some("ansi-f1"));
    }
}
