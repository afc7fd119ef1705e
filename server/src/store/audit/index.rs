//! What is written beside the records so that they are found: their words, and counts by the hour.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, FromRow};

use super::{AuditRow, Lent};
use crate::store::{Kind, Result, Sql};

const HOUR_MS: i64 = 3_600_000;

/// What a record that ended is counted by.
#[derive(Clone, Debug, Eq, FromRow, Ord, PartialEq, PartialOrd)]
pub(super) struct Counted {
    /// The time of its intent; of the hour, once it is counted.
    at: i64,
    username: String,
    target: String,
    permission: String,
    outcome: String,
    is_change: i64,
}

impl Counted {
    pub(super) fn of(record: &AuditRow<Lent<'_>>) -> Self {
        Self {
            at: record.at,
            username: record.username.to_string(),
            target: record.target.to_string(),
            permission: record.permission.to_string(),
            outcome: record.end.outcome.to_string(),
            is_change: i64::from(record.is_change),
        }
    }
}

/// Writes the words of new records.
pub(super) async fn words(kind: Kind, connection: &mut AnyConnection, records: &[AuditRow<Lent<'_>>]) -> Result<()> {
    for records in super::parts(records) {
        let mut insert = Sql::new(kind, "INSERT INTO audit_words ");
        match kind {
            Kind::Sqlite => {
                insert.push("(rowid, text) ").push_rows(records, |row, record| {
                    row.push_bind(record.id).push_bind(text(record));
                });
            }
            Kind::Postgres => {
                insert.push("(rowid, words) SELECT v.column1, to_tsvector('simple', v.column2) FROM (").push_rows(records, |row, record| {
                    // Its own parser takes addresses and names apart by rules of its own.
                    row.push_bind(record.id).push_bind(parts(&text(record)).collect::<Vec<_>>().join(" "));
                });
                insert.push(") AS v");
            }
        }
        insert.execute(connection).await?;
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

/// Counts what ended. In one order, so that two replicas never wait for each other.
pub(super) async fn hours(kind: Kind, connection: &mut AnyConnection, ended: Vec<Counted>) -> Result<()> {
    let mut counts: BTreeMap<Counted, i64> = BTreeMap::new();
    for one in ended {
        *counts.entry(Counted { at: one.at.div_euclid(HOUR_MS) * HOUR_MS, ..one }).or_default() += 1;
    }
    let counts: Vec<_> = counts.into_iter().collect();
    for counts in super::parts(&counts) {
        let mut insert = Sql::new(kind, "INSERT INTO audit_hours (hour, username, target, permission, outcome, is_change, records) ");
        insert.push_rows(counts, |row, (one, records)| {
            row.push_bind(one.at)
                .push_bind(one.username.as_str())
                .push_bind(one.target.as_str())
                .push_bind(one.permission.as_str())
                .push_bind(one.outcome.as_str())
                .push_bind(one.is_change)
                .push_bind(*records);
        });
        insert.push(
            " ON CONFLICT (hour, username, target, permission, outcome, is_change) DO UPDATE SET records = audit_hours.records + excluded.records",
        );
        insert.execute(connection).await?;
    }
    Ok(())
}
