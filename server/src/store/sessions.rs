//! Browser sessions.

use super::{Result, Store};

/// How long a token is still listed after it has expired, in ms: its owner may wonder why a script does not work any more.
const TOKENS_SHOWN_MS: i64 = 30 * 86_400_000;

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
    /// How it was proved besides the password: '' (not at all), `totp`, `recovery`, `passkey`, `oidc`.
    pub factor: String,
    /// When last; 0 for never.
    pub factor_at: i64,
    /// With whose rights it looks, if not with its owner's.
    pub viewing_as: Option<String>,
}

impl Store {
    pub async fn sessions(&self) -> Result<Vec<SessionRow>> {
        let sql = "SELECT id, hash, username, created_at, last_used_at, expires_at, address, client, factor, factor_at, viewing_as FROM sessions";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    /// The session whose cookie has this hash.
    pub async fn session_of(&self, hash: &[u8]) -> Result<Option<SessionRow>> {
        let sql = "SELECT id, hash, username, created_at, last_used_at, expires_at, address, client, factor, factor_at, viewing_as \
                   FROM sessions WHERE hash = $1";
        Ok(sqlx::query_as(sql).bind(hash).fetch_optional(&self.read).await?)
    }

    pub async fn add_session(&self, session: &SessionRow) -> Result<()> {
        let sql = "INSERT INTO sessions (id, hash, username, created_at, last_used_at, expires_at, address, client, factor, factor_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        sqlx::query(sql)
            .bind(&session.id)
            .bind(&session.hash)
            .bind(&session.username)
            .bind(session.created_at)
            .bind(session.last_used_at)
            .bind(session.expires_at)
            .bind(&session.address)
            .bind(&session.client)
            .bind(&session.factor)
            .bind(session.factor_at)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Lets a session look with the rights of `viewing_as`, or again with its owner's.
    pub async fn set_viewing_as(&self, id: &str, viewing_as: Option<&str>) -> Result<()> {
        sqlx::query("UPDATE sessions SET viewing_as = $2 WHERE id = $1").bind(id).bind(viewing_as).execute(&self.write).await?;
        Ok(())
    }

    pub async fn delete_session(&self, id: &str) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id).execute(&self.write).await?;
        Ok(())
    }

    /// Writes when sessions, tokens and certificates were last used, and forgets what has expired; tokens and certificates a month later.
    pub async fn touch(&self, sessions: &[(String, i64)], tokens: &[(String, i64)], certificates: &[(String, i64)], now: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        for (id, at) in sessions {
            sqlx::query("UPDATE sessions SET last_used_at = $2 WHERE id = $1").bind(id).bind(at).execute(&mut *tx).await?;
        }
        for (id, at) in tokens {
            sqlx::query("UPDATE tokens SET last_used_at = $2 WHERE id = $1").bind(id).bind(at).execute(&mut *tx).await?;
        }
        for (id, at) in certificates {
            sqlx::query("UPDATE certificates SET last_used_at = $2 WHERE id = $1").bind(id).bind(at).execute(&mut *tx).await?;
        }
        sqlx::query("DELETE FROM sessions WHERE expires_at < $1").bind(now).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM tokens WHERE expires_at < $1").bind(now - TOKENS_SHOWN_MS).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM certificates WHERE expires_at < $1").bind(now - TOKENS_SHOWN_MS).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{tokens::TokenRow, users::UserRow};

    #[tokio::test]
    async fn what_expired_is_forgotten_and_a_token_a_month_later() {
        let dir = std::env::temp_dir().join(format!("ph-store-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let store = Store::open(&dir.join("test.db")).await.unwrap();
        let user =
            UserRow { username: "ana".to_owned(), password_hash: None, disabled: false, created_at: 0, kind: "user".to_owned(), declared: false };
        store.add_user(&user).await.unwrap();
        let session = |id: &str, expires_at| SessionRow {
            id: id.to_owned(),
            hash: id.as_bytes().to_vec(),
            username: "ana".to_owned(),
            created_at: 0,
            last_used_at: 0,
            expires_at,
            address: String::new(),
            client: String::new(),
            factor: String::new(),
            factor_at: 0,
            viewing_as: None,
        };
        let token = |id: &str, expires_at| TokenRow {
            id: id.to_owned(),
            hash: id.as_bytes().to_vec(),
            username: "ana".to_owned(),
            name: id.to_owned(),
            engine: None,
            created_at: 0,
            expires_at,
            last_used_at: None,
            hint: String::new(),
        };
        let now = 2 * TOKENS_SHOWN_MS;
        for (id, expires_at) in [("old", 1), ("just", now - 1), ("good", now + 1)] {
            store.add_session(&session(id, expires_at)).await.unwrap();
            store.add_token(&token(id, expires_at)).await.unwrap();
        }
        store.touch(&[], &[], &[], now).await.unwrap();
        let sessions: Vec<String> = store.sessions().await.unwrap().into_iter().map(|row| row.id).collect();
        let mut tokens: Vec<String> = store.tokens().await.unwrap().into_iter().map(|row| row.id).collect();
        tokens.sort();
        assert_eq!((sessions, tokens), (vec!["good".to_owned()], vec!["good".to_owned(), "just".to_owned()]));
        store.close().await;
        std::fs::remove_dir_all(dir).unwrap();
    }
}
