//! `[[audit.forward]]`: places that the trail is forwarded to.

use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use rustls::ClientConfig;
use serde::Deserialize;

use crate::{
    access::is_target_name,
    audit::forward::{
        Begin, Forward, Place, Secret, What,
        otlp::Otlp,
        s3::{Key, S3},
        syslog::Syslog,
        webhook::{LINES, SHORTEST, Webhook},
    },
    outgoing::{self, tls},
};

/// What syslog calls its facilities (RFC 5424, 6.2.1) that a trail may go to.
const FACILITIES: [(&str, u8); 11] = [
    ("auth", 4),
    ("authpriv", 10),
    ("audit", 13),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];

/// One place, of one of four kinds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForwardSection {
    pub name: String,
    /// `all` or `checkpoints`.
    pub what: Option<String>,
    /// `now` or `beginning`.
    pub from: Option<String>,
    /// The authorities that sign the place's certificate, as PEM, where this machine does not know them.
    pub ca: Option<PathBuf>,
    /// A certificate that Pilothouse shows to the place, with its chain, and its key, as PEM.
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    pub syslog: Option<SyslogSection>,
    pub webhook: Option<WebhookSection>,
    pub otlp: Option<OtlpSection>,
    pub s3: Option<S3Section>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyslogSection {
    /// HOST:PORT.
    pub address: String,
    /// `tls` or `tcp`.
    pub transport: Option<String>,
    pub facility: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookSection {
    pub url: String,
    pub secret_file: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OtlpSection {
    pub url: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A file with the value of `Authorization`.
    pub authorization_file: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Section {
    pub endpoint: String,
    pub bucket: String,
    #[serde(default)]
    pub prefix: String,
    pub region: String,
    pub access_key: String,
    pub secret_key_file: PathBuf,
}

/// The places that `sections` declare. `hostname` is who syslog messages are from. A place with a mistake is left out.
pub fn check(sections: Vec<ForwardSection>, hostname: &str, mistakes: &mut Vec<String>) -> Vec<Forward> {
    let mut names = HashSet::new();
    let mut places = Vec::new();
    for section in sections {
        let name = section.name.clone();
        let mut wrong = Vec::new();
        if !is_target_name(&name) {
            wrong.push("this is no name: use 1 to 63 of a-z, 0-9 and -.".to_owned());
        }
        if !names.insert(name.clone()) {
            wrong.push("it is declared twice.".to_owned());
        }
        places.extend(place(section, hostname, &mut wrong));
        mistakes.extend(wrong.into_iter().map(|why| format!("audit.forward: {name}: {why}")));
    }
    places
}

fn place(section: ForwardSection, hostname: &str, wrong: &mut Vec<String>) -> Option<Forward> {
    let ForwardSection { name, what, from, ca, cert, key, syslog, webhook, otlp, s3 } = section;
    let takes_all = s3.is_none();
    let what = match what.as_deref() {
        None if takes_all => What::All,
        Some("all") if takes_all => What::All,
        None | Some("checkpoints") => What::Checkpoints,
        Some("all") => {
            wrong.push("a bucket takes what = \"checkpoints\" alone.".to_owned());
            What::Checkpoints
        }
        Some(other) => {
            wrong.push(format!("what = {other:?} is neither \"all\" nor \"checkpoints\"."));
            What::All
        }
    };
    let from = match from.as_deref() {
        None | Some("now") => Begin::Now,
        Some("beginning") => Begin::Beginning,
        Some(other) => {
            wrong.push(format!("from = {other:?} is neither \"now\" nor \"beginning\"."));
            Begin::Now
        }
    };
    let has_files = ca.is_some() || cert.is_some() || key.is_some();
    let tls = said(client(ca.as_deref(), cert.as_deref(), key.as_deref()), wrong);
    let place = match (syslog, webhook, otlp, s3) {
        (Some(section), None, None, None) => section.place(tls, has_files, hostname, wrong).map(Place::Syslog),
        (None, Some(section), None, None) => section.place(tls, wrong).map(Place::Webhook),
        (None, None, Some(section), None) => section.place(tls, wrong).map(Place::Otlp),
        (None, None, None, Some(section)) => section.place(tls, wrong).map(Place::S3),
        _ => {
            wrong.push("give one of syslog, webhook, otlp and s3.".to_owned());
            None
        }
    };
    place.map(|place| Forward { name, what, from, place })
}

type Tls = Option<Arc<ClientConfig>>;

impl SyslogSection {
    fn place(self, tls: Tls, has_files: bool, hostname: &str, wrong: &mut Vec<String>) -> Option<Syslog> {
        let plain = match self.transport.as_deref() {
            None | Some("tls") => false,
            Some("tcp") => true,
            Some("udp") => {
                wrong.push("transport = \"udp\" loses messages; use \"tls\" or \"tcp\".".to_owned());
                true
            }
            Some(other) => {
                wrong.push(format!("transport = {other:?} is neither \"tls\" nor \"tcp\"."));
                true
            }
        };
        if plain && has_files {
            wrong.push("ca, cert and key are for transport = \"tls\".".to_owned());
        }
        let facility = match self.facility.as_deref() {
            None => Some(13),
            Some(name) => {
                let known = FACILITIES.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
                if known.is_none() {
                    wrong.push(format!("facility = {name:?} is none of {}.", FACILITIES.map(|(known, _)| known).join(", ")));
                }
                known
            }
        };
        let place = self.address.rsplit_once(':').and_then(|(host, port)| {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            Some((bare.to_owned(), port.parse::<u16>().ok().filter(|port| *port > 0)?)).filter(|(host, _)| !host.is_empty())
        });
        if place.is_none() {
            wrong.push(format!("address = {:?} is no HOST:PORT, such as logs.example:6514.", self.address));
        }
        let (host, port) = place?;
        let tls = if plain { None } else { Some(tls?) };
        Some(Syslog { host, port, tls, facility: facility?, hostname: hostname.to_owned(), connection: None })
    }
}

impl WebhookSection {
    fn place(self, tls: Tls, wrong: &mut Vec<String>) -> Option<Webhook> {
        let url = said(address("url", &self.url), wrong);
        let secret = said(secret("secret_file", &self.secret_file), wrong);
        if secret.as_ref().is_some_and(|secret| secret.0.chars().count() < SHORTEST) {
            wrong.push(format!("secret_file: a secret of at least {SHORTEST} characters is needed."));
        }
        Some(Webhook { url: url?, secret: secret?, tls: tls?, media: LINES })
    }
}

impl OtlpSection {
    fn place(self, tls: Tls, wrong: &mut Vec<String>) -> Option<Otlp> {
        let url = said(address("url", &self.url), wrong);
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            match (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
                (Ok(header::AUTHORIZATION | header::COOKIE | header::PROXY_AUTHORIZATION), _) => {
                    wrong.push(format!("headers: {name} is a secret; use authorization_file."));
                }
                (Ok(header::HOST | header::CONTENT_LENGTH | header::CONTENT_TYPE | header::CONNECTION | header::TRANSFER_ENCODING), _) => {
                    wrong.push(format!("headers: {name} is not to be chosen."));
                }
                (Ok(name), Ok(value)) => drop(headers.insert(name, value)),
                _ => wrong.push(format!("headers: {name:?} is no header, or has a value that none can have.")),
            }
        }
        if let Some(file) = &self.authorization_file {
            let value = said(secret("authorization_file", file), wrong)?;
            match HeaderValue::from_str(&value.0) {
                Ok(mut value) => {
                    value.set_sensitive(true);
                    headers.insert(header::AUTHORIZATION, value);
                }
                Err(_) => wrong.push("authorization_file: this is no value that a header can have.".to_owned()),
            }
        }
        Some(Otlp { url: url?, headers, tls: tls? })
    }
}

impl S3Section {
    fn place(self, tls: Tls, wrong: &mut Vec<String>) -> Option<S3> {
        let endpoint = said(address("endpoint", &self.endpoint), wrong);
        if endpoint.as_ref().is_some_and(|endpoint| !matches!(endpoint.path_and_query().map(|path| path.as_str()), None | Some("/"))) {
            wrong.push("endpoint: give scheme, host and port alone; bucket and prefix are settings of their own.".to_owned());
        }
        for (name, value) in [("bucket", &self.bucket), ("region", &self.region), ("access_key", &self.access_key)] {
            let fits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
            if !fits {
                wrong.push(format!("{name}: {value:?} is none."));
            }
        }
        let prefix = self.prefix.trim_matches('/').to_owned();
        // A part of dots is resolved on the way by some, and signed as it stands by others.
        if prefix.split('/').any(|part| matches!(part, "." | ".."))
            || prefix.contains("//")
            || prefix.chars().any(char::is_control)
            || prefix.len() > 512
        {
            wrong.push(format!("prefix: {prefix:?} is no beginning of a name."));
        }
        let secret = said(secret("secret_key_file", &self.secret_key_file), wrong);
        let key = Key { access: self.access_key, secret: secret?, region: self.region };
        Some(S3 { endpoint: endpoint?, bucket: self.bucket, prefix, key, tls: tls? })
    }
}

/// What is right; what is not is a mistake.
fn said<T>(result: Result<T, String>, wrong: &mut Vec<String>) -> Option<T> {
    result.map_err(|why| wrong.push(why)).ok()
}

pub(super) fn client(ca: Option<&Path>, cert: Option<&Path>, key: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let read = |setting: &str, path: Option<&Path>| {
        let text = path.map(|path| std::fs::read_to_string(path).map_err(|e| format!("{setting}: {}: {e}.", path.display()))).transpose()?;
        // Without a word it would be the authorities of this machine.
        if text.as_ref().is_some_and(|text| text.trim().is_empty()) { Err(format!("{setting}: the file is empty.")) } else { Ok(text) }
    };
    let (ca, cert, key) = (read("ca", ca)?.unwrap_or_default(), read("cert", cert)?, read("key", key)?);
    match (&cert, &key) {
        (None, None) => tls::client(&ca).map_err(|why| format!("ca: {why}")),
        (Some(cert), Some(key)) => tls::client_with(&ca, Some((cert, key))).map_err(|why| format!("ca, cert and key: {why}")),
        _ => Err("cert and key belong together.".to_owned()),
    }
}

/// An address that may be asked.
fn address(setting: &str, text: &str) -> Result<Uri, String> {
    outgoing::address(text).map_err(|why| format!("{setting}: {why}"))
}

/// What stands in a file, without the end of its line.
pub(super) fn secret(setting: &str, file: &Path) -> Result<Secret, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{setting}: {}: {e}.", file.display()))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() { Err(format!("{setting}: {} is empty.", file.display())) } else { Ok(Secret(text.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> (Vec<Forward>, Vec<String>) {
        #[derive(Deserialize)]
        struct All {
            forward: Vec<ForwardSection>,
        }
        let mut mistakes = Vec::new();
        let all: All = toml::from_str(text).unwrap();
        (check(all.forward, "house.example", &mut mistakes), mistakes)
    }

    #[test]
    fn every_kind_is_read_and_shows_no_secret() {
        let file = std::env::temp_dir().join(format!("pilothouse-forward-{}", std::process::id()));
        std::fs::write(&file, "a secret of some length\n").unwrap();
        let text = "[[forward]]\nname = 'a'\nsyslog = { address = '[::1]:6514' }\n\
             [[forward]]\nname = 'b'\nfrom = 'beginning'\nwebhook = { url = 'https://hooks.example/T0/hidden?k=hidden', secret_file = 'FILE' }\n\
             [[forward]]\nname = 'c'\notlp = { url = 'http://127.0.0.1:4318/v1/logs', headers = { x-tenant = 'hidden' }, authorization_file = 'FILE' }\n\
             [[forward]]\nname = 'd'\ns3 = { endpoint = 'https://s3.example', bucket = 'b', prefix = '/p/', region = 'r', access_key = 'K', secret_key_file = 'FILE' }\n";
        let (places, mistakes) = checked(&text.replace("FILE", &file.display().to_string()));
        std::fs::remove_file(file).unwrap();
        assert_eq!(mistakes, [] as [&str; 0]);
        let shown: Vec<_> = places.iter().map(|place| (place.place.kind(), place.place.address(), place.what)).collect();
        let text = |text: &str| text.to_owned();
        assert_eq!(
            shown,
            [
                ("syslog", text("tls://[::1]:6514"), What::All),
                ("webhook", text("https://hooks.example"), What::All),
                ("otlp", text("http://127.0.0.1:4318"), What::All),
                ("s3", text("https://s3.example/b/p"), What::Checkpoints),
            ]
        );
        let debug = format!("{places:?}");
        assert!(!debug.contains("a secret of") && !debug.contains("hidden"), "{debug}");
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let wrong = |line: &str, n: usize| {
            let (_, mistakes) = checked(&format!("[[forward]]\nname = 'x'\n{line}\n"));
            assert_eq!(mistakes.len(), n, "{line}: {mistakes:?}");
            assert!(mistakes.iter().all(|mistake| mistake.starts_with("audit.forward: x: ")), "{mistakes:?}");
        };
        wrong("syslog = { address = 'a:1', transport = 'tcp', facility = 'local7' }", 0);
        wrong("", 1);
        wrong("cert = '/dev/null'\nsyslog = { address = 'a:1' }", 1);
        wrong("ca = '/dev/null'\nsyslog = { address = 'a:1', transport = 'tcp' }", 2);
        wrong("syslog = { address = 'a:1' }\notlp = { url = 'https://a' }", 1);
        wrong("what = 'some'\nfrom = 'here'\nsyslog = { address = 'a', transport = 'udp', facility = 'x' }", 5);
        wrong("ca = '/nowhere'\nwebhook = { url = 'http://a.example', secret_file = '/nowhere' }", 3);
        wrong("otlp = { url = 'https://u:p@a.example', headers = { Authorization = 'x', Host = 'y', 'a b' = 'z' } }", 4);
        wrong(
            "what = 'all'\ns3 = { endpoint = 'https://a/b', bucket = '', prefix = 'a/../b', region = 'r', access_key = 'k', secret_key_file = '/nowhere' }",
            5,
        );
        let (_, mistakes) = checked("[[forward]]\nname = 'A'\nsyslog = { address = 'a:1' }\n[[forward]]\nname = 'A'\nsyslog = { address = 'a:1' }\n");
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
    }
}
