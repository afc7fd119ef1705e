//! Registries that do not mean well, or fail: a clear error in the spec's own shape, nothing half that looks whole, no credential elsewhere.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use pilothouse_tests::{
    http::Answer,
    registry::{Client, INDEX, MANIFEST, code, digest, manifest},
    sandbox::House,
};
use serde_json::json;

/// What a hostile registry does with a request: these bytes, and then it closes.
type Script = Arc<dyn Fn(&str, &str) -> Vec<u8> + Send + Sync>;

/// A server that says what its script has it say, and keeps what it heard.
pub(crate) struct Fake {
    pub(crate) url: String,
    seen: Arc<Mutex<String>>,
}

impl Fake {
    /// `script` gets the request line and the head.
    pub(crate) fn start(script: impl Fn(&str, &str) -> Vec<u8> + Send + Sync + 'static) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (seen, script): (Arc<Mutex<String>>, Script) = (Arc::default(), Arc::new(script));
        let all = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, script) = (all.clone(), script.clone());
                std::thread::spawn(move || converse(stream, &seen, &script));
            }
        });
        Fake { url, seen }
    }

    pub(crate) fn seen(&self) -> String {
        self.seen.lock().unwrap().clone()
    }

    fn port(&self) -> &str {
        self.url.rsplit(':').next().unwrap()
    }
}

fn converse(mut stream: TcpStream, seen: &Mutex<String>, script: &Script) {
    let (mut text, mut buffer) = (Vec::new(), [0; 65_536]);
    let head = loop {
        let Ok(n) = stream.read(&mut buffer) else { return };
        if n == 0 {
            return;
        }
        text.extend_from_slice(&buffer[..n]);
        if let Some(end) = text.windows(4).position(|window| window == b"\r\n\r\n") {
            break String::from_utf8_lossy(&text[..end]).into_owned();
        }
    };
    seen.lock().unwrap().push_str(&format!("{head}\n\n"));
    let line = head.lines().next().unwrap_or_default().to_owned();
    let answer = script(&line, &head);
    // What is to be read first is read; what dies in the middle of it does not.
    if !answer.is_empty() {
        let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").and_then(|n| n.parse::<usize>().ok()));
        let body = text.len() - head.len() - 4;
        for _ in 0..length.unwrap_or(0).saturating_sub(body).div_ceil(buffer.len()) {
            let _ = stream.read(&mut buffer);
        }
    }
    let _ = stream.write_all(&answer);
    if answer.ends_with(b"...") {
        while stream.write_all(&[b'x'; 65_536]).is_ok() {}
    }
}

