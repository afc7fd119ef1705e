//! Counters of failed sign-ins.

use super::{Result, Store};

/// How often a counter failed, and when last.
pub type Failures = (i64, i64);

impl Store {
    /// Counts one more failure on each counter, if `may` says so of what they stand at; tells what they stood at. One transaction:
    /// of many that try at once, each sees those before it. A counter that was quiet since `fresh_since` starts again at one.
    pub async fn count_failure(&self, counters: &[String], now: i64, fresh_since: i64, may: impl Fn(&[Failures]) -> bool) -> Result<Vec<Failures>> {
        let mut tx = self.begin().await?;
        let mut before = Vec::new();
        for counter in counters {
            let row: Option<Failures> =
                sqlx::query_as("SELECT failures, last_at FROM throttle WHERE counter = $1").bind(counter).fetch_optional(&mut *tx).await?;
            before.push(row.unwrap_or((0, 0)));
        }
        if !may(&before) {
            return Ok(before);
        }
        for counter in counters {
            let sql = "INSERT INTO throttle (counter, failures, last_at) VALUES ($1, 1, $2) \
                       ON CONFLICT (counter) DO UPDATE SET \
                       failures = CASE WHEN throttle.last_at < $3 THEN 1 ELSE throttle.failures + 1 END, last_at = $2";
            sqlx::query(sql).bind(counter).bind(now).bind(fresh_since).execute(&mut *tx).await?;
        }
        sqlx::query("DELETE FROM throttle WHERE last_at < $1").bind(fresh_since).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(before)
    }

    /// Takes one failure of `counter` back: it was none. Its last one was at `last_at`.
    pub async fn uncount_failure(&self, counter: &str, last_at: i64) -> Result<()> {
        let sql = "UPDATE throttle SET failures = failures - 1, last_at = $2 WHERE counter = $1 AND failures > 0";
        sqlx::query(sql).bind(counter).bind(last_at).execute(&self.write).await?;
        Ok(())
    }

    pub async fn forget_failures(&self, counter: &str) -> Result<()> {
        sqlx::query("DELETE FROM throttle WHERE counter = $1").bind(counter).execute(&self.write).await?;
        Ok(())
    }
}
