//! Recordings of sessions, and the rules that say which are kept.

use super::{Flag, Result, Sql, Store, StoreError};

/// A recording as it is kept, without what is in it.
#[derive(Clone, Debug, Default, Eq, PartialEq, sqlx::FromRow)]
pub struct RecordingRow {
    /// The id of the audit record of the session.
    pub id: i64,
    pub engine: String,
    /// The container's name and its id.
    pub object: String,
    pub object_id: String,
    pub operation: String,
    pub door: String,
    pub username: String,
    pub started_at: i64,
    /// When the last part of it was written.
    pub kept_at: i64,
    pub ended_at: Option<i64>,
    pub width: i64,
    pub height: i64,
    #[sqlx(try_from = "Flag")]
    pub tty: bool,
    /// Whether what was typed is in it.
    #[sqlx(try_from = "Flag")]
    pub input: bool,
    #[sqlx(try_from = "Flag")]
    pub strict: bool,
    /// The scope of the rule that asked for it; empty without one.
    pub rule: String,
    /// Of its text.
    pub bytes: i64,
    pub chunks: i64,
    /// Bytes that passed and are not in it.
    pub lost: i64,
    /// The SHA-256 of its text, hexadecimal; empty while it runs, and after a crash.
    pub digest: String,
    /// Pilothouse ended before it did.
    #[sqlx(try_from = "Flag")]
    pub cut: bool,
}

/// How far a recording has come.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    pub at: i64,
    pub bytes: i64,
    pub chunks: i64,
    pub lost: i64,
    pub width: u16,
    pub height: u16,
}

/// Which recordings to list.
#[derive(Clone, Debug, Default)]
pub struct RecordingFilter {
    pub before: Option<i64>,
    pub user: Option<String>,
    pub engine: Option<String>,
    /// Part of a container's name.
    pub object: Option<String>,
    pub running: Option<bool>,
    pub limit: u32,
}

/// A rule as it is kept.
#[derive(Clone, Debug, Eq, PartialEq, sqlx::FromRow)]
pub struct RecordingRuleRow {
    pub id: String,
    pub scope: String,
    /// `always` or `never`.
    pub record: String,
    #[sqlx(try_from = "Flag")]
    pub strict: bool,
    #[sqlx(try_from = "Flag")]
    pub input: bool,
    pub created_at: i64,
    pub created_by: String,
}

const COLUMNS: &str = "id, engine, object, object_id, operation, door, username, started_at, kept_at, ended_at, width, height, tty, input, strict, rule, \
                       bytes, chunks, lost, digest, cut";

impl Store {
    /// Begins a recording.
    pub async fn add_recording(&self, row: &RecordingRow) -> Result<()> {
        let sql = "INSERT INTO recordings (id, engine, object, object_id, operation, door, username, started_at, kept_at, width, height, tty, input, strict, rule) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11, $12, $13, $14)";
        sqlx::query(sql)
            .bind(row.id)
            .bind(&row.engine)
            .bind(&row.object)
            .bind(&row.object_id)
            .bind(&row.operation)
            .bind(&row.door)
            .bind(&row.username)
            .bind(row.started_at)
            .bind(row.width)
            .bind(row.height)
            .bind(i64::from(row.tty))
            .bind(i64::from(row.input))
            .bind(i64::from(row.strict))
            .bind(&row.rule)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Whether a recording could be begun now: begins one of nothing, and forgets it.
    pub async fn try_recording(&self) -> Result<()> {
        let sql = "INSERT INTO recordings (id, engine, object, object_id, operation, door, username, started_at, kept_at, width, height, tty, input, strict, rule) \
                   VALUES (0, '', '', '', '', '', '', 0, 0, 0, 0, 0, 0, 0, '')";
        let mut tx = self.begin().await?;
        sqlx::query(sql).execute(&mut *tx).await?;
        sqlx::query("DELETE FROM recordings WHERE id = 0").execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Adds the next part of a recording. Of one that is there already nothing changes.
    pub async fn add_recording_chunk(&self, recording: i64, n: i64, sealed: &[u8], progress: Progress) -> Result<()> {
        let mut tx = self.begin().await?;
        let added = sqlx::query("INSERT INTO recording_chunks (recording, n, sealed) VALUES ($1, $2, $3) ON CONFLICT (recording, n) DO NOTHING")
            .bind(recording)
            .bind(n)
            .bind(sealed)
            .execute(&mut *tx)
            .await;
        added?;
        let sql = "UPDATE recordings SET kept_at = $2, bytes = $3, chunks = $4, lost = $5, width = $6, height = $7 WHERE id = $1";
        let done = sqlx::query(sql)
            .bind(recording)
            .bind(progress.at)
            .bind(progress.bytes)
            .bind(progress.chunks)
            .bind(progress.lost)
            .bind(i64::from(progress.width))
            .bind(i64::from(progress.height))
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::Missing);
        }
        tx.commit().await?;
        Ok(())
    }

