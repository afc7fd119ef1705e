//! Bytes on the wire: what no well-meaning client would send, and what no well-meaning engine would answer, at a real `pilothouse`.
//! In front of it a plain socket, behind it an engine of a few lines that writes down every byte it gets.

use std::{
    collections::BTreeSet,
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread::sleep,
    time::{Duration, Instant},
};

use pilothouse_tests::sandbox::{House, PASSWORD};
use serde_json::json;

/// How long a connection may say nothing before a test takes it for open.
const SILENCE: Duration = Duration::from_millis(1_500);

/// What the engine does with one request.
enum Act {
    /// Reads the body, says this, and waits for the next request.
    Say(String),
    /// Says this before it reads the body.
    Early(String),
    /// Asks for the body, reads it, says this.
    Asking(String),
    /// Reads the body, says this, and closes.
    Last(String),
    /// Waits so long, says this, and takes whatever comes from then on.
    Raw(Duration, String),
    /// Says the first, waits for so long, says the second, and goes on.
    Halting(String, Duration, String),
}

/// A request as it reached the engine.
#[derive(Clone, Debug, Default)]
struct Asked {
    /// The connection that it came on, counted from 0.
    line: usize,
    head: String,
    /// The body, byte by byte as it came, framing and all.
    body: Vec<u8>,
    /// Whether the body came to its end.
    whole: bool,
    /// What came while the engine waited to answer, and after it had.
    early: Vec<u8>,
    late: Vec<u8>,
    /// Whether everything was said that the script has to say.
    said: bool,
    /// Whether the other side has closed.
    gone: bool,
}

impl Asked {
    fn first_line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    fn names(&self) -> BTreeSet<String> {
        let names = self.head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0.to_ascii_lowercase()));
        names.collect()
    }

    /// How often the head says where its body ends.
    fn framings(&self) -> usize {
        let lower = self.head.to_ascii_lowercase();
        lower.matches("\r\ncontent-length:").count() + lower.matches("\r\ntransfer-encoding:").count()
    }
}

struct Engine {
    url: String,
    log: Arc<Mutex<Vec<Asked>>>,
}

