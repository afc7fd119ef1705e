//! The text of a recording: asciicast v2, a head and one line an event.
//!
//! <https://docs.asciinema.org/manual/asciicast/v2/>

use std::time::Duration;

use serde_json::json;

/// What can happen in a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Event<'a> {
    /// The program wrote this.
    Output(&'a str),
    /// The client sent this.
    Input(&'a str),
    /// The terminal has another size.
    Resize(u16, u16),
    /// Something of ours to be said at this moment.
    Mark(&'a str),
}

/// The first line.
pub fn head(about: &Head<'_>) -> String {
    let mut head = json!({
        "version": 2,
        "width": about.width,
        "height": about.height,
        "timestamp": about.started_at.div_euclid(1_000),
        "title": about.title,
        // A member of our own: without a terminal lines end with a line feed alone.
        "tty": about.tty,
    });
    if let (Some(command), Some(head)) = (about.command.filter(|command| !command.is_empty()), head.as_object_mut()) {
        head.insert("command".to_owned(), command.into());
    }
    format!("{head}\n")
}

/// What the first line says.
pub struct Head<'a> {
    pub width: u16,
    pub height: u16,
    /// In milliseconds.
    pub started_at: i64,
    pub title: &'a str,
    pub command: Option<&'a str>,
    pub tty: bool,
}

/// One line.
pub fn line(at: Duration, event: Event<'_>) -> String {
    let seconds = Seconds(at);
    match event {
        Event::Output(text) => text_line(seconds, "o", text),
        Event::Input(text) => text_line(seconds, "i", text),
        Event::Resize(columns, rows) => text_line(seconds, "r", &format!("{columns}x{rows}")),
        Event::Mark(text) => text_line(seconds, "m", text),
    }
}

fn text_line(at: Seconds, code: &str, text: &str) -> String {
    // Strings always can be written.
    let text = serde_json::to_string(text).unwrap_or_default();
    format!("[{at}, \"{code}\", {text}]\n")
}

/// A time with six decimals: as a floating number it would have more digits than it is worth.
struct Seconds(Duration);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:06}", self.0.as_secs(), self.0.subsec_micros())
    }
}

/// What a line says: its time in seconds, the kind of its event and its text. `None` for the head, and for what is no line.
pub fn read(line: &str) -> Option<(f64, String, String)> {
    serde_json::from_str(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_the_format_has_them() {
        let at = Duration::from_micros(12_034_567);
        assert_eq!(line(at, Event::Output("a\"\r\n\u{1b}[0m")), "[12.034567, \"o\", \"a\\\"\\r\\n\\u001b[0m\"]\n");
        assert_eq!(line(Duration::ZERO, Event::Input("l")), "[0.000000, \"i\", \"l\"]\n");
        assert_eq!(line(at, Event::Resize(120, 40)), "[12.034567, \"r\", \"120x40\"]\n");
        assert_eq!(read(&line(at, Event::Mark("x"))), Some((12.034_567, "m".to_owned(), "x".to_owned())));
    }

    #[test]
    fn the_head_says_how_to_draw_it() {
        let about = Head { width: 80, height: 24, started_at: 1_795_000_000_123, title: "exec in web", command: Some("sh"), tty: true };
        let text = head(&about);
        let head: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(text.ends_with("}\n") && !text.trim_end().contains('\n'));
        assert_eq!(
            (&head["version"], &head["width"], &head["timestamp"], &head["command"]),
            (&2.into(), &80.into(), &1_795_000_000.into(), &"sh".into())
        );
        assert_eq!(read(&text), None);
    }
}
