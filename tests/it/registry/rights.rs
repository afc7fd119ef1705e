//! Rights by the prefix of a repository (threats G7 and A3): what one may not pull does not exist.

use std::sync::LazyLock;

use pilothouse_tests::{
    registry::{Client, MANIFEST, code, digest, house, manifest},
    sandbox::PASSWORD,
};
use serde_json::json;

/// Somebody with this role on this prefix.
fn client(name: &str, role: &str, prefix: &str) -> Client<'static> {
    Client::of(house(), &house().user(name, role, &format!("registry/reg/repository/{prefix}")))
}

/// What the others have.
static OTHERS: LazyLock<String> = LazyLock::new(|| Client::admin(house()).push("reg/g7/b", "latest", "the others' layer"));

#[test]
fn what_one_may_not_pull_is_not_there_by_any_way() {
    LazyLock::force(&OTHERS);
    Client::admin(house()).push("reg/g7/ab", "latest", "a neighbour's");
    Client::admin(house()).push("reg/g7/a", "latest", "own");
    let ana = client("g7-ana", "viewer", "g7/a");
    let (layer, others) = (digest("the others' layer"), digest(&OTHERS));
    for path in [
        "/v2/reg/g7/b/tags/list".to_owned(),
        "/v2/reg/g7/b/manifests/latest".to_owned(),
        format!("/v2/reg/g7/b/manifests/{others}"),
        format!("/v2/reg/g7/b/blobs/{layer}"),
        format!("/v2/reg/g7/b/referrers/{others}"),
        "/v2/reg/g7/ab/tags/list".to_owned(),
        "/v2/reg/g7/tags/list".to_owned(),
        "/v2/reg/nothing/tags/list".to_owned(),
        "/v2/nowhere/g7/a/tags/list".to_owned(),
    ] {
        let answer = ana.get(&path);
        assert_eq!((answer.status, code(&answer)), (404, "NAME_UNKNOWN".to_owned()), "{path}");
        assert_eq!(ana.head(&path).status, if path.ends_with("list") || path.contains("referrers") { 405 } else { 404 }, "{path}");
    }
    // By its own repository it is not there either: the registry does not have it in that one.
    assert_eq!(ana.get(&format!("/v2/reg/g7/a/blobs/{layer}")).status, 404);
    assert_eq!(ana.get(&format!("/v2/reg/g7/a/manifests/{others}")).status, 404);
    assert_eq!(ana.get("/v2/reg/g7/a/tags/list").json()["tags"], json!(["latest"]));
}

#[test]
fn the_catalog_is_cut_to_what_one_may_pull() {
    LazyLock::force(&OTHERS);
    Client::admin(house()).push("reg/g7/c/one", "latest", "own");
    Client::admin(house()).push("reg/g7/c/two", "latest", "own");
    let ana = client("g7-cat", "viewer", "g7/c");
    for query in ["", "?n=2147483647", "?last=reg/g7/b"] {
        assert_eq!(ana.get(&format!("/v2/_catalog{query}")).json()["repositories"], json!(["reg/g7/c/one", "reg/g7/c/two"]), "{query}");
    }
    let page = ana.get("/v2/_catalog?n=1");
    assert_eq!(
        (page.json()["repositories"].clone(), page.header("link")),
        (json!(["reg/g7/c/one"]), Some("</v2/_catalog?n=1&last=reg%2Fg7%2Fc%2Fone>; rel=\"next\""))
    );
    assert_eq!(ana.get("/v2/_catalog?n=1&last=reg%2Fg7%2Fc%2Fone").json()["repositories"], json!(["reg/g7/c/two"]));
}

#[test]
fn a_mount_from_what_one_may_not_pull_is_an_upload_like_any_other() {
    LazyLock::force(&OTHERS);
    let ana = client("g7-mount", "deployer", "g7/m");
    let there = digest("the others' layer");
    let mount = |digest: &str, from: &str| ana.send("POST", &format!("/v2/reg/g7/m/x/blobs/uploads/?mount={digest}&from={from}"), &[], "");
    let shape = |answer: pilothouse_tests::http::Answer| {
        let names: Vec<String> = answer.head.lines().skip(1).map(|line| line.split(':').next().unwrap().to_ascii_lowercase()).collect();
        (answer.status, names, answer.body)
    };
    let hidden = shape(mount(&there, "reg/g7/b"));
    assert_eq!(hidden.0, 202);
    assert_eq!(hidden, shape(mount(&digest("nobody has this"), "reg/g7/b")), "there or not, it looks the same");
    assert_eq!(hidden, shape(mount(&there, "reg/g7/nothing")));
    assert_eq!(hidden, shape(mount(&there, "other/g7/b")), "from another registry");
    assert_eq!(hidden, shape(mount(&there, "g7/b")));
    assert_eq!(ana.get(&format!("/v2/reg/g7/m/x/blobs/{there}")).status, 404);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let told = house().audit("&user=g7-mount").into_iter().any(|record| record["note"].as_str().is_some_and(|note| note.contains("not mounted")));
    assert!(told, "the trail does not say why it was not mounted");
}

/// A role of one's own with these permissions, and somebody who holds it on `prefix`.
fn with_only(name: &str, permissions: &[&str], prefix: &str) -> Client<'static> {
    let role = json!({ "name": name, "permissions": permissions });
    let made = house().post(&house().admin, "/api/v1/roles", role);
    assert_eq!(made.status, 200, "{made:?}");
    client(name, name, prefix)
}

