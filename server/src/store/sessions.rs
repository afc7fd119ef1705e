//! Browser sessions.

use super::{Result, Store};

/// A session as it is kept. `hash` is the SHA-256 of the cookie's value.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SessionRow {
    pub id: String,
    pub hash: Vec<u8>,
    pub username: String,
    pub created_at: i64,
    pub last_used_at: i64,
    pub expires_at: i64,
    pub address: String,
    pub client: String,
}

impl Store {
    pub async fn sessions(&self) -> Result<Vec<SessionRow>> {
        let sql = "SELECT id, hash, username, created_at, last_used_at, expires_at, address, client FROM sessions";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    pub async fn add_session(&self, session: &SessionRow) -> Result<()> {
        let sql = "INSERT INTO sessions (id, hash, username, created_at, last_used_at, expires_at, address, client) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        sqlx::query(sql)
            .bind(&session.id)
            .bind(&session.hash)
            .bind(&session.username)
            .bind(session.created_at)
            .bind(session.last_used_at)
            .bind(session.expires_at)
            .bind(&session.address)
            .bind(&session.client)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    pub async fn delete_session(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id).execute(&self.write).await?;
        Ok(())
    }

    /// Ends the sessions of `username`, all but the one of the id `keep`.
    pub async fn delete_sessions_of(&self, username: &str, keep: Option<&str>) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE username = $1 AND id <> COALESCE($2, '')").bind(username).bind(keep).execute(&self.write).await?;
        Ok(())
    }

    /// Writes when sessions and tokens were last used, and forgets what has expired.
    pub async fn touch(&self, sessions: &[(String, i64)], tokens: &[(String, i64)], now: i64) -> Result<()> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        for (id, at) in sessions {
            sqlx::query("UPDATE sessions SET last_used_at = $2 WHERE id = $1").bind(id).bind(at).execute(&mut *tx).await?;
        }
        for (id, at) in tokens {
            sqlx::query("UPDATE tokens SET last_used_at = $2 WHERE id = $1").bind(id).bind(at).execute(&mut *tx).await?;
        }
        sqlx::query("DELETE FROM sessions WHERE expires_at < $1").bind(now).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
}
