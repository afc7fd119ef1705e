//! The audit trail's rows.

use std::borrow::Cow;

use sqlx::{QueryBuilder, Row, Sqlite, sqlite::SqliteRow};

use super::{Result, Store};

/// One record as it is kept: an intent, and what came of it once that is known. Its texts are borrowed where it is written.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AuditRow<Text = String> {
    pub id: i64,
    pub at: i64,
    pub username: Text,
    /// Who looked with the rights of `username`; empty for most.
    pub viewer: Text,
    pub credential: Text,
    pub door: Text,
    pub address: Text,
    pub client: Text,
    pub target: Text,
    pub operation: Text,
    pub permission: Text,
    pub object: Text,
    pub decision: Text,
    pub reason: Text,
    /// The grant that allowed it; empty for what is refused, and for one's own account.
    pub grant_id: Text,
    pub is_change: bool,
    pub outcome: Text,
    pub status: Option<i64>,
    pub bytes_in: Option<i64>,
    pub bytes_out: Option<i64>,
    pub duration_ms: Option<i64>,
}

/// The outcome of a record that was written before.
#[derive(Clone, Debug)]
pub struct OutcomeRow {
    pub id: i64,
    pub outcome: &'static str,
    pub status: Option<i64>,
    pub bytes_in: i64,
    pub bytes_out: i64,
    pub duration_ms: i64,
    /// Goes behind the reason.
    pub note: String,
}

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

const COLUMNS: &str = "id, at, username, viewer, credential, door, address, client, target, operation, permission, object, decision, reason, grant_id, \
                       is_change, outcome, status, bytes_in, bytes_out, duration_ms";
/// Rows in one INSERT. Few sizes, so that each statement is prepared once.
const ROWS: [usize; 4] = [64, 16, 4, 1];

fn insert<'a>(records: &'a [AuditRow<Cow<'a, str>>]) -> QueryBuilder<Sqlite> {
    let mut insert = QueryBuilder::new("INSERT INTO audit (");
    insert.push(COLUMNS).push(") ");
    insert.push_values(records, |mut row, record| {
        row.push_bind(record.id)
            .push_bind(record.at)
            .push_bind(record.username.as_ref())
            .push_bind(record.viewer.as_ref())
            .push_bind(record.credential.as_ref())
            .push_bind(record.door.as_ref())
            .push_bind(record.address.as_ref())
            .push_bind(record.client.as_ref())
            .push_bind(record.target.as_ref())
            .push_bind(record.operation.as_ref())
            .push_bind(record.permission.as_ref())
            .push_bind(record.object.as_ref())
            .push_bind(record.decision.as_ref())
            .push_bind(record.reason.as_ref())
            .push_bind(record.grant_id.as_ref())
            .push_bind(record.is_change)
            .push_bind(record.outcome.as_ref())
            .push_bind(record.status)
            .push_bind(record.bytes_in)
            .push_bind(record.bytes_out)
            .push_bind(record.duration_ms);
    });
    insert
}

impl Store {
    /// Writes new records and late outcomes in one durable commit.
    pub async fn write_audit(&self, records: &[AuditRow<Cow<'_, str>>], outcomes: &[OutcomeRow]) -> Result<()> {
        let mut tx = self.audit.begin_with("BEGIN IMMEDIATE").await?;
        let mut left = records;
        for rows in ROWS {
            let some = left.chunks_exact(rows);
            left = some.remainder();
            for records in some {
                insert(records).build().execute(&mut *tx).await?;
            }
        }
        for outcome in outcomes {
            sqlx::query(
                "UPDATE audit SET outcome = $2, status = $3, bytes_in = $4, bytes_out = $5, duration_ms = $6, reason = reason || $7 WHERE id = $1",
            )
            .bind(outcome.id)
            .bind(outcome.outcome)
            .bind(outcome.status)
            .bind(outcome.bytes_in)
            .bind(outcome.bytes_out)
            .bind(outcome.duration_ms)
            .bind(&outcome.note)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Closes what a crash left open, and tells the highest id in use.
    pub async fn recover_audit(&self) -> Result<i64> {
        sqlx::query("UPDATE audit SET outcome = 'unknown' WHERE outcome = 'open'").execute(&self.audit).await?;
        let row: SqliteRow = sqlx::query("SELECT COALESCE(MAX(id), 0) FROM audit").fetch_one(&self.audit).await?;
        Ok(row.try_get(0)?)
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
