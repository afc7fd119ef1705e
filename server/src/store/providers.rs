//! Sign-in providers that were added in the console or by the API.

use super::{Result, Store};

/// A provider as it is kept. `settings` is a JSON object, `secret` sealed.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct ProviderRow {
    pub name: String,
    pub settings: String,
    pub secret: Option<Vec<u8>>,
    pub created_at: i64,
}

impl Store {
    pub async fn providers(&self) -> Result<Vec<ProviderRow>> {
        let sql = "SELECT name, settings, secret, created_at FROM providers ORDER BY name";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    pub async fn add_provider(&self, provider: &ProviderRow) -> Result<()> {
        sqlx::query("INSERT INTO providers (name, settings, secret, created_at) VALUES ($1, $2, $3, $4)")
            .bind(&provider.name)
            .bind(&provider.settings)
            .bind(&provider.secret)
            .bind(provider.created_at)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    pub async fn update_provider(&self, name: &str, settings: &str, secret: Option<&[u8]>) -> Result<()> {
        let sql = "UPDATE providers SET settings = $2, secret = $3 WHERE name = $1";
        sqlx::query(sql).bind(name).bind(settings).bind(secret).execute(&self.write).await?;
        Ok(())
    }

    pub async fn delete_provider(&self, name: &str) -> Result<()> {
        sqlx::query("DELETE FROM providers WHERE name = $1").bind(name).execute(&self.write).await?;
        Ok(())
    }
}
