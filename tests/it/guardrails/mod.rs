//! Guardrails, at every door: what is refused reaches the engine with no byte, and says which rule it was.

mod engine;
mod matrix;

use pilothouse_tests::{
    http,
    sandbox::{Behaviour, House, Recorder, until},
};
use serde_json::{Value, json};

const DONE: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

/// Puts a guardrail up for everybody everywhere; its id.
fn put_up(house: &House, name: &str, mode: &str, rule: &Value) -> String {
    let made = house.post(&house.admin, "/api/v1/guardrails", json!({ "name": name, "mode": mode, "scope": "all", "rule": rule }));
    assert_eq!(made.status, 200, "{name}: {made:?}");
    made.json()["id"].as_str().unwrap().to_owned()
}

fn take_down(house: &House, id: &str) {
    assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/guardrails/{id}"), "").status, 200);
}

fn recorded() -> (Recorder, House) {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start(&[("fake", recorder.url.clone())]);
    (recorder, house)
}

const PRIVILEGED: &str = r#"{"Image":"x","HostConfig":{"Privileged":true}}"#;
const CREATE: &str = "/engines/fake/containers/create";

#[test]
fn a_rule_that_warns_lets_through_and_tells_and_one_that_enforces_stops() {
    let (recorder, house) = recorded();
    let id = put_up(&house, "no-privileged", "warn", &json!({ "kind": "privileged" }));
    assert_eq!(house.send(&house.admin, "POST", CREATE, PRIVILEGED).status, 200);
    assert!(recorder.seen().contains("\"Privileged\":true"));
    let hits = || house.get(&house.admin, &format!("/api/v1/guardrails/{id}/hits")).json();
    until("the hit", 5, || hits()["items"].as_array().unwrap().len() == 1);
    let hit = hits()["items"][0].clone();
    let sentence = "The guardrail \"no-privileged\" does not allow privileged containers here.";
    let told = |hit: &Value| ["user", "target", "operation", "sentence"].map(|key| hit[key].as_str().unwrap().to_owned());
    assert_eq!(told(&hit), ["admin", "fake", "ContainerCreate", sentence]);
    assert_eq!(hit["stopped"], false);
    let of_door = || house.audit("&target=fake").into_iter().find(|record| record["operation"] == "ContainerCreate").unwrap();
    until("the note", 5, || of_door()["note"] == "would have been stopped by no-privileged");
    assert_eq!(of_door()["outcome"], "ok");

    let path = format!("/api/v1/guardrails/{id}");
    let changed = house.send(&house.admin, "PATCH", &path, r#"{"mode":"enforce"}"#);
    assert_eq!((changed.status, changed.json()["mode"].as_str()), (200, Some("enforce")), "{changed:?}");
    let before = recorder.seen();
    let refused = house.send(&house.admin, "POST", CREATE, PRIVILEGED);
    assert_eq!((refused.status, refused.json()), (403, json!({ "message": sentence })));
    until("the denial", 5, || of_door()["outcome"] == "denied");
    let record = of_door();
    assert!(record["reason"].as_str().unwrap().starts_with("admin on all"), "who would have been allowed: {record}");
    assert_eq!(record["note"], sentence, "and what stopped it");
    assert_eq!(recorder.seen(), before, "the engine heard of what was refused");
    until("both hits", 5, || hits()["items"].as_array().unwrap().len() == 2);
    assert_eq!(hits()["items"][0]["stopped"], true);
    let first = house.get(&house.admin, &format!("/api/v1/guardrails/{id}/hits?limit=1")).json();
    let next = first["next"].as_str().unwrap();
    let second = house.get(&house.admin, &format!("/api/v1/guardrails/{id}/hits?limit=1&after={next}")).json();
    assert_eq!((second["items"][0]["stopped"].as_bool(), second["next"].as_str()), (Some(false), None));
    assert_eq!(house.get(&house.admin, &path).json()["hits"], 2);

    take_down(&house, &id);
    assert_eq!(house.send(&house.admin, "POST", CREATE, PRIVILEGED).status, 200);
    assert_eq!(house.get(&house.admin, &path).status, 404);
}

#[test]
fn a_rule_is_for_its_scope_and_its_roles_alone() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start(&[("fake", recorder.url.clone()), ("other", recorder.url.clone()), ("third", recorder.url.clone())]);
    let ask = |engine: &str| house.send(&house.admin, "POST", &format!("/engines/{engine}/containers/create"), PRIVILEGED).status;
    let add = |name: &str, scope: &str, roles: Value| {
        let body = json!({ "name": name, "scope": scope, "roles": roles, "rule": { "kind": "privileged" } });
        house.post(&house.admin, "/api/v1/guardrails", body)
    };
    assert_eq!(add("of-one", "engine/other", json!([])).status, 200);
    assert_eq!(add("of-others", "all", json!(["operator", "deployer"])).status, 200);
    assert_eq!((ask("fake"), ask("other")), (200, 403));
    assert_eq!(add("of-admins", "engine/fake", json!(["deployer", "admin"])).status, 200);
    assert_eq!((ask("fake"), ask("other")), (403, 403));
    let create = |token: &str, labels: Value| {
        let body = json!({ "Image": "x", "Labels": labels, "HostConfig": { "Privileged": true } });
        house.post(token, "/engines/third/containers/create", body).status
    };
    let deployer = house.user("dea", "deployer", "engine/third");
    assert_eq!((create(&house.admin, json!({})), create(&deployer, json!({}))), (200, 403), "an administrator is not among those roles");
    assert_eq!(add("of-a-project", "engine/third/project/shop", json!([])).status, 200);
    let of = |project: &str| json!({ "com.docker.compose.project": project });
    assert_eq!([create(&house.admin, of("shop")), create(&house.admin, of("other")), create(&house.admin, json!({}))], [403, 200, 200]);
    for (field, body) in [
        ("name", json!({ "name": "A b", "scope": "all", "rule": { "kind": "users" } })),
        ("scope", json!({ "name": "x", "scope": "nowhere/", "rule": { "kind": "users" } })),
        ("roles", json!({ "name": "x", "scope": "all", "roles": [""], "rule": { "kind": "users" } })),
        ("rule.allowed", json!({ "name": "x", "scope": "all", "rule": { "kind": "ports", "allowed": ["x"] } })),
        ("name", json!({ "name": "of-one", "scope": "all", "rule": { "kind": "users" } })),
    ] {
        let refused = house.post(&house.admin, "/api/v1/guardrails", body.clone());
        assert!(matches!(refused.status, 400 | 409) && refused.json()["field"] == field, "{body}: {refused:?}");
    }
    let unknown = json!({ "name": "x", "scope": "all", "rule": { "kind": "privileged", "alow": true } });
    assert_eq!(house.post(&house.admin, "/api/v1/guardrails", unknown).status, 400);
}

