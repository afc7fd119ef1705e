//! What binds a registry, where the console copies and deletes: the same as at the door.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
    time::Duration,
};

use pilothouse_app::api::{Code, Problem};
use tokio::sync::OwnedMutexGuard;

use crate::{
    api::{Api, ApiError},
    authn::Principal,
    backends::oci::{
        copy::{CopyError, Gate, Side},
        manifests::Manifest,
    },
    guardrails::{Guardrails, Pulled},
    registries::{
        Admitted, Incoming, RuleError,
        rules::{Deed, Rules},
    },
};

/// How long is waited for others who change the same tags.
const PATIENCE: Duration = Duration::from_secs(30);

impl From<RuleError> for ApiError {
    fn from(error: RuleError) -> Self {
        let sentence = error.to_string();
        match error {
            RuleError::Denied(_) => Self::rule(sentence),
            RuleError::TooLarge(_) => Self::new(Code::TooLarge, sentence),
            RuleError::NotKnown(_) => Self::new(Code::BackendError, sentence),
            RuleError::NoStore => Self::new(Code::AuditUnavailable, sentence),
        }
    }
}

impl ApiError {
    /// A rule of the registry does not let it be, whoever asks.
    pub fn rule(sentence: String) -> Self {
        Self(Problem::new(Code::Guardrail, sentence).detail("The rules of a registry bind everybody."))
    }
}

/// Waits until nobody else changes these tags. Hold what it gives as long as they are changed.
pub async fn alone(api: &Api, registry: &str, repository: &str, tags: &[String]) -> Result<Vec<OwnedMutexGuard<()>>, ApiError> {
    let names: BTreeSet<String> = tags.iter().map(|tag| format!("{registry}/{repository}:{tag}")).collect();
    let busy = || ApiError::new(Code::Conflict, "Somebody else is changing one of these tags now, so nothing was done. Try again shortly.");
    api.registrar.registries.tags.take_all(names, PATIENCE).await.ok_or_else(busy)
}

/// Makes sure that nobody has begun to push to a repository since then, in ms: what was seen of its tags is all there is.
pub async fn check_unpushed(api: &Api, registry: &str, repository: &str, since: i64) -> Result<(), ApiError> {
    if !api.store.is_pushed_since(registry, &format!("{registry}/{repository}"), since).await? {
        return Ok(());
    }
    let problem = Problem::new(Code::Conflict, "Something was pushed to this repository while its tags were looked at, so nothing was deleted.");
    Err(ApiError(problem.detail("Look again at what would be deleted.")))
}

/// The guardrails at the source and the rules at the target, for copies.
pub struct Bound {
    pub guardrails: Arc<Guardrails>,
    pub rules: Arc<Rules>,
    /// Who copies.
    pub who: Principal,
    /// What the first guardrail that warns had to say, for the trail.
    pub warned: Arc<OnceLock<String>>,
}

fn said(error: RuleError) -> CopyError {
    let sentence = error.to_string();
    match error {
        RuleError::Denied(_) => CopyError::Rule(sentence),
        RuleError::TooLarge(_) => CopyError::TooLarge(sentence),
        RuleError::NotKnown(_) | RuleError::NoStore => CopyError::Wrong(sentence),
    }
}

impl Gate for Bound {
    /// Nothing, where no quota is for it.
    type Pass = Option<Admitted>;

    async fn may_take(&self, from: &Side, reference: &str, manifest: &Manifest) -> Result<(), CopyError> {
        let Side { registry, repository, permit } = from;
        let pulled = Pulled { registry, repository, reference, digest: &manifest.digest, body: &manifest.body };
        let note = self.guardrails.check_pull(permit, &self.who, &pulled).await.map_err(|finding| CopyError::Guardrail(finding.sentence))?;
        if !note.is_empty() {
            let _ = self.warned.set(note);
        }
        Ok(())
    }

    fn may_move(&self, to: &Side, tag: &str) -> Result<(), CopyError> {
        self.rules.may(&to.registry.name, &to.repository, tag, Deed::Move).map_err(CopyError::Rule)
    }

    async fn may_send(&self, to: &Side, bytes: u64) -> Result<(), CopyError> {
        let (registry, repository) = (&to.registry.name, &to.repository);
        match self.rules.largest(registry, repository).await.map_err(said)? {
            Some(most) if bytes > most => Err(said(self.rules.over(registry, repository, most))),
            _ => Ok(()),
        }
    }

    async fn let_in(&self, to: &Side, reference: &str, manifest: &Manifest) -> Result<Self::Pass, CopyError> {
        let Side { registry, repository, permit } = to;
        let Manifest { digest, body, .. } = manifest;
        self.rules.let_in(&Incoming { registry, permit, repository, reference, digest, manifest: body }).await.map_err(said)
    }

    async fn take_back(&self, pass: Self::Pass) {
        if let Some(admitted) = pass {
            self.rules.take_back(admitted).await;
        }
    }
}
