//! Second factors and recovery codes.

use super::{Result, Store};

/// A factor as it is kept. What the other kind has is empty.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct FactorRow {
    pub id: String,
    pub username: String,
    /// `totp` or `passkey`.
    pub kind: String,
    pub name: String,
    pub created_at: i64,
    pub last_used_at: Option<i64>,
    pub secret: Option<Vec<u8>>,
    pub counter: i64,
    pub credential: Option<Vec<u8>>,
    pub public_key: Option<Vec<u8>>,
    pub user_handle: Option<Vec<u8>>,
}

macro_rules! columns {
    () => {
        "id, username, kind, name, created_at, last_used_at, secret, counter, credential, public_key, user_handle"
    };
}

impl Store {
    /// The factors of a user, the oldest first.
    pub async fn factors_of(&self, username: &str) -> Result<Vec<FactorRow>> {
        let sql = concat!("SELECT ", columns!(), " FROM factors WHERE username = $1 ORDER BY created_at, id");
        Ok(sqlx::query_as(sql).bind(username).fetch_all(&self.read).await?)
    }

    /// The passkey of this credential id.
    pub async fn passkey(&self, credential: &[u8]) -> Result<Option<FactorRow>> {
        let sql = concat!("SELECT ", columns!(), " FROM factors WHERE credential = $1");
        Ok(sqlx::query_as(sql).bind(credential).fetch_optional(&self.read).await?)
    }

    /// Who has a factor, or has no use for one: robots do not sign in.
    pub async fn users_with_factors(&self) -> Result<Vec<String>> {
        let sql = "SELECT username FROM factors UNION SELECT username FROM users WHERE kind = 'robot'";
        Ok(sqlx::query_scalar(sql).fetch_all(&self.read).await?)
    }

    /// Keeps a new factor, the hashes of new recovery codes in place of the old ones if there are some, and that the session `session`
    /// was proved by it: all or nothing.
    pub async fn add_factor(&self, factor: &FactorRow, codes: Option<&[Vec<u8>]>, session: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let sql = concat!("INSERT INTO factors (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");
        sqlx::query(sql)
            .bind(&factor.id)
            .bind(&factor.username)
            .bind(&factor.kind)
            .bind(&factor.name)
            .bind(factor.created_at)
            .bind(factor.last_used_at)
            .bind(&factor.secret)
            .bind(factor.counter)
            .bind(&factor.credential)
            .bind(&factor.public_key)
            .bind(&factor.user_handle)
            .execute(&mut *tx)
            .await?;
        if let Some(codes) = codes {
            replace_codes(&mut tx, &factor.username, codes).await?;
        }
        let sql = "UPDATE sessions SET factor = $2, factor_at = $3 WHERE id = $1";
        sqlx::query(sql).bind(session).bind(&factor.kind).bind(factor.created_at).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Counts a factor's use, if `counter` is above all that was counted: `false` for what was used already. A passkey may always say 0.
    pub async fn use_factor(&self, id: &str, counter: i64, now: i64) -> Result<bool> {
        let sql = "UPDATE factors SET counter = $2, last_used_at = $3 \
                   WHERE id = $1 AND (counter < $2 OR (kind = 'passkey' AND counter = 0 AND $2 = 0))";
        let done = sqlx::query(sql).bind(id).bind(counter).bind(now).execute(&self.write).await?;
        Ok(done.rows_affected() == 1)
    }

    /// Uses up a recovery code: `false` when it is none of this user's, or was used.
    pub async fn use_recovery_code(&self, username: &str, hash: &[u8], now: i64) -> Result<bool> {
        let sql = "UPDATE recovery_codes SET used_at = $3 WHERE hash = $1 AND username = $2 AND used_at IS NULL";
        let done = sqlx::query(sql).bind(hash).bind(username).bind(now).execute(&self.write).await?;
        Ok(done.rows_affected() == 1)
    }

    /// How many recovery codes a user has left.
    pub async fn recovery_codes_left(&self, username: &str) -> Result<i64> {
        let sql = "SELECT count(*) FROM recovery_codes WHERE username = $1 AND used_at IS NULL";
        Ok(sqlx::query_scalar(sql).bind(username).fetch_one(&self.read).await?)
    }

    /// Puts new recovery codes in place of all that the user had.
    pub async fn renew_recovery_codes(&self, username: &str, codes: &[Vec<u8>]) -> Result<()> {
        let mut tx = self.begin().await?;
        replace_codes(&mut tx, username, codes).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Removes a factor of a user; with their last one go their recovery codes and what their sessions were proved by. `None` when they
    /// have no such factor, else how many are left.
    pub async fn delete_factor(&self, username: &str, id: &str) -> Result<Option<i64>> {
        let mut tx = self.begin().await?;
        let sql = "DELETE FROM factors WHERE id = $1 AND username = $2";
        if sqlx::query(sql).bind(id).bind(username).execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(None);
        }
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM factors WHERE username = $1").bind(username).fetch_one(&mut *tx).await?;
        if left == 0 {
            replace_codes(&mut tx, username, &[]).await?;
            let sql = "UPDATE sessions SET factor = '', factor_at = 0 WHERE username = $1";
            sqlx::query(sql).bind(username).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(Some(left))
    }

    /// Removes all factors, recovery codes and sessions of a user; tells how many factors there were.
    pub async fn reset_factors(&self, username: &str) -> Result<u64> {
        let mut tx = self.begin().await?;
        let gone = sqlx::query("DELETE FROM factors WHERE username = $1").bind(username).execute(&mut *tx).await?.rows_affected();
        replace_codes(&mut tx, username, &[]).await?;
        sqlx::query("DELETE FROM sessions WHERE username = $1").bind(username).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(gone)
    }
}

async fn replace_codes(tx: &mut sqlx::Transaction<'_, sqlx::Any>, username: &str, codes: &[Vec<u8>]) -> Result<()> {
    sqlx::query("DELETE FROM recovery_codes WHERE username = $1").bind(username).execute(&mut **tx).await?;
    for hash in codes {
        sqlx::query("INSERT INTO recovery_codes (hash, username) VALUES ($1, $2)").bind(hash).bind(username).execute(&mut **tx).await?;
    }
    Ok(())
}
