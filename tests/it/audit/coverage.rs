//! Every change of the house itself is done once, and the trail must say what it changed.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
};

use pilothouse_tests::{
    http,
    registry::{self, Client, MANIFEST, digest, in_front_of, manifest, registry},
    sandbox::{Behaviour, House, PASSWORD, Recorder, until},
    store::sql,
};
use serde_json::{Value, json};

use super::DONE;
use crate::{
    certificates::Secure,
    factors::{
        Browser,
        passkeys::{self, Authenticator, HERE},
    },
    laws::routes,
    registry::hostile::{open, say},
};

const SWITCHED: &str = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

/// What is written down as a change and says nothing of one, and why: a list that may only shrink.
const TELLS_NOTHING: &[(&str, &str)] = &[
    ("EngineTest", "it changes nothing here; it is strict because the house asks an address of somebody's choice"),
    ("PasskeyStart", "one that is only begun is nothing yet; what was added says so"),
    ("TotpStart", "one that is only begun is nothing yet; what was added says so"),
];
const THOSE_THAT_TELL_NOTHING: usize = 3;

/// What leaves no record by its own name, and why: a list that may only shrink.
const NO_RECORD: &[(&str, &str)] = &[
    ("DeviceBegin", "nothing was done, and nobody is known; whoever says yes or no is"),
    ("DevicePoll", "the token that comes of it has a record: DeviceToken"),
    ("PasskeySignInStart", "hands out a challenge; the sign-in is what is made of it"),
];
const THOSE_WITHOUT_RECORD: usize = 3;

