//! What breaks around Pilothouse, and what it is fed to break it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::crash::sql;
use pilothouse_tests::{
    http::{self, Answer},
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

/// A file system of its own on a loop device: one that a fault can make read-only under those who have its files open, as a dying disk does.
struct DyingDisk {
    home: PathBuf,
    /// The data folder of a house in `home`. Its log is not on this disk.
    dir: PathBuf,
    image: PathBuf,
}

impl DyingDisk {
    fn mount() -> DyingDisk {
        let home = folder("dying");
        let disk = DyingDisk { dir: home.join("data"), image: home.join("image"), home };
        std::fs::create_dir(&disk.dir).unwrap();
        std::fs::File::create(&disk.image).unwrap().set_len(16 << 20).unwrap();
        let made = Command::new("mkfs.ext4")
            .args(["-q", "-E", "root_owner"])
            .arg(&disk.image)
            .output()
            .expect("mkfs.ext4 runs: `deploy/sandbox/install test` installs it");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        disk.attach();
        disk
    }

    fn attach(&self) {
        as_root(&["mount", "-o", "loop", self.image.to_str().unwrap(), self.dir.to_str().unwrap()]);
    }

    fn detach(&self) {
        as_root(&["umount", "--lazy", self.dir.to_str().unwrap()]);
    }

    /// From here on every write is refused: "Read-only file system".
    fn fail(&self) {
        as_root(&["mount", "-o", "remount,abort", self.dir.to_str().unwrap()]);
    }
}

impl Drop for DyingDisk {
    fn drop(&mut self) {
        let _ = std::panic::catch_unwind(|| self.detach());
    }
}

#[test]
fn a_disk_that_turns_read_only_refuses_changes_and_the_mended_one_has_everything() {
    let disk = DyingDisk::mount();
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let mut house = House::start_in(&disk.home, &[("fake", recorder.url.clone())]);
    let start = |house: &House| house.send(&house.admin, "POST", "/engines/fake/containers/x/start", "");
    let probe = |house: &House, path: &str| http::send(house.address, "GET", path, &[], "").status;
    assert_eq!(start(&house).status, 204);
    assert_eq!(house.post(&house.admin, "/api/v1/users", json!({ "username": "before" })).status, 200);

    disk.fail();
    for _ in 0..3 {
        let begun = Instant::now();
        let refused = start(&house);
        assert_eq!(refused.status, 503, "{refused:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        let refused = house.post(&house.admin, "/api/v1/users", json!({ "username": "after" }));
        assert_eq!(refused.status, 503, "{refused:?}");
    }
    assert_eq!(recorder.seen().matches("POST /containers/x/start").count(), 1, "the engine heard of a change that was not written down");
    assert_eq!((probe(&house, "/healthz"), probe(&house, "/readyz")), (200, 503));
    // Who is let in is known without the disk, and a plain read goes on.
    let read = house.get(&house.admin, "/engines/fake/containers/json");
    assert_eq!(read.status, 204, "{read:?}");

    // It cannot even start on such a disk, and says so.
    house.stop();
    let refused = serve(&house, std::process::Stdio::piped()).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("The data folder") && said.contains("Read-only"), "{said}");

    disk.detach();
    disk.attach();
    house.start_again();
    let users = house.get(&house.admin, "/api/v1/users").json();
    let names: Vec<_> = users["items"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect();
    assert_eq!(names, ["admin", "before"]);
    assert_eq!(start(&house).status, 204);
    assert_eq!(probe(&house, "/readyz"), 200);
    house.stop();
    assert_eq!(sql(&house.data, &["PRAGMA integrity_check"])[0], [[json!("ok")]]);
}

/// Pilothouse on the data of a house that was stopped, with its log going there.
fn serve(house: &House, log: std::process::Stdio) -> std::process::Child {
    // A test lies a folder deeper than the program.
    let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("pilothouse");
    let mut command = Command::new(program);
    command.args(["serve", "--config"]).arg(house.data.join("../pilothouse.toml")).stderr(log);
    command.env("PILOTHOUSE_LISTEN", house.address.to_string()).env("PILOTHOUSE_DATA_DIR", &house.data);
    command.spawn().unwrap()
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing_but_the_log() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let mut house = House::start(&[("fake", recorder.url.clone())]);
    house.stop();
    // Every write there fails as on a full disk.
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut running = serve(&house, full.into());
    let end = Instant::now() + Duration::from_secs(5);
    let mut served = 0;
    while Instant::now() < end && served == 0 && running.try_wait().unwrap().is_none() {
        if TcpStream::connect(house.address).is_ok() {
            served = house.send(&house.admin, "POST", "/engines/fake/containers/x/start", "").status;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = Command::new("kill").arg(running.id().to_string()).status();
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end && running.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = running.try_wait().unwrap();
    let _ = running.kill();
    let _ = running.wait();
    assert_eq!(served, 204, "it does not serve");
    assert!(ended.is_some_and(|status| status.success()), "asked to end, it did: {ended:?}");
}

#[test]
fn a_stop_ends_in_time_and_every_stream_has_its_outcome() {
    let mut house = House::of_engine();
    let streams: Vec<_> = (0..500)
        .map(|_| {
            let mut stream = http::connect(house.address);
            write!(stream, "GET /engines/demo/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", house.admin).unwrap();
            let mut first = [0; 15];
            stream.read_exact(&mut first).unwrap();
            assert_eq!(&first, b"HTTP/1.1 200 OK");
            stream
        })
        .collect();
    // Somebody is in the midst of asking whether it is ready.
    let mut asking = http::connect(house.address);
    asking.write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    Command::new("kill").arg(house.running.pid().to_string()).status().unwrap();
    while TcpStream::connect(house.address).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(2), "new connections are still taken");
        std::thread::sleep(Duration::from_millis(10));
    }
    asking.write_all(b"\r\n").unwrap();
    let mut answer = String::new();
    let _ = asking.read_to_string(&mut answer);
    house.stop();
    assert!(begun.elapsed() < Duration::from_secs(30), "the stop took {:?}", begun.elapsed());
    house.start_again();
    drop(streams);
    let outcomes = sql(&house.data, &["SELECT outcome, status, count(*) FROM audit WHERE operation = 'SystemEvents' GROUP BY outcome, status"]);
    // Over because Pilothouse stopped, which is not what was asked for.
    assert_eq!(outcomes[0], [[json!("failed"), json!(503), json!(500)]]);
    assert!(answer.starts_with("HTTP/1.1 503"), "it says that it is ready while it stops: {answer}");
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

#[test]
fn out_of_file_descriptors_it_sheds_and_serves_again() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let limited = Command::new("prlimit").args(["--nofile=256:256", "--pid", &house.running.pid().to_string()]).status();
    assert!(limited.expect("prlimit is there").success());
    // One that was there before, and goes on talking.
    let mut steady = http::connect(house.address);
    let mut healthz = || {
        let begun = Instant::now();
        steady.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut answer = [0; 2048];
        let length = steady.read(&mut answer).unwrap();
        assert!(answer[..length].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..length]));
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    };
    healthz();
    // Those for whom there is no room even in the system's queue are not let in at all.
    let knock = |patience| TcpStream::connect_timeout(&house.address, Duration::from_millis(patience)).ok();
    let silent: Vec<_> = (0..400).map_while(|_| knock(300)).collect();
    assert!(silent.len() > 256, "only {} were let in", silent.len());
    std::thread::sleep(Duration::from_millis(500));
    assert!(house.log().contains("could not be accepted"), "the limit was not reached: {}", house.log());
    healthz();
    // Who says nothing loses their place when the time for a head is over; then it is somebody else's turn.
    let begun = Instant::now();
    let mut late = loop {
        match knock(300) {
            Some(stream) => break stream,
            None => assert!(begun.elapsed() < Duration::from_secs(25), "a newcomer is not let in"),
        }
    };
    late.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    late.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(25), "a newcomer waited {:?}", begun.elapsed());
    drop(silent);
    let begun = Instant::now();
    assert_eq!(http::send(house.address, "GET", "/healthz", &[], "").status, 200);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    // The same again, and this time they leave by themselves.
    let silent: Vec<_> = (0..400).map_while(|_| knock(300)).collect();
    std::thread::sleep(Duration::from_millis(500));
    drop(silent);
    let begun = Instant::now();
    assert_eq!(http::send(house.address, "GET", "/healthz", &[], "").status, 200);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(house.send(&house.admin, "POST", "/engines/fake/containers/x/start", "").status, 204);
}

