//! The rules of a registry past its door: the console's deletions, copies and retention are bound by them, too.

use std::{io::Write, time::Duration};

use pilothouse_tests::{
    http,
    receiver::Receiver,
    registry::{Client, MANIFEST, digest, in_front_of, manifest, registry},
    sandbox::{House, until},
};
use serde_json::{Value, json};

use super::{
    copy::{copied, copy_as, last, refused},
    holds::good,
    hostile::{open, say},
    rules::{HOOKS, bound, set, used},
};

const RETENTION: &str = "/api/v1/registries/reg/retention";

/// Makes a rule that keeps the newest tag alone, and looks at what it would let go.
fn planned(house: &House, prefix: &str) -> Value {
    let rule = good(&house.post(&house.admin, &format!("{RETENTION}/rules"), json!({ "prefix": prefix, "keep": { "newest": 1 } })));
    good(&house.post(&house.admin, &format!("{RETENTION}/rules/{}/plans", rule["id"].as_str().unwrap()), json!({})))
}

/// Runs a plan to its end.
fn run(house: &House, plan: &Value) -> Value {
    let counts = json!({ "digests": plan["digests_going"], "tags": plan["tags_going"] });
    good(&house.post(&house.admin, &format!("{RETENTION}/plans/{}/run", plan["id"].as_str().unwrap()), counts));
    let mut last = Value::Null;
    until("the run ends", 30, || {
        last = good(&house.get(&house.admin, &format!("{RETENTION}/runs")))["items"][0].clone();
        last["ended_at"].is_i64()
    });
    last
}

