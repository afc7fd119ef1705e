//! Requests from other sites' pages.
//!
//! A browser says where a request comes from: `Sec-Fetch-Site`, and `Origin` on everything that may change state. A
//! script says neither. So: whoever says that it comes from elsewhere is refused, on every method that is not safe and
//! on every WebSocket; and a WebSocket with a cookie must say where it comes from.

use http::{HeaderMap, Method, header};
use pilothouse_app::api::{Code, Problem};

const FETCH_SITE: &str = "sec-fetch-site";

/// Refuses what another site's page sent, unless it can change nothing.
pub fn check(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() { Ok(()) } else { same_site(headers) }
}

/// Refuses a WebSocket that another site's page opens, or that comes with a cookie and does not say where from.
pub fn check_websocket(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.contains_key(header::COOKIE) && !headers.contains_key(header::ORIGIN) {
        return Err(refusal());
    }
    same_site(headers)
}

fn same_site(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get(FETCH_SITE).is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none")) {
        return Err(refusal());
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let origin_host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    if !host.is_empty() && origin_host.is_some_and(|origin| origin.eq_ignore_ascii_case(host)) { Ok(()) } else { Err(refusal()) }
}

fn refusal() -> Problem {
    Problem::new(Code::CrossOrigin, "This request comes from another site's page.").detail("Use Pilothouse at its own address.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn another_site_cannot_change_anything() {
        for elsewhere in [
            &[("host", "a:1"), ("origin", "http://evil.example")][..],
            &[("host", "a:1"), ("origin", "null")],
            &[("host", "a:1"), ("origin", "http://a:2")],
            &[("host", "a:1"), ("origin", "http://a:1"), ("sec-fetch-site", "cross-site")],
            &[("host", "a:1"), ("sec-fetch-site", "same-site")],
            &[("origin", "http://")],
        ] {
            assert!(check(&Method::POST, &headers(elsewhere)).is_err(), "{elsewhere:?}");
            assert!(check_websocket(&headers(elsewhere)).is_err(), "{elsewhere:?}");
        }
    }

    #[test]
    fn our_own_page_and_a_script_can() {
        assert!(check(&Method::POST, &headers(&[("host", "a:1"), ("origin", "http://a:1"), ("sec-fetch-site", "same-origin")])).is_ok());
        assert!(check(&Method::POST, &headers(&[("host", "a:1")])).is_ok());
        assert!(check(&Method::GET, &headers(&[("host", "a:1"), ("sec-fetch-site", "cross-site")])).is_ok());
        assert!(check_websocket(&headers(&[("host", "a:1")])).is_ok());
        assert!(check_websocket(&headers(&[("host", "a:1"), ("cookie", "x=y")])).is_err());
        assert!(check_websocket(&headers(&[("host", "a:1"), ("cookie", "x=y"), ("origin", "http://a:1")])).is_ok());
    }
}
