//! Recordings of sessions: listed, proved, shown, watched, ended.

mod rules;
mod show;

use std::time::Duration;

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Code, Empty, Page,
    recordings::{Recording, RecordingEnd, RecordingGet, RecordingList, RecordingQuery, RecordingShown},
};

use super::{Answer, Api, ApiError, Asked, Named, Who, route};
use crate::{
    access::{Operation, Permission},
    audit::{Changed, field},
    recordings::{Proof, Stop},
    store::recordings::{RecordingFilter, RecordingRow},
};

pub fn routes() -> Router<Api> {
    let router = route(Router::new(), RecordingList, list);
    let router = route(router, RecordingGet, get);
    let router = route(router, RecordingEnd, end);
    rules::routes(show::routes(router))
}

fn shown(row: RecordingRow) -> Recording {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let size = |n: i64| u16::try_from(n).unwrap_or(0);
    Recording {
        id: row.id,
        engine: row.engine,
        container: row.object,
        container_id: row.object_id,
        operation: row.operation,
        door: row.door,
        user: row.username,
        started_at: row.started_at,
        ended_at: row.ended_at,
        running: row.ended_at.is_none(),
        width: size(row.width),
        height: size(row.height),
        tty: row.tty,
        input: row.input,
        strict: row.strict,
        rule: Some(row.rule).filter(|rule| !rule.is_empty()),
        bytes: count(row.bytes),
        lost: count(row.lost),
        cut: row.cut,
    }
}

fn missing() -> ApiError {
    ApiError::new(Code::NotFound, "There is no such recording.")
}

/// How often, and how long, the audit record of a session that has just ended is waited for.
const SOON: (u32, Duration) = (20, Duration::from_millis(100));

/// The recording of this id, with the digest that its audit record names.
async fn of_id(api: &Api, id: &str) -> Result<(RecordingRow, String), ApiError> {
    let id: i64 = id.parse().map_err(|_| missing())?;
    let row = api.store.recording(id).await?;
    let mut record = api.store.audit_record(id).await?;
    // The recording ends first, then its audit record is written: a moment that is no crash.
    if row.as_ref().is_some_and(|row| row.ended_at.is_some() && !row.cut) {
        for _ in 0..SOON.0 {
            if record.as_ref().is_none_or(|record| record.end.outcome != "open") {
                break;
            }
            tokio::time::sleep(SOON.1).await;
            record = api.store.audit_record(id).await?;
        }
    }
    let digest = record.map(|record| record.end.recording).unwrap_or_default();
    match row {
        Some(row) => Ok((row, digest)),
        None if digest.is_empty() => Err(missing()),
        None => Err(ApiError::new(Code::NotFound, "The audit record names a recording, and it is gone.")),
    }
}

async fn list(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<RecordingQuery>) -> Answer<RecordingList> {
    let operation = Operation::on_system("RecordingList", Permission::RecordingList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let limit = query.limit.unwrap_or(50);
            if !(1..=500).contains(&limit) {
                return Err(ApiError::field("limit", "A page has 1 to 500 items."));
            }
            let before = match query.after.as_deref().filter(|after| !after.is_empty()) {
                Some(after) => Some(after.parse().map_err(|_| ApiError::field("after", "This is no `next` of a page before."))?),
                None => None,
            };
            let given = |text: Option<String>| text.filter(|text| !text.is_empty());
            let filter = RecordingFilter {
                before,
                user: given(query.user),
                engine: given(query.engine),
                object: given(query.container),
                running: query.running,
                limit: limit + 1,
            };
            let mut items: Vec<Recording> = api.store.recordings(&filter).await?.into_iter().map(shown).collect();
            let more = items.len() > limit as usize;
            items.truncate(limit as usize);
            let next = items.last().filter(|_| more).map(|recording| recording.id.to_string());
            Ok(Json(Page { items, next, total: None }))
        })
        .await
}

async fn get(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>) -> Answer<RecordingGet> {
    let operation = Operation::on_system("RecordingGet", Permission::RecordingList, &id);
    api.operator
        .operate(&who, operation, async |_| {
            let (row, digest) = of_id(&api, &id).await?;
            let proof = api.recordings.prove(&row, &digest).await?;
            let (proved, sentence) = match proof {
                Proof::Proved => (Some(true), "Its digest is the one in the audit record, and so in the chain.".to_owned()),
                Proof::Running => (None, "Its digest is written down when the session ends.".to_owned()),
                Proof::Cut => (
                    None,
                    "Pilothouse ended before the session did, so no digest of it was written down. Each part of it was written by this Pilothouse; \
                     whether parts are missing at its end cannot be told."
                        .to_owned(),
                ),
                Proof::Broken(how) => (Some(false), how),
            };
            let digest = Some(digest).filter(|digest| !digest.is_empty());
            Ok(Json(RecordingShown { recording: shown(row), proved, proof: sentence, digest }))
        })
        .await
}

async fn end(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>, _: Asked<Empty>) -> Answer<RecordingEnd> {
    let operation = Operation::on_system("RecordingEnd", Permission::RecordingEnd, &id);
    api.operator
        .change(&who, operation, async |_| {
            let running = id.parse().ok().and_then(|id| api.recordings.running(id));
            let Some(running) = running else {
                of_id(&api, &id).await?;
                return Err(ApiError::new(Code::Conflict, "This session has ended already."));
            };
            running.stop(Stop::Ended { by: who.subject.user.to_string() });
            Ok(Changed::new(vec![field("session", Some("running"), Some("ended"))], Json(Empty {})))
        })
        .await
}
