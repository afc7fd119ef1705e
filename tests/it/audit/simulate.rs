//! A change of rights or guardrails, tried against what was done.

use pilothouse_tests::sandbox::{Behaviour, House, Recorder};
use serde_json::{Value, json};

fn simulate(house: &House, input: Value) -> Vec<String> {
    let answer = house.post(&house.admin, "/api/v1/audit/simulate", input.clone());
    assert_eq!(answer.status, 200, "{input}: {answer:?}");
    let differences = answer.json()["differences"].as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut told: Vec<String> = differences
        .iter()
        .map(|d| {
            format!(
                "{} {} {} {}: {}x {}",
                text(&d["user"]),
                text(&d["operation"]),
                text(&d["target"]),
                text(&d["object"]),
                d["records"],
                if d["stopped"] == true { "stopped" } else { "let through" }
            )
        })
        .collect();
    told.sort();
    told
}

#[test]
fn what_a_change_would_have_stopped_or_let_through_is_told() {
    let created = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"Id\":\"c\"}";
    let recorder = Recorder::start(Behaviour::Say(created));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let made =
        house.post(&house.admin, "/api/v1/roles", json!({ "name": "starter", "permissions": ["engine.container.create", "engine.container.start"] }));
    assert_eq!(made.status, 200, "{made:?}");
    let ana = house.user("ana", "starter", "engine/fake");
    let vera = house.user("vera", "viewer", "all");
    let create = |token: &str, body: Value| house.send(token, "POST", "/engines/fake/containers/create?name=x", &body.to_string()).status;
    assert_eq!(create(&ana, json!({ "Image": "nginx", "HostConfig": { "Privileged": true } })), 201);
    assert_eq!(house.send(&ana, "POST", "/engines/fake/containers/web/start", "").status, 201);
    assert_eq!(house.send(&ana, "POST", "/engines/fake/containers/web/start", "").status, 201);
    assert_eq!(house.send(&vera, "POST", "/engines/fake/containers/web/start", "").status, 403);

    assert_eq!(simulate(&house, json!({})), [] as [String; 0]);
    // A role that is made smaller.
    let smaller = json!({ "role": { "name": "starter", "permissions": ["engine.container.create"] } });
    assert_eq!(simulate(&house, smaller), ["ana ContainerStart fake web: 2x stopped"]);
    // A grant that is made, and one that is taken back.
    let grant = json!({ "grant": { "user": "vera", "role": "operator", "scope": "engine/fake" } });
    assert_eq!(simulate(&house, grant), ["vera ContainerStart fake web: 1x let through"]);
    let grants = house.get(&house.admin, "/api/v1/grants").json();
    let of_ana = grants["items"].as_array().unwrap().iter().find(|grant| grant["user"] == "ana").unwrap()["id"].clone();
    assert_eq!(
        simulate(&house, json!({ "without_grant": of_ana })),
        ["ana ContainerCreate fake x: 1x stopped", "ana ContainerStart fake web: 2x stopped"]
    );
    // A guardrail.
    let rule = json!({ "guardrail": { "name": "no-privileged", "mode": "warn", "scope": "engine/fake", "rule": { "kind": "privileged" } } });
    assert_eq!(simulate(&house, rule.clone()), ["ana ContainerCreate fake x: 1x stopped"]);
    let elsewhere = json!({ "guardrail": { "name": "no-privileged", "mode": "warn", "scope": "engine/other", "rule": { "kind": "privileged" } } });
    assert_eq!(simulate(&house, elsewhere), [] as [String; 0]);
    // Nothing of it was done.
    assert_eq!(house.send(&ana, "POST", "/engines/fake/containers/web/start", "").status, 201);
    for bad in [json!({ "role": { "name": "viewer", "permissions": [] } }), json!({ "grant": { "user": "x", "role": "x", "scope": "nowhere" } })] {
        assert_eq!(house.post(&house.admin, "/api/v1/audit/simulate", bad).status, 400);
    }
    assert_eq!(house.post(&vera, "/api/v1/audit/simulate", json!({})).status, 403);
}
