//! What speaks of a manifest: as the registry lists it, or, where it has no such list, as clients keep one under a tag; and what cosign keeps
//! under tags of its own.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Copy, CopyError, Gate, Moved, Side};
use crate::{
    access::Permission,
    backends::oci::{
        RegistryError,
        answer::sha256,
        judge::{LARGEST, OCI_INDEX},
        lists,
        manifests::Manifest,
    },
};

/// How many pages of a list are read.
const PAGES: usize = 20;
/// How the tags end that cosign keeps beside a manifest, unless it is told to do as the spec has it.
const COSIGN: [&str; 3] = ["sig", "att", "sbom"];

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Value>,
}

/// The tag under which clients keep the list of what speaks of `digest` (distribution spec 1.1, referrers tag schema).
fn tag_of(digest: &str) -> String {
    let (algorithm, hex) = digest.split_once(':').unwrap_or((digest, ""));
    format!("{algorithm:.32}-{hex:.64}")
}

/// The items of a list of what speaks of `digest`; they name a digest each. Not all of what they name needs to be there.
pub async fn of(from: &Side, digest: &str) -> Result<Vec<Value>, CopyError> {
    match listed(from, digest).await? {
        Some(items) => Ok(items),
        None => Ok(kept(from, &tag_of(digest)).await?.unwrap_or_default()),
    }
}

/// What cosign keeps beside `digest`: each tag, and what it means.
pub async fn beside(from: &Side, digest: &str) -> Result<Vec<(String, Manifest)>, CopyError> {
    let mut found = Vec::new();
    for end in COSIGN {
        let tag = format!("{}.{end}", tag_of(digest));
        if let Some(kept) = from.manifest(&tag).await? {
            found.push((tag, kept));
        }
    }
    Ok(found)
}

/// As the registry lists it; `None` where it has no such list.
async fn listed(side: &Side, digest: &str) -> Result<Option<Vec<Value>>, CopyError> {
    let (mut items, mut query) = (Vec::new(), Vec::new());
    for _ in 0..PAGES {
        let page = match lists::referrers(&side.registry, &side.permit, &side.repository, digest, &query).await {
            Ok(page) => page,
            Err(RegistryError::Refused(no)) if query.is_empty() && matches!(no.status, 400 | 404 | 405 | 501) => return Ok(None),
            Err(error) => return Err(side.failed(error)),
        };
        items.extend(items_of(side, &page.body)?);
        match page.next {
            Some(next) => query = vec![("last", next)],
            None => return Ok(Some(items)),
        }
    }
    Err(CopyError::Wrong(format!("What speaks of {digest} is more than {PAGES} pages: so much is not copied at once.")))
}

/// As clients keep it; `None` where they do not, and something else may have that name.
async fn kept(side: &Side, tag: &str) -> Result<Option<Vec<Value>>, CopyError> {
    let Some(list) = side.manifest(tag).await? else { return Ok(None) };
    if list.media != OCI_INDEX {
        return Ok(None);
    }
    items_of(side, &list.body).map(Some)
}

fn items_of(side: &Side, body: &[u8]) -> Result<Vec<Value>, CopyError> {
    let index: Index = serde_json::from_slice(body).map_err(|_| side.garbled("its list of referrers cannot be read"))?;
    Ok(index.manifests)
}

/// Makes sure that the target tells of `items` as what speaks of `subject`: by itself, or by the list under a tag, which is kept and added to.
pub async fn list(copy: &Copy<impl Gate>, subject: &str, items: &[Value], moved: &mut Vec<Moved>) -> Result<(), CopyError> {
    let to = &copy.to;
    if listed(to, subject).await?.is_some() {
        return Ok(());
    }
    let tag = tag_of(subject);
    let _alone = copy.registries.tags.take(format!("{}:{tag}", to.name())).await;
    let before = to.meaning(&tag).await?;
    let other = || CopyError::Wrong(format!("The tag {tag} in {} is to be a list of referrers, and is none.", to.name()));
    let mut all = match &before {
        Some(digest) => kept(to, digest).await?.ok_or_else(other)?,
        None => Vec::new(),
    };
    let fresh: Vec<Value> = items.iter().filter(|item| all.iter().all(|known| known["digest"] != item["digest"])).cloned().collect();
    if fresh.is_empty() {
        return Ok(());
    }
    if before.is_some() && to.held() != Permission::RepositoryPush {
        return Err(to.lacks(Permission::RepositoryPush, "The list of what speaks of it is there already and would be added to"));
    }
    if before.is_some() {
        copy.gate.may_move(to, &tag)?;
    }
    all.extend(fresh);
    let body = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": all }).to_string();
    if body.len() > LARGEST {
        return Err(CopyError::Wrong(format!("The list of what speaks of {subject} would be larger than 4 MiB.")));
    }
    let list = Manifest { media: OCI_INDEX, digest: sha256(body.as_bytes()), body: body.into() };
    moved.push(Moved { tag: tag.clone(), before, after: list.digest.clone() });
    copy.put(&tag, &list).await
}

#[cfg(test)]
mod tests {
    use super::tag_of;

    #[test]
    fn a_list_is_kept_under_a_tag() {
        assert_eq!(tag_of(&format!("sha256:{}", "a".repeat(64))), format!("sha256-{}", "a".repeat(64)));
        assert_eq!(tag_of(&format!("sha512:{}", "b".repeat(128))), format!("sha512-{}", "b".repeat(64)), "cut, so that it is a tag");
    }
}
