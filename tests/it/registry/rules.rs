//! What a registry is bound by, whoever asks: tags that stay, quotas, limits; and who is told of what changes.

use std::{
    io::{Read, Write},
    time::Duration,
};

use pilothouse_tests::{
    http::{self, Answer},
    receiver::Receiver,
    registry::{Client, INDEX, MANIFEST, code, digest, in_front_of, manifest, registry},
    sandbox::{House, until},
};
use serde_json::{Value, json};

use crate::audit::forward::webhook::signed_with;

const RULES: &str = "/api/v1/registries/reg/rules";
pub(super) const HOOKS: &str = "/api/v1/registries/reg/hooks";

/// A house of its own, whose registry is bound by these rules.
pub(super) fn bound(rules: Value) -> House {
    let house = in_front_of(&registry().url);
    set(&house, rules);
    house
}

pub(super) fn set(house: &House, rules: Value) {
    let answer = house.send(&house.admin, "PUT", RULES, &rules.to_string());
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// How much of the only quota is used: bytes and tags.
pub(super) fn used(house: &House) -> (u64, u64) {
    let shown = house.get(&house.admin, RULES).json();
    let used = &shown["uses"][0];
    (used["bytes"].as_u64().unwrap(), used["tags"].as_u64().unwrap())
}

/// Uploads an image's blobs, and tells what comes of its manifest.
fn put(client: &Client, repository: &str, tag: &str, layer: &str) -> (Answer, String) {
    client.push_blob(repository, "{}");
    client.push_blob(repository, layer);
    let text = manifest("{}", layer);
    (client.put_manifest(repository, tag, MANIFEST, &text), text)
}

fn refused(answer: &Answer, status: u16, what: &str, says: &str) {
    assert_eq!((answer.status, code(answer).as_str()), (status, what), "{answer:?}");
    assert!(answer.body.contains(says), "{says}: {answer:?}");
}

#[test]
fn a_tag_that_stays_is_moved_and_deleted_by_nobody() {
    let house = bound(json!({ "immutable": [{ "prefix": "rules/im", "tags": "v*" }] }));
    let admin = Client::admin(&house);
    let first = admin.push("reg/rules/im/x", "v1", "one");
    assert_eq!(put(&admin, "reg/rules/im/x", "v1", "one").0.status, 201, "the same again changes nothing");
    refused(&put(&admin, "reg/rules/im/x", "v1", "two").0, 403, "DENIED", "immutable");
    assert_eq!(admin.get("/v2/reg/rules/im/x/manifests/v1").body, first);
    // Others move, also under another prefix.
    for (repository, tag) in [("reg/rules/im/x", "latest"), ("reg/rules/imx", "v1")] {
        admin.push(repository, tag, "one");
        admin.push(repository, tag, "three");
    }
    // Nor does it go by its digest, nor with a part of what it means.
    let of = |text: &str| format!("/v2/reg/rules/im/x/manifests/{}", digest(text));
    refused(&admin.delete("/v2/reg/rules/im/x/manifests/v1"), 403, "DENIED", "immutable");
    refused(&admin.delete(&of(&first)), 403, "DENIED", "reg/rules/im/x:v1");
    refused(&admin.delete(&format!("/v2/reg/rules/im/x/blobs/{}", digest("one"))), 403, "DENIED", "immutable");
    let inner = manifest("{}", "three");
    let index =
        json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [{ "mediaType": MANIFEST, "digest": digest(&inner), "size": inner.len() }] });
    assert_eq!(admin.put_manifest("reg/rules/im/x", "v2", INDEX, &index.to_string()).status, 201);
    refused(&admin.delete(&of(&inner)), 403, "DENIED", "reg/rules/im/x:v2");
    // A tag that means the same as one that stays does not go, either: some registries delete what it means with it.
    assert_eq!(admin.put_manifest("reg/rules/im/x", "same", MANIFEST, &first).status, 201);
    refused(&admin.delete("/v2/reg/rules/im/x/manifests/same"), 403, "DENIED", "reg/rules/im/x:v1");
    // What names one index again and again has it looked at once.
    let part = json!({ "mediaType": INDEX, "digest": digest(&index.to_string()), "size": index.to_string().len() });
    let many = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": vec![part; 200] });
    assert_eq!(admin.put_manifest("reg/rules/im/x", "v3", INDEX, &many.to_string()).status, 201);
    // What no such tag needs goes.
    let (answer, other) = put(&admin, "reg/rules/im/x", "latest", "four");
    assert_eq!((answer.status, admin.delete(&of(&other)).status), (201, 202));
    std::thread::sleep(Duration::from_millis(300));
    let denied = house.audit("&user=admin&outcome=denied");
    let says =
        |operation: &str| denied.iter().any(|record| record["operation"] == operation && record["note"].as_str().unwrap().contains("immutable"));
    assert!(says("ManifestPut") && says("ManifestDelete") && says("BlobDelete"), "{denied:?}");
    // Without the rule it goes.
    set(&house, json!({}));
    assert_eq!(admin.delete(&of(&first)).status, 202);
}

