//! Counters of failed sign-ins.

use super::{Result, Store};

impl Store {
    /// How often `counter` failed and when last, for each that did.
    pub async fn failures(&self, counters: &[String]) -> Result<Vec<(i64, i64)>> {
        let mut found = Vec::new();
        for counter in counters {
            let row: Option<(i64, i64)> =
                sqlx::query_as("SELECT failures, last_at FROM throttle WHERE counter = $1").bind(counter).fetch_optional(&self.read).await?;
            found.push(row.unwrap_or((0, 0)));
        }
        Ok(found)
    }

    /// Counts one more failure; a counter that was quiet since `fresh_since` starts again at one.
    pub async fn count_failure(&self, counters: &[String], now: i64, fresh_since: i64) -> Result<()> {
        let mut tx = self.write.begin_with("BEGIN IMMEDIATE").await?;
        for counter in counters {
            let sql = "INSERT INTO throttle (counter, failures, last_at) VALUES ($1, 1, $2) \
                       ON CONFLICT (counter) DO UPDATE SET \
                       failures = CASE WHEN throttle.last_at < $3 THEN 1 ELSE throttle.failures + 1 END, last_at = $2";
            sqlx::query(sql).bind(counter).bind(now).bind(fresh_since).execute(&mut *tx).await?;
        }
        sqlx::query("DELETE FROM throttle WHERE last_at < $1").bind(fresh_since).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    pub async fn forget_failures(&self, counters: &[String]) -> Result<()> {
        for counter in counters {
            sqlx::query("DELETE FROM throttle WHERE counter = $1").bind(counter).execute(&self.write).await?;
        }
        Ok(())
    }
}
