//! Copies between repositories and registries: whole, once, the tag last, and only where both rights are held.

use std::{
    io::{Read, Write},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use pilothouse_tests::{
    http::{self, Answer},
    registry::{Client, INDEX, MANIFEST, digest, manifest, part, registry, two},
    sandbox::{House, PASSWORD, until},
};
use serde_json::{Value, json};

use super::{
    hostile::{open, say},
    relay::Relay,
};

fn path(registry: &str, repository: &str) -> String {
    format!("/api/v1/registries/{registry}/repositories/{}/copy", repository.replace('/', "%2F"))
}

/// Asks for a copy of a tag: `from` and `to` are each `REGISTRY/REPOSITORY:TAG`.
pub(super) fn copy_as(house: &House, token: &str, from: &str, to: &str, overwrite: bool) -> Answer {
    let split = |text: &'static str, name: &str| -> (String, String, String) {
        let (registry, rest) = name.split_once('/').expect(text);
        let (repository, tag) = rest.split_once(':').expect(text);
        (registry.to_owned(), repository.to_owned(), tag.to_owned())
    };
    let (registry, repository, reference) = split("where from", from);
    let (to_registry, to_repository, to_tag) = split("where to", to);
    let input =
        json!({ "reference": reference, "to_registry": to_registry, "to_repository": to_repository, "to_tag": to_tag, "overwrite": overwrite });
    house.post(token, &path(&registry, &repository), input)
}

/// The last event of a copy.
pub(super) fn last(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    let line = answer.body.lines().filter_map(|line| line.strip_prefix("data: ")).next_back();
    serde_json::from_str(line.unwrap_or_else(|| panic!("no event: {answer:?}"))).unwrap()
}

/// The same of one that worked.
pub(super) fn copied(house: &House, from: &str, to: &str) -> Value {
    let step = last(&copy_as(house, &house.admin, from, to, false));
    assert!(step["error"].is_null(), "{step}");
    step
}

/// The status of an answer and the sentence that says why.
pub(super) fn refused(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["title"].as_str().unwrap_or_default().to_owned())
}

/// What the trail has of copies about this object.
fn record(house: &House, object: &str) -> Value {
    std::thread::sleep(Duration::from_millis(300));
    let found = house.audit("").into_iter().find(|record| record["operation"] == "ManifestCopy" && record["object"] == object);
    found.unwrap_or_else(|| panic!("nothing is written down of {object}"))
}

/// An index with two platforms, an attestation of one of them, and an SBOM and a signature that speak of it.
struct Whole {
    index: String,
    manifests: Vec<String>,
    blobs: Vec<String>,
    sbom: String,
    /// Kept as cosign does: under a tag of its own.
    signature: String,
}