#[test]
fn a_quota_that_is_reached_takes_nothing_until_there_is_room() {
    let house = bound(json!({ "quotas": [{ "prefix": "rules/quota", "bytes": 6000 }] }));
    let admin = Client::admin(&house);
    let layer = |c: char, length: usize| c.to_string().repeat(length);
    let first = admin.push("reg/rules/quota/a", "v1", &layer('a', 2500));
    let one = 2500 + 2 + first.len() as u64;
    assert_eq!(used(&house), (one, 1));
    // The same in another repository takes up nothing more, and another tag of it neither.
    admin.push("reg/rules/quota/b", "v1", &layer('a', 2500));
    assert_eq!(admin.put_manifest("reg/rules/quota/b", "v2", MANIFEST, &first).status, 201);
    assert_eq!(used(&house), (one, 3));
    // A blob that cannot fit is not begun to be taken, and a manifest that goes over it is not, either.
    let text = layer('b', 3500);
    refused(&admin.finish(&admin.begin("reg/rules/quota/a"), &digest(&text), &text), 403, "DENIED", "quota");
    assert_eq!(admin.head(&format!("/v2/reg/rules/quota/a/blobs/{}", digest(&text))).status, 404);
    let (answer, second) = put(&admin, "reg/rules/quota/a", "v2", &layer('c', 2900));
    refused(&answer, 403, "DENIED", "The quota of reg/rules/quota is reached");
    assert_eq!((admin.get("/v2/reg/rules/quota/a/manifests/v2").status, used(&house)), (404, (one, 3)));
    // What says that it is smaller than it is, is not believed.
    let lie = second.replace("\"size\":2900", "\"size\":1");
    refused(&admin.put_manifest("reg/rules/quota/a", "v2", MANIFEST, &lie), 403, "DENIED", "quota");
    // Nor is it that it lies elsewhere.
    let foreign = second.replace("layer.v1.tar", "layer.nondistributable.v1.tar");
    refused(&admin.put_manifest("reg/rules/quota/a", "v2", MANIFEST, &foreign), 403, "DENIED", "quota");
    // Outside of it there is none, and with room there is some.
    admin.push("reg/rules/quotax", "v1", &layer('b', 2500));
    for repository in ["a", "b"] {
        assert_eq!(admin.delete(&format!("/v2/reg/rules/quota/{repository}/manifests/{}", digest(&first))).status, 202);
    }
    assert_eq!(used(&house), (0, 0));
    assert_eq!(admin.put_manifest("reg/rules/quota/a", "v2", MANIFEST, &second).status, 201);
    assert_eq!(used(&house), (2900 + 2 + second.len() as u64, 1));
}

#[test]
fn a_quota_of_tags_counts_what_was_there_before_once_it_is_asked_to() {
    let house = bound(json!({}));
    let admin = Client::admin(&house);
    let texts: Vec<String> = ["v1", "v2"].iter().map(|tag| admin.push("reg/rules/count/x", tag, tag)).collect();
    set(&house, json!({ "quotas": [{ "prefix": "rules/count", "tags": 3 }] }));
    assert_eq!((used(&house), &house.get(&house.admin, RULES).json()["uses"][0]["counted_at"]), ((0, 0), &Value::Null));
    let counted = house.post(&house.admin, &format!("{RULES}/count"), json!({ "prefix": "rules/count" }));
    assert_eq!((counted.status, &counted.json()["complete"]), (200, &true.into()), "{counted:?}");
    // Of both there is one config, and each layer has two bytes.
    assert_eq!(used(&house), (2 + 2 + 2 + texts.iter().map(|text| text.len() as u64).sum::<u64>(), 2));
    admin.push("reg/rules/count/x", "v3", "v3");
    refused(&put(&admin, "reg/rules/count/y", "v4", "v4").0, 403, "DENIED", "no more tags than 3");
    // A tag that is moved is no more than it was.
    admin.push("reg/rules/count/x", "v3", "v1");
    assert_eq!(used(&house).1, 3);
    let none = house.post(&house.admin, &format!("{RULES}/count"), json!({ "prefix": "elsewhere" }));
    assert_eq!((none.status, &none.json()["field"]), (400, &"prefix".into()));
}