impl Engine {
    /// One that answers as `script` says to each target.
    fn start(script: fn(&str) -> Act) -> Engine {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("tcp+plain://{}", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let engine = Engine { url, log: log.clone() };
        std::thread::spawn(move || {
            for (line, stream) in listener.incoming().flatten().enumerate() {
                // Two writes with a pause between are to go out with that pause.
                stream.set_nodelay(true).unwrap();
                let log = log.clone();
                std::thread::spawn(move || Wire { stream, rest: Vec::new() }.serve(line, script, &log));
            }
        });
        engine
    }

    /// One that answers every request with the path it was asked for: whoever gets another's answer sees it at once.
    fn echo() -> Engine {
        Engine::start(|target| Act::Say(echo(target)))
    }

    /// What has come since the last call.
    fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    fn seen(&self) -> Vec<Asked> {
        self.log.lock().unwrap().clone()
    }

    /// Waits until it has seen what it should.
    fn wait(&self, what: &str, is: impl Fn(&[Asked]) -> bool) -> Vec<Asked> {
        let end = Instant::now() + Duration::from_secs(5);
        loop {
            let seen = self.seen();
            if is(&seen) {
                return seen;
            }
            assert!(Instant::now() < end, "{what} did not come about: {seen:?}");
            sleep(Duration::from_millis(5));
        }
    }
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn echo(target: &str) -> String {
    ok(&json!({ "path": target }).to_string())
}

/// The engine's end of a connection.
struct Wire {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Wire {
    fn serve(mut self, line: usize, script: fn(&str) -> Act, log: &Mutex<Vec<Asked>>) {
        while let Some(head) = self.head() {
            // The house's own looks at the engine's health do not say that they come through its door.
            if value(&head, "user-agent") != Some("Pilothouse") {
                let _ = self.stream.write_all(ok("{}").as_bytes());
                continue;
            }
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let id = {
                let mut log = log.lock().unwrap();
                log.push(Asked { line, head: head.clone(), ..Asked::default() });
                log.len() - 1
            };
            // A test that has taken the log is not interested in the rest.
            let note = |change: &dyn Fn(&mut Asked)| {
                if let Some(asked) = log.lock().unwrap().get_mut(id).filter(|asked| asked.head == head) {
                    change(asked);
                }
            };
            let act = script(&target);
            match &act {
                Act::Early(text) => drop(self.stream.write_all(text.as_bytes())),
                Act::Asking(_) => drop(self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")),
                _ => {}
            }
            let mut body = Vec::new();
            let whole = self.body(&head, &mut body);
            note(&|asked| (asked.body, asked.whole) = (body.clone(), whole));
            if !whole {
                return note(&|asked| asked.gone = true);
            }
            match act {
                Act::Early(_) => {}
                Act::Say(text) | Act::Asking(text) => drop(self.stream.write_all(text.as_bytes())),
                Act::Last(text) => {
                    let _ = self.stream.write_all(text.as_bytes());
                    let _ = self.stream.shutdown(Shutdown::Write);
                    // Closing with something unread would take the answer back.
                    let _ = self.stream.set_read_timeout(Some(Duration::from_millis(200)));
                    while self.fill() {}
                    return;
                }
                Act::Halting(first, pause, second) => {
                    let _ = self.stream.write_all(first.as_bytes());
                    sleep(pause);
                    let _ = self.stream.write_all(second.as_bytes());
                    note(&|asked| asked.said = true);
                }
                Act::Raw(pause, text) => {
                    let end = Instant::now() + pause;
                    while let Some(left) = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
                        let _ = self.stream.set_read_timeout(Some(left));
                        if !self.fill() && Instant::now() < end {
                            break;
                        }
                    }
                    let early = std::mem::take(&mut self.rest);
                    note(&|asked| asked.early = early.clone());
                    let _ = self.stream.set_read_timeout(None);
                    let _ = self.stream.write_all(text.as_bytes());
                    while self.fill() {
                        note(&|asked| asked.late = self.rest.clone());
                    }
                    return note(&|asked| asked.gone = true);
                }
            }
        }
    }

    fn fill(&mut self) -> bool {
        let mut buffer = [0; 65_536];
        let read = self.stream.read(&mut buffer).unwrap_or(0);
        self.rest.extend_from_slice(&buffer[..read]);
        read > 0
    }

    fn head(&mut self) -> Option<String> {
        loop {
            if let Some(at) = find(&self.rest, b"\r\n\r\n") {
                let head: Vec<u8> = self.rest.drain(..at + 4).collect();
                return Some(String::from_utf8_lossy(&head).into_owned());
            }
            if !self.fill() {
                return None;
            }
        }
    }

    /// Moves so much of what comes to `body`.
    fn move_on(&mut self, length: usize, body: &mut Vec<u8>) -> bool {
        let want = body.len() + length;
        loop {
            let here = self.rest.len().min(want - body.len());
            body.extend(self.rest.drain(..here));
            if body.len() == want {
                return true;
            }
            if !self.fill() {
                return false;
            }
        }
    }

    /// Moves a line to `body`; what stands on it.
    fn line(&mut self, body: &mut Vec<u8>) -> Option<String> {
        loop {
            if let Some(at) = find(&self.rest, b"\r\n") {
                let line = String::from_utf8_lossy(&self.rest[..at]).into_owned();
                body.extend(self.rest.drain(..at + 2));
                return Some(line);
            }
            if !self.fill() {
                body.append(&mut self.rest);
                return None;
            }
        }
    }

    fn body(&mut self, head: &str, body: &mut Vec<u8>) -> bool {
        if let Some(length) = value(head, "content-length") {
            return self.move_on(length.parse().unwrap(), body);
        }
        if value(head, "transfer-encoding").is_none() {
            return true;
        }
        loop {
            let Some(size) = self.line(body) else { return false };
            let size = usize::from_str_radix(&size, 16).expect("the house writes plain chunk sizes");
            if size == 0 {
                // Whatever stands between the last chunk and the empty line would be trailers.
                loop {
                    match self.line(body) {
                        None => return false,
                        Some(line) if line.is_empty() => return true,
                        Some(_) => {}
                    }
                }
            }
            if !self.move_on(size + 2, body) {
                return false;
            }
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()))
}

/// One answer of several on a connection.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: String,
    /// Whether it came to its end, as far as its framing says.
    whole: bool,
}

/// What came back on a connection.
#[derive(Debug)]
struct Heard {
    replies: Vec<Reply>,
    /// Whether the house closed it.
    closed: bool,
}

impl Heard {
    fn statuses(&self) -> Vec<u16> {
        self.replies.iter().map(|reply| reply.status).collect()
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads until the house closes or has been silent for so long.
fn listen(stream: &mut TcpStream, silence: Duration) -> (Vec<u8>, bool) {
    stream.set_read_timeout(Some(silence)).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 65_536];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (bytes, true),
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return (bytes, false),
            Err(_) => return (bytes, true),
        }
    }
}

/// Reads until what has come satisfies.
fn until(stream: &mut TcpStream, is: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut bytes = Vec::new();
    let mut byte = [0; 4_096];
    while !is(&bytes) {
        match stream.read(&mut byte) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&byte[..read]),
            other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
    bytes
}

/// Sends this in one piece and reads everything that comes.
fn say(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Heard {
    let mut stream = connect(address);
    // The house may answer and close before it has read everything.
    let _ = stream.write_all(bytes.as_ref());
    let (bytes, closed) = listen(&mut stream, SILENCE);
    Heard { replies: replies(&bytes), closed }
}

fn replies(mut rest: &[u8]) -> Vec<Reply> {
    let mut all = Vec::new();
    while !rest.is_empty() {
        let Some(end) = find(rest, b"\r\n\r\n") else {
            all.push(Reply { status: 0, head: String::from_utf8_lossy(rest).into_owned(), body: String::new(), whole: false });
            break;
        };
        let head = String::from_utf8_lossy(&rest[..end + 2]).into_owned();
        rest = &rest[end + 4..];
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let mut body = Vec::new();
        let whole = if status == 100 || status == 204 || status == 304 {
            true
        } else if value(&head, "transfer-encoding").is_some() {
            loop {
                let Some(at) = find(rest, b"\r\n") else { break false };
                let size = usize::from_str_radix(&String::from_utf8_lossy(&rest[..at]), 16).expect("a plain chunk size");
                let next = at + 2 + size + 2;
                if rest.len() < next {
                    body.extend_from_slice(&rest[at + 2..]);
                    rest = &[];
                    break false;
                }
                body.extend_from_slice(&rest[at + 2..at + 2 + size]);
                rest = &rest[next..];
                if size == 0 {
                    break true;
                }
            }
        } else {
            let length = value(&head, "content-length").map(|length| length.parse().expect("a length"));
            let here = length.unwrap_or(rest.len()).min(rest.len());
            body.extend_from_slice(&rest[..here]);
            rest = &rest[here..];
            length.is_none_or(|length: usize| length == here)
        };
        all.push(Reply { status, head, body: String::from_utf8_lossy(&body).into_owned(), whole });
    }
    all
}

/// A house in front of this engine, as `fake`.
fn house(engine: &Engine) -> House {
    House::start(&[("fake", engine.url.clone())])
}

/// The beginning of a head, with a token.
fn begin(token: &str, line: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n")
}

/// A whole request that would reach the engine, if anybody took it for one.
fn smuggled(token: &str) -> String {
    begin(token, "GET /engines/fake/containers/smuggled/json") + "\r\n"
}

/// Says everything that went wrong in a table at once.
fn report(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Sends something malformed with a good request behind it: it must be refused with this status, the connection closed, and the engine
/// must have seen neither.
fn refused(house: &House, engine: &Engine, what: &str, bytes: impl AsRef<[u8]>, status: u16) -> Option<String> {
    let mut all = bytes.as_ref().to_vec();
    all.extend_from_slice(smuggled(&house.admin).as_bytes());
    let heard = say(house.address, all);
    let seen: Vec<_> = engine.take().iter().map(|asked| asked.first_line().to_owned()).collect();
    (heard.statuses() != [status] || !heard.closed || !seen.is_empty())
        .then(|| format!("{what}: expected {status} and the end; got {:?}, closed: {}, the engine saw {seen:?}", heard.statuses(), heard.closed))
}

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";
const JSON: &str = "Content-Type: application/json\r\n";
const CREATE: &str = "POST /engines/fake/containers/create";
const LOAD: &str = "POST /engines/fake/images/load";
const PUT: &str = "PUT /engines/fake/containers/a/archive?path=%2F";

#[test]
fn a_body_that_is_framed_twice_is_refused_and_the_connection_ends() {
    let engine = Engine::echo();
    let house = house(&engine);
    let mut wrong = Vec::new();
    for line in [
        CREATE,
        LOAD,
        PUT,
        "POST /engines/fake/containers/x/start",
        "GET /engines/fake/containers/json",
        "POST /api/v1/session",
        "GET /api/v1/me",
        "POST /sign-in",
        "GET /healthz",
        "GET /",
    ] {
        for (order, framing) in [
            ("length first", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            ("encoding first", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
            ("length nought", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
            ("odd case and spaces", "tRANSFER-eNCODING:\t chunked \r\nX: y\r\ncONTENT-lENGTH:5\r\n"),
            ("two lengths around it", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        ] {
            let request = format!("{}{JSON}{framing}\r\n0\r\n\r\n", begin(&house.admin, line));
            wrong.extend(refused(&house, &engine, &format!("{line}, {order}"), request, 400));
        }
    }
    report(&wrong);
}

#[test]
fn a_bare_line_feed_in_a_head_is_refused_wherever_it_stands() {
    let engine = Engine::echo();
    let house = house(&engine);
    let mut wrong = Vec::new();
    let token = &house.admin;
    let bad = [
        ("everywhere", format!("GET /engines/fake/containers/a/json HTTP/1.1\nHost: x\nAuthorization: Bearer {token}\n\n")),
        ("after the first line", format!("GET /engines/fake/containers/a/json HTTP/1.1\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n")),
        ("after a header", format!("GET /engines/fake/containers/a/json HTTP/1.1\r\nHost: x\nAuthorization: Bearer {token}\r\n\r\n")),
        ("after the last header", format!("GET /engines/fake/containers/a/json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\n\r\n")),
        ("as the empty line", format!("GET /engines/fake/containers/a/json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\n")),
        ("on a body", format!("{}{JSON}Content-Length: 2\n\r\n{{}}", begin(token, CREATE))),
    ];
    for (what, request) in &bad {
        wrong.extend(refused(&house, &engine, what, request, 400));
    }
    // Byte by byte, so that no read holds a whole line.
    for (what, request) in &bad[..2] {
        let mut stream = connect(house.address);
        for byte in request.bytes() {
            let _ = stream.write_all(&[byte]);
        }
        let (bytes, closed) = listen(&mut stream, SILENCE);
        let statuses: Vec<_> = replies(&bytes).iter().map(|reply| reply.status).collect();
        if statuses != [400] || !closed || !engine.take().is_empty() {
            wrong.push(format!("{what}, byte by byte: {statuses:?}, closed: {closed}"));
        }
    }
    report(&wrong);
}

/// The first request of a connection is not the only one that is looked at.
#[test]
fn an_ambiguous_head_is_not_served_behind_a_good_request_either() {
    let engine = Engine::echo();
    let house = house(&engine);
    let mut wrong = Vec::new();
    let first = |line: &str, rest: &str| format!("{}{rest}", begin(&house.admin, line));
    for (after, good) in [
        ("a request without a body", first("GET /engines/fake/containers/good/json", "\r\n")),
        ("a body with a length", first(PUT, "Content-Length: 7\r\n\r\na\n\nb\r\n\r")),
        ("a body in chunks", first(PUT, "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")),
        ("an empty body in chunks", first("GET /api/v1/me", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
        ("a body that waits to be asked for", first(PUT, "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc")),
        ("an upgrade that is not taken up", first("GET /api/v1/me", "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n")),
        ("an upgrade that is refused", first("GET /engines/fake/containers/good/json", "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n")),
        ("an attach without its upgrade", first("POST /engines/fake/containers/good/attach", "\r\n")),
        ("a refused request", first("GET /engines/fake/nope", "\r\n")),
        ("a probe", first("GET /healthz", "\r\n")),
        ("an empty line", "\r\n".to_owned()),
    ] {
        let bad = begin(&house.admin, "POST /engines/fake/containers/bad/start");
        for (what, bad) in [
            ("two framings", format!("{bad}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
            ("a bare line feed", format!("{bad}X: y\n\r\n")),
        ] {
            let heard = say(house.address, format!("{good}{bad}{}", smuggled(&house.admin)));
            let bad: Vec<_> = engine
                .take()
                .into_iter()
                .map(|asked| asked.first_line().to_owned())
                .filter(|line| !line.contains("good") && !line.contains("archive"))
                .collect();
            if !bad.is_empty() || !heard.closed {
                wrong.push(format!("{what} after {after}: {:?}, closed: {}, the engine saw {bad:?}", heard.statuses(), heard.closed));
            }
        }
    }
    report(&wrong);
}

/// The other side of the same coin: who watches heads must not take a body for one.
#[test]
fn in_a_body_line_feeds_and_framing_words_are_bytes_as_any_others() {
    const BODY: &str = "a\n\nContent-Length: 3\nTransfer-Encoding: chunked\r\n\r\nGET / HTTP/1.1\n\n0\r\n\r\n\nb\r\n\r";
    let engine = Engine::echo();
    let house = house(&engine);
    let next = begin(&house.admin, "GET /engines/fake/containers/next/json") + "Connection: close\r\n\r\n";

    let sized = format!("{}Content-Length: {}\r\n\r\n{BODY}", begin(&house.admin, PUT), BODY.len());
    let heard = say(house.address, format!("{sized}{next}"));
    assert_eq!(heard.statuses(), [200, 200], "{heard:?}");
    assert!(heard.replies[1].body.contains("/containers/next/json"), "{heard:?}");
    let seen = engine.take();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert_eq!(String::from_utf8_lossy(&seen[0].body), BODY);

    let chunked = format!("{}{CHUNKED}Connection: close\r\n\r\n{:x}\r\n{BODY}\r\n0\r\n\r\n", begin(&house.admin, PUT), BODY.len());
    let heard = say(house.address, chunked);
    assert_eq!(heard.statuses(), [200], "{heard:?}");
    let seen = engine.take();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(String::from_utf8_lossy(&seen[0].body), format!("{:X}\r\n{BODY}\r\n0\r\n\r\n", BODY.len()));

    // A head that comes byte by byte, and a body cut where it looks like a head's end.
    let mut stream = connect(house.address);
    let (one, two) = (format!("{sized}{next}"), sized.len() - 9);
    for byte in one[..two].bytes() {
        stream.write_all(&[byte]).unwrap();
    }
    sleep(Duration::from_millis(50));
    stream.write_all(&one.as_bytes()[two..]).unwrap();
    let (bytes, _) = listen(&mut stream, SILENCE);
    assert_eq!(replies(&bytes).iter().map(|reply| reply.status).collect::<Vec<_>>(), [200, 200]);
    assert_eq!(engine.take().len(), 2);
}

#[test]
fn a_chunk_whose_size_can_be_read_in_two_ways_ends_the_connection() {
    let engine = Engine::echo();
    let house = house(&engine);
    let mut wrong = Vec::new();
    let rows = [
        ("a bare line feed after the size", "2\n{}\r\n0\r\n\r\n"),
        ("a bare line feed after the data", "2\r\n{}\n0\r\n\r\n"),
        ("a bare line feed after the last size", "2\r\n{}\r\n0\n\r\n"),
        ("a bare carriage return after the size", "2\r{}\r\n0\r\n\r\n"),
        ("a bare line feed in an extension", "2;a\n{}\r\n0\r\n\r\n"),
        ("less than nothing", "-2\r\n{}\r\n0\r\n\r\n"),
        ("more by a sign", "+2\r\n{}\r\n0\r\n\r\n"),
        ("a prefix", "0x2\r\n{}\r\n0\r\n\r\n"),
        ("a space before", " 2\r\n{}\r\n0\r\n\r\n"),
        ("a space within", "2 2\r\n{}\r\n0\r\n\r\n"),
        ("no size", "\r\n{}\r\n0\r\n\r\n"),
        ("no digits", "two\r\n{}\r\n0\r\n\r\n"),
        ("more than 64 bits", "10000000000000002\r\n{}\r\n0\r\n\r\n"),
        ("an underscore", "0_2\r\n{}\r\n0\r\n\r\n"),
        ("data that is longer than its size", "2\r\n{}  \r\n0\r\n\r\n"),
    ];
    for (what, body) in rows {
        let json = format!("{}{JSON}{CHUNKED}\r\n{body}", begin(&house.admin, CREATE));
        wrong.extend(refused(&house, &engine, what, json, 400));
    }
    // A stream is on its way to the engine when its chunks go wrong: there it must break off, not end.
    for (what, body) in rows {
        let heard = say(house.address, format!("{}{CHUNKED}\r\n3\r\nabc\r\n{body}{}", begin(&house.admin, LOAD), smuggled(&house.admin)));
        // It was not the engine who broke off, and nobody is to be told so.
        if heard.statuses() != [400] || !heard.closed {
            wrong.push(format!("{what}, in a stream: expected 400 and the end; got {:?}, closed: {}", heard.statuses(), heard.closed));
        }
    }
    let seen = engine.wait("an end", |seen| seen.iter().all(|asked| asked.whole || asked.gone));
    for asked in seen.iter().filter(|asked| asked.whole || !asked.first_line().contains("/images/load")) {
        wrong.push(format!("a stream that went wrong looks whole: {asked:?}"));
    }
    // The last of them may still be on their way.
    sleep(Duration::from_millis(100));
    engine.take();
    // Where the empty line at the end is half of one, whoever reads on takes the next request for a trailer: there must be no next.
    let (half, next) = ("2\r\n{}\r\n0\r\n\n", smuggled(&house.admin));
    let heard = say(house.address, format!("{}{JSON}{CHUNKED}\r\n{half}{next}{next}", begin(&house.admin, CREATE)));
    let seen = engine.take();
    if heard.replies.len() != 1 || !heard.closed || seen.iter().any(|asked| asked.first_line().contains("smuggled")) {
        wrong.push(format!("a bare line feed at the end: {:?}, closed: {}, the engine saw {seen:?}", heard.statuses(), heard.closed));
    }
    // A size that nothing can hold is too large to be judged, before its data comes.
    let huge = format!("{}{JSON}{CHUNKED}\r\nffffffffffffffff\r\n{{}}", begin(&house.admin, CREATE));
    let mut stream = connect(house.address);
    stream.write_all(huge.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let (bytes, closed) = listen(&mut stream, SILENCE);
    assert_eq!(replies(&bytes).iter().map(|reply| reply.status).collect::<Vec<_>>(), [400]);
    assert!(closed && engine.take().is_empty());
    report(&wrong);
}

#[test]
fn chunk_extensions_and_trailers_go_no_further_than_the_door() {
    let engine = Engine::echo();
    let house = house(&engine);
    let trailers = "X-Remote-User: root\r\nImpersonate-User: root\r\nContent-Length: 99\r\nAuthorization: Bearer trailer\r\nHost: trailer\r\n";
    let json = format!(
        "{}{JSON}{CHUNKED}Trailer: X-Remote-User\r\nConnection: close\r\n\r\nd;name=value;quoted=\"a;b\"\r\n{{\"Image\":\"x\"}}\r\n0;last\r\n{trailers}\r\n",
        begin(&house.admin, CREATE)
    );
    let heard = say(house.address, json);
    assert_eq!(heard.statuses(), [200], "{heard:?}");
    let seen = engine.take();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!((String::from_utf8_lossy(&seen[0].body).as_ref(), seen[0].framings()), (r#"{"Image":"x"}"#, 1));
    assert_eq!(seen[0].names(), names(&["host", "user-agent", "content-type", "content-length"]));

    let upload = format!("{}{CHUNKED}TE: trailers\r\nConnection: close, TE\r\n\r\n3;ext=1\r\nabc\r\n0\r\n{trailers}\r\n", begin(&house.admin, LOAD));
    let heard = say(house.address, upload);
    assert_eq!(heard.statuses(), [200], "{heard:?}");
    let seen = engine.take();
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!((String::from_utf8_lossy(&seen[0].body).as_ref(), seen[0].framings()), ("3\r\nabc\r\n0\r\n\r\n", 1));
    assert_eq!(seen[0].names(), names(&["host", "user-agent", "content-type", "transfer-encoding"]));

    // Extensions and trailers without end are a way to keep a door busy.
    let many = format!("{}{CHUNKED}\r\n1;{}\r\na\r\n0\r\n\r\n", begin(&house.admin, CREATE), "e".repeat(64 * 1024));
    report(&refused(&house, &engine, "an extension of 64 KiB", many, 400).into_iter().collect::<Vec<_>>());
    let many = format!("{}{JSON}{CHUNKED}\r\n2\r\n{{}}\r\n0\r\n{}\r\n", begin(&house.admin, CREATE), "a: b\r\n".repeat(10_000));
    report(&refused(&house, &engine, "ten thousand trailers", many, 400).into_iter().collect::<Vec<_>>());
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_head_that_is_not_as_it_should_be_ends_the_connection() {
    let engine = Engine::echo();
    let house = house(&engine);
    let token = &house.admin;
    let mut wrong = Vec::new();
    let get = "GET /engines/fake/containers/a/json";
    let lines = |line: &str| format!("{line}\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n");
    let with = |extra: &str| format!("{}{extra}\r\n", begin(token, get));
    let post = |framing: &str| format!("{}{JSON}{framing}\r\n{{}}", begin(token, CREATE));
    for (what, request, status) in [
        ("chunks in HTTP/1.0", lines(get).replace("json\r\n", "json HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"), 400),
        ("a line folded", with("X: a\r\n b\r\n"), 400),
        ("a line folded by a tab", with("X: a\r\n\tb\r\n"), 400),
        ("the first header folded", format!("{get} HTTP/1.1\r\n Host: x\r\nAuthorization: Bearer {token}\r\n\r\n"), 400),
        ("a framing folded", post("Transfer-Encoding:\r\n chunked\r\n"), 400),
        ("a nought in a value", with("X: a\0b\r\n"), 400),
        ("a nought in the token", format!("{get} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\0\r\n\r\n"), 400),
        ("a bell in a value", with("X: a\x07b\r\n"), 400),
        ("a delete in a value", with("X: a\x7fb\r\n"), 400),
        ("an escape in a value", with("X: \x1b[2J\r\n"), 400),
        ("a bare carriage return in a value", with("X: a\rY: b\r\n"), 400),
        ("a bare carriage return as the end of a line", with("X: a\r\rY: b\r\n"), 400),
        ("a nought in a name", with("X\0Y: a\r\n"), 400),
        ("a space in a name", with("X Y: a\r\n"), 400),
        ("a space before the colon", with("Content-Length : 0\r\n"), 400),
        ("no name", with(": a\r\n"), 400),
        ("no colon", with("X\r\n"), 400),
        ("a name that is not ASCII", with("X\u{e9}: a\r\n"), 400),
        ("a nought in the target", lines("GET /engines/fake/containers/a\0/json HTTP/1.1"), 400),
        ("a bell in the target", lines("GET /engines/fake/containers/a\x07/json HTTP/1.1"), 400),
        ("a delete in the target", lines("GET /engines/fake/containers/a\x7f/json HTTP/1.1"), 400),
        ("a tab in the target", lines("GET /engines/fake/containers/a\t/json HTTP/1.1"), 400),
        ("a space in the target", lines("GET /engines/fake/containers/a /json HTTP/1.1"), 400),
        ("a carriage return in the target", lines("GET /engines/fake/containers/a\r/json HTTP/1.1"), 400),
        ("two spaces after the method", lines("GET  /engines/fake/containers/a/json HTTP/1.1"), 400),
        ("two spaces after the target", lines("GET /engines/fake/containers/a/json  HTTP/1.1"), 400),
        ("a space before the method", lines(" GET /engines/fake/containers/a/json HTTP/1.1"), 400),
        ("a tab after the method", lines("GET\t/engines/fake/containers/a/json HTTP/1.1"), 400),
        ("a target without its slash", lines("GET engines/fake/containers/a/json HTTP/1.1"), 400),
        ("HTTP/0.9", "GET /engines/fake/containers/a/json\r\n".to_owned(), 400),
        ("HTTP/0.9 with headers", lines(get), 400),
        ("HTTP/0.9 by number", lines(&format!("{get} HTTP/0.9")), 400),
        ("HTTP/1.2", lines(&format!("{get} HTTP/1.2")), 400),
        ("HTTP/3.0", lines(&format!("{get} HTTP/3.0")), 400),
        ("HTTP/1", lines(&format!("{get} HTTP/1")), 400),
        ("HTTP/1.10", lines(&format!("{get} HTTP/1.10")), 400),
        ("http/1.1", lines(&format!("{get} http/1.1")), 400),
        ("a version and a space", lines(&format!("{get} HTTP/1.1 ")), 400),
        ("a length that is none", post("Content-Length: two\r\n"), 400),
        ("a length without digits", post("Content-Length:\r\n"), 400),
        ("a length with a sign", post("Content-Length: +2\r\n"), 400),
        ("a length below nought", post("Content-Length: -2\r\n"), 400),
        ("a length with a prefix", post("Content-Length: 0x2\r\n"), 400),
        ("a length said twice in a line", post("Content-Length: 2, 2\r\n"), 400),
        ("a length with a space within", post("Content-Length: 2 2\r\n"), 400),
        ("a length that no number holds", post("Content-Length: 99999999999999999999\r\n"), 400),
        ("an encoding that is none", post("Transfer-Encoding: xchunked\r\n"), 400),
        ("an encoding without a name", post("Transfer-Encoding:\r\n"), 400),
        ("an encoding in quotes", post("Transfer-Encoding: \"chunked\"\r\n"), 400),
        ("chunks twice", post("Transfer-Encoding: chunked, chunked\r\n"), 400),
        ("chunks that are not last", post("Transfer-Encoding: chunked, gzip\r\n"), 400),
        ("chunks behind a comma", post("Transfer-Encoding: , chunked\r\n"), 400),
        ("chunks of gzip", post("Transfer-Encoding: gzip, chunked\r\n"), 400),
        ("an encoding behind a vertical tab", post("Transfer-Encoding: \x0bchunked\r\n"), 400),
        ("a head of 128 KiB", with(&format!("X: {}\r\n", "a".repeat(128 * 1024))), 431),
        ("128 KiB of headers", with(&format!("X: {}\r\n", "a".repeat(2_000)).repeat(64)), 431),
        ("two hundred headers", with(&"X: a\r\n".repeat(200)), 431),
        ("a target of 128 KiB", lines(&format!("GET /engines/fake/{} HTTP/1.1", "a".repeat(128 * 1024))), 431),
    ] {
        wrong.extend(refused(&house, &engine, what, request, status));
    }
    report(&wrong);
}

#[test]
fn two_requests_in_one_write_are_two_requests() {
    let engine = Engine::echo();
    let house = house(&engine);
    let token = &house.admin;
    let json = r#"{"Image":"x"}"#;
    let all = [
        begin(token, "GET /engines/fake/containers/one/json") + "\r\n",
        format!("{}{JSON}Content-Length: {}\r\n\r\n{json}", begin(token, "POST /engines/fake/containers/create?name=two"), json.len()),
        format!("{}Content-Length: 3\r\n\r\nabc", begin(token, "PUT /engines/fake/containers/three/archive?path=%2F")),
        begin(token, "GET /engines/fake/containers/four/json") + "\r\n",
        format!("{}Content-Length: 0\r\nConnection: close\r\n\r\n", begin(token, "POST /engines/fake/containers/five/start")),
        // Behind a request that ends the connection there is none.
        smuggled(token),
    ];
    let heard = say(house.address, all.concat());
    assert_eq!(heard.statuses(), [200; 5], "{heard:?}");
    assert!(heard.closed);
    let asked = [
        "/containers/one/json",
        "/containers/create?name=two",
        "/containers/three/archive?path=%2F",
        "/containers/four/json",
        "/containers/five/start",
    ];
    for (reply, path) in heard.replies.iter().zip(asked) {
        assert_eq!(reply.body, json!({ "path": path }).to_string());
    }
    let seen = engine.take();
    let targets: Vec<_> = seen.iter().map(|asked| asked.head.split(' ').nth(1).unwrap()).collect();
    assert_eq!(targets, asked, "each once, in their order");
    for asked in &seen {
        assert_eq!(asked.framings(), usize::from(!asked.body.is_empty()), "{asked:?}");
    }
    let bodies: Vec<_> = seen.iter().map(|asked| String::from_utf8_lossy(&asked.body).into_owned()).collect();
    assert_eq!(bodies, ["", json, "abc", "", ""]);
}

/// Whoever answers before having read a body must not take that body for the next request.
#[test]
fn the_body_of_a_refused_request_is_never_a_request() {
    let engine = Engine::echo();
    let house = house(&engine);
    let viewer = house.user("vic", "viewer", "engine/fake");
    let inner = smuggled(&house.admin);
    let mut wrong = Vec::new();
    for (what, token, line, extra, status) in [
        ("unknown", house.admin.as_str(), "POST /engines/fake/nope", "", 403),
        ("no token of ours", "ph_pat_nope", CREATE, "", 401),
        ("not allowed", &viewer, CREATE, "", 403),
        ("not allowed, an upload", &viewer, LOAD, "", 403),
        ("an operation without a body", &house.admin, "POST /engines/fake/containers/x/start", "", 400),
        ("compressed", &house.admin, CREATE, "Content-Encoding: gzip\r\n", 415),
        ("a form", &house.admin, LOAD, "Content-Type: application/x-www-form-urlencoded\r\n", 415),
        ("no JSON", &house.admin, CREATE, JSON, 400),
        ("another site's", &house.admin, CREATE, "Origin: http://evil.example\r\n", 403),
        ("no such path of the API", &house.admin, "POST /api/v1/nope", "", 404),
        ("no method of this path", &house.admin, "PUT /api/v1/me", "", 405),
        ("nothing of the console", &house.admin, "POST /nope", "", 404),
    ] {
        for expect in ["", "Expect: 100-continue\r\n"] {
            // In one write, then in two: what the door does depends on what lies in its buffer.
            for pause in [false, true] {
                let head = format!("{}{extra}{expect}Content-Length: {}\r\n\r\n", begin(token, line), inner.len());
                let mut stream = connect(house.address);
                let _ = stream.write_all(head.as_bytes());
                if pause {
                    sleep(Duration::from_millis(30));
                }
                let _ = stream.write_all(inner.as_bytes());
                let first = until(&mut stream, |bytes| replies(bytes).iter().any(|reply| reply.status != 100 && reply.whole));
                // Whether the connection goes on or not: there is one answer to one request.
                let (rest, _) = listen(&mut stream, Duration::from_millis(100));
                let mut statuses: Vec<_> = replies(&[first, rest].concat()).iter().map(|reply| reply.status).collect();
                statuses.retain(|status| *status != 100);
                let seen = engine.take();
                if statuses != [status] || !seen.is_empty() {
                    wrong.push(format!("{what}, {expect:?}, in two: {pause}: expected {status}, got {statuses:?}, the engine saw {seen:?}"));
                }
            }
        }
    }
    report(&wrong);
}

/// What a spelling of a path may come to.
enum Comes {
    /// To nothing: this status, and the engine sees nothing.
    Refused(u16),
    /// To this, and to nothing else, whatever it was spelt like.
    To(&'static str),
}

#[test]
fn every_spelling_of_a_path_is_refused_or_made_canonical() {
    use Comes::{Refused, To};
    let engine = Engine::echo();
    let house = house(&engine);
    let mut wrong = Vec::new();
    let table = [
        // The version.
        ("/engines/fake/containers/json", To("/containers/json")),
        ("/engines/fake/v1.44/containers/json", To("/v1.44/containers/json")),
        ("/engines/fake/v01.44/containers/json", Refused(400)),
        ("/engines/fake/v1.044/containers/json", Refused(400)),
        ("/engines/fake/v1..44/containers/json", Refused(400)),
        ("/engines/fake/v1.44./containers/json", Refused(400)),
        ("/engines/fake/v1.44.0/containers/json", Refused(400)),
        ("/engines/fake/v1.44/v1.45/containers/json", Refused(403)),
        ("/engines/fake/V1.44/containers/json", Refused(400)),
        ("/engines/fake/v99.9/containers/json", Refused(400)),
        ("/engines/fake/v1/containers/json", Refused(400)),
        ("/engines/fake/v.1/containers/json", Refused(400)),
        ("/engines/fake/v1.4a/containers/json", Refused(400)),
        ("/engines/fake/v1.+4/containers/json", Refused(400)),
        ("/engines/fake/v1.4444/containers/json", Refused(400)),
        ("/engines/fake/v1%2E44/containers/json", Refused(400)),
        ("/engines/fake/v1.44%2Fcontainers/json", Refused(400)),
        ("/engines/fake/v1.44", Refused(400)),
        ("/engines/fake/v1.44/", Refused(400)),
        // The path.
        ("/engines/fake/containers/%6ason", Refused(400)),
        ("/engines/fake/%63ontainers/json", Refused(400)),
        ("/engines/fake/containers%2Fjson", Refused(400)),
        ("/engines/fake/containers%2fjson", Refused(400)),
        ("/engines/fake/containers%252Fjson", Refused(400)),
        ("/engines/fake//containers/json", Refused(400)),
        ("/engines/fake/containers//json", Refused(400)),
        ("/engines/fake/./containers/json", Refused(400)),
        ("/engines/fake/containers/./json", Refused(400)),
        ("/engines/fake/../containers/json", Refused(400)),
        ("/engines/fake/images/../containers/json", Refused(400)),
        ("/engines/fake/images/..;/containers/json", Refused(400)),
        ("/engines/fake/images/%2e%2e/containers/json", Refused(400)),
        ("/engines/fake/images/%252e%252e/containers/json", Refused(400)),
        ("/engines/fake/images/.%2e/containers/json", Refused(400)),
        ("/engines/fake/images/x/../../containers/json", Refused(400)),
        ("/engines/fake/containers\\json", Refused(400)),
        ("/engines/fake/containers/json;x=1", Refused(400)),
        ("/engines/fake/containers;x=1/json", Refused(400)),
        ("/engines/fake/containers/json/", Refused(400)),
        ("/engines/fake/containers/json%20", Refused(400)),
        ("/engines/fake/containers/json%00", Refused(400)),
        ("/engines/fake/containers/json%0a", Refused(400)),
        ("/engines/fake/containers/json%0d%0aX:%20y", Refused(400)),
        ("/engines/fake/containers/json%zz", Refused(400)),
        ("/engines/fake/containers/json%", Refused(400)),
        ("/engines/fake/containers/json%3Fall=1", Refused(400)),
        ("/engines/fake/containers/json%23", Refused(400)),
        ("/engines/fake/containers/js\u{f6}n", Refused(400)),
        ("/engines/fake/containers/\u{ff0e}\u{ff0e}/json", Refused(400)),
        ("/engines/fake/containers/{id}/json", Refused(400)),
        ("/engines/fake/containers/\"a\"/json", Refused(400)),
        ("/engines/fake/containers/*/json", Refused(400)),
        ("/engines/fake/containers/~a/json", Refused(400)),
        ("/engines/fake/containers/-a/json", Refused(403)),
        ("/engines/fake/containers/a:b/json", Refused(403)),
        ("/engines/fake/Containers/json", Refused(403)),
        ("/engines/fake/containers/JSON", Refused(403)),
        ("/engines/fake/nope", Refused(403)),
        ("/engines/fake/", Refused(400)),
        ("/engines/fake", Refused(400)),
        ("/engines/fake/debug/pprof/", Refused(403)),
        ("/engines/fake/engines/none/containers/json", Refused(403)),
        ("/engines/fake/api/v1/me", Refused(403)),
        // The engine's name.
        ("/engines/", Refused(400)),
        ("/engines//containers/json", Refused(400)),
        ("/engines/%66ake/containers/json", Refused(400)),
        ("/engines/FAKE/containers/json", Refused(400)),
        ("/engines/fake%2Fcontainers/json", Refused(400)),
        ("/engines/./fake/containers/json", Refused(400)),
        ("/engines/../engines/fake/containers/json", Refused(400)),
        ("/engines/none/containers/json", Refused(404)),
        ("/Engines/fake/containers/json", Refused(404)),
        ("//engines/fake/containers/json", Refused(404)),
        ("/./engines/fake/containers/json", Refused(404)),
        ("/x/../engines/fake/containers/json", Refused(404)),
        ("/%65ngines/fake/containers/json", Refused(404)),
        ("/engines%2Ffake/containers/json", Refused(404)),
        ("/api/../engines/fake/containers/json", Refused(404)),
        ("/api/v1/engines/fake/../../../../engines/fake/containers/json", Refused(404)),
        ("/containers/json", Refused(404)),
        ("/v1.44/containers/json", Refused(404)),
        // The form of the target.
        ("http://x/engines/fake/containers/json", Refused(400)),
        ("http://other/engines/fake/containers/json", Refused(400)),
        ("https://x/engines/fake/containers/json", Refused(400)),
        ("ftp://x/engines/fake/containers/json", Refused(400)),
        ("file:///engines/fake/containers/json", Refused(400)),
        ("x:80", Refused(400)),
        ("*", Refused(400)),
        ("engines/fake/containers/json", Refused(400)),
        ("?/engines/fake/containers/json", Refused(400)),
        // The query.
        ("/engines/fake/containers/json?", To("/containers/json")),
        ("/engines/fake/containers/json?all=%31", To("/containers/json?all=1")),
        ("/engines/fake/containers/json?%61ll=1&&", To("/containers/json?all=1")),
        ("/engines/fake/containers/json?all", To("/containers/json?all=")),
        ("/engines/fake/containers/json?all=1+1", To("/containers/json?all=1%201")),
        ("/engines/fake/containers/json?filters=%7b\"a\":1}", Refused(400)),
        ("/engines/fake/containers/json?all=1%0d%0aX:y", To("/containers/json?all=1%0D%0AX%3Ay")),
        ("/engines/fake/containers/json?all=1%26limit=2", To("/containers/json?all=1%26limit%3D2")),
        ("/engines/fake/containers/json?all=1?limit=2", To("/containers/json?all=1%3Flimit%3D2")),
        ("/engines/fake/containers/json?all=%2", Refused(400)),
        ("/engines/fake/containers/json?all=%zz", Refused(400)),
        ("/engines/fake/containers/json?all=%00", Refused(400)),
        ("/engines/fake/containers/json?all=%ff", Refused(400)),
        ("/engines/fake/containers/json?all=%c0%ae", Refused(400)),
        ("/engines/fake/containers/json?all=1&all=0", Refused(400)),
        ("/engines/fake/containers/json?all=1&%61ll=0", Refused(400)),
        ("/engines/fake/containers/json?All=1", Refused(400)),
        ("/engines/fake/containers/json?all%00=1", Refused(400)),
        ("/engines/fake/containers/json?all=1;limit=2", Refused(400)),
        ("/engines/fake/containers/json?all=1%3Blimit=2", To("/containers/json?all=1%3Blimit%3D2")),
        ("/engines/fake/containers/json?nope=1", Refused(400)),
        ("/engines/fake/containers/json?=1", Refused(400)),
        ("/engines/fake/images/get?names=a&names=b", To("/images/get?names=a&names=b")),
    ];
    let ask =
        |target: &str, extra: &str| say(house.address, format!("{}{extra}Connection: close\r\n\r\n", begin(&house.admin, &format!("GET {target}"))));
    let mut check = |what: &str, heard: &Heard, comes: &Comes| {
        let seen: Vec<_> = engine.take().iter().map(|asked| asked.first_line().to_owned()).collect();
        let (status, lines) = match comes {
            Refused(status) => (*status, vec![]),
            To(target) => (200, vec![format!("GET {target} HTTP/1.1")]),
        };
        if heard.statuses() != [status] || seen != lines {
            wrong.push(format!("{what}: expected {status} and {lines:?}; got {:?} and the engine saw {seen:?}", heard.statuses()));
        }
    };
    for (target, comes) in &table {
        check(target, &ask(target, ""), comes);
        // The same behind the header that names the engine: there the path begins at the root.
        if let Some(path) = target.strip_prefix("/engines/fake/").filter(|path| !path.starts_with("engines/")) {
            check(&format!("/{path} by header"), &ask(&format!("/{path}"), "Pilothouse-Engine: fake\r\n"), comes);
        }
    }
    // A fragment is never sent by a client that knows what it is.
    let heard = ask("/engines/fake/containers/json#/../x", "");
    let seen: Vec<_> = engine.take().iter().map(|asked| asked.first_line().to_owned()).collect();
    let fits = match heard.statuses()[..] {
        [400] => seen.is_empty(),
        [200] => seen == ["GET /containers/json HTTP/1.1"],
        _ => false,
    };
    assert!(fits, "{heard:?}, {seen:?}");
    report(&wrong);
}

/// G12: Docker reads some settings from a form in the body too, and takes the first or the last of two.
#[test]
fn a_setting_that_comes_twice_or_by_another_way_is_refused() {
    let engine = Engine::echo();
    let house = house(&engine);
    let mut wrong = Vec::new();
    let pull = "POST /engines/fake/images/create?fromImage=a";
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for (what, line, media, body, status) in [
        ("twice", "POST /engines/fake/images/create?fromImage=a&fromImage=b".to_owned(), "", "", 400),
        ("twice, once escaped", format!("{pull}&from%49mage=b"), "", "", 400),
        ("behind a semicolon", format!("{pull};fromImage=b"), "", "", 400),
        ("in another case", format!("{pull}&FromImage=b"), "", "", 400),
        ("in a form", pull.to_owned(), form, "fromImage=b", 415),
        (
            "in a form that says how it is written",
            pull.to_owned(),
            "Content-Type: Application/X-WWW-Form-URLEncoded; charset=utf-8\r\n",
            "fromImage=b",
            415,
        ),
        ("in a form of parts", pull.to_owned(), "Content-Type: multipart/form-data; boundary=b\r\n", "--b--", 415),
        ("in a form on a start", "POST /engines/fake/containers/x/start".to_owned(), form, "detachKeys=b", 400),
        ("in a form on a create", CREATE.to_owned(), form, "name=b", 400),
    ] {
        let request = format!("{}{media}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", begin(&house.admin, &line), body.len());
        let heard = say(house.address, request);
        let seen = engine.take();
        if heard.statuses() != [status] || !seen.is_empty() {
            wrong.push(format!("{what}: expected {status}, got {:?}, the engine saw {seen:?}", heard.statuses()));
        }
    }
    report(&wrong);
    // Whatever media type the client says, the engine is told the one that it cannot take for a form.
    let request = format!("{}Content-Type: text/html\r\nConnection: close\r\nContent-Length: 3\r\n\r\na=b", begin(&house.admin, pull));
    assert_eq!(say(house.address, request).statuses(), [200]);
    let seen = engine.take();
    assert_eq!(value(&seen[0].head, "content-type"), Some("text/plain"), "{seen:?}");
}

/// Everything by which a client could speak to an engine, or to what stands before it, in another's name. Each value bears a mark.
fn disguise() -> String {
    let marked = [
        "Impersonate-User",
        "Impersonate-Uid",
        "Impersonate-Group",
        "Impersonate-Extra-Scopes",
        "X-Remote-User",
        "X-Remote-Group",
        "X-Remote-Extra-Scopes",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-User",
        "X-Forwarded-Email",
        "X-Forwarded-Access-Token",
        "X-Forwarded-Client-Cert",
        "X-Forwarded-Prefix",
        "X-Real-IP",
        "X-Auth-Request-User",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-HTTP-Method-Override",
        "X-Docker-Token",
        "X-Meta-Anything",
        "Forwarded",
        "Via",
        "Cookie",
        "Proxy",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Keep-Alive",
        "Accept",
        "Accept-Encoding",
        "Range",
        "If-Match",
        "Referer",
        "User-Agent",
        "Content-Language",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Extensions",
        "HTTP2-Settings",
        "Trailer",
        "Date",
    ];
    let mut all: String = marked.iter().map(|name| format!("{name}: mark\r\n")).collect();
    all += "X-Forwarded-For: 192.0.2.1, mark\r\nTE: trailers, mark\r\nCookie: pilothouse=mark; __Host-pilothouse=mark\r\nImpersonate-User: mark\r\n";
    all + "Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.mark, mark\r\n"
}

#[test]
fn nothing_of_whoever_asks_reaches_the_engine() {
    let engine = Engine::start(|target| match target.split(['/', '?']).nth(3) {
        Some("attach" | "start") => Act::Raw(Duration::ZERO, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".to_owned()),
        _ if target == "/session" => Act::Raw(Duration::ZERO, "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n".to_owned()),
        _ => Act::Say(echo(target)),
    });
    let house = house(&engine);
    let trick =
        "host, user-agent, content-type, content-length, transfer-encoding, authorization, impersonate-user, x-remote-user, pilothouse-engine";
    let plain = format!("Connection: close, {trick}\r\n");
    let upgrade = format!("Connection: Upgrade, {trick}, upgrade\r\nUpgrade: tcp\r\n");
    let h2c = format!("Connection: Upgrade, {trick}\r\nUpgrade: h2c\r\nX-Docker-Expose-Session-Uuid: id\r\n");
    let session = "X-Docker-Expose-Session-Uuid: mark\r\n";
    let registry = "X-Registry-Auth: cmVnaXN0cnk=\r\n";
    for (line, extra, status, expected) in [
        ("GET /engines/fake/containers/json", format!("{plain}{session}"), 200, &["host", "user-agent"][..]),
        ("GET /engines/fake/containers/a/logs", format!("{plain}{session}"), 200, &["host", "user-agent"]),
        (CREATE, format!("{plain}{session}{JSON}Content-Length: 2\r\n"), 200, &["host", "user-agent", "content-type", "content-length"]),
        (
            LOAD,
            format!("{plain}{session}Content-Type: mark/mark\r\nContent-Length: 2\r\n"),
            200,
            &["host", "user-agent", "content-type", "content-length"],
        ),
        (
            "POST /engines/fake/images/a/push",
            format!("{plain}{registry}Content-Length: 0\r\n"),
            200,
            &["host", "user-agent", "content-type", "content-length", "x-registry-auth"],
        ),
        ("POST /engines/fake/containers/a/attach?stream=1", upgrade.clone(), 101, &["host", "user-agent", "connection", "upgrade", "content-length"]),
        (
            "POST /engines/fake/exec/a/start",
            format!("{upgrade}{JSON}Content-Length: 2\r\n"),
            101,
            &["host", "user-agent", "connection", "upgrade", "content-type", "content-length"],
        ),
        ("POST /engines/fake/session", h2c, 101, &["host", "user-agent", "connection", "upgrade", "content-length", "x-docker-expose-session-uuid"]),
    ] {
        let body = if extra.contains("Content-Length: 2") { "{}" } else { "" };
        let mut stream = connect(house.address);
        stream.write_all(format!("{}{}{extra}\r\n{body}", begin(&house.admin, line), disguise()).as_bytes()).unwrap();
        let answer = until(&mut stream, |bytes| bytes.len() >= 12);
        assert_eq!(String::from_utf8_lossy(&answer[..12]), format!("HTTP/1.1 {status}"), "{line}: {}", String::from_utf8_lossy(&answer));
        let seen = engine.take();
        assert_eq!(seen.len(), 1, "{line}: {seen:?}");
        let head = &seen[0].head;
        assert!(!head.contains("mark") && !head.contains("ph_pat_"), "{line}: {head}");
        assert_eq!(value(head, "host"), Some("docker"), "{line}: {head}");
        assert_eq!(value(head, "user-agent"), Some("Pilothouse"), "{line}: {head}");
        assert_eq!(head.lines().skip(1).filter(|line| !line.is_empty()).count(), seen[0].names().len(), "{line}: something comes twice: {head}");
        let mut surplus: BTreeSet<_> = seen[0].names().difference(&names(expected)).cloned().collect();
        assert!(surplus.is_empty(), "{line}: {surplus:?} in {head}");
        // A length of nought may stand or not.
        surplus.extend(names(expected).difference(&seen[0].names()).filter(|name| *name != "content-length" || !body.is_empty()).cloned());
        assert!(surplus.is_empty(), "{line}: {surplus:?} not in {head}");
        if status == 101 {
            assert_eq!(value(head, "connection").map(str::to_ascii_lowercase).as_deref(), Some("upgrade"), "{line}: {head}");
        }
    }
}

/// At the engine door there is one way to say who one is.
#[test]
fn no_other_credential_than_the_header_opens_the_engine_door() {
    let engine = Engine::echo();
    let house = house(&engine);
    let cookie = house.sign_in("admin", PASSWORD);
    let (token, mut wrong) = (&house.admin, Vec::new());
    for (what, headers, status) in [
        ("nothing", String::new(), 401),
        ("a session", format!("Cookie: {cookie}\r\n"), 401),
        ("a token as a cookie", format!("Cookie: {}={token}\r\n", cookie.split('=').next().unwrap()), 401),
        ("a session as a token", format!("Authorization: Bearer {}\r\n", cookie.split_once('=').unwrap().1), 401),
        ("a token of WebSockets", format!("Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.{token}\r\n"), 401),
        ("a token for a proxy", format!("Proxy-Authorization: Bearer {token}\r\n"), 401),
        ("a token of another scheme", format!("Authorization: Basic {token}\r\n"), 401),
        ("a token without a scheme", format!("Authorization: {token}\r\n"), 401),
        ("two tokens in a line", format!("Authorization: Bearer {token}, Bearer {token}\r\n"), 401),
        ("a token and more", format!("Authorization: Bearer {token} x\r\n"), 401),
        ("two tokens", format!("Authorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n"), 400),
        ("a name that says so", "X-Remote-User: admin\r\nX-Forwarded-User: admin\r\nImpersonate-User: admin\r\n".to_owned(), 401),
        ("a token in the query", String::new(), 401),
    ] {
        let query = if what.ends_with("query") { format!("?token={token}&access_token={token}") } else { String::new() };
        let heard = say(house.address, format!("GET /engines/fake/containers/json{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"));
        let seen = engine.take();
        if heard.statuses() != [status] || !seen.is_empty() {
            wrong.push(format!("{what}: expected {status}, got {:?}, the engine saw {seen:?}", heard.statuses()));
        }
    }
    report(&wrong);
}

/// What an engine must not be able to tell a client, or the browser it runs in.
const HARMFUL: &str = "Set-Cookie: pilothouse=mark\r\nSet-Cookie: __Host-pilothouse=mark; Path=/\r\nWWW-Authenticate: Bearer realm=\"http://evil.example/mark\"\r\n\
    Proxy-Authenticate: Basic realm=mark\r\nLocation: http://evil.example/mark\r\nContent-Location: /mark\r\nRefresh: 0; url=http://evil.example/mark\r\n\
    Link: <http://evil.example/mark>; rel=preload\r\nAccess-Control-Allow-Origin: mark\r\nAccess-Control-Allow-Credentials: mark\r\nAlt-Svc: h2=\"mark\"\r\n\
    Clear-Site-Data: \"mark\"\r\nStrict-Transport-Security: mark\r\nContent-Security-Policy: mark\r\nService-Worker-Allowed: /mark\r\nSourceMap: mark\r\n\
    X-Forwarded-For: mark\r\nX-Named: mark\r\nKeep-Alive: mark\r\nTrailer: mark\r\nVia: mark\r\nContent-Encoding: mark\r\nETag: \"mark\"\r\nSec-WebSocket-Protocol: mark\r\n\
    X-Accel-Redirect: /mark\r\nX-Sendfile: /mark\r\nPilothouse-Engine: mark\r\nConnection: x-named, content-type\r\n";

#[test]
fn nothing_but_the_answer_comes_back_from_the_engine() {
    let engine = Engine::start(|target| {
        let head = |status: &str, rest: &str| format!("HTTP/1.1 {status}\r\n{HARMFUL}Api-Version: 1.41\r\n{rest}");
        match target.split('/').nth(2) {
            Some("refused") => Act::Say(head("401 Unauthorized", "Content-Length: 2\r\n\r\n{}")),
            Some("chunks") => {
                Act::Say(head("200 OK", "Transfer-Encoding: chunked\r\n\r\n2;ext=mark\r\n{}\r\n0\r\nX-Trailer: mark\r\nSet-Cookie: a=mark\r\n\r\n"))
            }
            Some("switched") => Act::Raw(Duration::ZERO, head("101 mark", "Upgrade: tcp\r\nConnection: Upgrade\r\n\r\n{}")),
            _ => Act::Say(head("200 mark", "Content-Length: 2\r\n\r\n{}")),
        }
    });
    let house = house(&engine);
    let attach = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
    for (line, extra, status) in [
        ("GET /engines/fake/containers/plain/json", "Connection: close\r\n", 200),
        ("GET /engines/fake/containers/refused/json", "Connection: close\r\n", 401),
        ("GET /engines/fake/containers/chunks/json", "Connection: close\r\nTE: trailers\r\n", 200),
        ("GET /engines/fake/containers/chunks/logs", "Connection: close\r\nTE: trailers\r\n", 200),
        ("GET /engines/fake/containers/chunks/export", "Connection: close\r\nTE: trailers\r\n", 200),
        ("POST /engines/fake/containers/refused/attach", attach, 401),
        ("POST /engines/fake/containers/switched/attach", attach, 101),
    ] {
        let mut stream = connect(house.address);
        stream.write_all(format!("{}{extra}\r\n", begin(&house.admin, line)).as_bytes()).unwrap();
        let bytes = until(&mut stream, |bytes| find(bytes, b"{}").is_some());
        let _ = stream.shutdown(Shutdown::Write);
        let text = String::from_utf8_lossy(&[bytes, listen(&mut stream, SILENCE).0].concat()).into_owned();
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {text}");
        assert!(!text.contains("mark"), "{line}: {text}");
        assert_eq!(text.contains("api-version: 1.41\r\n"), status != 101, "{line}: {text}");
        if status == 101 {
            let head = text.split("\r\n\r\n").next().unwrap();
            let names: BTreeSet<_> = head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect();
            assert!(names.is_subset(&self::names(&["connection", "upgrade", "content-type", "date"])), "{text}");
        }
    }
}

#[test]
fn no_other_protocol_is_spoken_but_where_an_operation_has_one() {
    let engine = Engine::echo();
    let house = house(&engine);
    let mut wrong = Vec::new();
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0";
    let attach = "POST /engines/fake/containers/a/attach";
    for (line, extra, status) in [
        ("GET /engines/fake/containers/json", "Upgrade: h2c\r\n", 400),
        ("GET /engines/fake/containers/json", "Upgrade: tcp\r\n", 400),
        (
            "GET /engines/fake/containers/json",
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
            400,
        ),
        ("GET /engines/fake/containers/json", "Upgrade: TLS/1.0\r\n", 400),
        ("GET /engines/fake/containers/a/logs", "Upgrade: h2c\r\n", 400),
        ("GET /engines/fake/containers/a/logs", "Upgrade: websocket\r\n", 400),
        ("GET /engines/fake/events", "Upgrade: tcp\r\n", 400),
        ("GET /engines/fake/containers/a/attach/ws", "Upgrade: websocket\r\n", 403),
        ("GET /engines/fake/containers/a/attach", "Upgrade: tcp\r\n", 403),
        ("GET /engines/fake/session", "Upgrade: h2c\r\n", 403),
        (CREATE, "Upgrade: h2c\r\nContent-Type: application/json\r\nContent-Length: 0\r\n", 400),
        (LOAD, "Upgrade: h2c\r\nContent-Length: 0\r\n", 400),
        ("POST /engines/fake/build", "Upgrade: h2c\r\nContent-Length: 0\r\n", 400),
        ("POST /engines/fake/containers/a/start", "Upgrade: tcp\r\n", 400),
        (attach, "Upgrade: h2c\r\n", 400),
        (attach, "Upgrade: websocket\r\n", 400),
        (attach, "Upgrade: tcp, h2c\r\n", 400),
        (attach, "Upgrade: tcp/1\r\n", 400),
        (attach, "Upgrade:\r\n", 400),
        (attach, "Upgrade: tcp\r\nUpgrade: h2c\r\n", 400),
        ("POST /engines/fake/exec/a/start", "Upgrade: h2c\r\n", 400),
        ("POST /engines/fake/session", "Upgrade: tcp\r\n", 400),
        ("POST /engines/fake/grpc", "Upgrade: websocket\r\n", 400),
        ("POST /engines/fake/nope", "Upgrade: h2c\r\n", 403),
        ("TRACE /engines/fake/containers/json", "", 403),
        ("TRACK /engines/fake/containers/json", "", 403),
        ("OPTIONS /engines/fake/containers/json", "", 403),
        ("CONNECT /engines/fake/containers/json", "", 403),
        ("CONNECT 127.0.0.1:22", "", 400),
        ("CONNECT fake", "", 400),
        ("TRACE /api/v1/me", "", 405),
        ("TRACE /", "", 404),
        ("OPTIONS *", "", 400),
        ("PRI /engines/fake/containers/json", "", 403),
        // Elsewhere such an offer is not taken up: the answer is plain, and what follows is no other protocol.
        ("GET /api/v1/me", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n", 200),
        ("GET /healthz", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n", 200),
        ("GET /", "Upgrade: h2c\r\n", 404),
        ("GET /", "Upgrade: websocket\r\n", 404),
    ] {
        let connection = if extra.contains("Upgrade") { "Connection: Upgrade, HTTP2-Settings, close\r\n" } else { "Connection: close\r\n" };
        let heard = say(house.address, format!("{}{connection}{extra}\r\n{preface}{}", begin(&house.admin, line), smuggled(&house.admin)));
        let seen = engine.take();
        let echoed = heard.replies.iter().any(|reply| reply.head.contains("Bearer") || reply.body.contains("Bearer"));
        if heard.statuses() != [status] || !heard.closed || !seen.is_empty() || echoed {
            wrong.push(format!("{line}, {extra:?}: expected {status}, got {heard:?}, the engine saw {seen:?}"));
        }
    }
    // HTTP/2 from the first byte on.
    for bytes in [preface.to_owned(), format!("{preface}{}", smuggled(&house.admin)), format!("\r\n{preface}")] {
        let heard = say(house.address, &bytes);
        if !heard.statuses().iter().all(|status| *status == 400) || !heard.closed || !engine.take().is_empty() {
            wrong.push(format!("{bytes:?}: {heard:?}"));
        }
    }
    // And TLS, in case somebody tries the wrong door.
    let heard = say(house.address, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00");
    if heard.statuses().iter().any(|status| *status != 400) || !heard.closed {
        wrong.push(format!("TLS: {heard:?}"));
    }
    report(&wrong);
}

/// RFC 9110, 7.8: an offer by HTTP/1.0, or one that `Connection` does not name, came through somebody who did not mean it.
#[test]
fn an_upgrade_that_was_not_asked_for_by_the_next_hop_is_none() {
    let engine = Engine::start(|target| {
        if target == "/containers/a/attach" {
            return Act::Raw(Duration::ZERO, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".to_owned());
        }
        Act::Say(echo(target))
    });
    let house = house(&engine);
    let mut wrong = Vec::new();
    let line = "POST /engines/fake/containers/a/attach";
    for (what, request) in [
        ("HTTP/1.0", begin(&house.admin, line).replace("HTTP/1.1", "HTTP/1.0") + "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"),
        ("not named", begin(&house.admin, line) + "Upgrade: tcp\r\n\r\n"),
        ("something else named", begin(&house.admin, line) + "Connection: keep-alive, x-upgrade\r\nUpgrade: tcp\r\n\r\n"),
    ] {
        let mut stream = connect(house.address);
        stream.write_all(format!("{request}later bytes").as_bytes()).unwrap();
        let (bytes, _) = listen(&mut stream, Duration::from_millis(500));
        let text = String::from_utf8_lossy(&bytes);
        let seen = engine.take();
        let asked = seen.iter().any(|asked| asked.names().contains("upgrade") || !asked.late.is_empty());
        if text.contains(" 101 ") || asked {
            wrong.push(format!("{what}: {:?}, the engine saw {seen:?}", text.lines().next()));
        }
    }
    report(&wrong);
}

/// What B hears on a connection of their own.
fn asks_for_own(house: &House, token: &str, name: &str) {
    let path = format!("/containers/{name}/json");
    let heard = say(house.address, begin(token, &format!("GET /engines/fake{path}")) + "Connection: close\r\n\r\n");
    assert_eq!(heard.statuses(), [200], "{name}: {heard:?}");
    assert_eq!(heard.replies[0].body, json!({ "path": path }).to_string(), "{name} got another's answer");
}

/// The connections that were left in a state nobody knows must not have carried anything else afterwards.
fn assert_apart(seen: &[Asked], dirty: impl Fn(&Asked) -> bool) {
    for asked in seen.iter().filter(|asked| dirty(asked)) {
        let (at, line) = (seen.iter().position(|other| std::ptr::eq(other, asked)).unwrap(), asked.line);
        let after: Vec<_> = seen[at + 1..].iter().filter(|other| other.line == line).map(Asked::first_line).collect();
        assert!(after.is_empty(), "after {}, its connection carried {after:?}", asked.first_line());
    }
}

#[test]
fn whoever_leaves_in_the_middle_of_a_body_leaves_nothing_to_the_next() {
    let engine = Engine::echo();
    let house = house(&engine);
    let other = house.user("ben", "viewer", "engine/fake");
    for round in 0..10 {
        let put = begin(&house.admin, &format!("PUT /engines/fake/containers/a{round}/archive?path=%2F"));
        let create = begin(&house.admin, &format!("POST /engines/fake/containers/create?name=a{round}"));
        for (what, request) in [
            ("length", format!("{put}Content-Length: 1000\r\n\r\nGET /containers/x HTTP/1.1\r\n\r\n")),
            ("chunks", format!("{put}{CHUNKED}\r\n5\r\nabcde\r\n")),
            ("within a chunk", format!("{put}{CHUNKED}\r\n50\r\nabcde")),
            ("JSON", format!("{create}{JSON}Content-Length: 1000\r\n\r\n{{\"Image\":\"x\"}}")),
            ("JSON in chunks", format!("{create}{JSON}{CHUNKED}\r\nd\r\n{{\"Image\":\"x\"}}\r\n")),
        ] {
            let mut stream = connect(house.address);
            stream.write_all(request.as_bytes()).unwrap();
            let uploads = !what.starts_with("JSON");
            if uploads {
                engine.wait("the upload", |seen| seen.iter().any(|asked| asked.first_line().contains("/archive")));
            }
            // Sometimes with a reset, sometimes in an orderly way, sometimes half.
            match round % 3 {
                0 => drop(stream),
                1 => stream.shutdown(Shutdown::Write).unwrap(),
                _ => stream.shutdown(Shutdown::Both).unwrap(),
            }
            asks_for_own(&house, &other, "ben");
            let seen = engine.wait("the end of the upload", |seen| seen.iter().all(|asked| asked.whole || asked.gone));
            assert_eq!(seen.iter().filter(|asked| asked.first_line().contains("/containers/ben/json")).count(), 1, "{what}: {seen:?}");
            assert_eq!(seen.len(), 1 + usize::from(uploads), "{what}: {seen:?}");
            // What broke off must not look as if it had come to its end.
            assert!(seen.iter().filter(|asked| asked.first_line().contains("archive")).all(|asked| !asked.whole), "{what}: {seen:?}");
            assert_apart(&seen, |asked| !asked.whole);
            engine.take();
        }
    }
}

#[test]
fn an_answer_that_breaks_off_leaves_nothing_to_the_next() {
    let engine = Engine::start(|target| match target.split('/').nth(2) {
        Some("sized") => Act::Last("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".to_owned()),
        Some("chunks") => Act::Last("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nshort".to_owned()),
        Some("between") => Act::Last("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n".to_owned()),
        Some("head") => Act::Last("HTTP/1.1 200 OK\r\nContent-Le".to_owned()),
        // The rest of an answer that its client did not wait for: it looks like an answer of its own.
        Some("slow") => Act::Halting(
            "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\nbegun".to_owned(),
            Duration::from_millis(60),
            format!("{:59995}", ok("poison")),
        ),
        _ => Act::Say(echo(target)),
    });
    let house = house(&engine);
    let other = house.user("ben", "viewer", "engine/fake");
    for (name, last) in [("sized", "json"), ("chunks", "json"), ("between", "json"), ("sized", "export"), ("chunks", "logs"), ("between", "logs")] {
        let heard = say(house.address, begin(&house.admin, &format!("GET /engines/fake/containers/{name}/{last}")) + "\r\n");
        // What was cut may come as far as it came, or not at all; it must not look whole.
        let cut = |reply: &Reply| reply.status == 200 && !reply.whole && "short".starts_with(&reply.body);
        assert!(heard.replies.len() <= 1 && heard.replies.iter().all(cut) && heard.closed, "it looks whole: {name} {last}: {heard:?}");
        asks_for_own(&house, &other, "ben");
    }
    let heard = say(house.address, begin(&house.admin, "GET /engines/fake/containers/head/json") + "Connection: close\r\n\r\n");
    assert_eq!(heard.statuses(), [502], "{heard:?}");
    for round in 0..10 {
        let mut stream = connect(house.address);
        stream.write_all((begin(&house.admin, "GET /engines/fake/containers/slow/json") + "\r\n").as_bytes()).unwrap();
        until(&mut stream, |bytes| bytes.ends_with(b"begun"));
        drop(stream);
        sleep(Duration::from_millis(if round % 2 == 0 { 0 } else { 80 }));
        asks_for_own(&house, &other, "ben");
    }
    assert_apart(&engine.seen(), |asked| !asked.first_line().contains("/ben/"));
}

#[test]
fn a_body_that_waits_to_be_asked_for_comes_whole_and_alone() {
    let engine = Engine::start(|target| match target.split('/').nth(2) {
        // The engine asks for it by itself, though nobody told it to wait.
        Some("asking") => Act::Asking(echo(target)),
        _ => Act::Say(echo(target)),
    });
    let house = house(&engine);
    let other = house.user("ben", "viewer", "engine/fake");
    for name in ["quiet", "asking"] {
        let mut stream = connect(house.address);
        let put = format!("PUT /engines/fake/containers/{name}/archive?path=%2F");
        stream.write_all((begin(&house.admin, &put) + "Expect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
        let first = until(&mut stream, |bytes| bytes.ends_with(b"\r\n\r\n"));
        assert_eq!(String::from_utf8_lossy(&first), "HTTP/1.1 100 Continue\r\n\r\n");
        asks_for_own(&house, &other, "ben");
        stream.write_all(b"abcde").unwrap();
        let (bytes, _) = listen(&mut stream, SILENCE);
        let heard = replies(&bytes);
        assert_eq!(heard.iter().map(|reply| reply.status).collect::<Vec<_>>(), [200], "{heard:?}");
        assert!(heard[0].body.contains(&format!("/containers/{name}/archive")), "{heard:?}");
        asks_for_own(&house, &other, "ben");
        let seen = engine.take();
        let put = seen.iter().find(|asked| asked.head.starts_with("PUT")).unwrap();
        assert_eq!((String::from_utf8_lossy(&put.body).as_ref(), put.framings()), ("abcde", 1), "{put:?}");
        assert!(!put.names().contains("expect"), "what is between the client and the house goes no further: {put:?}");
    }
    // Whoever is refused is not asked to send, and what was to be the body is no request.
    let mut stream = connect(house.address);
    stream.write_all((begin(&other, LOAD) + "Expect: 100-continue\r\nContent-Length: 500\r\n\r\n").as_bytes()).unwrap();
    let first = until(&mut stream, |bytes| find(bytes, b"\r\n\r\n").is_some());
    assert!(first.starts_with(b"HTTP/1.1 403 "), "{}", String::from_utf8_lossy(&first));
    let _ = stream.write_all(smuggled(&house.admin).as_bytes());
    let (_, closed) = listen(&mut stream, SILENCE);
    assert!(closed && engine.take().is_empty());
}

#[test]
fn an_answer_before_the_end_of_the_upload_leaves_nothing_to_the_next() {
    let engine = Engine::start(|target| match target.split('/').nth(2) {
        Some("refused") => Act::Early("HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}".to_owned()),
        Some("a") => Act::Early(echo(target)),
        _ => Act::Say(echo(target)),
    });
    let house = house(&engine);
    let other = house.user("ben", "viewer", "engine/fake");
    for (name, status) in [("a", 200), ("refused", 403)] {
        for framing in ["Content-Length: 100000\r\n\r\nabc".to_owned(), format!("{CHUNKED}\r\n3\r\nabc\r\n")] {
            for round in 0..4 {
                let mut stream = connect(house.address);
                stream
                    .write_all((begin(&house.admin, &format!("PUT /engines/fake/containers/{name}/archive?path=%2F")) + &framing).as_bytes())
                    .unwrap();
                let first = until(&mut stream, |bytes| find(bytes, b"\r\n\r\n").is_some());
                assert!(first.starts_with(format!("HTTP/1.1 {status} ").as_bytes()), "{}", String::from_utf8_lossy(&first));
                if round % 2 == 0 {
                    // Bytes that the engine must take for the body, and for nothing else.
                    let _ = stream.write_all(smuggled(&house.admin).as_bytes());
                }
                asks_for_own(&house, &other, "ben");
                drop(stream);
                asks_for_own(&house, &other, "ben");
            }
        }
    }
    let seen = engine.wait("the end of the uploads", |seen| seen.iter().all(|asked| asked.whole || asked.gone));
    assert!(seen.iter().all(|asked| !asked.first_line().contains("smuggled")), "{seen:?}");
    assert_eq!(seen.iter().filter(|asked| asked.first_line().contains("/ben/")).count(), 32);
    assert_eq!(seen.iter().filter(|asked| asked.head.starts_with("PUT") && !asked.whole).count(), 16);
    assert_apart(&seen, |asked| !asked.whole);
}

/// An engine, or what stands before it, that says more than it was asked for must be heard by nobody.
#[test]
fn what_an_engine_says_unasked_is_nobodys_answer() {
    let engine = Engine::start(|target| {
        let poison = ok("poison");
        match target.split('/').nth(2) {
            Some("twice") => Act::Say(echo(target) + &poison),
            Some("later") => Act::Halting(echo(target), Duration::from_millis(20), poison),
            Some("empty") => Act::Say(format!("HTTP/1.1 204 No Content\r\nContent-Length: {}\r\n\r\n{poison}", poison.len())),
            Some("unmodified") => Act::Say(format!("HTTP/1.1 304 Not Modified\r\nContent-Length: {}\r\n\r\n{poison}", poison.len())),
            Some("head") => Act::Say(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{poison}", poison.len())),
            Some("both") => Act::Say(format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{poison}")),
            Some("chunks") => Act::Say(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{poison}")),
            Some("switched") => Act::Raw(Duration::ZERO, format!("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n{poison}")),
            Some("lengths") => Act::Say(format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n{poison}")),
            Some("old") => Act::Say(format!("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n{poison}")),
            _ => Act::Say(echo(target)),
        }
    });
    let house = house(&engine);
    let other = house.user("ben", "viewer", "engine/fake");
    for round in 0..8 {
        for (name, method, last, expected) in [
            ("twice", "GET", "json", &[200][..]),
            ("later", "GET", "json", &[200]),
            ("empty", "GET", "json", &[204]),
            ("unmodified", "GET", "json", &[304]),
            ("head", "HEAD", "archive?path=%2F", &[200]),
            ("both", "GET", "json", &[200, 502]),
            ("chunks", "GET", "json", &[200]),
            ("switched", "GET", "json", &[502]),
            ("switched", "GET", "logs", &[502]),
            ("switched", "GET", "export", &[502]),
            ("lengths", "GET", "json", &[502]),
            ("old", "GET", "json", &[200]),
        ] {
            let mut stream = connect(house.address);
            let request = begin(&house.admin, &format!("{method} /engines/fake/containers/{name}/{last}")) + "\r\n";
            stream.write_all(request.as_bytes()).unwrap();
            let first = until(&mut stream, |bytes| find(bytes, b"\r\n\r\n").is_some());
            let text = String::from_utf8_lossy(&first);
            let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
            assert!(expected.contains(&status), "{name}: {text}");
            // What comes while the next request is already on its way is an answer to it, as far as anybody can tell.
            if name == "later" {
                engine.wait("the rest", |seen| seen.iter().all(|asked| asked.said || !asked.first_line().contains("/later/")));
            }
            if round % 2 == 1 || name == "later" {
                sleep(Duration::from_millis(25));
            }
            asks_for_own(&house, &other, &format!("after-{name}"));
            // Nor does whoever asked hear the rest as an answer to what they ask next.
            let next = begin(&house.admin, "GET /engines/fake/containers/own/json") + "Connection: close\r\n\r\n";
            let _ = stream.write_all(next.as_bytes());
            let (rest, _) = listen(&mut stream, SILENCE);
            let all = text.into_owned() + &String::from_utf8_lossy(&rest);
            assert!(!all.contains("poison"), "{name}: {all}");
        }
    }
    assert_apart(&engine.seen(), |asked| {
        ["twice", "both", "chunks", "switched", "lengths", "head", "empty"].iter().any(|name| asked.first_line().contains(&format!("/{name}/")))
    });
}

/// Bytes that nobody will read must not hide that their sender has left.
#[test]
fn whoever_leaves_a_quiet_stream_with_more_to_say_frees_the_engine() {
    let engine = Engine::start(|_| Act::Raw(Duration::ZERO, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n".to_owned()));
    let house = house(&engine);
    for (what, more) in [("nothing", String::new()), ("an empty line", "\r\n".to_owned()), ("a request", smuggled(&house.admin))] {
        let mut stream = connect(house.address);
        stream.write_all(format!("{}\r\n{more}", begin(&house.admin, "GET /engines/fake/events")).as_bytes()).unwrap();
        until(&mut stream, |bytes| bytes.ends_with(b"1\r\nx\r\n"));
        drop(stream);
        engine.wait(&format!("the end after {what} more"), |seen| seen.iter().all(|asked| asked.gone));
    }
}

#[test]
fn bytes_after_an_upgrade_that_was_not_granted_go_nowhere() {
    let engine = Engine::start(|target| {
        let plain = |status: &str, more: &str| format!("HTTP/1.1 {status}\r\n{more}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}");
        let answer = match target.rsplit('=').next() {
            Some("ok") => plain("200 OK", ""),
            Some("raw") => "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n{}".to_owned(),
            Some("upgraded") => plain("200 OK", "Connection: Upgrade\r\nUpgrade: tcp\r\n"),
            Some("found") => plain("302 Found", "Location: http://127.0.0.1:1/\r\n"),
            Some("forbidden") => plain("403 Forbidden", ""),
            Some("offered") => plain("426 Upgrade Required", "Upgrade: h2c\r\n"),
            _ => plain("500 Internal Server Error", ""),
        };
        Act::Raw(Duration::from_millis(100), answer)
    });
    let house = house(&engine);
    let wrong = Mutex::new(Vec::new());
    let cases = [("ok", 200), ("raw", 200), ("upgraded", 200), ("found", 502), ("forbidden", 403), ("offered", 426), ("failed", 500)];
    // The engine's answer is chosen by the one query that each of them takes; the others always fail.
    let targets = [
        ("POST /engines/fake/containers/a/attach?detachKeys=", "tcp", ""),
        ("POST /engines/fake/exec/a/start", "tcp", "{\"Detach\":false}"),
        ("POST /engines/fake/session", "h2c", ""),
        ("POST /engines/fake/grpc", "h2c", ""),
    ];
    let (house, engine, wrong_ref) = (&house, &engine, &wrong);
    std::thread::scope(|scope| {
        for (target, token, body) in targets {
            for (name, status) in cases {
                let chosen = target.ends_with('=');
                if !chosen && name != "failed" {
                    continue;
                }
                let line = if chosen { format!("{target}{name}") } else { target.to_owned() };
                for later in ["later bytes\n".to_owned(), smuggled(&house.admin)] {
                    let line = line.clone();
                    scope.spawn(move || {
                        let framing = if body.is_empty() { String::new() } else { format!("{JSON}Content-Length: {}\r\n", body.len()) };
                        let head = format!("{}Connection: Upgrade\r\nUpgrade: {token}\r\n{framing}\r\n{body}", begin(&house.admin, &line));
                        let mut stream = connect(house.address);
                        // Some with the head, some once the answer has come.
                        stream.write_all(format!("{head}{later}").as_bytes()).unwrap();
                        let first = until(&mut stream, |bytes| find(bytes, b"\r\n\r\n").is_some());
                        let _ = stream.write_all(later.as_bytes());
                        let (rest, closed) = listen(&mut stream, Duration::from_millis(700));
                        let text = String::from_utf8_lossy(&[first, rest].concat()).into_owned();
                        let answers = text.matches("HTTP/1.1 ").count();
                        // An answer that goes on until its end is still open; all others are over, and so is the connection.
                        let over = closed || name == "raw";
                        if !text.starts_with(&format!("HTTP/1.1 {status} ")) || answers != 1 || !over || text.contains("127.0.0.1:1") {
                            let lines: Vec<_> = text.lines().filter(|line| line.starts_with("HTTP/1.1 ")).collect();
                            wrong_ref
                                .lock()
                                .unwrap()
                                .push(format!("{line}, then {:?}: expected {status} and the end, got {lines:?}, closed: {closed}", &later[..10]));
                        }
                    });
                }
            }
        }
    });
    let seen = engine.wait("the end of each", |seen| seen.iter().all(|asked| asked.gone || asked.first_line().contains("=raw ")));
    let mut wrong = wrong.into_inner().unwrap();
    for asked in &seen {
        let later = [&asked.early[..], &asked.late[..]].concat();
        if asked.head.contains("smuggled") || !later.is_empty() {
            wrong.push(format!("reached the engine: {}, {:?}", asked.first_line(), String::from_utf8_lossy(&later)));
        }
    }
    report(&wrong);
}

#[test]
fn bytes_that_come_before_the_engine_has_switched_wait_for_it() {
    let engine = Engine::start(|target| {
        let token = if target.contains("session") { "h2c" } else { "tcp" };
        Act::Raw(Duration::from_secs(1), format!("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: {token}\r\n\r\nhello"))
    });
    let house = house(&engine);
    // Whoever watches heads must have let go of this connection by now.
    let first = format!("first\n\nPOST / HTTP/1.1\nContent-Length: 1\nTransfer-Encoding: chunked\n\n\0\r\r\n\r\n{}", smuggled(&house.admin));
    let (house, engine, first) = (&house, &engine, first.as_str());
    std::thread::scope(|scope| {
        for (line, token, body) in [
            ("POST /engines/fake/containers/a/attach?stream=1&stdin=1", "tcp", ""),
            ("POST /engines/fake/exec/a/start", "TCP", "{\"Tty\":true}"),
            ("POST /engines/fake/session", "h2c", ""),
        ] {
            scope.spawn(move || {
                let framing = if body.is_empty() { String::new() } else { format!("{JSON}Content-Length: {}\r\n", body.len()) };
                let head = format!("{}Connection: Upgrade\r\nUpgrade: {token}\r\n{framing}\r\n{body}", begin(&house.admin, line));
                let mut stream = connect(house.address);
                stream.write_all(format!("{head}{first}").as_bytes()).unwrap();
                for n in 0..5 {
                    sleep(Duration::from_millis(100));
                    stream.write_all(format!("piece {n}\n").as_bytes()).unwrap();
                }
                let answer = until(&mut stream, |bytes| bytes.ends_with(b"hello"));
                assert!(answer.starts_with(b"HTTP/1.1 101 "), "{line}: {}", String::from_utf8_lossy(&answer));
                stream.write_all(b"last").unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
            });
        }
    });
    let seen = engine.wait("the end of each", |seen| seen.len() == 3 && seen.iter().all(|asked| asked.gone));
    let pieces: String = (0..5).map(|n| format!("piece {n}\n")).collect();
    for asked in seen {
        assert_eq!(String::from_utf8_lossy(&asked.early), "", "before its 101: {}", asked.first_line());
        assert_eq!(String::from_utf8_lossy(&asked.late), format!("{first}{pieces}last"), "{}", asked.first_line());
    }
}

#[test]
fn where_an_engine_points_nobody_goes() {
    // Both ways an address can be written; nobody may ever connect to either.
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    static PLACE: std::sync::OnceLock<SocketAddr> = std::sync::OnceLock::new();
    PLACE.set(elsewhere.local_addr().unwrap()).unwrap();
    let engine = Engine::start(|target| {
        let place = PLACE.get().unwrap();
        let status = target.split("c3").nth(1).and_then(|rest| rest.get(..2)).unwrap_or("07");
        let location = if target.contains("twin") { format!("//{place}{target}") } else { format!("http://{place}{target}") };
        Act::Say(format!(
            "HTTP/1.1 3{status} Elsewhere\r\nLocation: {location}\r\nWWW-Authenticate: Bearer realm=\"http://{place}/\"\r\nContent-Length: 0\r\n\r\n"
        ))
    });
    let house = house(&engine);
    let mut wrong = Vec::new();
    let mut expected = 0;
    for code in ["00", "01", "02", "03", "05", "07", "08"] {
        for (line, extra, body) in [
            (format!("GET /engines/fake/containers/c3{code}/json"), "", ""),
            (format!("GET /engines/fake/containers/c3{code}twin/logs"), "", ""),
            (format!("GET /engines/fake/containers/c3{code}/export"), "", ""),
            (format!("POST /engines/fake/containers/create?name=c3{code}"), "Content-Type: application/json\r\nContent-Length: 2\r\n", "{}"),
            (format!("PUT /engines/fake/containers/c3{code}/archive?path=%2F"), "Content-Length: 3\r\n", "abc"),
            (format!("POST /engines/fake/images/c3{code}/push"), "X-Registry-Auth: c2VjcmV0\r\nContent-Length: 0\r\n", ""),
            (format!("POST /engines/fake/containers/c3{code}/attach"), "Connection: Upgrade\r\nUpgrade: tcp\r\n", ""),
        ] {
            let close = if extra.contains("Upgrade") { "" } else { "Connection: close\r\n" };
            let mut stream = connect(house.address);
            stream.write_all(format!("{}{close}{extra}\r\n{body}", begin(&house.admin, &line)).as_bytes()).unwrap();
            let bytes = until(&mut stream, |bytes| find(bytes, b"not followed").is_some());
            let text = String::from_utf8_lossy(&bytes);
            expected += 1;
            if !text.starts_with("HTTP/1.1 502 ")
                || text.to_ascii_lowercase().contains("location")
                || text.contains(&PLACE.get().unwrap().to_string())
            {
                wrong.push(format!("{line}: {text}"));
            }
        }
    }
    report(&wrong);
    assert_eq!(engine.take().len(), expected, "each is asked once");
    assert_eq!(elsewhere.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody went there");
}

/// Connections that are open in the hope that the house runs out of something.
struct Siege {
    open: Vec<TcpStream>,
    begun: Instant,
    /// When each was closed.
    closed: Vec<Duration>,
    answers: Vec<u8>,
}

impl Siege {
    fn lay(house: &House, count: usize, bytes: impl Fn(usize) -> String) -> Siege {
        let begun = Instant::now();
        let open = (0..count).map(|n| {
            let mut stream = connect(house.address);
            stream.write_all(bytes(n).as_bytes()).unwrap();
            stream.set_nonblocking(true).unwrap();
            stream
        });
        Siege { open: open.collect(), begun, closed: Vec::new(), answers: Vec::new() }
    }

    fn look(&mut self) {
        let mut buffer = [0; 4_096];
        let (begun, closed, answers) = (self.begun, &mut self.closed, &mut self.answers);
        self.open.retain_mut(|stream| {
            loop {
                match stream.read(&mut buffer) {
                    Ok(read) if read > 0 => answers.extend_from_slice(&buffer[..read]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                    _ => {
                        closed.push(begun.elapsed());
                        return false;
                    }
                }
            }
        });
    }

    fn assert_closed_between(&self, what: &str, from: u64, to: u64) {
        assert!(self.open.is_empty(), "{what}: {} are still open after {:?}", self.open.len(), self.begun.elapsed());
        let (first, last) = (self.closed.iter().min().unwrap(), self.closed.iter().max().unwrap());
        assert!(*first >= Duration::from_secs(from) && *last <= Duration::from_secs(to), "{what}: closed from {first:?} to {last:?}");
    }
}

#[test]
fn six_hundred_who_never_finish_keep_nobody_out_and_are_closed_in_time() {
    let engine = Engine::echo();
    let house = house(&engine);
    let token = house.admin.clone();
    let mut heads = Siege::lay(&house, 280, |n| match n % 4 {
        0 => String::new(),
        1 => "GET".to_owned(),
        2 => "GET / HTTP/1.1\r\nHost: x\r\n".to_owned(),
        _ => begin(&token, "GET /engines/fake/containers/json"),
    });
    // These send a byte now and then: it is the whole head that has a deadline.
    let mut drips = Siege::lay(&house, 20, |_| "GET / HTTP/1.1\r\nHost: x\r\nX: ".to_owned());
    let mut bodies = Siege::lay(&house, 300, |n| match n % 3 {
        0 => "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"username\"".to_owned(),
        1 => format!("{}{JSON}Content-Length: 50\r\n\r\n{{\"Image\"", begin(&token, CREATE)),
        _ => format!("{}{CHUNKED}\r\n", begin(&token, "POST /engines/fake/containers/x/start")),
    });
    let end = Instant::now() + Duration::from_secs(36);
    let mut slowest = Duration::ZERO;
    let mut next = Instant::now();
    while Instant::now() < end && !(heads.open.is_empty() && drips.open.is_empty() && bodies.open.is_empty()) {
        if Instant::now() >= next {
            let begun = Instant::now();
            house.sign_in("admin", PASSWORD);
            slowest = slowest.max(begun.elapsed());
            asks_for_own(&house, &token, "own");
            for stream in &mut drips.open {
                let _ = stream.write_all(b"a");
            }
            next = Instant::now() + Duration::from_secs(1);
        }
        for siege in [&mut heads, &mut drips, &mut bodies] {
            siege.look();
        }
        sleep(Duration::from_millis(20));
    }
    heads.assert_closed_between("half a head", 14, 18);
    drips.assert_closed_between("a head in drops", 14, 18);
    bodies.assert_closed_between("half a body", 29, 34);
    // Each of those bodies was told that it was late; nothing of it reached the engine.
    let told = String::from_utf8_lossy(&bodies.answers).matches("did not come in time").count();
    assert_eq!(told, 300);
    assert!(engine.take().iter().all(|asked| asked.first_line().contains("/containers/own/json")));
    assert!(slowest < Duration::from_secs(1), "a sign-in took {slowest:?}");
}
