//! What a record tells of a change: what it changed, before and after, what it made, and which object it was about.

use std::collections::BTreeMap;

use pilothouse_tests::sandbox::{House, engine};
use serde_json::{Value, json};

/// The newest record of an operation.
fn last(house: &House, operation: &str) -> Value {
    let records = house.get(&house.admin, &format!("/api/v1/audit?limit=1&q=operation:{operation}")).json();
    records["items"][0].clone()
}

/// Its changes, as one reads them.
fn told(record: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let changes = record["changes"].as_array().unwrap();
    changes.iter().map(|change| format!("{}: {} > {}", text(&change["field"]), text(&change["before"]), text(&change["after"]))).collect()
}

#[test]
fn what_is_changed_in_the_house_is_told_before_and_after() {
    let house = House::start(&[]);
    let admin = &house.admin;
    let done = |method: &str, path: &str, body: Value| {
        let answer = house.send(admin, method, path, &body.to_string());
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
        answer.json()
    };
    done("POST", "/api/v1/teams", json!({ "name": "ops", "summary": "Those on call" }));
    assert_eq!(told(&last(&house, "TeamCreate")), ["name: - > ops", "summary: - > Those on call"]);
    done("PATCH", "/api/v1/teams/ops", json!({ "summary": "All of them" }));
    assert_eq!(told(&last(&house, "TeamUpdate")), ["summary: Those on call > All of them"]);
    done("POST", "/api/v1/users", json!({ "username": "ana", "password": "correct horse battery" }));
    done("PATCH", "/api/v1/users/ana", json!({ "disabled": true, "password": "another horse battery" }));
    assert_eq!(told(&last(&house, "UserUpdate")), ["disabled: false > true", "password: - > a new one"]);
    done("POST", "/api/v1/teams/ops/members", json!({ "username": "ana" }));
    assert_eq!(told(&last(&house, "TeamMemberAdd")), ["member: - > ana"]);
    done("POST", "/api/v1/roles", json!({ "name": "starter", "summary": "", "permissions": ["engine.container.start"] }));
    done("PATCH", "/api/v1/roles/starter", json!({ "summary": "", "permissions": ["engine.container.start", "engine.container.stop"] }));
    assert_eq!(told(&last(&house, "RoleUpdate")), ["permissions: engine.container.start > engine.container.start, engine.container.stop"]);
    let grant = done("POST", "/api/v1/grants", json!({ "team": "ops", "role": "starter", "scope": "all" }));
    let id = grant["id"].as_str().unwrap();
    done("DELETE", &format!("/api/v1/grants/{id}"), json!({}));
    let gone = told(&last(&house, "GrantDelete"));
    assert!(gone.contains(&"role: starter > -".to_owned()) && gone.contains(&"team: ops > -".to_owned()), "{gone:?}");
    let rule = json!({ "name": "no-privileged", "mode": "warn", "scope": "all", "rule": { "kind": "privileged" } });
    let guardrail = done("POST", "/api/v1/guardrails", rule);
    done("PATCH", &format!("/api/v1/guardrails/{}", guardrail["id"].as_str().unwrap()), json!({ "mode": "enforce" }));
    assert_eq!(told(&last(&house, "GuardrailUpdate")), ["mode: warn > enforce"]);
    done("POST", "/api/v1/engines", json!({ "name": "far", "url": "tcp+plain://127.0.0.1:1", "labels": { "env": "dev" } }));
    done("PATCH", "/api/v1/engines/far", json!({ "labels": { "env": "prod" } }));
    assert_eq!(told(&last(&house, "EngineUpdate")), ["labels: env=dev > env=prod"]);
    // A token's record names it, and holds nothing of it.
    let token = done("POST", "/api/v1/tokens", json!({ "name": "ci" }));
    let record = last(&house, "TokenCreate");
    assert_eq!((told(&record), &record["made"]), (vec!["name: - > ci".to_owned()], &token["id"]));
    assert!(!record.to_string().contains(token["token"].as_str().unwrap()));
    // What is refused says what was asked for nowhere but in its reason.
    assert_eq!(house.post(admin, "/api/v1/teams", json!({ "name": "ops" })).status, 409);
    assert_eq!(last(&house, "TeamCreate")["changes"], json!([]));
}

#[test]
fn what_docker_changes_is_told_with_the_object_by_name_and_id() {
    let house = House::start(&[("demo", format!("unix://{}", engine().socket.display()))]);
    let docker = |arguments: &[&str]| {
        let mut command = std::process::Command::new("docker");
        command.args(arguments);
        for (name, value) in house.docker_env(&house.admin, "demo") {
            command.env(name, value);
        }
        let done = command.output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    };
    let name = format!("told-{}", std::process::id());
    let id = docker(&[
        "create",
        "--name",
        &name,
        "--env",
        "SECRET=canary-of-env",
        "--label",
        "key=canary-of-label",
        "--memory",
        "64m",
        "pilothouse/sample:latest",
        "sh",
        "-c",
        "echo canary-of-command",
    ]);
    let record = last(&house, "ContainerCreate");
    let changes = told(&record);
    for expected in ["Memory: - > 67108864", "environment: - > SECRET", "labels: - > key", "program: - > sh"] {
        assert!(changes.iter().any(|change| change == expected), "{expected} in {changes:?}");
    }
    assert_eq!(record["made"], id.as_str());
    assert!(!record.to_string().contains("canary"), "{record}");
    docker(&["update", "--memory", "128m", "--memory-swap", "256m", &name]);
    let changes = told(&last(&house, "ContainerUpdate"));
    assert!(changes.contains(&"Memory: 67108864 > 134217728".to_owned()), "{changes:?}");
    let new = format!("{name}-new");
    docker(&["rename", &name, &new]);
    let record = last(&house, "ContainerRename");
    assert_eq!((&record["object"], &record["object_id"]), (&json!(name), &json!(id)), "by name and id");
    assert_eq!(told(&record), [format!("name: {name} > {new}")]);
    docker(&["rm", &id[..12]]);
    let record = last(&house, "ContainerDelete");
    assert_eq!((&record["object_id"], &record["object_name"]), (&json!(id), &json!(new)), "{record}");
}

