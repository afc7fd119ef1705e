//! What clients send that is not what is asked for: bodies at both doors, and messages at the terminal.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use pilothouse_tests::{
    http::{self, Answer},
    sandbox::{Behaviour, House, Recorder},
    store::sql,
};

const DONE: &str = "HTTP/1.1 204 No Content\r\n\r\n";

#[test]
fn hostile_json_is_refused_at_once() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let wide: String = (0..200_000).map(|n| format!("\"k{n}\":1,")).collect();
    let bodies = [
        ("deep", format!("{{\"Image\":\"x\",\"Env\":{deep}}}").into_bytes()),
        ("wide", format!("{{{wide}\"Image\":\"x\"}}").into_bytes()),
        ("twice", br#"{"Image":"x","Image":"y"}"#.to_vec()),
        ("large number", br#"{"Image":"x","StopTimeout":1e400}"#.to_vec()),
        ("not UTF-8", b"{\"Image\":\"\xff\xfe\"}".to_vec()),
        ("lone surrogate", br#"{"Image":"\ud800"}"#.to_vec()),
        ("two values", br#"{"Image":"x"} {"Image":"y"}"#.to_vec()),
        ("cut short", br#"{"Image":"x"#.to_vec()),
    ];
    for (what, body) in bodies {
        for path in ["/engines/fake/containers/create", "/api/v1/engines/fake/containers", "/api/v1/users"] {
            let mut request = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                house.admin,
                body.len()
            )
            .into_bytes();
            request.extend_from_slice(&body);
            let begun = Instant::now();
            let answer = http::raw(house.address, &request);
            assert!(matches!(answer.status, 400 | 413 | 422), "{what} at {path}: {answer:?}");
            assert!(begun.elapsed() < Duration::from_secs(2), "{what} at {path} took {:?}", begun.elapsed());
        }
    }
    assert_eq!(recorder.seen(), "");
}

#[test]
fn bodies_that_are_not_what_is_asked_for_are_refused_at_both_doors() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let (create, build) = ("/engines/fake/containers/create", "/engines/fake/build?t=x");
    let (made, users) = ("/api/v1/engines/fake/containers", "/api/v1/users");
    let docker = r#"{"Image":"x"}"#;
    let user = r#"{"username":"eve"}"#;
    let send = |path: &str, headers: &[(&str, &str)], body: &str| {
        let bearer = format!("Bearer {}", house.admin);
        let headers: Vec<_> = headers.iter().copied().chain([("Authorization", bearer.as_str())]).collect();
        http::send(house.address, "POST", path, &headers, body)
    };
    let json = ("Content-Type", "application/json");
    let mut wrong = Vec::new();
    let mut tried = |what: &str, path: &str, answer: Answer, expected: &[u16]| {
        if !expected.contains(&answer.status) {
            wrong.push(format!("{what} at {path}: {answer:?}"));
        }
    };
    // The engine would read a form as settings, and whatever it takes for JSON as JSON. The API's own word for a wrong type is 400.
    for media in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", ""] {
        let headers = if media.is_empty() { vec![] } else { vec![("Content-Type", media)] };
        tried(media, create, send(create, &headers, docker), &[415]);
        if !media.is_empty() {
            tried(media, users, send(users, &headers, user), &[400, 415]);
            tried(media, made, send(made, &headers, r#"{"image":"x"}"#), &[400, 415]);
        }
    }
    for media in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "Application/X-WWW-Form-Urlencoded;charset=utf-8"] {
        tried(media, build, send(build, &[("Content-Type", media)], "remote=http://evil.example/"), &[415]);
    }
    // What is packed cannot be judged, and is not taken for what it is not.
    for encoding in ["gzip", "deflate", "br", "identity, gzip"] {
        for (path, body) in [(create, docker), (users, user), (made, r#"{"image":"x"}"#)] {
            tried(encoding, path, send(path, &[json, ("Content-Encoding", encoding)], body), &[400, 415]);
        }
        tried(encoding, build, send(build, &[("Content-Type", "application/x-tar"), ("Content-Encoding", encoding)], "x"), &[415]);
    }
    for (path, limit, field) in [(create, 4 << 20, "Image"), (made, 1 << 20, "image"), (users, 1 << 20, "username")] {
        let frame = format!("{{\"{field}\":\"\"}}").len();
        let body = format!("{{\"{field}\":\"{}\"}}", "x".repeat(limit + 1 - frame));
        tried("one byte too many", path, send(path, &[json], &body), &[413]);
        // The same without saying its length before.
        let chunked = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nConnection: close\r\n\
             Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
            house.admin,
            body.len()
        );
        tried("one byte too many in chunks", path, http::raw(house.address, chunked.as_bytes()), &[413]);
    }
    let names = sql(&house.data, &["SELECT username FROM users"]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(recorder.seen(), "", "the engine heard of a body that was refused");
    assert_eq!(names[0], [[json!("admin")]]);
}

#[test]
fn a_body_that_comes_byte_by_byte_is_refused_at_its_deadline() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start(&[("fake", recorder.url.clone())]);
    std::thread::scope(|scope| {
        for (path, expected) in [("/engines/fake/containers/create", &[408][..]), ("/api/v1/users", &[400, 408]), ("/api/v1/session", &[400, 408])] {
            let house = &house;
            scope.spawn(move || {
                let mut stream = http::connect(house.address);
                // A sign-in comes without a credential.
                let credential = if path.ends_with("session") { String::new() } else { format!("Authorization: Bearer {}\r\n", house.admin) };
                write!(
                    stream,
                    "POST {path} HTTP/1.1\r\nHost: x\r\n{credential}Content-Type: application/json\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n"
                )
                .unwrap();
                let (over, begun) = (AtomicBool::new(false), Instant::now());
                let mut answer = String::new();
                let mut sending = stream.try_clone().unwrap();
                std::thread::scope(|scope| {
                    scope.spawn(|| {
                        while !over.load(Ordering::Relaxed) && sending.write_all(b" ").is_ok() {
                            std::thread::sleep(Duration::from_secs(1));
                        }
                    });
                    let _ = stream.read_to_string(&mut answer);
                    over.store(true, Ordering::Relaxed);
                });
                assert!(begun.elapsed() < Duration::from_secs(35), "{path}: it was held open for {:?}", begun.elapsed());
                let status: u16 = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
                assert!(expected.contains(&status), "{path}: {answer}");
            });
        }
    });
    assert_eq!(recorder.seen(), "");
}

/// A terminal in this container, by WebSocket, from after its handshake on.
fn terminal(house: &House, container: &str) -> TcpStream {
    let mut stream = http::connect(house.address);
    write!(
        stream,
        "GET /api/v1/engines/demo/containers/{container}/terminal HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        house.admin
    )
    .unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap_or_else(|_| panic!("no terminal: {}", String::from_utf8_lossy(&head)));
        head.push(byte[0]);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream
}

/// The head of a client's frame that announces so many bytes. The mask is all zeros: what follows goes as it is.
fn frame(first: u8, announced: u64) -> Vec<u8> {
    let mut head = vec![first];
    match announced {
        0..126 => head.push(0x80 | announced as u8),
        126..0x1_0000 => {
            head.push(0x80 | 126);
            head.extend_from_slice(&(announced as u16).to_be_bytes());
        }
        _ => {
            head.push(0x80 | 127);
            head.extend_from_slice(&announced.to_be_bytes());
        }
    }
    head.extend_from_slice(&[0; 4]);
    head
}

/// The code of the frame that closes this WebSocket; none when the connection ends without a word.
fn close_code(mut stream: TcpStream) -> Option<u16> {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    loop {
        let mut head = [0; 2];
        stream.read_exact(&mut head).ok()?;
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                stream.read_exact(&mut length).ok()?;
                u16::from_be_bytes(length).into()
            }
            127 => panic!("a server's frame of more than 64 KiB"),
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).ok()?;
        if head[0] == 0x88 {
            return payload.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]));
        }
    }
}

