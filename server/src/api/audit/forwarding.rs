//! Where the trail is forwarded to, and how far.

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Empty, Page,
    audit::{AuditForwarding, Forwarding, Taken},
};

use super::super::{Answer, Api, ApiError, Asked, Who, route};
use crate::{
    access::{Operation, Permission},
    audit::forward::{Standing, What},
};

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    route(router, AuditForwarding, forwarding)
}

/// A place as the contract shows it, where the trail has these `lengths` by writer, and its last checkpoint is number `last`.
fn shown(standing: &Standing, lengths: &[(i64, i64)], last: i64) -> Forwarding {
    let state = standing.state();
    let positions = state.positions.unwrap_or_default();
    let taken = |writer: i64| positions.get(&writer).copied().unwrap_or(0);
    let lacks = |end: i64, writer: i64| u64::try_from(end - taken(writer)).unwrap_or(0);
    let checkpoints_only = standing.what == What::Checkpoints;
    let (error_at, error) = state.error.unzip();
    Forwarding {
        name: standing.name.clone(),
        kind: standing.kind.to_owned(),
        address: standing.address.clone(),
        checkpoints_only,
        behind: if checkpoints_only { 0 } else { lengths.iter().map(|(writer, end)| lacks(*end, *writer)).sum() },
        checkpoints_behind: lacks(last, 0),
        taken: positions.iter().filter(|(writer, _)| **writer > 0 && !checkpoints_only).map(|(&writer, &seq)| Taken { writer, seq }).collect(),
        checkpoint: taken(0),
        success_at: state.success_at,
        error,
        error_at,
        stopped: state.stopped,
    }
}

async fn forwarding(State(api): State<Api>, Extension(who): Who, _: Asked<Empty>) -> Answer<AuditForwarding> {
    let operation = Operation::on_system("AuditForwarding", Permission::AuditList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let lengths = api.store.chain_lengths().await?;
            let last = api.store.last_checkpoint().await?.map_or(0, |row| row.n);
            let items: Vec<Forwarding> = api.forwarding.0.iter().map(|standing| shown(standing, &lengths, last)).collect();
            let total = u64::try_from(items.len()).ok();
            Ok::<_, ApiError>(Json(Page { items, next: None, total }))
        })
        .await
}
