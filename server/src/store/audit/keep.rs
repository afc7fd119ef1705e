//! How long records are kept: rules, what is held, what is pruned, and what was archived.

use sqlx::FromRow;

use super::{AuditRow, COLUMNS, ChainRow, Find, find::push_condition};
use crate::store::{Result, Sql, Store};

/// The operation whose records say what was pruned: those are never pruned themselves.
pub const PRUNE: &str = "AuditPrune";

/// A rule as it is kept. Without days it is a hold: what it finds stays, whatever other rules say.
#[derive(Clone, Debug, FromRow)]
pub struct KeepRow {
    pub id: String,
    pub name: String,
    pub query: String,
    pub days: Option<i64>,
    pub created_at: i64,
    pub created_by: String,
}

/// How far one writer's chain was archived.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct Archived {
    pub writer: i64,
    pub seq: i64,
    pub checkpoint: i64,
}

/// What to prune: what a rule finds before a time, unless one of the others finds it too.
pub struct Prunable {
    pub find: Find,
    /// In ms: only what began before it.
    pub before: i64,
    /// What is held, or kept for longer: what it finds, from this time on.
    pub spared: Vec<(Find, Option<i64>)>,
}

impl Store {
    /// Rules and holds, by name.
    pub async fn keep_rules(&self) -> Result<Vec<KeepRow>> {
        Ok(sqlx::query_as("SELECT id, name, query, days, created_at, created_by FROM audit_rules ORDER BY name").fetch_all(&self.read).await?)
    }

    pub async fn add_keep_rule(&self, rule: &KeepRow) -> Result<()> {
        sqlx::query("INSERT INTO audit_rules (id, name, query, days, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(&rule.id)
            .bind(&rule.name)
            .bind(&rule.query)
            .bind(rule.days)
            .bind(rule.created_at)
            .bind(&rule.created_by)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// `false` when there is no such rule.
    pub async fn delete_keep_rule(&self, id: &str) -> Result<bool> {
        Ok(sqlx::query("DELETE FROM audit_rules WHERE id = $1").bind(id).execute(&self.write).await?.rows_affected() > 0)
    }

    /// Up to `limit` records that may go, the oldest first. What is open stays, and what tells of pruning. With `archived`, only what is in
    /// an archive.
    pub async fn prunable(&self, what: &Prunable, archived: Option<&[Archived]>, limit: u32) -> Result<Vec<AuditRow>> {
        let mut query = Sql::new(self.kind, "SELECT ");
        query.push(COLUMNS).push(" FROM audit WHERE outcome <> 'open' AND operation <> ").push_bind(PRUNE);
        query.push(" AND at < ").push_bind(what.before).push(" AND ");
        push_condition(&mut query, &what.find);
        for (find, from) in &what.spared {
            query.push(" AND NOT (");
            push_condition(&mut query, find);
            if let Some(from) = from {
                query.push(" AND at >= ").push_bind(*from);
            }
            query.push(")");
        }
        if let Some(archived) = archived {
            query.push(" AND EXISTS (SELECT 1 FROM audit_chain c WHERE c.id = audit.id AND c.stage = 3 AND (0 = 1");
            for writer in archived {
                query.push(" OR c.writer = ").push_bind(writer.writer).push(" AND c.seq <= ").push_bind(writer.seq);
            }
            query.push("))");
        } else {
            // Without an entry it is older than the chain.
            query.push(" AND 1 = 1");
        }
        query.push(" ORDER BY id LIMIT ").push_bind(i64::from(limit));
        query.fetch_all(&self.read).await
    }

    /// The entries of these records.
    pub async fn entries_of(&self, ids: &[i64]) -> Result<Vec<ChainRow>> {
        let mut query = Sql::new(self.kind, "SELECT writer, seq, id, stage, hash, digest FROM audit_chain WHERE id IN (");
        let mut list = query.list();
        for id in ids {
            list.push_bind(*id);
        }
        query.push(")");
        query.fetch_all(&self.read).await
    }

    /// Removes records, and leaves of each of their entries its digest: `digests` by writer and number.
    pub async fn prune(&self, ids: &[i64], digests: &[(i64, i64, [u8; 32])]) -> Result<()> {
        let mut tx = self.begin_audit().await?;
        for (writer, seq, digest) in digests {
            let sql = "UPDATE audit_chain SET digest = $3 WHERE writer = $1 AND seq = $2";
            sqlx::query(sql).bind(writer).bind(seq).bind(digest.as_slice()).execute(&mut *tx).await?;
        }
        for id in ids {
            // What was recorded of it goes with it.
            for sql in ["DELETE FROM audit WHERE id = $1", "DELETE FROM audit_words WHERE rowid = $1", "DELETE FROM recordings WHERE id = $1"] {
                sqlx::query(sql).bind(id).execute(&mut *tx).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// How far each writer's chain was archived.
    pub async fn archived(&self) -> Result<Vec<Archived>> {
        let sql = "SELECT writer, MAX(seq) AS seq, MAX(checkpoint) AS checkpoint FROM audit_archives GROUP BY writer ORDER BY writer";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    /// Writes down that these entries were archived to `file`.
    pub async fn add_archive(&self, file: &str, ends: &[Archived], at: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        for end in ends {
            sqlx::query("INSERT INTO audit_archives (file, writer, seq, checkpoint, created_at) VALUES ($1, $2, $3, $4, $5)")
                .bind(file)
                .bind(end.writer)
                .bind(end.seq)
                .bind(end.checkpoint)
                .bind(at)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }
}
