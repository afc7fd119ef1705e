//! What speaks of a manifest: signatures, attestations, lists of parts.

use pilothouse_app::api::repositories::Referrer;

use super::{At, manifest};
use crate::backends::oci::{
    RegistryError,
    answer::there,
    parsed::{ATTESTS, Descriptor},
    referrers::{COSIGN, all, cosign_tag},
};

/// How many there may be.
const MOST: usize = 1_000;

/// Reads what speaks of `digest`: what names it as its subject, and what cosign keeps beside it. What cosign keeps is of a type that has the end of
/// its tag in its name.
///
/// # Errors
/// When the registry does not say, or says what is no list.
pub async fn read(at: At<'_>, digest: &str) -> Result<Vec<Referrer>, RegistryError> {
    let mut found: Vec<Referrer> = all(at, digest, MOST).await?.into_iter().map(shown).collect();
    for end in COSIGN {
        let Some(kept) = there(manifest::read(at, &cosign_tag(digest, end)).await)? else { continue };
        found.push(Referrer {
            artifact_type: format!("application/vnd.dev.cosign.artifact.{end}.v1+json"),
            size: kept.manifest.body.len() as u64,
            annotations: kept.annotations(),
            digest: kept.manifest.digest,
        });
    }
    Ok(found)
}

fn shown(part: Descriptor) -> Referrer {
    let annotations = part.annotations.unwrap_or_default();
    Referrer { digest: part.digest, artifact_type: part.artifact_type.unwrap_or(part.media_type), size: part.size, annotations }
}

/// What attests something within an index, as BuildKit puts it there.
pub fn attestation(part: &Descriptor) -> Referrer {
    let annotations = part.annotations.clone().unwrap_or_default();
    let artifact_type = annotations.get(ATTESTS).unwrap_or(&part.media_type).clone();
    Referrer { digest: part.digest.clone(), artifact_type, size: part.size, annotations }
}
