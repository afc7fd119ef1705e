//! No secret that comes in is found anywhere but where it belongs (threats K1): not in the log, however much it logs, not in the trail, not in
//! an error, not in a file of the database.

use std::{io::Write, path::Path};

use pilothouse_tests::{
    http,
    sandbox::{Behaviour, House, PASSWORD, Recorder},
};
use serde_json::{Value, json};

/// A secret of its own for each place that one is put in.
#[derive(Default)]
struct Canaries(Vec<(String, String)>);

impl Canaries {
    fn of(&mut self, place: &str) -> String {
        let canary = format!("canary{:03}x{}", self.0.len(), place.len() * 7919 + 1_000_003);
        self.0.push((place.to_owned(), canary.clone()));
        canary
    }

    /// Where any of them is found in these bytes: as it is, or in base64.
    fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        let found = |canary: &str| has(canary.as_bytes()) || (0..3).any(|pad| has(inner(canary, pad).as_bytes()));
        self.0.iter().filter(|(_, canary)| found(canary)).map(|(place, _)| place.as_str()).collect()
    }
}

/// The middle of a text's base64, as it is when `pad` bytes stand before it.
fn inner(text: &str, pad: usize) -> String {
    let encoded = data_encoding::BASE64.encode(&[&vec![b'x'; pad], text.as_bytes()].concat());
    let encoded = encoded.trim_end_matches('=');
    encoded[4..encoded.len() - 4].to_owned()
}

fn base64(value: &Value) -> String {
    data_encoding::BASE64URL.encode(value.to_string().as_bytes())
}

/// Every file below a folder.
fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn no_secret_is_found_where_it_does_not_belong() {
    for answer in ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "HTTP/1.1 500 Oops\r\nContent-Length: 17\r\n\r\n{\"message\":\"no\"}\n"] {
        search(answer);
    }
}