fn names(list: &[(&'static str, &str)]) -> Vec<&'static str> {
    list.iter().map(|(name, _)| *name).collect()
}

/// Does everything in the house that changes something, each with success.
struct Deeds<'a> {
    house: &'a House,
}

impl Deeds<'_> {
    fn done(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.house.send(&self.house.admin, method, &format!("/api/v1{path}"), &body.to_string());
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
        if answer.body.starts_with(['{', '[']) { answer.json() } else { Value::Null }
    }

    fn gone(&self, path: &str) {
        let answer = self.house.send(&self.house.admin, "DELETE", &format!("/api/v1{path}"), "");
        assert_eq!(answer.status, 200, "DELETE {path}: {answer:?}");
    }

    fn access(&self) {
        self.done("POST", "/teams", json!({ "name": "ops" }));
        self.done("PATCH", "/teams/ops", json!({ "summary": "Those on call" }));
        self.done("POST", "/users", json!({ "username": "ben", "password": PASSWORD }));
        self.done("PATCH", "/users/ben", json!({ "disabled": true }));
        self.done("POST", "/teams/ops/members", json!({ "username": "ben" }));
        self.done("POST", "/roles", json!({ "name": "starter", "permissions": ["engine.container.start"] }));
        self.done("PATCH", "/roles/starter", json!({ "summary": "Starts", "permissions": ["engine.container.start"] }));
        let grant = self.done("POST", "/grants", json!({ "team": "ops", "role": "starter", "scope": "all" }));
        self.done("POST", "/access/explain", json!({ "user": "ben", "permission": "engine.container.start", "scope": "all" }));
        self.done("POST", "/audit/simulate", json!({ "without_grant": grant["id"] }));
        self.gone(&format!("/grants/{}", text(&grant["id"])));
        self.gone("/roles/starter");
        self.gone("/users/ben/factors");
        self.gone("/teams/ops/members/ben");
        self.gone("/users/ben");
        self.gone("/teams/ops");
        self.done("PUT", "/factor-rules", json!({ "rules": [{ "role": "auditor" }] }));
    }

    fn robots(&self) {
        self.done("POST", "/robots", json!({ "name": "ci" }));
        let token = self.done("POST", "/robots/ci/tokens", json!({ "name": "one" }));
        let rotated = self.done("POST", &format!("/robots/ci/tokens/{}/rotate", text(&token["id"])), json!({}));
        self.gone(&format!("/robots/ci/tokens/{}", text(&rotated["id"])));
        self.done("PATCH", "/robots/ci", json!({ "disabled": true }));
        self.gone("/robots/ci");
    }

    fn rules(&self) {
        let rule = json!({ "name": "no-privileged", "mode": "warn", "scope": "all", "rule": { "kind": "privileged" } });
        let guardrail = format!("/guardrails/{}", text(&self.done("POST", "/guardrails", rule)["id"]));
        self.done("PATCH", &guardrail, json!({ "mode": "enforce" }));
        self.gone(&guardrail);
        let kept = self.done("POST", "/audit/rules", json!({ "name": "short", "query": "user:nobody", "days": 400 }));
        self.done("POST", "/audit/prune", json!({}));
        self.gone(&format!("/audit/rules/{}", text(&kept["id"])));
        let alert = json!({ "name": "loud", "query": "user:nobody", "url": "http://127.0.0.1:1/hook", "secret": "canary canary canary" });
        let alert = format!("/audit/alerts/{}", text(&self.done("POST", "/audit/alerts", alert)["id"]));
        self.done("PATCH", &alert, json!({ "quiet": 30 }));
        self.done("POST", &format!("{alert}/try"), json!({}));
        self.gone(&alert);
        let view = self.done("POST", "/audit/views", json!({ "name": "mine", "query": "user:admin" }));
        self.gone(&format!("/audit/views/{}", text(&view["id"])));
    }

    fn places(&self, engine: &str) {
        let far = json!({ "name": "far", "url": engine, "labels": { "env": "dev" } });
        self.done("POST", "/engines/test", far.clone());
        self.done("POST", "/engines", far);
        self.done("PATCH", "/engines/far", json!({ "labels": { "env": "prod" } }));
        self.gone("/engines/far");
        let images =
            json!({ "name": "images", "settings": { "url": "http://127.0.0.1:1" }, "credential": { "username": "pilot", "secret": "canary" } });
        self.done("POST", "/registries/test", images.clone());
        self.done("POST", "/registries", images);
        self.done("PUT", "/registries/images", json!({ "settings": { "url": "http://127.0.0.1:1" }, "labels": { "env": "prod" } }));
        self.done("PUT", "/registries/images/rules", json!({ "quotas": [{ "prefix": "team", "bytes": 1000 }] }));
        self.done("POST", "/registries/images/rules/count", json!({ "prefix": "team" }));
        let hook = json!({ "name": "ci", "url": "http://127.0.0.1:1/hook", "secret": "canary canary canary" });
        let hook = format!("/registries/images/hooks/{}", text(&self.done("POST", "/registries/images/hooks", hook)["id"]));
        self.done("PATCH", &hook, json!({ "enabled": false }));
        self.gone(&hook);
        self.gone("/registries/images");
        self.images();
        let ldap = json!({ "url": "ldaps://127.0.0.1:1", "bind_dn": "cn=x", "base_dn": "dc=x" });
        self.done("POST", "/providers", json!({ "name": "corp", "settings": { "ldap": ldap }, "secret": "canary" }));
        self.done("PATCH", "/providers/corp", json!({ "settings": { "label": "Corporate", "ldap": ldap }, "secret": "canary" }));
        self.done("POST", "/providers/corp/test", json!({}));
        self.gone("/providers/corp");
    }

    /// A tag and a manifest are deleted, by a registry that does either.
    fn images(&self) {
        let image = manifest("{}", "layer");
        let known = digest(&image);
        let kept = open(move |line| {
            let about = format!("Content-Type: {MANIFEST}\r\nDocker-Content-Digest: {}\r\n", digest(&image));
            match line {
                line if line.starts_with("DELETE ") => say("202 Accepted", "", ""),
                line if line.contains("/tags/list") => say("200 OK", "", r#"{"tags":["v1"]}"#),
                line if line.contains("/manifests/sha256-") || line.contains("/referrers/") => say("404 Not Found", "", ""),
                line if line.starts_with("HEAD ") => format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{about}\r\n").into_bytes(),
                _ => say("200 OK", &about, &image),
            }
        });
        self.done("POST", "/registries", json!({ "name": "kept", "settings": { "url": kept.url } }));
        // What runs on these engines nobody can say.
        self.gone("/registries/kept/repositories/team%2Fx/tags/v1?although_in_use=true");
        self.gone(&format!("/registries/kept/repositories/team%2Fx/manifests/{known}?tags=v1&although_in_use=true"));
    }

    /// What is done with what a registry holds.
    fn repositories(&self) {
        Client::admin(self.house).push("reg/coverage/a", "v1", "layer");
        let copy = json!({ "reference": "v1", "to_registry": "reg", "to_repository": "coverage/b", "to_tag": "v1" });
        self.done("POST", "/registries/reg/repositories/coverage%2Fa/copy", copy);
    }

    /// A report is sent here, and one is taken that is attached.
    fn scans(&self) {
        self.done("POST", "/registries", json!({ "name": "scanned", "settings": { "url": registry().url } }));
        let client = Client::admin(self.house);
        let image = digest(&client.push("scanned/told/app", "1", "scanned"));
        let path = format!("/registries/scanned/repositories/told%2Fapp/vulnerabilities/{image}");
        let report = r#"{"version":"2.1.0","runs":[]}"#;
        self.done("PUT", &path, json!({ "scanner": "ci", "report": report }));
        client.attach("scanned/told/app", &image, "application/sarif+json", report);
        self.done("POST", &path, json!({ "attached": true }));
        self.gone("/registries/scanned");
    }

    /// Tokens, bundles, and sign-in from the command line.
    fn credentials(&self, browser: &mut Browser) {
        let token = self.done("POST", "/tokens", json!({ "name": "mine" }));
        self.gone(&format!("/tokens/{}", text(&token["id"])));
        self.done("POST", "/certificates/bundle", json!({ "name": "laptop", "engine": "fake" }));
        for answer in ["deny", "approve"] {
            let codes = self.house.post_as(&[], "/api/v1/device", json!({ "client_name": "a test", "machine": "somewhere" })).json();
            let code = json!({ "user_code": codes["user_code"] });
            good(&browser.post(self.house, "/device/look", code.clone()));
            good(&browser.post(self.house, &format!("/device/{answer}"), code));
            if answer == "approve" {
                good(&self.house.post_as(&[], "/api/v1/device/token", json!({ "device_code": codes["device_code"] })));
            }
        }
    }

    /// What somebody does with their own account.
    fn account(&self) {
        let house = self.house;
        self.done("POST", "/users", json!({ "username": "ana", "password": PASSWORD }));
        let mut ana = Browser::of(house, "ana");
        let (_, _, added) = ana.add_app(house);
        good(&ana.post(house, "/account/recovery-codes", json!({ "password": PASSWORD })));
        let mut key = Authenticator::new(7);
        let passkey = passkeys::add(house, &mut ana, &mut key);
        // In by the second step, and by the passkey alone.
        let mut again = crate::factors::awaited(house, "ana");
        good(&again.post(house, "/session/factor", json!({ "code": self.recovery(&mut ana) })));
        let mut alone = Browser::default();
        let challenge = passkeys::start(house, &mut alone, false);
        let proof = key.answer(&challenge, HERE, passkeys::PRESENT | passkeys::VERIFIED);
        assert_eq!(passkeys::finish(house, &mut alone, proof), 200);
        for factor in [&added["factor"]["id"], &passkey["factor"]["id"]] {
            good(&ana.post(house, &format!("/account/factors/{}/remove", text(factor)), json!({ "password": PASSWORD })));
        }
        // Another session of theirs is ended, the password is changed, and they leave.
        let mine = ana.get(house, "/me").json()["session"].clone();
        let sessions = ana.get(house, "/sessions").json();
        let other = sessions["items"].as_array().unwrap().iter().find(|session| session["id"] != mine).expect("there are others");
        good(&ana.send(house, "DELETE", &format!("/sessions/{}", text(&other["id"])), json!({})));
        good(&ana.post(house, "/me/password", json!({ "current": PASSWORD, "new": "another horse battery" })));
        good(&ana.send(house, "DELETE", "/session", json!({})));
    }

    /// What a registry holds is looked at, and let go.
    fn retention(&self) {
        let client = Client::admin(self.house);
        ["one", "two"].iter().for_each(|tag| drop(client.push("reg/coverage/keep", tag, tag)));
        let rules = "/registries/reg/retention/rules";
        let keep = json!({ "prefix": "coverage", "keep": {}, "sentence": "Keep nothing but what is in use." });
        let rule = format!("{rules}/{}", text(&self.done("POST", rules, keep)["id"]));
        self.done("PUT", &rule, json!({ "prefix": "coverage", "keep": { "patterns": ["one"] } }));
        let plan = self.done("POST", &format!("{rule}/plans"), json!({}));
        assert_eq!((&plan["digests_going"], &plan["tags_going"]), (&json!(1), &json!(1)), "{plan}");
        self.done("POST", &format!("/registries/reg/retention/plans/{}/run", text(&plan["id"])), json!({ "digests": 1, "tags": 1 }));
        let runs = || self.house.get(&self.house.admin, "/api/v1/registries/reg/retention/runs").json();
        until("the run ends", 30, || runs()["items"][0]["state"] == "done");
        self.gone(&rule);
    }

    fn recovery(&self, browser: &mut Browser) -> String {
        let renewed = browser.post(self.house, "/account/recovery-codes", json!({ "password": PASSWORD }));
        good(&renewed);
        crate::factors::codes(&renewed.json())[0].clone()
    }

    fn view_as(&self, browser: &mut Browser) {
        good(&browser.post(self.house, "/session/view-as", json!({ "user": "ana" })));
        good(&browser.send(self.house, "DELETE", "/session/view-as", json!({})));
    }

    /// A session is recorded, and ended.
    fn recordings(&self) {
        let house = self.house;
        let rule = self.done("POST", "/recording-rules", json!({ "scope": "all" }));
        let rule = format!("/recording-rules/{}", text(&rule["id"]));
        self.done("PATCH", &rule, json!({ "input": true }));
        let mut stream = http::connect(house.address);
        let body = json!({ "Detach": false, "Tty": true }).to_string();
        let head = format!(
            "POST /engines/streams/exec/some/start HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            house.admin,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 101");
        let running = self.house.get(&house.admin, "/api/v1/recordings").json();
        self.gone(&format!("/recordings/{}/session", running["items"][0]["id"]));
        self.gone(&rule);
    }
}

fn good(answer: &http::Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Operation, whether it is a change, and what it says of that, of each record that ended well.
fn told(house: &House, into: &mut BTreeMap<String, Vec<(bool, String)>>) {
    let rows = sql(&house.data, &["SELECT operation, is_change, changes FROM audit WHERE outcome = 'ok' AND door NOT IN ('engine', 'registry')"]);
    for row in &rows[0] {
        into.entry(text(&row[0]).to_owned()).or_default().push((row[1] == 1, text(&row[2]).to_owned()));
    }
}

#[test]
fn every_change_of_the_house_says_what_it_changed() {
    let (fake, streams) = (Recorder::start(Behaviour::Say(DONE)), Recorder::start(Behaviour::Say(SWITCHED)));
    let engines = [("fake", fake.url.clone()), ("streams", streams.url.clone())];
    let registries = format!("[[registries]]\nname = \"reg\"\nurl = \"{}\"\n", registry::registry().url);
    let house = House::with_settings(&engines, &format!("external_url = \"{HERE}\"\n{registries}"));
    let deeds = Deeds { house: &house };
    let mut browser = Browser::of(&house, "admin");
    deeds.access();
    deeds.robots();
    deeds.rules();
    deeds.places(&fake.url);
    deeds.repositories();
    deeds.scans();
    deeds.credentials(&mut browser);
    deeds.recordings();
    deeds.account();
    deeds.view_as(&mut browser);
    // What needs a house that speaks TLS, and one in which nobody is yet.
    let secure = Secure::start();
    secure.make_and_revoke();
    let kept = in_front_of(&registry().url);
    Deeds { house: &kept }.retention();
    let empty = House::empty(&[], None);
    let secret = empty.setup_link().split("#secret=").nth(1).unwrap().to_owned();
    good(&empty.post_as(&[], "/api/v1/setup", json!({ "secret": secret, "username": "admin", "password": PASSWORD })));

    std::thread::sleep(std::time::Duration::from_millis(300));
    let mut records = BTreeMap::new();
    [&house, &secure.house, &kept, &empty].into_iter().for_each(|house| told(house, &mut records));
    let own = routes(&house).into_iter().filter(|route| route.method != "GET" && !route.path.starts_with("/api/v1/engines/fake/"));
    let unsaid: Vec<_> = own.map(|route| route.operation).filter(|operation| !records.contains_key(operation)).collect();
    assert_eq!(unsaid, names(NO_RECORD), "these were not done here, or have no record of their own");
    let silent = records.iter().filter(|(_, records)| records.iter().any(|(is_change, changes)| *is_change && changes.is_empty()));
    let silent: Vec<_> = silent.map(|(operation, _)| operation.as_str()).collect();
    assert_eq!(silent, names(TELLS_NOTHING), "these are changes, and their records do not say of what");
    let lengths = (TELLS_NOTHING.len(), NO_RECORD.len());
    assert_eq!(lengths, (THOSE_THAT_TELL_NOTHING, THOSE_WITHOUT_RECORD), "the lists may only shrink");
}
