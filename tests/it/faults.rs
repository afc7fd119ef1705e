//! What breaks around Pilothouse, and too much of everything at once.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;

use pilothouse_tests::{
    http::{self},
    sandbox::{Behaviour, Engine, House, Recorder, folder},
    store::sql,
};

const DONE: &str = "HTTP/1.1 204 No Content\r\n\r\n";

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
    // The system itself tries again after one second, and after two more, where it finds its queue full.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
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
    let silent: Vec<_> = (0..400)
        .map_while(|_| {
            // Not all at once: what finds the system's queue full is tried again by it after a second, whoever takes from it meanwhile.
            std::thread::sleep(Duration::from_millis(3));
            knock(300)
        })
        .collect();
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
    // The system itself tries again after one second, and after two more, where it finds its queue full.
    let begun = Instant::now();
    assert_eq!(http::send(house.address, "GET", "/healthz", &[], "").status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // The same again, and this time they leave by themselves.
    let silent: Vec<_> = (0..400).map_while(|_| knock(300)).collect();
    std::thread::sleep(Duration::from_millis(500));
    drop(silent);
    let begun = Instant::now();
    assert_eq!(http::send(house.address, "GET", "/healthz", &[], "").status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
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
                // Who follows its events waits, too, but is not counted: that is the house itself.
                Some(Some("/events")) => continue,
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
