//! The chain over the trail's records.

use futures_util::{Stream, StreamExt};
use sqlx::{Any, AnyConnection, Executor, FromRow, Row, Transaction, any::AnyRow};

use super::{AuditRow, CheckpointRow, parts};
use crate::store::{Kind, Result, Sql, Store};

/// One entry: a stage of a record, and the hash that takes in all before it.
#[derive(Clone, Debug, Eq, PartialEq, sqlx::FromRow)]
pub struct ChainRow {
    pub writer: i64,
    pub seq: i64,
    pub id: i64,
    /// 1 intent, 2 started, 3 ended.
    pub stage: i64,
    pub hash: Vec<u8>,
    /// The entry's digest, once its record is gone.
    pub digest: Option<Vec<u8>>,
}

/// The last entry of one writer.
#[derive(Clone, Debug, Eq, PartialEq, sqlx::FromRow)]
pub struct ChainEnd {
    pub writer: i64,
    pub seq: i64,
    pub hash: Vec<u8>,
}

/// An entry with the record that it is about, if that is there.
pub struct Linked {
    pub entry: ChainRow,
    pub record: Option<AuditRow>,
}

pub(super) async fn insert(kind: Kind, connection: &mut AnyConnection, entries: &[ChainRow]) -> Result<()> {
    for entries in parts(entries) {
        let mut insert = Sql::new(kind, "INSERT INTO audit_chain (writer, seq, id, stage, hash) ");
        insert.push_rows(entries, |row, entry| {
            row.push_bind(entry.writer).push_bind(entry.seq).push_bind(entry.id).push_bind(entry.stage).push_bind(entry.hash.as_slice());
        });
        insert.execute(connection).await?;
    }
    Ok(())
}

/// From writer to writer, and of each the last entry: by the key alone, however long the chains are.
const ENDS: &str = "WITH RECURSIVE writers (writer) AS (\
                        SELECT MIN(writer) FROM audit_chain \
                        UNION ALL SELECT (SELECT MIN(c.writer) FROM audit_chain c WHERE c.writer > writers.writer) FROM writers WHERE writers.writer IS NOT NULL\
                    ), ends (writer, seq) AS (\
                        SELECT writer, (SELECT MAX(c.seq) FROM audit_chain c WHERE c.writer = writers.writer) FROM writers WHERE writer IS NOT NULL\
                    ) SELECT c.writer, c.seq, c.hash FROM ends JOIN audit_chain c ON c.writer = ends.writer AND c.seq = ends.seq ORDER BY c.writer";

impl Store {
    /// The last entry of `writer`.
    pub async fn chain_end(&self, writer: i64) -> Result<Option<ChainEnd>> {
        let sql = "SELECT writer, seq, hash FROM audit_chain WHERE writer = $1 ORDER BY seq DESC LIMIT 1";
        Ok(sqlx::query_as(sql).bind(writer).fetch_optional(&self.audit).await?)
    }

    /// The last entry of each writer.
    pub async fn chain_ends(&self) -> Result<Vec<ChainEnd>> {
        Ok(sqlx::query_as(ENDS).fetch_all(&self.read).await?)
    }

    /// The trail as it is at this moment, whatever is written meanwhile.
    pub async fn audit_snapshot(&self) -> Result<Snapshot> {
        Ok(Snapshot(self.begin_to_read().await?))
    }
}

/// The trail at one moment.
pub struct Snapshot(pub(super) Transaction<'static, Any>);

impl Snapshot {
    /// Every entry with its record, each writer's from its first to its last.
    pub fn chain(&mut self) -> impl Stream<Item = Result<Linked>> + Send + '_ {
        let sql = "SELECT a.*, c.writer, c.seq, c.id AS record, c.stage, c.hash, c.digest \
                   FROM audit_chain c LEFT JOIN audit a ON a.id = c.id ORDER BY c.writer, c.seq";
        sqlx::query(sql).fetch(&mut *self.0).map(|row| linked(&row?))
    }

    /// Up to `limit` entries after this one.
    pub async fn chain_after(&mut self, writer: i64, seq: i64, limit: u32) -> Result<Vec<Linked>> {
        let sql = "SELECT a.*, c.writer, c.seq, c.id AS record, c.stage, c.hash, c.digest \
                   FROM audit_chain c LEFT JOIN audit a ON a.id = c.id WHERE (c.writer, c.seq) > ($1, $2) ORDER BY c.writer, c.seq LIMIT $3";
        let rows = sqlx::query(sql).bind(writer).bind(seq).bind(i64::from(limit)).fetch_all(&mut *self.0).await?;
        rows.iter().map(linked).collect()
    }

    /// One entry's hash; `None` when it is not there.
    pub async fn hash_of(&mut self, writer: i64, seq: i64) -> Result<Option<Vec<u8>>> {
        hash_at(&mut *self.0, writer, seq).await
    }

    /// How many records are older than the first entry of the chain, and the first that is not and has no entry.
    pub async fn unchained(&mut self) -> Result<(i64, Option<i64>)> {
        let sql = "WITH began AS (SELECT COALESCE(MIN(id), 0) AS id FROM audit_chain) \
                   SELECT (SELECT COUNT(*) FROM audit WHERE id < (SELECT id FROM began)), \
                   (SELECT MIN(a.id) FROM audit a WHERE a.id >= (SELECT id FROM began) \
                    AND NOT EXISTS (SELECT 1 FROM audit_chain c WHERE c.id = a.id AND c.stage = 1))";
        Ok(sqlx::query_as(sql).fetch_one(&mut *self.0).await?)
    }

    /// Every checkpoint, from the first to the last.
    pub async fn checkpoints(&mut self) -> Result<Vec<CheckpointRow>> {
        Ok(sqlx::query_as("SELECT n, at, body, signature FROM audit_checkpoints ORDER BY n").fetch_all(&mut *self.0).await?)
    }
}

pub(super) async fn hash_at(database: impl Executor<'_, Database = Any>, writer: i64, seq: i64) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT hash FROM audit_chain WHERE writer = $1 AND seq = $2";
    Ok(sqlx::query_scalar(sql).bind(writer).bind(seq).fetch_optional(database).await?)
}

pub(super) fn linked(row: &AnyRow) -> Result<Linked> {
    let entry = ChainRow {
        writer: row.try_get("writer")?,
        seq: row.try_get("seq")?,
        id: row.try_get("record")?,
        stage: row.try_get("stage")?,
        hash: row.try_get("hash")?,
        digest: row.try_get("digest")?,
    };
    let is_there = row.try_get::<Option<i64>, _>("id")?.is_some();
    let record = if is_there { Some(AuditRow::from_row(row)?) } else { None };
    Ok(Linked { entry, record })
}
