//! What the distribution spec asks for, one test a requirement, against a real registry behind the door.

use pilothouse_tests::registry::{Client, INDEX, MANIFEST, code, digest, house, manifest, part};
use serde_json::json;

fn admin() -> Client<'static> {
    Client::admin(house())
}

fn absent() -> String {
    digest("nobody has this")
}

// Pull

#[test]
fn the_base_says_that_it_is_spoken_here() {
    let answer = admin().get("/v2/");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("docker-distribution-api-version"), Some("registry/2.0"));
}

#[test]
fn a_blob_is_pulled_by_its_digest_and_looked_at_by_head() {
    let client = admin();
    let blob = client.push_blob("reg/pull/blob", "some layer");
    let path = format!("/v2/reg/pull/blob/blobs/{blob}");
    let answer = client.get(&path);
    assert_eq!((answer.status, answer.body.as_str()), (200, "some layer"), "{answer:?}");
    assert_eq!(answer.header("docker-content-digest"), Some(blob.as_str()));
    let head = client.head(&path);
    assert_eq!((head.status, head.header("content-length"), head.body.as_str()), (200, Some("10"), ""), "{head:?}");
}

#[test]
fn a_large_blob_comes_whole() {
    let client = admin();
    let large = "0123456789abcdef".repeat(64 * 1024);
    let blob = client.push_blob("reg/pull/large", &large);
    let answer = client.get(&format!("/v2/reg/pull/large/blobs/{blob}"));
    assert_eq!((answer.status, digest(&answer.body)), (200, blob));
}

#[test]
fn a_part_of_a_blob_comes_by_range() {
    let client = admin();
    let blob = client.push_blob("reg/pull/range", "0123456789");
    let part = |range: &str| {
        let answer = client.send("GET", &format!("/v2/reg/pull/range/blobs/{blob}"), &[("Range", range)], "");
        (answer.status, answer.body.clone(), answer.header("content-range").map(str::to_owned))
    };
    assert_eq!(part("bytes=2-4"), (206, "234".to_owned(), Some("bytes 2-4/10".to_owned())));
    assert_eq!(part("bytes=7-"), (206, "789".to_owned(), Some("bytes 7-9/10".to_owned())));
    assert_eq!(part("bytes=-2"), (206, "89".to_owned(), Some("bytes 8-9/10".to_owned())));
    assert_eq!(part("bytes=20-").0, 416);
}

#[test]
fn a_manifest_is_pulled_by_tag_and_by_digest() {
    let client = admin();
    let text = client.push("reg/pull/manifest", "latest", "layer");
    for reference in ["latest", &digest(&text)] {
        let path = format!("/v2/reg/pull/manifest/manifests/{reference}");
        let answer = client.send("GET", &path, &[("Accept", MANIFEST)], "");
        assert_eq!((answer.status, answer.body.as_str()), (200, text.as_str()), "{answer:?}");
        assert_eq!((answer.header("content-type"), answer.header("docker-content-digest")), (Some(MANIFEST), Some(digest(&text).as_str())));
        let head = client.head(&path);
        assert_eq!((head.status, head.header("docker-content-digest")), (200, Some(digest(&text).as_str())), "{head:?}");
        assert_eq!(head.header("content-length"), Some(text.len().to_string().as_str()));
    }
}

#[test]
fn what_is_not_there_is_a_404_with_the_specs_code() {
    let client = admin();
    client.push("reg/pull/there", "latest", "layer");
    let gone = |path: String| {
        let answer = client.get(&path);
        (answer.status, code(&answer), client.head(&path).status)
    };
    assert_eq!(gone(format!("/v2/reg/pull/there/blobs/{}", absent())), (404, "BLOB_UNKNOWN".to_owned(), 404));
    assert_eq!(gone("/v2/reg/pull/there/manifests/other".to_owned()), (404, "MANIFEST_UNKNOWN".to_owned(), 404));
    assert_eq!(gone(format!("/v2/reg/pull/there/manifests/{}", absent())), (404, "MANIFEST_UNKNOWN".to_owned(), 404));
    assert_eq!(client.get("/v2/reg/pull/nowhere/tags/list").status, 404);
}

// Push

#[test]
fn a_blob_is_pushed_by_post_and_put() {
    let client = admin();
    let location = client.begin("reg/push/two");
    assert!(location.starts_with("/v2/reg/push/two/blobs/uploads/"), "{location}");
    let answer = client.finish(&location, &digest("two steps"), "two steps");
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("location"), Some(format!("/v2/reg/push/two/blobs/{}", digest("two steps")).as_str()));
    assert_eq!(client.get(answer.header("location").unwrap()).body, "two steps");
}