#[test]
fn who_asks_too_fast_waits_and_nobody_else_does() {
    let house = bound(json!({ "limits": { "requests_per_second": 3, "uploads": 1 } }));
    let admin = Client::admin(&house);
    let ben = Client::of(&house, &house.user("ben", "viewer", "registry/reg"));
    let stranger = Client::of(&house, &house.user("sue", "viewer", "engine/x"));
    let answers: Vec<Answer> = (0..12).map(|_| admin.get("/v2/reg/rules/rate/manifests/v1")).collect();
    let late = answers.iter().find(|answer| answer.status == 429).unwrap_or_else(|| panic!("nothing was too fast: {answers:?}"));
    refused(late, 429, "TOOMANYREQUESTS", "takes 3 a second");
    assert_eq!(late.header("retry-after"), Some("1"));
    assert_eq!(ben.get("/v2/reg/rules/rate/manifests/v1").status, 404, "each has their own");
    assert!((0..12).all(|_| stranger.get("/v2/reg/rules/rate/manifests/v1").status == 404), "who may not see it is told nothing of it");
    std::thread::sleep(Duration::from_millis(1100));
    // One upload that takes its time; another one meanwhile, and one behind it.
    let (slow, other) = (admin.begin("reg/rules/rate"), admin.begin("reg/rules/rate"));
    let mut stream = http::connect(house.address);
    let head = format!(
        "PATCH {slow} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nConnection: close\r\nContent-Type: application/octet-stream\r\nContent-Length: 8\r\n\r\nhalf",
        admin.authorization
    );
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    let patch = |place: &str| admin.send("PATCH", place, &[("Content-Type", "application/octet-stream")], "more");
    refused(&patch(&other), 429, "TOOMANYREQUESTS", "takes 1 at a time");
    stream.write_all(b"done").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    std::thread::sleep(Duration::from_millis(1100));
    assert_eq!(patch(&other).status, 202);
}

#[test]
fn what_is_too_large_breaks_off_and_is_not_there() {
    let house = bound(json!({}));
    let admin = Client::admin(&house);
    let large = "x".repeat(2000);
    admin.push_blob("reg/rules/size", &large);
    admin.push_blob("reg/rules/size", "{}");
    set(&house, json!({ "limits": { "blob_bytes": 1000, "layers": 1 } }));
    // By its length it is known before a byte goes on; without one it breaks off while it comes.
    let text = "y".repeat(2000);
    refused(&admin.finish(&admin.begin("reg/rules/size"), &digest(&text), &text), 413, "SIZE_INVALID", "1000 bytes at most");
    let place = admin.begin("reg/rules/size");
    let piece = format!("1f4\r\n{}\r\n", "y".repeat(500));
    let request = format!(
        "PATCH {place} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nContent-Type: application/octet-stream\r\n\r\n{}0\r\n\r\n",
        admin.authorization,
        piece.repeat(4)
    );
    refused(&http::raw(house.address, request.as_bytes()), 413, "SIZE_INVALID", "too large");
    assert!(admin.finish(&place, &digest(&text), "").status >= 400, "it cannot be finished");
    assert_eq!(admin.head(&format!("/v2/reg/rules/size/blobs/{}", digest(&text))).status, 404);
    // In pieces it is no smaller.
    let place = admin.begin("reg/rules/size");
    let patch = |place: &str| admin.send("PATCH", place, &[("Content-Type", "application/octet-stream")], &"y".repeat(600));
    let first = patch(&place);
    assert_eq!(first.status, 202, "{first:?}");
    refused(&patch(first.header("location").unwrap()), 413, "SIZE_INVALID", "too large");
    // What was there before is in no new image, whatever that says of it; and there are no more layers than there may be.
    let image = manifest("{}", &large);
    refused(&admin.put_manifest("reg/rules/size", "v1", MANIFEST, &image), 413, "SIZE_INVALID", "1000 bytes at most");
    refused(
        &admin.put_manifest("reg/rules/size", "v1", MANIFEST, &image.replace("\"size\":2000", "\"size\":20")),
        413,
        "SIZE_INVALID",
        "1000 bytes at most",
    );
    let mut two: Value = serde_json::from_str(&manifest("{}", "{}")).unwrap();
    let layer = two["layers"][0].clone();
    two["layers"] = json!([layer, layer]);
    refused(&admin.put_manifest("reg/rules/size", "v1", MANIFEST, &two.to_string()), 413, "SIZE_INVALID", "2 layers");
    assert_eq!(admin.get("/v2/reg/rules/size/manifests/v1").status, 404);
    admin.push("reg/rules/size", "v1", "small");
}

