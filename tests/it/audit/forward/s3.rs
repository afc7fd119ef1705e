//! Checkpoints to a bucket: each an object of its own, written once and never over another.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use pilothouse_tests::receiver::{Got, Receiver};
use ring::{digest, hmac};

use super::{checkpoints, file, house, standing, until, work};

const SECRET: &str = "secret/of+the bucket";

/// What is in the bucket.
type Objects = Arc<Mutex<BTreeMap<String, String>>>;

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn sha256(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

/// Checks a signature as the bucket's side does: from the request as it came.
fn signed(got: &Got) -> bool {
    let authorization = got.header("authorization").unwrap();
    let part = |name: &str| authorization.split([' ', ',']).find_map(|part| part.strip_prefix(name)?.strip_prefix('=')).unwrap();
    let (names, signature) = (part("SignedHeaders"), part("Signature"));
    let (access, scope) = part("Credential").split_once('/').unwrap();
    assert_eq!(access, "ACCESS");
    let at = got.header("x-amz-date").unwrap();
    assert_eq!(scope, format!("{}/some-region/s3/aws4_request", &at[..8]));
    assert_eq!(got.header("x-amz-content-sha256"), Some(sha256(&got.body).as_str()));
    assert!(["host", "x-amz-content-sha256", "x-amz-date"].iter().all(|name| names.split(';').any(|signed| signed == *name)));
    let headers: String = names.split(';').map(|name| format!("{name}:{}\n", got.header(name).unwrap())).collect();
    let request = format!("{}\n{}\n\n{headers}\n{names}\n{}", got.method, got.path, sha256(&got.body));
    let text = format!("AWS4-HMAC-SHA256\n{at}\n{scope}\n{}", sha256(&request));
    let mut key = format!("AWS4{SECRET}").into_bytes();
    for part in scope.split('/').chain([text.as_str()]) {
        key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec();
    }
    hex(&key) == signature
}

fn bucket(objects: Objects) -> Receiver {
    Receiver::with(Box::new(move |got| {
        if !signed(got) {
            return Some((403, "<Error><Code>SignatureDoesNotMatch</Code></Error>".to_owned()));
        }
        let mut objects = objects.lock().unwrap();
        Some(match (got.method.as_str(), objects.get(&got.path)) {
            ("PUT", Some(_)) if got.header("if-none-match") == Some("*") => (412, "<Error><Code>PreconditionFailed</Code></Error>".to_owned()),
            ("PUT", _) => {
                objects.insert(got.path.clone(), got.body.clone());
                (200, String::new())
            }
            ("GET", Some(body)) => (200, body.clone()),
            _ => (404, "<Error><Code>NoSuchKey</Code></Error>".to_owned()),
        })
    }))
}

fn settings(bucket: &Receiver, secret: &str) -> String {
    format!(
        "s3 = {{ endpoint = \"{}\", bucket = \"proofs\", prefix = \"of one/house\", region = \"some-region\", access_key = \"ACCESS\", secret_key_file = \"{}\" }}",
        bucket.url(""),
        file(secret)
    )
}

#[test]
fn each_checkpoint_is_an_object_and_none_is_written_over() {
    let objects = Objects::default();
    let bucket = bucket(objects.clone());
    let (mut house, _recorder) = house(&format!("from = \"beginning\"\n{}", settings(&bucket, SECRET)));
    for round in 0..3 {
        work(&house, round * 5..round * 5 + 5);
        house.stop();
        house.start_again();
    }
    until("all are there", 30, || objects.lock().unwrap().len() as i64 == checkpoints(&house));
    let file = std::fs::read_to_string(house.data.join("checkpoints.jsonl")).unwrap();
    let kept: Vec<(String, String)> = objects.lock().unwrap().clone().into_iter().collect();
    assert!(kept.len() >= 4, "{kept:?}");
    for ((path, body), (n, line)) in kept.iter().zip((1..).zip(file.lines())) {
        assert_eq!(path, &format!("/proofs/of%20one/house/{n:010}.json"));
        assert_eq!(body, &format!("{line}\n"));
    }
    assert!(standing(&house)["checkpoints_only"] == true && standing(&house)["error"].is_null(), "{}", standing(&house));
    // As after a crash: it goes again, is there already, and that is right.
    house.stop();
    pilothouse_tests::store::sql(&house.data, &["UPDATE audit_cursors SET seq = 1, sending = 1 WHERE writer = 0"]);
    house.start_again();
    until("all are there again", 30, || standing(&house)["checkpoints_behind"] == 0);
    assert_eq!(standing(&house)["stopped"], false);
    // Another one of the same number is a sign of an old database, and nobody's evidence is written over.
    let (path, last) = objects.lock().unwrap().clone().into_iter().next_back().unwrap();
    objects.lock().unwrap().insert(path.clone(), last.replace("\"at\":1", "\"at\":2"));
    house.stop();
    pilothouse_tests::store::sql(&house.data, &["UPDATE audit_cursors SET seq = 1, sending = 1 WHERE writer = 0"]);
    house.start_again();
    until("it has stopped", 30, || standing(&house)["stopped"] == true);
    assert!(standing(&house)["error"].as_str().unwrap().contains("has another checkpoint"), "{}", standing(&house));
    assert_ne!(objects.lock().unwrap()[&path], last);
}

#[test]
fn a_bucket_that_refuses_says_why() {
    let bucket = bucket(Objects::default());
    let (house, _recorder) = house(&format!("from = \"beginning\"\n{}", settings(&bucket, "another secret")));
    until("it is told", 20, || standing(&house)["error"].as_str().is_some_and(|error| error.ends_with("answered 403 (SignatureDoesNotMatch).")));
    assert!(!house.log().contains("another secret"));
}
