//! Searches that somebody keeps.

use crate::store::{Result, Store};

/// A search as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ViewRow {
    pub id: String,
    pub username: String,
    pub name: String,
    pub query: String,
    pub created_at: i64,
}

impl Store {
    /// Those of a user, by name.
    pub async fn audit_views(&self, username: &str) -> Result<Vec<ViewRow>> {
        let sql = "SELECT id, username, name, query, created_at FROM audit_views WHERE username = $1 ORDER BY name";
        Ok(sqlx::query_as(sql).bind(username).fetch_all(&self.read).await?)
    }

    pub async fn add_audit_view(&self, view: &ViewRow) -> Result<()> {
        sqlx::query("INSERT INTO audit_views (id, username, name, query, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(&view.id)
            .bind(&view.username)
            .bind(&view.name)
            .bind(&view.query)
            .bind(view.created_at)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// `false` when they have no such view.
    pub async fn delete_audit_view(&self, username: &str, id: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM audit_views WHERE username = $1 AND id = $2").bind(username).bind(id).execute(&self.write).await?;
        Ok(done.rows_affected() > 0)
    }
}
