//! Which engine a request is for, and what remains of its path.

use http::{HeaderMap, Uri};

use crate::access::is_target_name;

/// The header that names the engine where the path cannot: BuildKit's `/session` and `/grpc` drop the path of `DOCKER_HOST`.
pub const HEADER: &str = "pilothouse-engine";
const PREFIX: &str = "/engines/";

/// How a request named its engine.
#[derive(Debug, Eq, PartialEq)]
pub struct Named<'a> {
    pub engine: &'a str,
    /// The rest of the path, from its `/` on.
    pub path: &'a str,
}

/// Why the engine's name cannot be read.
#[derive(Debug, Eq, PartialEq)]
pub enum NameError {
    /// The path and the header, or the header and the credential, name two engines, or the header comes twice.
    Ambiguous,
    /// Not a name at all.
    Malformed,
}

/// Whether `uri` with `headers` is for the engine door. `bound` is the engine that the credential is bound to.
pub fn engine<'a>(uri: &'a Uri, headers: &'a HeaderMap, bound: Option<&'a str>) -> Option<Result<Named<'a>, NameError>> {
    let mut named = headers.get_all(HEADER).iter();
    let header = named.next();
    let by_header = header.and_then(|value| value.to_str().ok());
    let path = uri.path();
    if let Some(rest) = path.strip_prefix(PREFIX) {
        let (engine, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let agreed = by_header.is_none_or(|name| name == engine);
        return Some(check(engine, path, agreed && named.next().is_none()));
    }
    if header.is_some() {
        let engine = by_header.unwrap_or_default();
        let agreed = bound.is_none_or(|name| name == engine);
        return Some(check(engine, path, agreed && named.next().is_none()));
    }
    let engine = bound?;
    // A bound token still is one for the API.
    (!path.starts_with("/api/")).then(|| check(engine, path, true))
}

fn check<'a>(engine: &'a str, path: &'a str, agreed: bool) -> Result<Named<'a>, NameError> {
    if !is_target_name(engine) {
        return Err(NameError::Malformed);
    }
    if agreed { Ok(Named { engine, path }) } else { Err(NameError::Ambiguous) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(path: &'static str, header: &[&'static str], bound: Option<&'static str>) -> Option<Result<(String, String), NameError>> {
        let mut headers = HeaderMap::new();
        for value in header {
            headers.append(HEADER, http::HeaderValue::from_static(value));
        }
        let uri = Uri::from_static(path);
        engine(&uri, &headers, bound).map(|found| found.map(|n| (n.engine.to_owned(), n.path.to_owned())))
    }

    fn to(engine: &str, path: &str) -> Option<Result<(String, String), NameError>> {
        Some(Ok((engine.to_owned(), path.to_owned())))
    }

    #[test]
    fn an_engine_is_named_by_path_header_or_credential() {
        assert_eq!(ask("/engines/a/v1.41/info", &[], None), to("a", "/v1.41/info"));
        assert_eq!(ask("/session", &["a"], None), to("a", "/session"));
        assert_eq!(ask("/session", &[], Some("a")), to("a", "/session"));
        assert_eq!(ask("/engines/a/info", &["a"], Some("a")), to("a", "/info"));
    }

    #[test]
    fn the_console_and_the_api_are_not_the_engine_door() {
        assert_eq!(ask("/", &[], None), None);
        assert_eq!(ask("/api/v1/me", &[], Some("a")), None);
        assert_eq!(ask("/containers/json", &[], None), None);
    }

    #[test]
    fn two_names_are_none() {
        assert_eq!(ask("/engines/a/info", &["b"], None), Some(Err(NameError::Ambiguous)));
        assert_eq!(ask("/engines/a/info", &["a", "a"], None), Some(Err(NameError::Ambiguous)));
        assert_eq!(ask("/info", &["a"], Some("b")), Some(Err(NameError::Ambiguous)));
        assert_eq!(ask("/engines/A/info", &[], None), Some(Err(NameError::Malformed)));
        assert_eq!(ask("/engines/", &[], None), Some(Err(NameError::Malformed)));
        assert_eq!(ask("/engines/%61/info", &[], None), Some(Err(NameError::Malformed)));
    }
}
