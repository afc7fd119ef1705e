//! From a method, a path and a query to a row of the table. Pure, and narrower than the engine's own router: whatever
//! could be read in two ways is refused.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::access::{
    Permission, Place,
    table::docker::{IMPORT, REFUSALS, ROWS, Row},
};

/// A request that has a row.
#[derive(Debug)]
pub struct Classified {
    pub row: &'static Row,
    /// The minor number of `/v1.N`, if the path had a version.
    pub version: Option<u32>,
    /// The path without its version, as the engine shall see it.
    pub path: String,
    /// The values of the path's parameters.
    pub params: Vec<String>,
    pub query: Vec<(String, String)>,
}

/// Why a request has no row.
#[derive(Debug, Eq, PartialEq)]
pub enum Unclassified {
    /// It cannot be read in one way only: 400.
    Malformed(&'static str),
    /// The query holds what its operation does not know: 400.
    Query(String),
    /// It exists, and nobody may: 403.
    Refused(&'static str),
    /// Nothing of this method and path is known: 403.
    Unknown,
}

const LONGEST_PATH: usize = 2_048;
const LONGEST_QUERY: usize = 65_536;

/// Finds the row of a request. `path` begins with `/`, without the engine's prefix.
pub fn classify(method: &str, path: &str, query: Option<&str>) -> Result<Classified, Unclassified> {
    let segments = split(path)?;
    let (version, segments) = version(&segments)?;
    let Some((row, params)) = find(method, segments) else {
        let refusal = REFUSALS.iter().find(|r| r.method == method && (r.path == "/{any}" || pattern(r.path, segments).is_some()));
        return Err(refusal.map_or(Unclassified::Unknown, |refusal| Unclassified::Refused(refusal.reason)));
    };
    let query = parse_query(query.unwrap_or_default(), row)?;
    Ok(Classified { row, version, path: format!("/{}", segments.join("/")), params, query })
}

impl Classified {
    /// What the operation needs, and of what. To make an image of a file or an address is another right than to pull one, by the same path.
    pub fn needs(&self) -> (Permission, Place) {
        let pulls = self.query.iter().any(|(key, value)| key == "fromImage" && !value.is_empty());
        if self.row.name == "ImageCreate" && !pulls {
            return IMPORT;
        }
        (self.row.permission, self.row.place)
    }

    /// What the operation is about, for people: the path's parameters, or what the query names.
    pub fn object(&self) -> String {
        let named = |name: &str| self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        if self.row.name == "ImagePush"
            && let Some(tag) = named("tag").filter(|tag| !tag.is_empty())
        {
            // The engine takes this tag, whatever the path says.
            let image = self.params.join("/");
            let repository = image.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(image.as_str(), |(repository, _)| repository);
            return format!("{repository}:{tag}");
        }
        if !self.params.is_empty() {
            return self.params.join(" ");
        }
        let tagged = |name: &str| {
            let tag = named("tag").filter(|tag| !tag.is_empty());
            named(name).map(|image| tag.map_or_else(|| image.to_owned(), |tag| format!("{image}{}{tag}", if tag.contains(':') { "@" } else { ":" })))
        };
        let text = match self.row.name {
            "ImageCreate" => tagged("fromImage").or_else(|| tagged("repo")),
            "ImageCommit" => named("container").map(str::to_owned),
            "ImageBuild" => named("t").map(str::to_owned),
            "ImageGetAll" => named("names").map(str::to_owned),
            "PluginPull" | "GetPluginPrivileges" => named("remote").map(str::to_owned),
            _ => named("name").map(str::to_owned),
        };
        text.unwrap_or_default()
    }
}

/// The path's segments, each of plain characters: nothing that any router would decode, clean or fold.
fn split(path: &str) -> Result<Vec<&str>, Unclassified> {
    if path.len() > LONGEST_PATH {
        return Err(Unclassified::Malformed("The path is too long."));
    }
    let Some(rest) = path.strip_prefix('/') else {
        return Err(Unclassified::Malformed("The path must begin with a slash."));
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-' | b':' | b'@' | b'+');
    if !rest.bytes().all(plain) {
        return Err(Unclassified::Malformed("The path holds a character that is not taken here; nothing in it may be escaped."));
    }
    let segments: Vec<&str> = rest.split('/').collect();
    // The one path of the engine's that ends with a slash is refused by name, so it must get that far.
    if rest == "debug/pprof/" {
        return Ok(segments);
    }
    if segments.iter().any(|segment| matches!(*segment, "" | "." | "..")) {
        return Err(Unclassified::Malformed("The path holds an empty or a dot segment."));
    }
    Ok(segments)
}

/// Takes `v1.N` off the front. The engine's router takes any `v[0-9.]+`; we take its one canonical spelling.
fn version<'a, 'b>(segments: &'b [&'a str]) -> Result<(Option<u32>, &'b [&'a str]), Unclassified> {
    let Some((first, rest)) = segments.split_first() else { return Ok((None, segments)) };
    let looks_like_one = first.strip_prefix(['v', 'V']).is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit() || c == '.'));
    if !looks_like_one {
        return Ok((None, segments));
    }
    let minor = first.strip_prefix("v1.").filter(|n| (1..=3).contains(&n.len()) && !n.starts_with('0') && n.bytes().all(|b| b.is_ascii_digit()));
    match minor.and_then(|n| n.parse().ok()) {
        Some(minor) if !rest.is_empty() => Ok((Some(minor), rest)),
        _ => Err(Unclassified::Malformed("The API version in the path must be spelled like v1.41.")),
    }
}

