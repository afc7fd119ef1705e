//! Retention of what registries hold: what a rule would let go is looked at ([`read`]), worked out by code that cannot delete ([`plan`]), kept,
//! and then run ([`run`]): which deletes only what the plan shows, and of that only what the same code, by what is read anew, still lets go.

mod ask;
mod due;
mod look;
pub mod plan;
pub mod read;
mod run;
pub mod schedule;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use pilothouse_app::api::registry_retention::{Keep, Reason, ReasonCount, RetentionPlan, Schedule};
use serde::{Deserialize, Serialize};

pub use run::Whom;

use crate::{
    access::{Permit, is_under},
    authn::secret,
    backends::{Engines, Registries},
    clock::now_ms,
    operate::Operator,
    registries::rules::Rules,
    store::{
        Store, StoreError,
        retention::{RetentionPlanRow, RetentionRuleRow},
    },
};
use plan::{Facts, Item};
use read::Reader;

/// How long a plan may be run after it was made, in ms: a day.
pub const GOOD_MS: i64 = 86_400_000;

/// Why a plan could not be made or run.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    #[error("There is no such registry.")]
    NoRegistry,
    /// A row is not what it is to be.
    #[error("What is kept of this rule cannot be read.")]
    Unreadable,
    #[error("Something is run in this registry already.")]
    Busy,
    /// The plan was used, or is too old.
    #[error("This plan was run already; make a new one.")]
    Used,
    #[error(transparent)]
    NoRandomness(#[from] secret::NoRandomness),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What becomes of a tag, as it is kept.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct KeptItem {
    #[serde(rename = "r")]
    pub repository: String,
    #[serde(rename = "t")]
    pub tag: String,
    #[serde(rename = "d")]
    pub digest: String,
    pub at: Option<i64>,
    #[serde(rename = "g")]
    pub goes: bool,
    #[serde(rename = "w")]
    pub reason: Reason,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Rules and what becomes of them.
pub struct Retention {
    operator: Arc<Operator>,
    store: Store,
    engines: Arc<Engines>,
    registries: Arc<Registries>,
    rules: Arc<Rules>,
    /// The registries in which something runs: one at a time in each.
    busy: Mutex<BTreeSet<String>>,
}

/// That nothing else runs in a registry.
struct Alone {
    of: Arc<Retention>,
    registry: String,
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.of.busy.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.registry);
    }
}

impl Retention {
    pub fn new(operator: Arc<Operator>, store: Store, engines: Arc<Engines>, registries: Arc<Registries>, rules: Arc<Rules>) -> Self {
        Self { operator, store, engines, registries, rules, busy: Mutex::default() }
    }

    fn alone(self: &Arc<Self>, registry: &str) -> Result<Alone, RetentionError> {
        if !self.busy.lock().unwrap_or_else(PoisonError::into_inner).insert(registry.to_owned()) {
            return Err(RetentionError::Busy);
        }
        Ok(Alone { of: self.clone(), registry: registry.to_owned() })
    }

    fn reader(&self, registry: &str) -> Result<Reader, RetentionError> {
        let registry = self.registries.get(registry).ok_or(RetentionError::NoRegistry)?;
        Ok(Reader::new(registry, self.engines.clone(), self.store.clone(), self.rules.clone()))
    }

    /// Looks at what a rule would let go now, and keeps that as a plan. Nothing is deleted: nothing here could.
    pub async fn preview(&self, permit: &Permit, rule: &RetentionRuleRow, by: &str) -> Result<RetentionPlan, RetentionError> {
        let reader = self.reader(&rule.registry)?;
        let rules = self.store.retention_rules(Some(&rule.registry)).await?;
        let facts = reader.facts(permit, &rule.prefix, |repository| is_narrowest(rule, &rules, repository)).await;
        let items = plan::plan(&keep_of(rule)?, &facts);
        let summary = summary(rule, &facts, &items, by, secret::id()?);
        let kept: Vec<KeptItem> = items.into_iter().map(kept).collect();
        let row = RetentionPlanRow {
            id: summary.id.clone(),
            registry: rule.registry.clone(),
            prefix: rule.prefix.clone(),
            rule: rule.id.clone(),
            made_at: summary.made_at,
            made_by: by.to_owned(),
            summary: serde_json::to_string(&summary).map_err(|_| RetentionError::Unreadable)?,
            items: serde_json::to_string(&kept).map_err(|_| RetentionError::Unreadable)?,
            run: None,
        };
        self.store.add_retention_plan(&row).await?;
        Ok(summary)
    }
}

