//! What speaks of a manifest: as the registry lists it, or, where it has no such list, as clients keep one under a tag; and what cosign keeps
//! under tags of its own.

use serde_json::{Value, json};

use super::{Copy, CopyError, Gate, Moved, Side};
use crate::{
    access::Permission,
    backends::oci::{
        answer::sha256,
        judge::{LARGEST, OCI_INDEX},
        manifests::Manifest,
        referrers::{self, COSIGN, PAGES, cosign_tag, items_of, tag_of},
    },
};

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
        let tag = cosign_tag(digest, end);
        if let Some(kept) = from.manifest(&tag).await? {
            found.push((tag, kept));
        }
    }
    Ok(found)
}

/// As the registry lists it; `None` where it has no such list.
async fn listed(side: &Side, digest: &str) -> Result<Option<Vec<Value>>, CopyError> {
    match referrers::listed(side.at(), digest, usize::MAX).await.map_err(|error| side.failed(error))? {
        Some(found) if !found.is_complete => {
            Err(CopyError::Wrong(format!("What speaks of {digest} is more than {PAGES} pages: so much is not copied at once.")))
        }
        found => Ok(found.map(|found| found.items)),
    }
}

/// As clients keep it; `None` where they do not, and something else may have that name.
async fn kept(side: &Side, tag: &str) -> Result<Option<Vec<Value>>, CopyError> {
    let Some(list) = side.manifest(tag).await? else { return Ok(None) };
    if list.media != OCI_INDEX {
        return Ok(None);
    }
    items_of(&list.body).map(Some).map_err(|error| side.failed(error))
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