#[test]
fn a_tag_that_stays_is_left_by_the_console_by_copies_and_by_retention() {
    let house = bound(json!({}));
    let receiver = Receiver::start();
    let hook = json!({ "name": "ci", "prefix": "rules/all", "url": receiver.url("/hook"), "secret": "the secret of this webhook" });
    let keeper = house.user("keeper", "admin", "registry/reg");
    assert_eq!(house.post(&keeper, HOOKS, hook.clone()).status, 403, "whom Pilothouse speaks to is about all of it");
    good(&house.post(&house.admin, HOOKS, hook));
    let admin = Client::admin(&house);
    let old = admin.push("reg/rules/all/x", "old", "zero");
    let first = admin.push("reg/rules/all/x", "v1", "one");
    let newest = admin.push("reg/rules/all/x", "latest", "two");
    let before = admin.push("reg/rules/all/y", "before", "three");
    copied(&house, "reg/rules/all/x:old", "reg/rules/all/y:promoted");
    // A copy is a push: what was promoted just now is the newest there. The tag is declared immutable between the look and the run.
    let plan = planned(&house, "rules/all");
    assert_eq!(plan["tags_going"], 3, "{plan}");
    set(&house, json!({ "immutable": [{ "prefix": "rules/all", "tags": "v*" }] }));
    let ran = run(&house, &plan);
    assert_eq!((&ran["digests_gone"], &ran["spared"], &ran["state"]), (&2.into(), &1.into(), &"done".into()), "{ran}");
    let status = |repository: &str, tag: &str| admin.get(&format!("/v2/reg/rules/all/{repository}/manifests/{tag}")).status;
    assert_eq!([status("x", "old"), status("x", "v1"), status("x", "latest")], [404, 200, 200]);
    assert_eq!([status("y", "before"), status("y", "promoted")], [404, 200]);
    // A new look does not let it go to begin with.
    assert_eq!(planned(&house, "rules/all/x")["tags_going"], 0);
    // The console deletes it neither by its name nor by its digest, and no copy moves it.
    for rest in ["tags/v1".to_owned(), format!("manifests/{}?tags=v1", digest(&first))] {
        let answer = house.send(&house.admin, "DELETE", &format!("/api/v1/registries/reg/repositories/rules%2Fall%2Fx/{rest}"), "");
        let (status, sentence) = refused(&answer);
        assert!(status == 403 && sentence.contains("reg/rules/all/x:v1") && sentence.contains("immutable"), "{answer:?}");
    }
    let (status, sentence) = refused(&copy_as(&house, &house.admin, "reg/rules/all/x:latest", "reg/rules/all/x:v1", true));
    assert!(status == 403 && sentence.contains("immutable"), "{status} {sentence}");
    assert_eq!(admin.get("/v2/reg/rules/all/x/manifests/v1").body, first);
    // The same again changes nothing, a new one is made, and others move and go.
    copied(&house, "reg/rules/all/x:v1", "reg/rules/all/x:v1");
    copied(&house, "reg/rules/all/x:latest", "reg/rules/all/x:v2");
    assert_eq!(last(&copy_as(&house, &house.admin, "reg/rules/all/x:latest", "reg/rules/all/y:promoted", true))["digest"], digest(&newest));
    let gone = house.send(
        &house.admin,
        "DELETE",
        &format!("/api/v1/registries/reg/repositories/rules%2Fall%2Fy/manifests/{}?tags=promoted", digest(&newest)),
        "",
    );
    assert_eq!(gone.status, 200, "{gone:?}");
    std::thread::sleep(Duration::from_millis(300));
    let denied = house.audit("&user=admin&outcome=denied");
    for operation in ["TagDelete", "ManifestDelete", "ManifestCopy"] {
        let says = |record: &Value| record["operation"] == operation && record["note"].as_str().is_some_and(|note| note.contains("immutable"));
        assert!(denied.iter().any(says), "{operation}: {denied:?}");
    }
    // All of it is told, whichever way it came.
    let told = || -> Vec<(String, String, String)> {
        let bodies = receiver.got().into_iter().map(|got| serde_json::from_str::<Value>(&got.body).unwrap());
        let events = bodies.flat_map(|body| body["events"].as_array().cloned().unwrap_or_default());
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        events.map(|event| (text(&event["action"]), text(&event["target"]["tag"]), text(&event["target"]["digest"]))).collect()
    };
    let event = |action: &str, tag: &str, text: &str| (action.to_owned(), tag.to_owned(), digest(text));
    let wanted = [
        event("push", "promoted", &old),
        event("delete", "", &old),
        event("delete", "", &before),
        event("push", "v2", &newest),
        event("tag", "promoted", &newest),
        event("delete", "", &newest),
    ];
    until("all of it is told", 10, || wanted.iter().all(|event| told().contains(event)));
    assert!(!told().contains(&event("delete", "", &first)));
}

#[test]
fn a_quota_counts_what_is_copied_and_forgets_what_is_deleted() {
    let house = bound(json!({ "quotas": [{ "prefix": "rules/copied", "bytes": 4000, "tags": 2 }] }));
    let admin = Client::admin(&house);
    let small = admin.push("reg/rules/from", "small", &"k".repeat(1500));
    admin.push("reg/rules/from", "large", &"l".repeat(3000));
    let copy = |tag: &str, to: &str| last(&copy_as(&house, &house.admin, &format!("reg/rules/from:{tag}"), &format!("reg/rules/copied/{to}"), false));
    let one = 1500 + 2 + small.len() as u64;
    assert!(copy("small", "a:v1")["error"].is_null());
    assert_eq!(used(&house), (one, 1));
    // The same in another repository takes up no more bytes; what is larger than the room left is not tagged, nor is one tag too many.
    assert!(copy("small", "b:v1")["error"].is_null());
    assert_eq!(used(&house), (one, 2));
    for (tag, to) in [("large", "a:v2"), ("small", "a:v3")] {
        let step = copy(tag, to);
        assert!(step["error"].as_str().is_some_and(|error| error.contains("The quota of reg/rules/copied is reached")), "{step}");
        assert_eq!(used(&house), (one, 2), "{to}");
    }
    assert_eq!([admin.get("/v2/reg/rules/copied/a/manifests/v2").status, admin.get("/v2/reg/rules/copied/a/manifests/v3").status], [404, 404]);
    for repository in ["a", "b"] {
        let path = format!("/api/v1/registries/reg/repositories/rules%2Fcopied%2F{repository}/manifests/{}?tags=v1", digest(&small));
        good(&house.send(&house.admin, "DELETE", &path, ""));
    }
    assert_eq!(used(&house), (0, 0));
}

