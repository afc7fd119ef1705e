//! Roles of one's own.

use super::{Flag, Result, Store};

/// A role as it is kept. `permissions` is a JSON array of names.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct RoleRow {
    pub name: String,
    pub summary: String,
    pub permissions: String,
    pub created_at: i64,
    #[sqlx(try_from = "Flag")]
    pub declared: bool,
}

impl Store {
    pub async fn roles(&self) -> Result<Vec<RoleRow>> {
        let sql = "SELECT name, summary, permissions, created_at, declared FROM roles ORDER BY name";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    pub async fn add_role(&self, role: &RoleRow) -> Result<()> {
        sqlx::query("INSERT INTO roles (name, summary, permissions, created_at, declared) VALUES ($1, $2, $3, $4, $5)")
            .bind(&role.name)
            .bind(&role.summary)
            .bind(&role.permissions)
            .bind(role.created_at)
            .bind(i64::from(role.declared))
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// `false` when there is no such role.
    pub async fn update_role(&self, name: &str, summary: &str, permissions: &str) -> Result<bool> {
        let sql = "UPDATE roles SET summary = $2, permissions = $3 WHERE name = $1";
        let done = sqlx::query(sql).bind(name).bind(summary).bind(permissions).execute(&self.write).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Removes a role with the grants of it. `false` when there is no such role.
    pub async fn delete_role(&self, name: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM roles WHERE name = $1").bind(name).execute(&mut *tx).await?;
        if done.rows_affected() > 0 {
            sqlx::query("DELETE FROM grants WHERE role = $1").bind(name).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }
}
