//! Looks at the whole trail once a day, and says so loudly when it is not what was written.

use std::{sync::Arc, time::Duration};

use crate::audit::keeper::{Keeper, KeeperError};

/// After a start other things come first.
const FIRST: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(86_400);

pub async fn verify_trail(keeper: Arc<Keeper>) {
    tokio::time::sleep(FIRST).await;
    loop {
        if !keeper.is_leader() {
            tokio::time::sleep(EVERY).await;
            continue;
        }
        match keeper.verify().await {
            Ok(verified) if verified.report.is_whole() => {
                tracing::info!(entries = verified.report.entries, took_ms = verified.took_ms, "The audit trail is what was written.");
            }
            Ok(verified) => {
                let first = verified.report.findings.first().map_or("", |finding| &finding.what);
                tracing::error!(wrong = verified.report.wrong, first, "The audit trail is NOT what was written.");
            }
            Err(KeeperError::Busy) => {}
            Err(error) => tracing::error!(%error, "The audit trail could not be verified."),
        }
        tokio::time::sleep(EVERY).await;
    }
}
