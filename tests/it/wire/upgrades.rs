//! Other protocols, raw streams, and engines that point elsewhere.

use super::*;

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
