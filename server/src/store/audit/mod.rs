//! The audit trail: its rows, the chain over them, and the checkpoints of the chain.

mod alerts;
mod chain;
mod checkpoints;
mod find;
mod forward;
mod index;
mod keep;
mod views;

use std::borrow::Cow;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

pub use alerts::{AlertRow, AlertStep, DeliveryRow, FiringRow, FoundRow, WEBHOOK};
pub use chain::{ChainEnd, ChainRow, Linked, Snapshot};
pub use checkpoints::{CheckpointRow, SigningKeyRow};
pub use find::{Bar, Count, Counts, Field, Find, Group, Match, Term};
pub use keep::{Archived, KeepRow, PRUNE, Prunable};

pub use forward::CursorRow;
pub use views::ViewRow;

use super::{Result, Store};

/// One record as it is kept: an intent, and what came of it once that is known. Its texts are borrowed where it is written.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub struct AuditRow<Text = String> {
    /// Grows with time.
    pub id: i64,
    pub at: i64,
    pub username: Text,
    /// Who looked with the rights of `username`; empty for most.
    pub viewer: Text,
    /// Through which the grant is held; empty for one's own.
    pub team: Text,
    pub credential: Text,
    pub door: Text,
    pub address: Text,
    pub client: Text,
    pub target: Text,
    pub operation: Text,
    pub permission: Text,
    pub object: Text,
    /// What the object is called and its id; empty where they are not known, or what it was called by.
    pub object_name: Text,
    pub object_id: Text,
    pub decision: Text,
    pub reason: Text,
    /// The grant that allowed it; empty for what is refused, and for one's own account.
    pub grant_id: Text,
    pub is_change: bool,
    /// When a stream began to flow.
    pub started_at: Option<i64>,
    #[sqlx(flatten)]
    pub end: EndRow<Text>,
}

/// What came of a record. While it is open its outcome is `open`, and it has no time.
#[derive(Clone, Debug, Default, sqlx::FromRow)]
pub struct EndRow<Text = String> {
    pub ended_at: Option<i64>,
    pub outcome: Text,
    pub status: Option<i64>,
    pub bytes_in: Option<i64>,
    pub bytes_out: Option<i64>,
    pub duration_ms: Option<i64>,
    /// What is to be said of it besides.
    pub note: Text,
    /// The id of what it made.
    pub made: Text,
    /// What it changed, as JSON.
    pub changes: Text,
    /// The digest of the session's recording; empty without one.
    pub recording: Text,
}

/// A text that is borrowed, or made for its row.
pub type Lent<'a> = Cow<'a, str>;

/// What one commit writes.
#[derive(Default)]
pub struct Batch<'a> {
    pub records: Vec<AuditRow<Lent<'a>>>,
    /// When streams of records that are there already began to flow.
    pub started: Vec<(i64, i64)>,
    /// What came of records that are there already.
    pub ended: Vec<(i64, EndRow<Lent<'a>>)>,
    /// An entry for each stage of each of these.
    pub chain: Vec<ChainRow>,
}

const COLUMNS: &str = "id, at, username, viewer, team, credential, door, address, client, target, operation, permission, object, object_name, object_id, decision, \
                       reason, grant_id, is_change, started_at, ended_at, outcome, status, bytes_in, bytes_out, duration_ms, note, made, changes, recording";
/// Rows in one INSERT. Few sizes, so that each statement is prepared once.
const ROWS: [usize; 4] = [64, 16, 4, 1];

fn insert<'a>(records: &'a [AuditRow<Lent<'a>>]) -> QueryBuilder<Sqlite> {
    let mut insert = QueryBuilder::new("INSERT INTO audit (");
    insert.push(COLUMNS).push(") ");
    insert.push_values(records, |mut row, record| {
        row.push_bind(record.id)
            .push_bind(record.at)
            .push_bind(record.username.as_ref())
            .push_bind(record.viewer.as_ref())
            .push_bind(record.team.as_ref())
            .push_bind(record.credential.as_ref())
            .push_bind(record.door.as_ref())
            .push_bind(record.address.as_ref())
            .push_bind(record.client.as_ref())
            .push_bind(record.target.as_ref())
            .push_bind(record.operation.as_ref())
            .push_bind(record.permission.as_ref())
            .push_bind(record.object.as_ref())
            .push_bind(record.object_name.as_ref())
            .push_bind(record.object_id.as_ref())
            .push_bind(record.decision.as_ref())
            .push_bind(record.reason.as_ref())
            .push_bind(record.grant_id.as_ref())
            .push_bind(record.is_change)
            .push_bind(record.started_at)
            .push_bind(record.end.ended_at)
            .push_bind(record.end.outcome.as_ref())
            .push_bind(record.end.status)
            .push_bind(record.end.bytes_in)
            .push_bind(record.end.bytes_out)
            .push_bind(record.end.duration_ms)
            .push_bind(record.end.note.as_ref())
            .push_bind(record.end.made.as_ref())
            .push_bind(record.end.changes.as_ref())
            .push_bind(record.end.recording.as_ref());
    });
    insert
}

async fn end(connection: &mut SqliteConnection, id: i64, end: &EndRow<Lent<'_>>) -> Result<()> {
    let sql = "UPDATE audit SET ended_at = $2, outcome = $3, status = $4, bytes_in = $5, bytes_out = $6, duration_ms = $7, note = $8, made = $9, \
               changes = $10, recording = $11 WHERE id = $1";
    sqlx::query(sql)
        .bind(id)
        .bind(end.ended_at)
        .bind(end.outcome.as_ref())
        .bind(end.status)
        .bind(end.bytes_in)
        .bind(end.bytes_out)
        .bind(end.duration_ms)
        .bind(end.note.as_ref())
        .bind(end.made.as_ref())
        .bind(end.changes.as_ref())
        .bind(end.recording.as_ref())
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Writes new records, what came of older ones, and the chain over both in one durable commit.
    pub async fn write_audit(&self, batch: &Batch<'_>) -> Result<()> {
        let mut tx = self.audit.begin_with("BEGIN IMMEDIATE").await?;
        let mut left = batch.records.as_slice();
        for rows in ROWS {
            let some = left.chunks_exact(rows);
            left = some.remainder();
            for records in some {
                insert(records).build().execute(&mut *tx).await?;
            }
        }
        index::words(&mut tx, &batch.records).await?;
        for (id, at) in &batch.started {
            sqlx::query("UPDATE audit SET started_at = $2 WHERE id = $1").bind(id).bind(at).execute(&mut *tx).await?;
        }
        for (id, row) in &batch.ended {
            end(&mut tx, *id, row).await?;
        }
        index::hours(&mut tx, batch).await?;
        chain::insert(&mut tx, &batch.chain).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The highest id of a record; 0 without any.
    pub async fn last_audit_id(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM audit").fetch_one(&self.audit).await?)
    }

    /// Up to `limit` records that are not ended, by id.
    pub async fn open_audit(&self, limit: u32) -> Result<Vec<i64>> {
        Ok(sqlx::query_scalar("SELECT id FROM audit WHERE outcome = 'open' ORDER BY id LIMIT $1").bind(limit).fetch_all(&self.audit).await?)
    }
}
