//! A client bundle: what `docker context import` takes, as one tar archive.
//!
//! docker refuses an archive that holds anything but `meta.json` and `tls/ENDPOINT/FILE`, and keeps the files of endpoints that it does
//! not know. So the `config.json` and the few words that belong to a bundle stand under `tls/pilothouse/`: one file is all, and it
//! can be imported as it is.

use std::io;

use serde_json::{Value, json};

use crate::{authority::Issued, reach::Reach};

/// What lets its owner in.
pub enum Key {
    Certificate(Issued),
    /// Where Pilothouse does not speak TLS itself: docker has to send it as a header.
    Token(String),
}

/// Where the files lie that docker does not look at.
const OURS: &str = "tls/pilothouse";

/// The archive for `engine`, good until then.
pub fn archive(reach: &Reach, engine: &str, key: &Key, until: i64) -> io::Result<Vec<u8>> {
    let name = context(engine);
    let mut files = vec![("meta.json".to_owned(), meta(reach, engine, &name).to_string())];
    if let Some(ca) = &reach.ca {
        files.push(("tls/docker/ca.pem".to_owned(), ca.clone()));
    }
    match key {
        Key::Certificate(issued) => {
            files.push(("tls/docker/cert.pem".to_owned(), issued.certificate.clone()));
            files.push(("tls/docker/key.pem".to_owned(), issued.key.clone()));
        }
        // docker speaks TLS when there is any file for it, and trusts the system's authorities when none of them names one.
        Key::Token(_) if reach.https && reach.ca.is_none() => files.push(("tls/docker/cert.pem".to_owned(), String::new())),
        Key::Token(_) => {}
    }
    files.push((format!("{OURS}/config.json"), format!("{:#}\n", config(engine, key))));
    files.push((format!("{OURS}/README.txt"), readme(reach, engine, &name, key, until)));
    pack(&files)
}

/// What the context is called.
pub fn context(engine: &str) -> String {
    format!("pilothouse-{engine}")
}

fn meta(reach: &Reach, engine: &str, name: &str) -> Value {
    json!({
        "Name": name,
        "Metadata": { "Description": format!("{engine} through {}", reach.url) },
        "Endpoints": { "docker": { "Host": format!("tcp://{}", reach.host), "SkipTLSVerify": false } },
    })
}

/// docker's settings. The header names the engine once more, so that a certificate or a token of another cannot be taken for it.
fn config(engine: &str, key: &Key) -> Value {
    match key {
        Key::Certificate(_) => json!({ "HttpHeaders": { "Pilothouse-Engine": engine } }),
        Key::Token(token) => json!({ "HttpHeaders": { "Authorization": format!("Bearer {token}"), "Pilothouse-Engine": engine } }),
    }
}

fn readme(reach: &Reach, engine: &str, name: &str, key: &Key, until: i64) -> String {
    let until = jiff::Timestamp::from_millisecond(until).map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
    let what = match key {
        Key::Certificate(_) => "a client certificate and its key",
        Key::Token(_) => "a token",
    };
    let mut text = format!(
        "This bundle points docker at the engine {engine} through Pilothouse at {}.\n\
         It holds {what}, good until {until}. Whoever has it can do what you may do there: keep it to yourself,\n\
         and revoke it in the console under \"Account\" when it is lost.\n\n",
        reach.url
    );
    text += &match key {
        Key::Certificate(_) => format!("    docker context import {name} pilothouse-{engine}.tar\n    docker --context {name} ps\n"),
        Key::Token(_) => format!(
            "The token goes as a header, which docker takes from a config.json, in a folder of its own:\n\n\
             \x20   mkdir -p -m 700 ~/.pilothouse/{engine}\n\
             \x20   tar -xf pilothouse-{engine}.tar --strip-components 2 -C ~/.pilothouse/{engine} {OURS}/config.json\n\
             \x20   docker --config ~/.pilothouse/{engine} context import {name} pilothouse-{engine}.tar\n\
             \x20   docker --config ~/.pilothouse/{engine} --context {name} ps\n"
        ),
    };
    text
}

fn pack(files: &[(String, String)]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(crate::clock::now_ms().unsigned_abs() / 1000);
        archive.append_data(&mut header, path, text.as_bytes())?;
    }
    archive.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(reach: &Reach, key: &Key) -> Vec<String> {
        let bytes = archive(reach, "demo", key, 0).unwrap();
        let mut read = tar::Archive::new(bytes.as_slice());
        let names = read.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string());
        names.collect()
    }

    #[test]
    fn it_holds_what_docker_takes_and_nothing_else() {
        let issued = || Issued { certificate: "c".to_owned(), key: "k".to_owned(), fingerprint: [0; 32] };
        let own = Reach::new("https://h", None, Some("ca".to_owned())).unwrap();
        let known = Reach::new("https://h", None, None).unwrap();
        let plain = Reach::new("http://h", None, None).unwrap();
        let ours = ["tls/pilothouse/config.json", "tls/pilothouse/README.txt"];
        let of = |tls: &[&'static str]| [&["meta.json"], tls, &ours].concat();
        let token = Key::Token("t".to_owned());
        assert_eq!(names(&own, &Key::Certificate(issued())), of(&["tls/docker/ca.pem", "tls/docker/cert.pem", "tls/docker/key.pem"]));
        assert_eq!(names(&known, &Key::Certificate(issued())), of(&["tls/docker/cert.pem", "tls/docker/key.pem"]));
        assert_eq!(names(&known, &token), of(&["tls/docker/cert.pem"]));
        assert_eq!(names(&plain, &token), of(&[]));
    }
}
