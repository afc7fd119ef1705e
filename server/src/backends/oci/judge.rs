//! Manifests, judged: each of one known kind, and nothing that one reader takes for an image and another for an index (GHSA-xmmx-7jpf-fx42).

use std::{cell::Cell, fmt, marker::PhantomData};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::access::is_digest;

/// The largest manifest that is taken, in bytes: the spec's own limit.
pub const LARGEST: usize = 4 * 1024 * 1024;
/// How many values a manifest may have, those in others included: each takes up many times the bytes that it is written in.
const MOST_VALUES: usize = 200_000;

pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// The kinds there are.
pub const KINDS: &[&str] = &[OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST];

/// The fields that say what a manifest is. In another spelling some readers know them, too.
const FIELDS: &[&str] = &["schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject", "annotations"];
/// Those of a kind that is gone: it was signed, and nobody checked it.
const GONE: &[&str] = &["fsLayers", "history", "signatures"];
const DESCRIPTOR: &[&str] = &["mediaType", "digest", "size", "urls", "annotations", "data", "artifactType", "platform"];

/// The media type without its parameters, if it is one of [`KINDS`].
pub fn kind(media_type: &str) -> Option<&'static str> {
    let bare = media_type.split(';').next().unwrap_or_default().trim();
    KINDS.iter().copied().find(|kind| kind.eq_ignore_ascii_case(bare))
}

/// Judges `body` as a manifest of `kind`.
///
/// # Errors
/// One sentence about what is wrong with it.
pub fn judge(kind: &'static str, body: &[u8]) -> Result<(), String> {
    let node = read(body).map_err(|error| format!("The manifest is no JSON that can be taken: {error}."))?;
    let Node::Object(fields) = &node else { return Err("A manifest is a JSON object.".to_owned()) };
    spelt(fields, FIELDS)?;
    if let Some(gone) = fields.iter().map(|(key, _)| key).find(|key| GONE.iter().any(|gone| gone.eq_ignore_ascii_case(key))) {
        return Err(format!("Manifests of schema 1 are not taken; this one has {gone}."));
    }
    let get = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    if !matches!(get("schemaVersion"), Some(Node::Number(2))) {
        return Err("The manifest's schemaVersion is not 2.".to_owned());
    }
    match get("mediaType") {
        None => {}
        Some(Node::Text(text)) if text == kind => {}
        Some(_) => return Err("The manifest's mediaType is not the Content-Type that it came with.".to_owned()),
    }
    if let Some(subject) = get("subject") {
        descriptor("subject", subject)?;
    }
    if matches!(kind, OCI_INDEX | DOCKER_LIST) {
        if get("layers").is_some() || get("config").is_some() {
            return Err("This is an index with layers or a config: it can be read in two ways.".to_owned());
        }
        return descriptors("manifests", get("manifests"));
    }
    if get("manifests").is_some() {
        return Err("This is an image with manifests: it can be read in two ways.".to_owned());
    }
    descriptor("config", get("config").ok_or("The manifest has no config.")?)?;
    descriptors("layers", get("layers"))
}

fn descriptors(name: &str, list: Option<&Node>) -> Result<(), String> {
    let Some(Node::List(items)) = list else { return Err(format!("The manifest has no list of {name}.")) };
    items.iter().try_for_each(|item| descriptor(name, item))
}

fn descriptor(name: &str, node: &Node) -> Result<(), String> {
    let Node::Object(fields) = node else { return Err(format!("In {name}, something is no descriptor.")) };
    spelt(fields, DESCRIPTOR)?;
    let get = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let has_type = matches!(get("mediaType"), Some(Node::Text(text)) if !text.is_empty() && text.len() <= 255);
    let has_digest = matches!(get("digest"), Some(Node::Text(text)) if is_digest(text));
    let has_size = matches!(get("size"), Some(Node::Number(_)));
    if has_type && has_digest && has_size { Ok(()) } else { Err(format!("In {name}, a descriptor lacks its mediaType, digest or size.")) }
}

/// A field that is known must be spelt as it is known.
fn spelt(fields: &[(String, Node)], known: &[&str]) -> Result<(), String> {
    let fold = |text: &str| text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect::<String>();
    for (key, _) in fields.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
        if known.iter().any(|name| fold(name) == fold(key)) {
            return Err(format!("The manifest has a field {:?}, which some would read as another one.", key.chars().take(40).collect::<String>()));
        }
    }
    Ok(())
}

/// As much of a JSON value as is judged. A key that comes twice is none.
enum Node {
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
    Text(String),
    Number(u64),
    Other,
}

fn read(body: &[u8]) -> serde_json::Result<Node> {
    let left = Cell::new(MOST_VALUES);
    let mut source = serde_json::Deserializer::from_slice(body);
    let node = Read { left: &left }.deserialize(&mut source)?;
    source.end()?;
    Ok(node)
}