#[test]
fn create_only_makes_new_tags_and_moves_none() {
    let carl = with_only("g7-creator", &["registry.repository.pull", "registry.repository.create"], "g7/create");
    let first = carl.push("reg/g7/create", "v1", "first");
    assert_eq!(carl.put_manifest("reg/g7/create", "v1", MANIFEST, &first).status, 201, "the same again changes nothing");
    carl.push_blob("reg/g7/create", "second");
    let second = manifest("{}", "second");
    let answer = carl.put_manifest("reg/g7/create", "v1", MANIFEST, &second);
    assert_eq!((answer.status, code(&answer)), (403, "DENIED".to_owned()), "{answer:?}");
    assert!(answer.body.contains("registry.repository.push"), "{answer:?}");
    assert_eq!(carl.get("/v2/reg/g7/create/manifests/v1").body, first);
    assert_eq!(carl.put_manifest("reg/g7/create", "v2", MANIFEST, &second).status, 201);
    let answer = carl.delete("/v2/reg/g7/create/manifests/v2");
    assert_eq!((answer.status, code(&answer)), (403, "DENIED".to_owned()), "{answer:?}");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let records = house().audit("&user=g7-creator&outcome=denied");
    assert!(records.iter().any(|record| record["operation"] == "ManifestPut" && record["object"] == "reg/g7/create:v1"), "{records:?}");
}

#[test]
fn of_two_who_make_one_tag_at_once_one_makes_it() {
    let dora = with_only("g7-racer", &["registry.repository.pull", "registry.repository.create"], "g7/race");
    let manifests: Vec<String> = (0..6)
        .map(|n| format!("layer {n}"))
        .map(|layer| {
            dora.push_blob("reg/g7/race", "{}");
            dora.push_blob("reg/g7/race", &layer);
            manifest("{}", &layer)
        })
        .collect();
    let dora = &dora;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> = manifests.iter().map(|text| scope.spawn(move || dora.put_manifest("reg/g7/race", "v1", MANIFEST, text).status)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 5, "{statuses:?}");
}

#[test]
fn retag_gives_another_tag_to_what_is_there_and_pushes_nothing() {
    let text = Client::admin(house()).push("reg/g7/retag", "v1", "layer");
    let rita = with_only("g7-retagger", &["registry.repository.pull", "registry.repository.retag"], "g7/retag");
    assert_eq!(rita.put_manifest("reg/g7/retag", "stable", MANIFEST, &text).status, 201);
    let other = manifest("{}", "nobody pushed this");
    assert_eq!(rita.put_manifest("reg/g7/retag", "new", MANIFEST, &other).status, 403);
    assert_eq!(rita.put_manifest("reg/g7/retag", "v1", MANIFEST, &other).status, 403, "it moves none");
    assert_eq!(rita.send("POST", "/v2/reg/g7/retag/blobs/uploads/", &[], "").status, 403);
}

#[test]
fn an_upload_is_its_owners_and_its_repositorys() {
    let admin = Client::admin(house());
    let location = admin.begin("reg/g7/own");
    let ana = client("g7-upload", "deployer", "g7");
    assert_eq!(code(&ana.get(&location)), "BLOB_UPLOAD_UNKNOWN");
    let elsewhere = location.replace("/g7/own/", "/g7/other/");
    assert_eq!(code(&admin.get(&elsewhere)), "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(admin.get(&location).status, 204);
}

#[test]
fn a_right_that_is_taken_away_is_gone_at_once_for_tokens_too() {
    LazyLock::force(&OTHERS);
    let made = house().post(&house().admin, "/api/v1/users", json!({ "username": "g7-gone", "password": PASSWORD }));
    assert_eq!(made.status, 200, "{made:?}");
    let grant = house()
        .post(&house().admin, "/api/v1/grants", json!({ "user": "g7-gone", "role": "viewer", "scope": "registry/reg/repository/g7/b" }))
        .json();
    let token = Client::token(house(), "g7-gone", PASSWORD, "&scope=repository:reg/g7/b:pull").json();
    let gone = Client { house: house(), authorization: format!("Bearer {}", token["token"].as_str().unwrap()) };
    assert_eq!(gone.get("/v2/reg/g7/b/tags/list").status, 200);
    let path = format!("/api/v1/grants/{}", grant["id"].as_str().unwrap());
    assert_eq!(house().send(&house().admin, "DELETE", &path, "").status, 200);
    assert_eq!(gone.get("/v2/reg/g7/b/tags/list").status, 404);
}

#[test]
fn nobody_gives_what_they_do_not_hold_there() {
    let made = house().post(
        &house().admin,
        "/api/v1/roles",
        json!({ "name": "g7-granter", "permissions": [
            "system.grant.create",
            "registry.repository.pull",
            "registry.registry.view",
            "registry.rules.view",
            "registry.retention.view",
        ] }),
    );
    assert_eq!(made.status, 200, "{made:?}");
    let token = house().user("g7-giver", "g7-granter", "all");
    let give = |role: &str, scope: &str| house().post(&token, "/api/v1/grants", json!({ "user": "g7-giver", "role": role, "scope": scope })).status;
    assert_eq!(give("viewer", "registry/reg/repository/g7/given"), 200, "all that a viewer has of a registry, they have");
    assert_eq!(give("deployer", "registry/reg/repository/g7"), 403);
    assert_eq!(give("viewer", "engine/x"), 403);
    assert_eq!(give("viewer", "registry/reg/repository/../x"), 400);
}
