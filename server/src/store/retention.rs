//! Retention of what registries hold: rules, plans, runs; and what the trail tells of pushes and pulls.

use sqlx::FromRow;

use super::{Result, Store, StoreError};

/// A rule as it is kept. `keep` and `schedule` are JSON.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct RetentionRuleRow {
    pub id: String,
    pub registry: String,
    pub prefix: String,
    pub keep: String,
    pub schedule: String,
    /// What was due before this is done.
    pub followed_at: i64,
    pub created_at: i64,
    pub created_by: String,
}

/// A plan as it is kept. `summary` and `items` are JSON.
#[derive(Clone, Debug, FromRow)]
pub struct RetentionPlanRow {
    pub id: String,
    pub registry: String,
    pub prefix: String,
    pub rule: String,
    pub made_at: i64,
    pub made_by: String,
    pub summary: String,
    pub items: String,
    pub run: Option<String>,
}

/// A run as it is kept.
#[derive(Clone, Debug, Default, FromRow)]
pub struct RetentionRunRow {
    pub id: String,
    pub registry: String,
    pub prefix: String,
    pub plan: Option<String>,
    pub started_at: i64,
    pub touched_at: i64,
    pub ended_at: Option<i64>,
    pub started_by: Option<String>,
    /// `running`, `done` or `stopped`.
    pub state: String,
    pub planned: i64,
    pub gone: i64,
    pub tags_gone: i64,
    pub spared: i64,
    pub failed: i64,
    pub note: String,
}

/// That something was pushed or pulled.
#[derive(Clone, Debug, FromRow)]
pub struct UseRow {
    /// By which right: to pull, or one of those to push.
    pub permission: String,
    pub object: String,
    pub note: String,
    /// The last time.
    pub at: i64,
}

/// How many runs of a registry are kept, and for how long plans are, in ms.
const RUNS: i64 = 200;
const PLANS_MS: i64 = 7 * 86_400_000;

impl Store {
    /// The rules of a registry, by prefix; of all registries without one.
    pub async fn retention_rules(&self, registry: Option<&str>) -> Result<Vec<RetentionRuleRow>> {
        let sql = "SELECT id, registry, prefix, keep, schedule, followed_at, created_at, created_by FROM retention_rules ORDER BY registry, prefix";
        let mut rules: Vec<RetentionRuleRow> = sqlx::query_as(sql).fetch_all(&self.read).await?;
        rules.retain(|rule| registry.is_none_or(|registry| rule.registry == registry));
        Ok(rules)
    }

