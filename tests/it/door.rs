//! The engine door, with real command lines at a real engine, and with bytes that no command line would send.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::parity::{compare, run};
use pilothouse_tests::{
    http,
    sandbox::{Behaviour, House, Recorder, engine, folder, relay},
};

/// Runs the same script straight at the engine and through the door. Some outputs hang on who of two processes was quicker, and differ
/// between two runs at the engine too: the areas of such outputs are tried in a second round, and what differs again counts. A failure or
/// another exit code counts at once.
fn same_twice(docker: &Path) {
    let house = House::of_engine();
    let direct = vec![
        ("DOCKER_HOST".to_owned(), format!("tcp://{}", relay(&engine().socket))),
        ("DOCKER_CONFIG".to_owned(), folder("config").display().to_string()),
    ];
    let round = |areas: &[&str]| {
        let first = run(docker, &direct, &folder("direct"), areas);
        let second = run(docker, &house.docker_env(&house.admin, "demo"), &folder("through"), areas);
        assert!(!areas.is_empty() || first.len() >= 380, "the suite has {} invocations, too few", first.len());
        let differences = compare(&first, &second);
        println!("{} of {} differ", differences.len(), first.len());
        differences.iter().for_each(|difference| println!("{difference}"));
        differences
    };
    let once = round(&[]);
    let output = ["standard output", "standard error"];
    assert!(once.iter().all(|difference| output.contains(&difference.what)), "more than an output differs");
    if once.is_empty() {
        return;
    }
    let areas: BTreeSet<&str> = once.iter().filter_map(|difference| difference.place.split(':').next()).collect();
    let mut twice = round(&areas.into_iter().collect::<Vec<_>>());
    twice.retain(|difference| once.iter().any(|earlier| earlier.place == difference.place));
    assert!(twice.is_empty(), "{} differ in both rounds", twice.len());
}

#[test]
fn every_docker_on_the_path_works_as_without_pilothouse() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Where /bin is /usr/bin, each is on it twice.
    let mut found: Vec<_> = std::env::split_paths(&path).filter_map(|dir| dir.join("docker").canonicalize().ok()).collect();
    found.sort();
    found.dedup();
    assert!(!found.is_empty(), "there is no docker on the PATH: `deploy/sandbox/install sandbox` installs it");
    // One after the other: side by side what one leaves behind a moment longer shows in what the other removes.
    for docker in found {
        println!("{}", docker.display());
        same_twice(&docker);
    }
}

fn docker(house: &House, token: &str, arguments: &[&str]) -> std::process::Output {
    Command::new("docker").args(arguments).envs(house.docker_env(token, "demo")).output().unwrap()
}

#[test]
fn a_viewer_sees_and_is_told_what_is_missing_when_they_act() {
    let house = House::of_engine();
    let viewer = house.user("vic", "viewer", "engine/demo");
    assert!(docker(&house, &viewer, &["ps"]).status.success());
    let refused = docker(&house, &viewer, &["run", "--rm", "busybox", "true"]);
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(told.contains("vic needs the permission engine.container.create on engine/demo."), "{told}");
}

/// Sends a request and stays after what begins its answer, if one is expected by now.
fn open(house: &House, token: &str, request: &str, answer: Option<&[u8; 12]>) -> std::net::TcpStream {
    let mut stream = http::connect(house.address);
    let (line, rest) = request.split_once("\r\n").unwrap();
    write!(stream, "{line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{rest}").unwrap();
    if let Some(answer) = answer {
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, answer, "{request}");
    }
    stream
}