#[test]
fn a_blob_is_pushed_by_one_post() {
    let client = admin();
    let path = format!("/v2/reg/push/one/blobs/uploads/?digest={}", digest("one step"));
    let answer = client.send("POST", &path, &[("Content-Type", "application/octet-stream")], "one step");
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(client.get(answer.header("location").unwrap()).body, "one step");
}

#[test]
fn a_blob_is_pushed_in_pieces_and_its_upload_says_how_far_it_is() {
    let client = admin();
    let location = client.begin("reg/push/pieces");
    let piece = |location: &str, range: &str, text: &str| {
        client.send("PATCH", location, &[("Content-Type", "application/octet-stream"), ("Content-Range", range)], text)
    };
    let first = piece(&location, "0-4", "first");
    assert_eq!((first.status, first.header("range")), (202, Some("0-4")), "{first:?}");
    let next = first.header("location").unwrap().to_owned();
    let status = client.get(&next);
    assert_eq!((status.status, status.header("range")), (204, Some("0-4")), "{status:?}");
    let second = piece(status.header("location").unwrap(), "5-10", "second");
    assert_eq!((second.status, second.header("range")), (202, Some("0-10")), "{second:?}");
    let last = second.header("location").unwrap();
    let whole = "firstsecondthird";
    let headers = [("Content-Type", "application/octet-stream"), ("Content-Range", "11-15")];
    let answer = client.send("PUT", &format!("{last}?digest={}", digest(whole)), &headers, "third");
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(client.get(answer.header("location").unwrap()).body, whole);
}

#[test]
fn a_blob_is_pushed_as_a_stream() {
    let client = admin();
    let location = client.begin("reg/push/stream");
    let request = format!(
        "PATCH {location} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nTransfer-Encoding: chunked\r\nContent-Type: application/octet-stream\r\n\r\n4\r\nsome\r\n5\r\n thing\r\n0\r\n\r\n",
        client.authorization
    )
    .replace("5\r\n thing", "6\r\n thing");
    let sent = pilothouse_tests::http::raw(house().address, request.as_bytes());
    assert_eq!((sent.status, sent.header("range")), (202, Some("0-9")), "{sent:?}");
    let answer = client.finish(sent.header("location").unwrap(), &digest("some thing"), "");
    assert_eq!(answer.status, 201, "{answer:?}");
}

#[test]
fn a_piece_out_of_its_turn_is_a_416() {
    let client = admin();
    let location = client.begin("reg/push/turn");
    let piece = |location: &str, range: &str| client.send("PATCH", location, &[("Content-Range", range)], "abcde");
    let answer = piece(&location, "5-9");
    assert_eq!((answer.status, code(&answer)), (416, "BLOB_UPLOAD_INVALID".to_owned()), "{answer:?}");
    let first = piece(&location, "0-4");
    assert_eq!(first.status, 202, "{first:?}");
    assert_eq!(piece(first.header("location").unwrap(), "0-4").status, 416);
    for odd in ["0-3", "4-0", "x-y", "bytes 0-4/5", "0-99999999999999999999"] {
        assert_eq!(piece(&location, odd).status, 416, "{odd}");
    }
    assert_eq!(piece(first.header("location").unwrap(), "5-9").status, 202);
}

#[test]
fn an_upload_with_another_digest_is_refused_and_can_be_given_up() {
    let client = admin();
    let answer = client.finish(&client.begin("reg/push/wrong"), &digest("this"), "that");
    assert_eq!((answer.status, code(&answer)), (400, "DIGEST_INVALID".to_owned()), "{answer:?}");
    assert_eq!(client.get(&format!("/v2/reg/push/wrong/blobs/{}", digest("this"))).status, 404);
    assert_eq!(client.finish(&client.begin("reg/push/wrong"), "sha256:00", "that").status, 400);
    let location = client.begin("reg/push/wrong");
    let gone = client.delete(&location);
    assert_eq!(gone.status, 204, "{gone:?}");
    assert_eq!(client.get(&location).status, 404);
    assert_eq!(code(&client.get("/v2/reg/push/wrong/blobs/uploads/madeup")), "BLOB_UPLOAD_UNKNOWN");
}

#[test]
fn a_blob_is_mounted_from_another_repository() {
    let client = admin();
    let blob = client.push_blob("reg/push/source", "shared");
    let mount = |digest: &str, from: &str| client.send("POST", &format!("/v2/reg/push/target/blobs/uploads/?mount={digest}&from={from}"), &[], "");
    let answer = mount(&blob, "reg/push/source");
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(client.get(answer.header("location").unwrap()).body, "shared");
    // What is not there is uploaded.
    let answer = mount(&absent(), "reg/push/source");
    assert_eq!(answer.status, 202, "{answer:?}");
    let blob = client.finish(answer.header("location").unwrap(), &digest("own"), "own");
    assert_eq!(blob.status, 201, "{blob:?}");
}

