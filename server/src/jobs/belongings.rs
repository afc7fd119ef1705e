//! Keeps, of every engine, what on it belongs to which project.

use std::{collections::HashMap, sync::Arc};

use tokio_util::task::AbortOnDropHandle;

use crate::backends::{
    Engines,
    docker::{Engine, belongings::follow},
};

/// Follows each engine in a task of its own: a dead one delays no other.
pub async fn follow_belongings(engines: Arc<Engines>) {
    let mut changes = engines.changes();
    let mut tasks: HashMap<String, (Arc<Engine>, AbortOnDropHandle<()>)> = HashMap::new();
    loop {
        let there = engines.list();
        // An engine that was changed is another one under the same name.
        tasks.retain(|_, (engine, _)| there.iter().any(|other| Arc::ptr_eq(engine, other)));
        for engine in there {
            tasks.entry(engine.name.clone()).or_insert_with(|| (engine.clone(), AbortOnDropHandle::new(tokio::spawn(follow(engine)))));
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}
