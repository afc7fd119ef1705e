//! What breaks around Pilothouse, and what it is fed to break it.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;

use pilothouse_tests::{
    http,
    sandbox::{Behaviour, Engine, House, Recorder, folder},
};

const DONE: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// Runs a program that needs root, by `sudo` where we are not.
fn as_root(arguments: &[&str]) {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let (program, rest) = if is_root { (arguments[0], &arguments[1..]) } else { ("sudo", arguments) };
    let done = Command::new(program).args(rest).output().unwrap_or_else(|e| panic!("{program} does not run: {e}"));
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A file system of two megabytes.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount() -> SmallDisk {
        let dir = folder("disk");
        as_root(&["mount", "-t", "tmpfs", "-o", "size=2m,mode=0777", "tmpfs", dir.to_str().unwrap()]);
        SmallDisk(dir)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::panic::catch_unwind(|| as_root(&["umount", "--lazy", self.0.to_str().unwrap()]));
    }
}

#[test]
fn a_full_disk_refuses_changes_and_heals_when_there_is_room() {
    let disk = SmallDisk::mount();
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start_in(&disk.0, &[("fake", recorder.url.clone())]);
    let start = || house.send(&house.admin, "POST", "/engines/fake/containers/x/start", "");
    assert_eq!(start().status, 204);
    let before = recorder.seen();
    let filler = disk.0.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    // What the database's pages still have room for may pass; then nothing does.
    let end = Instant::now() + Duration::from_secs(30);
    let mut passed = 1;
    let refused = loop {
        let answer = start();
        if answer.status != 204 {
            break answer;
        }
        passed += 1;
        assert!(Instant::now() < end, "nothing is refused on a full disk");
    };
    assert_eq!(refused.status, 503, "{refused:?}");
    for _ in 0..5 {
        assert_eq!(start().status, 503);
    }
    assert_eq!(recorder.seen().matches("POST /containers/x/start").count(), passed, "the engine heard of a change that was not written down");
    assert!(!before.is_empty());
    drop(file);
    std::fs::remove_file(filler).unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while start().status != 204 {
        assert!(Instant::now() < end, "it does not recover: {}", house.log());
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_stop_ends_in_time_and_every_stream_has_its_outcome() {
    let mut house = House::of_engine();
    let streams: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = http::connect(house.address);
            write!(stream, "GET /engines/demo/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", house.admin).unwrap();
            let mut first = [0; 15];
            stream.read_exact(&mut first).unwrap();
            assert_eq!(&first, b"HTTP/1.1 200 OK");
            stream
        })
        .collect();
    let begun = Instant::now();
    house.stop();
    assert!(begun.elapsed() < Duration::from_secs(30), "the stop took {:?}", begun.elapsed());
    house.start_again();
    drop(streams);
    let records = house.audit("&target=demo");
    let streams: Vec<_> = records.iter().filter(|record| record["operation"] == "SystemEvents").collect();
    assert_eq!(streams.len(), 100);
    assert!(streams.iter().all(|record| record["outcome"] != "unknown" && !record["outcome"].is_null()), "{}", streams[0]);
}

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
fn an_endless_answer_is_cut_where_it_would_be_held_and_streams_where_it_is_not() {
    let endless = Recorder::start(Behaviour::Endless);
    let house = House::start(&[("endless", endless.url.clone())]);
    // The door passes it on, a piece at a time.
    let mut stream = http::connect(house.address);
    write!(stream, "GET /engines/endless/containers/json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", house.admin).unwrap();
    let mut piece = vec![0; 1 << 20];
    stream.read_exact(&mut piece).unwrap();
    drop(stream);
    // The API would have to hold it whole.
    let begun = Instant::now();
    let answer = house.get(&house.admin, "/api/v1/engines/endless/containers");
    assert_eq!(answer.status, 502, "{answer:?}");
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    assert!(house.resident_mib() < 150, "it holds {} MiB", house.resident_mib());
}

