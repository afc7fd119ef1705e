//! Looks for what alerts look for, in what is new in the trail.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    audit::alerts::{Alerts, Labels},
    backends::{Engines, Registries},
};

/// From one look to the next at least: what is written together is looked at together.
const LINGER: Duration = Duration::from_secs(1);
/// And at most: what was quiet may have become due.
const IDLE: Duration = Duration::from_secs(5);

pub async fn look_for_alerts(alerts: Arc<Alerts>, engines: Arc<Engines>, registries: Arc<Registries>, mut written: watch::Receiver<u64>) {
    loop {
        if !alerts.leads() {
            // Another replica looks. Should this one come to it, it goes on where that one was.
            tokio::time::sleep(IDLE).await;
            continue;
        }
        written.borrow_and_update();
        // No two targets have one name.
        let mut labels: Labels = engines.list().iter().map(|engine| (engine.name.clone(), engine.labels.clone())).collect();
        labels.extend(registries.list().iter().map(|registry| (registry.name.clone(), registry.labels.clone())));
        let more = alerts.look(&labels).await.unwrap_or_else(|error| {
            tracing::error!(%error, "What alerts look for could not be looked for; it is tried again.");
            false
        });
        if let Err(error) = alerts.fire(&labels).await {
            tracing::error!(%error, "An alert could not fire; it is tried again.");
        }
        if !more {
            tokio::time::sleep(LINGER).await;
            // The trail is closed: what is left is looked at after the next start.
            if let Ok(Err(_)) = tokio::time::timeout(IDLE, written.changed()).await {
                return;
            }
        }
    }
}