#[test]
fn a_terminal_takes_no_message_that_is_too_large_or_no_text_and_says_so() {
    let house = House::of_engine();
    let config = json!({ "Image": "busybox", "Cmd": ["sleep", "600"], "StopSignal": "KILL" });
    assert_eq!(house.post(&house.admin, "/engines/demo/containers/create?name=typed-at", config).status, 201);
    assert_eq!(house.send(&house.admin, "POST", "/engines/demo/containers/typed-at/start", "").status, 204);
    let (text, binary, more) = (0x81, 0x82, 0x00);
    let zeros = vec![0; 1 << 20];
    let mut results = Vec::new();
    let cases: [(&str, &[u16]); 5] = [
        ("a frame that announces 1 GB", &[1009]),
        ("fragments without an end", &[1009]),
        ("text that is no UTF-8", &[1007]),
        ("text that is no control", &[1003]),
        ("a frame that is not masked", &[1002]),
    ];
    for (n, (what, expected)) in cases.into_iter().enumerate() {
        let mut sending = terminal(&house, "typed-at");
        let before = house.resident_mib();
        let reading = sending.try_clone().unwrap();
        let code = std::thread::scope(|scope| {
            let reading = scope.spawn(move || close_code(reading));
            // It may close in the midst of what is sent.
            let _ = match n {
                0 => {
                    let mut sent = sending.write_all(&frame(binary, 1 << 30));
                    for _ in 0..64 {
                        sent = sent.and_then(|()| sending.write_all(&zeros));
                    }
                    sent
                }
                1 => {
                    let mut sent = sending.write_all(&[frame(binary & 0x0f, 1024), zeros[..1024].to_vec()].concat());
                    for _ in 0..65_536 {
                        sent = sent.and_then(|()| sending.write_all(&[frame(more, 1024), zeros[..1024].to_vec()].concat()));
                    }
                    sent
                }
                2 => sending.write_all(&[frame(text, 2), vec![0xff, 0xfe]].concat()),
                3 => sending.write_all(&[frame(text, 2), b"ls".to_vec()].concat()),
                _ => sending.write_all(b"\x82\x02ls"),
            };
            let after = house.resident_mib();
            assert!(after < before + 16, "{what}: it went from {before} to {after} MiB");
            reading.join().unwrap()
        });
        if !code.is_some_and(|code| expected.contains(&code)) {
            results.push(format!("{what}: closed with {code:?}, not one of {expected:?}"));
        }
    }
    // A flood of questions whether it is there, and nobody reads the answers.
    let mut flood = terminal(&house, "typed-at");
    flood.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    let before = house.resident_mib();
    let pings = [frame(0x89, 100), zeros[..100].to_vec()].concat().repeat(100);
    for _ in 0..2_000 {
        if flood.write_all(&pings).is_err() {
            break;
        }
    }
    let after = house.resident_mib();
    assert!(after < before + 16, "a flood of pings took it from {before} to {after} MiB");
    drop(flood);
    assert_eq!(house.send(&house.admin, "DELETE", "/engines/demo/containers/typed-at?force=1", "").status, 204);
    let records = house.audit("&target=demo");
    let open: Vec<&Value> = records.iter().filter(|record| record["operation"] == "ContainerTerminal" && record["outcome"] == "open").collect();
    assert!(open.is_empty(), "{open:?}");
    assert!(results.is_empty(), "{}", results.join("\n"));
}
