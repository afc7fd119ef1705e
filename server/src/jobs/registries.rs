//! Runs retention rules of registries when they are due.

use std::{sync::Arc, time::Duration};

use crate::{clock::now_ms, registry_retention::Retention, store::Store};

const EVERY: Duration = Duration::from_secs(5);

pub async fn tidy_registries(store: Store, retention: Arc<Retention>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if store.is_leader()
            && let Err(error) = retention.follow_schedules(now_ms()).await
        {
            tracing::error!(%error, "Which retention rules are due could not be told.");
        }
    }
}
