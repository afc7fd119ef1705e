//! Each row of the door's table: nobody passes without a right, and what is allowed is written down.

use pilothouse::access::table::oci::{Act, ROWS, Row};
use pilothouse_tests::{
    http,
    registry::{Client, MANIFEST, code, digest, house, in_front_of, manifest},
    sandbox::{Behaviour, Recorder},
};

fn path(row: &Row) -> String {
    let digest = digest("x");
    let query = if row.act == Act::UploadFinish { format!("?digest={digest}") } else { String::new() };
    let path = row.path.replace("{name}", "reg/rows/x").replace("{reference}", "tag").replace("{digest}", &digest).replace("{upload}", "abc");
    format!("{path}{query}")
}

fn body(row: &Row) -> (&'static str, String) {
    if row.act == Act::ManifestPut { (MANIFEST, manifest("{}", "layer")) } else { ("application/octet-stream", String::new()) }
}

fn ask(client: &Client<'_>, row: &Row) -> http::Answer {
    let (media, body) = body(row);
    client.send(row.method, &path(row), &[("Content-Type", media)], &body)
}

#[test]
fn nobody_passes_without_a_right_and_the_registry_hears_nothing_of_it() {
    let recorder = Recorder::start(Behaviour::Say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    let house = in_front_of(&recorder.url.replace("tcp+plain", "http"));
    let stranger = Client { authorization: format!("Bearer {}", house.user("sue", "deployer", "registry/reg/repository/other")), house: &house };
    let viewer = Client { authorization: format!("Bearer {}", house.user("vic", "viewer", "registry/reg/repository/rows")), house: &house };
    let auditor = Client { authorization: format!("Bearer {}", house.user("aud", "auditor", "all")), house: &house };
    let wrong = Client { house: &house, authorization: format!("Bearer ph_pat_{}", "a".repeat(38)) };
    let nobody = Client { house: &house, authorization: "None x".to_owned() };
    for row in ROWS {
        let what = format!("{} {}", row.method, row.path);
        for client in [&nobody, &wrong] {
            let answer = ask(client, row);
            assert_eq!(answer.status, 401, "{what} by nobody");
            assert!(answer.header("www-authenticate").unwrap().contains("/token\",service=\"pilothouse\""), "{what}: {answer:?}");
        }
        if matches!(row.act, Act::Base | Act::Catalog) {
            continue;
        }
        for client in [&stranger, &auditor] {
            let answer = ask(client, row);
            assert_eq!(answer.status, 404, "{what} by who may not see it: {answer:?}");
            assert!(row.method == "HEAD" || code(&answer) == "NAME_UNKNOWN", "{what}: {answer:?}");
        }
        if row.act.action() != "pull" {
            let answer = ask(&viewer, row);
            assert_eq!((answer.status, code(&answer)), (403, "DENIED".to_owned()), "{what} by a viewer");
            assert!(answer.body.contains("needs the permission registry.repository."), "{what} does not say what is missing: {answer:?}");
        }
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let denied = house.audit("&outcome=denied");
    let to =
        |row: &Row, user: &str| denied.iter().any(|record| record["operation"] == row.name && record["user"] == user && record["target"] == "reg");
    for row in ROWS.iter().filter(|row| !matches!(row.act, Act::Base | Act::Catalog)) {
        assert!(to(row, "sue") && to(row, "aud"), "nothing says that {} was refused", row.name);
        assert_eq!(to(row, "vic"), row.act.action() != "pull", "what says that {} was refused to a viewer", row.name);
    }
    assert_eq!(recorder.seen(), "", "the registry heard of something that was refused");
}

#[test]
fn what_is_done_leaves_an_intent_and_an_outcome_and_says_what_it_changed() {
    let client = Client::admin(house());
    let first = client.push("reg/audit/x", "v1", "first");
    let second = client.push("reg/audit/x", "v1", "second");
    client.push_blob("reg/audit/y", "shared");
    let mount = format!("/v2/reg/audit/x/blobs/uploads/?mount={}&from=reg/audit/y", digest("shared"));
    assert_eq!(client.send("POST", &mount, &[], "").status, 201);
    assert_eq!(client.get("/v2/reg/audit/x/manifests/v1").status, 200);
    assert_eq!(client.get(&format!("/v2/reg/audit/x/blobs/{}", digest("second"))).status, 200);
    assert_eq!(client.delete(&format!("/v2/reg/audit/x/manifests/{}", digest(&second))).status, 202);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let records = house().audit("&target=reg");
    let of = |operation: &str, object: &str| {
        let object = format!("reg/audit/{object}");
        let mut found = records.iter().filter(|record| record["operation"] == operation && record["object"] == object.as_str());
        found.next().unwrap_or_else(|| panic!("no {operation} of {object}: {records:?}")).clone()
    };
    let moved = of("ManifestPut", "x:v1");
    let change = moved["changes"].to_string();
    assert!(change.contains(&digest(&first)) && change.contains(&digest(&second)), "{moved}");
    assert_eq!(
        (&moved["object_id"], &moved["door"], &moved["outcome"], &moved["permission"]),
        (&digest(&second).into(), &"registry".into(), &"ok".into(), &"registry.repository.push".into()),
        "{moved}"
    );
    let pulled = of("ManifestGet", "x:v1");
    assert!(pulled["note"].as_str().unwrap().contains(&digest(&second)), "{pulled}");
    let mounted = of("UploadStart", "x");
    assert!(
        mounted["note"].as_str().unwrap().contains("mounted from reg/audit/y") && mounted["changes"].to_string().contains(&digest("shared")),
        "{mounted}"
    );
    let blob = of("BlobGet", &format!("x@{}", digest("second")));
    assert_eq!((&blob["outcome"], &blob["bytes_out"]), (&"ok".into(), &6.into()), "{blob}");
    let gone = of("ManifestDelete", &format!("x@{}", digest(&second)));
    assert!(gone["changes"].to_string().contains(&digest(&second)), "{gone}");
    let uploaded = of("UploadFinish", &format!("y@{}", digest("shared")));
    assert_eq!(uploaded["outcome"], "ok", "{uploaded}");
}
