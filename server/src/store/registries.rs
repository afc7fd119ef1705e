//! Registries that were added in the console or by the API, and the key that signs tokens for their clients.

use super::{Result, Store, StoreError};

/// A registry as it is kept. `settings` and `labels` are JSON objects, `secret` is sealed.
#[derive(Clone, Debug, Eq, PartialEq, sqlx::FromRow)]
pub struct RegistryRow {
    pub name: String,
    pub settings: String,
    pub labels: String,
    pub secret: Option<Vec<u8>>,
    pub created_at: i64,
}

impl Store {
    pub async fn registries(&self) -> Result<Vec<RegistryRow>> {
        let sql = "SELECT name, settings, labels, secret, created_at FROM registries ORDER BY name";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    pub async fn registry(&self, name: &str) -> Result<Option<RegistryRow>> {
        let sql = "SELECT name, settings, labels, secret, created_at FROM registries WHERE name = $1";
        Ok(sqlx::query_as(sql).bind(name).fetch_optional(&self.read).await?)
    }

    /// # Errors
    /// [`StoreError::Exists`] when an engine or a registry has this name: no two targets are called the same.
    pub async fn add_registry(&self, registry: &RegistryRow) -> Result<()> {
        let mut tx = self.begin().await?;
        let engine: i64 = sqlx::query_scalar("SELECT count(*) FROM engines WHERE name = $1").bind(&registry.name).fetch_one(&mut *tx).await?;
        if engine > 0 {
            return Err(StoreError::Exists);
        }
        sqlx::query("INSERT INTO registries (name, settings, labels, secret, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(&registry.name)
            .bind(&registry.settings)
            .bind(&registry.labels)
            .bind(&registry.secret)
            .bind(registry.created_at)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    pub async fn update_registry(&self, registry: &RegistryRow) -> Result<()> {
        sqlx::query("UPDATE registries SET settings = $2, labels = $3, secret = $4 WHERE name = $1")
            .bind(&registry.name)
            .bind(&registry.settings)
            .bind(&registry.labels)
            .bind(&registry.secret)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// What it was bound by goes with it: another one of its name begins without.
    pub async fn delete_registry(&self, name: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let cursors = "DELETE FROM audit_cursors WHERE sink IN (SELECT 'registry-hook/' || h.id FROM registry_hooks h WHERE h.registry = $1)";
        for sql in [
            cursors,
            "DELETE FROM registry_hooks WHERE registry = $1",
            "DELETE FROM registry_rules WHERE registry = $1",
            "DELETE FROM registry_blobs WHERE registry = $1",
            "DELETE FROM registry_tags WHERE registry = $1",
            "DELETE FROM registry_counted WHERE registry = $1",
            "DELETE FROM retention_rules WHERE registry = $1",
            "DELETE FROM retention_plans WHERE registry = $1",
            "DELETE FROM retention_runs WHERE registry = $1",
            "DELETE FROM registries WHERE name = $1",
        ] {
            sqlx::query(sql).bind(name).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The sealed key that signs tokens.
    pub async fn token_key(&self) -> Result<Option<Vec<u8>>> {
        Ok(sqlx::query_scalar("SELECT private FROM token_key").fetch_optional(&self.read).await?)
    }

    pub async fn add_token_key(&self, private: &[u8], now: i64) -> Result<()> {
        sqlx::query("INSERT INTO token_key (one, private, created_at) VALUES (1, $1, $2)").bind(private).bind(now).execute(&self.write).await?;
        Ok(())
    }
}