/// Reads one value, and those in it.
#[derive(Clone, Copy)]
struct Read<'l> {
    /// How many more there may be.
    left: &'l Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Read<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Node, D::Error> {
        let Some(left) = self.left.get().checked_sub(1) else { return Err(D::Error::custom("there is too much in it")) };
        self.left.set(left);
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Read<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut fields: Vec<(String, Node)> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        while let Some((key, value)) = map.next_entry_seed(PhantomData::<String>, self)? {
            if !keys.insert(key.clone()) {
                return Err(A::Error::custom("a key comes twice"));
            }
            fields.push((key, value));
        }
        Ok(Node::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest() -> String {
        format!("sha256:{}", "0".repeat(64))
    }

    fn part(media: &str) -> String {
        format!(r#"{{"mediaType":"{media}","digest":"{}","size":3}}"#, digest())
    }

    #[test]
    fn a_manifest_is_of_one_kind() {
        let image =
            format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{c},"layers":[{c}],"annotations":{{"a":"b"}}}}"#, c = part("x/y"));
        let index = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, part(OCI_MANIFEST));
        assert_eq!(judge(OCI_MANIFEST, image.as_bytes()), Ok(()));
        assert_eq!(judge(OCI_INDEX, index.as_bytes()), Ok(()));
        assert_eq!(judge(DOCKER_LIST, index.as_bytes()), Ok(()));
        assert!(judge(OCI_INDEX, image.as_bytes()).is_err() && judge(OCI_MANIFEST, index.as_bytes()).is_err());
        assert!(judge(DOCKER_MANIFEST, image.as_bytes()).is_err(), "another media type");
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        let c = part("x/y");
        for (kind, bad) in [
            (OCI_MANIFEST, format!(r#"{{"schemaVersion":2,"config":{c},"layers":[],"manifests":[]}}"#)),
            (OCI_INDEX, r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#.to_owned()),
            (OCI_INDEX, format!(r#"{{"schemaVersion":2,"manifests":[],"config":{c}}}"#)),
            (OCI_INDEX, r#"{"schemaVersion":2,"manifests":[],"Layers":[]}"#.to_owned()),
            (OCI_INDEX, r#"{"schemaVersion":2,"manifests":[],"manifeſts":[]}"#.to_owned()),
            (OCI_INDEX, r#"{"schemaVersion":2,"manifests":[],"manifests":[]}"#.to_owned()),
            (OCI_MANIFEST, format!(r#"{{"schemaVersion":2,"config":{c},"layers":[],"fsLayers":[]}}"#)),
            (OCI_MANIFEST, format!(r#"{{"schemaVersion":1,"config":{c},"layers":[]}}"#)),
            (OCI_MANIFEST, format!(r#"{{"schemaVersion":"2","config":{c},"layers":[]}}"#)),
            (OCI_MANIFEST, format!(r#"{{"schemaVersion":2,"mediaType":7,"config":{c},"layers":[]}}"#)),
            (OCI_MANIFEST, r#"{"schemaVersion":2,"layers":[]}"#.to_owned()),
            (OCI_MANIFEST, format!(r#"{{"schemaVersion":2,"config":{c}}}"#)),
            (OCI_MANIFEST, format!(r#"{{"schemaVersion":2,"config":{c},"layers":[{{"mediaType":"x/y","digest":"sha256:../x","size":1}}]}}"#)),
            (
                OCI_MANIFEST,
                format!(
                    r#"{{"schemaVersion":2,"config":{c},"layers":[{{"mediaType":"x/y","digest":"{d}","Digest":"{d}","size":1}}]}}"#,
                    d = digest()
                ),
            ),
            (OCI_MANIFEST, format!(r#"{{"schemaVersion":2,"config":{c},"layers":[{{"mediaType":"x/y","digest":"{}","size":-1}}]}}"#, digest())),
            (OCI_MANIFEST, format!(r#"{{"schemaVersion":2,"config":{c},"layers":[]}} x"#)),
            (OCI_MANIFEST, format!("{}{}", "[".repeat(10_000), "]".repeat(10_000))),
            (OCI_MANIFEST, format!(r#"{{"schemaVersion":2,"config":{c},"layers":[],"x":[{}0]}}"#, "0,".repeat(MOST_VALUES))),
            (OCI_MANIFEST, String::new()),
        ] {
            assert!(judge(kind, bad.as_bytes()).is_err(), "{}", &bad[..bad.len().min(200)]);
        }
    }

    #[test]
    fn only_known_kinds_are_manifests() {
        assert_eq!(kind("application/vnd.oci.image.index.v1+json; charset=utf-8"), Some(OCI_INDEX));
        assert_eq!(kind("application/vnd.docker.distribution.manifest.v1+prettyjws"), None);
        assert_eq!(kind("application/json"), None);
    }
}
