//! Terminal colours as spans with classes. Everything else that a terminal obeys is taken out: what a container
//! prints may draw in colour, and nothing more.

/// A run of text that looks the same; `class` is empty for plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub text: String,
    pub class: String,
}

/// How text looks at some point of the stream. Kept from line to line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    fore: Option<u8>,
    back: Option<u8>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    inverse: bool,
    strike: bool,
}

impl Look {
    fn class(self) -> String {
        let (fore, back) = if self.inverse { (self.back, self.fore) } else { (self.fore, self.back) };
        let mut names: Vec<String> = Vec::new();
        names.extend(fore.map(|n| format!("ansi-f{n}")));
        names.extend(back.map(|n| format!("ansi-b{n}")));
        let flags = [
            (self.bold, "ansi-bold"),
            (self.dim, "ansi-dim"),
            (self.italic, "ansi-italic"),
            (self.underline, "ansi-underline"),
            (self.strike, "ansi-strike"),
            (self.inverse && self.fore.is_none() && self.back.is_none(), "ansi-inverse"),
        ];
        names.extend(flags.into_iter().filter(|(on, _)| *on).map(|(_, name)| name.to_owned()));
        names.join(" ")
    }

    /// Obeys the parameters of one `ESC [ ... m`.
    fn obey(&mut self, params: &str) {
        let mut numbers = params.split([';', ':']).map(|n| if n.is_empty() { Some(0) } else { n.parse::<u16>().ok() });
        while let Some(number) = numbers.next() {
            let Some(number) = number else { continue };
            match number {
                0 => *self = Self::default(),
                1 => self.bold = true,
                2 => self.dim = true,
                3 => self.italic = true,
                4 => self.underline = true,
                7 => self.inverse = true,
                9 => self.strike = true,
                22 => (self.bold, self.dim) = (false, false),
                23 => self.italic = false,
                24 => self.underline = false,
                27 => self.inverse = false,
                29 => self.strike = false,
                30..=37 => self.fore = Some((number - 30) as u8),
                90..=97 => self.fore = Some((number - 90 + 8) as u8),
                40..=47 => self.back = Some((number - 40) as u8),
                100..=107 => self.back = Some((number - 100 + 8) as u8),
                39 => self.fore = None,
                49 => self.back = None,
                38 | 48 => {
                    let colour = extended(&mut numbers);
                    if number == 38 { self.fore = colour } else { self.back = colour }
                }
                _ => {}
            }
        }
    }
}

/// The colour after a 38 or 48, brought down to the sixteen that have classes.
fn extended(numbers: &mut impl Iterator<Item = Option<u16>>) -> Option<u8> {
    let mut next = || numbers.next().flatten();
    match next()? {
        5 => {
            let index = next()?;
            match index {
                0..=15 => Some(index as u8),
                16..=231 => {
                    let cube = index - 16;
                    let level = |n: u16| if n == 0 { 0 } else { 55 + n * 40 };
                    Some(nearest(level(cube / 36), level(cube / 6 % 6), level(cube % 6)))
                }
                232..=255 => {
                    let grey = 8 + (index - 232) * 10;
                    Some(nearest(grey, grey, grey))
                }
                _ => None,
            }
        }
        2 => Some(nearest(next()?, next()?, next()?)),
        _ => None,
    }
}

/// The one of the sixteen colours that is nearest to this red, green and blue.
fn nearest(red: u16, green: u16, blue: u16) -> u8 {
    let (low, high) = (red.min(green).min(blue), red.max(green).max(blue));
    if high.saturating_sub(low) < 40 {
        return match high {
            0..64 => 0,
            64..150 => 8,
            150..215 => 7,
            _ => 15,
        };
    }
    let middle = low.midpoint(high);
    let bit = |value: u16, bit: u8| if value > middle { bit } else { 0 };
    let bright = if high > 200 { 8 } else { 0 };
    bright + bit(red, 1) + bit(green, 2) + bit(blue, 4)
}

