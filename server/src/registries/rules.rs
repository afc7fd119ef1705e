//! What registries are bound by: kept in the store, held in memory, asked at the door and by whatever copies or deletes. What is changed is in
//! force when the call returns.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwap;
use pilothouse_app::api::registry_rules::{ImmutableTags, RegistryLimits, RegistryRules};
use tokio::sync::Mutex;

use super::{
    quota::bounds,
    rate::{Rates, Turn, Turns},
};
use crate::{
    access::{guard::image::fits, is_repository_name, is_under},
    store::{self, Store, registry_rules::Bound},
};

/// How many rules of one kind a registry has at most: each is looked at for each push.
const MOST: usize = 100;
/// The largest bound of bytes: 1 EiB.
const LARGEST: u64 = 1 << 60;
/// The longest pattern, in characters: a tag has no more.
const LONGEST: usize = 128;

/// What is to become of a tag.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Deed {
    /// There is none of this name.
    Create,
    /// It is there, and would come to mean something else.
    Move,
    /// It would be gone, by itself or with what it means.
    Delete,
}

/// The rules in force.
pub struct Rules {
    pub(super) store: Store,
    in_force: ArcSwap<HashMap<String, Arc<RegistryRules>>>,
    rates: Rates,
    turns: Turns,
    /// Held while something is changed: what is in force is to be what was written last.
    changes: Mutex<()>,
}

/// Whether a prefix takes in a repository.
pub fn covers(prefix: &str, repository: &str) -> bool {
    prefix.is_empty() || is_under(repository, prefix)
}