impl Whole {
    fn push(client: &Client, repository: &str, tag: &str) -> Whole {
        let mut whole =
            Whole { index: String::new(), manifests: Vec::new(), blobs: Vec::new(), sbom: String::new(), signature: manifest("{}", "signature") };
        let mut items = Vec::new();
        for (architecture, layer) in [("amd64", "layer of one"), ("arm64", "layer of the other"), ("unknown", "attestation")] {
            let config = json!({ "os": "linux", "architecture": architecture }).to_string();
            let text = manifest(&config, layer);
            whole.blobs.extend([config, layer.to_owned()]);
            let mut item = part(MANIFEST, &text);
            item["platform"] = json!({ "os": if architecture == "unknown" { "unknown" } else { "linux" }, "architecture": architecture });
            items.push(item);
            whole.manifests.push(text);
        }
        whole.index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": items }).to_string();
        let (config, sbom) = (part("application/vnd.oci.empty.v1+json", "{}"), part("application/spdx+json", "what is inside"));
        whole.blobs.extend(["{}", "what is inside", "signature"].map(str::to_owned));
        let subject = part(INDEX, &whole.index);
        whole.sbom = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/spdx+json", "config": config, "layers": [sbom], "subject": subject,
        })
        .to_string();
        for blob in &whole.blobs {
            client.push_blob(repository, blob);
        }
        let put = |reference: &str, media: &str, text: &str| assert_eq!(client.put_manifest(repository, reference, media, text).status, 201);
        for text in whole.manifests.iter().chain([&whole.sbom]) {
            put(&digest(text), MANIFEST, text);
        }
        put(tag, INDEX, &whole.index);
        // As clients keep it where a registry has no list of its own. One of these says that it speaks of it, and the other does not.
        let listed =
            json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [part(MANIFEST, &whole.sbom), part(MANIFEST, &whole.manifests[0])] });
        put(&whole.list(), INDEX, &listed.to_string());
        put(&format!("{}.sig", whole.list()), MANIFEST, &whole.signature);
        whole
    }

    fn list(&self) -> String {
        digest(&self.index).replace(':', "-")
    }

    /// Makes sure that all of it is there, the same to the byte.
    fn assert_at(&self, client: &Client, repository: &str, tag: &str) {
        let get = |what: &str, reference: &str| client.get(&format!("/v2/{repository}/{what}/{reference}")).body;
        assert_eq!(get("manifests", tag), self.index);
        assert_eq!(get("manifests", &format!("{}.sig", self.list())), self.signature);
        for text in self.manifests.iter().chain([&self.sbom]) {
            assert_eq!(&get("manifests", &digest(text)), text);
        }
        for blob in &self.blobs {
            assert_eq!(&get("blobs", &digest(blob)), blob);
        }
        let list: Value = serde_json::from_str(&get("manifests", &self.list())).expect("there is a list of what speaks of it");
        assert_eq!(list["manifests"].as_array().map(Vec::len), Some(1), "{list}");
        assert_eq!(list["manifests"][0]["digest"], digest(&self.sbom));
    }
}

#[test]
fn an_index_goes_whole_to_another_registry_and_by_mount_to_another_repository() {
    let house = two();
    let client = Client::admin(house);
    let whole = Whole::push(&client, "one/copy/whole", "v1");
    let bytes: usize = whole.blobs.iter().map(String::len).sum();
    let step = copied(house, "one/copy/whole:v1", "two/copy/whole:stable");
    assert_eq!(step["digest"], digest(&whole.index));
    let counts = |step: &Value| ["blobs_done", "blobs_total", "blobs_present", "bytes_done", "bytes_total"].map(|name| step[name].as_u64().unwrap());
    let blobs = whole.blobs.len() as u64;
    assert_eq!(counts(&step), [blobs, blobs, 0, bytes as u64, bytes as u64], "{step}");
    assert_eq!((&step["manifests_done"], &step["manifests_total"]), (&6.into(), &6.into()), "{step}");
    assert!(step["status"].as_str().unwrap().contains("gone or are none: 1."), "what is not what its list says is left out aloud: {step}");
    whole.assert_at(&client, "two/copy/whole", "stable");
    // Again: all is there.
    let again = copied(house, "one/copy/whole:v1", "two/copy/whole:stable");
    assert_eq!(counts(&again), [blobs, blobs, blobs, 0, 0], "{again}");
    // Within a registry nothing is sent.
    let mounted = copied(house, "one/copy/whole:v1", "one/copy/promoted:v1");
    assert_eq!(counts(&mounted), [blobs, blobs, blobs, 0, 0], "{mounted}");
    whole.assert_at(&client, "one/copy/promoted", "v1");
    // Both halves are written down, each with its registry and its right.
    let (pulled, pushed) = (record(house, "one/copy/whole:v1"), record(house, "one/copy/promoted:v1"));
    assert_eq!((&pulled["target"], &pulled["permission"], &pulled["outcome"]), (&"one".into(), &"registry.repository.pull".into(), &"ok".into()));
    assert_eq!((&pushed["target"], &pushed["permission"], &pushed["outcome"]), (&"one".into(), &"registry.repository.push".into(), &"ok".into()));
    let changes = pushed["changes"].as_array().unwrap();
    let of = |name: &str| changes.iter().find(|change| change["field"] == name).unwrap_or_else(|| panic!("nothing of {name}: {pushed}"));
    assert_eq!((&of("digest")["before"], &of("digest")["after"]), (&Value::Null, &digest(&whole.index).into()));
    assert_eq!(of(&whole.list())["before"], Value::Null, "the list of what speaks of it was made, too");
}

