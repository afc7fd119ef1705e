//! Looking for records.

use sqlx::{QueryBuilder, Sqlite};

use super::{AuditRow, COLUMNS};
use crate::store::{Result, Store};

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    pub before: Option<i64>,
    pub user: Option<String>,
    pub target: Option<String>,
    /// The beginning of a permission's name.
    pub permission: Option<String>,
    pub outcome: Option<&'static str>,
    pub changes: bool,
    pub limit: u32,
}

impl Store {
    /// One record.
    pub async fn audit_record(&self, id: i64) -> Result<Option<AuditRow>> {
        let mut select = QueryBuilder::<Sqlite>::new("SELECT ");
        select.push(COLUMNS).push(" FROM audit WHERE id = ").push_bind(id);
        Ok(select.build_query_as().fetch_optional(&self.read).await?)
    }

    /// Lists records, newest first.
    pub async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>> {
        let mut select = QueryBuilder::<Sqlite>::new("SELECT ");
        select.push(COLUMNS).push(" FROM audit WHERE 1 = 1");
        if let Some(before) = filter.before {
            select.push(" AND id < ").push_bind(before);
        }
        if let Some(user) = &filter.user {
            select.push(" AND username = ").push_bind(user);
        }
        if let Some(target) = &filter.target {
            select.push(" AND target = ").push_bind(target);
        }
        if let Some(permission) = &filter.permission {
            // A range, not LIKE: it needs no escaping.
            select.push(" AND permission >= ").push_bind(permission);
            select.push(" AND permission < ").push_bind(format!("{permission}\u{10ffff}"));
        }
        if let Some(outcome) = filter.outcome {
            select.push(" AND outcome = ").push_bind(outcome);
        }
        if filter.changes {
            select.push(" AND is_change = 1");
        }
        select.push(" ORDER BY id DESC LIMIT ").push_bind(filter.limit);
        Ok(select.build_query_as().fetch_all(&self.read).await?)
    }
}
