//! The database as the journal of the trail.

use std::borrow::Cow;

use crate::store::{
    Store,
    audit::{AuditRow, OutcomeRow},
};

use super::{Intent, Journal, writer::Outcome};

impl Journal for Store {
    async fn write(&self, intents: &[(Box<Intent>, Option<Outcome>)], outcomes: &[Outcome]) -> bool {
        let records: Vec<_> = intents.iter().map(|(intent, outcome)| row(intent, outcome.as_ref())).collect();
        let outcomes: Vec<_> = outcomes.iter().map(late).collect();
        match self.write_audit(&records, &outcomes).await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "Writing the audit trail failed.");
                false
            }
        }
    }
}

fn row<'a>(intent: &'a Intent, outcome: Option<&Outcome>) -> AuditRow<Cow<'a, str>> {
    let late = outcome.map(late);
    AuditRow {
        id: intent.id,
        at: intent.at,
        username: intent.user.as_str().into(),
        viewer: intent.viewer.as_str().into(),
        credential: intent.credential.as_str().into(),
        door: intent.door.into(),
        address: intent.address.as_str().into(),
        client: intent.client.as_str().into(),
        target: intent.target.as_str().into(),
        operation: intent.operation.into(),
        permission: intent.permission.into(),
        object: intent.object.as_str().into(),
        decision: if intent.allowed { "allowed" } else { "denied" }.into(),
        reason: match outcome.filter(|outcome| !outcome.note.is_empty()) {
            Some(outcome) => format!("{}{}", intent.reason, outcome.note).into(),
            None => intent.reason.as_str().into(),
        },
        grant_id: intent.grant.as_str().into(),
        is_change: intent.change,
        outcome: late.as_ref().map_or("open", |o| o.outcome).into(),
        status: late.as_ref().and_then(|o| o.status),
        bytes_in: late.as_ref().map(|o| o.bytes_in),
        bytes_out: late.as_ref().map(|o| o.bytes_out),
        duration_ms: late.as_ref().map(|o| o.duration_ms),
    }
}

fn late(outcome: &Outcome) -> OutcomeRow {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    OutcomeRow {
        id: outcome.id,
        outcome: outcome.ending.outcome,
        status: outcome.ending.status.map(i64::from),
        bytes_in: count(outcome.ending.bytes_in),
        bytes_out: count(outcome.ending.bytes_out),
        duration_ms: count(outcome.duration_ms),
        note: outcome.note.clone(),
    }
}