#[test]
fn it_takes_the_right_to_pull_here_and_to_push_there() {
    let house = two();
    let admin = Client::admin(house);
    let first = admin.push("one/copy/rights/a", "v1", "first");
    let second = admin.push("one/copy/rights/a", "v2", "second");
    let from = "one/copy/rights/a:v1";
    // Who may not pull it, for them it is not there; nothing is asked at the target.
    let blind = house.user("copy-blind", "deployer", "registry/two");
    let hidden = refused(&copy_as(house, &blind, from, "two/copy/rights/a:v1", false));
    assert_eq!(hidden.0, 404, "{hidden:?}");
    assert_eq!(
        hidden,
        refused(&copy_as(house, &blind, "one/copy/rights/nothing:v1", "two/copy/rights/a:v1", false)),
        "there or not, it looks the same"
    );
    // Who may only pull: they are told what is missing, the same whether or not there is such a place.
    let viewer = house.user("copy-viewer", "viewer", "registry/one");
    for to in ["two/copy/rights/a:v1", "nowhere/copy/rights/a:v1"] {
        let (status, sentence) = refused(&copy_as(house, &viewer, from, to, false));
        assert!(status == 403 && sentence.contains("registry.repository.create on registry/"), "{status} {sentence}");
    }
    std::thread::sleep(Duration::from_millis(300));
    let denied = |user: &str| house.audit(&format!("&user={user}")).iter().filter(|record| record["decision"] == "denied").count();
    assert_eq!((denied("copy-blind"), denied("copy-viewer")), (2, 2));
    // Who may only make new tags moves none; and nobody does without saying so.
    let role = json!({ "name": "copy-creator", "permissions": ["registry.repository.pull", "registry.repository.create"] });
    assert_eq!(house.post(&house.admin, "/api/v1/roles", role).status, 200);
    let creator = house.user("copy-creator", "copy-creator", "registry/one/repository/copy/rights");
    let to = "one/copy/rights/b:v1";
    assert_eq!(last(&copy_as(house, &creator, from, to, false))["digest"], digest(&first));
    let (status, sentence) = refused(&copy_as(house, &creator, "one/copy/rights/a:v2", to, false));
    assert!(status == 409 && sentence.contains("overwrite"), "{status} {sentence}");
    let (status, sentence) = refused(&copy_as(house, &creator, "one/copy/rights/a:v2", to, true));
    assert!(status == 403 && sentence.contains("registry.repository.push"), "{status} {sentence}");
    assert_eq!(admin.get("/v2/one/copy/rights/b/manifests/v1").body, first);
    assert_eq!(last(&copy_as(house, &house.admin, "one/copy/rights/a:v2", to, true))["digest"], digest(&second));
    assert_eq!(admin.get("/v2/one/copy/rights/b/manifests/v1").body, second);
    let change = record(house, to)["changes"][0].clone();
    assert_eq!((&change["before"], &change["after"]), (&digest(&first).into(), &digest(&second).into()), "{change}");
    // Who may only retag gives another tag to what is there, and brings nothing.
    let role = json!({ "name": "copy-retagger", "permissions": ["registry.repository.pull", "registry.repository.retag"] });
    assert_eq!(house.post(&house.admin, "/api/v1/roles", role).status, 200);
    let retagger = house.user("copy-retagger", "copy-retagger", "registry/one/repository/copy/rights");
    assert_eq!(last(&copy_as(house, &retagger, from, "one/copy/rights/a:stable", false))["digest"], digest(&first));
    assert_eq!(refused(&copy_as(house, &retagger, from, "one/copy/rights/c:v1", false)).0, 403);
    // What is not there, and what is none.
    assert_eq!(refused(&copy_as(house, &house.admin, "one/copy/rights/a:none", to, false)).0, 404);
    assert_eq!(refused(&copy_as(house, &house.admin, from, "nowhere/copy/rights/a:v1", false)).0, 404);
    assert_eq!(refused(&copy_as(house, &house.admin, from, "one/copy/../a:v1", false)).0, 400);
    assert_eq!(refused(&copy_as(house, &house.admin, from, "one/copy/rights/a:-v1", false)).0, 400);
}

