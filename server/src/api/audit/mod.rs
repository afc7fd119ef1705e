//! The audit trail, read.

mod alerts;
mod export;
mod forwarding;
mod keep;
mod proof;
mod simulate;
mod views;

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Code, Page,
    audit::{AuditCount, AuditCounts, AuditGet, AuditList, AuditQuery, AuditRecord, Bar, Count, Outcome},
};

use super::{Answer, Api, ApiError, Asked, Named, Who, route};
use crate::{
    access::{Operation, Permission},
    audit::query,
    clock::now_ms,
    store::audit::{self as store, AuditRow, Counts, Field, Find, Match, Term},
};

pub fn routes() -> Router<Api> {
    let router = route(Router::new(), AuditList, list);
    let router = route(router, AuditCount, count);
    let router = route(router, AuditGet, get);
    let router = export::routes(router);
    let router = simulate::routes(router);
    let router = keep::routes(router);
    let router = views::routes(router);
    let router = alerts::routes(router);
    let router = forwarding::routes(router);
    proof::routes(router)
}

const OUTCOMES: [(Outcome, &str); 6] = [
    (Outcome::Open, "open"),
    (Outcome::Ok, "ok"),
    (Outcome::Failed, "failed"),
    (Outcome::Denied, "denied"),
    (Outcome::Revoked, "revoked"),
    (Outcome::Unknown, "unknown"),
];

/// A record as the contract shows it.
pub fn shown(row: AuditRow) -> AuditRecord {
    let count = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let end = row.end;
    AuditRecord {
        id: row.id,
        at: row.at,
        user: row.username,
        credential: row.credential,
        door: row.door,
        address: row.address,
        client: row.client,
        target: row.target,
        operation: row.operation,
        permission: row.permission,
        object: row.object,
        decision: row.decision,
        reason: row.reason,
        outcome: OUTCOMES.iter().find(|(_, name)| *name == end.outcome).map_or(Outcome::Unknown, |(outcome, _)| *outcome),
        status: end.status.and_then(|status| u16::try_from(status).ok()),
        bytes_in: count(end.bytes_in),
        bytes_out: count(end.bytes_out),
        duration_ms: count(end.duration_ms),
        change: row.is_change,
        viewer: some(row.viewer),
        team: some(row.team),
        object_name: some(row.object_name),
        object_id: some(row.object_id),
        started_at: row.started_at,
        ended_at: end.ended_at,
        note: some(end.note),
        made: some(end.made),
        changes: serde_json::from_str(&end.changes).unwrap_or_default(),
        recording: some(end.recording),
    }
}

/// What a query asks for: its text, and the fields that are given by themselves.
fn find(query: &AuditQuery) -> Result<Find, ApiError> {
    let mut find = query::read(query.q.as_deref().unwrap_or_default(), now_ms()).map_err(|why| ApiError::field("q", why))?;
    let mut is = |field: Field, value: Option<Match>| find.terms.extend(value.map(|value| Term { field, values: vec![value], not: false }));
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    is(Field::User, given(&query.user).map(Match::Is));
    is(Field::Target, given(&query.target).map(Match::Is));
    is(Field::Permission, given(&query.permission).map(Match::Begins));
    is(Field::Outcome, query.outcome.and_then(outcome_name).map(Match::Is));
    is(Field::Change, query.changes.filter(|only| *only).map(|_| Match::Number(1)));
    Ok(find)
}

fn outcome_name(asked: Outcome) -> Option<String> {
    OUTCOMES.iter().find(|(outcome, _)| *outcome == asked).map(|(_, name)| (*name).to_owned())
}

async fn list(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<AuditQuery>) -> Answer<AuditList> {
    let operation = Operation::on_system("AuditList", Permission::AuditList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let limit = query.limit.unwrap_or(50);
            if !(1..=500).contains(&limit) {
                return Err(ApiError::field("limit", "A page has 1 to 500 items."));
            }
            let mut find = find(&query)?;
            if let Some(after) = query.after.as_deref().filter(|after| !after.is_empty()) {
                find.before = Some(after.parse().map_err(|_| ApiError::field("after", "This is no `next` of a page before."))?);
            }
            let mut items: Vec<AuditRecord> = api.store.audit(&find, limit + 1).await?.into_iter().map(shown).collect();
            let more = items.len() > limit as usize;
            items.truncate(limit as usize);
            let next = items.last().filter(|_| more).map(|record| record.id.to_string());
            Ok(Json(Page { items, next, total: None }))
        })
        .await
}

async fn get(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>) -> Answer<AuditGet> {
    let operation = Operation::on_system("AuditGet", Permission::AuditList, &id);
    api.operator
        .operate(&who, operation, async |_| {
            let none = || ApiError::new(Code::NotFound, "There is no such record.");
            let row = api.store.audit_record(id.parse().map_err(|_| none())?).await?;
            row.map(|row| Json(shown(row))).ok_or_else(none)
        })
        .await
}

async fn count(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<AuditQuery>) -> Answer<AuditCount> {
    let operation = Operation::on_system("AuditCount", Permission::AuditList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let (find, now) = (find(&query)?, now_ms());
            let to = find.to.unwrap_or(now + 1);
            let from = match find.from {
                Some(from) => from,
                None => api.store.audit_begins().await?.unwrap_or(now),
            };
            Ok::<_, ApiError>(Json(counted(api.store.audit_counts(&find, from.min(to), to).await?, from.min(to), to)))
        })
        .await
}

fn counted(counts: Counts, from: i64, to: i64) -> AuditCounts {
    let number = |n: i64| u64::try_from(n).unwrap_or(0);
    let values = |counts: Vec<store::Count>| counts.into_iter().map(|count| Count { value: count.value, records: number(count.records) }).collect();
    AuditCounts {
        users: values(counts.users),
        targets: values(counts.targets),
        permissions: values(counts.permissions),
        outcomes: values(counts.outcomes),
        records: number(counts.bars.iter().map(|bar| bar.records).sum()),
        bars: counts.bars.into_iter().map(|bar| Bar { at: bar.at, records: number(bar.records), bad: number(bar.bad) }).collect(),
        width_ms: counts.width,
        from,
        to,
        newest_only: counts.newest_only,
    }
}
