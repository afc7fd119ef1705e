//! Whose something on an engine is where no label says so.

use super::{Result, Store};

/// A claim as it is kept: `kind` is `image`, `image_name` or `volume`.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ClaimRow {
    pub kind: String,
    pub called: String,
    pub project: String,
}

impl Store {
    pub async fn claims(&self, engine: &str) -> Result<Vec<ClaimRow>> {
        let sql = "SELECT kind, called, project FROM claims WHERE engine = $1";
        Ok(sqlx::query_as(sql).bind(engine).fetch_all(&self.read).await?)
    }

    /// Takes these away from an engine's claims and adds those.
    pub async fn change_claims(&self, engine: &str, gone: &[ClaimRow], new: &[ClaimRow]) -> Result<()> {
        let mut tx = self.begin().await?;
        let away = "DELETE FROM claims WHERE engine = $1 AND kind = $2 AND called = $3 AND project = $4";
        let add = "INSERT INTO claims (engine, kind, called, project) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        for (sql, claim) in gone.iter().map(|claim| (away, claim)).chain(new.iter().map(|claim| (add, claim))) {
            sqlx::query(sql).bind(engine).bind(&claim.kind).bind(&claim.called).bind(&claim.project).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
