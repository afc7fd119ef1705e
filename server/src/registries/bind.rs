//! The rules that take a look into the registry: what a manifest takes up, and which tags need one that is to go. They bind the door, copies and
//! deletions alike.

use super::{
    Bound, Given, Holding, Rules,
    quota::size,
    rules::Deed,
    walk::{self, MOST_BLOBS},
};
use crate::{
    access::{Permit, is_digest},
    backends::oci::Registry,
};

/// Why something is not done. Each is a sentence for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// A rule says no.
    #[error("{0}")]
    Denied(String),
    /// It is larger than it may be.
    #[error("{0}")]
    TooLarge(String),
    /// The registry did not say what has to be known.
    #[error("{0}")]
    NotKnown(String),
    #[error("What the quotas say cannot be read now, so nothing was done.")]
    NoStore,
}

/// A manifest on its way into a repository.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    pub registry: &'a Registry,
    pub permit: &'a Permit,
    pub repository: &'a str,
    /// The tag that comes to mean it, or its digest.
    pub reference: &'a str,
    pub digest: &'a str,
    pub manifest: &'a [u8],
}

/// A manifest that counts against quotas, to be taken back if the registry does not take it.
pub struct Admitted {
    registry: String,
    repository: String,
    tag: Option<String>,
    digest: String,
    blobs: Vec<(String, i64)>,
    given: Given,
}

fn bytes(n: u64) -> String {
    size(i64::try_from(n).unwrap_or(i64::MAX))
}

fn holding<'a>(incoming: &Incoming<'a>, blobs: &'a [(String, i64)]) -> Holding<'a> {
    let Incoming { registry, repository, reference, digest, .. } = *incoming;
    let tag = (!is_digest(reference)).then_some(reference);
    Holding { registry: &registry.name, repository, manifest: digest, tag, blobs }
}

impl Rules {
    /// The largest blob that a repository takes now, in bytes; `None` where nothing bounds it.
    ///
    /// # Errors
    /// When a quota is full.
    pub async fn largest(&self, registry: &str, repository: &str) -> Result<Option<u64>, RuleError> {
        let room = self.room(registry, repository).await.map_err(|_| RuleError::NoStore)?.map_err(RuleError::Denied)?;
        Ok(room.into_iter().chain(self.of(registry).limits.blob_bytes).min())
    }

    /// What is said of a blob that is larger than the largest one, which has `most` bytes.
    pub fn over(&self, registry: &str, repository: &str, most: u64) -> RuleError {
        match self.of(registry).limits.blob_bytes {
            Some(largest) if largest <= most => {
                RuleError::TooLarge(format!("The blob is too large: {registry} takes blobs of {} at most.", bytes(largest)))
            }
            _ => RuleError::Denied(format!("The quota has no room for this blob: {} are left for {registry}/{repository}.", bytes(most))),
        }
    }

    /// Lets a manifest in, if nothing bounds it or all bounds have room for it: from then on it counts. `None` where no quota is for it.
    ///
    /// # Errors
    /// When it is over a bound, or it cannot be known whether it is.
    pub async fn let_in(&self, incoming: &Incoming<'_>) -> Result<Option<Admitted>, RuleError> {
        let bounds = self.bounds(&incoming.registry.name, incoming.repository);
        let Some(blobs) = self.looked_at(incoming, &bounds).await? else { return Ok(None) };
        let given = self.take_room(holding(incoming, &blobs), &bounds).await.map_err(|_| RuleError::NoStore)?.map_err(RuleError::Denied)?;
        let Incoming { registry, repository, reference, digest, .. } = *incoming;
        Ok(Some(Admitted {
            registry: registry.name.clone(),
            repository: repository.to_owned(),
            tag: (!is_digest(reference)).then(|| reference.to_owned()),
            digest: digest.to_owned(),
            blobs,
            given,
        }))
    }

    /// Takes it back: the registry has said no.
    pub async fn take_back(&self, admitted: Admitted) {
        let Admitted { registry, repository, tag, digest, blobs, given } = admitted;
        let holding = Holding { registry: &registry, repository: &repository, manifest: &digest, tag: tag.as_deref(), blobs: &blobs };
        if let Err(error) = self.give_back(holding, given).await {
            tracing::error!(%error, registry, "A manifest that was not taken counts against its quota, until it is counted anew.");
        }
    }

