//! How far the trail is forwarded to each place outside, and what comes next.

use futures_util::TryStreamExt;

use super::{
    Linked,
    chain::{hash_at, linked},
};
use crate::store::{Result, Store};

/// How far one writer's entries are forwarded; writer 0 stands for the checkpoints.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, sqlx::FromRow)]
pub struct CursorRow {
    pub writer: i64,
    /// The last one that was taken.
    pub seq: i64,
    /// The last one of what is on its way; `seq` when nothing is.
    pub sending: i64,
    /// The one behind which it began.
    pub began: i64,
}

impl Store {
    /// How far `sink` is; nothing of one that is new.
    pub async fn cursors(&self, sink: &str) -> Result<Vec<CursorRow>> {
        let sql = "SELECT writer, seq, sending, began FROM audit_cursors WHERE sink = $1 ORDER BY writer";
        Ok(sqlx::query_as(sql).bind(sink).fetch_all(&self.read).await?)
    }

    /// Says how far `sink` is with these writers, in one durable commit.
    pub async fn set_cursors(&self, sink: &str, cursors: &[CursorRow]) -> Result<()> {
        let mut tx = self.begin().await?;
        for cursor in cursors {
            let sql = "INSERT INTO audit_cursors (sink, writer, seq, sending, began) VALUES ($1, $2, $3, $4, $5) \
                       ON CONFLICT (sink, writer) DO UPDATE SET seq = excluded.seq, sending = excluded.sending";
            let insert = sqlx::query(sql).bind(sink).bind(cursor.writer).bind(cursor.seq).bind(cursor.sending).bind(cursor.began);
            insert.execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The number of the last entry of each writer, by writer.
    pub async fn chain_lengths(&self) -> Result<Vec<(i64, i64)>> {
        Ok(self.chain_ends().await?.into_iter().map(|end| (end.writer, end.seq)).collect())
    }

    /// The entries of `writer` behind number `after` up to number `until`, at most `limit`, with their records.
    pub async fn chain_after(&self, writer: i64, after: i64, until: i64, limit: u32) -> Result<Vec<Linked>> {
        let sql = "SELECT a.*, c.writer, c.seq, c.id AS record, c.stage, c.hash, c.digest FROM audit_chain c LEFT JOIN audit a ON a.id = c.id \
                   WHERE c.writer = $1 AND c.seq > $2 AND c.seq <= $3 ORDER BY c.seq LIMIT $4";
        let mut rows = sqlx::query(sql).bind(writer).bind(after).bind(until).bind(i64::from(limit)).fetch(&self.read);
        let mut entries = Vec::new();
        while let Some(row) = rows.try_next().await? {
            entries.push(linked(&row)?);
        }
        Ok(entries)
    }

    /// The hash of one entry, if it is there.
    pub async fn chain_hash(&self, writer: i64, seq: i64) -> Result<Option<Vec<u8>>> {
        hash_at(&self.read, writer, seq).await
    }
}
