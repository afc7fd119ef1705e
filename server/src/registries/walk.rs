//! Looking through what a registry has: repositories, tags, and what manifests name. Everything has a cap, and what is over it is an error.

use std::{collections::HashSet, pin::pin, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt};
use http::{Method, StatusCode};
use serde_json::Value;

use crate::{
    access::{Permit, is_digest},
    backends::oci::{
        Ask, Registry,
        answer::{granted, length, sha256, there},
        judge::{KINDS, LARGEST},
        lists::{self, Names},
        manifests::ask,
    },
};

/// How many requests to the registry are on their way at once.
const AT_ONCE: usize = 8;
/// How many tags a repository, and repositories a registry may have.
const MOST: usize = 100_000;
/// How many blobs one manifest may name where each is looked at.
pub const MOST_BLOBS: usize = 1_000;
/// The largest blob that is believed in, in bytes: 1 EiB, the largest bound that there is.
const LARGEST_BLOB: i64 = 1 << 60;
/// How many indexes within indexes are read for one look, and how many bytes of them.
const MOST_INDEXES: usize = 100;
const MOST_BYTES: i64 = 32 * 1024 * 1024;
/// How many objects a manifest may have where what it names is looked at: each takes up many times the bytes that it is written in.
const MOST_OBJECTS: usize = 100_000;
/// How long one look at what tags need may take.
const PATIENCE: Duration = Duration::from_secs(50);

/// What a manifest names.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Named {
    /// Its config and layers, each once. How large they are, and whether they lie there, the registry says ([`weigh`]).
    pub blobs: Vec<String>,
    /// How many layers it has.
    pub layers: usize,
    /// The manifests that it is an index of, each once.
    pub manifests: Vec<String>,
    /// Those of them that are indexes again, each once.
    pub indexes: Vec<String>,
}

/// What a manifest that was judged already names.
pub fn named(manifest: &[u8]) -> Named {
    let value: Value = serde_json::from_slice(manifest).unwrap_or_default();
    let list = |name: &str| value[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let digest = |part: &Value| part["digest"].as_str().filter(|text| is_digest(text)).map(str::to_owned);
    let is_index = |part: &&Value| part["mediaType"].as_str().is_some_and(|media| media.contains("index") || media.contains("manifest.list"));
    Named {
        blobs: once(list("layers").iter().chain(std::iter::once(&value["config"])).filter_map(digest)),
        layers: list("layers").len(),
        manifests: once(list("manifests").iter().filter_map(digest)),
        indexes: once(list("manifests").iter().filter(is_index).filter_map(digest)),
    }
}

/// Each of them once, in their order.
fn once(digests: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    digests.filter(|digest| seen.insert(digest.clone())).collect()
}

/// A manifest as a registry has it.
pub struct Found {
    pub digest: String,
    pub bytes: i64,
    pub named: Named,
}

/// An answer, whole; `None` for what there is not.
async fn whole(registry: &Registry, permit: &Permit, ask: Ask) -> Result<Option<Bytes>, String> {
    let answer = registry.send(permit, ask).await.map_err(|error| error.to_string())?;
    let read = there(granted(answer, LARGEST).await).map_err(|error| error.to_string())?;
    Ok(read.map(|(_, body)| body))
}

fn all(list: Names) -> Result<Vec<String>, String> {
    if list.is_complete { Ok(list.names) } else { Err(format!("The registry's list has more than {MOST} items, or no end.")) }
}

/// The tags of a repository; none of one that there is not.
///
/// # Errors
/// One sentence about why they are not known.
pub async fn tags(registry: &Registry, permit: &Permit, repository: &str) -> Result<Vec<String>, String> {
    let tags = there(lists::all_tags(registry, permit, repository, MOST).await).map_err(|error| error.to_string())?;
    tags.map_or(Ok(Vec::new()), all)
}

/// The repositories of a registry; none of one that has no catalog.
///
/// # Errors
/// As of [`tags`].
pub async fn repositories(registry: &Registry, permit: &Permit) -> Result<Vec<String>, String> {
    let names = there(lists::all_repositories(registry, permit, MOST, |_| true).await).map_err(|error| error.to_string())?;
    names.map_or(Ok(Vec::new()), all)
}

/// A manifest, if it is there. It is counted as it is, and so need not be one that is passed on.
///
/// # Errors
/// As of [`tags`].
pub async fn manifest(registry: &Registry, permit: &Permit, repository: &str, reference: &str) -> Result<Option<Found>, String> {
    let Some(body) = whole(registry, permit, ask(Method::GET, repository, reference, KINDS, "pull")).await? else { return Ok(None) };
    if body.iter().filter(|byte| **byte == b'{').count() > MOST_OBJECTS {
        return Err(format!("{reference} has too much in it to be looked at."));
    }
    let digest = if is_digest(reference) { reference.to_owned() } else { sha256(&body) };
    Ok(Some(Found { digest, bytes: i64::try_from(body.len()).unwrap_or(i64::MAX), named: named(&body) }))
}

/// Whether a manifest is there.
///
/// # Errors
/// As of [`tags`].
pub async fn is_there(registry: &Registry, permit: &Permit, repository: &str, digest: &str) -> Result<bool, String> {
    Ok(whole(registry, permit, ask(Method::HEAD, repository, digest, KINDS, "pull")).await?.is_some())
}

/// Manifests by their tags or digests, a few at once and in no order. Those that are not there are left out.
pub fn manifests<'a>(
    registry: &'a Registry,
    permit: &'a Permit,
    repository: &'a str,
    references: Vec<String>,
) -> impl Stream<Item = Result<(String, Found), String>> + Send + 'a {
    let read = futures_util::stream::iter(references).map(move |reference| async move {
        let found = manifest(registry, permit, repository, &reference).await?;
        Ok::<_, String>(found.map(|found| (reference, found)))
    });
    read.buffer_unordered(AT_ONCE).try_filter_map(|found| std::future::ready(Ok(found)))
}

