//! The audit trail, read.

mod proof;

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Page,
    audit::{AuditList, AuditQuery, AuditRecord, Outcome},
};

use super::{Answer, Api, ApiError, Asked, Who, route};
use crate::{
    access::{Operation, Permission},
    store::audit::{AuditFilter, AuditRow},
};

pub fn routes() -> Router<Api> {
    let router = route(Router::new(), AuditList, list);
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

async fn list(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<AuditQuery>) -> Answer<AuditList> {
    let operation = Operation::on_system("AuditList", Permission::AuditList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let limit = query.limit.unwrap_or(50);
            if !(1..=500).contains(&limit) {
                return Err(ApiError::field("limit", "A page has 1 to 500 items."));
            }
            let before = match &query.after {
                Some(after) => Some(after.parse().map_err(|_| ApiError::field("after", "This is no `next` of a page before."))?),
                None => None,
            };
            let filter = AuditFilter {
                before,
                user: query.user.filter(|text| !text.is_empty()),
                target: query.target.filter(|text| !text.is_empty()),
                permission: query.permission.filter(|text| !text.is_empty()),
                outcome: query.outcome.and_then(|asked| OUTCOMES.iter().find(|(outcome, _)| *outcome == asked)).map(|(_, name)| *name),
                changes: query.changes.unwrap_or(false),
                limit: limit + 1,
            };
            let mut items: Vec<AuditRecord> = api.store.audit(&filter).await?.into_iter().map(shown).collect();
            let more = items.len() > limit as usize;
            items.truncate(limit as usize);
            let next = items.last().filter(|_| more).map(|record| record.id.to_string());
            Ok(Json(Page { items, next, total: None }))
        })
        .await
}
