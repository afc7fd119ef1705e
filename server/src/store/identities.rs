//! The people that sign-in providers have sent, and the teams they belong to by what the providers say.

use std::collections::BTreeSet;

use super::{Flag, Result, Store};

/// One person, known by `issuer` and `subject`.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct IdentityRow {
    pub issuer: String,
    pub subject: String,
    /// The provider they came by last.
    pub provider: String,
    pub username: String,
    pub created_at: i64,
    pub last_at: i64,
    pub checked_at: i64,
    /// Sealed.
    pub refresh: Option<Vec<u8>>,
    #[sqlx(try_from = "Flag")]
    pub gone: bool,
}

const COLUMNS: &str = "issuer, subject, provider, username, created_at, last_at, checked_at, refresh, gone";

impl Store {
    pub async fn identities(&self) -> Result<Vec<IdentityRow>> {
        let sql = format!("SELECT {COLUMNS} FROM identities ORDER BY username");
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&self.read).await?)
    }

    pub async fn identity(&self, issuer: &str, subject: &str) -> Result<Option<IdentityRow>> {
        let sql = format!("SELECT {COLUMNS} FROM identities WHERE issuer = $1 AND subject = $2");
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(issuer).bind(subject).fetch_optional(&self.read).await?)
    }

    pub async fn identity_of(&self, username: &str) -> Result<Option<IdentityRow>> {
        let sql = format!("SELECT {COLUMNS} FROM identities WHERE username = $1");
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(username).fetch_optional(&self.read).await?)
    }

    /// Makes a user and what they are known by: both or neither. They have no password.
    pub async fn add_identity(&self, identity: &IdentityRow) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO users (username, disabled, created_at) VALUES ($1, 0, $2)")
            .bind(&identity.username)
            .bind(identity.created_at)
            .execute(&mut *tx)
            .await?;
        let sql = "INSERT INTO identities (issuer, subject, provider, username, created_at, last_at, checked_at, refresh, gone) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)";
        sqlx::query(sql)
            .bind(&identity.issuer)
            .bind(&identity.subject)
            .bind(&identity.provider)
            .bind(&identity.username)
            .bind(identity.created_at)
            .bind(identity.last_at)
            .bind(identity.checked_at)
            .bind(&identity.refresh)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes what a provider said of somebody: that it stands by them, and their teams by it, which are exactly `teams` as far as
    /// there are such. What another provider said before is forgotten; what was done by hand stays.
    pub async fn stand_by(&self, identity: &IdentityRow, teams: &BTreeSet<String>) -> Result<()> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE identities SET provider = $3, last_at = $4, checked_at = $5, refresh = $6, gone = 0 WHERE issuer = $1 AND subject = $2";
        sqlx::query(sql)
            .bind(&identity.issuer)
            .bind(&identity.subject)
            .bind(&identity.provider)
            .bind(identity.last_at)
            .bind(identity.checked_at)
            .bind(&identity.refresh)
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM team_members WHERE username = $1 AND source NOT IN ('', 'settings')")
            .bind(&identity.username)
            .execute(&mut *tx)
            .await?;
        for team in teams {
            let sql = "INSERT INTO team_members (team, username, source) SELECT name, $2, $3 FROM teams WHERE name = $1 ON CONFLICT DO NOTHING";
            sqlx::query(sql).bind(team).bind(&identity.username).bind(&identity.provider).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Writes that nobody stands by somebody any more: their sessions and their teams by a provider end.
    pub async fn let_go(&self, username: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE identities SET gone = 1, refresh = NULL WHERE username = $1").bind(username).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM sessions WHERE username = $1").bind(username).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM team_members WHERE username = $1 AND source NOT IN ('', 'settings')").bind(username).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The teams that a user is in by what a provider says.
    pub async fn teams_by_provider(&self, username: &str) -> Result<BTreeSet<String>> {
        let sql = "SELECT team FROM team_members WHERE username = $1 AND source NOT IN ('', 'settings')";
        let teams: Vec<String> = sqlx::query_scalar(sql).bind(username).fetch_all(&self.read).await?;
        Ok(teams.into_iter().collect())
    }

    /// Those of `teams` that there are.
    pub async fn existing_teams(&self, teams: &BTreeSet<String>) -> Result<BTreeSet<String>> {
        let all: Vec<String> = sqlx::query_scalar("SELECT name FROM teams").fetch_all(&self.read).await?;
        Ok(all.into_iter().filter(|team| teams.contains(team)).collect())
    }

    /// Users that no provider stands by any more.
    pub async fn gone_users(&self) -> Result<BTreeSet<String>> {
        let users: Vec<String> = sqlx::query_scalar("SELECT username FROM identities WHERE gone = 1").fetch_all(&self.read).await?;
        Ok(users.into_iter().collect())
    }
}
