//! How a place stands: how far it is, and what it said last.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::What;
use crate::clock::now_ms;

/// A place, and how it stands.
#[derive(Debug)]
pub struct Standing {
    pub name: String,
    pub kind: &'static str,
    /// Without anything that could be a secret.
    pub address: String,
    pub what: What,
    state: Mutex<State>,
}

/// How far it is.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// By writer, the last entry that it has taken; writer 0 stands for the checkpoints. `None` until that is read.
    pub positions: Option<BTreeMap<i64, i64>>,
    /// When it took something last, in milliseconds since the Unix epoch.
    pub success_at: Option<i64>,
    /// When it did not last, and why.
    pub error: Option<(i64, String)>,
    /// Whether it gets nothing more until the next start.
    pub stopped: bool,
}

impl Standing {
    pub fn new(name: String, kind: &'static str, address: String, what: What) -> Self {
        Self { name, kind, address, what, state: Mutex::default() }
    }

    /// How far it is at this moment.
    pub fn state(&self) -> State {
        self.lock().clone()
    }

    pub(super) fn at(&self, positions: BTreeMap<i64, i64>) {
        self.lock().positions = Some(positions);
    }

    /// Nothing up to `seq` was for it.
    pub(super) fn passed(&self, writer: i64, seq: i64) {
        self.lock().positions.get_or_insert_default().insert(writer, seq);
    }

    /// It has taken what was sent up to `seq`. `said` is what it has to say about it.
    pub(super) fn taken(&self, writer: i64, seq: i64, said: Option<String>) {
        let mut state = self.lock();
        let now = now_ms();
        state.positions.get_or_insert_default().insert(writer, seq);
        state.success_at = Some(now);
        if let Some(said) = said {
            state.error = Some((now, said));
        }
    }

    /// It has not.
    pub(super) fn failed(&self, why: &str) {
        self.lock().error = Some((now_ms(), why.to_owned()));
    }

    pub(super) fn stop(&self, why: &str) {
        self.failed(why);
        self.lock().stopped = true;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
