//! Only what somebody who may has signed is pulled and run.

use pilothouse_tests::{
    registry::{Client, INDEX, MANIFEST, code, digest, in_front_of, manifest, part, registry, settings},
    sandbox::{Behaviour, House, Recorder, engine, until},
    signing::Signer,
};
use serde_json::{Value, json};

use super::{
    copy::{copy_as, last},
    docker::{Terminal, within_reach},
};

fn put_up(house: &House, name: &str, mode: &str, scope: &str, rule: Value) -> String {
    let made = house.post(&house.admin, "/api/v1/guardrails", json!({ "name": name, "mode": mode, "scope": scope, "rule": rule }));
    assert_eq!(made.status, 200, "{made:?}");
    made.json()["id"].as_str().unwrap().to_owned()
}

/// That a pull is refused, and why.
fn refused(client: &Client<'_>, path: &str) -> String {
    let answer = client.get(path);
    assert_eq!((answer.status, code(&answer)), (403, "DENIED".to_owned()), "{path}: {answer:?}");
    answer.json()["errors"][0]["message"].as_str().unwrap().to_owned()
}

fn pulled(client: &Client<'_>, path: &str) {
    let answer = client.get(path);
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
}

#[test]
fn what_nobody_has_signed_who_may_is_not_pulled() {
    let house = in_front_of(&registry().url);
    let admin = Client::admin(&house);
    let (ours, other) = (Signer::default(), Signer::default());
    put_up(&house, "only-ours", "enforce", "registry/reg/repository/sign", json!({ "kind": "signed", "keys": [ours.key] }));
    let image = digest(&admin.push("reg/sign/app", "1", "signed here"));
    let (by_tag, by_digest) = ("/v2/reg/sign/app/manifests/1".to_owned(), format!("/v2/reg/sign/app/manifests/{image}"));
    let sentence = "The guardrail \"only-ours\" does not allow the image reg/sign/app:1, which nobody has signed, here.";
    assert_eq!(refused(&admin, &by_tag), sentence);
    assert!(refused(&admin, &by_digest).contains("which nobody has signed,"));
    assert_eq!(admin.head(&by_tag).status, 200, "a head takes nothing out");
    admin.push("reg/signless/app", "1", "signed nowhere");
    pulled(&admin, "/v2/reg/signless/app/manifests/1");

    other.sign(&admin, "reg/sign/app", &image);
    assert!(refused(&admin, &by_tag).contains("which nobody has signed who may"));
    pulled(&admin, &format!("/v2/reg/sign/app/manifests/{}.sig", image.replace(':', "-")));
    // The signature of another image, under this one's tag.
    let second = digest(&admin.push("reg/sign/app", "2", "signed nowhere else"));
    ours.sign_as(&admin, "reg/sign/app", &second, &image);
    assert!(refused(&admin, &by_tag).contains("which nobody has signed who may"));
    ours.sign(&admin, "reg/sign/app", &image);
    pulled(&admin, &by_tag);
    pulled(&admin, &by_digest);
    assert!(refused(&admin, "/v2/reg/sign/app/manifests/2").contains("which nobody has signed,"), "it is signed under another one's tag only");

    until("the hit", 5, || house.audit("&outcome=denied").iter().any(|record| record["note"].as_str().is_some_and(|note| note.contains(sentence))));
    let hits = |path: &str| house.get(&house.admin, path).json();
    let list = hits("/api/v1/guardrails");
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    until("the list of what was stopped", 5, || {
        let hits = hits(&format!("/api/v1/guardrails/{id}/hits"));
        hits["items"].as_array().unwrap().iter().any(|hit| hit["sentence"] == sentence && hit["stopped"] == true)
    });
}

