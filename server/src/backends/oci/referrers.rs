//! What speaks of a manifest: as a registry lists it, or, where it has no such list, as clients keep one under a tag; and the tags under which
//! cosign keeps what it knows.

use http::Method;
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    RegistryError,
    answer::there,
    judge::{KINDS, OCI_INDEX},
    lists,
    manifests::{self, ask},
    typed::At,
};

/// How many pages of a list are read.
pub const PAGES: usize = 20;
/// How the tags end that cosign keeps beside a manifest, unless it is told to do as the spec has it.
pub const COSIGN: [&str; 3] = ["sig", "att", "sbom"];
/// How a registry answers that does not know what it is asked for.
const NOT_KNOWN: [u16; 4] = [400, 404, 405, 501];

/// What is in a list.
pub struct Found<T> {
    pub items: Vec<T>,
    /// False where there is more.
    pub is_complete: bool,
}

#[derive(Deserialize)]
struct Index<T> {
    manifests: Vec<T>,
}

/// The tag under which clients keep the list of what speaks of `digest` (distribution spec 1.1, referrers tag schema).
pub fn tag_of(digest: &str) -> String {
    let (algorithm, hex) = digest.split_once(':').unwrap_or((digest, ""));
    format!("{algorithm:.32}-{hex:.64}")
}

/// The tag under which cosign keeps what it knows of `digest`; `end` is one of [`COSIGN`].
pub fn cosign_tag(digest: &str, end: &str) -> String {
    format!("{}.{end}", tag_of(digest))
}

/// The items of a list.
///
/// # Errors
/// When it is none.
pub fn items_of<T: DeserializeOwned>(list: &[u8]) -> Result<Vec<T>, RegistryError> {
    let index: Index<T> = serde_json::from_slice(list).map_err(|_| RegistryError::Garbled("its list of referrers cannot be read"))?;
    Ok(index.manifests)
}

/// What the registry lists as what speaks of `digest`, up to `most`; `None` where it has no such list.
///
/// # Errors
/// When it does not say, or says what is no list.
pub async fn listed<T: DeserializeOwned>(at: At<'_>, digest: &str, most: usize) -> Result<Option<Found<T>>, RegistryError> {
    let mut items: Vec<T> = Vec::new();
    let mut last: Option<String> = None;
    for _ in 0..PAGES {
        let query: Vec<(&str, String)> = last.iter().map(|last| ("last", last.clone())).collect();
        let page = match lists::referrers(at.registry, at.permit, at.repository, digest, &query).await {
            Err(RegistryError::Refused(no)) if last.is_none() && NOT_KNOWN.contains(&no.status) => return Ok(None),
            page => page?,
        };
        items.extend(items_of(&page.body)?);
        match page.next {
            None if items.len() <= most => return Ok(Some(Found { items, is_complete: true })),
            Some(next) if items.len() < most && last.as_ref() != Some(&next) => last = Some(next),
            _ => break,
        }
    }
    items.truncate(most);
    Ok(Some(Found { items, is_complete: false }))
}

/// The same by the registry's list or by the one that clients keep.
///
/// # Errors
/// As of [`listed`].
pub async fn all<T: DeserializeOwned>(at: At<'_>, digest: &str, most: usize) -> Result<Vec<T>, RegistryError> {
    if let Some(found) = listed(at, digest, most).await? {
        return Ok(found.items);
    }
    let tag = tag_of(digest);
    let list = manifests::get(at.registry, at.permit, ask(Method::GET, at.repository, &tag, KINDS, "pull"), &tag).await;
    match there(list)? {
        Some(list) if list.media == OCI_INDEX => {
            let mut items = items_of(&list.body)?;
            items.truncate(most);
            Ok(items)
        }
        // There is none, or some other thing by that name.
        _ => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::{cosign_tag, tag_of};

    #[test]
    fn a_list_is_kept_under_a_tag() {
        assert_eq!(tag_of(&format!("sha256:{}", "a".repeat(64))), format!("sha256-{}", "a".repeat(64)));
        assert_eq!(tag_of(&format!("sha512:{}", "b".repeat(128))), format!("sha512-{}", "b".repeat(64)), "cut, so that it is a tag");
        assert_eq!(cosign_tag("sha256:ab", "sig"), "sha256-ab.sig");
    }
}
