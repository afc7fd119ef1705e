//! What the registry's rules have to say: rate, uploads at once, sizes, quotas, tags that stay. Asked once it is known that somebody may do it.

use http::{HeaderMap, StatusCode, header};

use super::{
    answer,
    classify::Classified,
    door::{Caller, RegistryDoor},
    refusal::{Code, Refusal},
};
use crate::{
    access::{Permit, is_digest},
    backends::oci::Registry,
    registries::{
        Bound, Given, Holding, Turn,
        rules::Deed,
        size,
        walk::{self, MOST_BLOBS},
    },
};

/// What was looked at of a manifest that counts against quotas.
pub(super) struct Counted {
    bounds: Vec<Bound>,
    blobs: Vec<(String, i64)>,
}

fn too_large(message: String) -> Refusal {
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Code::SizeInvalid, message)
}

/// The registry did not say what has to be known.
fn unknown(why: String) -> Refusal {
    Refusal::new(StatusCode::BAD_GATEWAY, Code::Unavailable, why)
}

fn no_store() -> Refusal {
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, "What the quotas say cannot be read now, so nothing was done.")
}

fn bytes(n: u64) -> String {
    size(i64::try_from(n).unwrap_or(i64::MAX))
}

impl RegistryDoor {
    /// Whether this request comes within what a second allows.
    pub(super) fn in_time(&self, caller: &Caller, asked: &Classified) -> Result<(), Refusal> {
        let Err(wait) = self.rules.in_time(&asked.registry, &caller.who.subject.user) else { return Ok(()) };
        let most = self.rules.of(&asked.registry).limits.requests_per_second.unwrap_or(0);
        let message = format!("Of each person's requests {} takes {most} a second; wait a little.", asked.registry);
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        Err(Refusal::new(StatusCode::TOO_MANY_REQUESTS, Code::TooManyRequests, message).with(header::RETRY_AFTER, &seconds.max(1).to_string()))
    }

    /// A turn to send bytes. Hold it as long as they come.
    pub(super) fn turn(&self, caller: &Caller, asked: &Classified) -> Result<Turn, Refusal> {
        self.rules.turn(&asked.registry, &caller.who.subject.user).ok_or_else(|| {
            let most = self.rules.of(&asked.registry).limits.uploads.unwrap_or(0);
            let message = format!("Of each person's uploads {} takes {most} at a time; wait until one has ended.", asked.registry);
            Refusal::new(StatusCode::TOO_MANY_REQUESTS, Code::TooManyRequests, message).with(header::RETRY_AFTER, "1")
        })
    }

    /// How many more bytes of a blob may come, of which there are `offset` already; `None` where nothing bounds it.
    pub(super) async fn most(&self, asked: &Classified, headers: &HeaderMap, offset: u64) -> Result<Option<u64>, Refusal> {
        let room = self.rules.room(&asked.registry, &asked.repository).await.map_err(|_| no_store())?.map_err(Refusal::denied)?;
        let largest = self.rules.of(&asked.registry).limits.blob_bytes;
        let Some(most) = room.into_iter().chain(largest).min() else { return Ok(None) };
        let left = most.saturating_sub(offset);
        match answer::length(headers) {
            Some(length) if length > left => Err(self.over(asked, most)),
            _ => Ok(Some(left)),
        }
    }

    /// What is said of a blob that is larger than it may be.
    pub(super) fn over(&self, asked: &Classified, most: u64) -> Refusal {
        match self.rules.of(&asked.registry).limits.blob_bytes {
            Some(largest) if largest <= most => {
                too_large(format!("The blob is too large: {} takes blobs of {} at most.", asked.registry, bytes(largest)))
            }
            _ => {
                Refusal::denied(format!("The quota has no room for this blob: {} are left for {}/{}.", bytes(most), asked.registry, asked.repository))
            }
        }
    }

    /// Whether the tag that a push names may come to mean something else than it does.
    pub(super) fn may_move(&self, asked: &Classified) -> Result<(), Refusal> {
        self.rules.may(&asked.registry, &asked.repository, &asked.reference, Deed::Move).map_err(Refusal::denied)
    }