    /// Looks at what a manifest names, where the rules bound that: how many layers, how large each blob is by the registry's own word. All that it
    /// takes up, itself included; `None` where no quota is for it.
    async fn looked_at(&self, incoming: &Incoming<'_>, bounds: &[Bound]) -> Result<Option<Vec<(String, i64)>>, RuleError> {
        let Incoming { registry, permit, repository, manifest, digest, .. } = *incoming;
        let name = &registry.name;
        let limits = self.of(name).limits;
        if bounds.is_empty() && limits.layers.is_none() && limits.blob_bytes.is_none() {
            return Ok(None);
        }
        let named = walk::named(manifest);
        if let Some(most) = limits.layers.filter(|most| named.layers > *most as usize) {
            return Err(RuleError::TooLarge(format!("The image has {} layers, and {name} takes {most} at most.", named.layers)));
        }
        if bounds.is_empty() && limits.blob_bytes.is_none() {
            return Ok(None);
        }
        if named.blobs.len() > MOST_BLOBS {
            let many = named.blobs.len();
            return Err(RuleError::TooLarge(format!("The manifest names {many} blobs, and where sizes are bounded it names {MOST_BLOBS} at most.")));
        }
        let mut known = self.held_blobs(name, repository).await.map_err(|_| RuleError::NoStore)?;
        // What was not there when it was looked at may be there by now.
        known.retain(|_, bytes| *bytes > 0);
        let (known_by_now, unknown_yet): (Vec<_>, Vec<_>) = named.blobs.into_iter().partition(|blob| known.contains_key(blob));
        let mut blobs: Vec<(String, i64)> = known_by_now.into_iter().filter_map(|blob| known.remove_entry(&blob)).collect();
        blobs.extend(walk::weigh(registry, permit, repository, unknown_yet).await.map_err(RuleError::NotKnown)?);
        if let Some(most) = limits.blob_bytes
            && let Some((blob, has)) = blobs.iter().find(|(_, bytes)| u64::try_from(*bytes).unwrap_or(0) > most)
        {
            return Err(RuleError::TooLarge(format!("{blob} has {}, and {name} takes blobs of {} at most.", size(*has), bytes(most))));
        }
        blobs.push((digest.to_owned(), i64::try_from(manifest.len()).unwrap_or(i64::MAX)));
        Ok((!bounds.is_empty()).then_some(blobs))
    }

    /// Whether a tag may be deleted that means `digest`. Some registries delete what it means with it, and every tag that means the same.
    ///
    /// # Errors
    /// As of [`Rules::may_delete_manifest`], and when the tag itself stays.
    pub async fn may_delete_tag(&self, registry: &Registry, permit: &Permit, repository: &str, tag: &str, digest: &str) -> Result<(), RuleError> {
        self.may(&registry.name, repository, tag, Deed::Delete).map_err(RuleError::Denied)?;
        self.may_delete_manifest(registry, permit, repository, digest).await.map_err(|error| match error {
            RuleError::Denied(why) => RuleError::Denied(format!("What {tag} means may go with it, and is needed. {why}")),
            error => error,
        })
    }

    /// Whether a manifest may be deleted by its digest. Where tags may stay, they are read.
    ///
    /// # Errors
    /// When a tag that stays needs it, or it cannot be known whether one does.
    pub async fn may_delete_manifest(&self, registry: &Registry, permit: &Permit, repository: &str, digest: &str) -> Result<(), RuleError> {
        let name = &registry.name;
        if !self.keeps(name, repository) {
            return Ok(());
        }
        // Tags are read by sha256: by another algorithm it is not known what they mean.
        if !digest.starts_with("sha256:") {
            return self.may_delete_digest(name, repository, None).map_err(RuleError::Denied);
        }
        let stays = |tag: &str| self.may(name, repository, tag, Deed::Delete).is_err();
        let tags = walk::tags_that_need(registry, permit, repository, digest, stays).await.map_err(RuleError::NotKnown)?;
        self.may_delete_digest(name, repository, Some(&tags)).map_err(RuleError::Denied)
    }
}