/// Action, tag and digest of each event that came, in order; what came twice once.
fn told(receiver: &Receiver) -> Vec<(String, String, String)> {
    let (mut known, mut all) = (Vec::new(), Vec::new());
    for got in receiver.got().iter().filter(|got| got.taken) {
        let body: Value = serde_json::from_str(&got.body).unwrap();
        for event in body["events"].as_array().unwrap() {
            if known.contains(&event["id"]) {
                continue;
            }
            known.push(event["id"].clone());
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            assert_eq!((&event["actor"]["name"], &event["source"]["registry"]), (&"admin".into(), &"reg".into()), "{event}");
            assert!(text(&event["target"]["repository"]).starts_with("rules/hook"), "{event}");
            all.push((text(&event["action"]), text(&event["target"]["tag"]), text(&event["target"]["digest"])));
        }
    }
    all
}

#[test]
fn a_webhook_is_told_of_each_change_signed_and_in_order_also_after_it_was_away() {
    const SECRET: &str = "the secret of this webhook";
    let mut house = in_front_of(&registry().url);
    let mut receiver = Receiver::start();
    let input = json!({ "name": "ci", "prefix": "rules/hook", "url": receiver.url("/hook?key=hidden"), "secret": SECRET });
    let made = house.post(&house.admin, HOOKS, input.clone());
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(house.post(&house.admin, HOOKS, input).status, 409, "of one name there is one");
    let listed = house.get(&house.admin, HOOKS);
    assert!(!listed.body.contains("hidden") && !listed.body.contains(SECRET) && !made.body.contains("hidden"), "{listed:?}");
    let event = |action: &str, tag: &str, text: &str| (action.to_owned(), tag.to_owned(), digest(text));
    let admin = Client::admin(&house);
    admin.push("reg/rules/elsewhere", "v1", "elsewhere");
    let first = admin.push("reg/rules/hook/x", "v1", "first");
    let second = admin.push("reg/rules/hook/x", "v1", "second");
    assert_eq!(admin.delete(&format!("/v2/reg/rules/hook/x/manifests/{}", digest(&first))).status, 202);
    let mut expected = vec![event("push", "v1", &first), event("tag", "v1", &second), event("delete", "", &first)];
    until("three are told", 10, || told(&receiver).len() >= 3);
    assert_eq!(told(&receiver), expected);
    // While it is away nothing is lost, even over a start.
    receiver.stop();
    let third = admin.push("reg/rules/hook/x", "v3", "third");
    std::thread::sleep(Duration::from_millis(300));
    house.stop();
    house.start_again();
    let admin = Client::admin(&house);
    let fourth = admin.push("reg/rules/hook/x", "v3", "fourth");
    until("it is known to be away", 10, || house.get(&house.admin, HOOKS).json()["items"][0]["error"].is_string());
    receiver.start_again();
    expected.extend([event("push", "v3", &third), event("tag", "v3", &fourth)]);
    until("the rest is told", 20, || told(&receiver).len() >= 5);
    assert_eq!(told(&receiver), expected);
    for got in receiver.got() {
        signed_with(&got, SECRET);
        let named = got.header("pilothouse-delivery").is_some_and(|name| name.starts_with("registry-hook/"));
        assert!(named && got.header("content-type").unwrap().contains("events"), "{got:?}");
    }
    // One that is switched off is told nothing, and one that is gone is gone.
    let path = format!("{HOOKS}/{}", made.json()["id"].as_str().unwrap());
    let moved = house.send(&house.admin, "PATCH", &path, &json!({ "url": receiver.url("/other") }).to_string());
    assert_eq!((moved.status, &moved.json()["field"]), (400, &"secret".into()), "another address needs another secret");
    assert_eq!(house.send(&house.admin, "PATCH", &path, &json!({ "enabled": false }).to_string()).status, 200);
    admin.push("reg/rules/hook/x", "v5", "fifth");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(told(&receiver), expected);
    assert_eq!((house.send(&house.admin, "DELETE", &path, "").status, house.send(&house.admin, "DELETE", &path, "").status), (200, 404));
}