    /// Looks at what a manifest names, where the rules bound that: how many layers, how large each blob is by the registry's own word. `None` where
    /// no quota is for it.
    pub(super) async fn looked_at(
        &self,
        registry: &Registry,
        permit: &Permit,
        asked: &Classified,
        manifest: &[u8],
        digest: &str,
    ) -> Result<Option<Counted>, Refusal> {
        let limits = self.rules.of(&asked.registry).limits;
        let bounds = self.rules.bounds(&asked.registry, &asked.repository);
        if bounds.is_empty() && limits.layers.is_none() && limits.blob_bytes.is_none() {
            return Ok(None);
        }
        let named = walk::named(manifest);
        if let Some(most) = limits.layers.filter(|most| named.layers > *most as usize) {
            return Err(too_large(format!("The image has {} layers, and {} takes {most} at most.", named.layers, asked.registry)));
        }
        if bounds.is_empty() && limits.blob_bytes.is_none() {
            return Ok(None);
        }
        if named.blobs.len() > MOST_BLOBS {
            return Err(too_large(format!(
                "The manifest names {} blobs, and where sizes are bounded it names {MOST_BLOBS} at most.",
                named.blobs.len()
            )));
        }
        let known = self.rules.held_blobs(&asked.registry, &asked.repository).await.map_err(|_| no_store())?;
        let (mut blobs, unknown_yet): (Vec<_>, Vec<_>) = named.blobs.into_iter().partition(|(blob, _)| known.contains_key(blob));
        blobs.iter_mut().for_each(|(blob, bytes)| *bytes = known.get(blob).copied().unwrap_or(*bytes));
        blobs.extend(walk::weigh(registry, permit, &asked.repository, unknown_yet).await.map_err(unknown)?);
        if let Some(most) = limits.blob_bytes
            && let Some((blob, has)) = blobs.iter().find(|(_, bytes)| u64::try_from(*bytes).unwrap_or(0) > most)
        {
            return Err(too_large(format!("{blob} has {}, and {} takes blobs of {} at most.", size(*has), asked.registry, bytes(most))));
        }
        blobs.push((digest.to_owned(), i64::try_from(manifest.len()).unwrap_or(i64::MAX)));
        Ok((!bounds.is_empty()).then_some(Counted { bounds, blobs }))
    }

    /// Lets a manifest count, if its quotas have room for it.
    pub(super) async fn take_room(&self, asked: &Classified, digest: &str, counted: &Counted) -> Result<Given, Refusal> {
        let given = self.rules.take_room(holding(asked, digest, counted), &counted.bounds).await.map_err(|_| no_store())?;
        given.map_err(Refusal::denied)
    }

    /// Takes it back: the registry has said no.
    pub(super) async fn give_back(&self, asked: &Classified, digest: &str, counted: &Counted, given: Given) {
        if let Err(error) = self.rules.give_back(holding(asked, digest, counted), given).await {
            tracing::error!(%error, registry = asked.registry, "A manifest that was not taken counts against its quota, until it is counted anew.");
        }
    }

    /// Whether a tag or a manifest may be deleted. `is_there` is whether the tag means anything.
    pub(super) async fn may_delete(&self, registry: &Registry, permit: &Permit, asked: &Classified, is_there: bool) -> Result<(), Refusal> {
        let (name, repository, reference) = (&asked.registry, &asked.repository, &asked.reference);
        if !is_digest(reference) {
            let may = if is_there { self.rules.may(name, repository, reference, Deed::Delete) } else { Ok(()) };
            return may.map_err(Refusal::denied);
        }
        if !self.rules.keeps(name, repository) {
            return Ok(());
        }
        // Tags are read by sha256: by another algorithm it is not known what they mean.
        if !reference.starts_with("sha256:") {
            return self.rules.may_delete_digest(name, repository, None).map_err(Refusal::denied);
        }
        let stays = |tag: &str| self.rules.may(name, repository, tag, Deed::Delete).is_err();
        let tags = walk::tags_that_need(registry, permit, repository, reference, stays).await.map_err(unknown)?;
        self.rules.may_delete_digest(name, repository, Some(&tags)).map_err(Refusal::denied)
    }

    /// Whether a blob may be deleted by itself: not where a tag that stays may need it.
    pub(super) fn may_delete_blob(&self, asked: &Classified) -> Result<(), Refusal> {
        if !self.rules.keeps(&asked.registry, &asked.repository) {
            return Ok(());
        }
        let of = format!("{}/{}", asked.registry, asked.repository);
        Err(Refusal::denied(format!("Some tags of {of} are immutable, so none of its blobs is deleted by itself.")))
    }
}

fn holding<'a>(asked: &'a Classified, digest: &'a str, counted: &'a Counted) -> Holding<'a> {
    let tag = (!is_digest(&asked.reference)).then_some(asked.reference.as_str());
    Holding { registry: &asked.registry, repository: &asked.repository, manifest: digest, tag, blobs: &counted.blobs }
}
