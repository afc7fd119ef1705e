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
    registries::{RuleError, Turn, rules::Deed},
};

impl From<RuleError> for Refusal {
    fn from(error: RuleError) -> Self {
        let sentence = error.to_string();
        match error {
            RuleError::Denied(_) => Refusal::denied(sentence),
            RuleError::TooLarge(_) => Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, Code::SizeInvalid, sentence),
            RuleError::NotKnown(_) => Refusal::new(StatusCode::BAD_GATEWAY, Code::Unavailable, sentence),
            RuleError::NoStore => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, sentence),
        }
    }
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
        let Some(most) = self.rules.largest(&asked.registry, &asked.repository).await? else { return Ok(None) };
        let left = most.saturating_sub(offset);
        match answer::length(headers) {
            Some(length) if length > left => Err(self.over(asked, most)),
            _ => Ok(Some(left)),
        }
    }

    /// What is said of a blob that is larger than it may be.
    pub(super) fn over(&self, asked: &Classified, most: u64) -> Refusal {
        self.rules.over(&asked.registry, &asked.repository, most).into()
    }

    /// Whether the tag that a push names may come to mean something else than it does.
    pub(super) fn may_move(&self, asked: &Classified) -> Result<(), Refusal> {
        self.rules.may(&asked.registry, &asked.repository, &asked.reference, Deed::Move).map_err(Refusal::denied)
    }

    /// Whether a tag or a manifest may be deleted. `means` is what the tag means, if it is there.
    pub(super) async fn may_delete(&self, registry: &Registry, permit: &Permit, asked: &Classified, means: Option<&str>) -> Result<(), Refusal> {
        let (repository, reference) = (&asked.repository, &asked.reference);
        if is_digest(reference) {
            return Ok(self.rules.may_delete_manifest(registry, permit, repository, reference).await?);
        }
        match means {
            Some(digest) => Ok(self.rules.may_delete_tag(registry, permit, repository, reference, digest).await?),
            None => Ok(()),
        }
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
