//! Which endpoint a request is for, and what it names.

use http::Method;

use crate::access::{
    is_digest, is_repository_name, is_tag, is_target_name,
    table::oci::{ROWS, Row},
};

use super::refusal::{Code, Refusal};

/// The longest path that is looked at, in bytes: a registry, a repository, and an upload's id.
const LONGEST: usize = 4_096;
/// How many items a list has at most, whatever is asked for.
pub use crate::backends::oci::lists::MOST;

/// A request, read.
#[derive(Debug)]
pub struct Classified {
    pub row: &'static Row,
    pub registry: String,
    pub repository: String,
    /// The tag, the digest or the upload's id; empty where there is none.
    pub reference: String,
    pub query: Vec<(String, String)>,
}

/// What the end of a path says.
enum Tail<'a> {
    Plain(&'static str),
    With(&'static str, &'a str),
}

/// # Errors
/// What has no row, or names something that cannot be.
pub fn classify(method: &Method, path: &str, query: Option<&str>) -> Result<Classified, Refusal> {
    if path.len() > LONGEST {
        return Err(Refusal::bad(Code::NameInvalid, "The path is too long."));
    }
    // A digest's colon is all that clients escape; whatever else is, hides something.
    let path = path.replace("%3A", ":").replace("%3a", ":");
    if path.bytes().any(|b| b == b'%' || b == b'\\' || !b.is_ascii_graphic()) {
        return Err(Refusal::bad(Code::NameInvalid, "The path holds an escaped or odd character, which no name has."));
    }
    let (pattern, name, reference) = parts(&path)?;
    let row = row(method, pattern)?;
    let (registry, repository) = match name {
        None => (String::new(), String::new()),
        Some(name) => named(name)?,
    };
    check(pattern, reference)?;
    Ok(Classified { row, registry, repository, reference: reference.to_owned(), query: read_query(row, query)? })
}

/// The registry and the repository in it.
fn named(name: &str) -> Result<(String, String), Refusal> {
    let Some((registry, repository)) = name.split_once('/') else {
        return Err(Refusal::bad(Code::NameInvalid, "A repository is named REGISTRY/REPOSITORY: the first part says which registry."));
    };
    if !is_target_name(registry) || !is_repository_name(repository) {
        return Err(Refusal::bad(Code::NameInvalid, "This is no repository's name."));
    }
    Ok((registry.to_owned(), repository.to_owned()))
}

/// The pattern of a path, the name in it, and what it refers to.
fn parts(path: &str) -> Result<(&'static str, Option<&str>, &str), Refusal> {
    let unknown = || Refusal::not_found(Code::Unsupported, "The distribution API has no such path.");
    match path {
        "/v2" | "/v2/" => return Ok(("/v2/", None, "")),
        "/v2/_catalog" => return Ok(("/v2/_catalog", None, "")),
        _ => {}
    }
    let rest = path.strip_prefix("/v2/").ok_or_else(unknown)?;
    let tail = if let Some(name) = rest.strip_suffix("/tags/list") {
        (name, Tail::Plain("/v2/{name}/tags/list"))
    } else if let Some(name) = rest.strip_suffix("/blobs/uploads/").or_else(|| rest.strip_suffix("/blobs/uploads")) {
        (name, Tail::Plain("/v2/{name}/blobs/uploads/"))
    } else {
        let (front, last) = rest.rsplit_once('/').ok_or_else(unknown)?;
        let with = |word: &str, pattern| Some((front.strip_suffix(word)?, Tail::With(pattern, last)));
        with("/blobs/uploads", "/v2/{name}/blobs/uploads/{upload}")
            .or_else(|| with("/manifests", "/v2/{name}/manifests/{reference}"))
            .or_else(|| with("/blobs", "/v2/{name}/blobs/{digest}"))
            .or_else(|| with("/referrers", "/v2/{name}/referrers/{digest}"))
            .ok_or_else(unknown)?
    };
    Ok(match tail {
        (name, Tail::Plain(pattern)) => (pattern, Some(name), ""),
        (name, Tail::With(pattern, reference)) => (pattern, Some(name), reference),
    })
}

fn row(method: &Method, pattern: &str) -> Result<&'static Row, Refusal> {
    let mut of_path = ROWS.iter().filter(|row| row.path == pattern).peekable();
    if of_path.peek().is_none() {
        return Err(Refusal::not_found(Code::Unsupported, "The distribution API has no such path."));
    }
    of_path.find(|row| row.method == method.as_str()).ok_or_else(|| {
        Refusal::new(http::StatusCode::METHOD_NOT_ALLOWED, Code::Unsupported, format!("The distribution API has no {method} of this path."))
    })
}

fn check(pattern: &str, reference: &str) -> Result<(), Refusal> {
    if pattern.ends_with("{digest}") && !is_digest(reference) {
        return Err(Refusal::bad(Code::DigestInvalid, "This is no digest by sha256 or sha512."));
    }
    if pattern.ends_with("{reference}") && !is_tag(reference) && !is_digest(reference) {
        let code = if reference.contains(':') { Code::DigestInvalid } else { Code::ManifestInvalid };
        return Err(Refusal::bad(code, "This is neither a tag nor a digest by sha256 or sha512."));
    }
    Ok(())
}

