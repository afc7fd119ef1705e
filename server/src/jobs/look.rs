//! Looks at every engine now and then, so that the console knows how each is without asking.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;

use crate::{access::watch, backends::Engines};

const EVERY: Duration = Duration::from_secs(10);

/// Looks at all engines, each for itself: a dead one delays no other.
pub async fn look_after_engines(engines: Arc<Engines>) {
    let mut changes = engines.changes();
    loop {
        let mut looks = JoinSet::new();
        for engine in engines.list() {
            looks.spawn(async move {
                if engine.look(&watch(&engine.name)).await {
                    tracing::info!(engine = engine.name, health = ?engine.health.health(), "The engine's health changed.");
                }
            });
        }
        looks.join_all().await;
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}
