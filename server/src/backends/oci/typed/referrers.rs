//! What speaks of a manifest: signatures, SBOMs, attestations.

use http::Method;
use pilothouse_app::api::repositories::Referrer;
use serde::Deserialize;

use super::{At, manifest::Descriptor};
use crate::backends::oci::{
    RegistryError,
    judge::{KINDS, OCI_INDEX},
    lists,
    manifests::{self, ask},
};

/// How many there may be, and on how many pages.
const MOST: usize = 1_000;
const PAGES: usize = 20;
/// How a registry answers that does not know what it is asked for.
const NOT_KNOWN: [u16; 4] = [400, 404, 405, 501];

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

/// Reads the manifests that name `digest` as their subject: as the registry lists them, or by the tag that clients keep where it does not.
///
/// # Errors
/// When the registry does not say, or says what is no list.
pub async fn read(at: At<'_>, digest: &str) -> Result<Vec<Referrer>, RegistryError> {
    let mut found: Vec<Referrer> = Vec::new();
    let mut last: Option<String> = None;
    for page in 0..PAGES {
        let query: Vec<(&str, String)> = last.iter().map(|last| ("last", last.clone())).collect();
        let referring = match lists::referrers(at.registry, at.permit, at.repository, digest, &query).await {
            Err(RegistryError::Refused(no)) if page == 0 && NOT_KNOWN.contains(&no.status) => return by_tag(at, digest).await,
            referring => referring?,
        };
        found.extend(parse(&referring.body)?);
        match referring.next {
            Some(next) if found.len() < MOST && last.as_ref() != Some(&next) => last = Some(next),
            _ => break,
        }
    }
    found.truncate(MOST);
    Ok(found)
}

/// By the tag `sha256-HEX`, which the spec has clients keep.
async fn by_tag(at: At<'_>, digest: &str) -> Result<Vec<Referrer>, RegistryError> {
    // A tag has at most 128 characters; of a longer digest its beginning names it.
    let tag: String = digest.replacen(':', "-", 1).chars().take(128).collect();
    let index = match manifests::get(at.registry, at.permit, ask(Method::GET, at.repository, &tag, KINDS, "pull"), &tag).await {
        Ok(index) if index.media == OCI_INDEX => index,
        // Some other thing by that name.
        Ok(_) => return Ok(Vec::new()),
        Err(RegistryError::Refused(no)) if no.status == 404 => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = parse(&index.body)?;
    found.truncate(MOST);
    Ok(found)
}

fn parse(index: &[u8]) -> Result<Vec<Referrer>, RegistryError> {
    let index: Index = serde_json::from_slice(index).map_err(|_| RegistryError::Garbled("its list of referrers cannot be read"))?;
    Ok(index.manifests.into_iter().map(shown).collect())
}

fn shown(part: Descriptor) -> Referrer {
    let annotations = part.annotations.unwrap_or_default();
    Referrer { digest: part.digest, artifact_type: part.artifact_type.unwrap_or(part.media_type), size: part.size, annotations }
}

/// What attests something within an index, as BuildKit puts it there.
pub fn attestation(part: &Descriptor) -> Referrer {
    let annotations = part.annotations.clone().unwrap_or_default();
    let artifact_type = annotations.get(super::manifest::ATTESTS).unwrap_or(&part.media_type).clone();
    Referrer { digest: part.digest.clone(), artifact_type, size: part.size, annotations }
}
