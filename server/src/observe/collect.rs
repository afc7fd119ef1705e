//! Takes the figures: one task an engine, so that a dead one delays no other.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::task::AbortHandle;

use super::Figures;
use crate::{
    access::watch,
    backends::{
        Engines,
        docker::{
            Engine, EngineError, Health,
            typed::{containers, names::ContainerId},
        },
    },
};

/// How often figures are taken.
const EVERY: Duration = Duration::from_secs(5);
/// How soon after the first round the second comes: a figure takes two readings.
const SOON: Duration = Duration::from_secs(1);
/// How many containers of one engine are read at the same time.
const AT_ONCE: usize = 4;
/// One round in so many asks for stopped containers too, to forget those that are gone.
const ALL_EVERY: u64 = 6;
/// A figure that somebody's watching took so short a time ago will do.
const RECENT_MS: i64 = 1_500;

/// Takes figures for as long as Pilothouse runs.
pub async fn collect(figures: Arc<Figures>, engines: Arc<Engines>) {
    let mut changes = engines.changes();
    let mut tasks = Tasks::default();
    loop {
        let there = engines.list();
        figures.keep_engines(&there.iter().map(|engine| engine.name.as_str()).collect());
        tasks.follow(&figures, there);
        if changes.changed().await.is_err() {
            return;
        }
    }
}

/// The tasks, by engine; they end with this.
#[derive(Default)]
struct Tasks(HashMap<String, (Arc<Engine>, AbortHandle)>);

impl Tasks {
    fn follow(&mut self, figures: &Arc<Figures>, there: Vec<Arc<Engine>>) {
        self.0.retain(|_, (engine, task)| {
            // An engine that was changed is another one under the same name.
            let stays = there.iter().any(|other| Arc::ptr_eq(engine, other));
            if !stays {
                task.abort();
            }
            stays
        });
        for engine in there {
            if !self.0.contains_key(&engine.name) {
                let task = tokio::spawn(look_at(figures.clone(), engine.clone())).abort_handle();
                self.0.insert(engine.name.clone(), (engine, task));
            }
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.values().for_each(|(_, task)| task.abort());
    }
}

async fn look_at(figures: Arc<Figures>, engine: Arc<Engine>) {
    let mut round: u64 = 0;
    loop {
        // An engine that is down is looked after elsewhere; asking it again and again helps nobody.
        if !matches!(engine.health.health(), Health::Down { .. })
            && let Err(error) = take(&figures, &engine, round.is_multiple_of(ALL_EVERY)).await
        {
            tracing::debug!(engine = engine.name, %error, "No figures this time.");
        }
        tokio::time::sleep(if round == 0 { SOON } else { EVERY }).await;
        round += 1;
    }
}

async fn take(figures: &Figures, engine: &Engine, all: bool) -> Result<(), EngineError> {
    let permit = watch(&engine.name);
    let there = if all { containers::list(engine, &permit).await? } else { containers::running(engine, &permit).await? };
    if all {
        figures.keep(&engine.name, &there.iter().map(|container| container.id.as_str()).collect::<HashSet<_>>());
    }
    let running = there.iter().filter(|container| matches!(container.state.as_str(), "running" | "paused"));
    let ids = running.filter_map(|container| {
        figures.call(&engine.name, container);
        ContainerId::parse(&container.id).ok()
    });
    let permit = &permit;
    stream::iter(ids)
        .for_each_concurrent(AT_ONCE, async |id| {
            // One that went away since the list was made is no news.
            if let Err(error) = figures.sample(engine, permit, &id, RECENT_MS).await {
                tracing::debug!(engine = engine.name, container = id.as_str(), %error, "No figure this time.");
            }
        })
        .await;
    Ok(())
}