/// The query as its row allows it: each name once.
fn read_query(row: &Row, query: Option<&str>) -> Result<Vec<(String, String)>, Refusal> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        // containerd says by which registry's name it came, as if we were a mirror: we are none.
        if key == "ns" {
            continue;
        }
        if !row.query.contains(&&*key) || found.iter().any(|(known, _)| *known == *key) {
            let key: String = key.chars().take(40).collect();
            return Err(Refusal::bad(Code::Unsupported, format!("{} takes no parameter {key:?}, or not twice.", row.name)));
        }
        found.push((key.into_owned(), value.into_owned()));
    }
    Ok(found)
}

impl Classified {
    pub fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// How many items are asked for, as far as that many are given.
    pub fn limit(&self) -> Result<Option<u32>, Refusal> {
        let Some(text) = self.asked("n") else { return Ok(None) };
        let is_number = !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number {
            return Err(Refusal::bad(Code::PaginationNumberInvalid, "n is a number of items."));
        }
        Ok(Some(text.parse().unwrap_or(MOST).min(MOST)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(method: &str, target: &str) -> Result<(String, String, String, String), u16> {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        classify(&method.parse().unwrap(), path, query)
            .map(|found| (found.row.name.to_owned(), found.registry, found.repository, found.reference))
            .map_err(|refusal| refusal.status.as_u16())
    }

    fn is(name: &str, registry: &str, repository: &str, reference: &str) -> Result<(String, String, String, String), u16> {
        Ok((name.to_owned(), registry.to_owned(), repository.to_owned(), reference.to_owned()))
    }

    #[test]
    fn each_row_is_found_by_its_path() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for row in ROWS {
            let path =
                row.path.replace("{name}", "hub/team/x").replace("{reference}", "latest").replace("{digest}", &digest).replace("{upload}", "abc");
            let found = classify(&row.method.parse().unwrap(), &path, None).unwrap();
            assert_eq!(found.row.name, row.name, "{path}");
        }
    }

    #[test]
    fn names_that_look_like_paths_are_names() {
        let digest = format!("sha256:{}", "0".repeat(64));
        assert_eq!(ask("GET", "/v2/hub/a/blobs/uploads/tags/list"), is("TagList", "hub", "a/blobs/uploads", ""));
        assert_eq!(ask("GET", &format!("/v2/hub/blobs/blobs/{digest}")), is("BlobGet", "hub", "blobs", &digest));
        assert_eq!(ask("GET", "/v2/hub/manifests/manifests/manifests"), is("ManifestGet", "hub", "manifests", "manifests"));
        assert_eq!(ask("GET", &format!("/v2/hub/a/blobs/{}", digest.replace(':', "%3A"))), is("BlobGet", "hub", "a", &digest));
    }

    #[test]
    fn what_is_no_name_goes_no_further() {
        for bad in [
            "/v2/hub/../x/tags/list",
            "/v2/hub/a/../b/tags/list",
            "/v2/hub//a/tags/list",
            "/v2/hub/a%2fb/tags/list",
            "/v2/hub/a%2Fb/tags/list",
            "/v2/hub/%2e%2e/tags/list",
            "/v2/Hub/a/tags/list",
            "/v2/hub/A/tags/list",
            "/v2/hub/tags/list",
            "/v2/hub/a/manifests/..",
            "/v2/hub/a/manifests/md5:00",
            "/v2/hub/a/blobs/sha256:00",
            "/v2/hub/a/blobs/latest",
            "/v2/hub/a/manifests/",
            "/v2/hub/a/tags/list?n=x",
            "/v2/hub/a/tags/list?n=1&n=2",
            "/v2/hub/a/tags/list?q=1",
            "/v2/hub\\a/tags/list",
        ] {
            let refused = match ask("GET", bad) {
                Err(status) => status,
                Ok(_) => classify(&Method::GET, "/v2/hub/a/tags/list", Some("n=x")).unwrap().limit().unwrap_err().status.as_u16(),
            };
            assert_eq!(refused, 400, "{bad}");
        }
        assert_eq!(ask("GET", "/v2/hub/a/other"), Err(404));
        assert_eq!(ask("GET", "/v2/hub"), Err(404));
        assert_eq!(ask("POST", "/v2/hub/a/tags/list"), Err(405));
        assert_eq!(ask("DELETE", "/v2/"), Err(405));
    }

    #[test]
    fn no_list_is_longer_than_it_may_be() {
        let limit = |query: &str| classify(&Method::GET, "/v2/_catalog", Some(query)).unwrap().limit().unwrap();
        assert_eq!((limit("n=5"), limit("n=2147483647"), limit("n=99999999999999999999"), limit("")), (Some(5), Some(1000), Some(1000), None));
    }
}
