//! A server that the trail is forwarded to: it fails as it is told to, and writes down what it gets.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::sandbox::free_port;

/// What it does with a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Mood {
    /// Answers with this status and this body.
    Say(u16, &'static str),
    /// Reads it and says nothing.
    Hang,
    /// Takes it, and ends the connection before it has said so.
    Forget,
}

/// One request, as it came.
#[derive(Clone, Debug)]
pub struct Got {
    pub method: String,
    pub path: String,
    pub head: String,
    pub body: String,
    /// Whether it was taken; not whether the sender knows.
    pub taken: bool,
}

impl Got {
    /// The value of a header; exactly one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.head.lines().filter_map(|line| line.split_once(':')).filter(|(key, _)| key.eq_ignore_ascii_case(name));
        let (_, value) = all.next()?;
        assert!(all.next().is_none(), "{name} is there twice: {}", self.head);
        Some(value.trim())
    }
}

/// Answers a request itself: status and body. `None` leaves it to the mood.
pub type Answers = Box<dyn Fn(&Got) -> Option<(u16, String)> + Send + Sync>;

struct Shared {
    mood: Mutex<Mood>,
    got: Mutex<Vec<Got>>,
    answers: Option<Answers>,
}

/// The server. It listens while it is started, always at the same port.
pub struct Receiver {
    pub port: u16,
    shared: Arc<Shared>,
    listens: Option<(Arc<AtomicBool>, std::thread::JoinHandle<()>)>,
}

impl Receiver {
    pub fn start() -> Receiver {
        Receiver::that(None)
    }

    /// One that answers for itself.
    pub fn with(answers: Answers) -> Receiver {
        Receiver::that(Some(answers))
    }

    fn that(answers: Option<Answers>) -> Receiver {
        let shared = Arc::new(Shared { mood: Mutex::new(Mood::Say(204, "")), got: Mutex::default(), answers });
        let mut receiver = Receiver { port: free_port(), shared, listens: None };
        receiver.start_again();
        receiver
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn mood(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// All that came until now.
    pub fn got(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap().clone()
    }

    /// Nobody listens any more.
    pub fn stop(&mut self) {
        if let Some((end, thread)) = self.listens.take() {
            end.store(true, Ordering::Relaxed);
            thread.join().unwrap();
        }
    }

    pub fn start_again(&mut self) {
        self.stop();
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], self.port))).unwrap();
        listener.set_nonblocking(true).unwrap();
        let end = Arc::new(AtomicBool::new(false));
        let (shared, ends) = (self.shared.clone(), end.clone());
        let thread = std::thread::spawn(move || {
            while !ends.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let shared = shared.clone();
                        std::thread::spawn(move || converse(stream, &shared));
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(2)),
                }
            }
        });
        self.listens = Some((end, thread));
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop();
    }
}

fn converse(mut stream: TcpStream, shared: &Shared) {
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let Some(mut got) = read(&mut stream) else { return };
    let mood = shared.mood.lock().unwrap().clone();
    let own = shared.answers.as_ref().and_then(|answers| answers(&got));
    let answer = match (own, &mood) {
        (Some((status, body)), _) => Some((status, body)),
        (None, Mood::Say(status, body)) => Some((*status, (*body).to_owned())),
        (None, Mood::Hang | Mood::Forget) => None,
    };
    got.taken = answer.as_ref().map_or(mood == Mood::Forget, |(status, _)| *status < 300);
    // Written down before it is acknowledged.
    shared.got.lock().unwrap().push(got);
    match answer {
        Some((status, body)) => {
            let head = format!("HTTP/1.1 {status} Said\r\nLocation: /elsewhere\r\nSet-Cookie: a=b\r\nContent-Length: {}\r\n\r\n", body.len());
            let head = if status == 204 { "HTTP/1.1 204 Said\r\n\r\n".to_owned() } else { head };
            let _ = stream.write_all(format!("{head}{body}").as_bytes());
        }
        None if mood == Mood::Hang => {
            let mut rest = [0; 64];
            while matches!(stream.read(&mut rest), Ok(n) if n > 0) {}
        }
        None => {}
    }
}

/// One whole request.
fn read(stream: &mut TcpStream) -> Option<Got> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 65_536];
    loop {
        let head = bytes.windows(4).position(|w| w == b"\r\n\r\n");
        if let Some(end) = head {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.trim().parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let body = String::from_utf8(bytes[end + 4..end + 4 + length].to_vec()).unwrap();
                let mut first = head.lines().next()?.split(' ').map(str::to_owned);
                let (method, path) = (first.next()?, first.next()?);
                return Some(Got { method, path, head, body, taken: false });
            }
        }
        match stream.read(&mut buffer) {
            Ok(n) if n > 0 => bytes.extend_from_slice(&buffer[..n]),
            _ => return None,
        }
    }
}
