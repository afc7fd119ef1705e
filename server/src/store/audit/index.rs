//! What is written beside the records so that they are found: their words, and counts by the hour.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, Row};

use super::{AuditRow, Batch, Lent, ROWS};
use crate::store::{Kind, Result, Sql};

const HOUR_MS: i64 = 3_600_000;

/// What counts are kept by.
type Key = (i64, String, String, String, String, bool);

/// Writes the words of new records.
pub(super) async fn words(kind: Kind, connection: &mut AnyConnection, records: &[AuditRow<Lent<'_>>]) -> Result<()> {
    let mut left = records;
    for rows in ROWS {
        let some = left.chunks_exact(rows);
        left = some.remainder();
        for records in some {
            let mut insert = Sql::new("INSERT INTO audit_words (rowid, text) ");
            insert.push_rows(records, |row, record| {
                row.push_bind(record.id).push_bind(match kind {
                    Kind::Sqlite => text(record),
                    // Its own parser takes addresses and names apart by rules of its own.
                    Kind::Postgres => parts(&text(record)).collect::<Vec<_>>().join(" "),
                });
            });
            insert.execute(connection).await?;
        }
    }
    Ok(())
}

/// What is between signs: letters and digits.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty())
}

fn text(record: &AuditRow<Lent<'_>>) -> String {
    let parts = [
        &record.username,
        &record.viewer,
        &record.team,
        &record.credential,
        &record.address,
        &record.client,
        &record.target,
        &record.operation,
        &record.permission,
        &record.object,
        &record.object_name,
        &record.object_id,
        &record.reason,
    ];
    parts.iter().filter(|part| !part.is_empty()).map(|part| part.as_ref()).collect::<Vec<_>>().join(" ")
}

/// Counts what ended in this batch.
pub(super) async fn hours(connection: &mut AnyConnection, batch: &Batch<'_>) -> Result<()> {
    let mut counts: BTreeMap<Key, i64> = BTreeMap::new();
    for record in batch.records.iter().filter(|record| record.end.ended_at.is_some()) {
        *counts.entry(key(record, record.end.outcome.as_ref())).or_default() += 1;
    }
    // Where they began is known to their row.
    for (id, end) in &batch.ended {
        let sql = "SELECT at, username, target, permission, is_change FROM audit WHERE id = $1";
        let Some(row) = sqlx::query(sql).bind(id).fetch_optional(&mut *connection).await? else { continue };
        let at: i64 = row.try_get(0)?;
        let key = (
            at.div_euclid(HOUR_MS) * HOUR_MS,
            row.try_get(1)?,
            row.try_get(2)?,
            row.try_get(3)?,
            end.outcome.to_string(),
            row.try_get::<i64, _>(4)? != 0,
        );
        *counts.entry(key).or_default() += 1;
    }
    for ((hour, username, target, permission, outcome, is_change), records) in counts {
        let sql = "INSERT INTO audit_hours (hour, username, target, permission, outcome, is_change, records) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                   ON CONFLICT (hour, username, target, permission, outcome, is_change) DO UPDATE SET records = audit_hours.records + excluded.records";
        sqlx::query(sql)
            .bind(hour)
            .bind(username)
            .bind(target)
            .bind(permission)
            .bind(outcome)
            .bind(i64::from(is_change))
            .bind(records)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

fn key(record: &AuditRow<Lent<'_>>, outcome: &str) -> Key {
    let hour = record.at.div_euclid(HOUR_MS) * HOUR_MS;
    (hour, record.username.to_string(), record.target.to_string(), record.permission.to_string(), outcome.to_owned(), record.is_change)
}
