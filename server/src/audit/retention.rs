//! What the rules let go: removed a batch at a time, each with a record of its own, so that the chain goes on proving what is left.
//!
//! Of a pruned record its entries stay, by their digest. A record of the trail says how many went, before they go: so whoever removes
//! records by hand and calls it pruning is one too many, which [`super::verify`] finds.

use super::{
    Ending, Trail,
    canonical::{self, Place, Stage},
    chain::digest,
    query,
};
use crate::{
    access::pruned,
    authn::{Door, Origin},
    clock::now_ms,
    store::{
        Store, StoreError,
        audit::{Archived, KeepRow, Prunable},
    },
};

const DAY_MS: i64 = 86_400_000;
/// Records that go at once.
const BATCH: u32 = 500;

/// Why nothing more was pruned.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the audit trail cannot be written")]
    TrailDown,
    #[error("a record has no text that its entry could be proved by; verify the trail")]
    NoText,
}

/// Prunes what the rules let go now. With `archived`, only what was archived. Answers with how many records went.
///
/// # Errors
/// The first thing that went wrong; what went before it is gone.
pub async fn prune(store: &Store, trail: &Trail, archived: Option<&[Archived]>) -> Result<u64, PruneError> {
    let (rules, now) = (store.keep_rules().await?, now_ms());
    let mut gone = 0;
    for rule in rules.iter().filter(|rule| rule.days.is_some()) {
        let Some(what) = prunable(rule, &rules, now) else { continue };
        loop {
            let records = store.prunable(&what, archived, BATCH).await?;
            if records.is_empty() {
                break;
            }
            let ids: Vec<i64> = records.iter().map(|record| record.id).collect();
            let mut digests = Vec::new();
            for entry in store.entries_of(&ids).await? {
                let record = records.iter().find(|record| record.id == entry.id);
                let stage = Stage::of_number(entry.stage);
                let text = record
                    .zip(stage)
                    .and_then(|(record, stage)| canonical::of_record(record, Place { writer: entry.writer, seq: entry.seq, id: entry.id, stage }));
                digests.push((entry.writer, entry.seq, digest(&text.ok_or(PruneError::NoText)?)));
            }
            let origin = Origin { door: Door::Start, address: "-".into(), client: "".into() };
            let permit = pruned(ids.len(), &rule.name);
            let entry = trail.begin_as(None, &origin, &permit).await.map_err(|_| PruneError::TrailDown)?;
            let done = store.prune(&ids, &digests).await;
            entry.finish(if done.is_ok() { Ending::ok(200) } else { Ending::failed(503) });
            done?;
            gone += ids.len() as u64;
        }
    }
    Ok(gone)
}

/// What a rule lets go, among all rules; `None` when it or a hold cannot be read: then nothing goes.
pub fn prunable(rule: &KeepRow, all: &[KeepRow], now: i64) -> Option<Prunable> {
    let days = rule.days?;
    let mut spared = Vec::new();
    for other in all.iter().filter(|other| other.id != rule.id) {
        match other.days {
            None => spared.push((query::read(&other.query, now).ok()?, None)),
            Some(longer) if longer > days => spared.push((query::read(&other.query, now).ok()?, Some(now - longer * DAY_MS))),
            Some(_) => {}
        }
    }
    Some(Prunable { find: query::read(&rule.query, now).ok()?, before: now - days * DAY_MS, spared })
}
