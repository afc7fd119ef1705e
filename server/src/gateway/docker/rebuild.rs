//! The request as the engine gets it: made from what was judged, with headers from a list.

use http::{HeaderMap, HeaderName, HeaderValue, Request, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::access::table::docker::{Body as Carries, Reply};

use super::classify::Classified;

/// What stays as it is in a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The client's headers that go on. Nothing of identity, nothing of this hop: those are ours to say.
const PASSED: &[&str] = &["x-registry-auth", "x-registry-config"];
/// What BuildKit says of itself on its tunnels; one has a number at its end.
const SESSION: &str = "x-docker-expose-session-";

/// The engine's headers that come back.
const RETURNED: &[&str] = &[
    "api-version",
    "builder-version",
    "cache-control",
    "content-disposition",
    "content-type",
    "date",
    "docker-experimental",
    "libnetwork-version",
    "ostype",
    "pragma",
    "server",
    "swarm",
    "x-docker-container-path-stat",
];

/// The head of the request for the engine.
///
/// # Errors
/// When a part cannot stand in a request after all, which the classifier should have seen.
pub fn request<B>(method: &http::Method, classified: &Classified, client: &HeaderMap, upgrade: bool, body: B) -> Result<Request<B>, http::Error> {
    let mut target = classified.version.map(|minor| format!("/v1.{minor}")).unwrap_or_default();
    target.push_str(&classified.path);
    for (n, (key, value)) in classified.query.iter().enumerate() {
        target.push(if n == 0 { '?' } else { '&' });
        target.extend(utf8_percent_encode(key, PLAIN));
        target.push('=');
        target.extend(utf8_percent_encode(value, PLAIN));
    }
    let mut request = Request::builder().method(method.clone()).uri(target).body(body)?;
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_static("docker"));
    match classified.row.body {
        Carries::None => {}
        Carries::Json => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Carries::Stream(media) => {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        }
    }
    for name in PASSED {
        copy(client, headers, &HeaderName::from_static(name));
    }
    if let (Reply::Upgrade(token), true) = (classified.row.reply, upgrade) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static(token));
        let session = client.keys().filter(|name| name.as_str().starts_with(SESSION));
        for name in session {
            for value in client.get_all(name) {
                headers.append(name.clone(), value.clone());
            }
        }
    }
    Ok(request)
}

/// The engine's headers that the client gets.
pub fn answer_headers(engine: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in RETURNED {
        copy(engine, &mut headers, &HeaderName::from_static(name));
    }
    headers
}

/// Copies a header that comes once.
fn copy(from: &HeaderMap, to: &mut HeaderMap, name: &HeaderName) {
    let mut values = from.get_all(name).iter();
    if let (Some(value), None) = (values.next(), values.next()) {
        to.insert(name.clone(), value.clone());
    }
}
