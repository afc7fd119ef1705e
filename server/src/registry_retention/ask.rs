//! Questions to a registry, with caps and deadlines: GET and HEAD, and no other method.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use ring::digest::{SHA256, SHA512, digest as hash};
use serde::Deserialize;

use super::plan::Manifest;
use crate::{
    access::{Permit, is_digest, is_repository_name, is_tag, is_under},
    authn::secret::hex,
    backends::oci::{Answer, Ask, Registry, RegistryError, Said},
};

const PROMPT: Duration = Duration::from_secs(30);
/// The largest manifest, in bytes: the spec's own limit.
const LARGEST_MANIFEST: usize = 4 * 1024 * 1024;
const LARGEST_LIST: usize = 8 * 1024 * 1024;
/// The largest config of an image that is read, in bytes.
const LARGEST_CONFIG: usize = 1024 * 1024;
/// How many tags of a repository, and repositories of a registry, are looked at.
pub const MOST_TAGS: usize = 20_000;
pub const MOST_REPOSITORIES: usize = 500;
/// How many pages of a list are read.
const PAGES: usize = 100;
const PAGE: &str = "1000";

const KINDS: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// What manifests of a kind that is gone begin with.
const SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+";

/// Why something was not read, as a sentence.
pub type Unread = String;

/// As much of a manifest as is looked at. A field that comes twice is an error.
#[derive(Deserialize)]
struct Wire {
    config: Option<Named>,
    #[serde(default)]
    manifests: Vec<Named>,
    subject: Option<Named>,
    #[serde(default)]
    annotations: Option<std::collections::BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Named {
    digest: String,
}

#[derive(Deserialize)]
struct Config {
    created: Option<String>,
}

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Catalog {
    repositories: Option<Vec<String>>,
}

fn question(method: Method, path: String, scope: String) -> Ask {
    let mut headers = HeaderMap::new();
    for kind in KINDS {
        headers.append(header::ACCEPT, HeaderValue::from_static(kind));
    }
    headers.append(header::ACCEPT, HeaderValue::from_static("*/*;q=0.1"));
    Ask { method, path, headers, body: Said::Bytes(Bytes::new()), scopes: vec![scope], deadline: PROMPT }
}

fn pull(repository: &str) -> String {
    format!("repository:{repository}:pull")
}

fn unread(registry: &Registry, what: &str, error: &RegistryError) -> Unread {
    format!("{what} of registry {} could not be read. {error}", registry.name)
}

fn refused(registry: &Registry, what: &str, status: StatusCode) -> Unread {
    format!("{what} of registry {} could not be read: it answered with {}.", registry.name, status.as_u16())
}

fn garbled(registry: &Registry, what: &str) -> Unread {
    format!("{what} of registry {} could not be read: its answer is not what the distribution spec has it be.", registry.name)
}

/// The bytes of an answer, up to `most`.
async fn whole(answer: Answer, most: usize) -> Option<Bytes> {
    let body = Limited::new(answer.response.into_body(), most).collect();
    Some(tokio::time::timeout(PROMPT * 2, body).await.ok()?.ok()?.to_bytes())
}

/// The address of the next page, as a path of the same kind: only what it begins behind is taken from the registry.
fn next_of(headers: &HeaderMap) -> Option<String> {
    let link = headers.get(header::LINK)?.to_str().ok()?;
    let (target, rest) = link.strip_prefix('<')?.split_once('>')?;
    let (_, query) = target.split_once('?').filter(|_| rest.contains("next"))?;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == "last").map(|(_, last)| last.into_owned())
}

/// Every page of a list, put together by `add`. `None` where the registry says that there is no such list.
async fn pages(
    registry: &Registry,
    permit: &Permit,
    what: &str,
    path: &str,
    scope: &str,
    mut add: impl FnMut(&[u8]) -> Option<bool>,
) -> Result<Option<()>, Unread> {
    let mut last: Option<String> = None;
    for _ in 0..PAGES {
        let behind = last.iter().map(|last| ("last", last.as_str()));
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("n", PAGE).extend_pairs(behind).finish();
        let ask = question(Method::GET, format!("{path}?{query}"), scope.to_owned());
        let answer = registry.send(permit, ask).await.map_err(|error| unread(registry, what, &error))?;
        match answer.response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND if last.is_none() => return Ok(None),
            status => return Err(refused(registry, what, status)),
        }
        let next = next_of(answer.response.headers());
        let bytes = whole(answer, LARGEST_LIST).await.ok_or_else(|| garbled(registry, what))?;
        let more = add(&bytes).ok_or_else(|| garbled(registry, what))?;
        if !more {
            return Err(format!("{what} of registry {} are too many to be looked at.", registry.name));
        }
        match next {
            Some(next) if last.as_ref() != Some(&next) => last = Some(next),
            _ => return Ok(Some(())),
        }
    }
    Err(format!("{what} of registry {} do not end.", registry.name))
}