#[test]
fn an_engine_with_too_much_in_flight_takes_no_more_and_slows_no_other() {
    /// What one engine takes at once, of what is answered soon.
    const AT_ONCE: usize = 256;
    let (full, held) = slow_engine();
    let free = Recorder::start(Behaviour::Say(DONE));
    let house = House::start(&[("full", full), ("free", free.url.clone())]);
    let ask = || {
        let mut stream = http::connect(house.address);
        write!(stream, "GET /engines/full/containers/x/json HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", house.admin).unwrap();
        stream
    };
    let wait_for = |count: usize| {
        let end = Instant::now() + Duration::from_secs(5);
        while held.load(Ordering::Relaxed) < count {
            assert!(Instant::now() < end, "of {count} the engine heard of {}", held.load(Ordering::Relaxed));
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    // More than have room.
    let waiting: Vec<_> = (0..AT_ONCE + 44).map(|_| ask()).collect();
    wait_for(AT_ONCE);
    std::thread::sleep(Duration::from_secs(3));
    let refused = waiting.iter().filter(|stream| {
        let mut first = [0; 12];
        stream.set_nonblocking(true).unwrap();
        (&mut &**stream).read(&mut first).is_ok_and(|length| first[..length] == *b"HTTP/1.1 503")
    });
    assert_eq!(refused.count(), 44, "of those who had no room");
    let (json, start, list) = ("/engines/full/info", "/engines/full/containers/x/start", "/api/v1/engines/full/containers/x");
    for (method, path) in [("GET", json), ("POST", start), ("GET", list), ("POST", "/api/v1/engines/full/containers/x/start")] {
        let begun = Instant::now();
        let refused = house.send(&house.admin, method, path, "");
        assert_eq!(refused.status, 503, "{path}: {refused:?}");
        assert!(refused.body.contains("Too many requests are on their way to this engine"), "{path}: {refused:?}");
        // It waits two seconds for its turn.
        assert!(begun.elapsed() < Duration::from_secs(4), "{path}: {:?}", begun.elapsed());
    }
    let begun = Instant::now();
    assert_eq!(house.send(&house.admin, "POST", "/engines/free/containers/x/start", "").status, 204);
    assert!(begun.elapsed() < Duration::from_secs(1), "another engine waited {:?}", begun.elapsed());
    assert_eq!(held.load(Ordering::Relaxed), AT_ONCE, "more than it takes reached the engine");
    // Who leaves makes room.
    drop(waiting);
    let again = ask();
    wait_for(AT_ONCE + 1);
    drop(again);
}

/// An engine that says at once who it is and answers nothing else; and how many requests it left without an answer.
fn slow_engine() -> (String, Arc<AtomicUsize>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp+plain://{}", listener.local_addr().unwrap());
    let held = Arc::new(AtomicUsize::new(0));
    let count = held.clone();
    let serve = |mut stream: TcpStream, count: Arc<AtomicUsize>| {
        let mut request = [0; 8192];
        while let Ok(length) = stream.read(&mut request) {
            let first = String::from_utf8_lossy(&request[..length]);
            let body = match first.split(' ').nth(1).map(|path| path.split('?').next()) {
                Some(Some("/version")) => r#"{"Version":"29.0.0","ApiVersion":"1.52","MinAPIVersion":"1.44","Os":"linux","Arch":"amd64"}"#,
                Some(Some("/info")) => r#"{"OperatingSystem":"test"}"#,
                Some(Some("/containers/json")) => "[]",
                Some(_) => {
                    count.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
                None => return,
            };
            let length = body.len();
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}");
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    };
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let count = count.clone();
            std::thread::spawn(move || serve(stream, count));
        }
    });
    (url, held)
}

#[test]
fn an_engine_that_is_busy_is_not_taken_for_dead() {
    let house = House::start(&[("busy", slow_engine().0)]);
    let health = || house.get(&house.admin, "/api/v1/engines/busy").json()["health"].clone();
    let end = Instant::now() + Duration::from_secs(5);
    while health()["state"] != "up" {
        assert!(Instant::now() < end, "{}", health());
        std::thread::sleep(Duration::from_millis(50));
    }
    // Stops that may take their time, as many as go at once. An engine that is taken for dead loses all of them after half a minute.
    let stops: Vec<_> = (0..300)
        .map(|n| {
            let mut stream = http::connect(house.address);
            let token = &house.admin;
            write!(stream, "POST /engines/busy/containers/c{n}/stop?t=300 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n").unwrap();
            stream
        })
        .collect();
    // It is looked at every 10 seconds, and a look may wait 2 for its turn.
    let end = Instant::now() + Duration::from_secs(14);
    while Instant::now() < end {
        let health = health();
        assert_eq!(health["state"], "up", "{health}");
        std::thread::sleep(Duration::from_millis(500));
    }
    drop(stops);
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
