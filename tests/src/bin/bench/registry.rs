//! What passes the registries' door: an image of 1 GiB both ways, a long list of tags, and tokens.

use std::{
    io::{BufReader, Write},
    time::Instant,
};

use data_encoding::{BASE64, HEXLOWER};
use pilothouse_tests::{
    http,
    registry::{MANIFEST, Registry, in_front_of, manifest},
};
use ring::digest::{Context, SHA256};

use crate::{
    address, in_turn,
    load::{Door, body, head, requests_per_second, throughput},
    nginx::Nginx,
    report::Row,
    say,
};

/// A blob's bytes are this many blocks of a MiB, each of the same noise.
const BLOCKS: usize = 1024;
const TAGS: usize = 10_000;
/// As many tags are made at the same time.
const HANDS: usize = 4;

pub fn rows() -> Vec<Row> {
    let registry = Registry::start();
    let behind = registry.url.trim_start_matches("http://").to_owned();
    let nginx = Nginx::before(&behind, "$http_host");
    let house = in_front_of(&registry.url);
    let authorization = Some(format!("Bearer {}", house.admin));
    let doors = [
        Door { name: "the registry", address: address(&behind), prefix: "/v2", authorization: None },
        Door { name: "nginx", address: nginx.address, prefix: "/v2", authorization: None },
        Door { name: "Pilothouse", address: house.address, prefix: "/v2/reg", authorization },
    ];
    let block = noise();
    let digest = digest_of(&block);
    let before = house.resident_kib();

    say("a layer of 1 GiB pushed");
    let mut rows = vec![Row::rate("layer of 1 GiB pushed, MB/s", in_turn(&doors, |door| push(door, &block, &digest)), 0.9)];
    say("a layer of 1 GiB pulled");
    rows.push(Row::rate("layer of 1 GiB pulled, MB/s", in_turn(&doors, |door| throughput(door, &format!("/big/blobs/{digest}"))), 0.9));
    rows.push(Row::most("memory that both took at most, MiB", (house.peak_kib() - before) as f64 / 1024.0, 32.0));

    say("10,000 tags");
    tag(&doors[0]);
    rows.push(Row::plain("list of 10,000 tags, ms", in_turn(&doors, |door| list(door))));

    say("tokens");
    let basic = format!("Basic {}", BASE64.encode(format!("admin:{}", house.admin).as_bytes()));
    let door = Door { name: "the token service", address: house.address, prefix: "", authorization: Some(basic) };
    let tokens = requests_per_second(&door, "/token?service=pilothouse&scope=repository:reg/many:pull,push");
    rows.push(Row::at_least("tokens a second", tokens, 2000.0));
    rows
}

/// A MiB that does not compress, the same in every run (xorshift64).
fn noise() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = (0..1 << 17).flat_map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.collect()
}

fn digest_of(block: &[u8]) -> String {
    let mut context = Context::new(&SHA256);
    (0..BLOCKS).for_each(|_| context.update(block));
    format!("sha256:{}", HEXLOWER.encode(context.finish().as_ref()))
}

/// Pushes the layer as docker does: begun, sent in one piece, and closed with its digest. In millions of bytes a second.
fn push(door: &Door, block: &[u8], digest: &str) -> f64 {
    let mut reader = BufReader::new(door.connect());
    let size = BLOCKS * block.len();
    let begun = Instant::now();
    let location = ask(door, &mut reader, "POST", &format!("{}/big/blobs/uploads/", door.prefix), 0, &[], "202");
    let location = ask(door, &mut reader, "PATCH", &location, size, block, "202");
    let and = if location.contains('?') { '&' } else { '?' };
    ask(door, &mut reader, "PUT", &format!("{location}{and}digest={digest}"), 0, &[], "201");
    size as f64 / begun.elapsed().as_secs_f64() / 1e6
}

/// One request with `size` bytes of blocks; where it goes on.
fn ask(door: &Door, reader: &mut BufReader<std::net::TcpStream>, method: &str, path: &str, size: usize, block: &[u8], status: &str) -> String {
    let media = if size > 0 { "Content-Type: application/octet-stream\r\n" } else { "" };
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{}{media}Content-Length: {size}\r\n\r\n", door.address, door.authorization());
    let stream = reader.get_mut();
    stream.write_all(request.as_bytes()).expect("the request is taken");
    (0..size.checked_div(block.len()).unwrap_or(0)).for_each(|_| stream.write_all(block).expect("the blob is taken"));
    let head = head(reader);
    assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{} {method} {path}: {head}", door.name);
    body(reader, &head);
    let location = head.lines().find_map(|line| line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("location")));
    let (_, location) = location.unwrap_or_else(|| panic!("{} {method} {path}: no location: {head}", door.name));
    let host = format!("http://{}", door.address);
    location.trim().strip_prefix(&host).unwrap_or(location.trim()).to_owned()
}

/// Gives one image many tags, at the registry itself.
fn tag(door: &Door) {
    let send = |method: &str, path: &str, media: &str, body: &str| {
        let answer = http::send(door.address, method, path, &[("Content-Type", media)], body);
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
        answer
    };
    for text in ["{}", "a layer"] {
        let begun = send("POST", "/v2/many/blobs/uploads/", "application/octet-stream", "");
        let location = begun.header("location").expect("it says where the upload goes on");
        let path = location.strip_prefix(&format!("http://{}", door.address)).unwrap_or(location);
        send("PUT", &format!("{path}&digest={}", pilothouse_tests::registry::digest(text)), "application/octet-stream", text);
    }
    let manifest = manifest("{}", "a layer");
    std::thread::scope(|scope| {
        for hand in 0..HANDS {
            let (send, manifest) = (&send, &manifest);
            scope.spawn(move || {
                for n in (hand..TAGS).step_by(HANDS) {
                    send("PUT", &format!("/v2/many/manifests/build-{n:05}"), MANIFEST, manifest);
                }
            });
        }
    });
}

/// How long the whole list takes, page by page, in ms.
fn list(door: &Door) -> f64 {
    let begun = Instant::now();
    let mut path = format!("{}/many/tags/list", door.prefix);
    let mut found = 0;
    let authorization = door.authorization.clone().unwrap_or_default();
    loop {
        let answer = http::send(door.address, "GET", &path, &[("Authorization", &authorization)], "");
        assert_eq!(answer.status, 200, "{} {path}: {answer:?}", door.name);
        found += answer.json()["tags"].as_array().map_or(0, Vec::len);
        match answer.header("link").and_then(|link| link.strip_prefix('<')?.split_once('>')) {
            Some((next, _)) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(found, TAGS, "{}: not all tags are listed", door.name);
    begun.elapsed().as_secs_f64() * 1e3
}