fn find(method: &str, segments: &[&str]) -> Option<(&'static Row, Vec<String>)> {
    // Rows without parameters come first, as in the engine's router: `/containers/json` is no container.
    let rows = || ROWS.iter().filter(|row| row.method == method);
    let literal = rows().filter(|row| !row.path.contains('{'));
    let others = rows().filter(|row| row.path.contains('{'));
    literal.chain(others).find_map(|row| pattern(row.path, segments).map(|params| (row, params)))
}

/// The parameters' values if `segments` match `path`.
fn pattern(path: &str, segments: &[&str]) -> Option<Vec<String>> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let several = parts.iter().position(|part| *part == "{ref...}");
    let Some(at) = several else {
        let params = (parts.len() == segments.len()).then(|| fixed(&parts, segments)).flatten()?;
        return params.iter().all(|param| is_name(param)).then_some(params);
    };
    let tail = parts.len() - at - 1;
    let end = segments.len().checked_sub(tail).filter(|end| *end > at)?;
    fixed(parts.get(..at)?, segments.get(..at)?)?;
    fixed(parts.get(at + 1..)?, segments.get(end..)?)?;
    let reference = segments.get(at..end)?;
    reference.iter().all(|segment| is_reference_part(segment)).then(|| vec![reference.join("/")])
}

fn fixed(parts: &[&str], segments: &[&str]) -> Option<Vec<String>> {
    let mut params = Vec::new();
    for (part, segment) in parts.iter().zip(segments) {
        if part.starts_with('{') {
            params.push((*segment).to_owned());
        } else if part != segment {
            return None;
        }
    }
    Some(params)
}

/// A container, volume, network, node, ... by name or id: what Docker lets names be.
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    text.len() <= 255
        && bytes.next().is_some_and(|b| b.is_ascii_alphanumeric())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// One part of an image reference between slashes: `registry:5000`, `name`, `name:tag`, `name@sha256:...`.
fn is_reference_part(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphanumeric())
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b':' | b'@' | b'+'))
}

fn parse_query(query: &str, row: &Row) -> Result<Vec<(String, String)>, Unclassified> {
    if query.len() > LONGEST_QUERY {
        return Err(Unclassified::Malformed("The query is too long."));
    }
    // Engines built with older Go split at `;` too.
    if query.contains(';') {
        return Err(Unclassified::Malformed("The query holds a semicolon."));
    }
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(key), Some(value)) = (decode(key), decode(value)) else {
            return Err(Unclassified::Malformed("The query is not encoded as it should be."));
        };
        let once = row.query.contains(&key.as_str());
        let often = row.query.iter().any(|name| name.strip_suffix('*') == Some(&key));
        if !once && !often {
            return Err(Unclassified::Query(format!("{} does not take {:?} in its query.", row.name, cut(&key))));
        }
        if once && pairs.iter().any(|(seen, _)| *seen == key) {
            return Err(Unclassified::Query(format!("{} takes {key:?} once.", row.name)));
        }
        pairs.push((key, value));
    }
    Ok(pairs)
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

