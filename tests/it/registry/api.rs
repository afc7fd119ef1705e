//! Registries as targets: added, tested, changed and forgotten by the API.

use pilothouse_tests::{
    registry::{Client, registry},
    sandbox::{Behaviour, House, Recorder},
};
use serde_json::{Value, json};

fn input(name: &str, url: &str) -> Value {
    json!({ "name": name, "settings": { "url": url } })
}

#[test]
fn a_registry_is_added_used_changed_and_forgotten() {
    let mut house = House::start(&[]);
    let path = "/api/v1/registries/images";
    let made = house.post(
        &house.admin,
        "/api/v1/registries",
        json!({
            "name": "images", "labels": { "env": "dev" }, "settings": { "url": registry().url },
            "credential": { "username": "pilot", "secret": "canary-canary" },
        }),
    );
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!((&made.json()["username"], &made.json()["settings"]["redirects"]), (&"pilot".into(), &"follow".into()));
    assert!(!made.body.contains("canary"), "{made:?}");
    Client::admin(&house).push("images/api/x", "latest", "layer");
    // By its labels it is reached, and by others not any more.
    let dev = Client::of(&house, &house.user("dev", "viewer", "env=dev"));
    assert_eq!(dev.get("/v2/images/api/x/tags/list").status, 200);
    let changed = house.send(&house.admin, "PUT", path, &json!({ "labels": { "env": "prod" }, "settings": { "url": registry().url } }).to_string());
    assert_eq!((changed.status, &changed.json()["username"]), (200, &"pilot".into()), "the credential stays: {changed:?}");
    assert_eq!(dev.get("/v2/images/api/x/tags/list").status, 404);
    // It is there after a start, too, and its secret is not in the file.
    house.stop();
    house.start_again();
    assert_eq!(house.get(&house.admin, path).json()["username"], "pilot");
    for file in ["pilothouse.db", "pilothouse.db-wal"] {
        let bytes = std::fs::read(house.data.join(file)).unwrap_or_default();
        assert!(!bytes.windows(13).any(|window| window == b"canary-canary"), "{file}");
    }
    let gone = house.send(&house.admin, "DELETE", path, "");
    assert_eq!((gone.status, house.get(&house.admin, path).status), (200, 404), "{gone:?}");
    assert_eq!(Client::admin(&house).get("/v2/images/api/x/tags/list").status, 404);
}

#[test]
fn no_two_targets_have_one_name() {
    let recorder = Recorder::start(Behaviour::Silent);
    let house = House::with_settings(&[("fake", recorder.url.clone())], &format!("[[registries]]\nname = \"reg\"\nurl = \"{}\"\n", registry().url));
    let add = |path: &str, body: Value| house.post(&house.admin, path, body).status;
    assert_eq!(add("/api/v1/registries", input("fake", &registry().url)), 409);
    assert_eq!(add("/api/v1/registries", input("reg", &registry().url)), 409);
    assert_eq!(add("/api/v1/engines", json!({ "name": "reg", "url": recorder.url })), 409);
    assert_eq!(add("/api/v1/registries", input("Reg", &registry().url)), 400);
    // What the settings declare is changed there.
    let change = json!({ "settings": { "url": registry().url } }).to_string();
    assert_eq!(house.send(&house.admin, "PUT", "/api/v1/registries/reg", &change).status, 409);
    assert_eq!(house.send(&house.admin, "DELETE", "/api/v1/registries/reg", "").status, 409);
}

#[test]
fn a_credential_does_not_go_to_other_places_than_it_was_given_for() {
    let house = House::start(&[]);
    let mut body = input("images", &registry().url);
    body["credential"] = json!({ "username": "pilot", "secret": "canary" });
    assert_eq!(house.post(&house.admin, "/api/v1/registries", body).status, 200);
    let put = |body: Value| house.send(&house.admin, "PUT", "/api/v1/registries/images", &body.to_string());
    for settings in [
        json!({ "url": "http://127.0.0.1:1" }),
        json!({ "url": registry().url, "realm_hosts": ["evil.example"] }),
        json!({ "url": registry().url, "plain_http": true }),
    ] {
        let answer = put(json!({ "settings": settings }));
        assert_eq!((answer.status, &answer.json()["field"]), (400, &"credential".into()), "{settings}");
    }
    let answer = put(json!({ "settings": { "url": "http://127.0.0.1:1" }, "anonymous": true }));
    assert_eq!((answer.status, &answer.json()["username"]), (200, &Value::Null), "{answer:?}");
}

#[test]
fn a_test_says_in_one_sentence_what_is_wrong() {
    let house = House::start(&[]);
    let test = |body: Value| {
        let answer = house.post(&house.admin, "/api/v1/registries/test", body);
        assert_eq!(answer.status, 200, "{answer:?}");
        (answer.json()["ok"] == true, answer.json()["message"].as_str().unwrap().to_owned())
    };
    assert_eq!(test(input("x", &registry().url)), (true, "The registry answers.".to_owned()));
    assert!(test(input("x", "http://127.0.0.1:1")).1.contains("cannot be reached"));
    assert!(test(input("x", "http://registry.example")).1.contains("plain_http"));
    let other = Recorder::start(Behaviour::Say("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    assert!(test(input("x", &other.url.replace("tcp+plain", "http"))).1.contains("/v2/"));
    let closed = Recorder::start(Behaviour::Say("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"));
    let mut with = input("x", &closed.url.replace("tcp+plain", "http"));
    with["credential"] = json!({ "username": "pilot", "secret": "canary" });
    assert!(test(with).1.contains("does not take the credential"));
    assert!(closed.seen().contains("Authorization: Basic") || closed.seen().contains("authorization: Basic"), "{}", closed.seen());
}

#[test]
fn only_who_may_do_everything_says_where_registries_are() {
    let house = House::with_settings(&[], &format!("[[registries]]\nname = \"reg\"\nurl = \"{}\"\n", registry().url));
    let dev = house.user("dev", "admin", "registry/reg");
    assert_eq!(house.post(&dev, "/api/v1/registries", input("more", &registry().url)).status, 403);
    assert_eq!(house.post(&dev, "/api/v1/registries/test", input("more", "http://127.0.0.1:1")).status, 403);
    assert_eq!(house.send(&dev, "DELETE", "/api/v1/registries/reg", "").status, 403);
    let list = |token: &str| house.get(token, "/api/v1/registries").json()["items"].as_array().map(Vec::len);
    let (part, none) = (house.user("part", "viewer", "registry/reg/repository/team"), house.user("none", "viewer", "engine/x"));
    assert_eq!((list(&dev), list(&part), list(&none)), (Some(1), Some(1), None));
    assert_eq!(house.get(&none, "/api/v1/registries").status, 403, "who may see none is told what is missing");
    assert_eq!((house.get(&part, "/api/v1/registries/reg").status, house.get(&none, "/api/v1/registries/reg").status), (200, 404));
}
