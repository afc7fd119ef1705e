//! Engines that were added in the console or by the API.

use super::{Result, Store, StoreError};

/// An engine as it is kept. `labels` is a JSON object of strings, `tls` a sealed one.
#[derive(Clone, Debug, Eq, PartialEq, sqlx::FromRow)]
pub struct EngineRow {
    pub name: String,
    pub url: String,
    pub labels: String,
    pub tls: Option<Vec<u8>>,
    pub created_at: i64,
}

impl Store {
    pub async fn engines(&self) -> Result<Vec<EngineRow>> {
        let sql = "SELECT name, url, labels, tls, created_at FROM engines ORDER BY name";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    pub async fn engine(&self, name: &str) -> Result<Option<EngineRow>> {
        let sql = "SELECT name, url, labels, tls, created_at FROM engines WHERE name = $1";
        Ok(sqlx::query_as(sql).bind(name).fetch_optional(&self.read).await?)
    }

    /// # Errors
    /// [`StoreError::Exists`] when an engine or a registry has this name: no two targets are called the same.
    pub async fn add_engine(&self, engine: &EngineRow) -> Result<()> {
        let mut tx = self.begin().await?;
        let registry: i64 = sqlx::query_scalar("SELECT count(*) FROM registries WHERE name = $1").bind(&engine.name).fetch_one(&mut *tx).await?;
        if registry > 0 {
            return Err(StoreError::Exists);
        }
        sqlx::query("INSERT INTO engines (name, url, labels, tls, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(&engine.name)
            .bind(&engine.url)
            .bind(&engine.labels)
            .bind(&engine.tls)
            .bind(engine.created_at)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    pub async fn update_engine(&self, engine: &EngineRow) -> Result<()> {
        sqlx::query("UPDATE engines SET url = $2, labels = $3, tls = $4 WHERE name = $1")
            .bind(&engine.name)
            .bind(&engine.url)
            .bind(&engine.labels)
            .bind(&engine.tls)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Forgets an engine, and the tokens and certificates that were bound to it.
    pub async fn delete_engine(&self, name: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM engines WHERE name = $1").bind(name).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM tokens WHERE engine = $1").bind(name).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM certificates WHERE engine = $1").bind(name).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
}
