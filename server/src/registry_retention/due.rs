//! Runs what is due by its schedule, as Pilothouse itself.

use std::sync::Arc;

use super::{
    Retention, RetentionError,
    run::{Whom, by_itself},
    schedule, schedule_of,
};
use crate::{
    access::{Operation, Permission, tidied, watch_registry},
    authn::secret,
    store::{
        StoreError,
        retention::{RetentionRuleRow, RetentionRunRow},
    },
};

/// Who makes plans by a schedule.
const NOBODY: &str = "-";

impl Retention {
    /// Runs every rule that is due at `now` (ms). Each is due once for each of its times, whichever replica sees it.
    ///
    /// # Errors
    /// When the rules cannot be read.
    pub async fn follow_schedules(self: &Arc<Self>, now: i64) -> Result<(), StoreError> {
        for rule in self.store.retention_rules(None).await? {
            let due = schedule_of(&rule).ok().and_then(|schedule| schedule::next(&schedule, rule.followed_at)).is_some_and(|at| at <= now);
            if !due || !self.store.follow_retention_rule(&rule, now).await? {
                continue;
            }
            if let Err(error) = self.run_by_schedule(&rule, now).await {
                tracing::warn!(registry = rule.registry, prefix = rule.prefix, %error, "A retention rule could not be run.");
                self.keep_refusal(&rule, now, &error.to_string()).await?;
            }
        }
        Ok(())
    }

    async fn run_by_schedule(self: &Arc<Self>, rule: &RetentionRuleRow, now: i64) -> Result<(), RetentionError> {
        let seen = self.preview(&watch_registry(&rule.registry), rule, NOBODY).await?;
        if let Some(problem) = seen.problems.first() {
            return Ok(self.keep_refusal(rule, now, problem).await?);
        }
        if seen.digests_going == 0 {
            return Ok(self.keep_end(rule, now, "done", "There was nothing to let go.").await?);
        }
        let plan = self.store.retention_plan(&seen.id).await?.ok_or(RetentionError::Unreadable)?;
        let whom = Whom::Schedule(rule.prefix.clone());
        let operation = Operation::on_registry("RetentionRunStart", Permission::RetentionManage, &rule.registry, &plan.id);
        let permit = tidied(operation, &rule.prefix).ok_or(RetentionError::Unreadable)?;
        let Ok(entry) = self.operator.trail().begin_as(None, &by_itself(), &permit).await else {
            return Ok(self.keep_refusal(rule, now, "The audit trail cannot be written.").await?);
        };
        self.start(whom, permit, entry, plan).await.map(drop)
    }

    async fn keep_refusal(&self, rule: &RetentionRuleRow, now: i64, why: &str) -> Result<(), StoreError> {
        self.keep_end(rule, now, "stopped", why).await
    }

    /// Keeps a run that came to nothing.
    async fn keep_end(&self, rule: &RetentionRuleRow, now: i64, state: &str, note: &str) -> Result<(), StoreError> {
        let Ok(id) = secret::id() else { return Ok(()) };
        let row = RetentionRunRow {
            id,
            registry: rule.registry.clone(),
            prefix: rule.prefix.clone(),
            started_at: now,
            touched_at: now,
            ended_at: Some(now),
            state: state.to_owned(),
            note: note.to_owned(),
            ..RetentionRunRow::default()
        };
        self.store.add_retention_run(&row).await.map(drop)
    }
}
