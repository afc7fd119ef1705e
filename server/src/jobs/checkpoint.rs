//! Makes a checkpoint of the trail at each thousand records, and every five minutes in which anything was written.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::audit::keeper::Keeper;

/// A checkpoint at the latest after this many records...
const RECORDS: u64 = 1_000;
/// ...and after this long.
const EVERY: Duration = Duration::from_secs(300);
/// How long to wait before trying again.
const RETRY: Duration = Duration::from_secs(10);

/// How often it is looked what other replicas have written.
const LOOK: Duration = Duration::from_secs(2);

pub async fn make_checkpoints(keeper: Arc<Keeper>, mut written: watch::Receiver<u64>) {
    let mut covered = 0;
    loop {
        if let Err(error) = keeper.checkpoint().await {
            tracing::error!(%error, "No checkpoint of the audit trail could be made or handed over.");
            tokio::time::sleep(RETRY).await;
            continue;
        }
        let enough = async {
            if keeper.is_shared() {
                return Ok(of_all(&keeper, &written).await);
            }
            let now = written.wait_for(|now| now.saturating_sub(covered) >= RECORDS).await;
            now.map(|now| *now)
        };
        match tokio::time::timeout(EVERY, enough).await {
            Ok(Ok(now)) => covered = now,
            // The trail is closed: whoever closed it makes the last one.
            Ok(Err(_)) => return,
            Err(_) => covered = *written.borrow(),
        }
    }
}

/// Waits until the replicas together have written enough.
async fn of_all(keeper: &Keeper, written: &watch::Receiver<u64>) -> u64 {
    loop {
        tokio::time::sleep(LOOK).await;
        // A record has two entries, and some have three.
        if keeper.behind().await.is_ok_and(|entries| entries >= 2 * RECORDS.cast_signed()) {
            return *written.borrow();
        }
    }
}
