use super::*;

const AT: &str = "2026-11-24T05:00:00.123456789Z";

fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, 0, 0, 0];
    out.extend_from_slice(&u32::try_from(payload.len()).unwrap().to_be_bytes());
    out.extend_from_slice(payload);
    out
}

fn message(kind: u8, text: &str) -> Vec<u8> {
    frame(kind, format!("{AT} {text}").as_bytes())
}

fn decode(mode: Mode, bytes: &[u8], step: usize) -> (Vec<LogLine>, Result<(), FrameError>) {
    let mut decoder = Decoder::new(mode);
    let mut lines = Vec::new();
    for piece in bytes.chunks(step) {
        let fed = decoder.feed(piece);
        lines.extend(std::iter::from_fn(|| decoder.next_line()));
        if fed.is_err() {
            return (lines, fed);
        }
    }
    let end = decoder.finish();
    lines.extend(std::iter::from_fn(|| decoder.next_line()));
    (lines, end)
}

fn line(stream: LogStream, text: &str) -> LogLine {
    LogLine { stream, at: AT.to_owned(), text: text.to_owned() }
}

/// The same, however the bytes are cut.
fn check(mode: Mode, bytes: &[u8], wanted: &[LogLine]) {
    for step in [1, 2, 3, 7, 8, 9, 64, 100_000] {
        assert_eq!(decode(mode, bytes, step), (wanted.to_vec(), Ok(())), "in pieces of {step}");
    }
}

#[test]
fn both_streams_keep_their_order() {
    let bytes = [message(1, "one\n"), message(2, "two\n"), message(1, "three\r\n"), message(0, "four\n")].concat();
    let (out, err) = (LogStream::Stdout, LogStream::Stderr);
    check(Mode::Frames, &bytes, &[line(out, "one"), line(err, "two"), line(out, "three"), line(out, "four")]);
}

#[test]
fn a_message_in_parts_is_one_line_with_the_first_timestamp() {
    let later = frame(1, b"2026-11-24T05:00:01.000000000Z and the rest\n");
    let bytes = [message(1, "first"), message(2, "between\n"), later, message(1, "next\n")].concat();
    let (out, err) = (LogStream::Stdout, LogStream::Stderr);
    check(Mode::Frames, &bytes, &[line(err, "between"), line(out, "firstand the rest"), line(out, "next")]);
}

#[test]
fn empty_lines_and_lines_without_an_end_are_lines() {
    check(Mode::Frames, &[message(1, "\n"), message(1, "last")].concat(), &[line(LogStream::Stdout, ""), line(LogStream::Stdout, "last")]);
    check(Mode::Frames, &frame(1, b""), &[]);
    check(Mode::Frames, b"", &[]);
}

#[test]
fn text_without_a_timestamp_is_text() {
    let plain = |text: &str| LogLine { stream: LogStream::Stdout, at: String::new(), text: text.to_owned() };
    let bytes = [frame(1, b"hello world\n"), frame(1, b"\n"), frame(1, b"short\n"), frame(1, &[b'x'; 50]), frame(1, b" \n")].concat();
    check(Mode::Frames, &bytes, &[plain("hello world"), plain(""), plain("short"), plain(&("x".repeat(50) + " "))]);
}

#[test]
fn a_terminal_is_raw_and_one_stream() {
    let bytes = format!("{AT} \u{1b}[31mred\u{1b}[0m\r\n{AT} \u{1}\0\0\0\0\0\0\u{5}not a frame\r\n");
    check(
        Mode::Raw,
        bytes.as_bytes(),
        &[line(LogStream::Stdout, "\u{1b}[31mred\u{1b}[0m"), line(LogStream::Stdout, "\u{1}\0\0\0\0\0\0\u{5}not a frame")],
    );
}

#[test]
fn invalid_utf8_is_replaced() {
    let bytes = [frame(1, &[AT.as_bytes(), b" a\xffb\n"].concat()), frame(1, b"\xff\xfe\n")].concat();
    let (lines, end) = decode(Mode::Frames, &bytes, 1);
    assert_eq!(end, Ok(()));
    assert_eq!(lines[0].text, "a\u{fffd}b");
    assert_eq!(lines[1].text, "\u{fffd}\u{fffd}");
}

#[test]
fn a_long_line_is_cut_where_one_can_see_it() {
    let part = "x".repeat(16 * 1024);
    let bytes = [message(1, &part), message(1, &part), message(1, &part), message(1, &part), message(1, "y\n"), message(1, "z\n")].concat();
    let (lines, end) = decode(Mode::Frames, &bytes, 1000);
    assert_eq!(end, Ok(()));
    assert_eq!(lines[0].text, "x".repeat(LONGEST_LINE) + CUT);
    assert_eq!(lines[1].text, "z");
}

#[test]
fn an_endless_line_takes_no_memory() {
    let mut decoder = Decoder::new(Mode::Raw);
    for _ in 0..1000 {
        decoder.feed(&[b'x'; 10_000]).unwrap();
    }
    assert!(decoder.stdout.text.len() <= LONGEST_LINE && decoder.stdout.text.capacity() <= 2 * LONGEST_LINE);
}

#[test]
fn broken_heads_are_errors() {
    assert_eq!(decode(Mode::Frames, b"hello, world", 1).1, Err(FrameError::Reserved));
    assert_eq!(decode(Mode::Frames, &frame(4, b"x"), 100).1, Err(FrameError::Kind(4)));
    assert_eq!(decode(Mode::Frames, &[1, 0, 0, 0, 1, 0, 0, 1], 8).1, Err(FrameError::TooLong(16 * 1024 * 1024 + 1)));
    assert_eq!(decode(Mode::Frames, &[1, 0, 0], 8).1, Err(FrameError::Truncated));
    let cut = message(1, "hello\n");
    let (lines, end) = decode(Mode::Frames, &cut[..cut.len() - 2], 8);
    assert_eq!((lines.len(), end), (1, Err(FrameError::Truncated)));
}

#[test]
fn the_engines_own_error_is_told() {
    let bytes = [message(1, "one\n"), frame(3, b"Error grabbing logs: disk\n")].concat();
    for step in [1, 5, 1000] {
        let (lines, end) = decode(Mode::Frames, &bytes, step);
        assert_eq!(lines.len(), 1);
        assert_eq!(end, Err(FrameError::Engine("Error grabbing logs: disk".to_owned())));
    }
}

#[test]
fn any_bytes_are_survived() {
    // A small generator: the fuzz target does this for longer.
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..2000 {
        let bytes: Vec<u8> = (0..round % 97)
            .map(|_| {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                if seed.is_multiple_of(3) { 0 } else { (seed >> 32) as u8 % 5 }
            })
            .collect();
        let whole = decode(Mode::Frames, &bytes, 1000);
        assert_eq!(whole, decode(Mode::Frames, &bytes, 1), "{bytes:?}");
        assert_eq!(decode(Mode::Raw, &bytes, 1000), decode(Mode::Raw, &bytes, 3));
    }
}
