//! What one request leaves behind for the next on the same engine: nothing.

use super::*;

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
