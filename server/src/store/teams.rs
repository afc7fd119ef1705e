//! Teams and who is in them.

use super::{Flag, Result, Store, StoreError};

/// A team as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct TeamRow {
    pub name: String,
    pub summary: String,
    pub created_at: i64,
    #[sqlx(try_from = "Flag")]
    pub declared: bool,
}

/// Somebody is in a team, by whom. The source is empty for what was said here, `settings` for the settings file, else a provider's name.
#[derive(Clone, Debug, Eq, PartialEq, sqlx::FromRow)]
pub struct MemberRow {
    pub team: String,
    pub username: String,
    pub source: String,
}

impl Store {
    pub async fn teams(&self) -> Result<Vec<TeamRow>> {
        Ok(sqlx::query_as("SELECT name, summary, created_at, declared FROM teams ORDER BY name").fetch_all(&self.read).await?)
    }

    pub async fn team(&self, name: &str) -> Result<Option<TeamRow>> {
        let sql = "SELECT name, summary, created_at, declared FROM teams WHERE name = $1";
        Ok(sqlx::query_as(sql).bind(name).fetch_optional(&self.read).await?)
    }

    /// Everybody who is in a team, by team.
    pub async fn members(&self) -> Result<Vec<MemberRow>> {
        let sql = "SELECT team, username, source FROM team_members ORDER BY team, username, source";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    pub async fn add_team(&self, team: &TeamRow) -> Result<()> {
        sqlx::query("INSERT INTO teams (name, summary, created_at, declared) VALUES ($1, $2, $3, $4)")
            .bind(&team.name)
            .bind(&team.summary)
            .bind(team.created_at)
            .bind(i64::from(team.declared))
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// `false` when there is no such team.
    pub async fn update_team(&self, name: &str, summary: &str) -> Result<bool> {
        let done = sqlx::query("UPDATE teams SET summary = $2 WHERE name = $1").bind(name).bind(summary).execute(&self.write).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Removes a team with its grants. `false` when there is no such team.
    pub async fn delete_team(&self, name: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM teams WHERE name = $1").bind(name).execute(&self.write).await?;
        Ok(done.rows_affected() > 0)
    }

    /// # Errors
    /// [`StoreError::Exists`] when they are in it already by the same source, [`StoreError::Missing`] when there is no such team or user.
    pub async fn add_member(&self, member: &MemberRow) -> Result<()> {
        sqlx::query("INSERT INTO team_members (team, username, source) VALUES ($1, $2, $3)")
            .bind(&member.team)
            .bind(&member.username)
            .bind(&member.source)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// # Errors
    /// [`StoreError::Missing`] when they are not in it by this source.
    pub async fn remove_member(&self, member: &MemberRow) -> Result<()> {
        let done = sqlx::query("DELETE FROM team_members WHERE team = $1 AND username = $2 AND source = $3")
            .bind(&member.team)
            .bind(&member.username)
            .bind(&member.source)
            .execute(&self.write)
            .await?;
        if done.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
    }

    /// Makes `teams` the teams that `username` is in by `source`, no more and no fewer; those that do not exist are left out. `true` when
    /// that changed anything.
    pub async fn set_teams(&self, username: &str, source: &str, teams: &[String]) -> Result<bool> {
        let mut tx = self.begin().await?;
        let sql = "SELECT team FROM team_members WHERE username = $1 AND source = $2";
        let before: Vec<String> = sqlx::query_scalar(sql).bind(username).bind(source).fetch_all(&mut *tx).await?;
        let mut changed = false;
        for team in before.iter().filter(|team| !teams.contains(team)) {
            let sql = "DELETE FROM team_members WHERE team = $1 AND username = $2 AND source = $3";
            sqlx::query(sql).bind(team).bind(username).bind(source).execute(&mut *tx).await?;
            changed = true;
        }
        for team in teams.iter().filter(|team| !before.contains(team)) {
            let sql = "INSERT INTO team_members (team, username, source) SELECT name, $2, $3 FROM teams WHERE name = $1";
            changed |= sqlx::query(sql).bind(team).bind(username).bind(source).execute(&mut *tx).await?.rows_affected() > 0;
        }
        tx.commit().await?;
        Ok(changed)
    }
}