#[test]
fn an_image_of_a_signed_index_is_signed_and_a_bundle_by_key_is_a_signature() {
    let house = in_front_of(&registry().url);
    let admin = Client::admin(&house);
    let ours = Signer::default();
    put_up(&house, "only-ours", "enforce", "registry/reg/repository/bundle", json!({ "kind": "signed", "keys": [ours.key] }));
    let repository = "reg/bundle/app";
    let child = admin.push(repository, "amd64", "one of an index");
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [part("application/vnd.oci.image.manifest.v1+json", &child)] });
    let index = index.to_string();
    assert_eq!(admin.put_manifest(repository, "1", INDEX, &index).status, 201);
    let of_child = format!("/v2/{repository}/manifests/{}", digest(&child));
    refused(&admin, &of_child);
    refused(&admin, "/v2/reg/bundle/app/manifests/1");
    // An attestation by the same key says something else.
    ours.attach(&admin, repository, &digest(&index), "https://slsa.dev/provenance/v1");
    let why = refused(&admin, "/v2/reg/bundle/app/manifests/1");
    assert!(why.contains("which nobody has signed who may (it attests https://slsa.dev/provenance/v1"), "{why}");
    ours.attach(&admin, repository, &digest(&index), "https://sigstore.dev/cosign/sign/v1");
    pulled(&admin, "/v2/reg/bundle/app/manifests/1");
    pulled(&admin, &of_child);
    // What is attached, and the list of it, are no images.
    pulled(&admin, &format!("/v2/{repository}/manifests/{}", digest(&index).replace(':', "-")));
    // An image does not become a statement by saying what it is about.
    let subject = json!({ "mediaType": INDEX, "digest": digest(&index), "size": 1 });
    admin.push_blob(repository, "somebody's own");
    let mut image: Value = serde_json::from_str(&manifest("{}", "somebody's own")).unwrap();
    image["subject"] = subject;
    assert_eq!(admin.put_manifest(repository, "evil", "application/vnd.oci.image.manifest.v1+json", &image.to_string()).status, 201);
    refused(&admin, "/v2/reg/bundle/app/manifests/evil");
    // Nor by what it calls its layers: some engines unpack whatever is in them.
    image["layers"][0]["mediaType"] = "application/vnd.dev.cosign.simplesigning.v1+json".into();
    assert_eq!(admin.put_manifest(repository, "worse", "application/vnd.oci.image.manifest.v1+json", &image.to_string()).status, 201);
    refused(&admin, "/v2/reg/bundle/app/manifests/worse");
}

#[test]
fn what_may_not_be_pulled_is_not_copied_nor_is_what_rides_along() {
    let house = in_front_of(&registry().url);
    let admin = Client::admin(&house);
    let ours = Signer::default();
    put_up(&house, "only-ours", "enforce", "registry/reg/repository/signcopy", json!({ "kind": "signed", "keys": [ours.key] }));
    let repository = "reg/signcopy/app";
    let image = digest(&admin.push(repository, "1", "to be copied"));
    let copy = || copy_as(&house, &house.admin, "reg/signcopy/app:1", "reg/signcopied/app:1", false);
    let (status, why) = super::copy::refused(&copy());
    assert!(status == 403 && why.contains("the image reg/signcopy/app:1, which nobody has signed,"), "{status}: {why}");

    ours.sign(&admin, repository, &image);
    // An image that says that it speaks of the signed one is an image.
    let mut other: Value = serde_json::from_str(&manifest("{}", "rides along")).unwrap();
    other["subject"] = json!({ "mediaType": MANIFEST, "digest": image, "size": 1 });
    let other = other.to_string();
    for blob in ["{}", "rides along"] {
        admin.push_blob(repository, blob);
    }
    assert_eq!(admin.put_manifest(repository, &digest(&other), MANIFEST, &other).status, 201);
    let list = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [part(MANIFEST, &other)] }).to_string();
    assert_eq!(admin.put_manifest(repository, &image.replace(':', "-"), INDEX, &list).status, 201);
    let step = last(&copy());
    let why = step["error"].as_str().unwrap_or_default();
    assert!(why.contains(&format!("{}, which nobody has signed,", digest(&other))), "{step}");
    assert_eq!(admin.head("/v2/reg/signcopied/app/manifests/1").status, 404, "nothing was tagged");

    let alone = json!({ "reference": "1", "to_registry": "reg", "to_repository": "signcopied/app", "to_tag": "1", "referrers": false });
    let step = last(&house.post(&house.admin, "/api/v1/registries/reg/repositories/signcopy%2Fapp/copy", alone));
    assert_eq!((&step["error"], step["digest"].as_str()), (&Value::Null, Some(image.as_str())), "{step}");
}

