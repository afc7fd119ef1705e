//! What a registry holds, by the API: repositories, tags, manifests, and what goes when something is deleted.

use pilothouse_tests::{
    http::Answer,
    registry::{Client, INDEX, MANIFEST, digest, house, part},
};
use serde_json::{Value, json};

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// The path of something in a repository of the registry `reg`.
fn path(repository: &str, rest: &str) -> String {
    format!("/api/v1/registries/reg/repositories/{}{rest}", repository.replace('/', "%2F"))
}

pub(super) fn good(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn read(token: &str, repository: &str, rest: &str) -> Value {
    good(&house().get(token, &path(repository, rest)))
}

fn admin() -> Client<'static> {
    Client::admin(house())
}

/// Somebody with this role on this prefix.
fn user(name: &str, role: &str, prefix: &str) -> String {
    house().user(name, role, &format!("registry/reg/repository/{prefix}"))
}

/// Pushes an image of a config and layers, by a tag or its digest, and says its manifest.
fn push(repository: &str, tag: Option<&str>, config: &Value, layers: &[&str]) -> String {
    let config = config.to_string();
    for blob in layers.iter().copied().chain([config.as_str()]) {
        admin().push_blob(&format!("reg/{repository}"), blob);
    }
    let layers: Vec<Value> = layers.iter().map(|layer| part(LAYER, layer)).collect();
    let text = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": part(CONFIG, &config), "layers": layers }).to_string();
    put(repository, tag.unwrap_or(&digest(&text)), MANIFEST, &text);
    text
}

fn put(repository: &str, reference: &str, media: &str, text: &str) {
    let answer = admin().put_manifest(&format!("reg/{repository}"), reference, media, text);
    assert_eq!(answer.status, 201, "{answer:?}");
}

fn config(architecture: &str, env: &[&str], command: &[&str]) -> Value {
    json!({
        "created": "2026-01-02T03:04:05Z", "os": "linux", "architecture": architecture, "author": "ana",
        "config": { "Env": env, "Cmd": command, "User": "app", "Labels": { "team": "x" }, "ExposedPorts": { "80/tcp": {} } },
        "history": [{ "created_by": "COPY base" }, { "created_by": "ENV", "empty_layer": true }],
    })
}

