//! What is read of a registry to judge an image: its manifest, what is attached to it, small blobs. Each is held against its digest.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use ring::digest::{SHA256, SHA512, digest as hash};
use serde::Deserialize;

use super::{Answer, Ask, Registry, RegistryError, Said};
use crate::access::Permit;

/// How long until the head of an answer.
const PROMPT: Duration = Duration::from_secs(10);
/// How long a whole answer may take.
const WHOLE: Duration = Duration::from_secs(20);
/// The largest manifest, in bytes.
const LARGEST_MANIFEST: usize = 4 * 1024 * 1024;
/// How many things that are attached to one image are looked at.
const MOST_REFERRERS: usize = 100;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const KINDS: &[&str] = &[
    "application/vnd.oci.image.manifest.v1+json",
    INDEX,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// A manifest, as it is kept.
pub struct Manifest {
    pub digest: String,
    pub body: Bytes,
}

/// What a manifest says of a part of it, and an index of a manifest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Part {
    pub media_type: String,
    pub digest: String,
    pub size: u64,
    pub artifact_type: String,
    pub annotations: BTreeMap<String, String>,
}

/// The parts of a manifest, of whichever kind it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Parts {
    pub layers: Vec<Part>,
    pub manifests: Vec<Part>,
    pub subject: Option<Part>,
}

fn ask(path: String, repository: &str, accept: &[&'static str]) -> Ask {
    let mut headers = HeaderMap::new();
    for kind in accept {
        headers.append(header::ACCEPT, HeaderValue::from_static(kind));
    }
    let scopes = vec![format!("repository:{repository}:pull")];
    Ask { method: Method::GET, path, headers, body: Said::Bytes(Bytes::new()), scopes, deadline: PROMPT }
}

/// Reads an answer whole, up to `most` bytes; `None` where there is no such thing.
async fn whole(answer: Answer, most: usize) -> Result<Option<Bytes>, RegistryError> {
    if answer.elsewhere.is_some() {
        return Err(RegistryError::Redirect("it sends elsewhere, which is handed on and not followed"));
    }
    match answer.response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(None),
        _ => return Err(RegistryError::Garbled("it does not show what is asked for")),
    }
    match tokio::time::timeout(WHOLE, Limited::new(answer.response.into_body(), most).collect()).await {
        Ok(Ok(body)) => Ok(Some(body.to_bytes())),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(RegistryError::Garbled("it is longer than it may be")),
        Ok(Err(_)) => Err(RegistryError::BrokenOff),
        Err(_) => Err(RegistryError::Timeout),
    }
}

/// The digest of these bytes by sha256.
pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", data_encoding::HEXLOWER.encode(hash(&SHA256, bytes).as_ref()))
}

/// Whether these bytes are what a digest says.
pub fn is(bytes: &[u8], digest: &str) -> bool {
    match digest.split_once(':') {
        Some(("sha256", _)) => sha256(bytes) == digest,
        Some(("sha512", hex)) => data_encoding::HEXLOWER.encode(hash(&SHA512, bytes).as_ref()) == hex,
        _ => false,
    }
}

/// The manifest of a tag or a digest; `None` where there is none.
///
/// # Errors
/// When the registry does not say, or sends something else.
pub async fn manifest(registry: &Registry, permit: &Permit, repository: &str, reference: &str) -> Result<Option<Manifest>, RegistryError> {
    let ask = ask(format!("/v2/{repository}/manifests/{reference}"), repository, KINDS);
    let Some(body) = whole(registry.send(permit, ask).await?, LARGEST_MANIFEST).await? else { return Ok(None) };
    let digest = if crate::access::is_digest(reference) { reference.to_owned() } else { sha256(&body) };
    if is(&body, &digest) { Ok(Some(Manifest { digest, body })) } else { Err(RegistryError::Garbled("it is not what its digest says")) }
}

/// What a manifest names.
///
/// # Errors
/// When it cannot be read.
pub fn parts(body: &[u8]) -> Result<Parts, RegistryError> {
    serde_json::from_slice(body).map_err(|_| RegistryError::Garbled("its manifest cannot be read"))
}

/// A blob of at most `most` bytes.
///
/// # Errors
/// When there is none, or it is another one.
pub async fn blob(registry: &Registry, permit: &Permit, repository: &str, digest: &str, most: usize) -> Result<Bytes, RegistryError> {
    let ask = ask(format!("/v2/{repository}/blobs/{digest}"), repository, &[]);
    let body = whole(registry.send(permit, ask).await?, most).await?.ok_or(RegistryError::Garbled("a blob is not there"))?;
    if is(&body, digest) { Ok(body) } else { Err(RegistryError::Garbled("a blob is not what its digest says")) }
}

/// What is attached to a manifest. A registry that has no list of it keeps it under a tag (the spec's "referrers tag schema").
///
/// # Errors
/// When the registry does not say.
pub async fn referrers(registry: &Registry, permit: &Permit, repository: &str, digest: &str) -> Result<Vec<Part>, RegistryError> {
    let ask = ask(format!("/v2/{repository}/referrers/{digest}"), repository, &[INDEX]);
    let answer = registry.send(permit, ask).await?;
    let body = match answer.response.status() {
        StatusCode::OK => whole(answer, LARGEST_MANIFEST).await?,
        _ => manifest(registry, permit, repository, &digest.replace(':', "-")).await?.map(|manifest| manifest.body),
    };
    let Some(body) = body else { return Ok(Vec::new()) };
    let mut found = parts(&body)?.manifests;
    found.retain(|part| crate::access::is_digest(&part.digest));
    found.truncate(MOST_REFERRERS);
    Ok(found)
}
