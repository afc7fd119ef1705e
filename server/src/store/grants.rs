//! Grants.

use super::{Result, Store};

/// A grant as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct GrantRow {
    pub id: String,
    pub username: String,
    pub role: String,
    pub scope: String,
    pub created_at: i64,
    pub created_by: String,
}

impl Store {
    pub async fn grants(&self) -> Result<Vec<GrantRow>> {
        let sql = "SELECT id, username, role, scope, created_at, created_by FROM grants ORDER BY username, created_at, id";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    pub async fn add_grant(&self, grant: &GrantRow) -> Result<()> {
        sqlx::query("INSERT INTO grants (id, username, role, scope, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(&grant.id)
            .bind(&grant.username)
            .bind(&grant.role)
            .bind(&grant.scope)
            .bind(grant.created_at)
            .bind(&grant.created_by)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// `false` when there is no such grant.
    pub async fn delete_grant(&self, id: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM grants WHERE id = $1").bind(id).execute(&self.write).await?;
        Ok(done.rows_affected() > 0)
    }
}
