//! Personal tokens.

use super::{Result, Store};

/// A token as it is kept. `hash` is the SHA-256 of the whole token.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TokenRow {
    pub id: String,
    pub hash: Vec<u8>,
    pub username: String,
    pub name: String,
    pub engine: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
    pub last_used_at: Option<i64>,
    pub hint: String,
}

impl Store {
    pub async fn tokens(&self) -> Result<Vec<TokenRow>> {
        let sql = "SELECT id, hash, username, name, engine, created_at, expires_at, last_used_at, hint FROM tokens ORDER BY created_at DESC";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    /// The token of this hash.
    pub async fn token_of(&self, hash: &[u8]) -> Result<Option<TokenRow>> {
        let sql = "SELECT id, hash, username, name, engine, created_at, expires_at, last_used_at, hint FROM tokens WHERE hash = $1";
        Ok(sqlx::query_as(sql).bind(hash).fetch_optional(&self.read).await?)
    }

    pub async fn add_token(&self, token: &TokenRow) -> Result<()> {
        let sql = "INSERT INTO tokens (id, hash, username, name, engine, created_at, expires_at, last_used_at, hint) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        sqlx::query(sql)
            .bind(&token.id)
            .bind(&token.hash)
            .bind(&token.username)
            .bind(&token.name)
            .bind(&token.engine)
            .bind(token.created_at)
            .bind(token.expires_at)
            .bind(token.last_used_at)
            .bind(&token.hint)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    pub async fn set_token_expiry(&self, id: &str, expires_at: i64) -> Result<()> {
        sqlx::query("UPDATE tokens SET expires_at = $2 WHERE id = $1").bind(id).bind(expires_at).execute(&self.write).await?;
        Ok(())
    }

    pub async fn delete_token(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM tokens WHERE id = $1").bind(id).execute(&self.write).await?;
        Ok(())
    }
}