/// How large blobs are by the registry's word, a few at once. One that it does not have takes up nothing there.
///
/// # Errors
/// As of [`tags`], and when it does not say how large one is: what a manifest says of its blobs is not believed.
pub async fn weigh(registry: &Registry, permit: &Permit, repository: &str, blobs: Vec<String>) -> Result<Vec<(String, i64)>, String> {
    let read = futures_util::stream::iter(blobs).map(|digest| async move {
        let ask = Ask::within(Method::HEAD, repository, &format!("blobs/{digest}"), "pull,push");
        // Where a blob lies elsewhere, it is that place which knows.
        let answer = registry.fetch(permit, ask).await.map_err(|error| error.to_string())?;
        let bytes = match answer.response.status() {
            StatusCode::OK => length(answer.response.headers()),
            StatusCode::NOT_FOUND => Some(0),
            _ => None,
        };
        let bytes = bytes.ok_or_else(|| format!("The registry does not say how large {digest} is."))?;
        Ok::<_, String>((digest, i64::try_from(bytes).unwrap_or(LARGEST_BLOB).min(LARGEST_BLOB)))
    });
    read.buffer_unordered(AT_ONCE).try_collect().await
}

/// The tags of a repository, among those that `picks` says, that mean a digest, or an index that needs it.
///
/// # Errors
/// As of [`tags`].
pub async fn tags_that_need(
    registry: &Registry,
    permit: &Permit,
    repository: &str,
    digest: &str,
    picks: impl Fn(&str) -> bool,
) -> Result<Vec<String>, String> {
    let look = async {
        let picked = tags(registry, permit, repository).await?.into_iter().filter(|tag| picks(tag)).collect();
        let mut look = Look { registry, permit, repository, digest, dead_ends: HashSet::new(), indexes: 0, bytes: 0 };
        let mut need = Vec::new();
        let mut read = pin!(manifests(registry, permit, repository, picked));
        while let Some((tag, found)) = read.try_next().await? {
            if look.leads(found).await? {
                need.push(tag);
            }
        }
        need.sort_unstable();
        Ok(need)
    };
    let late = |_| format!("It was not known within {} s what the tags need.", PATIENCE.as_secs());
    tokio::time::timeout(PATIENCE, look).await.map_err(late)?
}

/// A look for what leads to a manifest. What was read for one tag is not read again for the next.
struct Look<'a> {
    registry: &'a Registry,
    permit: &'a Permit,
    repository: &'a str,
    digest: &'a str,
    /// Indexes that do not lead to it.
    dead_ends: HashSet<String>,
    /// How many indexes were read, and how many bytes they have.
    indexes: usize,
    bytes: i64,
}

impl Look<'_> {
    /// Whether a manifest is this one, or an index that leads to it.
    async fn leads(&mut self, found: Found) -> Result<bool, String> {
        let (mut left, mut seen) = (Vec::new(), HashSet::new());
        let mut next = Some(found);
        loop {
            if let Some(found) = next.take() {
                if is_or_names(&found, self.digest) {
                    return Ok(true);
                }
                let fresh = |index: &String| !self.dead_ends.contains(index) && seen.insert(index.clone());
                left.extend(found.named.indexes.into_iter().filter(fresh));
            }
            let Some(index) = left.pop() else { break };
            next = self.index(&index).await?;
        }
        self.dead_ends.extend(seen);
        Ok(false)
    }

    async fn index(&mut self, index: &str) -> Result<Option<Found>, String> {
        self.indexes += 1;
        if self.indexes > MOST_INDEXES || self.bytes > MOST_BYTES {
            return Err("More indexes stand in one another than are looked at, so it is not known what they need.".to_owned());
        }
        let found = manifest(self.registry, self.permit, self.repository, index).await?;
        self.bytes += found.as_ref().map_or(0, |found| found.bytes);
        Ok(found)
    }
}

/// Whether a manifest is this one, or names it. What is named by another algorithm may be it.
fn is_or_names(found: &Found, digest: &str) -> bool {
    let other = |named: &String| named.split(':').next() != digest.split(':').next();
    found.digest == digest || found.named.manifests.iter().any(|named| named == digest || other(named))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_each_thing_once_and_also_what_it_says_lies_elsewhere() {
        let digest = |c: char| format!("sha256:{}", c.to_string().repeat(64));
        let text = serde_json::json!({
            "config": { "mediaType": "x/config", "digest": digest('c'), "size": 3 },
            "layers": [
                { "mediaType": "x/layer", "digest": digest('a'), "size": 5 },
                { "mediaType": "x/layer", "digest": digest('a'), "size": 5 },
                { "mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "digest": digest('f'), "size": 7 },
            ],
        });
        let named = named(text.to_string().as_bytes());
        assert_eq!(named, Named { blobs: vec![digest('a'), digest('f'), digest('c')], layers: 3, ..Named::default() });
        let of = |c, kind| serde_json::json!({ "digest": digest(c), "mediaType": KINDS[kind] });
        let index = serde_json::json!({ "manifests": [of('b', 0), { "digest": "no" }, of('d', 1), of('b', 0), of('d', 1), of('d', 0)] });
        let named = super::named(index.to_string().as_bytes());
        assert_eq!((named.manifests, named.indexes), (vec![digest('b'), digest('d')], vec![digest('d')]));
    }
}