/// The repositories at `prefix` and below it. Of a registry that lists none it is `prefix` itself: what is not listed is not touched.
pub async fn repositories(registry: &Registry, permit: &Permit, prefix: &str) -> Result<BTreeSet<String>, Unread> {
    let mut found = BTreeSet::new();
    let listed = pages(registry, permit, "The repositories", "/v2/_catalog", "registry:catalog:*", |bytes| {
        let names = serde_json::from_slice::<Catalog>(bytes).ok()?.repositories.unwrap_or_default();
        found.extend(names.into_iter().filter(|name| is_repository_name(name) && (prefix.is_empty() || is_under(name, prefix))));
        Some(found.len() <= MOST_REPOSITORIES)
    });
    match listed.await {
        Ok(Some(())) => Ok(found),
        Ok(None) | Err(_) if !prefix.is_empty() => Ok(BTreeSet::from([prefix.to_owned()])),
        Ok(None) => Err(format!("Registry {} does not list its repositories: name one of them as the rule's prefix.", registry.name)),
        Err(why) => Err(why),
    }
}

/// The tags of a repository; none where it is not there.
pub async fn tags(registry: &Registry, permit: &Permit, repository: &str) -> Result<BTreeSet<String>, Unread> {
    let mut found = BTreeSet::new();
    let what = format!("The tags of {repository}");
    pages(registry, permit, &what, &format!("/v2/{repository}/tags/list"), &pull(repository), |bytes| {
        let names = serde_json::from_slice::<Tags>(bytes).ok()?.tags.unwrap_or_default();
        names.iter().all(|name| is_tag(name)).then_some(())?;
        found.extend(names);
        Some(found.len() <= MOST_TAGS)
    })
    .await?;
    Ok(found)
}

/// What a tag means now; `None` where it is gone.
pub async fn resolve(registry: &Registry, permit: &Permit, repository: &str, tag: &str) -> Result<Option<String>, Unread> {
    let what = format!("The tag {repository}:{tag}");
    let ask = question(Method::HEAD, format!("/v2/{repository}/manifests/{tag}"), pull(repository));
    let answer = registry.send(permit, ask).await.map_err(|error| unread(registry, &what, &error))?;
    match answer.response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(None),
        status => return Err(refused(registry, &what, status)),
    }
    let digest = answer.response.headers().get("docker-content-digest").and_then(|value| value.to_str().ok());
    digest.filter(|digest| is_digest(digest)).map(|digest| Some(digest.to_owned())).ok_or_else(|| garbled(registry, &what))
}

/// A manifest; `None` where it is not there. Its own word for its age is its annotation, until its config is read.
pub async fn manifest(registry: &Registry, permit: &Permit, repository: &str, digest: &str) -> Result<Option<Manifest>, Unread> {
    let what = format!("The manifest {repository}@{digest}");
    let ask = question(Method::GET, format!("/v2/{repository}/manifests/{digest}"), pull(repository));
    let answer = registry.send(permit, ask).await.map_err(|error| unread(registry, &what, &error))?;
    match answer.response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(None),
        status => return Err(refused(registry, &what, status)),
    }
    // Of schema 1 the digest is that of a part of it: it is not read, so what means it stays. It names no others.
    let media = answer.response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if media.starts_with(SCHEMA_1) {
        return Ok(None);
    }
    let bytes = whole(answer, LARGEST_MANIFEST).await.ok_or_else(|| garbled(registry, &what))?;
    if !is_of(&bytes, digest) {
        return Err(format!("{what} of registry {} is not what its digest says.", registry.name));
    }
    let wire: Wire = serde_json::from_slice(&bytes).map_err(|_| garbled(registry, &what))?;
    let named = wire.manifests.into_iter().map(|named| named.digest);
    let annotated = wire.annotations.and_then(|all| millis(all.get("org.opencontainers.image.created")?));
    Ok(Some(Manifest {
        created_at: annotated,
        config: wire.config.map(|config| config.digest),
        needs: named.collect(),
        subject: wire.subject.map(|subject| subject.digest),
        pulled_at: None,
    }))
}

/// When an image says that it was made, by its config; `None` where it does not say so, or is no image.
pub async fn created(registry: &Registry, permit: &Permit, repository: &str, config: &str) -> Result<Option<i64>, Unread> {
    let what = format!("The config {repository}@{config}");
    if !is_digest(config) {
        return Ok(None);
    }
    let ask = question(Method::GET, format!("/v2/{repository}/blobs/{config}"), pull(repository));
    let answer = registry.send(permit, ask).await.map_err(|error| unread(registry, &what, &error))?;
    // Where clients are sent on, or it is not there, nobody says how old it is: so it stays.
    match answer.response.status() {
        StatusCode::OK => {}
        status if answer.elsewhere.is_some() || status == StatusCode::NOT_FOUND => return Ok(None),
        status => return Err(refused(registry, &what, status)),
    }
    let bytes = whole(answer, LARGEST_CONFIG).await;
    let config: Option<Config> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(config.and_then(|config| millis(&config.created?)))
}

/// Whether these bytes are what a digest says.
fn is_of(bytes: &[u8], digest: &str) -> bool {
    let algorithm = if digest.starts_with("sha512:") { &SHA512 } else { &SHA256 };
    digest.split_once(':').is_some_and(|(_, digits)| digits == hex(hash(algorithm, bytes).as_ref()))
}

fn millis(text: &str) -> Option<i64> {
    Some(text.parse::<jiff::Timestamp>().ok()?.as_millisecond())
}
