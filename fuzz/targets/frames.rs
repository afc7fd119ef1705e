//! Log frames: no line is longer than its cap, and how the bytes were cut into pieces makes no difference.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilothouse::backends::docker::typed::frames::{CUT, Decoder, LONGEST_LINE, Mode};

fn lines(mode: Mode, pieces: &[&[u8]]) -> (Vec<String>, bool) {
    let mut decoder = Decoder::new(mode);
    let mut lines = Vec::new();
    let mut whole = true;
    for piece in pieces {
        whole &= decoder.feed(piece).is_ok();
        while let Some(line) = decoder.next_line() {
            assert!(line.text.len() <= 3 * LONGEST_LINE + CUT.len());
            lines.push(format!("{:?} {} {}", line.stream, line.at, line.text));
        }
        if !whole {
            return (lines, false);
        }
    }
    whole &= decoder.finish().is_ok();
    while let Some(line) = decoder.next_line() {
        lines.push(format!("{:?} {} {}", line.stream, line.at, line.text));
    }
    (lines, whole)
}

fuzz_target!(|input: (bool, u16, &[u8])| {
    let (raw, cut, bytes) = input;
    let mode = || if raw { Mode::Raw } else { Mode::Frames };
    let cut = usize::from(cut).min(bytes.len());
    let (first, second) = bytes.split_at(cut);
    assert_eq!(lines(mode(), &[bytes]), lines(mode(), &[first, second]));
});
