//! The checkpoints of the chain, and the key that signs them.

use crate::store::{Result, Store};

/// A checkpoint as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CheckpointRow {
    pub n: i64,
    pub at: i64,
    /// JSON, as it was signed.
    pub body: String,
    pub signature: Vec<u8>,
}

/// The key that signs. `private` is sealed.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SigningKeyRow {
    pub public: Vec<u8>,
    pub private: Vec<u8>,
    pub created_at: i64,
}

impl Store {
    pub async fn last_checkpoint(&self) -> Result<Option<CheckpointRow>> {
        Ok(sqlx::query_as("SELECT n, at, body, signature FROM audit_checkpoints ORDER BY n DESC LIMIT 1").fetch_optional(&self.read).await?)
    }

    /// Checkpoints after number `after`, from the first to the last, at most `limit`.
    pub async fn checkpoints_after(&self, after: i64, limit: u32) -> Result<Vec<CheckpointRow>> {
        let sql = "SELECT n, at, body, signature FROM audit_checkpoints WHERE n > $1 ORDER BY n LIMIT $2";
        Ok(sqlx::query_as(sql).bind(after).bind(i64::from(limit)).fetch_all(&self.read).await?)
    }

    pub async fn add_checkpoint(&self, checkpoint: &CheckpointRow) -> Result<()> {
        sqlx::query("INSERT INTO audit_checkpoints (n, at, body, signature) VALUES ($1, $2, $3, $4)")
            .bind(checkpoint.n)
            .bind(checkpoint.at)
            .bind(&checkpoint.body)
            .bind(&checkpoint.signature)
            .execute(&self.audit)
            .await?;
        Ok(())
    }

    pub async fn audit_key(&self) -> Result<Option<SigningKeyRow>> {
        Ok(sqlx::query_as("SELECT public, private, created_at FROM audit_key").fetch_optional(&self.read).await?)
    }

    pub async fn add_audit_key(&self, key: &SigningKeyRow) -> Result<()> {
        sqlx::query("INSERT INTO audit_key (one, public, private, created_at) VALUES (1, $1, $2, $3)")
            .bind(&key.public)
            .bind(&key.private)
            .bind(key.created_at)
            .execute(&self.write)
            .await?;
        Ok(())
    }
}
