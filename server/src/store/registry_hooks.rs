//! Who is told of what changes in registries.

use super::{Flag, Result, Store, StoreError};

/// A webhook as it is kept. `events` is a JSON array.
#[derive(Clone, Debug, Eq, PartialEq, sqlx::FromRow)]
pub struct HookRow {
    pub id: String,
    pub registry: String,
    pub name: String,
    /// The repository and those below it; empty for all.
    pub prefix: String,
    pub events: String,
    /// Where it is, without the path.
    pub webhook: String,
    /// The whole address and its secret, sealed.
    pub secret: Vec<u8>,
    #[sqlx(try_from = "Flag")]
    pub enabled: bool,
    pub created_at: i64,
    pub created_by: String,
}

/// What its place in the trail is kept by, among those of the places that the trail is forwarded to: these have no slash in their names.
pub fn sink_of(hook: &str) -> String {
    format!("registry-hook/{hook}")
}

macro_rules! hooks {
    ($more:literal) => {
        concat!("SELECT id, registry, name, prefix, events, webhook, secret, enabled, created_at, created_by FROM registry_hooks ", $more)
    };
}

impl Store {
    /// All webhooks of all registries.
    pub async fn registry_hooks(&self) -> Result<Vec<HookRow>> {
        Ok(sqlx::query_as(hooks!("ORDER BY registry, name")).fetch_all(&self.read).await?)
    }

    pub async fn registry_hook(&self, id: &str) -> Result<Option<HookRow>> {
        Ok(sqlx::query_as(hooks!("WHERE id = $1")).bind(id).fetch_optional(&self.read).await?)
    }

    /// Adds a webhook that is told of what comes behind these positions: by writer, the last entry of the trail.
    pub async fn add_registry_hook(&self, row: &HookRow, positions: &[(i64, i64)]) -> Result<()> {
        let mut tx = self.begin().await?;
        let sql = "INSERT INTO registry_hooks (id, registry, name, prefix, events, webhook, secret, enabled, created_at, created_by) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.registry)
            .bind(&row.name)
            .bind(&row.prefix)
            .bind(&row.events)
            .bind(&row.webhook)
            .bind(row.secret.as_slice())
            .bind(i64::from(row.enabled))
            .bind(row.created_at)
            .bind(&row.created_by)
            .execute(&mut *tx)
            .await?;
        begin_behind(&mut tx, &row.id, positions).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Everything but its id, its registry and who made it. With `positions` it is told of what comes behind them.
    pub async fn update_registry_hook(&self, row: &HookRow, positions: Option<&[(i64, i64)]>) -> Result<()> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE registry_hooks SET name = $2, prefix = $3, events = $4, webhook = $5, secret = $6, enabled = $7 WHERE id = $1";
        let done = sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.name)
            .bind(&row.prefix)
            .bind(&row.events)
            .bind(&row.webhook)
            .bind(row.secret.as_slice())
            .bind(i64::from(row.enabled))
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Missing);
        }
        if let Some(positions) = positions {
            sqlx::query("DELETE FROM audit_cursors WHERE sink = $1").bind(sink_of(&row.id)).execute(&mut *tx).await?;
            begin_behind(&mut tx, &row.id, positions).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// `false` when there is no such webhook.
    pub async fn delete_registry_hook(&self, id: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM audit_cursors WHERE sink = $1").bind(sink_of(id)).execute(&mut *tx).await?;
        let done = sqlx::query("DELETE FROM registry_hooks WHERE id = $1").bind(id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}

async fn begin_behind(connection: &mut sqlx::AnyConnection, hook: &str, positions: &[(i64, i64)]) -> Result<()> {
    // Writer 0 stands for the checkpoints, of which nobody is told: with it the place is not taken for a new one.
    for (writer, seq) in [(0, 0)].iter().chain(positions) {
        let sql = "INSERT INTO audit_cursors (sink, writer, seq, sending, began) VALUES ($1, $2, $3, $3, $3)";
        sqlx::query(sql).bind(sink_of(hook)).bind(writer).bind(seq).execute(&mut *connection).await?;
    }
    Ok(())
}
