//! Guardrails, and what they did not allow.

use super::{Flag, Result, Store, StoreError};

/// A guardrail as it is kept. `roles` is a JSON array, `rule` a JSON object.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct GuardrailRow {
    pub id: String,
    pub name: String,
    pub mode: String,
    pub scope: String,
    pub roles: String,
    pub rule: String,
    pub created_at: i64,
    pub created_by: String,
    #[sqlx(try_from = "Flag")]
    pub declared: bool,
}

/// Something that a guardrail did not allow.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct HitRow {
    /// Given when it is kept.
    pub id: i64,
    pub at: i64,
    pub guardrail: String,
    pub username: String,
    pub target: String,
    pub operation: String,
    pub object: String,
    pub sentence: String,
    #[sqlx(try_from = "Flag")]
    pub stopped: bool,
}

impl Store {
    pub async fn guardrails(&self) -> Result<Vec<GuardrailRow>> {
        let sql = "SELECT id, name, mode, scope, roles, rule, created_at, created_by, declared FROM guardrails ORDER BY name";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    pub async fn guardrail(&self, id: &str) -> Result<Option<GuardrailRow>> {
        let sql = "SELECT id, name, mode, scope, roles, rule, created_at, created_by, declared FROM guardrails WHERE id = $1";
        Ok(sqlx::query_as(sql).bind(id).fetch_optional(&self.read).await?)
    }

    pub async fn add_guardrail(&self, row: &GuardrailRow) -> Result<()> {
        let sql = "INSERT INTO guardrails (id, name, mode, scope, roles, rule, created_at, created_by, declared) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.name)
            .bind(&row.mode)
            .bind(&row.scope)
            .bind(&row.roles)
            .bind(&row.rule)
            .bind(row.created_at)
            .bind(&row.created_by)
            .bind(i64::from(row.declared))
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Everything but its id and who made it.
    pub async fn update_guardrail(&self, row: &GuardrailRow) -> Result<()> {
        let sql = "UPDATE guardrails SET name = $2, mode = $3, scope = $4, roles = $5, rule = $6 WHERE id = $1";
        let done = sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.name)
            .bind(&row.mode)
            .bind(&row.scope)
            .bind(&row.roles)
            .bind(&row.rule)
            .execute(&self.write)
            .await?;
        if done.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
    }

    /// `false` when there is no such guardrail.
    pub async fn delete_guardrail(&self, id: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM guardrails WHERE id = $1").bind(id).execute(&self.write).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Keeps hits; those of guardrails that are gone are not kept.
    pub async fn add_guardrail_hits(&self, hits: &[HitRow]) -> Result<()> {
        let mut tx = self.begin().await?;
        for hit in hits {
            let sql = "INSERT INTO guardrail_hits (id, at, guardrail, username, target, operation, object, sentence, stopped) \
                       SELECT (SELECT COALESCE(MAX(id), 0) + 1 FROM guardrail_hits), $1, g.id, $3, $4, $5, $6, $7, $8 FROM guardrails g WHERE g.id = $2";
            sqlx::query(sql)
                .bind(hit.at)
                .bind(&hit.guardrail)
                .bind(&hit.username)
                .bind(&hit.target)
                .bind(&hit.operation)
                .bind(&hit.object)
                .bind(&hit.sentence)
                .bind(i64::from(hit.stopped))
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Forgets hits from before `since`, and the oldest when there are more than `most`.
    pub async fn forget_guardrail_hits(&self, since: i64, most: i64) -> Result<()> {
        sqlx::query("DELETE FROM guardrail_hits WHERE at < $1").bind(since).execute(&self.write).await?;
        let sql = "DELETE FROM guardrail_hits WHERE id <= (SELECT COALESCE(MAX(id), 0) FROM guardrail_hits) - $1";
        sqlx::query(sql).bind(most).execute(&self.write).await?;
        Ok(())
    }

    /// Hits of a guardrail since a time, newest first.
    pub async fn guardrail_hits(&self, guardrail: &str, since: i64, before: Option<i64>, limit: u32) -> Result<Vec<HitRow>> {
        let sql = "SELECT id, at, guardrail, username, target, operation, object, sentence, stopped FROM guardrail_hits \
                   WHERE guardrail = $1 AND at >= $2 AND id < $3 ORDER BY id DESC LIMIT $4";
        Ok(sqlx::query_as(sql).bind(guardrail).bind(since).bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit)).fetch_all(&self.read).await?)
    }

    /// How many hits each guardrail has since a time.
    pub async fn guardrail_hit_counts(&self, since: i64) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT guardrail, COUNT(*) FROM guardrail_hits WHERE at >= $1 GROUP BY guardrail";
        Ok(sqlx::query_as(sql).bind(since).fetch_all(&self.read).await?)
    }
}