/// The spans of one line, and in `look` how the next one starts.
pub fn parse(line: &str, look: &mut Look) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut text = String::new();
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                Some('[') => {
                    let (params, last) = control(&mut chars);
                    if last == Some('m') && !params.starts_with(['?', '>', '<', '=']) {
                        flush(&mut spans, &mut text, *look);
                        look.obey(&params);
                    }
                }
                // Titles, links, the clipboard and the rest of what is quoted: to its end, whatever it says.
                Some(']' | 'P' | 'X' | '^' | '_') => quoted(&mut chars),
                // Character sets and the like have one character more.
                Some('(' | ')' | '*' | '+' | '#' | '%' | ' ') => drop(chars.next()),
                _ => {}
            },
            '\u{9b}' => {
                let (params, last) = control(&mut chars);
                if last == Some('m') {
                    flush(&mut spans, &mut text, *look);
                    look.obey(&params);
                }
            }
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => quoted(&mut chars),
            // A lone return means the line was drawn again: only the last drawing counts.
            '\r' if chars.peek().is_some_and(|next| *next != '\n') => {
                spans.clear();
                text.clear();
            }
            '\t' => text.push('\t'),
            // What turns the reading direction round could make a line say something else than it does.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => text.push(c),
        }
    }
    flush(&mut spans, &mut text, *look);
    spans
}

/// The line without any of its escapes.
pub fn plain(line: &str) -> String {
    parse(line, &mut Look::default()).into_iter().map(|span| span.text).collect()
}

fn flush(spans: &mut Vec<Span>, text: &mut String, look: Look) {
    if !text.is_empty() {
        spans.push(Span { text: std::mem::take(text), class: look.class() });
    }
}

/// The parameters and the last character of a control sequence.
fn control(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> (String, Option<char>) {
    let mut params = String::new();
    for c in chars.by_ref() {
        match c {
            '\u{40}'..='\u{7e}' => return (params, Some(c)),
            _ => params.push(c),
        }
    }
    (params, None)
}

fn quoted(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while let Some(c) = chars.next() {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                if chars.peek() == Some(&'\\') {
                    chars.next();
                }
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Look, Span, parse, plain};

    fn spans(line: &str) -> Vec<(String, String)> {
        parse(line, &mut Look::default()).into_iter().map(|Span { text, class }| (text, class)).collect()
    }

    fn pair(text: &str, class: &str) -> (String, String) {
        (text.into(), class.into())
    }

    #[test]
    fn plain_text_is_one_plain_span() {
        assert_eq!(spans("<b>hello</b>\tthere"), [pair("<b>hello</b>\tthere", "")]);
        assert!(spans("").is_empty());
    }

    #[test]
    fn colours_become_classes() {
        assert_eq!(spans("\u{1b}[1;31mred\u{1b}[0m plain"), [pair("red", "ansi-f1 ansi-bold"), pair(" plain", "")]);
        assert_eq!(spans("\u{1b}[94;47mx\u{1b}[39my\u{1b}[m"), [pair("x", "ansi-f12 ansi-b7"), pair("y", "ansi-b7")]);
        assert_eq!(spans("\u{1b}[7mx"), [pair("x", "ansi-inverse")]);
    }

    #[test]
    fn many_colours_come_down_to_sixteen() {
        assert_eq!(spans("\u{1b}[38;5;196mx"), [pair("x", "ansi-f9")]);
        assert_eq!(spans("\u{1b}[38;2;10;200;10mx"), [pair("x", "ansi-f2")]);
        assert_eq!(spans("\u{1b}[48;5;240;1mx"), [pair("x", "ansi-b8 ansi-bold")]);
        assert_eq!(spans("\u{1b}[38;2;65535;65535;65535mx"), [pair("x", "ansi-f15")]);
    }

    #[test]
    fn the_look_goes_on_in_the_next_line() {
        let mut look = Look::default();
        parse("\u{1b}[32mone", &mut look);
        assert_eq!(parse("two", &mut look), [Span { text: "two".into(), class: "ansi-f2".into() }]);
    }

    #[test]
    fn titles_links_and_the_clipboard_are_not_touched() {
        assert_eq!(plain("a\u{1b}]0;evil title\u{7}b\u{1b}]52;c;ZXZpbA==\u{1b}\\c"), "abc");
        assert_eq!(plain("\u{1b}]8;;javascript:alert(1)\u{1b}\\click\u{1b}]8;;\u{1b}\\"), "click");
        assert_eq!(plain("\u{1b}P+q\u{1b}\\x\u{1b}]unfinished"), "x");
        assert_eq!(plain("\u{9d}0;title\u{9c}x\u{9b}31my"), "xy");
    }

    #[test]
    fn cursor_moves_and_controls_vanish() {
        assert_eq!(plain("\u{1b}[2J\u{1b}[10;10Hhi\u{8}\u{7}\u{1b}(B\u{1b}[?25l\u{202e}!"), "hi!");
        assert_eq!(plain("10%\r20%\r30%"), "30%");
        assert_eq!(plain("line\r"), "line");
        assert_eq!(plain("cut\u{1b}["), "cut");
        assert_eq!(plain("cut\u{1b}"), "cut");
    }
}
