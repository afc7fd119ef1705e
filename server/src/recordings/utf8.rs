//! Text of bytes that come in pieces: a character that is cut in two by the border of a piece is put together again.

/// What is left of the piece before: the beginning of a character.
#[derive(Debug, Default)]
pub struct Utf8 {
    held: Vec<u8>,
}

impl Utf8 {
    /// The text of what came so far and was not told yet. What is no UTF-8 becomes U+FFFD.
    pub fn take(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let mut text = String::with_capacity(all.len());
        let mut rest = all.as_slice();
        while !rest.is_empty() {
            match std::str::from_utf8(rest) {
                Ok(whole) => {
                    text.push_str(whole);
                    break;
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(good));
                    // Without a length it is a beginning that may be gone on with.
                    let Some(length) = error.error_len() else {
                        self.held = bad.to_vec();
                        break;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    rest = bad.get(length..).unwrap_or_default();
                }
            }
        }
        text
    }

    /// What is left at the end: a character that never came whole.
    pub fn finish(&mut self) -> &'static str {
        if std::mem::take(&mut self.held).is_empty() { "" } else { "\u{fffd}" }
    }
}

#[cfg(test)]
mod tests {
    use super::Utf8;

    #[test]
    fn a_character_may_come_in_pieces() {
        let text = "aé€😀z";
        for size in 1..6 {
            let mut utf8 = Utf8::default();
            let got: String = text.as_bytes().chunks(size).map(|piece| utf8.take(piece)).collect();
            assert_eq!((got.as_str(), utf8.finish()), (text, ""), "{size}");
        }
    }

    #[test]
    fn what_is_no_text_is_marked() {
        let mut utf8 = Utf8::default();
        assert_eq!(utf8.take(b"a\xff\xfeb\xe2\x82"), "a\u{fffd}\u{fffd}b");
        assert_eq!(utf8.take(b"x"), "\u{fffd}x");
        assert_eq!(utf8.take(b"\xf0\x9f"), "");
        assert_eq!(utf8.finish(), "\u{fffd}");
    }
}