    /// Ends a recording.
    pub async fn end_recording(&self, recording: i64, at: i64, lost: i64, digest: &str) -> Result<()> {
        sqlx::query("UPDATE recordings SET kept_at = $2, ended_at = $2, lost = $3, digest = $4 WHERE id = $1")
            .bind(recording)
            .bind(at)
            .bind(lost)
            .bind(digest)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Forgets a recording: there was no session.
    pub async fn delete_recording(&self, recording: i64) -> Result<()> {
        sqlx::query("DELETE FROM recordings WHERE id = $1").bind(recording).execute(&self.write).await?;
        Ok(())
    }

    /// Closes what a crash left open of a writer's sessions: it ended when the last of it was written, or soon after. In a database file all
    /// are of its one writer.
    pub async fn close_recordings(&self, writer: i64) -> Result<u64> {
        let all = "UPDATE recordings SET ended_at = kept_at, cut = 1 WHERE ended_at IS NULL AND $1 > 0";
        let of_one = "UPDATE recordings SET ended_at = kept_at, cut = 1 WHERE ended_at IS NULL AND id % 16 = $1";
        let sql = if self.is_shared() { of_one } else { all };
        let done = sqlx::query(sql).bind(writer).execute(&self.write).await?;
        Ok(done.rows_affected())
    }

    pub async fn recording(&self, id: i64) -> Result<Option<RecordingRow>> {
        let mut select = Sql::new(self.kind, "SELECT ");
        select.push(COLUMNS).push(" FROM recordings WHERE id = ").push_bind(id);
        select.fetch_optional(&self.read).await
    }

    /// Lists recordings, newest first.
    pub async fn recordings(&self, filter: &RecordingFilter) -> Result<Vec<RecordingRow>> {
        let mut select = Sql::new(self.kind, "SELECT ");
        select.push(COLUMNS).push(" FROM recordings WHERE 1 = 1");
        if let Some(before) = filter.before {
            select.push(" AND id < ").push_bind(before);
        }
        if let Some(user) = &filter.user {
            select.push(" AND username = ").push_bind(user);
        }
        if let Some(engine) = &filter.engine {
            select.push(" AND engine = ").push_bind(engine);
        }
        if let Some(object) = &filter.object {
            // Not LIKE: it needs no escaping. Without what is looked for it is another text, if that is in it.
            select.push(" AND replace(lower(object), lower(").push_bind(object).push("), '') <> lower(object)");
        }
        match filter.running {
            Some(true) => drop(select.push(" AND ended_at IS NULL")),
            Some(false) => drop(select.push(" AND ended_at IS NOT NULL")),
            None => {}
        }
        select.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(filter.limit));
        select.fetch_all(&self.read).await
    }

    /// One part of a recording, sealed.
    pub async fn recording_chunk(&self, recording: i64, n: i64) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT sealed FROM recording_chunks WHERE recording = $1 AND n = $2";
        Ok(sqlx::query_scalar(sql).bind(recording).bind(n).fetch_optional(&self.read).await?)
    }

    /// How many parts of a recording there are.
    pub async fn count_recording_chunks(&self, recording: i64) -> Result<i64> {
        Ok(sqlx::query_scalar("SELECT COUNT(*) FROM recording_chunks WHERE recording = $1").bind(recording).fetch_one(&self.read).await?)
    }

    pub async fn recording_rules(&self) -> Result<Vec<RecordingRuleRow>> {
        let sql = "SELECT id, scope, record, strict, input, created_at, created_by FROM recording_rules ORDER BY scope";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    pub async fn recording_rule(&self, id: &str) -> Result<Option<RecordingRuleRow>> {
        let sql = "SELECT id, scope, record, strict, input, created_at, created_by FROM recording_rules WHERE id = $1";
        Ok(sqlx::query_as(sql).bind(id).fetch_optional(&self.read).await?)
    }

    pub async fn add_recording_rule(&self, row: &RecordingRuleRow) -> Result<()> {
        let sql = "INSERT INTO recording_rules (id, scope, record, strict, input, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.scope)
            .bind(&row.record)
            .bind(i64::from(row.strict))
            .bind(i64::from(row.input))
            .bind(row.created_at)
            .bind(&row.created_by)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Everything but its id and who made it.
    pub async fn update_recording_rule(&self, row: &RecordingRuleRow) -> Result<()> {
        let sql = "UPDATE recording_rules SET scope = $2, record = $3, strict = $4, input = $5 WHERE id = $1";
        let done = sqlx::query(sql)
            .bind(&row.id)
            .bind(&row.scope)
            .bind(&row.record)
            .bind(i64::from(row.strict))
            .bind(i64::from(row.input))
            .execute(&self.write)
            .await?;
        if done.rows_affected() == 0 { Err(StoreError::Missing) } else { Ok(()) }
    }

    /// `false` when there is no such rule.
    pub async fn delete_recording_rule(&self, id: &str) -> Result<bool> {
        Ok(sqlx::query("DELETE FROM recording_rules WHERE id = $1").bind(id).execute(&self.write).await?.rows_affected() > 0)
    }
}
