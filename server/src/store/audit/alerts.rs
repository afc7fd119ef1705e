//! Alerts: what they look for, how far they have looked, what they found, and who has not been told yet.

use sqlx::{AnyConnection, FromRow};

use super::{Find, find::push_condition};
use crate::store::{Flag, Result, Sql, Store};

/// An alert as it is kept.
#[derive(Clone, Debug, FromRow)]
pub struct AlertRow {
    pub id: String,
    pub name: String,
    pub query: String,
    /// `all`, labels of engines, or one engine.
    pub scope: String,
    pub times: i64,
    pub minutes: i64,
    pub quiet: i64,
    /// Where its webhook is, without the path; empty without one.
    pub webhook: String,
    /// The webhook's whole address and its secret, sealed.
    pub secret: Option<Vec<u8>>,
    /// Addresses, a line each.
    pub mail: String,
    #[sqlx(try_from = "Flag")]
    pub enabled: bool,
    pub created_at: i64,
    pub created_by: String,
    /// When it fired last, and of how many records it told then.
    pub fired_at: Option<i64>,
    pub fired: i64,
    /// When a message was taken last.
    pub sent_at: Option<i64>,
    /// Why one was not last, and when.
    pub error: String,
    pub error_at: Option<i64>,
}

/// A record that fits.
#[derive(Clone, Copy, Debug, Eq, FromRow, PartialEq)]
pub struct FoundRow {
    pub record: i64,
    /// The time of its intent, in ms.
    pub at: i64,
    /// Since when it fits: its intent, or its end.
    pub known: i64,
}

/// What is to be told of one alert. Without a body it still gathers.
#[derive(Clone, Debug, Eq, FromRow, PartialEq)]
pub struct FiringRow {
    pub id: String,
    pub alert: String,
    pub records: i64,
    pub first_at: i64,
    pub last_at: i64,
    /// Of the first ten records, with commas between them.
    pub ids: String,
    pub due_at: i64,
    pub body: String,
}

/// Who has not taken a firing yet.
#[derive(Clone, Debug, FromRow)]
pub struct DeliveryRow {
    pub firing: String,
    /// `webhook`, or an address.
    pub place: String,
    pub began: i64,
    pub tries: i64,
    pub next_at: i64,
    pub alert: String,
    pub body: String,
}

/// How far an alert has looked now, and what came of it.
#[derive(Debug)]
pub struct AlertStep {
    pub alert: String,
    /// By writer, the last entry that was looked at.
    pub positions: Vec<(i64, i64)>,
    /// All that fit and are too few yet; `None` when that is as it was.
    pub found: Option<Vec<FoundRow>>,
    /// What gathers, where that is new or has more in it.
    pub firing: Option<FiringRow>,
}

macro_rules! alerts {
    ($more:literal) => {
        concat!(
            "SELECT id, name, query, scope, times, minutes, quiet, webhook, secret, mail, enabled, created_at, created_by, fired_at, fired, ",
            "sent_at, error, error_at FROM audit_alerts ",
            $more
        )
    };
}

macro_rules! firings {
    ($more:literal) => {
        concat!("SELECT id, alert, records, first_at, last_at, ids, due_at, body FROM audit_alert_firings ", $more)
    };
}

impl Store {
    /// All alerts, by name.
    pub async fn alerts(&self) -> Result<Vec<AlertRow>> {
        Ok(sqlx::query_as(alerts!("ORDER BY name")).fetch_all(&self.read).await?)
    }

    pub async fn alert(&self, id: &str) -> Result<Option<AlertRow>> {
        Ok(sqlx::query_as(alerts!("WHERE id = $1")).bind(id).fetch_optional(&self.read).await?)
    }

