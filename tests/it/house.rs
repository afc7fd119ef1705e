//! Who is let in, and what survives.

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use pilothouse_tests::{
    http,
    sandbox::{Behaviour, House, PASSWORD, Recorder, free_port},
    store::sql,
};

#[test]
fn the_first_administrator_is_made_once_with_the_link_from_the_log() {
    let mut house = House::empty(&[], None);
    let link = house.setup_link();
    let secret = link.split("#secret=").nth(1).unwrap().to_owned();
    let set_up =
        |secret: &str, name: &str| house.post_as(&[], "/api/v1/setup", json!({ "secret": secret, "username": name, "password": PASSWORD })).status;
    assert_eq!(set_up("wrong", "eve"), 403);
    let (a, b) = std::thread::scope(|scope| {
        let one = scope.spawn(|| set_up(&secret, "ana"));
        let two = scope.spawn(|| set_up(&secret, "eve"));
        (one.join().unwrap(), two.join().unwrap())
    });
    assert!([(200, 403), (403, 200), (200, 409), (409, 200)].contains(&(a, b)), "{a} {b}");
    assert_eq!(set_up(&secret, "eve"), 403);
    house.crash();
    assert!(!house.log().rsplit("Pilothouse is at").next().unwrap().contains("#secret="), "a second link was made");
}

#[test]
fn a_wrong_password_costs_time_and_locks_nobody_else_out() {
    let mut house = House::start(&[]);
    let attempt =
        |house: &House, name: &str, password: &str| house.post_as(&[], "/api/v1/session", json!({ "username": name, "password": password }));
    let unknown = attempt(&house, "nobody", "wrong wrong wrong");
    let known = attempt(&house, "admin", "wrong wrong wrong");
    assert_eq!((unknown.status, &unknown.body), (401, &known.body), "an unknown user must look like a wrong password");
    for _ in 0..6 {
        attempt(&house, "admin", "wrong wrong wrong");
    }
    let slowed = attempt(&house, "admin", PASSWORD);
    assert_eq!(slowed.status, 429, "{slowed:?}");
    assert!(slowed.header("retry-after").is_some());
    // A start does not forget it.
    house.crash();
    assert_eq!(attempt(&house, "admin", PASSWORD).status, 429);
    // Another loopback address is another place to come from: the victim is not locked out there.
    let elsewhere = Command::new("curl")
        .args(["-s", "-o", "/dev/null", "-w", "%{http_code}", "--interface", "127.0.0.2", "-H", "content-type: application/json"])
        .args(["-d", &json!({ "username": "admin", "password": PASSWORD }).to_string()])
        .arg(format!("http://{}/api/v1/session", house.address))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&elsewhere.stdout), "200");
}

#[test]
fn of_many_guesses_at_once_no_more_are_free_than_of_as_many_in_turn() {
    let house = House::start(&[]);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let guess = || house.post_as(&[], "/api/v1/session", json!({ "username": "admin", "password": "wrong wrong wrong" })).status;
        let guesses: Vec<_> = (0..40).map(|_| scope.spawn(guess)).collect();
        guesses.into_iter().map(|guess| guess.join().unwrap()).collect()
    });
    let of = |status: u16| statuses.iter().filter(|is| **is == status).count();
    assert_eq!((of(401), of(429)), (5, 35), "{statuses:?}");
}