    /// # Errors
    /// [`StoreError::Exists`] when there is a rule for this prefix.
    pub async fn add_retention_rule(&self, rule: &RetentionRuleRow) -> Result<()> {
        sqlx::query(
            "INSERT INTO retention_rules (id, registry, prefix, keep, schedule, followed_at, created_at, created_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&rule.id)
        .bind(&rule.registry)
        .bind(&rule.prefix)
        .bind(&rule.keep)
        .bind(&rule.schedule)
        .bind(rule.followed_at)
        .bind(rule.created_at)
        .bind(&rule.created_by)
        .execute(&self.write)
        .await?;
        Ok(())
    }

    /// # Errors
    /// [`StoreError::Exists`] when another rule is for its prefix, [`StoreError::Missing`] when it is gone.
    pub async fn update_retention_rule(&self, rule: &RetentionRuleRow) -> Result<()> {
        let done = sqlx::query("UPDATE retention_rules SET prefix = $2, keep = $3, schedule = $4, followed_at = $5 WHERE id = $1")
            .bind(&rule.id)
            .bind(&rule.prefix)
            .bind(&rule.keep)
            .bind(&rule.schedule)
            .bind(rule.followed_at)
            .execute(&self.write)
            .await?;
        if done.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
    }

    /// `false` when there is no such rule.
    pub async fn delete_retention_rule(&self, id: &str) -> Result<bool> {
        Ok(sqlx::query("DELETE FROM retention_rules WHERE id = $1").bind(id).execute(&self.write).await?.rows_affected() > 0)
    }

    /// Takes what is due of a rule's schedule. `false` when another replica has taken it, or the rule was changed.
    pub async fn follow_retention_rule(&self, rule: &RetentionRuleRow, now: i64) -> Result<bool> {
        let sql = "UPDATE retention_rules SET followed_at = $2 WHERE id = $1 AND followed_at = $3";
        Ok(sqlx::query(sql).bind(&rule.id).bind(now).bind(rule.followed_at).execute(&self.write).await?.rows_affected() > 0)
    }

    /// Keeps a plan, and forgets those that are long past their use.
    pub async fn add_retention_plan(&self, plan: &RetentionPlanRow) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM retention_plans WHERE made_at < $1").bind(plan.made_at - PLANS_MS).execute(&mut *tx).await?;
        sqlx::query(
            "INSERT INTO retention_plans (id, registry, prefix, rule, made_at, made_by, summary, items) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&plan.id)
        .bind(&plan.registry)
        .bind(&plan.prefix)
        .bind(&plan.rule)
        .bind(plan.made_at)
        .bind(&plan.made_by)
        .bind(&plan.summary)
        .bind(&plan.items)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    pub async fn retention_plan(&self, id: &str) -> Result<Option<RetentionPlanRow>> {
        let sql = "SELECT id, registry, prefix, rule, made_at, made_by, summary, items, run FROM retention_plans WHERE id = $1";
        Ok(sqlx::query_as(sql).bind(id).fetch_optional(&self.read).await?)
    }

    /// Begins a run. `false` when its plan was used already.
    pub async fn add_retention_run(&self, run: &RetentionRunRow) -> Result<bool> {
        let mut tx = self.begin().await?;
        if let Some(plan) = &run.plan {
            let taken =
                sqlx::query("UPDATE retention_plans SET run = $2 WHERE id = $1 AND run IS NULL").bind(plan).bind(&run.id).execute(&mut *tx).await?;
            if taken.rows_affected() == 0 {
                return Ok(false);
            }
        }
        let old = "DELETE FROM retention_runs WHERE registry = $1 AND id NOT IN \
                   (SELECT id FROM retention_runs WHERE registry = $1 ORDER BY started_at DESC LIMIT $2)";
        sqlx::query(old).bind(&run.registry).bind(RUNS).execute(&mut *tx).await?;
        sqlx::query(
            "INSERT INTO retention_runs (id, registry, prefix, plan, started_at, touched_at, ended_at, started_by, state, planned, gone, tags_gone, \
             spared, failed, note) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, 0, 0, 0, 0, $10)",
        )
        .bind(&run.id)
        .bind(&run.registry)
        .bind(&run.prefix)
        .bind(&run.plan)
        .bind(run.started_at)
        .bind(run.ended_at)
        .bind(&run.started_by)
        .bind(&run.state)
        .bind(run.planned)
        .bind(&run.note)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Says how far a run is.
    pub async fn touch_retention_run(&self, run: &RetentionRunRow) -> Result<()> {
        let sql = "UPDATE retention_runs SET touched_at = $2, ended_at = $3, state = $4, gone = $5, tags_gone = $6, spared = $7, failed = $8, note = $9 \
                   WHERE id = $1";
        sqlx::query(sql)
            .bind(&run.id)
            .bind(run.touched_at)
            .bind(run.ended_at)
            .bind(&run.state)
            .bind(run.gone)
            .bind(run.tags_gone)
            .bind(run.spared)
            .bind(run.failed)
            .bind(&run.note)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// The last runs in a registry, the newest first.
    pub async fn retention_runs(&self, registry: &str) -> Result<Vec<RetentionRunRow>> {
        let sql = "SELECT id, registry, prefix, plan, started_at, touched_at, ended_at, started_by, state, planned, gone, tags_gone, spared, failed, note \
                   FROM retention_runs WHERE registry = $1 ORDER BY started_at DESC, id LIMIT $2";
        Ok(sqlx::query_as(sql).bind(registry).bind(RUNS).fetch_all(&self.read).await?)
    }

    /// When the oldest record of the trail was written.
    pub async fn oldest_record(&self) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar("SELECT at FROM audit ORDER BY id LIMIT 1").fetch_optional(&self.read).await?)
    }

    /// What was pushed and pulled of `place`, a registry and a repository of it, and when last: up to `limit` of them. What came of a pull does not
    /// matter: what was asked for is wanted. A push that was refused made nothing newer.
    pub async fn repository_uses(&self, registry: &str, place: &str, limit: usize) -> Result<Vec<UseRow>> {
        let sql = "SELECT permission, object, note, MAX(at) AS at FROM audit \
                   WHERE target = $1 AND operation IN ('ManifestGet', 'ManifestHead', 'ManifestPut', 'ManifestCopy') AND decision = 'allowed' \
                   AND (permission = 'registry.repository.pull' OR outcome NOT IN ('denied', 'failed') OR status IS NULL OR status >= 500) \
                   AND (object >= $2 AND object < $3 OR object >= $4 AND object < $5) GROUP BY permission, object, note LIMIT $6";
        let [a, b, c, d] = ranges(place);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(sqlx::query_as(sql).bind(registry).bind(a).bind(b).bind(c).bind(d).bind(limit).fetch_all(&self.read).await?)
    }

    /// Whether a push to `place` was begun at that time or later, whatever came of it: by any operation that takes a right to push, but for blobs,
    /// which mean nothing yet.
    pub async fn is_pushed_since(&self, registry: &str, place: &str, since: i64) -> Result<bool> {
        let sql = "SELECT count(*) FROM audit WHERE target = $1 AND decision = 'allowed' AND operation NOT LIKE 'Upload%' \
                   AND permission IN ('registry.repository.create', 'registry.repository.push', 'registry.repository.retag') \
                   AND at >= $2 AND (object >= $3 AND object < $4 OR object >= $5 AND object < $6)";
        let [a, b, c, d] = ranges(place);
        let count: i64 = sqlx::query_scalar(sql).bind(registry).bind(since).bind(a).bind(b).bind(c).bind(d).fetch_one(&self.read).await?;
        Ok(count > 0)
    }
}

/// From where to where the objects lie that are a tag or a digest of `place`.
fn ranges(place: &str) -> [String; 4] {
    [format!("{place}:"), format!("{place};"), format!("{place}@"), format!("{place}A")]
}
