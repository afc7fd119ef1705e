//! Load on one door: as many requests as it takes, a steady pace, or one long answer.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    time::{Duration, Instant},
};

/// One of the rivals.
pub struct Door {
    pub name: &'static str,
    pub address: SocketAddr,
    /// What its paths begin with.
    pub prefix: &'static str,
    /// The value of its header, where it asks for one.
    pub authorization: Option<String>,
}

impl Door {
    fn request(&self, path: &str) -> String {
        format!("GET {}{path} HTTP/1.1\r\nHost: docker\r\n{}\r\n", self.prefix, self.authorization())
    }

    /// The line of a request's head, or nothing.
    pub fn authorization(&self) -> String {
        self.authorization.as_ref().map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap_or_else(|e| panic!("{} does not listen: {e}", self.name));
        stream.set_nodelay(true).expect("a socket takes TCP_NODELAY");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket takes a deadline");
        stream
    }
}

/// By `wrk`: 16 connections for 6 seconds. An answer that is no success spoils the run.
pub fn requests_per_second(door: &Door, path: &str) -> f64 {
    let mut command = Command::new("wrk");
    command.args(["--threads", "1", "--connections", "16", "--duration", "6s"]);
    if let Some(value) = &door.authorization {
        command.args(["--header", &format!("Authorization: {value}")]);
    }
    let done = command.arg(format!("http://{}{}{path}", door.address, door.prefix)).output();
    let done = done.expect("wrk runs: `deploy/sandbox/install bench` installs it");
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(!told.contains("Non-2xx") && !told.contains("Socket errors"), "{}{path}: {told}", door.name);
    let line = told.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:")).unwrap_or_else(|| panic!("wrk says: {told}"));
    line.trim().parse().expect("wrk writes a number")
}

/// One answer read to its end, in millions of bytes a second.
pub fn throughput(door: &Door, path: &str) -> f64 {
    let mut stream = door.connect();
    let begun = Instant::now();
    stream.write_all(door.request(path).as_bytes()).expect("the request is taken");
    let mut reader = BufReader::with_capacity(1 << 18, stream);
    let head = head(&mut reader);
    assert!(head.starts_with("HTTP/1.1 200"), "{}{path}: {head}", door.name);
    let size = body(&mut reader, &head);
    assert!(size > 50_000_000, "{}{path}: only {size} bytes came", door.name);
    size as f64 / begun.elapsed().as_secs_f64() / 1e6
}

/// Median and 99th percentile, in ms, at a steady pace. Each request has its due time, and counts from then: one that is late
/// because the last was slow shows it.
pub fn latencies(door: &Door, path: &str, per_second: u32, lasts: Duration) -> [f64; 2] {
    const CONNECTIONS: u32 = 8;
    let request = door.request(path);
    let begun = Instant::now() + Duration::from_millis(100);
    let mut taken: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|n| {
                let request = &request;
                scope.spawn(move || {
                    let mut reader = BufReader::new(door.connect());
                    let every = Duration::from_secs(1) / per_second * CONNECTIONS;
                    let mut due = begun + every * n / CONNECTIONS;
                    let mut taken = Vec::new();
                    while due < begun + lasts {
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        reader.get_mut().write_all(request.as_bytes()).expect("the request is taken");
                        let head = head(&mut reader);
                        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
                        body(&mut reader, &head);
                        taken.push(due.elapsed());
                        due += every;
                    }
                    taken
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread of ours ends")).collect()
    });
    taken.sort_unstable();
    let at = |share: f64| taken[((taken.len() as f64 * share) as usize).min(taken.len() - 1)].as_secs_f64() * 1000.0;
    [at(0.5), at(0.99)]
}

pub fn head(reader: &mut impl BufRead) -> String {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let read = reader.read_line(&mut head).expect("an answer comes");
        assert!(read > 0, "the answer broke off in its head: {head}");
    }
    head
}

/// Reads the body and throws it away; its size in bytes.
pub fn body(reader: &mut impl BufRead, head: &str) -> u64 {
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().expect("a length is a number"))
    });
    if let Some(length) = length {
        return skip(reader, length);
    }
    let mut size = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a chunk comes");
        let chunk = u64::from_str_radix(line.trim(), 16).unwrap_or_else(|_| panic!("no chunk: {line:?}"));
        size += chunk;
        skip(reader, chunk + 2);
        if chunk == 0 {
            return size;
        }
    }
}

fn skip(reader: &mut impl Read, length: u64) -> u64 {
    let skipped = std::io::copy(&mut reader.take(length), &mut std::io::sink()).expect("the body comes");
    assert_eq!(skipped, length, "the answer broke off");
    skipped
}