#[test]
fn a_manifest_is_pushed_by_tag_and_by_digest() {
    let client = admin();
    let text = client.push("reg/push/manifest", "one", "layer");
    let again = client.put_manifest("reg/push/manifest", &digest(&text), MANIFEST, &text);
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(again.header("docker-content-digest"), Some(digest(&text).as_str()));
    assert_eq!(again.header("location"), Some(format!("/v2/reg/push/manifest/manifests/{}", digest(&text)).as_str()));
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [part(MANIFEST, &text)] }).to_string();
    let answer = client.put_manifest("reg/push/manifest", "all", INDEX, &index);
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(client.get("/v2/reg/push/manifest/manifests/all").body, index);
}

#[test]
fn a_manifest_that_cannot_be_judged_is_refused_and_nothing_is_there() {
    let client = admin();
    let good = client.push("reg/push/odd", "good", "layer");
    let put = |reference: &str, media: &str, text: &str| {
        let answer = client.put_manifest("reg/push/odd", reference, media, text);
        (answer.status, code(&answer))
    };
    let invalid = |status| (status, "MANIFEST_INVALID".to_owned());
    assert_eq!(put("x", INDEX, &good), invalid(400), "another kind than it says");
    let both = good.replacen("\"layers\"", "\"manifests\":[],\"layers\"", 1);
    assert_eq!(put("x", MANIFEST, &both), invalid(400), "an image and an index");
    assert_eq!(put("x", MANIFEST, &good.replacen("\"layers\"", "\"layers\":[],\"layers\"", 1)), invalid(400), "a key that comes twice");
    assert_eq!(put("x", "application/json", &good), invalid(415));
    assert_eq!(put("x", "application/vnd.docker.distribution.manifest.v1+prettyjws", &good), invalid(415));
    assert_eq!(put("x", MANIFEST, "no json"), invalid(400));
    assert_eq!(put(&absent(), MANIFEST, &good), (400, "DIGEST_INVALID".to_owned()));
    let missing = manifest("{}", "a layer that nobody pushed");
    let (status, code) = put("x", MANIFEST, &missing);
    assert!(
        (status, code.as_str()) == (404, "MANIFEST_BLOB_UNKNOWN") || (status, code.as_str()) == (400, "MANIFEST_BLOB_UNKNOWN"),
        "{status} {code}"
    );
    assert_eq!(put("x", MANIFEST, &format!("{good}{}", " ".repeat(4 * 1024 * 1024))), (413, "SIZE_INVALID".to_owned()));
    assert_eq!(client.get("/v2/reg/push/odd/manifests/x").status, 404);
}

// Content discovery