#[test]
fn who_reads_slowly_slows_nobody_else_and_costs_little_memory() {
    let house = House::of_engine();
    let made = house.post(
        &house.admin,
        "/engines/demo/containers/create?name=slow-log",
        json!({ "Image": "busybox", "Cmd": ["yes", "a line of a log that never ends"] }),
    );
    assert_eq!(made.status, 201, "{made:?}");
    assert_eq!(house.send(&house.admin, "POST", "/engines/demo/containers/slow-log/start", "").status, 204);
    std::thread::sleep(Duration::from_secs(1));
    let before = house.resident_mib();
    let readers: Vec<_> = (0..30)
        .map(|_| {
            let mut stream = http::connect(house.address);
            let token = &house.admin;
            write!(
                stream,
                "GET /engines/demo/containers/slow-log/logs?stdout=1&follow=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
            )
            .unwrap();
            stream.read_exact(&mut [0; 15]).unwrap();
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_secs(3));
    for _ in 0..20 {
        let begun = Instant::now();
        assert_eq!(house.get(&house.admin, "/engines/demo/_ping").status, 200);
        assert!(begun.elapsed() < Duration::from_secs(2), "somebody else waited {:?}", begun.elapsed());
    }
    let after = house.resident_mib();
    drop(readers);
    assert_eq!(house.send(&house.admin, "DELETE", "/engines/demo/containers/slow-log?force=1", "").status, 204);
    assert!(after < before + 60, "30 slow readers took it from {before} to {after} MiB");
}

#[test]
fn thousands_that_say_nothing_keep_nobody_out() {
    let house = House::start(&[]);
    let silent: Vec<_> = (0..2_000).map_while(|_| std::net::TcpStream::connect(house.address).ok()).collect();
    let begun = Instant::now();
    assert_eq!(house.get(&house.admin, "/api/v1/me").status, 200);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    drop(silent);
}

/// Certificates of a small authority, in `dir`: ca.pem, server-*.pem for this address, client-*.pem.
fn certificates(dir: &Path, address: &str) {
    let run = |arguments: &str| {
        let done = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(dir)
            .output()
            .expect("openssl runs: `deploy/sandbox/install test` installs it");
        assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
    };
    run("req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca-key.pem -out ca.pem -subj /CN=authority");
    for (name, extension) in
        [("server", format!("subjectAltName=IP:{address}\nextendedKeyUsage=serverAuth")), ("client", "extendedKeyUsage=clientAuth".to_owned())]
    {
        std::fs::write(dir.join("ext"), extension).unwrap();
        run(&format!("req -newkey rsa:2048 -nodes -keyout {name}-key.pem -out {name}.csr -subj /CN={name}"));
        run(&format!("x509 -req -in {name}.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile ext -out {name}.pem"));
    }
}

#[test]
fn an_engine_by_mutual_tls_is_spoken_to_and_a_false_one_is_not() {
    let dir = folder("tls");
    let engine = Engine::with_tls(&dir, certificates);
    let other = folder("tls-other");
    certificates(&other, &engine.address);
    let pem = |dir: &Path, name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let house = House::start(&[]);
    let url = format!("tcp://{}:2376", engine.address);
    let input = |name: &str, ca: &Path, client: &Path| json!({ "name": name, "url": url, "tls": { "ca": pem(ca, "ca.pem"), "cert": pem(client, "client.pem"), "key": pem(client, "client-key.pem") } });
    let made = house.post(&house.admin, "/api/v1/engines", input("far", &dir, &dir));
    assert_eq!(made.status, 200, "{made:?}");
    assert!(!made.body.contains("PRIVATE KEY"), "a key is shown");
    assert_eq!(house.get(&house.admin, "/engines/far/containers/json").status, 200);
    for (what, ca, client) in [("another authority", &other, &dir), ("another client", &dir, &other)] {
        let tried = house.post(&house.admin, "/api/v1/engines/test", input("false", ca, client)).json();
        assert_eq!(tried["ok"], false, "{what}: {tried}");
        let steps = tried["steps"].as_array().unwrap();
        assert!(steps.iter().any(|step| step["ok"] == false && step["message"].as_str().is_some_and(|text| text.len() > 20)), "{what}: {tried}");
    }
    // The same engine by a name that its certificate does not hold.
    let plain = house.post(&house.admin, "/api/v1/engines/test", json!({ "name": "plain", "url": url.replace("tcp://", "tcp+plain://") })).json();
    assert_eq!(plain["ok"], false, "{plain}");
    let stored = std::fs::read(house.data.join("pilothouse.db")).unwrap();
    let holds = |needle: &[u8]| stored.windows(needle.len()).any(|window| window == needle);
    assert!(!holds(b"PRIVATE KEY"), "the key lies open in the database");
}