#[test]
fn an_alert_finds_a_registry_by_its_labels() {
    let (house, receiver) = (in_front_of(&registry().url), Receiver::start());
    for (name, scope) in [("here", "env=test"), ("elsewhere", "env=prod")] {
        let alert = json!({ "name": name, "query": "operation:ManifestPut", "scope": scope, "url": receiver.url("/alert"), "secret": "canary canary canary" });
        let made = house.post(&house.admin, "/api/v1/audit/alerts", alert);
        assert_eq!(made.status, 200, "{made:?}");
    }
    Client::admin(&house).push("reg/rules/alert", "v1", "layer");
    until("the alert is there", 10, || !receiver.got().is_empty());
    std::thread::sleep(Duration::from_millis(300));
    let all = receiver.got();
    let body: Value = serde_json::from_str(&all[0].body).unwrap();
    assert_eq!((all.len(), &body["alert"]["name"], &body["items"][0]["object"]), (1, &"here".into(), &"reg/rules/alert:v1".into()), "{all:?}");
}

#[test]
fn rules_are_of_a_registry_as_a_whole() {
    let house = bound(json!({ "quotas": [{ "tags": 1000 }] }));
    let (viewer, admin) = (house.user("vic", "viewer", "registry/reg"), house.user("ana", "admin", "registry/reg"));
    let part = house.user("part", "admin", "registry/reg/repository/team");
    let change = json!({ "limits": { "layers": 5 } }).to_string();
    assert_eq!((house.get(&viewer, RULES).status, house.send(&viewer, "PUT", RULES, &change).status), (200, 403));
    assert_eq!((house.get(&part, RULES).status, house.send(&part, "PUT", RULES, &change).status), (404, 404));
    assert_eq!(house.send(&admin, "PUT", RULES, &change).status, 200);
    for (bad, field) in [
        (json!({ "immutable": [{ "prefix": "Team", "tags": "v*" }] }), "immutable"),
        (json!({ "quotas": [{ "prefix": "a" }] }), "quotas"),
        (json!({ "limits": { "uploads": 0 } }), "limits.uploads"),
    ] {
        let answer = house.send(&admin, "PUT", RULES, &bad.to_string());
        assert_eq!((answer.status, &answer.json()["field"]), (400, &field.into()), "{bad}");
    }
    std::thread::sleep(Duration::from_millis(300));
    let told: Vec<_> = house.audit("&user=ana&outcome=ok").into_iter().filter(|record| record["operation"] == "RegistryRulesUpdate").collect();
    let changes = told[0]["changes"].as_array().unwrap();
    assert!(changes.iter().any(|change| change["field"] == "limits" && change["after"].as_str().unwrap().contains("layers=5")), "{told:?}");
    // What a registry was bound by goes with it.
    let spare = json!({ "name": "spare", "settings": { "url": registry().url } });
    let path = "/api/v1/registries/spare";
    for _ in 0..2 {
        assert_eq!(house.post(&house.admin, "/api/v1/registries", spare.clone()).status, 200);
        let shown = house.get(&house.admin, &format!("{path}/rules")).json();
        assert_eq!(shown["rules"]["limits"]["layers"], Value::Null, "{shown}");
        assert_eq!(house.send(&house.admin, "PUT", &format!("{path}/rules"), &change).status, 200);
        assert_eq!(house.send(&house.admin, "DELETE", path, "").status, 200);
    }
}
