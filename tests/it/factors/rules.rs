//! Roles that ask for a second factor, and what a new password must be.

use std::{
    io::{Read, Write},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Browser, awaited, calm, somebody};
use pilothouse_tests::{
    http,
    sandbox::{Behaviour, House, PASSWORD, Recorder},
};

fn rule(house: &House, token: &str, body: Value) -> u16 {
    house.send(token, "PUT", "/api/v1/factor-rules", &body.to_string()).status
}

fn grant(house: &House, user: &str, role: &str) {
    let granted = house.post(&house.admin, "/api/v1/grants", json!({ "user": user, "role": role, "scope": "all" }));
    assert_eq!(granted.status, 200, "{granted:?}");
}

#[test]
fn who_holds_such_a_role_may_only_add_a_factor_until_they_have_one() {
    let mut house = House::start(&[("one", "unix:///nowhere/one.sock".to_owned())]);
    let mut ana = somebody(&house, "ana");
    grant(&house, "ana", "admin");
    assert_eq!(ana.get(&house, "/users").status, 200);
    let token = ana.post(&house, "/tokens", json!({ "name": "before" })).json()["token"].as_str().unwrap().to_owned();
    assert_eq!(rule(&house, &house.admin, json!({ "rules": [{ "role": "admin" }] })), 200);
    house.crash();
    for mut browser in [ana, Browser::of(&house, "ana")] {
        let refused = browser.get(&house, "/users");
        assert_eq!(refused.status, 403, "{refused:?}");
        assert!(refused.json()["title"].as_str().unwrap().contains("needs a second factor: add one under your account"), "{refused:?}");
        for path in ["/engines", "/audit", "/overview", "/engines/one/containers"] {
            assert_eq!(browser.get(&house, path).status, 403, "{path}");
        }
        assert_eq!(browser.post(&house, "/tokens", json!({ "name": "around it" })).status, 403, "a token would get around it");
        let me = browser.get(&house, "/me");
        assert_eq!((me.status, &me.json()["needs_factor"]), (200, &json!(true)));
        assert_eq!(browser.get(&house, "/account/factors").json()["required"], true);
    }
    assert_eq!(house.get(&token, "/api/v1/users").status, 200, "a token of before goes on");
    assert_eq!(rule(&house, &house.admin, json!({ "rules": [{ "role": "admin", "tokens": true }] })), 200);
    assert_eq!(house.get(&token, "/api/v1/users").status, 403, "unless the rule says otherwise");
    assert_eq!(house.get(&token, "/engines/one/info").status, 403, "at the engine's door too");

    let mut ana = Browser::of(&house, "ana");
    let mut elsewhere = Browser::of(&house, "ana");
    let (app, _, added) = ana.add_app(&house);
    assert_eq!(ana.get(&house, "/users").status, 200);
    assert_eq!(ana.get(&house, "/me").json()["needs_factor"], false);
    assert_eq!(house.get(&token, "/api/v1/users").status, 200);
    assert_eq!(elsewhere.get(&house, "/users").status, 403, "a session that was not proved stays where it is");
    calm();
    let mut browser = awaited(&house, "ana");
    assert_eq!(browser.post(&house, "/session/factor", json!({ "code": app.code(0) })).status, 200);
    assert_eq!(browser.get(&house, "/users").status, 200);
    let last = format!("/account/factors/{}/remove", added["factor"]["id"].as_str().unwrap());
    assert_eq!(browser.post(&house, &last, json!({ "password": PASSWORD })).status, 200);
    assert_eq!((browser.get(&house, "/users").status, ana.get(&house, "/users").status), (403, 403), "without a factor it is as before");
    assert_eq!(house.get(&token, "/api/v1/users").status, 403);
}

#[test]
fn a_stream_ends_when_its_role_asks_for_a_factor() {
    let recorder = Recorder::start(Behaviour::Say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let token = house.user("ana", "viewer", "all");
    let mut stream = http::connect(house.address);
    write!(stream, "GET /engines/fake/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n").unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    assert_eq!(rule(&house, &house.admin, json!({ "rules": [{ "role": "viewer", "tokens": true }] })), 200);
    let begun = Instant::now();
    let _ = stream.read_to_end(&mut Vec::new());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    std::thread::sleep(Duration::from_millis(200));
    let record = house.audit("&target=fake").into_iter().find(|record| record["operation"] == "SystemEvents").unwrap();
    assert_eq!(record["outcome"], "revoked", "{record}");
}

#[test]
fn rules_are_an_administrator_s_and_name_roles_that_are_there() {
    let house = House::start(&[]);
    let viewer = house.user("vic", "viewer", "all");
    assert_eq!(rule(&house, &viewer, json!({ "rules": [] })), 403);
    assert_eq!(house.get(&viewer, "/api/v1/factor-rules").status, 403);
    assert_eq!(rule(&house, &house.admin, json!({ "rules": [{ "role": "captain" }] })), 400);
    assert_eq!(rule(&house, &house.admin, json!({ "rules": [{ "role": "viewer" }, { "role": "viewer", "tokens": true }] })), 400);
    assert_eq!(rule(&house, &house.admin, json!({ "rules": [{ "role": "viewer" }] })), 200);
    assert_eq!(house.get(&house.admin, "/api/v1/factor-rules").json()["items"], json!([{ "role": "viewer", "tokens": false }]));
    assert_eq!(Browser::of(&house, "vic").get(&house, "/me").json()["needs_factor"], true);
    assert_eq!(rule(&house, &house.admin, json!({ "rules": [] })), 200);
    assert_eq!(Browser::of(&house, "vic").get(&house, "/me").json()["needs_factor"], false);
}

#[test]
fn a_new_password_is_long_and_not_among_those_tried_first() {
    let house = House::start(&[]);
    let make = |name: &str, password: &str| house.post(&house.admin, "/api/v1/users", json!({ "username": name, "password": password }));
    for bad in ["short", "Password1234", "captain.ahab-1851", "pilothouse-2026", "aaaaaaaaaaaa", "qwertyuiop12"] {
        let answer = make("captain.ahab", bad);
        assert_eq!((answer.status, &answer.json()["field"]), (400, &json!("password")), "{bad}: {answer:?}");
    }
    let mut ahab = {
        assert_eq!(make("captain.ahab", PASSWORD).status, 200);
        Browser::of(&house, "captain.ahab")
    };
    let answer = ahab.post(&house, "/me/password", json!({ "current": PASSWORD, "new": "Captain-Ahab-1" }));
    assert_eq!((answer.status, &answer.json()["field"]), (400, &json!("new")), "{answer:?}");
    let answer = house.send(&house.admin, "PATCH", "/api/v1/users/captain.ahab", r#"{"password":"Captain-Ahab-1"}"#);
    assert_eq!((answer.status, &answer.json()["field"]), (400, &json!("password")), "{answer:?}");
}