fn search(answer: &'static str) {
    let recorder = Recorder::start(Behaviour::Say(answer));
    let mut house = House::tracing(&[("fake", recorder.url.clone())]);
    let mut canaries = Canaries::default();
    let mut answers = String::new();

    // Credentials, right ones and wrong ones.
    let bearer = canaries.of("Authorization: Bearer");
    let wrong = canaries.of("a wrong password");
    let cookie = canaries.of("a cookie");
    let authorization = format!("Bearer ph_{bearer}");
    answers += &http::send(house.address, "GET", "/api/v1/me", &[("Authorization", &authorization)], "").body;
    answers += &http::send(house.address, "GET", "/engines/fake/containers/json", &[("Authorization", &authorization)], "").body;
    let basic = format!("Basic {}", data_encoding::BASE64.encode(format!("admin:{bearer}").as_bytes()));
    answers += &http::send(house.address, "GET", "/api/v1/me", &[("Authorization", &basic)], "").body;
    answers += &http::send(house.address, "GET", "/api/v1/me", &[("Cookie", &format!("__Host-pilothouse={cookie}"))], "").body;
    answers += &house.post_as(&[], "/api/v1/session", json!({ "username": "admin", "password": wrong })).body;
    // A password typed into the field for the name is the commonest secret of all in a log.
    let name = canaries.of("a password in the place of the name");
    answers += &house.post_as(&[], "/api/v1/session", json!({ "username": format!("A {name}"), "password": "x" })).body;
    let given = canaries.of("a new user's password");
    answers += &house.post(&house.admin, "/api/v1/users", json!({ "username": "ana", "password": format!("{given} horse") })).body;
    let changed = canaries.of("a changed password");
    answers += &house.send(&house.admin, "PATCH", "/api/v1/users/ana", &json!({ "password": format!("{changed} horse") }).to_string()).body;

    // What is kept, sealed.
    let userinfo = canaries.of("an engine's address with a password");
    let url = format!("tcp://admin:{userinfo}@127.0.0.1:1");
    answers += &house.post(&house.admin, "/api/v1/engines", json!({ "name": "far", "url": url })).body;
    answers += &house.post(&house.admin, "/api/v1/engines/test", json!({ "name": "far", "url": url })).body;
    let key = canaries.of("an engine's key");
    let tls = json!({ "ca": "x", "cert": "x", "key": format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----") });
    answers += &house.post(&house.admin, "/api/v1/engines", json!({ "name": "near", "url": "tcp://127.0.0.1:1", "tls": tls })).body;
    let oidc = canaries.of("an OpenID client's secret");
    let settings = json!({ "oidc": { "issuer": "http://127.0.0.1:1", "client_id": "x" } });
    answers += &house.post(&house.admin, "/api/v1/providers", json!({ "name": "corp", "secret": oidc, "settings": settings })).body;
    let ldap = canaries.of("a directory's secret");
    let settings = json!({ "ldap": { "url": "ldaps://127.0.0.1:1", "bind_dn": "cn=x", "base_dn": "dc=x" } });
    answers += &house.post(&house.admin, "/api/v1/providers", json!({ "name": "dir", "secret": ldap, "settings": settings })).body;
    answers += &house.post(&house.admin, "/api/v1/providers/dir/test", json!({ "username": "x" })).body;
    for list in ["engines", "providers", "users", "tokens", "guardrails", "audit?limit=500", "audit/export?format=jsonl", "audit/export?format=chain"]
    {
        answers += &house.get(&house.admin, &format!("/api/v1/{list}")).body;
    }

    // What goes on to an engine: that hears of it, and nobody else.
    let send = |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        let authorization = format!("Bearer {}", house.admin);
        let headers = [headers, &[("Authorization", authorization.as_str())]].concat();
        http::send(house.address, method, &format!("/engines/fake{path}"), &headers, body).body
    };
    let json_type = ("Content-Type", "application/json");
    let registry = base64(&json!({ "username": "x", "password": canaries.of("X-Registry-Auth"), "serveraddress": "r" }));
    answers += &send("POST", "/images/create?fromImage=x&tag=1", &[("X-Registry-Auth", &registry)], "");
    let config = base64(&json!({ "r": { "username": "x", "password": canaries.of("X-Registry-Config") } }));
    let buildarg = canaries.of("buildargs");
    answers += &send(
        "POST",
        &format!("/build?buildargs=%7B%22A%22:%22{buildarg}%22%7D"),
        &[("X-Registry-Config", &config), ("Content-Type", "application/x-tar")],
        "",
    );
    answers += &send("POST", "/auth", &[json_type], &json!({ "username": "x", "password": canaries.of("/auth"), "serveraddress": "r" }).to_string());
    let container = json!({
        "Image": "x", "Env": [format!("TOKEN={}", canaries.of("an environment variable"))], "Labels": { "x": canaries.of("a label") },
        "Cmd": ["run", format!("--password={}", canaries.of("a container's command"))],
        "Healthcheck": { "Test": ["CMD", canaries.of("a health check")] },
    });
    answers += &send("POST", "/containers/create?name=x", &[json_type], &container.to_string());
    let exec = json!({ "Cmd": ["psql", canaries.of("an exec's command")], "Env": [format!("A={}", canaries.of("an exec's environment"))] });
    answers += &send("POST", "/containers/x/exec", &[json_type], &exec.to_string());
    let secret = data_encoding::BASE64.encode(canaries.of("a swarm's secret").as_bytes());
    answers += &send("POST", "/secrets/create", &[json_type], &json!({ "Name": "x", "Data": secret }).to_string());
    let service = json!({ "Name": "x", "TaskTemplate": { "ContainerSpec": { "Image": "x", "Env": [format!("A={}", canaries.of("a service's environment"))], "Args": [canaries.of("a service's arguments")] } } });
    answers += &send("POST", "/services/create", &[json_type], &service.to_string());
    answers += &send("POST", "/swarm/join", &[json_type], &json!({ "JoinToken": canaries.of("a join token"), "RemoteAddrs": ["x"] }).to_string());
    // And what cannot be read at all.
    answers += &send("POST", "/containers/create", &[json_type], &format!("{{\"Env\": [\"A={}\"", canaries.of("JSON that breaks off")));
    answers += &send("POST", "/containers/create", &[json_type], &format!("{{\"Nonsense\": \"{}\"}}", canaries.of("an unknown field")));
    answers +=
        &house.send(&house.admin, "POST", "/api/v1/users", &format!("{{\"password\": \"{}\"", canaries.of("the API's JSON that breaks off"))).body;
    answers += &house
        .send(&house.admin, "POST", "/api/v1/session", &format!("{{\"password\": 7, \"username\": \"{}", canaries.of("the API's wrong type")))
        .body;
    let bytes = canaries.of("what is no UTF-8");
    let mut raw = format!("POST /api/v1/users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{{\"password\":\"", house.admin, bytes.len() + 17).into_bytes();
    raw.extend_from_slice(bytes.as_bytes());
    raw.extend_from_slice(b"\xff\"}");
    answers += &http::raw(house.address, &raw).body;
    let protocol = canaries.of("a WebSocket's subprotocol");
    let headers = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Protocol", protocol.as_str()),
    ];
    answers += &http::send(house.address, "GET", "/api/v1/engines/fake/containers/x/terminal", &headers, "").body;

    // The answers of all that: but for what an administrator gave as a name.
    let told = canaries.found_in(answers.as_bytes());
    assert!(told.is_empty(), "an answer tells {told:?}");
    // Everything is on disk after the end.
    house.stop();
    std::io::stderr().flush().unwrap();
    let log = house.log();
    assert!(log.contains("TRACE"), "the log is not at trace");
    for (place, canary) in &canaries.0 {
        let line = log.lines().find(|line| line.contains(canary.as_str()));
        assert_eq!(line, None, "the log holds {place}");
    }
    for file in files(&house.data) {
        let found = canaries.found_in(&std::fs::read(&file).unwrap());
        assert!(found.is_empty(), "{} holds {found:?}", file.display());
    }
    assert!(canaries.0.len() > 25);
    assert!(!log.contains(PASSWORD) && !log.contains(&house.admin), "our own credentials are in the log");
}