/// Checks what rules say.
///
/// # Errors
/// The field, and what is wrong with it.
pub fn check(rules: &RegistryRules) -> Result<(), (&'static str, String)> {
    let many = |what: &str| format!("A registry has {MOST} {what} at most.");
    let is_prefix = |prefix: &str| prefix.is_empty() || is_repository_name(prefix);
    let no_prefix = |prefix: &str| {
        format!(
            "{:?} is no prefix: it is the name of a repository, such as team or team/app, or empty for all.",
            prefix.chars().take(60).collect::<String>()
        )
    };
    if rules.immutable.len() > MOST {
        return Err(("immutable", many("rules about tags")));
    }
    for ImmutableTags { prefix, tags } in &rules.immutable {
        if !is_prefix(prefix) {
            return Err(("immutable", no_prefix(prefix)));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-*".contains(c);
        if tags.is_empty() || tags.len() > LONGEST || !tags.chars().all(plain) {
            return Err(("immutable", "Tags are one tag, in which * is any text: v1.0, v*, *.".to_owned()));
        }
    }
    if rules.quotas.len() > MOST {
        return Err(("quotas", many("quotas")));
    }
    let mut seen = BTreeSet::new();
    for quota in &rules.quotas {
        if !is_prefix(&quota.prefix) {
            return Err(("quotas", no_prefix(&quota.prefix)));
        }
        if !seen.insert(&quota.prefix) {
            return Err(("quotas", format!("There are two quotas for {:?}.", quota.prefix)));
        }
        if quota.bytes.is_none() && quota.tags.is_none() {
            return Err(("quotas", "A quota bounds bytes, tags, or both.".to_owned()));
        }
        if quota.bytes.is_some_and(|bytes| bytes > LARGEST) || quota.tags.is_some_and(|tags| tags > LARGEST) {
            return Err(("quotas", "A quota is no larger than 1 EiB.".to_owned()));
        }
    }
    let RegistryLimits { requests_per_second, uploads, blob_bytes, layers } = rules.limits;
    if requests_per_second.is_some_and(|n| !(1..=100_000).contains(&n)) {
        return Err(("limits.requests_per_second", "Requests a second are 1 to 100000.".to_owned()));
    }
    if uploads.is_some_and(|n| !(1..=10_000).contains(&n)) {
        return Err(("limits.uploads", "Uploads at the same time are 1 to 10000.".to_owned()));
    }
    if blob_bytes.is_some_and(|n| !(1..=LARGEST).contains(&n)) {
        return Err(("limits.blob_bytes", "The largest blob has 1 byte to 1 EiB.".to_owned()));
    }
    if layers.is_some_and(|n| !(1..=100_000).contains(&n)) {
        return Err(("limits.layers", "An image's layers are 1 to 100000.".to_owned()));
    }
    Ok(())
}

async fn load(store: &Store) -> Result<HashMap<String, Arc<RegistryRules>>, String> {
    let rows = store.registry_rules().await.map_err(|e| e.to_string())?;
    let read = |(registry, text): (String, String)| match serde_json::from_str(&text) {
        Ok(rules) => Ok((registry, Arc::new(rules))),
        // Nothing may pass for what cannot be read.
        Err(_) => Err(format!("The rules of the registry {registry} cannot be read.")),
    };
    rows.into_iter().map(read).collect()
}

impl Rules {
    /// Puts in force what is kept.
    ///
    /// # Errors
    /// When it cannot be read: without its rules nothing starts.
    pub async fn open(store: Store) -> Result<Self, String> {
        let in_force = ArcSwap::from_pointee(load(&store).await?);
        Ok(Self { store, in_force, rates: Rates::default(), turns: Turns::default(), changes: Mutex::default() })
    }

    /// What a registry is bound by.
    pub fn of(&self, registry: &str) -> Arc<RegistryRules> {
        self.in_force.load().get(registry).cloned().unwrap_or_default()
    }

    /// Whether this may become of a tag, whoever asks. Ask it before each change of a tag, on whichever way it comes.
    ///
    /// # Errors
    /// One sentence about why not.
    pub fn may(&self, registry: &str, repository: &str, tag: &str, deed: Deed) -> Result<(), String> {
        let rules = self.of(registry);
        let Some(rule) = rules.immutable.iter().find(|rule| covers(&rule.prefix, repository) && fits(&rule.tags, tag)) else { return Ok(()) };
        let pattern = match rule.prefix.as_str() {
            "" => format!("{:?} in {registry}", rule.tags),
            prefix => format!("{:?} in {registry}/{prefix}", rule.tags),
        };
        match deed {
            Deed::Create => Ok(()),
            Deed::Move => Err(format!("The tag {registry}/{repository}:{tag} is there and stays what it is: tags that fit {pattern} are immutable.")),
            Deed::Delete => Err(format!("The tag {registry}/{repository}:{tag} stays: tags that fit {pattern} are immutable.")),
        }
    }

    /// Whether a manifest may be deleted by its digest. `tags` are all that go or break with it; `None` where that is not known.
    ///
    /// # Errors
    /// One sentence about why not.
    pub fn may_delete_digest(&self, registry: &str, repository: &str, tags: Option<&[String]>) -> Result<(), String> {
        match tags {
            Some(tags) => tags.iter().try_for_each(|tag| self.may(registry, repository, tag, Deed::Delete)),
            None if self.keeps(registry, repository) => {
                Err(format!("Some tags of {registry}/{repository} are immutable, and it is not known whether one of them needs this."))
            }
            None => Ok(()),
        }
    }

    /// Whether any tag of a repository may be one that stays.
    pub fn keeps(&self, registry: &str, repository: &str) -> bool {
        self.of(registry).immutable.iter().any(|rule| covers(&rule.prefix, repository))
    }

    /// Whether a request of this person comes within what a second allows.
    ///
    /// # Errors
    /// How long until the next one does.
    pub fn in_time(&self, registry: &str, user: &str) -> Result<(), Duration> {
        match self.of(registry).limits.requests_per_second {
            Some(most) => self.rates.take(registry, user, most, Instant::now()),
            None => Ok(()),
        }
    }

    /// A turn to upload, held as long as bytes come; `None` when this person has as many as they may.
    pub fn turn(&self, registry: &str, user: &str) -> Option<Turn> {
        self.turns.take(registry, user, self.of(registry).limits.uploads)
    }

    /// The quotas that a repository falls under.
    pub fn bounds(&self, registry: &str, repository: &str) -> Vec<Bound> {
        bounds(&self.of(registry).quotas, repository)
    }

    /// Puts rules in the place of those that are there. Says which were.
    ///
    /// # Errors
    /// When they cannot be written; then the old ones stay in force.
    pub async fn set(&self, registry: &str, rules: &RegistryRules) -> store::Result<Arc<RegistryRules>> {
        let _alone = self.changes.lock().await;
        let before = self.of(registry);
        let text = serde_json::to_string(rules).unwrap_or_default();
        let prefixes: Vec<&str> = rules.quotas.iter().map(|quota| quota.prefix.as_str()).collect();
        self.store.set_registry_rules(registry, &text, &prefixes).await?;
        self.read_again().await;
        Ok(before)
    }

    /// Puts in force what may have been changed elsewhere.
    pub async fn reload(&self) {
        let _alone = self.changes.lock().await;
        self.read_again().await;
    }

    /// Does not give up: a rule that is written must be in force.
    async fn read_again(&self) {
        loop {
            match load(&self.store).await {
                Ok(rules) => return self.in_force.store(Arc::new(rules)),
                Err(error) => {
                    tracing::error!(%error, "A change of a registry's rules is written and not in force yet.");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pilothouse_app::api::registry_rules::Quota;

    use super::*;

    fn quota(prefix: &str) -> Quota {
        Quota { prefix: prefix.to_owned(), bytes: Some(1), tags: None }
    }

    fn tags(prefix: &str, tags: &str) -> ImmutableTags {
        ImmutableTags { prefix: prefix.to_owned(), tags: tags.to_owned() }
    }

    #[test]
    fn what_rules_cannot_say_is_refused_with_its_field() {
        let good =
            RegistryRules { immutable: vec![tags("", "v*"), tags("team/x", "*")], quotas: vec![quota(""), quota("team")], ..Default::default() };
        assert_eq!(check(&good), Ok(()));
        let limits = |limits| RegistryRules { limits, ..Default::default() };
        for (bad, field) in [
            (RegistryRules { immutable: vec![tags("Team", "v*")], ..Default::default() }, "immutable"),
            (RegistryRules { immutable: vec![tags("", "")], ..Default::default() }, "immutable"),
            (RegistryRules { immutable: vec![tags("", "v/1")], ..Default::default() }, "immutable"),
            (RegistryRules { quotas: vec![quota("a"), quota("a")], ..Default::default() }, "quotas"),
            (RegistryRules { quotas: vec![Quota { bytes: None, ..quota("") }], ..Default::default() }, "quotas"),
            (limits(RegistryLimits { requests_per_second: Some(0), ..Default::default() }), "limits.requests_per_second"),
            (limits(RegistryLimits { blob_bytes: Some(u64::MAX), ..Default::default() }), "limits.blob_bytes"),
        ] {
            assert_eq!(check(&bad).unwrap_err().0, field, "{bad:?}");
        }
    }

    #[test]
    fn a_prefix_takes_in_whole_names() {
        assert!(covers("", "a") && covers("team", "team") && covers("team", "team/x"));
        assert!(!covers("team", "teamx") && !covers("team/x", "team"));
    }
}