/// What the settings decide, and what they decide anew at a later start.
/// An engine says 200 before it knows.
#[test]
fn what_the_engine_says_of_a_failure_is_its_outcome() {
    let house = House::start(&[("demo", format!("unix://{}", engine().socket.display()))]);
    let docker = |arguments: &[&str]| {
        let mut command = std::process::Command::new("docker");
        command.args(arguments).env("DOCKER_BUILDKIT", "0");
        for (name, value) in house.docker_env(&house.admin, "demo") {
            command.env(name, value);
        }
        command.output().unwrap()
    };
    let folder = pilothouse_tests::sandbox::folder("failing");
    std::fs::write(folder.join("Dockerfile"), "FROM pilothouse/sample:latest\nRUN echo canary-in-a-build && false\n").unwrap();
    let says = |record: &Value| (record["outcome"].as_str().unwrap().to_owned(), record["note"].as_str().unwrap_or_default().to_owned());

    assert!(!docker(&["build", folder.to_str().unwrap()]).status.success());
    let (outcome, note) = says(&last(&house, "ImageBuild"));
    assert_eq!(outcome, "failed");
    assert_eq!(note, "The engine says in its answer that it failed.", "a build's words may hold what is in it");
    assert!(!docker(&["push", "127.0.0.1:1/none/of/this"]).status.success());
    let (outcome, note) = says(&last(&house, "ImagePush"));
    assert!(outcome == "failed" && note.contains("does not exist"), "{outcome}: {note}");

    assert!(!docker(&["start", "is-not-there"]).status.success());
    assert_eq!(says(&last(&house, "ContainerStart")), ("failed".to_owned(), "No such container: is-not-there".to_owned()));
    // In a body there may be what is not to be kept.
    let wrong = json!({ "Image": "pilothouse/sample:latest", "Env": ["=canary"] });
    assert_eq!(house.send(&house.admin, "POST", "/engines/demo/containers/create", &wrong.to_string()).status, 400);
    let record = last(&house, "ContainerCreate");
    assert!(says(&record).0 == "failed" && !record.to_string().contains("canary"), "{record}");
}

#[test]
fn what_a_body_calls_by_name_is_found_by_it() {
    let house = House::start(&[("demo", format!("unix://{}", engine().socket.display()))]);
    let send = |path: &str, body: Value| house.send(&house.admin, "POST", &format!("/engines/demo{path}"), &body.to_string()).status;
    let name = format!("named-{}", std::process::id());
    for (operation, path, gone) in
        [("VolumeCreate", "/volumes/create", format!("/volumes/{name}")), ("NetworkCreate", "/networks/create", format!("/networks/{name}"))]
    {
        assert_eq!(send(path, json!({ "Name": name })), 201);
        let found = house.get(&house.admin, &format!("/api/v1/audit?q=operation:{operation}%20object:{name}")).json();
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{operation}: {found}");
        assert_eq!(house.send(&house.admin, "DELETE", &format!("/engines/demo{gone}"), "").status, 204);
    }
    // What cannot be read has a record all the same, and reaches nobody.
    let broken = house.send(&house.admin, "POST", "/engines/demo/volumes/create", "{\"Name\":\"a\",\"Name\":\"b\"}");
    assert_eq!(broken.status, 400, "{broken:?}");
    let record = last(&house, "VolumeCreate");
    assert_eq!((&record["outcome"], &record["object"]), (&json!("failed"), &json!("")), "{record}");
}

#[test]
fn what_the_settings_say_anew_is_written_down() {
    let mut house = House::with_settings(&[], "[[guardrails]]\nname = \"calm\"\nscope = \"all\"\nrule = { kind = \"privileged\" }\n");
    let told = |house: &House| -> Vec<(String, String)> {
        let records = house.audit("&q=operation:SettingsApply");
        let change = |record: &Value| (record["object"].as_str().unwrap().to_owned(), record["changes"].to_string());
        records.iter().rev().map(change).collect()
    };
    let first = told(&house);
    let objects: Vec<&str> = first.iter().map(|(object, _)| object.as_str()).collect();
    assert_eq!(objects, ["guardrail calm", "house"]);
    house.stop();
    house.start_again();
    assert_eq!(told(&house), first, "the same settings are nothing new");
    house.change_settings(
        "[[guardrails]]\nname = \"late\"\nmode = \"warn\"\nscope = \"all\"\nrule = { kind = \"privileged\" }\n\
         [[providers]]\nname = \"corp\"\nlabel = \"Corp\"\noidc = { issuer = \"https://id.example\", client_id = \"x\" }\n",
    );
    let later = told(&house);
    let new: BTreeMap<&str, &str> = later[first.len()..].iter().map(|(object, changes)| (object.as_str(), changes.as_str())).collect();
    assert_eq!(new.keys().copied().collect::<Vec<_>>(), ["guardrail late", "provider corp"]);
    assert!(new["guardrail late"].contains("warn") && new["provider corp"].contains("https://id.example"), "{new:?}");
}
