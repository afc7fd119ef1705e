//! The audit trail: its rows, the chain over them, and the checkpoints of the chain.

mod alerts;
mod chain;
mod checkpoints;
mod counts;
mod find;
mod forward;
mod index;
mod keep;
mod pushed;
mod views;
mod way;

use std::borrow::Cow;

use sqlx::AnyConnection;

pub use alerts::{AlertRow, AlertStep, DeliveryRow, FiringRow, FoundRow, WEBHOOK};
pub use chain::{ChainEnd, ChainRow, Linked, Snapshot};
pub use checkpoints::{CheckpointRow, SigningKeyRow};
pub use counts::{Bar, Count, Counts, Group};
pub use find::{Field, Find, Match, Term};
pub use keep::{Archived, KeepRow, PRUNE, Prunable};

pub use forward::CursorRow;
pub use pushed::PushedRow;
pub use views::ViewRow;

use super::{Flag, Kind, Result, Sql, Store};

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
    #[sqlx(try_from = "Flag")]
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

/// An id's remainder by this is the number of the writer that gave it.
pub const WRITERS: i64 = 16;

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
/// Rows in one statement. Few sizes, so that each is prepared once.
const ROWS: [usize; 4] = [64, 16, 4, 1];

/// As few parts of these sizes as there can be.
fn parts<T>(all: &[T]) -> impl Iterator<Item = &[T]> {
    let mut left = all;
    std::iter::from_fn(move || {
        let rows = ROWS.into_iter().find(|rows| *rows <= left.len())?;
        let (part, rest) = left.split_at(rows);
        left = rest;
        Some(part)
    })
}

fn insert(kind: Kind, records: &[AuditRow<Lent<'_>>]) -> Sql {
    let mut insert = Sql::new(kind, "INSERT INTO audit (");
    insert.push(COLUMNS).push(") ");
    insert.push_rows(records, |row, record| {
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
            .push_bind(i64::from(record.is_change))
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

/// Writes what came of records, and answers with what those are counted by.
async fn end(kind: Kind, connection: &mut AnyConnection, ended: &[(i64, EndRow<Lent<'_>>)]) -> Result<Vec<index::Counted>> {
    let mut update = Sql::new(
        kind,
        "UPDATE audit SET ended_at = v.column2, outcome = v.column3, status = v.column4, bytes_in = v.column5, bytes_out = v.column6, \
         duration_ms = v.column7, note = v.column8, made = v.column9, changes = v.column10, recording = v.column11 FROM (",
    );
    update.push_rows(ended, |row, (id, end)| {
        row.push_bind(*id)
            .push_bind(end.ended_at)
            .push_bind(end.outcome.as_ref())
            .push_bind(end.status)
            .push_bind(end.bytes_in)
            .push_bind(end.bytes_out)
            .push_bind(end.duration_ms)
            .push_bind(end.note.as_ref())
            .push_bind(end.made.as_ref())
            .push_bind(end.changes.as_ref())
            .push_bind(end.recording.as_ref());
    });
    update.push(") AS v WHERE audit.id = v.column1 RETURNING at, username, target, permission, outcome, is_change");
    update.fetch_all(connection).await
}

impl Store {
    /// Writes new records, what came of older ones, and the chain over both in one durable commit.
    pub async fn write_audit(&self, batch: &Batch<'_>) -> Result<()> {
        let mut tx = self.begin_audit().await?;
        for records in parts(&batch.records) {
            insert(self.kind, records).execute(&mut tx).await?;
        }
        index::words(self.kind, &mut tx, &batch.records).await?;
        for (id, at) in &batch.started {
            sqlx::query("UPDATE audit SET started_at = $2 WHERE id = $1").bind(id).bind(at).execute(&mut *tx).await?;
        }
        let mut counted: Vec<_> = batch.records.iter().filter(|record| record.end.ended_at.is_some()).map(index::Counted::of).collect();
        for ended in parts(&batch.ended) {
            counted.extend(end(self.kind, &mut tx, ended).await?);
        }
        index::hours(self.kind, &mut tx, counted).await?;
        chain::insert(self.kind, &mut tx, &batch.chain).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The highest id of a record; 0 without any.
    pub async fn last_audit_id(&self) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT COALESCE(MAX(id), 0) FROM audit").fetch_one(&self.audit).await?)
    }

    /// Up to `limit` records of a writer that are not ended, by id. What is open in a database file is all of its one writer.
    pub async fn open_audit(&self, writer: i64, limit: u32) -> Result<Vec<i64>> {
        let all = "SELECT id FROM audit WHERE outcome = 'open' AND $1 > 0 ORDER BY id LIMIT $2";
        let of_one = "SELECT id FROM audit WHERE outcome = 'open' AND id % 16 = $1 ORDER BY id LIMIT $2";
        let sql = if self.is_shared() { of_one } else { all };
        Ok(sqlx::query_scalar(sql).bind(writer).bind(i64::from(limit)).fetch_all(&self.audit).await?)
    }

    /// The record of this id.
    pub async fn audit_record(&self, id: i64) -> Result<Option<AuditRow>> {
        let mut query = Sql::new(self.kind, "SELECT ");
        query.push(COLUMNS).push(" FROM audit WHERE id = ").push_bind(id);
        query.fetch_optional(&self.read).await
    }

    /// The time of the first record; `None` without any.
    pub async fn audit_begins(&self) -> Result<Option<i64>> {
        Ok(sqlx::query_scalar("SELECT at FROM audit ORDER BY id LIMIT 1").fetch_optional(&self.read).await?)
    }
}