fn kept(item: Item) -> KeptItem {
    let Item { repository, tag, digest, at, goes, reason, detail } = item;
    KeptItem { repository, tag, digest, at, goes, reason, detail }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn summary(rule: &RetentionRuleRow, facts: &Facts, items: &[Item], by: &str, id: String) -> RetentionPlan {
    let going = || items.iter().filter(|item| item.goes);
    let digests: BTreeSet<(&str, &str)> = going().map(|item| (item.repository.as_str(), item.digest.as_str())).collect();
    let mut reasons: BTreeMap<Reason, u32> = BTreeMap::new();
    for item in items {
        *reasons.entry(item.reason).or_default() += 1;
    }
    let made_at = now_ms();
    RetentionPlan {
        id,
        registry: rule.registry.clone(),
        prefix: rule.prefix.clone(),
        rule: rule.id.clone(),
        made_at,
        made_by: by.to_owned(),
        good_until: made_at + GOOD_MS,
        problems: facts.problems.clone(),
        repositories: count(facts.repositories.len()),
        tags: count(items.len()),
        digests_going: count(digests.len()),
        tags_going: count(going().count()),
        reasons: reasons.into_iter().map(|(reason, tags)| ReasonCount { reason, tags }).collect(),
        run: None,
    }
}

/// A plan as it is shown.
pub fn shown_plan(row: &RetentionPlanRow) -> Result<RetentionPlan, RetentionError> {
    let plan: RetentionPlan = serde_json::from_str(&row.summary).map_err(|_| RetentionError::Unreadable)?;
    Ok(RetentionPlan { run: row.run.clone(), ..plan })
}

/// What becomes of each tag of a plan.
pub fn items_of(row: &RetentionPlanRow) -> Result<Vec<KeptItem>, RetentionError> {
    serde_json::from_str(&row.items).map_err(|_| RetentionError::Unreadable)
}

/// What a rule keeps.
pub fn keep_of(rule: &RetentionRuleRow) -> Result<Keep, RetentionError> {
    serde_json::from_str(&rule.keep).map_err(|_| RetentionError::Unreadable)
}

/// When a rule runs by itself.
pub fn schedule_of(rule: &RetentionRuleRow) -> Result<Schedule, RetentionError> {
    serde_json::from_str(&rule.schedule).map_err(|_| RetentionError::Unreadable)
}

/// Whether a repository is this rule's: of all rules over it, the one with the longest prefix counts.
fn is_narrowest(rule: &RetentionRuleRow, rules: &[RetentionRuleRow], repository: &str) -> bool {
    let covers = |prefix: &str| prefix.is_empty() || is_under(repository, prefix);
    covers(&rule.prefix) && rules.iter().all(|other| other.prefix.len() <= rule.prefix.len() || !covers(&other.prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(prefix: &str) -> RetentionRuleRow {
        let text = |text: &str| text.to_owned();
        RetentionRuleRow {
            id: text(prefix),
            registry: text("hub"),
            prefix: text(prefix),
            keep: text("{}"),
            schedule: text("{}"),
            followed_at: 0,
            created_at: 0,
            created_by: text("ana"),
        }
    }

    #[test]
    fn of_several_rules_the_narrowest_counts() {
        let rules = ["", "team", "team/x"].map(rule);
        let of = |repository: &str| {
            let mut theirs = rules.iter().filter(|rule| is_narrowest(rule, &rules, repository)).map(|rule| rule.prefix.as_str());
            (theirs.next(), theirs.next())
        };
        assert_eq!(of("team/x/y"), (Some("team/x"), None));
        assert_eq!(of("team/y"), (Some("team"), None));
        assert_eq!(of("teams"), (Some(""), None));
        assert!(!is_narrowest(&rules[1], &rules, "other"));
    }
}