#[test]
fn a_rule_that_warns_lets_pulls_through_and_a_bad_one_is_not_put_up() {
    let house = in_front_of(&registry().url);
    let admin = Client::admin(&house);
    put_up(&house, "look-first", "warn", "registry/reg", json!({ "kind": "signed", "keys": [Signer::default().key] }));
    admin.push("reg/warned/app", "1", "warned of");
    pulled(&admin, "/v2/reg/warned/app/manifests/1");
    let noted = |record: &Value| record["note"].as_str().is_some_and(|note| note.contains("would have been stopped by look-first"));
    until("the note", 5, || house.audit("").iter().any(noted));
    for (field, scope, rule) in [
        ("rule.keys", "all", json!({ "kind": "signed", "keys": ["x"] })),
        ("rule", "all", json!({ "kind": "signed" })),
        ("rule.identities", "all", json!({ "kind": "signed", "identities": ["somebody"] })),
        ("rule.exceptions", "all", json!({ "kind": "vulnerabilities", "exceptions": ["CVE-1 until soon"] })),
        ("scope", "registry/reg", json!({ "kind": "privileged" })),
    ] {
        let made = house.post(&house.admin, "/api/v1/guardrails", json!({ "name": "bad", "scope": scope, "rule": rule }));
        assert_eq!((made.status, made.json()["field"].as_str().map(str::to_owned)), (400, Some(field.to_owned())), "{made:?}");
    }
}

#[test]
fn what_is_not_signed_does_not_run_and_what_is_signed_does() {
    let (house, host) = within_reach(House::with_settings(&[("demo", format!("unix://{}", engine().socket.display()))], &settings(&registry().url)));
    let ours = Signer::default();
    put_up(&house, "only-ours", "enforce", "engine/demo", json!({ "kind": "signed", "keys": [ours.key] }));
    let direct = Terminal { docker: "docker", config: pilothouse_tests::sandbox::folder("direct") };
    direct.good(&["login", "-u", "admin", "-p", &house.admin, &host]);
    let image = format!("{host}/reg/runs/app:1");
    direct.good(&["tag", "busybox:latest", &image]);
    let run = |image: &str| {
        let env = house.docker_env(&house.admin, "demo");
        let done = std::process::Command::new("docker").args(["run", "--rm", image, "true"]).envs(env).output().unwrap();
        (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
    };
    let (done, said) = run("busybox:latest");
    let sentence = "The guardrail \"only-ours\" does not allow the image busybox:latest, which comes from no registry that is known here, here.";
    assert!(!done && said.contains(sentence), "{said}");
    direct.good(&["push", &image]);
    let (done, said) = run(&image);
    assert!(!done && said.contains("which nobody has signed, here."), "{said}");
    let admin = Client::admin(&house);
    let pushed = admin.head("/v2/reg/runs/app/manifests/1").header("docker-content-digest").unwrap().to_owned();
    ours.sign(&admin, "reg/runs/app", &pushed);
    let (done, said) = run(&image);
    direct.good(&["rmi", &image]);
    assert!(done, "{said}");
}

/// An engine that knows whatever it is asked for by this digest of a registry that nobody reaches.
fn known_by_a_silent_registry() -> &'static str {
    let body = format!(r#"{{"Id":"sha256:aa","RepoDigests":["127.0.0.1:1/team/app@sha256:{}"]}}"#, "0".repeat(64));
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    Box::leak((head + &body).into_boxed_str())
}

#[test]
fn what_cannot_be_found_out_is_refused_and_the_engine_does_nothing() {
    let recorder = Recorder::start(Behaviour::Say(known_by_a_silent_registry()));
    let settings = "[[registries]]\nname = \"reg\"\nurl = \"http://127.0.0.1:1\"\n";
    let house = House::with_settings(&[("fake", recorder.url.clone())], settings);
    put_up(&house, "only-ours", "enforce", "engine/fake", json!({ "kind": "signed", "keys": [Signer::default().key] }));
    let service = json!({ "TaskTemplate": { "ContainerSpec": { "Image": "127.0.0.1:1/team/app:1" } } });
    for (path, body, why) in [
        (
            "/containers/create",
            json!({ "Image": "127.0.0.1:1/team/app:1" }),
            "of which it cannot be found out who has signed it (The registry cannot be reached",
        ),
        ("/images/create?fromImage=127.0.0.1:1/team/app&tag=1", Value::Null, "of which its registry does not say what it is now, here."),
        ("/images/create?fromImage=127.0.0.1:1/team/app", Value::Null, "pulling all tags of 127.0.0.1:1/team/app at once here."),
        ("/images/create?fromImage=elsewhere.example/app&tag=1", Value::Null, "which comes from no registry that is known here, here."),
        ("/services/create", service, "a service of the image 127.0.0.1:1/team/app:1 without its digest here."),
    ] {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = house.send(&house.admin, "POST", &format!("/engines/fake{path}"), &body);
        assert!(answer.status == 403 && answer.body.contains(why), "{path}: {answer:?}");
    }
    assert!(!recorder.seen().contains("POST "), "the engine was only looked at: {}", recorder.seen());
}