/// Pushes an index of two images and what attests one of them; says the two images and what attests.
fn push_index(repository: &str, tag: &str, notes: &str) -> (String, String, String) {
    let one = push(repository, None, &config("amd64", &[notes], &["run"]), &["base", "amd"]);
    let other = push(repository, None, &config("arm64", &[notes], &["run"]), &["base", "arm"]);
    let attests = push(repository, None, &json!({ "attests": notes }), &["in-toto"]);
    let on = |text: &str, os: &str, architecture: &str| {
        let mut part = part(MANIFEST, text);
        part["platform"] = json!({ "os": os, "architecture": architecture });
        part
    };
    let mut attestation = on(&attests, "unknown", "unknown");
    attestation["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest(&one) });
    let index = json!({
        "schemaVersion": 2, "mediaType": INDEX, "annotations": { "note": notes },
        "manifests": [on(&one, "linux", "amd64"), on(&other, "linux", "arm64"), attestation],
    });
    put(repository, tag, INDEX, &index.to_string());
    (one, other, attests)
}

pub(super) fn names(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn two_people_see_their_own_repositories_and_nothing_of_the_others() {
    for repository in ["reg/h1/a/one", "reg/h1/a/two", "reg/h1/b/one"] {
        admin().push(repository, "latest", "layer");
    }
    let (ana, ben) = (user("h1-ana", "viewer", "h1/a"), user("h1-ben", "viewer", "h1/b"));
    let list = |token: &str, query: &str| good(&house().get(token, &format!("/api/v1/registries/reg/repositories{query}")));
    assert_eq!((names(&list(&ana, "")), names(&list(&ben, ""))), (vec!["h1/a/one".to_owned(), "h1/a/two".to_owned()], vec!["h1/b/one".to_owned()]));
    assert_eq!(names(&list(&ana, "?filter=TWO")), ["h1/a/two"]);
    assert_eq!(names(&list(&ana, "?sort=-name")), ["h1/a/two", "h1/a/one"]);
    let first = list(&ana, "?limit=1");
    assert_eq!((names(&first), &first["total"]), (vec!["h1/a/one".to_owned()], &json!(2)));
    assert_eq!(names(&list(&ana, &format!("?limit=1&after={}", first["next"].as_str().unwrap()))), ["h1/a/two"]);
    // What is another one's looks like what is not there at all.
    for rest in ["/tags", "/manifests/latest", "/diff?from=latest&to=latest", "/deletion?reference=latest"] {
        let seen = |repository: &str| {
            let answer = house().get(&ana, &path(repository, rest));
            (answer.status, answer.body)
        };
        assert_eq!(seen("h1/b/one").0, 404, "{rest}");
        assert_eq!(seen("h1/b/one"), seen("h1/b/nothing"), "{rest}");
        assert_eq!(seen("h1/a/../b/one").0, 404, "{rest}");
        assert_eq!(seen("h1/a/one").0, 200, "{rest}");
    }
    let stranger = house().user("h1-sue", "viewer", "engine/x");
    let of = |registry: &str| house().get(&stranger, &format!("/api/v1/registries/{registry}/repositories"));
    assert_eq!((of("reg").status, of("reg").body), (404, of("nowhere").body));
}

#[test]
fn tags_come_newest_version_first_with_what_they_mean_and_who_pushed_them() {
    let dev = user("h2-dev", "deployer", "h2");
    let image = config("amd64", &[], &[]);
    for tag in ["1.2", "1.10", "latest", "1.9"] {
        push("h2/x", Some(tag), &image, &["base", "more"]);
    }
    // Another one is pushed by somebody else, and one by nobody whom the trail knows.
    Client::of(house(), &dev).push("reg/h2/x", "by-dev", "layer");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let list = |token: &str, query: &str| read(token, "h2/x", &format!("/tags{query}"));
    assert_eq!(names(&list(&dev, "")), ["latest", "by-dev", "1.10", "1.9", "1.2"]);
    assert_eq!(names(&list(&dev, "?sort=name&filter=1.")), ["1.2", "1.9", "1.10"]);
    let page = list(&dev, "?limit=2");
    assert_eq!((names(&page).len(), &page["total"]), (2, &json!(5)));
    assert_eq!(names(&list(&dev, &format!("?limit=2&after={}", page["next"].as_str().unwrap()))), ["1.10", "1.9"]);
    assert_eq!(house().get(&dev, &path("h2/x", "/tags?sort=size")).json()["field"], "sort");
    let told = list(&house().admin, "?filter=latest")["items"][0].clone();
    let means = &told["manifest"];
    assert_eq!(
        (&means["kind"], &means["platforms"], &means["created_at"]),
        (&"image".into(), &json!(["linux/amd64"]), &json!(1_767_323_045_000_i64))
    );
    assert_eq!(means["size"], json!(image.to_string().len() + "base".len() + "more".len()));
    assert_eq!((&told["pushed"]["by"], &told["problem"]), (&"admin".into(), &Value::Null));
    let by = list(&house().admin, "?filter=by-dev")["items"][0]["pushed"].clone();
    let record = good(&house().get(&house().admin, &format!("/api/v1/audit/records/{}", by["record"].as_str().unwrap())));
    assert_eq!((&by["by"], &record["operation"], &record["object"]), (&"h2-dev".into(), &"ManifestPut".into(), &"reg/h2/x:by-dev".into()));
    // Who may not read the trail is not told.
    assert_eq!(list(&dev, "?filter=latest")["items"][0]["pushed"], Value::Null);
}

#[test]
fn an_index_shows_its_images_and_what_attests_them() {
    let ana = user("h3-ana", "viewer", "h3");
    let (one, other, attests) = push_index("h3/x", "v1", "A=1");
    let shown = read(&ana, "h3/x", "/manifests/v1");
    assert_eq!((&shown["summary"]["kind"], &shown["summary"]["platforms"]), (&"index".into(), &json!(["linux/amd64", "linux/arm64"])));
    assert_eq!((&shown["image"], &shown["annotations"]["note"], &shown["tags"]), (&Value::Null, &"A=1".into(), &json!(["v1"])));
    let images: Vec<_> = shown["images"].as_array().unwrap().iter().map(|image| (&image["digest"], &image["platform"])).collect();
    assert_eq!(images, [(&json!(digest(&one)), &json!("linux/amd64")), (&json!(digest(&other)), &json!("linux/arm64"))]);
    assert_eq!(
        (&shown["referrers"][0]["digest"], &shown["referrers"][0]["artifact_type"]),
        (&json!(digest(&attests)), &"attestation-manifest".into())
    );
    assert_eq!(digest(shown["raw"].as_str().unwrap()), shown["summary"]["digest"]);
    assert!(shown["pull"].as_str().unwrap().starts_with("docker pull ") && shown["pull"].as_str().unwrap().ends_with("/reg/h3/x:v1"), "{shown}");
    // Each once: `base` is in both.
    let size = |text: &str| {
        let text: Value = serde_json::from_str(text).unwrap();
        text["config"]["size"].as_u64().unwrap() + text["layers"][1]["size"].as_u64().unwrap()
    };
    assert_eq!(shown["summary"]["size"], json!(size(&one) + size(&other) + "base".len() as u64));
    // One of its images, by its digest.
    let shown = read(&ana, "h3/x", &format!("/manifests/{}", digest(&one)));
    let image = &shown["image"];
    assert_eq!(
        (&image["os"], &image["architecture"], &image["user"], &image["author"]),
        (&"linux".into(), &"amd64".into(), &"app".into(), &"ana".into())
    );
    assert_eq!((&image["env"], &image["command"], &image["exposed_ports"]), (&json!(["A=1"]), &json!(["run"]), &json!(["80/tcp"])));
    assert_eq!((&image["labels"], &shown["tags"]), (&json!({ "team": "x" }), &json!([])));
    let layers: Vec<_> = image["layers"].as_array().unwrap().iter().map(|layer| (&layer["created_by"], &layer["digest"])).collect();
    let (base, added) = (json!(digest("base")), json!(digest("amd")));
    assert_eq!(layers, [(&json!("COPY base"), &base), (&json!("ENV"), &Value::Null), (&json!(""), &added)]);
    assert_eq!(shown["referrers"][0]["digest"], json!(digest(&attests)));
    assert_eq!(read(&ana, "h3/x", &format!("/manifests/{}", digest(&other)))["referrers"], json!([]));
    // What is no reference is a mistake, and what is not there is not found.
    assert_eq!(house().get(&ana, &path("h3/x", "/manifests/sha256:00")).json()["field"], "reference");
    assert_eq!(house().get(&ana, &path("h3/x", "/manifests/none")).status, 404);
}

#[test]
fn an_artifact_names_its_subject_and_is_found_by_the_tag_that_clients_keep() {
    let ana = user("h4-ana", "viewer", "h4");
    let image = push("h4/x", Some("v1"), &config("amd64", &[], &[]), &["base"]);
    admin().push_blob("reg/h4/x", "{}");
    admin().push_blob("reg/h4/x", "a bill");
    let bill = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/spdx+json", "config": part("application/vnd.oci.empty.v1+json", "{}"),
        "layers": [part("application/spdx+json", "a bill")], "subject": part(MANIFEST, &image), "annotations": { "by": "scanner" },
    })
    .to_string();
    put("h4/x", &digest(&bill), MANIFEST, &bill);
    assert_eq!(read(&ana, "h4/x", "/manifests/v1")["referrers"], json!([]), "the registry does not know of it by itself");
    let mut of = part(MANIFEST, &bill);
    of["artifactType"] = "application/spdx+json".into();
    of["annotations"] = json!({ "by": "scanner" });
    let list = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [of] }).to_string();
    put("h4/x", &digest(&image).replace(':', "-"), INDEX, &list);
    let referrers = read(&ana, "h4/x", "/manifests/v1")["referrers"].clone();
    let expected =
        json!([{ "digest": digest(&bill), "artifact_type": "application/spdx+json", "size": bill.len(), "annotations": { "by": "scanner" } }]);
    assert_eq!(referrers, expected);
    let shown = read(&ana, "h4/x", &format!("/manifests/{}", digest(&bill)));
    assert_eq!(
        (&shown["summary"]["kind"], &shown["artifact_type"], &shown["image"]),
        (&"artifact".into(), &"application/spdx+json".into(), &Value::Null)
    );
    assert!(shown["pull"].as_str().unwrap().starts_with("oras pull "), "{shown}");
    assert_eq!(read(&ana, "h4/x", "/deletion?reference=v1")["referrers"], 1);
    // What cosign keeps beside it.
    let signature = push("h4/x", Some(&format!("{}.sig", digest(&image).replace(':', "-"))), &json!({ "signs": true }), &["a signature"]);
    let kept = read(&ana, "h4/x", "/manifests/v1")["referrers"][1].clone();
    assert_eq!((&kept["digest"], &kept["artifact_type"]), (&json!(digest(&signature)), &"application/vnd.dev.cosign.artifact.sig.v1+json".into()));
}

