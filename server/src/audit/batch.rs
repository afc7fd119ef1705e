//! What one commit writes of what was waiting: rows, and an entry of the chain for each stage.

use std::collections::HashSet;

use crate::store::audit::{AuditRow, Batch, EndRow, Lent};

use super::{
    Intent, Outcome,
    canonical::{self, Stage},
    chain::Chain,
    writer::Group,
};

/// The rows of `group`, chained behind `chain`, which then ends at the last of them. `None` when a row has no text, which none should lack.
pub(super) fn batch<'a>(chain: &mut Chain, group: &'a Group) -> Option<Batch<'a>> {
    let mut batch = Batch::default();
    for intent in &group.intents {
        let mut row = row(intent);
        row.started_at = group.started.get(&intent.id).copied();
        if let Some(outcome) = group.outcomes.get(&intent.id) {
            row.end = end(outcome);
        }
        batch.chain.push(chain.add(row.id, Stage::Intent, |place| canonical::of_record(&row, place))?);
        if row.started_at.is_some() {
            batch.chain.push(chain.add(row.id, Stage::Started, |place| canonical::of_record(&row, place))?);
        }
        if row.end.ended_at.is_some() {
            batch.chain.push(chain.add(row.id, Stage::Ended, |place| canonical::of_record(&row, place))?);
        }
        batch.records.push(row);
    }
    let new: HashSet<i64> = group.intents.iter().map(|intent| intent.id).collect();
    for (id, at) in group.started.iter().filter(|(id, _)| !new.contains(id)) {
        batch.chain.push(chain.add(*id, Stage::Started, |place| canonical::started(*at, place))?);
        batch.started.push((*id, *at));
    }
    for (id, outcome) in group.outcomes.iter().filter(|(id, _)| !new.contains(id)) {
        let end = end(outcome);
        batch.chain.push(chain.add(*id, Stage::Ended, |place| canonical::ended(&end, place))?);
        batch.ended.push((*id, end));
    }
    Some(batch)
}

fn row(intent: &Intent) -> AuditRow<Lent<'_>> {
    AuditRow {
        id: intent.id,
        at: intent.at,
        username: intent.user.as_str().into(),
        viewer: intent.viewer.as_str().into(),
        team: intent.team.as_str().into(),
        credential: intent.credential.as_str().into(),
        door: intent.door.into(),
        address: intent.address.as_str().into(),
        client: intent.client.as_str().into(),
        target: intent.target.as_str().into(),
        operation: intent.operation.into(),
        permission: intent.permission.into(),
        object: intent.object.as_str().into(),
        object_name: intent.object_name.as_str().into(),
        object_id: intent.object_id.as_str().into(),
        decision: if intent.allowed { "allowed" } else { "denied" }.into(),
        reason: intent.reason.as_str().into(),
        grant_id: intent.grant.as_str().into(),
        is_change: intent.change,
        started_at: None,
        end: EndRow { outcome: "open".into(), ..EndRow::default() },
    }
}

fn end(outcome: &Outcome) -> EndRow<Lent<'_>> {
    let count = |n: u64| Some(i64::try_from(n).unwrap_or(i64::MAX));
    EndRow {
        ended_at: Some(outcome.at),
        outcome: outcome.ending.outcome.into(),
        status: outcome.ending.status.map(i64::from),
        bytes_in: count(outcome.ending.bytes_in),
        bytes_out: count(outcome.ending.bytes_out),
        duration_ms: count(outcome.duration_ms),
        note: outcome.note.as_str().into(),
        made: outcome.made.as_str().into(),
        changes: canonical::changes(&outcome.changes),
        recording: outcome.recording.as_str().into(),
    }
}
