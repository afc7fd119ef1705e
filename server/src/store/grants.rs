//! Grants.

use super::{Flag, Result, Store};

/// A grant as it is kept: either `username` or `team` has it.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct GrantRow {
    pub id: String,
    pub username: Option<String>,
    pub team: Option<String>,
    pub role: String,
    pub scope: String,
    pub until: Option<i64>,
    pub created_at: i64,
    pub created_by: String,
    #[sqlx(try_from = "Flag")]
    pub declared: bool,
}

const COLUMNS: &str = "id, username, team, role, scope, until, created_at, created_by, declared";

impl Store {
    pub async fn grants(&self) -> Result<Vec<GrantRow>> {
        let sql = format!("SELECT {COLUMNS} FROM grants ORDER BY COALESCE(username, ''), COALESCE(team, ''), created_at, id");
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&self.read).await?)
    }

    pub async fn grant(&self, id: &str) -> Result<Option<GrantRow>> {
        let sql = format!("SELECT {COLUMNS} FROM grants WHERE id = $1");
        Ok(sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id).fetch_optional(&self.read).await?)
    }

    pub async fn add_grant(&self, grant: &GrantRow) -> Result<()> {
        insert(grant).execute(&self.write).await?;
        Ok(())
    }

    /// `false` when there is no such grant.
    pub async fn delete_grant(&self, id: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM grants WHERE id = $1").bind(id).execute(&self.write).await?;
        Ok(done.rows_affected() > 0)
    }

    /// When each grant was last used, by the audit trail, in ms.
    pub async fn grants_last_used(&self) -> Result<Vec<(String, i64)>> {
        // For each grant one step in the index, not a walk through the trail.
        let sql = "SELECT id, (SELECT audit.at FROM audit WHERE audit.grant_id = grants.id AND audit.grant_id <> '' ORDER BY audit.id DESC LIMIT 1) AS at \
                   FROM grants";
        let rows: Vec<(String, Option<i64>)> = sqlx::query_as(sql).fetch_all(&self.read).await?;
        Ok(rows.into_iter().filter_map(|(id, at)| Some((id, at?))).collect())
    }
}

pub(super) fn insert(grant: &GrantRow) -> sqlx::query::Query<'_, sqlx::Any, sqlx::any::AnyArguments> {
    let sql =
        "INSERT INTO grants (id, username, team, role, scope, until, created_at, created_by, declared) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    sqlx::query(sql)
        .bind(&grant.id)
        .bind(&grant.username)
        .bind(&grant.team)
        .bind(&grant.role)
        .bind(&grant.scope)
        .bind(grant.until)
        .bind(grant.created_at)
        .bind(&grant.created_by)
        .bind(i64::from(grant.declared))
}