/// A house in front of the registry of all tests, and of the same by a relay.
fn relayed(relay: &Relay) -> House {
    let section = |name: &str, url: &str| format!("[[registries]]\nname = \"{name}\"\nurl = \"{url}\"\n");
    House::with_settings(&[], &format!("{}{}", section("one", &registry().url), section("far", &relay.url)))
}

/// An image of these layers.
fn push(client: &Client, repository: &str, layers: &[&str]) -> String {
    let mut image: Value = serde_json::from_str(&manifest("{}", "")).unwrap();
    image["layers"] = layers.iter().map(|layer| part("application/vnd.oci.image.layer.v1.tar", layer)).collect();
    for text in layers.iter().chain([&"{}"]) {
        client.push_blob(repository, text);
    }
    let text = image.to_string();
    assert_eq!(client.put_manifest(repository, "v1", MANIFEST, &text).status, 201);
    text
}

#[test]
fn a_copy_that_broke_off_has_no_tag_and_goes_on_where_it_was() {
    let relay = Relay::start(false);
    let house = relayed(&relay);
    let client = Client::admin(&house);
    let large = "0123456789abcdef".repeat(128 * 1024);
    // Three go at once, in this order: when the last begins, two are there.
    let image = push(&client, "one/copy/cut/from", &["a small one", "another", "one more", &large]);
    relay.cuts.store(true, Ordering::Relaxed);
    let step = last(&copy_as(&house, &house.admin, "one/copy/cut/from:v1", "far/copy/cut/to:v1", false));
    assert!(step["error"].as_str().is_some_and(|error| error.contains("far")) && step["digest"].is_null(), "{step}");
    assert_eq!(client.get("/v2/one/copy/cut/to/manifests/v1").status, 404, "half of it is tagged");
    assert_eq!(client.get(&format!("/v2/one/copy/cut/to/blobs/{}", digest(&large))).status, 404);
    let failed = record(&house, "far/copy/cut/to:v1");
    assert_eq!((&failed["outcome"], failed["changes"].as_array().map_or(0, Vec::len)), (&"failed".into(), 0), "{failed}");
    assert_eq!(record(&house, "one/copy/cut/from:v1")["outcome"], "failed");
    relay.cuts.store(false, Ordering::Relaxed);
    let step = copied(&house, "one/copy/cut/from:v1", "far/copy/cut/to:v1");
    assert!(step["blobs_present"].as_u64() >= Some(2) && step["bytes_done"].as_u64() >= Some(large.len() as u64), "{step}");
    assert_eq!(client.get("/v2/one/copy/cut/to/manifests/v1").body, image);
}

