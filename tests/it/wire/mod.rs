//! Bytes on the wire: what no well-meaning client would send, and what no well-meaning engine would answer, at a real `pilothouse`.
//! In front of it a plain socket, behind it an engine of a few lines that writes down every byte it gets.

mod framing;
mod identity;
mod reuse;
mod siege;
mod spelling;
mod upgrades;

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

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// What B hears on a connection of their own.
fn asks_for_own(house: &House, token: &str, name: &str) {
    let path = format!("/containers/{name}/json");
    let heard = say(house.address, begin(token, &format!("GET /engines/fake{path}")) + "Connection: close\r\n\r\n");
    assert_eq!(heard.statuses(), [200], "{name}: {heard:?}");
    assert_eq!(heard.replies[0].body, json!({ "path": path }).to_string(), "{name} got another's answer");
}