#[test]
fn two_images_are_compared_by_layer_and_by_field() {
    let ana = user("h5-ana", "viewer", "h5");
    push("h5/x", Some("old"), &config("amd64", &["A=1", "B=2"], &["run"]), &["base", "old"]);
    push("h5/x", Some("new"), &config("amd64", &["A=1", "B=3"], &["run", "-v"]), &["base", "new"]);
    let diff = |query: &str| house().get(&ana, &path("h5/x", &format!("/diff?{query}")));
    let found = good(&diff("from=old&to=new"));
    let layers: Vec<_> = found["layers"].as_array().unwrap().iter().map(|layer| (&layer["digest"], &layer["in_from"], &layer["in_to"])).collect();
    let of = |text: &str| json!(digest(text));
    let (yes, no) = (json!(true), json!(false));
    assert_eq!(layers, [(&of("base"), &yes, &yes), (&of("old"), &yes, &no), (&of("new"), &no, &yes)]);
    let expected = json!([
        { "field": "command", "before": r#"["run"]"#, "after": r#"["run","-v"]"# },
        { "field": "env B", "before": "2", "after": "3" },
    ]);
    assert_eq!((&found["fields"], &found["platform"], &found["platforms"]), (&expected, &Value::Null, &json!([])));
    // Of an index, the image for the same platform.
    push_index("h5/x", "all", "A=1");
    let found = good(&diff("from=new&to=all"));
    assert_eq!((&found["platform"], &found["platforms"]), (&"linux/amd64".into(), &json!(["linux/amd64"])));
    assert_eq!(good(&diff("from=all&to=all&platform=linux/arm64"))["fields"], json!([]));
    assert_eq!(diff("from=new&to=all&platform=linux/arm64").json()["field"], "platform");
    assert_eq!((diff("from=new").json()["field"].clone(), diff("from=new&to=none").status), ("to".into(), 404));
}

#[test]
fn what_goes_along_is_told_before_and_nothing_goes_unseen() {
    let (ana, dev) = (user("h6-ana", "admin", "h6"), user("h6-dev", "deployer", "h6"));
    let image = push("h6/x", Some("v1"), &config("amd64", &[], &[]), &["base"]);
    let by_digest = digest(&image);
    put("h6/x", "stable", MANIFEST, &image);
    let mut in_index = part(MANIFEST, &image);
    in_index["platform"] = json!({ "os": "linux", "architecture": "amd64" });
    put("h6/x", "all", INDEX, &json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [in_index] }).to_string());
    for reference in ["v1", &by_digest] {
        let found = read(&dev, "h6/x", &format!("/deletion?reference={reference}"));
        let expected = json!({
            "digest": by_digest, "tags": ["stable", "v1"], "tags_are_complete": true, "needed_by": ["all"], "referrers": 0, "runs": [],
            "unseen_runs": 0, "silent_engines": [],
        });
        assert_eq!(found, expected, "{reference}");
    }
    let delete = |token: &str, rest: &str| house().send(token, "DELETE", &path("h6/x", rest), "");
    let manifest = |token: &str, query: &str| delete(token, &format!("/manifests/{by_digest}?{query}"));
    assert_eq!((manifest(&dev, "tags=stable,v1").status, delete(&dev, "/tags/v1").status), (403, 403));
    // This registry deletes no tags, and says what the digest would take along.
    let refused = delete(&ana, "/tags/v1");
    assert_eq!(refused.status, 409, "{refused:?}");
    assert!(refused.body.contains("by digest only") && refused.body.contains("stable, v1"), "{refused:?}");
    for (query, words) in
        [("", "These would go along, too: stable, v1"), ("tags=v1", "stable"), ("tags=v1,stable,old", "old"), ("tags=v1,stable", "all")]
    {
        let refused = manifest(&ana, query);
        assert_eq!(refused.status, 409, "{query}: {refused:?}");
        assert!(refused.json()["detail"].as_str().unwrap().contains(words), "{query}: {refused:?}");
    }
    assert_eq!(names(&read(&ana, "h6/x", "/tags")), ["v1", "stable", "all"], "nothing went");
    assert_eq!(delete(&ana, "/manifests/v1").json()["field"], "digest", "a tag is no digest");
    good(&manifest(&ana, "tags=v1,stable&although_in_use=true"));
    assert_eq!(names(&read(&ana, "h6/x", "/tags")), ["all"]);
    assert_eq!((house().get(&ana, &path("h6/x", &format!("/manifests/{by_digest}"))).status, manifest(&ana, "tags=").status), (404, 404));
    std::thread::sleep(std::time::Duration::from_millis(300));
    let records = house().audit("&user=h6-ana&changes=true");
    let of = |outcome: &str| records.iter().find(|record| record["operation"] == "ManifestDelete" && record["outcome"] == outcome).unwrap();
    assert_eq!((&of("ok")["object"], &of("failed")["target"]), (&json!(format!("reg/h6/x@{by_digest}")), &"reg".into()));
    let changes = json!([{ "field": "digest", "before": by_digest, "after": null }, { "field": "tags", "before": "stable, v1", "after": null }]);
    assert_eq!(of("ok")["changes"], changes);
}
