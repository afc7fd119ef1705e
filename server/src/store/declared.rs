//! What the settings file declares, put in the place of what it declared at the last start.

use std::collections::BTreeSet;

use super::{
    Result, Store, grants,
    grants::GrantRow,
    roles::RoleRow,
    teams::{MemberRow, TeamRow},
};

/// Who and what the file declares. All rows are marked so.
#[derive(Debug, Default)]
pub struct Declared {
    /// (name, kind)
    pub users: Vec<(String, &'static str)>,
    pub teams: Vec<TeamRow>,
    pub members: Vec<MemberRow>,
    pub roles: Vec<RoleRow>,
    pub grants: Vec<GrantRow>,
}

impl Declared {
    /// Each thing that is declared, in words: what differs between two starts is what has changed.
    pub fn words(&self) -> BTreeSet<String> {
        let users = self.users.iter().map(|(name, kind)| format!("{kind} {name}"));
        let teams = self.teams.iter().map(|team| format!("team {}", team.name));
        let members = self.members.iter().map(|member| format!("{} in team {}", member.username, member.team));
        let roles = self.roles.iter().map(|role| format!("role {}: {}", role.name, role.permissions));
        let grants = self.grants.iter().map(|grant| {
            let holder = grant.username.clone().unwrap_or_else(|| format!("team {}", grant.team.as_deref().unwrap_or_default()));
            let until = grant.until.map(|until| format!(" until {until}")).unwrap_or_default();
            format!("grant of {} on {} to {holder}{until}", grant.role, grant.scope)
        });
        users.chain(teams).chain(members).chain(roles).chain(grants).collect()
    }
}

impl Store {
    /// Applies what is declared, all of it or nothing. A name that was made by hand before is the file's from now on; what the file does
    /// not name any more is removed, but for users: they are only no longer the file's, since tokens and records hang on them.
    ///
    /// # Errors
    /// [`super::StoreError::Missing`] when a grant or a team names somebody who does not exist.
    pub async fn apply_declared(&self, declared: &Declared, now: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        for sql in ["DELETE FROM grants WHERE declared = 1", "DELETE FROM team_members WHERE source = 'settings'", "UPDATE users SET declared = 0"] {
            sqlx::query(sql).execute(&mut *tx).await?;
        }
        for (name, kind) in &declared.users {
            let sql = "INSERT INTO users (username, kind, disabled, created_at, declared) VALUES ($1, $2, 0, $3, 1) \
                       ON CONFLICT (username) DO UPDATE SET declared = 1, kind = excluded.kind";
            sqlx::query(sql).bind(name).bind(kind).bind(now).execute(&mut *tx).await?;
        }
        let kept: Vec<String> = sqlx::query_scalar("SELECT name FROM teams WHERE declared = 1").fetch_all(&mut *tx).await?;
        for gone in kept.iter().filter(|name| !declared.teams.iter().any(|team| team.name == **name)) {
            sqlx::query("DELETE FROM teams WHERE name = $1").bind(gone).execute(&mut *tx).await?;
        }
        for team in &declared.teams {
            let sql = "INSERT INTO teams (name, summary, created_at, declared) VALUES ($1, $2, $3, 1) \
                       ON CONFLICT (name) DO UPDATE SET summary = excluded.summary, declared = 1";
            sqlx::query(sql).bind(&team.name).bind(&team.summary).bind(now).execute(&mut *tx).await?;
        }
        for member in &declared.members {
            let sql = "INSERT INTO team_members (team, username, source) VALUES ($1, $2, 'settings')";
            sqlx::query(sql).bind(&member.team).bind(&member.username).execute(&mut *tx).await?;
        }
        let kept: Vec<String> = sqlx::query_scalar("SELECT name FROM roles WHERE declared = 1").fetch_all(&mut *tx).await?;
        for gone in kept.iter().filter(|name| !declared.roles.iter().any(|role| role.name == **name)) {
            sqlx::query("DELETE FROM roles WHERE name = $1").bind(gone).execute(&mut *tx).await?;
            sqlx::query("DELETE FROM grants WHERE role = $1").bind(gone).execute(&mut *tx).await?;
        }
        for role in &declared.roles {
            let sql = "INSERT INTO roles (name, summary, permissions, created_at, declared) VALUES ($1, $2, $3, $4, 1) \
                       ON CONFLICT (name) DO UPDATE SET summary = excluded.summary, permissions = excluded.permissions, declared = 1";
            sqlx::query(sql).bind(&role.name).bind(&role.summary).bind(&role.permissions).bind(now).execute(&mut *tx).await?;
        }
        for grant in &declared.grants {
            let sql = "DELETE FROM grants WHERE COALESCE(username, '') = COALESCE($1, '') AND COALESCE(team, '') = COALESCE($2, '') AND role = $3 AND scope = $4";
            sqlx::query(sql).bind(&grant.username).bind(&grant.team).bind(&grant.role).bind(&grant.scope).execute(&mut *tx).await?;
            grants::insert(grant).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
