//! What speaks of a manifest: signatures, SBOMs, attestations.

use http::Method;
use pilothouse_app::api::repositories::Referrer;
use serde::Deserialize;

use super::{At, manifest};
use crate::{
    access::is_tag,
    backends::oci::{
        RegistryError,
        answer::there,
        judge::{KINDS, OCI_INDEX},
        lists,
        manifests::{self, ask},
        parsed::{ATTESTS, Descriptor},
    },
};

/// How many there may be, and on how many pages.
const MOST: usize = 1_000;
const PAGES: usize = 20;
/// What cosign keeps by tags of its own, unless it is told to do as the spec has it: the tag's end, which stands in the type, too.
const COSIGN: [&str; 3] = ["sig", "att", "sbom"];
/// How a registry answers that does not know what it is asked for.
const NOT_KNOWN: [u16; 4] = [400, 404, 405, 501];

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

/// Reads what speaks of `digest`: what names it as its subject, and what cosign keeps beside it.
///
/// # Errors
/// When the registry does not say, or says what is no list.
pub async fn read(at: At<'_>, digest: &str) -> Result<Vec<Referrer>, RegistryError> {
    let mut found = listed(at, digest).await?;
    for end in COSIGN {
        let tag = format!("{}.{end}", tag_of(digest));
        if !is_tag(&tag) {
            continue;
        }
        let Some(kept) = there(manifest::read(at, &tag).await)? else { continue };
        found.push(Referrer {
            artifact_type: format!("application/vnd.dev.cosign.artifact.{end}.v1+json"),
            size: kept.manifest.body.len() as u64,
            annotations: kept.annotations(),
            digest: kept.manifest.digest,
        });
    }
    Ok(found)
}

/// The tag that is kept for a digest. A tag has at most 128 characters; of a longer digest its beginning names it.
fn tag_of(digest: &str) -> String {
    digest.replacen(':', "-", 1).chars().take(128).collect()
}

/// What names `digest` as its subject: as the registry lists it, or by the tag that clients keep where it does not.
async fn listed(at: At<'_>, digest: &str) -> Result<Vec<Referrer>, RegistryError> {
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
    let tag = tag_of(digest);
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
    let artifact_type = annotations.get(ATTESTS).unwrap_or(&part.media_type).clone();
    Referrer { digest: part.digest.clone(), artifact_type, size: part.size, annotations }
}
