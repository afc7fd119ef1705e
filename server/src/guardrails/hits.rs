//! What guardrails did not allow, written down by the way: nobody waits for it.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::{
    clock::now_ms,
    store::{Store, guardrails::HitRow},
};

/// How long a hit is kept.
pub const KEPT_MS: i64 = 30 * 24 * 3_600 * 1_000;
/// How many may wait for the disk; more are dropped, and the trail has them.
pub const QUEUE: usize = 1_024;
/// How many are kept, of all guardrails together.
const MOST: i64 = 100_000;
/// How many are written at a time.
const GROUP: usize = 256;
/// How often old ones are forgotten.
const EVERY: Duration = Duration::from_secs(3_600);

/// Writes hits, and forgets old ones.
pub struct Writer {
    store: Store,
    inbox: mpsc::Receiver<HitRow>,
}

impl Writer {
    pub fn new(store: Store, inbox: mpsc::Receiver<HitRow>) -> Self {
        Self { store, inbox }
    }

    /// Goes on until nobody can send it anything any more.
    pub async fn run(mut self) {
        let mut forget = tokio::time::interval(EVERY);
        loop {
            let mut group = Vec::new();
            tokio::select! {
                count = self.inbox.recv_many(&mut group, GROUP) => {
                    if count == 0 {
                        return;
                    }
                    if let Err(error) = self.store.add_guardrail_hits(&group).await {
                        tracing::warn!(%error, "What guardrails found could not be written down; the audit trail has it.");
                    }
                }
                _ = forget.tick() => {
                    if let Err(error) = self.store.forget_guardrail_hits(now_ms() - KEPT_MS, MOST).await {
                        tracing::warn!(%error, "Old hits of guardrails could not be forgotten.");
                    }
                }
            }
        }
    }
}
