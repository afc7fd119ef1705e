//! Server-sent events, split out of a byte stream.

/// No event of ours comes near this; a stream that sends more without an end of event is broken.
const LONGEST: usize = 4 * 1024 * 1024;

/// One event as it stood in the stream.
#[derive(Debug, PartialEq, Eq)]
pub struct Event {
    /// The text of its `event:` line; empty for a plain one.
    pub name: String,
    /// Its `data:` lines, joined by line ends.
    pub data: String,
}

/// Collects bytes until they make events. Chunks may break anywhere, even inside a character.
#[derive(Default)]
pub struct Splitter {
    line: Vec<u8>,
    name: String,
    data: Option<String>,
}

/// The stream sent more than an event may hold.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLong;

impl Splitter {
    /// The events that `bytes` complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLong> {
        let mut events = Vec::new();
        for piece in bytes.split_inclusive(|b| *b == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.len() + self.data.as_ref().map_or(0, String::len) > LONGEST {
                return Err(TooLong);
            }
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                events.extend(self.end_line(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n'])));
            }
        }
        Ok(events)
    }

    fn end_line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            let name = std::mem::take(&mut self.name);
            return self.data.take().map(|data| Event { name, data });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.name = value.to_owned(),
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            // Comments keep the line alive; ids and retries are not ours.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, LONGEST, Splitter, TooLong};

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.into(), data: data.into() }
    }

    #[test]
    fn events_are_split_at_empty_lines() {
        let got = Splitter::default().push(b"data: {\"a\":1}\n\ndata: two\n\nevent: end\ndata: {}\n\n");
        assert_eq!(got, Ok(vec![event("", "{\"a\":1}"), event("", "two"), event("end", "{}")]));
    }

    #[test]
    fn a_chunk_may_end_anywhere() {
        let whole = "event: end\r\ndata: caf\u{e9} \u{1f433}\r\n\r\ndata: b\n\n".as_bytes();
        let mut splitter = Splitter::default();
        let mut events = Vec::new();
        for byte in whole {
            events.extend(splitter.push(&[*byte]).unwrap_or_default());
        }
        assert_eq!(events, vec![event("end", "caf\u{e9} \u{1f433}"), event("", "b")]);
    }

    #[test]
    fn comments_and_strange_fields_say_nothing() {
        let got = Splitter::default().push(b": keep-alive\n\nid: 7\nretry: 1\nnonsense\n\ndata:x\ndata: y\n\n");
        assert_eq!(got, Ok(vec![event("", "x\ny")]));
    }

    #[test]
    fn an_endless_event_is_an_error_not_a_full_memory() {
        let mut splitter = Splitter::default();
        let chunk = vec![b'a'; LONGEST / 2 + 1];
        assert_eq!(splitter.push(&chunk), Ok(vec![]));
        assert_eq!(splitter.push(&chunk), Err(TooLong));
    }
}
