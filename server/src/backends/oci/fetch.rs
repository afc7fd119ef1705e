//! What is read of a registry to judge an image, within a time that somebody waits: its manifest, what is attached to it, small blobs. Each is held
//! against its digest.

use std::time::Duration;

use bytes::Bytes;
use http::Method;

use super::{
    Ask, Registry, RegistryError,
    answer::{granted, is, there},
    judge::KINDS,
    manifests::{self, Manifest},
    parsed::Descriptor,
    referrers,
    typed::At,
};
use crate::access::Permit;

/// How long until the head of an answer.
const PROMPT: Duration = Duration::from_secs(10);
/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How many things that are attached to one image are looked at.
const MOST_REFERRERS: usize = 100;

async fn in_time<T>(asked: impl Future<Output = Result<T, RegistryError>>) -> Result<T, RegistryError> {
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(RegistryError::Timeout))
}

/// The manifest of a tag or a digest; `None` where there is none.
///
/// # Errors
/// When the registry does not say, or sends something else.
pub async fn manifest(registry: &Registry, permit: &Permit, repository: &str, reference: &str) -> Result<Option<Manifest>, RegistryError> {
    let ask = Ask { deadline: PROMPT, ..manifests::ask(Method::GET, repository, reference, KINDS, "pull") };
    there(in_time(manifests::get(registry, permit, ask, reference)).await)
}

/// The same of what says something of an image: one of a kind that is not known here says nothing.
///
/// # Errors
/// The same.
pub async fn statement(registry: &Registry, permit: &Permit, repository: &str, reference: &str) -> Result<Option<Manifest>, RegistryError> {
    match manifest(registry, permit, repository, reference).await {
        Err(RegistryError::Schema1 | RegistryError::UnknownKind) => Ok(None),
        read => read,
    }
}

/// A blob of at most `most` bytes.
///
/// # Errors
/// When there is none, or it is another one.
pub async fn blob(registry: &Registry, permit: &Permit, repository: &str, digest: &str, most: usize) -> Result<Bytes, RegistryError> {
    let ask = Ask { deadline: PROMPT, ..Ask::within(Method::GET, repository, &format!("blobs/{digest}"), "pull") };
    let read = in_time(async { granted(registry.send(permit, ask).await?, most).await }).await;
    let (_, body) = there(read)?.ok_or(RegistryError::Garbled("a blob is not there"))?;
    if is(&body, digest) { Ok(body) } else { Err(RegistryError::WrongDigest) }
}

/// What is attached to a manifest.
///
/// # Errors
/// When the registry does not say.
pub async fn referrers(registry: &Registry, permit: &Permit, repository: &str, digest: &str) -> Result<Vec<Descriptor>, RegistryError> {
    in_time(referrers::all(At { registry, permit, repository }, digest, MOST_REFERRERS)).await
}
