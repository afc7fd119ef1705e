//! Users, and robots: accounts of machines.

use super::{Flag, Result, Store, StoreError};

/// A user as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct UserRow {
    pub username: String,
    pub password_hash: Option<String>,
    #[sqlx(try_from = "Flag")]
    pub disabled: bool,
    pub created_at: i64,
    /// `user` or `robot`.
    pub kind: String,
    #[sqlx(try_from = "Flag")]
    pub declared: bool,
}

impl UserRow {
    pub fn is_robot(&self) -> bool {
        self.kind == "robot"
    }
}

impl Store {
    pub async fn users(&self) -> Result<Vec<UserRow>> {
        let sql = "SELECT username, password_hash, disabled, created_at, kind, declared FROM users ORDER BY username";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    pub async fn user(&self, username: &str) -> Result<Option<UserRow>> {
        let sql = "SELECT username, password_hash, disabled, created_at, kind, declared FROM users WHERE username = $1";
        Ok(sqlx::query_as(sql).bind(username).fetch_optional(&self.read).await?)
    }

    pub async fn add_user(&self, user: &UserRow) -> Result<()> {
        sqlx::query("INSERT INTO users (username, password_hash, disabled, created_at, kind, declared) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(&user.username)
            .bind(&user.password_hash)
            .bind(i64::from(user.disabled))
            .bind(user.created_at)
            .bind(&user.kind)
            .bind(i64::from(user.declared))
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Makes the first administrator, once in the life of a database: even if everybody is deleted later, never again.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when it was done before.
    pub async fn add_first_admin(&self, username: &str, password_hash: &str, grant_id: &str, now: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO meta (name, value) VALUES ('setup', $1)").bind(now.to_string()).execute(&mut *tx).await?;
        sqlx::query("INSERT INTO users (username, password_hash, disabled, created_at) VALUES ($1, $2, 0, $3)")
            .bind(username)
            .bind(password_hash)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        sqlx::query("INSERT INTO grants (id, username, role, scope, created_at, created_by) VALUES ($1, $2, 'admin', 'all', $3, '-')")
            .bind(grant_id)
            .bind(username)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Whether the first administrator was made.
    pub async fn is_set_up(&self) -> Result<bool> {
        Ok(self.meta("setup").await?.is_some())
    }

    /// Changes what is given; `false` when there is no such user. With a new password, or disabled, they lose their sessions, all but
    /// the one of the id `keep`: both or neither.
    pub async fn update_user(&self, username: &str, disabled: Option<bool>, password_hash: Option<&str>, keep: Option<&str>) -> Result<bool> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE users SET disabled = COALESCE($2, disabled), password_hash = COALESCE($3, password_hash) WHERE username = $1";
        let done = sqlx::query(sql).bind(username).bind(disabled.map(i64::from)).bind(password_hash).execute(&mut *tx).await?;
        if disabled == Some(true) || password_hash.is_some() {
            let sql = "DELETE FROM sessions WHERE username = $1 AND id <> COALESCE($2, '')";
            sqlx::query(sql).bind(username).bind(keep).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// Removes a user with their grants, sessions and tokens.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when there is no such user.
    pub async fn delete_user(&self, username: &str) -> Result<()> {
        let done = sqlx::query("DELETE FROM users WHERE username = $1").bind(username).execute(&self.write).await?;
        if done.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
    }
}
