//! Manifests as registries hand them out: read whole, judged, and held against their digest.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use super::{
    Ask, Registry, RegistryError,
    answer::{self, granted, is, no, one, sha256},
    judge::{LARGEST, judge, kind},
};
use crate::access::{Permit, is_digest};

/// What the kinds of a schema that is gone begin with.
pub const SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+";

/// A manifest that was read.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// One of [`super::judge::KINDS`].
    pub media: &'static str,
    pub digest: String,
    pub body: Bytes,
}

/// What is said of a manifest without handing it out.
pub struct Head {
    pub media: &'static str,
    /// Some do not say which one it is.
    pub digest: Option<String>,
    /// In bytes.
    pub length: Option<u64>,
}

/// A request about a manifest; `action` is what a token names it.
pub fn ask(method: Method, repository: &str, reference: &str, accept: &[&str], action: &str) -> Ask {
    let mut ask = Ask::within(method, repository, &format!("manifests/{reference}"), action);
    for kind in accept {
        ask.headers.extend(HeaderValue::try_from(*kind).ok().map(|kind| (header::ACCEPT, kind)));
    }
    ask
}

/// Reads the manifest that `ask` is about, by its tag or digest.
///
/// # Errors
/// When the registry has none, or hands out what is none, or another one.
pub async fn get(registry: &Registry, permit: &Permit, ask: Ask, reference: &str) -> Result<Manifest, RegistryError> {
    let answer = registry.send(permit, ask).await?;
    if answer.elsewhere.is_some() {
        return Err(RegistryError::Garbled("it sends elsewhere for a manifest"));
    }
    let (parts, body) = granted(answer, LARGEST).await?;
    let media = media(&parts.headers)?;
    let digest = check(media, &parts.headers, &body, reference)?;
    Ok(Manifest { media, digest, body })
}

/// What the registry says of a manifest; `None` where there is none.
///
/// # Errors
/// When it does not say, or says it of another one.
pub async fn head(registry: &Registry, permit: &Permit, ask: Ask, reference: &str) -> Result<Option<Head>, RegistryError> {
    let answer = registry.send(permit, ask).await?;
    if answer.elsewhere.is_some() {
        return Err(RegistryError::Garbled("it sends elsewhere for a manifest"));
    }
    match answer.response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND => return Ok(None),
        _ => return Err(RegistryError::Refused(no(answer).await)),
    }
    let headers = answer.response.headers();
    let media = media(headers)?;
    let digest = match is_digest(reference) {
        true => {
            answer::about(headers, reference)?;
            Some(reference.to_owned())
        }
        false => answer::digest(headers)?,
    };
    Ok(Some(Head { media, digest, length: answer::length(headers) }))
}

/// Which manifest a tag means now, by the registry's word alone and of whatever kind; `None` where there is none. `ask` is about its head.
///
/// # Errors
/// When the registry does not say.
pub async fn meaning(registry: &Registry, permit: &Permit, ask: Ask) -> Result<Option<String>, RegistryError> {
    let answer = registry.send(permit, ask).await?;
    match answer.response.status() {
        StatusCode::OK => {
            let digest = answer::digest(answer.response.headers())?;
            digest.map(Some).ok_or(RegistryError::Garbled("it does not say which manifest this is"))
        }
        StatusCode::NOT_FOUND => Ok(None),
        _ => Err(RegistryError::Refused(no(answer).await)),
    }
}

fn media(headers: &HeaderMap) -> Result<&'static str, RegistryError> {
    let media = one(headers, header::CONTENT_TYPE.as_str()).unwrap_or_default();
    match kind(media) {
        Some(kind) => Ok(kind),
        None if media.starts_with(SCHEMA_1) => Err(RegistryError::Schema1),
        None => Err(RegistryError::UnknownKind),
    }
}

/// Judges a registry's manifest, and says which one it is.
fn check(media: &'static str, headers: &HeaderMap, body: &[u8], reference: &str) -> Result<String, RegistryError> {
    if is_digest(reference) {
        if !is(body, reference) {
            return Err(RegistryError::WrongDigest);
        }
    } else if let Some(named) = answer::digest(headers)?
        && !is(body, &named)
    {
        return Err(RegistryError::WrongDigest);
    }
    judge(media, body).map_err(RegistryError::BadManifest)?;
    Ok(if is_digest(reference) { reference.to_owned() } else { sha256(body) })
}
