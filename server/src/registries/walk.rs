//! Looking through what a registry has: repositories, tags, and what manifests name. Everything has a cap, and what is over it is an error.

use std::{collections::HashSet, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;

use crate::{
    access::{Permit, is_digest, is_repository_name, is_tag},
    authn::secret,
    backends::oci::{Ask, Registry, Said},
};

/// How many requests to the registry are on their way at once.
const AT_ONCE: usize = 8;
/// How many pages of a list are read.
const PAGES: usize = 100;
/// How many items one page is asked for.
const PAGE: usize = 1_000;
/// The largest list and the largest manifest, in bytes.
const LARGEST_LIST: usize = 8 * 1024 * 1024;
const LARGEST_MANIFEST: usize = 4 * 1024 * 1024;
/// How long until the head of an answer, and until all of it.
const PROMPT: Duration = Duration::from_secs(30);
/// How many blobs one manifest may name where each is looked at.
pub const MOST_BLOBS: usize = 1_000;
/// How many indexes within one index are looked at.
const MOST_INDEXES: usize = 100;

/// The kinds of manifests that are read.
const KINDS: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

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

fn ask(method: Method, path: String, scope: String) -> Ask {
    let mut headers = HeaderMap::new();
    if path.contains("/manifests/") {
        headers.extend(KINDS.map(|kind| (header::ACCEPT, HeaderValue::from_static(kind))));
    }
    Ask { method, path, headers, body: Said::Bytes(Bytes::new()), scopes: vec![scope], deadline: PROMPT }
}

/// An answer, whole; `None` for what there is not.
async fn whole(registry: &Registry, permit: &Permit, ask: Ask, most: usize) -> Result<Option<(HeaderMap, Bytes)>, String> {
    let answer = registry.send(permit, ask).await.map_err(|error| error.to_string())?;
    match answer.response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(None),
        status => return Err(format!("The registry answered with {}.", status.as_u16())),
    }
    let (parts, body) = answer.response.into_parts();
    match tokio::time::timeout(PROMPT, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok(Some((parts.headers, body.to_bytes()))),
        Ok(Err(_)) => Err("The registry's answer broke off, or is longer than it may be.".to_owned()),
        Err(_) => Err("The registry's answer did not come in time.".to_owned()),
    }
}

/// All of a list, page by page.
async fn list(registry: &Registry, permit: &Permit, path: &str, scope: &str, field: &str) -> Result<Vec<String>, String> {
    let (mut all, mut last): (Vec<String>, Option<String>) = (Vec::new(), None);
    for _ in 0..PAGES {
        let behind = last.as_deref().map(|last| format!("&last={}", form_urlencoded::byte_serialize(last.as_bytes()).collect::<String>()));
        let path = format!("{path}?n={PAGE}{}", behind.unwrap_or_default());
        let Some((headers, body)) = whole(registry, permit, ask(Method::GET, path, scope.to_owned()), LARGEST_LIST).await? else { return Ok(all) };
        let value: Value = serde_json::from_slice(&body).map_err(|_| "The registry's list cannot be read.".to_owned())?;
        let before = all.len();
        all.extend(value[field].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        // Some send all of them whatever they are asked for, and some the same page again.
        if !headers.contains_key(header::LINK) || all.len() == before || all.last() == last.as_ref() {
            return Ok(all);
        }
        last = all.last().cloned();
    }
    Err(format!("The registry's list has more than {} items.", PAGES * PAGE))
}

/// The tags of a repository; none of one that there is not.
///
/// # Errors
/// One sentence about why they are not known.
pub async fn tags(registry: &Registry, permit: &Permit, repository: &str) -> Result<Vec<String>, String> {
    let mut tags = list(registry, permit, &format!("/v2/{repository}/tags/list"), &format!("repository:{repository}:pull"), "tags").await?;
    tags.retain(|tag| is_tag(tag));
    Ok(tags)
}

/// The repositories of a registry.
///
/// # Errors
/// As of [`tags`].
pub async fn repositories(registry: &Registry, permit: &Permit) -> Result<Vec<String>, String> {
    let mut names = list(registry, permit, "/v2/_catalog", "registry:catalog:*", "repositories").await?;
    names.retain(|name| is_repository_name(name));
    Ok(names)
}

/// A manifest, if it is there.
///
/// # Errors
/// As of [`tags`].
pub async fn manifest(registry: &Registry, permit: &Permit, repository: &str, reference: &str) -> Result<Option<Found>, String> {
    let ask = ask(Method::GET, format!("/v2/{repository}/manifests/{reference}"), format!("repository:{repository}:pull"));
    let Some((_, body)) = whole(registry, permit, ask, LARGEST_MANIFEST).await? else { return Ok(None) };
    let digest = match is_digest(reference) {
        true => reference.to_owned(),
        false => format!("sha256:{}", secret::hex(&secret::hash_bytes(&body))),
    };
    Ok(Some(Found { digest, bytes: i64::try_from(body.len()).unwrap_or(i64::MAX), named: named(&body) }))
}

/// Whether a manifest is there.
///
/// # Errors
/// As of [`tags`].
pub async fn is_there(registry: &Registry, permit: &Permit, repository: &str, digest: &str) -> Result<bool, String> {
    let ask = ask(Method::HEAD, format!("/v2/{repository}/manifests/{digest}"), format!("repository:{repository}:pull"));
    Ok(whole(registry, permit, ask, 0).await?.is_some())
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
        let ask = ask(Method::HEAD, format!("/v2/{repository}/blobs/{digest}"), format!("repository:{repository}:pull,push"));
        let answer = registry.send(permit, ask).await.map_err(|error| error.to_string())?;
        let length = answer.response.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
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