#[test]
fn a_bound_token_sees_its_engine_alone_and_its_look_is_written_down() {
    let house = House::start(&[("one", "unix:///nowhere/one.sock".to_owned()), ("two", "unix:///nowhere/two.sock".to_owned())]);
    let made = house.post(&house.admin, "/api/v1/tokens", json!({ "name": "bound", "engine": "one" })).json();
    let listed = house.get(made["token"].as_str().unwrap(), "/api/v1/engines").json();
    let names: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|engine| engine["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["one"]);
    let records = house.audit("&target=one");
    assert!(records.iter().any(|record| record["operation"] == "EngineList"), "{records:?}");
}

#[test]
fn a_session_ends_with_its_sign_out_and_a_token_with_its_revocation() {
    let house = House::start(&[]);
    let cookie = house.sign_in("admin", PASSWORD);
    let with_cookie = |method: &str, path: &str| http::send(house.address, method, path, &[("Cookie", &cookie)], "");
    assert_eq!(with_cookie("GET", "/api/v1/me").status, 200);
    let again = http::send(
        house.address,
        "POST",
        "/api/v1/session",
        &[("Cookie", &cookie), ("Content-Type", "application/json")],
        &json!({ "username": "admin", "password": PASSWORD }).to_string(),
    );
    let fresh = again.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert_ne!(fresh, cookie, "the session's id must be new at each sign-in");
    assert_eq!(with_cookie("GET", "/api/v1/me").status, 401, "the session that was there before ends");
    let cookie = fresh;
    let with_cookie = |method: &str, path: &str| http::send(house.address, method, path, &[("Cookie", &cookie)], "");
    assert_eq!(with_cookie("DELETE", "/api/v1/session").status, 200);
    assert_eq!(with_cookie("GET", "/api/v1/me").status, 401);

    let made = house.post(&house.admin, "/api/v1/tokens", json!({ "name": "second" })).json();
    let second = made["token"].as_str().unwrap();
    assert_eq!(house.get(second, "/api/v1/me").status, 200);
    assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/tokens/{}", made["id"].as_str().unwrap()), "").status, 200);
    assert_eq!(house.get(second, "/api/v1/me").status, 401);
    assert_eq!(http::send(house.address, "GET", &format!("/api/v1/me?token={}", house.admin), &[], "").status, 401, "no credential in a URL");
}

#[test]
fn a_changed_password_ends_every_other_session_and_the_old_one_opens_nothing() {
    let house = House::start(&[]);
    let (here, there) = (house.sign_in("admin", PASSWORD), house.sign_in("admin", PASSWORD));
    let me = |cookie: &str| http::send(house.address, "GET", "/api/v1/me", &[("Cookie", cookie)], "").status;
    assert_eq!((me(&here), me(&there)), (200, 200));
    let new = "another horse battery";
    let changed = house.post_as(&[("Cookie", &here)], "/api/v1/me/password", json!({ "current": PASSWORD, "new": new }));
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!((me(&here), me(&there)), (200, 401));
    let attempt = |password: &str| house.post_as(&[], "/api/v1/session", json!({ "username": "admin", "password": password })).status;
    assert_eq!((attempt(PASSWORD), attempt(new)), (401, 200));
}

#[test]
fn of_two_administrators_removed_at_once_one_stays() {
    let house = House::start(&[]);
    for round in 0..5 {
        let other = format!("ana-{round}");
        let theirs = house.user(&other, "admin", "all");
        let disable = |token: &str, name: &str| house.send(token, "PATCH", &format!("/api/v1/users/{name}"), r#"{"disabled":true}"#).status;
        let (a, b) = std::thread::scope(|scope| {
            let (one, two) = (scope.spawn(|| disable(&theirs, "admin")), scope.spawn(|| disable(&house.admin, &other)));
            (one.join().unwrap(), two.join().unwrap())
        });
        // The one who lost may be told that they would be the last, or that they may do nothing any more.
        assert!([a, b].iter().filter(|status| **status == 200).count() == 1, "{a} {b}");
        if a == 200 {
            assert_eq!(house.send(&theirs, "PATCH", "/api/v1/users/admin", r#"{"disabled":false}"#).status, 200);
        }
        assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/users/{other}"), "").status, 200);
    }
}

#[test]
fn a_change_whose_client_leaves_is_in_force_all_the_same() {
    let house = House::start(&[]);
    for n in 0..20 {
        let made = house.post(&house.admin, "/api/v1/tokens", json!({ "name": format!("left {n}") })).json();
        let (token, id) = (made["token"].as_str().unwrap(), made["id"].as_str().unwrap());
        let mut stream = http::connect(house.address);
        std::io::Write::write_all(
            &mut stream,
            format!("DELETE /api/v1/tokens/{id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", house.admin).as_bytes(),
        )
        .unwrap();
        std::thread::sleep(Duration::from_micros(300 * n));
        drop(stream);
        // It may have left too early to be heard at all: then nothing is written down of it, and the token is good.
        let end = Instant::now() + Duration::from_secs(2);
        loop {
            let record = house.audit("").into_iter().find(|record| record["operation"] == "TokenRevoke" && record["object"] == id);
            match record {
                Some(record) if record["outcome"] == "ok" => {
                    assert_eq!(house.get(token, "/api/v1/me").status, 401, "{record}");
                    break;
                }
                None if Instant::now() > end => {
                    assert_eq!(house.get(token, "/api/v1/me").status, 200);
                    break;
                }
                _ => assert!(Instant::now() < end + Duration::from_secs(2), "it was begun and not finished"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn another_site_s_page_changes_nothing() {
    let house = House::start(&[]);
    let cookie = house.sign_in("admin", PASSWORD);
    for (name, value) in [("Origin", "http://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
        let answer = http::send(house.address, "DELETE", "/api/v1/session", &[("Cookie", &cookie), (name, value)], "");
        assert_eq!(answer.status, 403, "{name}: {value}: {answer:?}");
    }
    assert_eq!(http::send(house.address, "GET", "/api/v1/me", &[("Cookie", &cookie)], "").status, 200);
}

#[test]
fn nobody_grants_what_they_do_not_hold_and_the_last_administrator_stays() {
    let house = House::start(&[]);
    let viewer = house.user("vic", "viewer", "all");
    assert_eq!(house.post(&viewer, "/api/v1/grants", json!({ "user": "vic", "role": "admin", "scope": "all" })).status, 403);
    assert_eq!(house.send(&house.admin, "DELETE", "/api/v1/users/admin", "").status, 409);
    let disable = house.send(&house.admin, "PATCH", "/api/v1/users/admin", r#"{"disabled":true}"#);
    assert_eq!(disable.status, 409, "{disable:?}");
}

#[test]
fn a_crash_loses_no_acknowledged_write_and_leaves_no_open_record() {
    let recorder = Recorder::start(Behaviour::Silent);
    let mut house = House::start(&[("fake", recorder.url.clone())]);
    let mut made = Vec::new();
    for n in 0..40 {
        let name = format!("user-{n}");
        assert_eq!(house.post(&house.admin, "/api/v1/users", json!({ "username": name })).status, 200);
        made.push(name);
    }
    // A change is on its way when the power goes.
    let (address, admin) = (house.address, house.admin.clone());
    let open = std::thread::spawn(move || {
        http::send(address, "POST", "/engines/fake/containers/x/start", &[("Authorization", &format!("Bearer {admin}"))], "")
    });
    let end = Instant::now() + Duration::from_secs(5);
    while !recorder.seen().contains("/containers/x/start") {
        assert!(Instant::now() < end, "the engine never heard of it");
        std::thread::sleep(Duration::from_millis(10));
    }
    house.crash();
    let _ = open.join();
    let users = house.get(&house.admin, "/api/v1/users?limit=500").json();
    let names: Vec<&str> = users["items"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect();
    for name in &made {
        assert!(names.contains(&name.as_str()), "{name} was acknowledged and is gone");
    }
    let record = house.audit("&target=fake").into_iter().find(|record| record["operation"] == "ContainerStart").expect("the intent was on disk");
    assert_eq!(record["outcome"], "unknown", "{record}");
}

/// Another process that holds the database's write lock.
struct Lock(Child);

impl Lock {
    fn hold(house: &House) -> Lock {
        let program = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1],isolation_level=None)\nc.execute('BEGIN IMMEDIATE')\nprint('held',flush=True)\nsys.stdin.read()";
        let mut child = Command::new("python3")
            .args(["-c", program])
            .arg(house.data.join("pilothouse.db"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        let mut held = [0; 4];
        child.stdout.as_mut().unwrap().read_exact(&mut held).unwrap();
        Lock(child)
    }

    fn release(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

#[test]
fn nothing_is_changed_while_the_trail_cannot_be_written_and_it_recovers_by_itself() {
    let recorder = Recorder::start(Behaviour::Say("HTTP/1.1 204 No Content\r\n\r\n"));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let lock = Lock::hold(&house);
    let begun = Instant::now();
    let refused = house.send(&house.admin, "POST", "/engines/fake/containers/x/start", "");
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    let probe = |path: &str| http::send(house.address, "GET", path, &[], "").status;
    assert_eq!((probe("/healthz"), probe("/readyz")), (200, 503));
    assert_eq!(recorder.seen(), "", "the engine heard of a change that was not written down");
    lock.release();
    let end = Instant::now() + Duration::from_secs(10);
    while house.send(&house.admin, "POST", "/engines/fake/containers/x/start", "").status != 204 {
        assert!(Instant::now() < end, "it does not recover");
        std::thread::sleep(Duration::from_millis(200));
    }
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(probe("/readyz"), 200);
}

#[test]
fn no_kind_of_change_happens_while_the_trail_cannot_be_written() {
    let recorder = Recorder::start(Behaviour::Say("HTTP/1.1 204 No Content\r\n\r\n"));
    let read = Recorder::start(Behaviour::Say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"));
    let house = House::start(&[("fake", recorder.url.clone()), ("read", read.url.clone())]);
    assert_eq!(house.post(&house.admin, "/api/v1/users", json!({ "username": "old" })).status, 200);
    let kept = house.post(&house.admin, "/api/v1/tokens", json!({ "name": "kept" })).json();
    // An engine that is to be added and must not be looked at.
    let unseen = TcpListener::bind("127.0.0.1:0").unwrap();
    unseen.set_nonblocking(true).unwrap();
    let added = json!({ "name": "added", "url": format!("tcp+plain://{}", unseen.local_addr().unwrap()) }).to_string();

    let (json, tar) = ([("Content-Type", "application/json")], [("Content-Type", "application/x-tar")]);
    let tcp = [("Connection", "Upgrade, close"), ("Upgrade", "tcp")];
    let h2c = [("Connection", "Upgrade, close"), ("Upgrade", "h2c")];
    let shell = [
        ("Connection", "Upgrade, close"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let both = [tcp[0], tcp[1], json[0]];
    let sign_in = json!({ "username": "admin", "password": PASSWORD }).to_string();
    let token = format!("/api/v1/tokens/{}", kept["id"].as_str().unwrap());
    type Asked<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str);
    let operations: &[Asked] = &[
        ("POST", "/engines/fake/containers/x/start", &[], ""),
        ("DELETE", "/engines/fake/containers/x", &[], ""),
        ("POST", "/engines/fake/containers/create", &json, r#"{"Image":"x"}"#),
        ("POST", "/engines/fake/containers/x/exec", &json, r#"{"Cmd":["true"]}"#),
        ("POST", "/engines/fake/exec/x/start", &both, "{}"),
        ("POST", "/engines/fake/exec/x/start", &json, r#"{"Detach":true}"#),
        ("POST", "/engines/fake/build?t=x", &tar, "no archive"),
        ("POST", "/engines/fake/images/load", &tar, "no archive"),
        ("POST", "/engines/fake/images/create?fromImage=x", &[], ""),
        ("PUT", "/engines/fake/containers/x/archive?path=/", &tar, "no archive"),
        ("POST", "/engines/fake/containers/x/attach?stream=1&stdin=1", &tcp, ""),
        ("POST", "/engines/fake/session", &h2c, ""),
        // Reads of what is worth stealing are as strict.
        ("GET", "/engines/fake/containers/x/archive?path=/etc/shadow", &[], ""),
        ("GET", "/engines/fake/configs", &[], ""),
        ("POST", "/api/v1/engines/fake/containers/x/start", &json, ""),
        ("DELETE", "/api/v1/engines/fake/containers/x?force=true", &[], ""),
        ("POST", "/api/v1/engines/fake/containers", &json, r#"{"image":"x","name":"y"}"#),
        ("GET", "/api/v1/engines/fake/containers/x/terminal", &shell, ""),
        ("POST", "/api/v1/users", &json, r#"{"username":"new"}"#),
        ("PATCH", "/api/v1/users/old", &json, r#"{"disabled":true}"#),
        ("DELETE", "/api/v1/users/old", &[], ""),
        ("POST", "/api/v1/grants", &json, r#"{"user":"old","role":"admin","scope":"all"}"#),
        ("POST", "/api/v1/tokens", &json, r#"{"name":"new"}"#),
        ("DELETE", &token, &[], ""),
        ("POST", "/api/v1/engines", &json, &added),
        ("POST", "/api/v1/session", &json, &sign_in),
    ];
    let last = sql(&house.data, &["SELECT max(id) FROM audit"])[0][0][0].as_i64().unwrap();
    let lock = Lock::hold(&house);
    std::thread::scope(|scope| {
        let house = &house;
        let asked: Vec<_> = operations
            .iter()
            .map(|(method, path, headers, body)| {
                scope.spawn(move || {
                    let bearer = format!("Bearer {}", house.admin);
                    // A sign-in comes without a credential.
                    let credential = (*path != "/api/v1/session").then_some(("Authorization", bearer.as_str()));
                    let headers: Vec<_> = headers.iter().copied().chain(credential).collect();
                    let begun = Instant::now();
                    (http::send(house.address, method, path, &headers, body), begun.elapsed())
                })
            })
            .collect();
        // A plain read needs no disk, and is not held up by those that do.
        let begun = Instant::now();
        assert_eq!(house.get(&house.admin, "/engines/read/containers/json").status, 200);
        assert!(begun.elapsed() < Duration::from_secs(1), "a plain read waited {:?}", begun.elapsed());
        for ((method, path, ..), asked) in operations.iter().zip(asked) {
            let (answer, took) = asked.join().unwrap();
            assert_eq!(answer.status, 503, "{method} {path}: {answer:?}");
            let said = answer.json();
            let said = said["message"].as_str().or(said["title"].as_str()).unwrap_or_default();
            assert!(said.ends_with('.') && said.len() > 20, "{method} {path} says nothing: {answer:?}");
            assert!(took < Duration::from_secs(10), "{method} {path} took {took:?}");
        }
    });
    assert_eq!(recorder.seen(), "", "an engine heard of a change that was not written down");
    assert!(read.seen().contains("GET /containers/json"), "the read did not reach its engine");
    assert!(unseen.accept().is_err(), "an engine was looked at whose adding was not written down");
    lock.release();

    let end = Instant::now() + Duration::from_secs(10);
    while house.send(&house.admin, "POST", "/engines/fake/containers/after/start", "").status != 204 {
        assert!(Instant::now() < end, "it does not recover");
        std::thread::sleep(Duration::from_millis(200));
    }
    // Nothing of it happens late, and nothing says that it did.
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(recorder.seen().matches("HTTP/1.1\r\n").count(), 1, "{}", recorder.seen());
    let done = format!("SELECT operation || ' ' || object FROM audit WHERE id > {last} AND is_change = 1 AND outcome = 'ok' AND object <> 'after'");
    let rows = sql(
        &house.data,
        &["SELECT username, disabled FROM users ORDER BY username", "SELECT count(*) FROM tokens", "SELECT count(*) FROM engines", &done],
    );
    assert_eq!(rows[0], [[json!("admin"), json!(0)], [json!("old"), json!(0)]]);
    assert_eq!((&rows[1][0][0], &rows[2][0][0]), (&json!(2), &json!(0)));
    assert_eq!(rows[3], [] as [Vec<Value>; 0]);
}

#[test]
fn sessions_and_tokens_end_at_their_time_and_not_before() {
    let recorder = Recorder::start(Behaviour::Say("HTTP/1.1 204 No Content\r\n\r\n"));
    let mut house = House::start(&[("fake", recorder.url.clone())]);
    let sessions = ["idle", "nearly idle", "old", "nearly old"].map(|_| {
        let cookie = house.sign_in("admin", PASSWORD);
        let me = http::send(house.address, "GET", "/api/v1/me", &[("Cookie", &cookie)], "").json();
        (cookie, me["session"].as_str().unwrap().to_owned())
    });
    let tokens = ["past", "to come"].map(|name| {
        let made = house.post(&house.admin, "/api/v1/tokens", json!({ "name": name, "expires_in_s": 60 })).json();
        (made["token"].as_str().unwrap().to_owned(), made["id"].as_str().unwrap().to_owned())
    });
    house.stop();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
    let (minute, hours, days) = (60_000, 8 * 3_600_000, 7 * 86_400_000);
    let used = |session: usize, at: i64| format!("UPDATE sessions SET last_used_at = {at} WHERE id = '{}'", sessions[session].1);
    let begun = |session: usize, at: i64| {
        let id = &sessions[session].1;
        format!("UPDATE sessions SET created_at = {at}, expires_at = expires_at - created_at + {at} WHERE id = '{id}'")
    };
    let expires = |token: usize, at: i64| format!("UPDATE tokens SET expires_at = {at} WHERE id = '{}'", tokens[token].1);
    let edits = [
        used(0, now - hours - 1000),
        used(1, now - hours + minute),
        begun(2, now - days - 1000),
        begun(3, now - days + minute),
        expires(0, now - 1),
        expires(1, now + minute),
    ];
    sql(&house.data, &edits.each_ref().map(String::as_str));
    house.start_again();
    for ((cookie, _), (what, status)) in sessions.iter().zip([("idle", 401), ("nearly idle", 200), ("old", 401), ("nearly old", 200)]) {
        let answer = http::send(house.address, "GET", "/api/v1/me", &[("Cookie", cookie)], "");
        assert_eq!(answer.status, status, "{what}: {answer:?}");
    }
    for ((token, _), (what, me, start)) in tokens.iter().zip([("past", 401, 401), ("to come", 200, 204)]) {
        assert_eq!(house.get(token, "/api/v1/me").status, me, "a token whose time is {what}, at the API");
        assert_eq!(house.send(token, "POST", "/engines/fake/containers/x/start", "").status, start, "a token whose time is {what}, at the door");
    }
    assert_eq!(recorder.seen().matches("POST /containers/x/start").count(), 1);
}

#[test]
fn a_stream_ends_with_the_token_that_expires_under_it() {
    let recorder = Recorder::start(Behaviour::Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"));
    let mut house = House::start(&[("fake", recorder.url.clone())]);
    let made = house.post(&house.admin, "/api/v1/tokens", json!({ "name": "short", "expires_in_s": 60 })).json();
    house.stop();
    let now = || std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
    let expiry = now() + 4_000;
    sql(&house.data, &[&format!("UPDATE tokens SET expires_at = {expiry} WHERE id = '{}'", made["id"].as_str().unwrap())]);
    house.start_again();
    let mut stream = http::connect(house.address);
    write!(stream, "GET /engines/fake/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", made["token"].as_str().unwrap()).unwrap();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    let ended = now();
    assert!(rest.starts_with(b"HTTP/1.1 200 OK"), "{}", String::from_utf8_lossy(&rest));
    assert!(!rest.ends_with(b"0\r\n\r\n"), "a stream that was cut must not look complete");
    assert!((expiry..expiry + 5_000).contains(&ended), "it ended {} ms after the token did", ended - expiry);
    std::thread::sleep(Duration::from_millis(200));
    let record = house.audit("&target=fake").into_iter().find(|record| record["operation"] == "SystemEvents").unwrap();
    assert_eq!(record["outcome"], "revoked", "{record}");
}

/// Pilothouse on the data of a house that was stopped or not, with a password for `admin` in its surroundings. Ends with its owner.
struct Again(Child);

impl Again {
    fn start(house: &House, port: u16, password: &str) -> Again {
        let tests = std::env::current_exe().unwrap();
        let program = tests.ancestors().nth(2).unwrap().join("pilothouse");
        let log = std::fs::File::options().append(true).open(house.data.join("../log")).unwrap();
        let mut command = Command::new(program);
        command.args(["serve", "--config"]).arg(house.data.join("../pilothouse.toml")).stderr(log);
        command.env("PILOTHOUSE_LISTEN", format!("127.0.0.1:{port}")).env("PILOTHOUSE_DATA_DIR", &house.data);
        command.env("PILOTHOUSE_ADMIN_PASSWORD", password).env("NO_COLOR", "1");
        Again(command.spawn().unwrap())
    }

    fn wait_until_it_answers(&mut self, house: &House) {
        let end = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(house.address).is_err() {
            assert_eq!(self.0.try_wait().unwrap(), None, "it ended: {}", house.log());
            assert!(Instant::now() < end, "it does not listen: {}", house.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Again {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_later_start_makes_no_administrator_and_changes_none() {
    let mut house = House::start(&[]);
    let attempt = |house: &House, password: &str| house.post_as(&[], "/api/v1/session", json!({ "username": "admin", "password": password })).status;
    let other = "another password entirely";
    house.stop();
    let before = house.log().len();
    let mut again = Again::start(&house, house.address.port(), other);
    again.wait_until_it_answers(&house);
    assert_eq!((attempt(&house, PASSWORD), attempt(&house, other)), (200, 401));
    drop(again);
    // Not even when everybody was deleted: that the house was set up is a fact of its own.
    sql(&house.data, &["DELETE FROM users"]);
    let mut again = Again::start(&house, house.address.port(), other);
    again.wait_until_it_answers(&house);
    assert_eq!((attempt(&house, PASSWORD), attempt(&house, other)), (401, 401));
    let state = http::send(house.address, "GET", "/api/v1/setup", &[], "").json();
    assert_eq!(state["needed"], false, "{state}");
    let said = house.log()[before..].to_owned();
    assert!(!said.contains("#secret=") && !said.contains("was made"), "{said}");
}

#[test]
fn of_two_on_one_data_folder_the_second_is_refused() {
    let house = House::start(&[]);
    let before = house.log().len();
    let mut second = Again::start(&house, free_port(), PASSWORD);
    let end = Instant::now() + Duration::from_secs(10);
    let ended = loop {
        if let Some(status) = second.0.try_wait().unwrap() {
            break status;
        }
        // Two that hold who is let in each in its own memory: what one revokes, the other still lets in.
        assert!(Instant::now() < end, "two serve from one data folder: {}", &house.log()[before..]);
        std::thread::sleep(Duration::from_millis(50));
    };
    let said = house.log()[before..].to_owned();
    assert!(!ended.success(), "{said}");
    assert!(said.contains(house.data.file_name().unwrap().to_str().unwrap()), "it does not say which folder: {said}");
    // The first goes on as if nothing had been.
    assert_eq!(house.post(&house.admin, "/api/v1/users", json!({ "username": "after" })).status, 200);
}