    /// Adds an alert that looks at what comes behind these positions.
    pub async fn add_alert(&self, alert: &AlertRow, positions: &[(i64, i64)]) -> Result<()> {
        let mut tx = self.begin().await?;
        let sql = "INSERT INTO audit_alerts (id, name, query, scope, times, minutes, quiet, webhook, secret, mail, enabled, created_at, created_by) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        about(sql, alert).bind(alert.created_at).bind(&alert.created_by).execute(&mut *tx).await?;
        place(&mut tx, &alert.id, positions).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Writes what an alert is from now on. With `positions` it begins anew behind them, and what it had found is forgotten. What waits for
    /// places that it has no more is dropped.
    pub async fn change_alert(&self, alert: &AlertRow, positions: Option<&[(i64, i64)]>) -> Result<()> {
        let mut tx = self.begin().await?;
        let sql = "UPDATE audit_alerts SET name = $2, query = $3, scope = $4, times = $5, minutes = $6, quiet = $7, webhook = $8, secret = $9, \
                   mail = $10, enabled = $11 WHERE id = $1";
        about(sql, alert).execute(&mut *tx).await?;
        if let Some(positions) = positions {
            for sql in ["DELETE FROM audit_alert_positions WHERE alert = $1", "DELETE FROM audit_alert_found WHERE alert = $1"] {
                sqlx::query(sql).bind(&alert.id).execute(&mut *tx).await?;
            }
            // What gathers was found by what it looked for before.
            sqlx::query("DELETE FROM audit_alert_firings WHERE alert = $1 AND body = ''").bind(&alert.id).execute(&mut *tx).await?;
            place(&mut tx, &alert.id, positions).await?;
        }
        let sql = "SELECT d.firing, d.place FROM audit_alert_deliveries d JOIN audit_alert_firings f ON f.id = d.firing WHERE f.alert = $1";
        let waiting: Vec<(String, String)> = sqlx::query_as(sql).bind(&alert.id).fetch_all(&mut *tx).await?;
        for (firing, place) in waiting {
            let has = if place == WEBHOOK { alert.secret.is_some() } else { alert.mail.lines().any(|address| address == place) };
            if !alert.enabled || !has {
                remove_delivery(&mut tx, &firing, &place).await?;
            }
        }
        // What was wrong may be right now: the rest need not wait.
        let sql = "UPDATE audit_alert_deliveries SET next_at = 0 WHERE firing IN (SELECT f.id FROM audit_alert_firings f WHERE f.alert = $1)";
        sqlx::query(sql).bind(&alert.id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// `false` when there is no such alert.
    pub async fn delete_alert(&self, id: &str) -> Result<bool> {
        Ok(sqlx::query("DELETE FROM audit_alerts WHERE id = $1").bind(id).execute(&self.write).await?.rows_affected() > 0)
    }

    /// By writer, the last entry that an alert has looked at.
    pub async fn alert_positions(&self, id: &str) -> Result<Vec<(i64, i64)>> {
        Ok(sqlx::query_as("SELECT writer, seq FROM audit_alert_positions WHERE alert = $1").bind(id).fetch_all(&self.read).await?)
    }

    /// What an alert found that is too few yet, the oldest first.
    pub async fn alert_found(&self, id: &str) -> Result<Vec<FoundRow>> {
        let sql = "SELECT record, at, known FROM audit_alert_found WHERE alert = $1 ORDER BY known, record";
        Ok(sqlx::query_as(sql).bind(id).fetch_all(&self.read).await?)
    }

    /// What gathers of an alert.
    pub async fn gathering(&self, id: &str) -> Result<Option<FiringRow>> {
        Ok(sqlx::query_as(firings!("WHERE alert = $1 AND body = ''")).bind(id).fetch_optional(&self.read).await?)
    }

    /// The records that fit `find`, of those whose intent is among the entries of `writer` behind `after` up to `until`; or whose end is.
    pub async fn fitting(&self, find: &Find, at_end: bool, writer: i64, after: i64, until: i64) -> Result<Vec<FoundRow>> {
        let mut query = Sql::new(self.kind, "SELECT id AS record, at, ");
        query.push(if at_end { "COALESCE(ended_at, at)" } else { "at" });
        query.push(" AS known FROM audit WHERE id IN (SELECT c.id FROM audit_chain c WHERE c.writer = ").push_bind(writer);
        query.push(" AND c.seq > ").push_bind(after).push(" AND c.seq <= ").push_bind(until);
        query.push(" AND c.stage = ").push_bind(if at_end { 3_i64 } else { 1_i64 }).push(") AND ");
        push_condition(&mut query, find);
        query.push(" ORDER BY id");
        query.fetch_all(&self.read).await
    }

    /// Writes how far alerts have looked, and what came of it, in one durable commit: nothing is found twice.
    pub async fn step_alerts(&self, steps: &[AlertStep]) -> Result<()> {
        let mut tx = self.begin().await?;
        for step in steps {
            place(&mut tx, &step.alert, &step.positions).await?;
            if let Some(found) = &step.found {
                sqlx::query("DELETE FROM audit_alert_found WHERE alert = $1").bind(&step.alert).execute(&mut *tx).await?;
                for row in found {
                    let sql = "INSERT INTO audit_alert_found (alert, record, at, known) VALUES ($1, $2, $3, $4)";
                    sqlx::query(sql).bind(&step.alert).bind(row.record).bind(row.at).bind(row.known).execute(&mut *tx).await?;
                }
            }
            if let Some(firing) = &step.firing {
                let sql = "INSERT INTO audit_alert_firings (id, alert, records, first_at, last_at, ids, due_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                           ON CONFLICT (id) DO UPDATE SET records = excluded.records, first_at = excluded.first_at, last_at = excluded.last_at, \
                           ids = excluded.ids";
                sqlx::query(sql)
                    .bind(&firing.id)
                    .bind(&firing.alert)
                    .bind(firing.records)
                    .bind(firing.first_at)
                    .bind(firing.last_at)
                    .bind(&firing.ids)
                    .bind(firing.due_at)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// What gathers and is due, of alerts that are on.
    pub async fn due_firings(&self, now: i64) -> Result<Vec<FiringRow>> {
        let sql = firings!("WHERE body = '' AND due_at <= $1 AND alert IN (SELECT a.id FROM audit_alerts a WHERE a.enabled = 1) ORDER BY due_at");
        Ok(sqlx::query_as(sql).bind(now).fetch_all(&self.read).await?)
    }

    /// Says that a firing goes out now, with this body to these places.
    pub async fn fire(&self, firing: &FiringRow, body: &str, places: &[String], now: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE audit_alert_firings SET body = $2 WHERE id = $1").bind(&firing.id).bind(body).execute(&mut *tx).await?;
        for place in places {
            let sql = "INSERT INTO audit_alert_deliveries (firing, place, began, tries, next_at) VALUES ($1, $2, $3, 0, $3)";
            sqlx::query(sql).bind(&firing.id).bind(place).bind(now).execute(&mut *tx).await?;
        }
        let sql = "UPDATE audit_alerts SET fired_at = $2, fired = $3 WHERE id = $1";
        sqlx::query(sql).bind(&firing.alert).bind(now).bind(firing.records).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Up to `limit` deliveries whose time has come, the longest waiting first.
    pub async fn due_deliveries(&self, now: i64, limit: u32) -> Result<Vec<DeliveryRow>> {
        let sql = "SELECT d.firing, d.place, d.began, d.tries, d.next_at, f.alert, f.body FROM audit_alert_deliveries d \
                   JOIN audit_alert_firings f ON f.id = d.firing WHERE d.next_at <= $1 ORDER BY d.next_at LIMIT $2";
        Ok(sqlx::query_as(sql).bind(now).bind(i64::from(limit)).fetch_all(&self.read).await?)
    }

    /// How many deliveries of each alert wait.
    pub async fn waiting_deliveries(&self) -> Result<Vec<(String, i64)>> {
        let sql = "SELECT f.alert, COUNT(*) FROM audit_alert_deliveries d JOIN audit_alert_firings f ON f.id = d.firing GROUP BY f.alert";
        Ok(sqlx::query_as(sql).fetch_all(&self.read).await?)
    }

    /// Says that a place has taken it.
    pub async fn delivered(&self, delivery: &DeliveryRow, now: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        remove_delivery(&mut tx, &delivery.firing, &delivery.place).await?;
        sqlx::query("UPDATE audit_alerts SET sent_at = $2 WHERE id = $1").bind(&delivery.alert).bind(now).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Says that a place has not, and when it is tried again; `None` for never.
    pub async fn not_delivered(&self, delivery: &DeliveryRow, why: &str, next_at: Option<i64>, now: i64) -> Result<()> {
        let mut tx = self.begin().await?;
        match next_at {
            Some(next_at) => {
                let sql = "UPDATE audit_alert_deliveries SET tries = tries + 1, next_at = $3 WHERE firing = $1 AND place = $2";
                sqlx::query(sql).bind(&delivery.firing).bind(&delivery.place).bind(next_at).execute(&mut *tx).await?;
            }
            None => remove_delivery(&mut tx, &delivery.firing, &delivery.place).await?,
        }
        let sql = "UPDATE audit_alerts SET error = $2, error_at = $3 WHERE id = $1";
        sqlx::query(sql).bind(&delivery.alert).bind(why).bind(now).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What a delivery to a webhook has for its place.
pub const WEBHOOK: &str = "webhook";

/// A statement with what can be changed of an alert, $1 to $11.
fn about<'a>(sql: &'static str, alert: &'a AlertRow) -> sqlx::query::Query<'a, sqlx::Any, sqlx::any::AnyArguments> {
    sqlx::query(sql)
        .bind(&alert.id)
        .bind(&alert.name)
        .bind(&alert.query)
        .bind(&alert.scope)
        .bind(alert.times)
        .bind(alert.minutes)
        .bind(alert.quiet)
        .bind(&alert.webhook)
        .bind(alert.secret.as_deref())
        .bind(&alert.mail)
        .bind(i64::from(alert.enabled))
}

async fn place(connection: &mut AnyConnection, alert: &str, positions: &[(i64, i64)]) -> Result<()> {
    for (writer, seq) in positions {
        let sql = "INSERT INTO audit_alert_positions (alert, writer, seq) VALUES ($1, $2, $3) \
                   ON CONFLICT (alert, writer) DO UPDATE SET seq = excluded.seq";
        sqlx::query(sql).bind(alert).bind(writer).bind(seq).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Removes a delivery, and with the last one its firing.
async fn remove_delivery(connection: &mut AnyConnection, firing: &str, place: &str) -> Result<()> {
    let sql = "DELETE FROM audit_alert_deliveries WHERE firing = $1 AND place = $2";
    sqlx::query(sql).bind(firing).bind(place).execute(&mut *connection).await?;
    let sql = "DELETE FROM audit_alert_firings WHERE id = $1 AND body <> '' AND id NOT IN (SELECT d.firing FROM audit_alert_deliveries d)";
    sqlx::query(sql).bind(firing).execute(&mut *connection).await?;
    Ok(())
}