/// One form-encoded text; `None` if an escape is broken or it is no text.
fn decode(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let code = rest.get(at + 1..at + 3)?;
        if !code.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        rest = rest.get(at + 3..)?;
    }
    let spaced: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8().ok()?;
    (!decoded.contains('\0')).then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(method: &str, path: &str) -> Result<(&'static str, Vec<String>), Unclassified> {
        classify(method, path, None).map(|c| (c.row.name, c.params))
    }

    #[test]
    fn a_name_is_not_mistaken_for_a_verb_nor_a_verb_for_a_name() {
        assert_eq!(name("GET", "/containers/json").unwrap().0, "ContainerList");
        assert_eq!(name("GET", "/containers/json/json").unwrap(), ("ContainerInspect", vec!["json".to_owned()]));
        assert_eq!(name("POST", "/containers/prune/start").unwrap(), ("ContainerStart", vec!["prune".to_owned()]));
        assert_eq!(name("DELETE", "/containers/create").unwrap(), ("ContainerDelete", vec!["create".to_owned()]));
        assert_eq!(name("GET", "/images/get").unwrap().0, "ImageGetAll");
        assert_eq!(name("GET", "/images/get/get").unwrap(), ("ImageGet", vec!["get".to_owned()]));
        assert_eq!(name("DELETE", "/images/a/b:c").unwrap(), ("ImageDelete", vec!["a/b:c".to_owned()]));
        assert_eq!(name("POST", "/images/127.0.0.1:5000/a/b/push").unwrap().1, ["127.0.0.1:5000/a/b"]);
    }

    #[test]
    fn only_the_canonical_version_is_taken() {
        assert_eq!(classify("GET", "/v1.41/info", None).unwrap().version, Some(41));
        for path in
            ["/v01.44/info", "/v1..44/info", "/v1.44.0/info", "/V1.44/info", "/v99.9/info", "/v1/info", "/v1.044/info", "/v1.44", "/v1.+4/info"]
        {
            assert!(matches!(name("GET", path), Err(Unclassified::Malformed(_))), "{path}");
        }
        // The second is no version: there is no operation of this name.
        assert_eq!(name("GET", "/v1.44/v1.45/info"), Err(Unclassified::Unknown));
    }

    #[test]
    fn what_a_router_might_decode_clean_or_fold_is_refused() {
        for path in [
            "/containers/%63reate",
            "/containers%2Fjson",
            "//info",
            "/./info",
            "/containers/../info",
            "/%2e%2e/info",
            "/%252e/info",
            "/containers\\json",
            "/info;x=1",
            "/info/",
            "/info%00",
            "/%zz",
            "/inf\u{f6}",
            "info",
            "",
        ] {
            assert!(matches!(name("GET", path), Err(Unclassified::Malformed(_))), "{path}");
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_unknown() {
        for (method, path) in [("get", "/info"), ("TRACE", "/info"), ("POST", "/info"), ("GET", "/nope"), ("GET", "/plugins/x"), ("CONNECT", "/info")]
        {
            assert_eq!(name(method, path), Err(Unclassified::Unknown), "{method} {path}");
        }
        assert!(matches!(name("GET", "/debug/pprof/heap"), Err(Unclassified::Refused(_))));
        assert!(matches!(name("OPTIONS", "/containers/json"), Err(Unclassified::Refused(_))));
    }

    #[test]
    fn a_query_is_known_by_name_and_comes_once() {
        let ask = |query| classify("POST", "/images/create", Some(query)).map(|c| c.query);
        assert_eq!(ask("fromImage=a%2Fb&tag=c+d").unwrap(), [("fromImage".to_owned(), "a/b".to_owned()), ("tag".to_owned(), "c d".to_owned())]);
        assert!(matches!(ask("fromImage=a&fromImage=b"), Err(Unclassified::Query(_))));
        assert!(matches!(ask("fromimage=a"), Err(Unclassified::Query(_))));
        assert!(matches!(ask("fromImage=a;tag=b"), Err(Unclassified::Malformed(_))));
        assert!(matches!(ask("fromImage=%zz"), Err(Unclassified::Malformed(_))));
        assert!(matches!(ask("fromImage=%00"), Err(Unclassified::Malformed(_))));
        assert!(matches!(ask("fromImage=%ff"), Err(Unclassified::Malformed(_))));
        assert_eq!(classify("POST", "/build", Some("t=a&t=b")).unwrap().query.len(), 2);
    }

    #[test]
    fn every_row_is_found_by_its_own_path() {
        for row in ROWS {
            let path = row.path.replace("{id}", "some-id").replace("{ref...}", "host:5000/some/image:tag");
            for path in [path.clone(), format!("/v1.41{path}")] {
                assert_eq!(classify(row.method, &path, None).unwrap().row.name, row.name, "{} {path}", row.method);
            }
        }
    }
}