#[test]
fn a_copy_ends_with_either_right_and_with_who_listens() {
    let relay = Relay::start(true);
    let house = relayed(&relay);
    let client = Client::admin(&house);
    push(&client, "one/copy/slow/from", &[&"fedcba9876543210".repeat(256 * 1024)]);
    assert_eq!(house.post(&house.admin, "/api/v1/users", json!({ "username": "slow", "password": PASSWORD })).status, 200);
    let token = house.token_of("slow", PASSWORD);
    let grant = |role: &str, scope: &str| {
        let made = house.post(&house.admin, "/api/v1/grants", json!({ "user": "slow", "role": role, "scope": scope }));
        made.json()["id"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned()
    };
    grant("viewer", "registry/far");
    let push_there = grant("deployer", "registry/one");
    // Begins a copy, and waits until it moves.
    let begin = |token: &str| {
        let body = json!({ "reference": "v1", "to_registry": "one", "to_repository": "copy/slow/to", "to_tag": "v1" }).to_string();
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            path("far", "copy/slow/from"),
            body.len()
        );
        let mut stream = http::connect(house.address);
        stream.write_all((head + &body).as_bytes()).unwrap();
        let (mut text, mut buffer) = (String::new(), [0; 4_096]);
        while !text.lines().any(|line| line.contains("\"bytes_done\":") && !line.contains("\"bytes_done\":0,")) {
            let n = stream.read(&mut buffer).unwrap();
            assert!(n > 0, "it ended before it moved: {text}");
            text.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
        stream
    };
    let mut stream = begin(&token);
    let since = Instant::now();
    assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/grants/{push_there}"), "").status, 200);
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(since.elapsed() < Duration::from_secs(5), "it went on for {:?}", since.elapsed());
    assert!(rest.contains("The right to this stream has ended."), "{rest}");
    let ended = record(&house, "one/copy/slow/to:v1");
    assert_eq!(ended["outcome"], "revoked", "{ended}");
    drop(begin(&house.admin));
    let left = |record: &Value| record["note"].as_str().is_some_and(|note| note.contains("broken off before anything was tagged"));
    until("the copy ends with who listened", 5, || house.audit("&user=admin").iter().any(left));
    assert_eq!(client.get("/v2/one/copy/slow/to/manifests/v1").status, 404);
}

#[test]
fn what_is_not_what_its_digest_says_is_not_tagged() {
    let image = manifest("{}", "layer");
    let hole = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [part(MANIFEST, &image)] }).to_string();
    let lies = open(move |line| match line {
        line if line.contains("/hole/manifests/v1") => say("200 OK", &format!("Content-Type: {INDEX}\r\n"), &hole),
        line if line.contains("/manifests/v1") => say("200 OK", &format!("Content-Type: {MANIFEST}\r\n"), &image),
        line if line.contains(&digest("{}")) => say("200 OK", "", "{}"),
        line if line.contains("/wrong/blobs/") => say("200 OK", "", "LAYER"),
        line if line.contains("/long/blobs/") => say("200 OK", "", "layers"),
        line if line.contains("/short/blobs/") => b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlay".to_vec(),
        _ => say("404 Not Found", "", ""),
    });
    let section = |name: &str, url: &str| format!("[[registries]]\nname = \"{name}\"\nurl = \"{url}\"\n");
    let house = House::with_settings(&[], &format!("{}{}", section("one", &registry().url), section("lies", &lies.url)));
    let client = Client::admin(&house);
    for (name, why) in [
        ("wrong", "is not what its digest says"),
        ("long", "is not as long as its manifest says"),
        ("short", "broke off in the middle of a blob"),
        ("gone", "does not have the blob"),
        ("hole", "does not have the manifest"),
    ] {
        let to = format!("copy/lies/{name}");
        let step = last(&copy_as(&house, &house.admin, &format!("lies/{name}:v1"), &format!("one/{to}:v1"), false));
        assert!(step["error"].as_str().is_some_and(|error| error.contains(why)) && step["digest"].is_null(), "{name}: {step}");
        assert_eq!(client.get(&format!("/v2/one/{to}/manifests/v1")).status, 404, "{name}");
        assert_eq!(client.get(&format!("/v2/one/{to}/blobs/{}", digest("layer"))).status, 404, "{name}");
    }
}
