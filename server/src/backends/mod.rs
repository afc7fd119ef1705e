//! The batteries: what Pilothouse stands in front of. They take permits, and know neither the store nor the doors.

pub mod docker;
pub mod oci;
mod stream;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use docker::Engine;
use oci::{Locks, Registry};

/// Every engine, by name.
#[derive(Default)]
pub struct Engines {
    by_name: RwLock<BTreeMap<String, Arc<Engine>>>,
    changed: tokio::sync::watch::Sender<()>,
}

impl Engines {
    pub fn get(&self, name: &str) -> Option<Arc<Engine>> {
        self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// All of them, in the order of their names.
    pub fn list(&self) -> Vec<Arc<Engine>> {
        self.by_name.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Puts an engine in the place of the one of its name, if there is one.
    pub fn put(&self, engine: Engine) {
        let engine = Arc::new(engine);
        self.by_name.write().unwrap_or_else(PoisonError::into_inner).insert(engine.name.clone(), engine);
        self.changed.send_replace(());
    }

    pub fn remove(&self, name: &str) {
        self.by_name.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        self.changed.send_replace(());
    }

    /// Tells whenever an engine comes, goes or is replaced.
    pub fn changes(&self) -> tokio::sync::watch::Receiver<()> {
        self.changed.subscribe()
    }
}

/// Every registry, by name.
#[derive(Default)]
pub struct Registries {
    by_name: RwLock<BTreeMap<String, Arc<Registry>>>,
    /// Held while it is settled what a tag means, by `REGISTRY/REPOSITORY:TAG`.
    pub tags: Locks,
}

impl Registries {
    pub fn get(&self, name: &str) -> Option<Arc<Registry>> {
        self.by_name.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// All of them, in the order of their names.
    pub fn list(&self) -> Vec<Arc<Registry>> {
        self.by_name.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Puts a registry in the place of the one of its name, if there is one.
    pub fn put(&self, registry: Registry) {
        let registry = Arc::new(registry);
        self.by_name.write().unwrap_or_else(PoisonError::into_inner).insert(registry.name.clone(), registry);
    }

    pub fn remove(&self, name: &str) {
        self.by_name.write().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}
