//! Deleting: a tag, or a manifest with all that means it.

use http::Method;

use super::{At, tags::digest_of};
use crate::{
    access::is_digest,
    backends::oci::{RegistryError, answer::no, manifests::ask},
};

/// How a registry answers that deletes by digest only: that of Docker takes a tag for a digest that is none.
const BY_DIGEST_ONLY: [u16; 4] = [400, 404, 405, 501];

/// What came of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deleted {
    Done,
    /// The tag is gone, and so is what it meant: some registries keep nothing without a tag.
    WithManifest,
    /// The registry deletes no tags, so nothing was deleted.
    ByDigestOnly,
}

/// Deletes the tag that means `digest`, and nothing else.
///
/// # Errors
/// When the registry refuses, or says that it did and did not.
pub async fn tag(at: At<'_>, tag: &str, digest: &str) -> Result<Deleted, RegistryError> {
    let answer = at.registry.send(at.permit, ask(Method::DELETE, at.repository, tag, &[], "pull,push,delete")).await?;
    let status = answer.response.status();
    if BY_DIGEST_ONLY.contains(&status.as_u16()) {
        return Ok(Deleted::ByDigestOnly);
    }
    if !status.is_success() {
        return Err(RegistryError::Refused(no(answer).await));
    }
    // Its turn ends with it: there is more to ask.
    drop(answer);
    match digest_of(at, digest).await {
        Ok(None) => {
            at.registry.known.forget(at.repository, digest);
            Ok(Deleted::WithManifest)
        }
        // The tag is gone; of the rest nothing bad is known.
        Ok(Some(_)) | Err(_) => Ok(Deleted::Done),
    }
}

/// Deletes a manifest, and with it every tag that means it.
///
/// # Errors
/// When the registry refuses.
pub async fn manifest(at: At<'_>, digest: &str) -> Result<(), RegistryError> {
    // A tag is not deleted so: some registries take it for all that it means.
    if !is_digest(digest) {
        return Err(RegistryError::BadManifest("it is not named by its digest.".to_owned()));
    }
    let answer = at.registry.send(at.permit, ask(Method::DELETE, at.repository, digest, &[], "pull,push,delete")).await?;
    at.registry.known.forget(at.repository, digest);
    if answer.response.status().is_success() { Ok(()) } else { Err(RegistryError::Refused(no(answer).await)) }
}
