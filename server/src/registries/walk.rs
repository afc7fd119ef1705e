//! Looking through what a registry has: repositories, tags, and what manifests name. Everything has a cap, and what is over it is an error.

use std::collections::HashSet;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
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
/// How many indexes within one index are looked at.
const MOST_INDEXES: usize = 100;

/// What a manifest names.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Named {
    /// Its config and layers: digests and the sizes that it says they have, each once. Not those that lie elsewhere.
    pub blobs: Vec<(String, i64)>,
    /// How many layers it has.
    pub layers: usize,
    /// The manifests that it is an index of.
    pub manifests: Vec<String>,
    /// Those of them that are indexes again.
    pub indexes: Vec<String>,
}

/// What a manifest that was judged already names.
pub fn named(manifest: &[u8]) -> Named {
    let value: Value = serde_json::from_slice(manifest).unwrap_or_default();
    let list = |name: &str| value[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let digest = |part: &Value| part["digest"].as_str().filter(|text| is_digest(text)).map(str::to_owned);
    // Layers that must not be passed on lie at their maker's.
    let is_here = |part: &&Value| part["mediaType"].as_str().is_none_or(|media| !media.contains("foreign") && !media.contains("nondistributable"));
    let is_index = |part: &&Value| part["mediaType"].as_str().is_some_and(|media| media.contains("index") || media.contains("manifest.list"));
    let mut seen = HashSet::new();
    let parts = list("layers").iter().chain(std::iter::once(&value["config"])).filter(is_here);
    let blobs = parts.filter_map(|part| Some((digest(part)?, part["size"].as_i64().unwrap_or(0).max(0))));
    Named {
        blobs: blobs.filter(|(digest, _)| seen.insert(digest.clone())).collect(),
        layers: list("layers").len(),
        manifests: list("manifests").iter().filter_map(digest).collect(),
        indexes: list("manifests").iter().filter(is_index).filter_map(digest).collect(),
    }
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

/// Manifests by their tags or digests, a few at once. Those that are not there are left out.
///
/// # Errors
/// As of [`tags`].
pub async fn manifests(registry: &Registry, permit: &Permit, repository: &str, references: Vec<String>) -> Result<Vec<(String, Found)>, String> {
    let read = futures_util::stream::iter(references).map(|reference| async move {
        let found = manifest(registry, permit, repository, &reference).await?;
        Ok::<_, String>(found.map(|found| (reference, found)))
    });
    let all: Vec<Option<(String, Found)>> = read.buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(all.into_iter().flatten().collect())
}

/// How large blobs are as the registry has them, a few at once: `said` is how large each is said to be, which stands where the registry does not
/// tell. One that it does not have takes up nothing there.
///
/// # Errors
/// As of [`tags`].
pub async fn weigh(registry: &Registry, permit: &Permit, repository: &str, said: Vec<(String, i64)>) -> Result<Vec<(String, i64)>, String> {
    let read = futures_util::stream::iter(said).map(|(digest, said)| async move {
        let ask = Ask::within(Method::HEAD, repository, &format!("blobs/{digest}"), "pull,push");
        let answer = registry.send(permit, ask).await.map_err(|error| error.to_string())?;
        let length = length(answer.response.headers()).and_then(|length| i64::try_from(length).ok());
        let bytes = match answer.response.status() {
            StatusCode::OK if answer.elsewhere.is_none() => length.unwrap_or(said),
            StatusCode::NOT_FOUND => 0,
            _ => said,
        };
        Ok::<_, String>((digest, bytes))
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
    let picked = tags(registry, permit, repository).await?.into_iter().filter(|tag| picks(tag)).collect();
    let mut need = Vec::new();
    for (tag, found) in manifests(registry, permit, repository, picked).await? {
        if needs(registry, permit, repository, found, digest).await? {
            need.push(tag);
        }
    }
    need.sort_unstable();
    Ok(need)
}

/// Whether a manifest is this one, or an index that leads to it. What is named by another algorithm may be it.
async fn needs(registry: &Registry, permit: &Permit, repository: &str, found: Found, digest: &str) -> Result<bool, String> {
    let mut left = vec![found];
    for _ in 0..MOST_INDEXES {
        let Some(found) = left.pop() else { return Ok(false) };
        let other = |named: &String| named.split(':').next() != digest.split(':').next();
        if found.digest == digest || found.named.manifests.iter().any(|named| named == digest || other(named)) {
            return Ok(true);
        }
        for index in &found.named.indexes {
            left.extend(manifest(registry, permit, repository, index).await?);
        }
    }
    Err(format!("More than {MOST_INDEXES} indexes stand in one another, so it is not known what they need."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_each_blob_once_and_none_that_lies_elsewhere() {
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
        assert_eq!(named, Named { blobs: vec![(digest('a'), 5), (digest('c'), 3)], layers: 3, ..Named::default() });
        let index = serde_json::json!({ "manifests": [{ "digest": digest('b'), "mediaType": KINDS[0] }, { "digest": "no" }, { "digest": digest('d'), "mediaType": KINDS[1] }] });
        let named = super::named(index.to_string().as_bytes());
        assert_eq!((named.manifests, named.indexes), (vec![digest('b'), digest('d')], vec![digest('d')]));
    }
}
