//! Who is let in, and what survives.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;

use pilothouse_tests::{
    http,
    sandbox::{Behaviour, House, PASSWORD, Recorder},
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
    let house = House::start(&[]);
    let attempt = |name: &str, password: &str| house.post_as(&[], "/api/v1/session", json!({ "username": name, "password": password }));
    let unknown = attempt("nobody", "wrong wrong wrong");
    let known = attempt("admin", "wrong wrong wrong");
    assert_eq!((unknown.status, &unknown.body), (401, &known.body), "an unknown user must look like a wrong password");
    for _ in 0..6 {
        attempt("admin", "wrong wrong wrong");
    }
    let slowed = attempt("admin", PASSWORD);
    assert_eq!(slowed.status, 429, "{slowed:?}");
    assert!(slowed.header("retry-after").is_some());
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

#[test]
fn nothing_is_changed_while_the_trail_cannot_be_written_and_it_recovers_by_itself() {
    let recorder = Recorder::start(Behaviour::Say("HTTP/1.1 204 No Content\r\n\r\n"));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let database = house.data.join("pilothouse.db");
    // Another process holds the database's write lock.
    let mut lock = Command::new("python3")
        .args(["-c", "import sqlite3,sys,time\nc=sqlite3.connect(sys.argv[1],isolation_level=None)\nc.execute('BEGIN IMMEDIATE')\nprint('held',flush=True)\nsys.stdin.read()"])
        .arg(&database)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("python3 is there");
    let mut held = [0; 4];
    std::io::Read::read_exact(lock.stdout.as_mut().unwrap(), &mut held).unwrap();
    let begun = Instant::now();
    let refused = house.send(&house.admin, "POST", "/engines/fake/containers/x/start", "");
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    let probe = |path: &str| http::send(house.address, "GET", path, &[], "").status;
    assert_eq!((probe("/healthz"), probe("/readyz")), (200, 503));
    assert_eq!(recorder.seen(), "", "the engine heard of a change that was not written down");
    drop(lock.stdin.take());
    lock.wait().unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while house.send(&house.admin, "POST", "/engines/fake/containers/x/start", "").status != 204 {
        assert!(Instant::now() < end, "it does not recover");
        std::thread::sleep(Duration::from_millis(200));
    }
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(probe("/readyz"), 200);
}
