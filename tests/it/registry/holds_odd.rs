//! What a registry holds, where the registry is another one than Docker's, fails, or does not mean well.

use pilothouse_tests::{
    registry::{MANIFEST, digest, manifest},
    sandbox::House,
};
use serde_json::json;

use super::{
    holds::{good, names},
    hostile::{self, Fake, open, say},
};

/// A registry of one image by the tags `v1` and `v2`, which deletes a tag by its name; the manifest goes along if it is `greedy`.
fn deletes_tags(greedy: bool) -> Fake {
    let image = manifest("{}", "layer");
    let gone = std::sync::atomic::AtomicBool::new(false);
    open(move |line| {
        let about = format!("Content-Type: {MANIFEST}\r\nDocker-Content-Digest: {}\r\n", digest(&image));
        let is_gone = gone.load(std::sync::atomic::Ordering::SeqCst);
        match line {
            line if line.starts_with("DELETE ") => {
                gone.store(true, std::sync::atomic::Ordering::SeqCst);
                say("202 Accepted", "", "")
            }
            line if line.contains("/manifests/sha256:") && is_gone && greedy => say("404 Not Found", "", ""),
            line if line.starts_with("HEAD ") => format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{about}\r\n").into_bytes(),
            line if line.contains("/blobs/") => say("200 OK", "", "{}"),
            _ => say("200 OK", &about, &image),
        }
    })
}

#[test]
fn a_tag_is_deleted_as_a_tag_and_what_went_along_is_written_down() {
    let (plain, greedy) = (deletes_tags(false), deletes_tags(true));
    let house = hostile::house(&[("plain", &plain, json!({})), ("greedy", &greedy, json!({}))]);
    let known = digest(&manifest("{}", "layer"));
    for (name, fake) in [("plain", &plain), ("greedy", &greedy)] {
        good(&house.send(&house.admin, "DELETE", &format!("/api/v1/registries/{name}/repositories/a/tags/v1"), ""));
        assert!(fake.seen().contains("DELETE /v2/a/manifests/v1 ") && !fake.seen().contains("DELETE /v2/a/manifests/sha256"), "{}", fake.seen());
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    let changes = |target: &str| house.audit(&format!("&target={target}&changes=true"))[0]["changes"].clone();
    let tag = json!({ "field": "tag", "before": known, "after": null });
    assert_eq!(changes("plain"), json!([tag]));
    assert_eq!(changes("greedy"), json!([tag, { "field": "digest", "before": known, "after": null }]));
}

fn failed(house: &House, path: &str) -> (u16, String) {
    let answer = house.get(&house.admin, &format!("/api/v1/registries/{path}"));
    let problem = answer.json();
    (answer.status, format!("{} {}", problem["title"].as_str().unwrap_or_default(), problem["detail"].as_str().unwrap_or_default()))
}

#[test]
fn a_registry_that_lists_nothing_or_does_not_mean_well_is_told_in_a_sentence() {
    let image = manifest("{}", "layer");
    let served = image.clone();
    let odd = open(move |line| {
        let media = |media: &str| format!("Content-Type: {media}\r\n");
        let head = |media: &str, digest: &str| {
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: {media}\r\nDocker-Content-Digest: {digest}\r\n\r\n")
        };
        match line {
            line if line.contains("_catalog") => say("404 Not Found", "", ""),
            line if line.contains("/bad/tags/list") => say("200 OK", "", r#"{"tags":["../x"]}"#),
            line if line.contains("/tags/list") => say("200 OK", "", r#"{"tags":["good","gone","schema1","unknown"]}"#),
            line if line.contains("/manifests/schema1") => say("200 OK", &media("application/vnd.docker.distribution.manifest.v1+prettyjws"), ""),
            line if line.contains("/manifests/unknown") => say("200 OK", &media("text/html"), ""),
            line if line.contains("/manifests/endless") => format!("HTTP/1.1 200 OK\r\n{}Connection: close\r\n\r\n...", media(MANIFEST)).into_bytes(),
            line if line.contains("/manifests/gone") || line.contains("/manifests/sha256-") || line.contains("/referrers/") => {
                say("404 Not Found", "", "")
            }
            line if line.starts_with("HEAD ") => head(MANIFEST, &digest(&served)).into_bytes(),
            line if line.contains("/lies/blobs/") => say("200 OK", "", "{ }"),
            line if line.contains("/blobs/") => say("200 OK", "", "{}"),
            line if line.contains("/other/manifests/") => {
                say("200 OK", &format!("{}Docker-Content-Digest: {}\r\n", media(MANIFEST), digest("x")), &served)
            }
            _ => say("200 OK", &media(MANIFEST), &served),
        }
    });
    let closed = Fake::start(|_, _| say("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "{}"));
    let house = hostile::house(&[("odd", &odd, json!({})), ("closed", &closed, json!({}))]);
    for name in ["odd", "closed"] {
        let (status, words) = failed(&house, &format!("{name}/repositories"));
        assert_eq!(status, 502, "{words}");
        assert!(words.contains("does not list its repositories"), "{words}");
    }
    for (path, words) in [
        ("bad/tags", "holds what is no tag"),
        ("a/manifests/schema1", "schema 1"),
        ("a/manifests/unknown", "of no kind that is known here"),
        ("a/manifests/endless", "longer than it may be"),
        ("lies/manifests/good", "not what its digest says"),
        ("other/manifests/good", "not what its digest says"),
    ] {
        let (status, told) = failed(&house, &format!("odd/repositories/{path}"));
        assert_eq!(status, 502, "{path}: {told}");
        assert!(told.contains(words), "{path}: {told}");
    }
    // One tag that cannot be read does not take the others along.
    let list = good(&house.get(&house.admin, "/api/v1/registries/odd/repositories/a/tags?sort=name"));
    let rows: Vec<_> = list["items"].as_array().unwrap().iter().map(|row| (row["manifest"].is_object(), row["problem"].as_str().is_some())).collect();
    assert_eq!(
        (names(&list), rows),
        (
            vec!["gone".to_owned(), "good".to_owned(), "schema1".to_owned(), "unknown".to_owned()],
            vec![(false, true), (true, false), (false, true), (false, true)]
        )
    );
    // Where a tag does not say what it means, nothing is deleted by a digest.
    let delete = house.send(&house.admin, "DELETE", &format!("/api/v1/registries/odd/repositories/a/manifests/{}?tags=good", digest(&image)), "");
    assert_eq!(delete.status, 409, "{delete:?}");
    assert!(delete.body.contains("Not every tag") && !odd.seen().contains("DELETE "), "{delete:?}");
}
