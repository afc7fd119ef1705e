//! Docker's stream of a program without a terminal: frames of an 8-byte head and what was written to one of two outputs.

/// Takes the heads out, whatever the borders of the pieces are. Where a head cannot be one, all that follows is taken as it comes: nothing
/// that passed may be missing.
#[derive(Debug, Default)]
pub struct Demux {
    head: [u8; 8],
    have: usize,
    left: u32,
    stderr: bool,
    raw: bool,
}

impl Demux {
    /// Hands what was written to `to`, with whether it went to standard error.
    pub fn take(&mut self, mut bytes: &[u8], mut to: impl FnMut(bool, &[u8])) {
        while !bytes.is_empty() {
            if self.raw {
                return to(false, bytes);
            }
            if self.left > 0 {
                let length = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
                let (payload, rest) = bytes.split_at(length);
                self.left = self.left.saturating_sub(u32::try_from(length).unwrap_or(u32::MAX));
                to(self.stderr, payload);
                bytes = rest;
                continue;
            }
            let length = bytes.len().min(self.head.len() - self.have);
            let (part, rest) = bytes.split_at(length);
            if let Some(place) = self.head.get_mut(self.have..self.have + length) {
                place.copy_from_slice(part);
            }
            self.have += length;
            bytes = rest;
            if !self.is_head() {
                self.raw = true;
                to(false, self.head.get(..self.have).unwrap_or_default());
                self.have = 0;
            } else if self.have == self.head.len() {
                let [stream, _, _, _, length @ ..] = self.head;
                self.left = u32::from_be_bytes(length);
                // 2 is standard error; 3 is what the engine itself has to say of it.
                self.stderr = stream >= 2;
                self.have = 0;
            }
        }
    }

    /// Whether what came of a head may be the beginning of one.
    fn is_head(&self) -> bool {
        let fits = |(n, byte): (usize, &u8)| match n {
            0 => *byte <= 3,
            1..=3 => *byte == 0,
            _ => true,
        };
        self.head.iter().take(self.have).enumerate().all(fits)
    }
}

#[cfg(test)]
mod tests {
    use super::Demux;

    fn run(bytes: &[u8], size: usize) -> (String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut demux = Demux::default();
        for piece in bytes.chunks(size) {
            demux.take(piece, |is_err, bytes| if is_err { err.extend_from_slice(bytes) } else { out.extend_from_slice(bytes) });
        }
        (String::from_utf8_lossy(&out).into_owned(), String::from_utf8_lossy(&err).into_owned())
    }

    #[test]
    fn frames_are_taken_apart_at_every_border() {
        let stream = b"\x01\0\0\0\0\0\0\x05hello\x02\0\0\0\0\0\0\x03bad\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\x01!";
        for size in 1..=stream.len() {
            assert_eq!(run(stream, size), ("hello!".to_owned(), "bad".to_owned()), "{size}");
        }
    }

    #[test]
    fn what_is_no_frame_is_not_lost() {
        for (stream, all) in
            [(&b"plain text"[..], "plain text"), (b"\x01\0\0\0\0\0\0\x01a\x01\0xyz", "a\u{1}\0xyz"), (b"\x01\0\0\x07...", "\u{1}\0\0\u{7}...")]
        {
            for size in 1..=stream.len() {
                assert_eq!(run(stream, size), (all.to_owned(), String::new()), "{size}");
            }
        }
    }
}
