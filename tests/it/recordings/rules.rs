//! Which sessions are recorded, and who may see them.

use pilothouse_tests::{sandbox::House, store::sql};
use serde_json::json;

use super::{Box, console::Terminal, docker, rule, until};

#[test]
fn the_narrowest_rule_says_whether_a_session_is_recorded() {
    let house = House::of_engine();
    let shop = Box::with(&house, "rec-shop", json!({ "Labels": { "com.docker.compose.project": "rec-shop" } }));
    let other = Box::new(&house, "rec-other");
    let run = |room: &Box| {
        let before = room.recordings().len();
        assert!(docker(&house, &["exec", room.name, "echo", "x"]).output().unwrap().status.success());
        let mut terminal = Terminal::open(&house, room.name).unwrap();
        terminal.type_in("exit\n");
        terminal.until_its_end();
        room.recordings().len() - before
    };
    assert_eq!((run(&shop), run(&other)), (2, 2), "without a rule everything is recorded");
    rule(&house, json!({ "scope": "all", "record": "never" }));
    assert_eq!((run(&shop), run(&other)), (0, 0));
    let of_project = rule(&house, json!({ "scope": "engine/demo/project/rec-shop" }));
    assert_eq!((run(&shop), run(&other)), (2, 0));
    let changed = house.send(&house.admin, "PATCH", &format!("/api/v1/recording-rules/{of_project}"), r#"{"record":"never"}"#);
    assert_eq!(changed.status, 200, "{changed:?}");
    rule(&house, json!({ "scope": "engine/demo", "record": "always" }));
    assert_eq!((run(&shop), run(&other)), (0, 2));
    assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/recording-rules/{of_project}"), "").status, 200);
    assert_eq!(run(&shop), 2);
    let rules = house.get(&house.admin, "/api/v1/recording-rules").json();
    assert_eq!(rules["items"].as_array().unwrap().len(), 2, "{rules}");
    for (wrong, status) in
        [(json!({ "scope": "engine/demo" }), 400), (json!({ "scope": "nowhere" }), 400), (json!({ "scope": "all", "record": "maybe" }), 400)]
    {
        let answer = house.post(&house.admin, "/api/v1/recording-rules", wrong.clone());
        assert_eq!(answer.status, status, "{wrong}: {answer:?}");
    }
}

#[test]
fn a_session_that_must_be_recorded_and_cannot_be_does_not_begin() {
    let house = House::of_engine();
    let room = Box::new(&house, "rec-strict");
    rule(&house, json!({ "scope": "all", "strict": true }));
    assert!(docker(&house, &["exec", room.name, "touch", "/before"]).output().unwrap().status.success());
    sql(&house.data, &["CREATE TRIGGER no_more BEFORE INSERT ON recordings BEGIN SELECT RAISE(ABORT, 'no more'); END"]);
    let done = docker(&house, &["exec", room.name, "touch", "/after"]).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success() && said.contains("This session must be recorded"), "{said}");
    // Whoever has prepared it before is not let in either.
    sql(&house.data, &["DROP TRIGGER no_more"]);
    let exec =
        house.post(&house.admin, "/engines/demo/containers/rec-strict/exec", json!({ "Cmd": ["touch", "/after"], "AttachStdout": true })).json();
    sql(&house.data, &["CREATE TRIGGER no_more BEFORE INSERT ON recordings BEGIN SELECT RAISE(ABORT, 'no more'); END"]);
    let start = house.post(&house.admin, &format!("/engines/demo/exec/{}/start", exec["Id"].as_str().unwrap()), json!({}));
    assert!(start.status == 503 && start.body.contains("This session must be recorded"), "{start:?}");
    let refused = Terminal::open(&house, room.name).err().unwrap();
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("This session must be recorded"), "{refused}");
    sql(&house.data, &["DROP TRIGGER no_more"]);
    let listed = docker(&house, &["exec", room.name, "ls", "/"]).output().unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(listed.contains("before") && !listed.contains("after"), "the engine was asked for it: {listed}");

    // In the midst of it: the session ends.
    let mut terminal = Terminal::open(&house, room.name).unwrap();
    terminal.until("#");
    sql(&house.data, &["CREATE TRIGGER no_more BEFORE INSERT ON recording_chunks BEGIN SELECT RAISE(ABORT, 'no more'); END"]);
    terminal.type_in("echo a\n");
    let (_, code, reason) = terminal.until_its_end();
    assert!(code == 4002 && reason.contains("must be recorded"), "{code} {reason}");
    sql(&house.data, &["DROP TRIGGER no_more"]);

    // A lenient one goes on, and its record says that it is not recorded.
    assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/recording-rules/{}", first_rule(&house)), "").status, 200);
    sql(&house.data, &["CREATE TRIGGER no_more BEFORE INSERT ON recordings BEGIN SELECT RAISE(ABORT, 'no more'); END"]);
    assert!(docker(&house, &["exec", room.name, "true"]).output().unwrap().status.success());
    until("the record says so", || {
        let records = house.audit("&target=demo");
        records
            .into_iter()
            .find(|record| record["operation"] == "ExecStart" && record["note"].as_str().is_some_and(|note| note.contains("not recorded")))
    });
}

fn first_rule(house: &House) -> String {
    house.get(&house.admin, "/api/v1/recording-rules").json()["items"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_auditor_looks_and_nobody_else_does() {
    let house = House::of_engine();
    let room = Box::new(&house, "rec-rights");
    assert!(docker(&house, &["exec", room.name, "echo", "x"]).output().unwrap().status.success());
    let id = room.ended()["id"].clone();
    let auditor = house.user("rec-audit", "auditor", "all");
    let operator = house.user("rec-op", "operator", "all");
    for (path, auditors) in [
        ("/api/v1/recordings".to_owned(), 200),
        (format!("/api/v1/recordings/{id}"), 200),
        (format!("/api/v1/recordings/{id}/cast"), 200),
        (format!("/api/v1/recordings/{id}/watch"), 403),
        ("/api/v1/recording-rules".to_owned(), 200),
    ] {
        assert_eq!(house.get(&auditor, &path).status, auditors, "{path}");
        assert_eq!(house.get(&operator, &path).status, 403, "{path}");
    }
    assert_eq!(house.send(&auditor, "DELETE", &format!("/api/v1/recordings/{id}/session"), "").status, 403);
    assert_eq!(house.post(&auditor, "/api/v1/recording-rules", json!({ "scope": "all", "record": "never" })).status, 403);
    assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/recordings/{id}/session"), "").status, 409);
    let looked = until("the look is written down", || {
        house.audit("&user=rec-audit").into_iter().find(|record| record["operation"] == "RecordingCast" && record["outcome"] == "ok")
    });
    assert_eq!((&looked["permission"], &looked["object"]), (&json!("system.recording.view"), &json!(id.to_string())), "{looked}");
}
