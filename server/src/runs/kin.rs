//! What a registry says of a digest: by which other digests engines may know the same image; and what a tag means now.

use std::collections::BTreeSet;

use crate::backends::oci::{
    RegistryError, answer,
    typed::{At, manifest, tags::digest_of},
};

/// The digests by which engines may know what is stored as `digest`. Nothing where the repository has no such manifest.
///
/// # Errors
/// When the registry does not say, or says something else than the digest promises.
pub async fn digests_of(at: At<'_>, digest: &str) -> Result<Option<BTreeSet<String>>, RegistryError> {
    let parsed = answer::there(manifest::read(at, digest).await)?;
    Ok(parsed.map(|parsed| parsed.known_by()))
}

/// What a tag means now; nothing where there is none.
///
/// # Errors
/// When the registry cannot be asked, or does not say.
pub async fn meaning_of(at: At<'_>, tag: &str) -> Result<Option<String>, RegistryError> {
    Ok(digest_of(at, tag).await?.map(|(_, digest)| digest))
}
