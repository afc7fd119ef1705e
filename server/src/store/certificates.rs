//! The authority, and the client certificates it has signed.

use super::{Result, Store};

/// The authority as it is kept: its key is sealed.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AuthorityRow {
    pub name: String,
    /// PEM.
    pub certificate: String,
    pub key: Vec<u8>,
    pub created_at: i64,
}

/// A certificate as it is kept. `fingerprint` is its SHA-256.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct CertificateRow {
    pub id: String,
    pub username: String,
    pub name: String,
    pub engine: Option<String>,
    pub fingerprint: Vec<u8>,
    pub created_at: i64,
    pub expires_at: i64,
    pub last_used_at: Option<i64>,
    pub revoked_at: Option<i64>,
}

impl Store {
    pub async fn authority(&self) -> Result<Option<AuthorityRow>> {
        Ok(sqlx::query_as("SELECT name, certificate, key, created_at FROM authority").fetch_optional(&self.read).await?)
    }

    pub async fn add_authority(&self, authority: &AuthorityRow) -> Result<()> {
        sqlx::query("INSERT INTO authority (one, name, certificate, key, created_at) VALUES (1, $1, $2, $3, $4)")
            .bind(&authority.name)
            .bind(&authority.certificate)
            .bind(&authority.key)
            .bind(authority.created_at)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// All of them, revoked ones too, the newest first.
    pub async fn certificates(&self) -> Result<Vec<CertificateRow>> {
        let sql = "SELECT id, username, name, engine, fingerprint, created_at, expires_at, last_used_at, revoked_at \
                   FROM certificates ORDER BY created_at DESC";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    pub async fn add_certificate(&self, certificate: &CertificateRow) -> Result<()> {
        let sql = "INSERT INTO certificates (id, username, name, engine, fingerprint, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        sqlx::query(sql)
            .bind(&certificate.id)
            .bind(&certificate.username)
            .bind(&certificate.name)
            .bind(&certificate.engine)
            .bind(&certificate.fingerprint)
            .bind(certificate.created_at)
            .bind(certificate.expires_at)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    pub async fn revoke_certificate(&self, id: &str, now: i64) -> Result<()> {
        sqlx::query("UPDATE certificates SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1").bind(id).bind(now).execute(&self.write).await?;
        Ok(())
    }
}
