//! The shape of a request, before anything else looks at it; and the headers that every answer of ours has.

use http::{HeaderMap, HeaderName, HeaderValue, Request, header};

/// What is wrong with the shape of a request: whatever two readers could read in two ways.
///
/// hyper itself refuses differing lengths, odd chunk sizes, obsolete folding and a space before the colon; this is what
/// it lets through (RFC 9112, sections 3.2 and 6.1).
pub fn malformed<B>(request: &Request<B>) -> Option<&'static str> {
    let headers = request.headers();
    if request.version() != http::Version::HTTP_11 && request.version() != http::Version::HTTP_10 {
        return Some("Only HTTP/1.1 is spoken here.");
    }
    if request.uri().scheme().is_some() || request.uri().authority().is_some() || !request.uri().path().starts_with('/') {
        return Some("The request target must be a path.");
    }
    if !request.method().as_str().bytes().all(|b| b.is_ascii_uppercase()) {
        return Some("The method must be in upper case.");
    }
    if headers.get_all(header::HOST).iter().count() != 1 {
        return Some("There must be one Host header.");
    }
    let mut encodings = headers.get_all(header::TRANSFER_ENCODING).iter();
    if let Some(first) = encodings.next()
        && (encodings.next().is_some() || !first.as_bytes().eq_ignore_ascii_case(b"chunked") || headers.contains_key(header::CONTENT_LENGTH))
    {
        return Some("The body's framing is ambiguous.");
    }
    // Some servers read `_` as `-`: such a name could pass one reader and mean something to the next.
    if headers.keys().any(|name| name.as_str().contains('_')) {
        return Some("A header's name must not hold an underscore.");
    }
    let twice = |name: HeaderName| headers.get_all(name).iter().count() > 1;
    if twice(header::AUTHORIZATION) || twice(header::CONTENT_TYPE) || twice(header::CONTENT_ENCODING) || twice(header::UPGRADE) {
        return Some("A header that must come once comes twice.");
    }
    None
}

/// Adds what every answer to a browser says.
pub fn harden(headers: &mut HeaderMap) {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