#[test]
fn tags_are_listed_in_pages() {
    let client = admin();
    for tag in ["b", "a", "d", "c"] {
        client.push("reg/list/tags", tag, "layer");
    }
    let list = |query: &str| {
        let answer = client.get(&format!("/v2/reg/list/tags/tags/list{query}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        (answer.json()["tags"].clone(), answer.header("link").map(str::to_owned))
    };
    assert_eq!(list(""), (json!(["a", "b", "c", "d"]), None));
    let (first, link) = list("?n=2");
    assert_eq!(first, json!(["a", "b"]));
    let link = link.expect("there is another page");
    assert_eq!(link, "</v2/reg/list/tags/tags/list?n=2&last=b>; rel=\"next\"");
    assert_eq!(list("?n=2&last=b"), (json!(["c", "d"]), None));
    assert_eq!(list("?n=0").0, json!([]));
    assert_eq!(list("?n=2147483647").0, json!(["a", "b", "c", "d"]));
    assert_eq!(list("?last=c").0, json!(["d"]));
    assert_eq!(client.get("/v2/reg/list/tags/tags/list").json()["name"], "reg/list/tags");
    assert_eq!(client.get("/v2/reg/list/tags/tags/list?n=-1").status, 400);
}

#[test]
fn the_catalog_has_names_as_they_are_here_in_pages() {
    let client = admin();
    for repository in ["reg/catalog/a", "reg/catalog/b", "reg/catalog/c"] {
        client.push(repository, "latest", "layer");
    }
    let answer = client.get("/v2/_catalog?n=2147483647");
    let all: Vec<String> = serde_json::from_value(answer.json()["repositories"].clone()).unwrap();
    assert!(all.iter().all(|name| name.starts_with("reg/")) && all.contains(&"reg/catalog/b".to_owned()), "{all:?}");
    let (mut seen, mut path) = (Vec::new(), "/v2/_catalog?n=2".to_owned());
    loop {
        let answer = client.get(&path);
        let names: Vec<String> = serde_json::from_value(answer.json()["repositories"].clone()).unwrap();
        assert!(names.len() <= 2);
        seen.extend(names);
        let Some(link) = answer.header("link") else { break };
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    let now: Vec<String> = serde_json::from_value(client.get("/v2/_catalog").json()["repositories"].clone()).unwrap();
    assert_eq!(seen, now);
}

#[test]
fn referrers_of_a_registry_without_them_are_found_by_their_tag() {
    let client = admin();
    let subject = client.push("reg/list/referrers", "latest", "layer");
    let answer = client.get(&format!("/v2/reg/list/referrers/referrers/{}", digest(&subject)));
    assert_eq!(answer.status, 404, "{answer:?}");
    // Which is how the spec has clients keep them then.
    let text = json!({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/example",
        "config": part("application/vnd.oci.image.config.v1+json", "{}"), "layers": [part("x/y", "layer")], "subject": part(MANIFEST, &subject),
    })
    .to_string();
    assert_eq!(client.put_manifest("reg/list/referrers", &digest(&text), MANIFEST, &text).status, 201);
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [part(MANIFEST, &text)] }).to_string();
    let tag = digest(&subject).replace(':', "-");
    assert_eq!(client.put_manifest("reg/list/referrers", &tag, INDEX, &index).status, 201);
    assert_eq!(client.get(&format!("/v2/reg/list/referrers/manifests/{tag}")).body, index);
}

// Management

#[test]
fn a_manifest_is_deleted_by_its_digest() {
    let client = admin();
    let text = client.push("reg/delete/manifest", "latest", "layer");
    let path = format!("/v2/reg/delete/manifest/manifests/{}", digest(&text));
    let answer = client.delete(&path);
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!((client.get(&path).status, client.get("/v2/reg/delete/manifest/manifests/latest").status), (404, 404));
    assert_eq!(client.delete(&path).status, 404);
}

#[test]
fn a_tag_is_deleted_or_the_registry_says_that_it_does_not_do_that() {
    let client = admin();
    let text = client.push("reg/delete/tag", "latest", "layer");
    let answer = client.delete("/v2/reg/delete/tag/manifests/latest");
    match answer.status {
        202 => assert_eq!(client.get("/v2/reg/delete/tag/manifests/latest").status, 404),
        _ => assert!(matches!((answer.status, code(&answer).as_str()), (400 | 405, "UNSUPPORTED" | "DIGEST_INVALID")), "{answer:?}"),
    }
    assert_eq!(client.get(&format!("/v2/reg/delete/tag/manifests/{}", digest(&text))).status, 200);
}

#[test]
fn a_blob_is_deleted() {
    let client = admin();
    let blob = client.push_blob("reg/delete/blob", "to go");
    let path = format!("/v2/reg/delete/blob/blobs/{blob}");
    assert_eq!((client.delete(&path).status, client.get(&path).status, client.delete(&path).status), (202, 404, 404));
}

// Errors

#[test]
fn what_has_no_row_is_refused_in_the_specs_shape_and_written_down() {
    let client = admin();
    let refused = |method: &str, path: &str| {
        let answer = client.send(method, path, &[], "");
        (answer.status, code(&answer))
    };
    assert_eq!(refused("GET", "/v2/reg/a/other"), (404, "UNSUPPORTED".to_owned()));
    assert_eq!(refused("POST", "/v2/reg/a/tags/list"), (405, "UNSUPPORTED".to_owned()));
    assert_eq!(refused("GET", "/v2/reg/../other/tags/list"), (400, "NAME_INVALID".to_owned()));
    assert_eq!(refused("GET", "/v2/reg/a%2Fb/tags/list"), (400, "NAME_INVALID".to_owned()));
    assert_eq!(refused("GET", "/v2/reg/A/tags/list"), (400, "NAME_INVALID".to_owned()));
    assert_eq!(refused("GET", "/v2/reg/a/blobs/sha256:1"), (400, "DIGEST_INVALID".to_owned()));
    assert_eq!(refused("GET", "/v2/nowhere/a/tags/list"), (404, "NAME_UNKNOWN".to_owned()));
    std::thread::sleep(std::time::Duration::from_millis(300));
    let records = house().audit("&outcome=denied");
    let of =
        |path: &str| records.iter().any(|record| record["operation"] == "Unclassified" && record["object"] == path && record["door"] == "registry");
    assert!(of("/v2/reg/a/other") && of("/v2/reg/../other/tags/list"), "{records:?}");
}