#[test]
fn what_a_registry_does_not_take_does_not_count() {
    let no = open(|line| match line {
        line if line.starts_with("HEAD ") && line.contains("/blobs/") => {
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n".to_vec()
        }
        line if line.starts_with("PUT ") => say("400 Bad Request", "", "{}"),
        _ => say("404 Not Found", "", ""),
    });
    let section = |name: &str, url: &str| format!("[[registries]]\nname = \"{name}\"\nurl = \"{url}\"\n");
    let house = House::with_settings(&[], &format!("{}{}", section("one", &registry().url), section("reg", &no.url)));
    set(&house, json!({ "quotas": [{ "bytes": 100_000 }] }));
    Client::admin(&house).push("one/rules/given", "v1", "layer");
    let step = last(&copy_as(&house, &house.admin, "one/rules/given:v1", "reg/rules/given:v1", false));
    assert!(step["error"].as_str().is_some_and(|error| error.contains("Registry reg")), "{step}");
    let put = format!("PUT /v2/rules/given/manifests/{}", digest(&manifest("{}", "layer")));
    assert!(no.seen().contains(&put), "it was never asked to take it: {}", no.seen());
    assert_eq!(used(&house), (0, 0));
}

#[test]
fn a_manifest_of_a_client_that_hangs_up_is_put_and_written_down() {
    let slow = open(|line| match line {
        line if line.starts_with("PUT ") => {
            std::thread::sleep(Duration::from_millis(500));
            say("201 Created", "", "")
        }
        _ => say("404 Not Found", "", ""),
    });
    let house = in_front_of(&slow.url);
    let (client, text) = (Client::admin(&house), manifest("{}", "layer"));
    let request = format!(
        "PUT /v2/reg/x/manifests/v1 HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Type: {MANIFEST}\r\nContent-Length: {}\r\n\r\n{text}",
        client.authorization,
        text.len()
    );
    let mut stream = http::connect(house.address);
    stream.write_all(request.as_bytes()).unwrap();
    until("it is on its way", 10, || slow.seen().contains("PUT "));
    drop(stream);
    let records = || house.audit("&target=reg&changes=true");
    until("its outcome is known", 10, || records().iter().any(|record| record["operation"] == "ManifestPut" && record["outcome"] == "ok"));
}

#[test]
fn a_blob_that_lies_elsewhere_is_as_large_as_it_is_there() {
    let place = open(|_| b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5000\r\n\r\n".to_vec());
    let to = format!("Location: {}/blob\r\n", place.url);
    let sends = open(move |line| match line {
        line if line.starts_with("HEAD /v2/x/blobs/") => say("307 Temporary Redirect", &to, ""),
        line if line.starts_with("HEAD /v2/silent/blobs/") => b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec(),
        _ => say("404 Not Found", "", ""),
    });
    let house = House::with_settings(&[], &format!("[[registries]]\nname = \"reg\"\nurl = \"{}\"\nredirects = \"hand_on\"\n", sends.url));
    set(&house, json!({ "quotas": [{ "bytes": 1000 }] }));
    let put = |repository: &str| Client::admin(&house).put_manifest(repository, "v1", MANIFEST, &manifest("{}", "layer"));
    let large = put("reg/x");
    assert!(large.status == 403 && large.body.contains("The quota of reg is reached"), "{large:?}");
    // What a manifest says of its blobs is not believed where the registry says nothing.
    let silent = put("reg/silent");
    assert!(silent.status == 502 && silent.body.contains("does not say how large"), "{silent:?}");
    assert!(!sends.seen().contains("PUT ") && used(&house) == (0, 0), "{}", sends.seen());
}