#[test]
fn rules_outlive_a_crash_and_those_of_the_settings_are_changed_there_alone() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let declared = "[[guardrails]]\nname = 'declared'\nscope = 'all'\nroles = []\nrule = { kind = 'host_mounts', allowed_paths = ['/srv'] }\n";
    let mut house = House::with_settings(&[("fake", recorder.url.clone())], declared);
    put_up(&house, "no-privileged", "enforce", &json!({ "kind": "privileged" }));
    house.crash();
    let told = |body: &str| house.send(&house.admin, "POST", CREATE, body).json()["message"].as_str().unwrap_or_default().to_owned();
    assert!(told(PRIVILEGED).contains("no-privileged"));
    assert!(told(r#"{"HostConfig":{"Binds":["/etc:/x"]}}"#).contains("declared"));
    let list = house.get(&house.admin, "/api/v1/guardrails").json();
    let row = list["items"].as_array().unwrap().iter().find(|row| row["name"] == "declared").unwrap().clone();
    assert_eq!(
        (row["declared"].as_bool(), row["created_by"].as_str(), list["items"].as_array().unwrap().len()),
        (Some(true), Some("pilothouse.toml"), 2)
    );
    let path = format!("/api/v1/guardrails/{}", row["id"].as_str().unwrap());
    assert_eq!(house.send(&house.admin, "PATCH", &path, r#"{"mode":"warn"}"#).status, 409);
    assert_eq!(house.send(&house.admin, "DELETE", &path, "").status, 409);
    assert_eq!(recorder.seen(), "");
}

#[test]
fn what_could_be_read_in_two_ways_is_judged_or_refused() {
    let (recorder, house) = recorded();
    put_up(&house, "no-privileged", "enforce", &json!({ "kind": "privileged" }));
    for body in [
        r#"{"Image":"x","hostconfig":{"Privileged":true}}"#,
        r#"{"Image":"x","HostConfig":{},"HostConfig":{"Privileged":true}}"#,
        "{\"Image\":\"x\",\"Ho\u{17f}tConfig\":{\"Privileged\":true}}",
        r#"{"Image":"x","HostConfig":{"privileged":true}}"#,
        r#"{"Image":"x","HostConfig":{"Privileged":false,"Privileged":true}}"#,
        r#"{"Image":"x","Privileged":true}"#,
        r#"{"Image":"x","Binds":["/:/x"]}"#,
        r#"{"Image":"x","HostConfig":{"LxcConf":[{"Key":"a","Value":"b"}]}}"#,
        r#"{"Image":"x","HostConfig":{"Newfangled":1}}"#,
        r#"{"Image":"x","HostConfig":{"Mounts":{"Type":"bind"}}}"#,
        r#"{"Image":"x"}{"HostConfig":{"Privileged":true}}"#,
        "\u{feff}{\"Image\":\"x\"}",
        r#"{"Image":"x"} trailing"#,
        "[]",
    ] {
        let refused = house.send(&house.admin, "POST", CREATE, body);
        assert_eq!(refused.status, 400, "{body}: {refused:?}");
    }
    let bearer = format!("Bearer {}", house.admin);
    let own = ("Authorization", bearer.as_str());
    let json_type = ("Content-Type", "application/json");
    let send = |headers: &[(&str, &str)], body: &str| http::send(house.address, "POST", CREATE, headers, body).status;
    assert_eq!(send(&[own], PRIVILEGED), 415);
    assert_eq!(send(&[own, ("Content-Type", "application/x-www-form-urlencoded")], PRIVILEGED), 415);
    assert_eq!(send(&[own, json_type, ("Content-Encoding", "gzip")], PRIVILEGED), 415);
    let padded = |bytes: usize| format!("{{\"Image\":\"x\",\"Env\":[\"{}\"],\"HostConfig\":{{\"Privileged\":true}}}}", "x".repeat(bytes));
    assert_eq!(send(&[own, json_type], &padded(1024 * 1024 + 1)), 403, "beyond what the engine shows its own plugins");
    assert_eq!(send(&[own, json_type], &padded(4 * 1024 * 1024 + 1)), 413);
    let chunked = format!(
        "POST {CREATE} HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer}\r\nContent-Type: application/json\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{PRIVILEGED}\r\n0\r\n\r\n",
        PRIVILEGED.len()
    );
    assert_eq!(http::raw(house.address, chunked.as_bytes()).status, 403);
    assert_eq!(recorder.seen(), "");
    // Without a rule such a body is the engine's own business, as it was.
    assert_eq!(house.send(&house.admin, "POST", "/engines/fake/secrets/create", r#"{"Name":"x","Newfangled":1}"#).status, 200);
}

/// An engine where everything is what no rule allows, however it is asked about.
const SUSPECT: &str = concat!(
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 339\r\n\r\n",
    r#"{"Name":"host","Driver":"local","Options":{"type":"none","o":"bind","device":"/etc"},"#,
    r#""HostConfig":{"Devices":[{"PathOnHost":"/dev/sda"}]},"Mounts":[{"Type":"bind","Source":"/etc","RW":true}],"#,
    r#""ProcessConfig":{"privileged":true,"user":"root"},"#,
    r#""PreviousSpec":{"TaskTemplate":{"ContainerSpec":{"Image":"x","CapabilityAdd":["CAP_SYS_ADMIN"]}}}}"#,
);

#[test]
fn what_the_engine_has_already_is_judged_before_it_is_used() {
    let (head, body) = SUSPECT.split_once("\r\n\r\n").unwrap();
    assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "the engine's answer has {} bytes", body.len());
    let recorder = Recorder::start(Behaviour::Say(SUSPECT));
    let house = House::start(&[("fake", recorder.url.clone())]);
    for (rule, path, body) in [
        (json!({ "kind": "host_mounts" }), "/containers/create", json!({ "Image": "x", "HostConfig": { "Binds": ["made-before:/x"] } })),
        (json!({ "kind": "host_mounts" }), "/containers/create", json!({ "Image": "x", "HostConfig": { "VolumesFrom": ["made-before:ro"] } })),
        (
            json!({ "kind": "host_mounts" }),
            "/services/create",
            json!({ "TaskTemplate": { "ContainerSpec": { "Mounts": [{ "Type": "volume", "Source": "made-before", "Target": "/x" }] } } }),
        ),
        (json!({ "kind": "namespaces" }), "/containers/create", json!({ "Image": "x", "HostConfig": { "NetworkMode": "0123456789ab" } })),
        (json!({ "kind": "namespaces" }), "/networks/0123456789ab/connect", json!({ "Container": "x" })),
        (json!({ "kind": "namespaces" }), "/services/create", json!({ "Networks": [{ "Target": "0123456789ab" }] })),
        (json!({ "kind": "devices" }), "/containers/x/update", json!({ "CpuShares": 2 })),
        (json!({ "kind": "capabilities" }), "/services/x/update?version=1&rollback=previous", json!({ "TaskTemplate": {} })),
        (json!({ "kind": "privileged" }), "/exec/x/start", json!({ "Detach": true })),
        (json!({ "kind": "users" }), "/exec/x/start", json!({ "Detach": true })),
    ] {
        let id = put_up(&house, "looks", "enforce", &rule);
        let refused = house.post(&house.admin, &format!("/engines/fake{path}"), body.clone());
        assert_eq!(refused.status, 403, "{rule} {path} {body}: {refused:?}");
        assert!(refused.json()["message"].as_str().unwrap().starts_with("The guardrail \"looks\" does not allow "), "{refused:?}");
        take_down(&house, &id);
    }
    assert!(!recorder.seen().contains("POST "), "the engine was only looked at: {}", recorder.seen());
}