/// An answer with these lines of head, and its length.
pub(crate) fn say(status: &str, head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// The greeting that asks for nothing, and else what `script` says.
pub(crate) fn open(script: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Fake {
    Fake::start(move |line, _| if line.starts_with("GET /v2/ ") { say("200 OK", "", "{}") } else { script(line) })
}

/// A house in front of these, by name, with a credential for each.
pub(crate) fn house(fakes: &[(&str, &Fake, serde_json::Value)]) -> House {
    let house = House::start(&[]);
    for (name, fake, more) in fakes {
        let mut settings = json!({ "url": fake.url });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body = json!({ "name": name, "settings": settings, "credential": { "username": "pilot", "secret": "canary-secret" } });
        let made = house.post(&house.admin, "/api/v1/registries", body);
        assert_eq!(made.status, 200, "{made:?}");
    }
    house
}

/// The status and the code of an error.
fn failed(answer: &Answer) -> (u16, String) {
    (answer.status, code(answer))
}

fn unavailable() -> (u16, String) {
    (502, "UNAVAILABLE".to_owned())
}

/// `cGlsb3Q6Y2FuYXJ5LXNlY3JldA==` is the credential as Basic has it.
fn shows_credential(seen: &str) -> bool {
    seen.contains("canary") || seen.contains("cGlsb3Q6") || seen.to_ascii_lowercase().contains("authorization")
}

#[test]
fn a_credential_goes_to_no_foreign_realm_and_along_with_no_redirect() {
    let thief = Fake::start(|_, _| say("200 OK", "Content-Type: application/json\r\n", r#"{"token":"x"}"#));
    let realm = format!("WWW-Authenticate: Bearer realm=\"http://localhost:{}/token\",service=\"x\"\r\n", thief.port());
    let asks = Fake::start(move |_, _| say("401 Unauthorized", &realm, "{}"));
    let sends = {
        let to = format!("Location: {}/blob\r\n", thief.url);
        Fake::start(move |line, head| {
            let signed = head.to_ascii_lowercase().contains("authorization: basic");
            match signed {
                false => say("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "{}"),
                true if line.contains("/blobs/") => say("307 Temporary Redirect", &to, ""),
                true => say("200 OK", "", "{}"),
            }
        })
    };
    let house = house(&[("asks", &asks, json!({})), ("sends", &sends, json!({})), ("hands", &sends, json!({ "redirects": "hand_on" }))]);
    let client = Client::admin(&house);
    let answer = client.get("/v2/asks/a/manifests/latest");
    assert_eq!(failed(&answer), unavailable());
    assert!(answer.body.contains("localhost") && answer.body.contains("realm"), "{answer:?}");
    assert_eq!(thief.seen(), "", "the realm was asked");
    // A blob elsewhere is fetched without anything of ours...
    let blob = digest(r#"{"token":"x"}"#);
    let answer = client.get(&format!("/v2/sends/a/blobs/{blob}"));
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"token":"x"}"#), "{answer:?}");
    assert!(thief.seen().contains("GET /blob ") && !shows_credential(&thief.seen()), "{}", thief.seen());
    assert!(shows_credential(&sends.seen()), "the registry itself was not signed in at");
    // ...or the client is sent there, likewise.
    let answer = client.get(&format!("/v2/hands/a/blobs/{blob}"));
    assert_eq!((answer.status, answer.header("location")), (307, Some(format!("{}/blob", thief.url).as_str())), "{answer:?}");
    assert!(!shows_credential(&answer.head));
    // Elsewhere, what is not what its digest says is not passed on either.
    assert_eq!(failed(&client.get(&format!("/v2/sends/a/blobs/{}", digest("other")))), (502, "DIGEST_INVALID".to_owned()));
}

#[test]
fn what_is_sent_on_and_on_or_to_a_secret_place_is_not_followed() {
    let round = open(|line| {
        let to = if line.contains(&"0".repeat(64)) || line.contains("/again") { "/v2/again" } else { "http://169.254.169.254/latest/meta-data" };
        say("302 Found", &format!("Location: {to}\r\n"), "")
    });
    let house = house(&[("round", &round, json!({}))]);
    let client = Client::admin(&house);
    assert_eq!(failed(&client.get(&format!("/v2/round/a/blobs/sha256:{}", "0".repeat(64)))), unavailable());
    assert_eq!(failed(&client.get(&format!("/v2/round/a/blobs/sha256:{}", "1".repeat(64)))), unavailable());
    assert_eq!(round.seen().matches("/v2/again").count(), 3, "{}", round.seen());
}

#[test]
fn an_upload_goes_on_nowhere_else() {
    let thief = Fake::start(|_, _| say("202 Accepted", "", ""));
    let to = thief.url.clone();
    let bad = open(move |line| {
        let to = match line {
            line if line.contains("/a/") => format!("{to}/v2/a/blobs/uploads/x"),
            line if line.contains("/b/") => "/v2/other/blobs/uploads/x".to_owned(),
            _ => "/v2/c/blobs/uploads/../../../other/blobs/uploads/x".to_owned(),
        };
        say("202 Accepted", &format!("Location: {to}\r\n"), "")
    });
    let house = house(&[("bad", &bad, json!({}))]);
    let client = Client::admin(&house);
    for repository in ["a", "b", "c"] {
        let path = format!("/v2/bad/{repository}/blobs/uploads/");
        assert_eq!(failed(&client.send("POST", &path, &[], "")), unavailable(), "{repository}");
        let whole = client.send("POST", &format!("{path}?digest={}", digest("layer")), &[], "layer");
        assert_eq!(failed(&whole), unavailable(), "{repository}");
    }
    assert_eq!(thief.seen(), "");
}

#[test]
fn a_blob_that_is_not_what_its_digest_says_is_never_ended_as_if_it_were() {
    let large = "x".repeat(600_000);
    let lies = open(move |line| match line {
        line if line.contains(&digest("small")) => say("200 OK", "", "smalL"),
        line if line.contains(&digest("chunked")) => {
            let body = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
            format!("HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{body}").into_bytes()
        }
        line if line.contains(&digest("short")) => format!("HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n{large}").into_bytes(),
        line if line.contains(&digest("named")) => say("200 OK", &format!("Docker-Content-Digest: {}\r\n", digest("other")), "named"),
        _ => say("200 OK", "", &large),
    });
    let house = house(&[("lies", &lies, json!({}))]);
    let client = Client::admin(&house);
    let blob = |text: &str| client.get(&format!("/v2/lies/a/blobs/{}", digest(text)));
    assert_eq!(failed(&blob("small")), (502, "DIGEST_INVALID".to_owned()));
    assert_eq!(failed(&blob("named")), unavailable());
    let cut = blob("large");
    let promised: usize = cut.header("content-length").map_or(600_000, |length| length.parse().unwrap());
    assert!(cut.body.len() < promised, "all of {promised} bytes came");
    let cut = blob("short");
    assert!(cut.body.len() < 900_000, "{} bytes", cut.body.len());
    // In chunks there is no length; the last one must not come.
    let request = format!(
        "GET /v2/lies/a/blobs/{} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nConnection: close\r\n\r\n",
        digest("chunked"),
        client.authorization
    );
    let mut stream = pilothouse_tests::http::connect(house.address);
    stream.write_all(request.as_bytes()).unwrap();
    let mut came = Vec::new();
    let _ = stream.read_to_end(&mut came);
    assert!(!came.ends_with(b"0\r\n\r\n"), "it was ended as if it were whole");
    std::thread::sleep(Duration::from_millis(300));
    let records = house.audit("&outcome=failed");
    let of = |text: &str| records.iter().any(|record| record["object"] == format!("lies/a@{}", digest(text)) && record["status"] == 502);
    assert!(of("large") && of("short") && of("chunked"), "{records:?}");
}

#[test]
fn a_manifest_that_is_endless_odd_or_another_one_is_not_passed_on() {
    let image = manifest("{}", "layer");
    let served = image.clone();
    let odd = open(move |line| {
        let media = format!("Content-Type: {MANIFEST}\r\n");
        match line {
            line if line.contains("endless") => format!("HTTP/1.1 200 OK\r\n{media}Connection: close\r\n\r\n...").into_bytes(),
            line if line.contains("unknown") => say("200 OK", "Content-Type: text/html\r\n", "<script>"),
            line if line.contains("ambiguous") => {
                say("200 OK", &format!("Content-Type: {INDEX}\r\n"), &served.replacen("\"layers\"", "\"manifests\":[],\"layers\"", 1))
            }
            line if line.contains("renamed") => say("200 OK", &format!("{media}Docker-Content-Digest: {}\r\n", digest("x")), &served),
            line if line.contains("elsewhere") => say("302 Found", "Location: https://evil.invalid/x\r\n", ""),
            line if line.contains("sha256") => say("200 OK", &media, "{}"),
            _ => say("500 Oops", "", "<html>"),
        }
    });
    let house = house(&[("odd", &odd, json!({}))]);
    let client = Client::admin(&house);
    let get = |reference: &str| failed(&client.get(&format!("/v2/odd/a/manifests/{reference}")));
    let begun = Instant::now();
    assert_eq!(get("endless"), unavailable());
    assert!(begun.elapsed() < Duration::from_secs(20) && house.resident_mib() < 400);
    assert_eq!(get("unknown"), unavailable());
    assert_eq!(get("ambiguous"), (502, "MANIFEST_INVALID".to_owned()));
    assert_eq!(get("renamed"), (502, "DIGEST_INVALID".to_owned()));
    assert_eq!(get(&digest(&image)), (502, "DIGEST_INVALID".to_owned()));
    assert_eq!(get("elsewhere").0, 502);
    assert_eq!(get("oops"), unavailable());
}

#[test]
fn a_part_that_was_not_asked_for_is_not_passed_on() {
    let wrong = open(|_| say("206 Partial Content", "Content-Range: bytes 0-4/10\r\n", "01234"));
    let house = house(&[("wrong", &wrong, json!({}))]);
    let client = Client::admin(&house);
    let blob = format!("/v2/wrong/a/blobs/{}", digest("0123456789"));
    assert_eq!(failed(&client.send("GET", &blob, &[("Range", "bytes=5-9")], "")), unavailable());
    assert_eq!(failed(&client.get(&blob)), unavailable(), "a part where all was asked for");
    assert_eq!(client.send("GET", &blob, &[("Range", "bytes=0-4")], "").body, "01234");
}

#[test]
fn a_registry_that_dies_in_the_middle_of_an_upload_is_an_error_and_no_blob() {
    let dies = open(|line| match line {
        line if line.starts_with("POST") => say("202 Accepted", "Location: /v2/a/blobs/uploads/x?_state=s\r\n", ""),
        line if line.starts_with("PUT") && line.contains("manifests") => Vec::new(),
        line if line.starts_with("PUT") => say("201 Created", &format!("Docker-Content-Digest: {}\r\n", digest("other")), ""),
        line if line.starts_with("HEAD") => say("404 Not Found", "", ""),
        _ => Vec::new(),
    });
    let house = house(&[("dies", &dies, json!({}))]);
    let client = Client::admin(&house);
    let location = client.begin("dies/a");
    assert!(!location.contains("_state"), "{location}");
    assert_eq!(failed(&client.send("PATCH", &location, &[], &"x".repeat(200_000))), unavailable());
    assert_eq!(failed(&client.finish(&location, &digest("this"), "this")), unavailable(), "another blob than was sent");
    assert_eq!(failed(&client.put_manifest("dies/a", "v1", MANIFEST, &manifest("{}", "layer"))), unavailable());
    let gone = Fake { url: "http://127.0.0.1:1".to_owned(), seen: Arc::default() };
    let nobody = self::house(&[("gone", &gone, json!({}))]);
    assert_eq!(failed(&Client::admin(&nobody).get("/v2/gone/a/manifests/v1")), unavailable());
}

#[test]
fn a_client_that_breaks_off_leaves_no_blob() {
    let client_side = pilothouse_tests::registry::house();
    let client = Client::admin(client_side);
    let location = client.begin("reg/broken/off");
    let request = format!(
        "PUT {location}?digest={} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: 100000\r\n\r\nonly this",
        digest("only this"),
        client.authorization
    );
    let mut stream = pilothouse_tests::http::connect(client_side.address);
    stream.write_all(request.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    drop(stream);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(client.get(&format!("/v2/reg/broken/off/blobs/{}", digest("only this"))).status, 404);
}

#[test]
fn lists_that_lie_are_errors_and_what_does_not_answer_is_missing_aloud() {
    let lies = open(|line| match line {
        line if line.contains("/good/tags") => {
            say("200 OK", "Link: <http://evil.example/v2/good/tags/list?last=b&n=2>; rel=\"next\"\r\n", r#"{"tags":["a","b"]}"#)
        }
        line if line.contains("/bad/tags") => say("200 OK", "", r#"{"tags":["../x"]}"#),
        line if line.contains("/null/tags") => say("200 OK", "", r#"{"name":"null","tags":null}"#),
        line if line.contains("/referrers/") => {
            say("200 OK", &format!("Content-Type: {INDEX}\r\nOCI-Filters-Applied: artifactType\r\n"), r#"{"schemaVersion":2,"manifests":[]}"#)
        }
        line if line.contains("_catalog") => say("200 OK", "", r#"{"repositories":["good","../bad","team/x"]}"#),
        _ => say("404 Not Found", "", ""),
    });
    let gone = Fake { url: "http://127.0.0.1:1".to_owned(), seen: Arc::default() };
    let house = house(&[("lies", &lies, json!({})), ("gone", &gone, json!({}))]);
    let client = Client::admin(&house);
    let good = client.get("/v2/lies/good/tags/list?n=2");
    assert_eq!(
        (good.json()["tags"].clone(), good.header("link")),
        (json!(["a", "b"]), Some("</v2/lies/good/tags/list?n=2&last=b>; rel=\"next\"")),
        "{good:?}"
    );
    assert_eq!(failed(&client.get("/v2/lies/bad/tags/list")), unavailable());
    assert_eq!(client.get("/v2/lies/null/tags/list").json()["tags"], json!([]));
    assert!(lies.seen().contains("/null/tags/list?n=1000 "), "without a bound it is a page: {}", lies.seen());
    let referrers = client.get(&format!("/v2/lies/good/referrers/{}?artifactType=a/b", digest("x")));
    assert_eq!(
        (referrers.status, referrers.header("content-type"), referrers.header("oci-filters-applied")),
        (200, Some(INDEX), Some("artifactType"))
    );
    assert!(lies.seen().contains("artifactType=a%2Fb"), "{}", lies.seen());
    let catalog = client.get("/v2/_catalog");
    assert_eq!(catalog.json()["repositories"], json!(["lies/good", "lies/team/x"]));
    assert!(catalog.header("warning").is_some_and(|text| text.contains("gone")), "{catalog:?}");
}
