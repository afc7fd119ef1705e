//! Where a request begins and ends: what could be read in two ways is refused, and what comes behind it is never served.

use super::*;

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
