//! How an engine is, as of the last look.

use std::sync::{Arc, PoisonError, RwLock};

use pilothouse_app::api::engines::EngineInfo;

/// What the last look found.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Health {
    /// Nobody has looked yet.
    #[default]
    Unknown,
    Up {
        since: i64,
        latency_ms: u32,
    },
    Down {
        since: i64,
        reason: String,
    },
}

/// An engine's health and what it last said of itself.
#[derive(Default)]
pub struct HealthState {
    state: RwLock<(Health, Option<Arc<EngineInfo>>)>,
}

impl HealthState {
    pub fn health(&self) -> Health {
        self.state.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    /// What the engine said when it last answered.
    pub fn info(&self) -> Option<Arc<EngineInfo>> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).1.clone()
    }

    pub fn is_up(&self) -> bool {
        matches!(self.health(), Health::Up { .. })
    }

    /// It answered; `true` when that is news.
    pub fn answered(&self, now: i64, latency_ms: u32, info: EngineInfo) -> bool {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let (since, news) = match &state.0 {
            Health::Up { since, .. } => (*since, false),
            _ => (now, true),
        };
        *state = (Health::Up { since, latency_ms }, Some(Arc::new(info)));
        news
    }

    /// It did not answer; `true` when that is news.
    pub fn failed(&self, now: i64, reason: String) -> bool {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let (since, news) = match &state.0 {
            Health::Down { since, .. } => (*since, false),
            _ => (now, true),
        };
        state.0 = Health::Down { since, reason };
        news
    }
}