#[test]
fn a_revoked_token_ends_its_streams_within_five_seconds() {
    let house = House::of_engine();
    let made = house.post(&house.admin, "/api/v1/tokens", json!({ "name": "to be revoked" })).json();
    let token = made["token"].as_str().unwrap();
    let config = json!({ "Image": "busybox", "Cmd": ["yes", "a line that nobody reads"], "StopSignal": "KILL" });
    assert_eq!(house.post(&house.admin, "/engines/demo/containers/create?name=chatty", config).status, 201);
    assert_eq!(house.send(&house.admin, "POST", "/engines/demo/containers/chatty/start", "").status, 204);
    // One that says nothing, one that nobody reads, one that is being sent, and a raw one.
    let mut quiet = open(&house, token, "GET /engines/demo/events\r\n\r\n", Some(b"HTTP/1.1 200"));
    let stalled = open(&house, token, "GET /engines/demo/containers/chatty/logs?stdout=1&follow=1\r\n\r\n", Some(b"HTTP/1.1 200"));
    let load = "POST /engines/demo/images/load\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n";
    let sent = open(&house, token, load, None);
    let attach = "POST /engines/demo/containers/chatty/attach?stream=1&stdin=1\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    let raw = open(&house, token, attach, Some(b"HTTP/1.1 101"));
    std::thread::sleep(Duration::from_secs(1));

    let cut = Instant::now();
    let gone = house.send(&house.admin, "DELETE", &format!("/api/v1/tokens/{}", made["id"].as_str().unwrap()), "");
    assert_eq!(gone.status, 200, "{gone:?}");
    let mut rest = Vec::new();
    let _ = quiet.read_to_end(&mut rest);
    assert!(!rest.ends_with(b"0\r\n\r\n"), "a stream that was cut must not look complete");
    for operation in ["SystemEvents", "ContainerLogs", "ImageLoad", "ContainerAttach"] {
        loop {
            let record = house.audit("&target=demo").into_iter().find(|record| record["operation"] == operation).unwrap();
            if record["outcome"] == "revoked" {
                break;
            }
            assert!(cut.elapsed() < Duration::from_secs(5), "it goes on: {record}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    drop((stalled, sent, raw));
    assert_eq!(house.send(&house.admin, "DELETE", "/engines/demo/containers/chatty?force=1", "").status, 204);
}

#[test]
fn a_client_that_leaves_frees_the_engine_within_a_second() {
    let recorder = Recorder::start(Behaviour::Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let mut stream = http::connect(house.address);
    write!(stream, "GET /engines/fake/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", house.admin).unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    drop(stream);
    let end = Instant::now() + Duration::from_secs(1);
    loop {
        let record = house.audit("&target=fake").into_iter().find(|record| record["operation"] == "SystemEvents").unwrap();
        if record["outcome"] != "open" {
            break;
        }
        assert!(Instant::now() < end, "the stream is still open: {record}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn an_engine_that_fails_fails_alone_and_in_time() {
    let garbage = Recorder::start(Behaviour::Say("this is no HTTP\r\n\r\n"));
    let reset = Recorder::start(Behaviour::Reset);
    let silent = Recorder::start(Behaviour::Silent);
    let cut = Recorder::start(Behaviour::Say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"));
    let redirect = Recorder::start(Behaviour::Say("HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n"));
    let house = House::start(&[
        ("refused", "tcp+plain://127.0.0.1:1".to_owned()),
        ("missing", "unix:///nowhere/docker.sock".to_owned()),
        ("garbage", garbage.url.clone()),
        ("reset", reset.url.clone()),
        ("silent", silent.url.clone()),
        ("cut", cut.url.clone()),
        ("redirect", redirect.url.clone()),
        ("demo", format!("unix://{}", engine().socket.display())),
    ]);
    let ask = |name: &str| house.get(&house.admin, &format!("/engines/{name}/containers/json"));
    for name in ["refused", "missing", "garbage", "reset", "redirect"] {
        let answer = ask(name);
        assert_eq!(answer.status, 502, "{name}: {answer:?}");
        assert!(answer.json()["message"].is_string(), "{name}: {answer:?}");
    }
    std::thread::scope(|scope| {
        let asked = [
            ("GET", "/containers/json", ""),
            ("GET", "/containers/x/logs?stdout=1", ""),
            ("POST", "/containers/x/start", ""),
            ("POST", "/exec/x/start", "{}"),
            ("POST", "/images/create?fromImage=x", ""),
        ];
        let silent = asked.map(|(method, path, body)| {
            let house = &house;
            scope.spawn(move || {
                let begun = Instant::now();
                let answer = house.send(&house.admin, method, &format!("/engines/silent{path}"), body);
                (path, answer, begun.elapsed())
            })
        });
        // Truncation must not look like an end: the length that was promised never comes.
        let short = scope.spawn(|| ask("cut"));
        for _ in 0..20 {
            let begun = Instant::now();
            assert_eq!(ask("demo").status, 200);
            assert!(begun.elapsed() < Duration::from_secs(2), "a healthy engine waited for a dead one");
        }
        for silent in silent {
            let (path, answer, took) = silent.join().unwrap();
            assert_eq!(answer.status, 504, "{path}: {answer:?}");
            // What may take an hour waits until the engine has answered no look for half a minute.
            assert!(took < Duration::from_secs(75), "{path}: {took:?}");
        }
        let short = short.join().unwrap();
        assert!(short.head.to_ascii_lowercase().contains("content-length: 100"), "{short:?}");
        assert_eq!(short.body, "short");
    });
}

#[test]
fn ambiguous_bytes_are_refused_before_anything_else() {
    let recorder = Recorder::start(Behaviour::Say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let auth = format!("Authorization: Bearer {}\r\n", house.admin);
    let start = "POST /engines/fake/containers/x/start";
    for (what, request) in [
        ("two lengths", format!("{start} HTTP/1.1\r\nHost: x\r\n{auth}Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello")),
        ("two encodings", format!("{start} HTTP/1.1\r\nHost: x\r\n{auth}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
        ("identity, chunked", format!("{start} HTTP/1.1\r\nHost: x\r\n{auth}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n")),
        ("no host", format!("{start} HTTP/1.1\r\n{auth}\r\n")),
        ("two hosts", format!("{start} HTTP/1.1\r\nHost: x\r\nHost: y\r\n{auth}\r\n")),
        ("absolute form", format!("GET http://other/engines/fake/info HTTP/1.1\r\nHost: x\r\n{auth}\r\n")),
        ("lower-case method", format!("get /engines/fake/info HTTP/1.1\r\nHost: x\r\n{auth}\r\n")),
        ("underscore", format!("{start} HTTP/1.1\r\nHost: x\r\n{auth}Impersonate_User: root\r\n\r\n")),
        ("connect", format!("CONNECT other:80 HTTP/1.1\r\nHost: x\r\n{auth}\r\n")),
        ("space before the colon", format!("{start} HTTP/1.1\r\nHost : x\r\n{auth}\r\n")),
        ("body on a start", format!("{start} HTTP/1.1\r\nHost: x\r\n{auth}Connection: close\r\nContent-Length: 2\r\n\r\n{{}}")),
        ("h2c upgrade", format!("GET /engines/fake/info HTTP/1.1\r\nHost: x\r\n{auth}Connection: Upgrade, close\r\nUpgrade: h2c\r\n\r\n")),
        ("odd version", format!("GET /engines/fake/v01.41/info HTTP/1.1\r\nHost: x\r\n{auth}Connection: close\r\n\r\n")),
        ("escaped path", format!("GET /engines/fake/containers%2Fjson HTTP/1.1\r\nHost: x\r\n{auth}Connection: close\r\n\r\n")),
    ] {
        let answer = http::raw(house.address, request.as_bytes());
        assert_eq!(answer.status, 400, "{what}: {answer:?}");
    }
    // The preface of HTTP/2 is no request that is spoken here.
    assert_eq!(http::raw(house.address, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status, 400);
    let doubled = r#"{"Image":"x","HostConfig":{},"hostconfig":{"Privileged":true}}"#;
    assert_eq!(house.send(&house.admin, "POST", "/engines/fake/containers/create", doubled).status, 400);
    let large = format!("{{\"Image\":\"{}\"}}", "x".repeat(4 * 1024 * 1024));
    assert_eq!(house.send(&house.admin, "POST", "/engines/fake/containers/create", &large).status, 413);
    assert_eq!(recorder.seen(), "");
}

#[test]
fn what_the_engine_gets_is_made_anew() {
    let recorder = Recorder::start(Behaviour::Say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let body = r#"{ "Image" : "x" }"#;
    let request = format!(
        "POST /engines/fake/v1.41/containers/create?name=a%2Db HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nCookie: a=b\r\n\
         X-Forwarded-For: 1.2.3.4\r\nImpersonate-User: root\r\nConnection: close, X-Registry-Auth\r\nTE: trailers\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        house.admin,
        body.len()
    );
    assert_eq!(http::raw(house.address, request.as_bytes()).status, 200);
    let seen = recorder.seen().to_ascii_lowercase();
    assert!(seen.starts_with("post /v1.41/containers/create?name=a-b http/1.1\r\n"), "{seen}");
    assert!(seen.ends_with("\r\n\r\n{\"image\":\"x\"}"), "{seen}");
    for gone in ["authorization", "cookie", "forwarded", "impersonate", "te:", "ph_pat_"] {
        assert!(!seen.contains(gone), "{gone} reached the engine: {seen}");
    }
    assert_eq!(seen.matches("content-length").count() + seen.matches("transfer-encoding").count(), 1, "{seen}");
}

#[test]
fn a_half_sent_head_is_closed_at_its_deadline() {
    let house = House::start(&[]);
    let mut stream = http::connect(house.address);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").unwrap();
    let begun = Instant::now();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(begun.elapsed() < Duration::from_secs(25), "it was still open after {:?}", begun.elapsed());
}
