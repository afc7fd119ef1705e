//! Points at which the tests hold the server, slow it down, or make it fail: compiled in with the feature `failpoints` alone.
//!
//! | point | the intent | the engine | the outcome | if it fails |
//! |---|---|---|---|---|
//! | `audit::after-intent` | on disk | has heard nothing | | the trail takes nothing: 503 |
//! | `audit::after-send` | on disk | has the request; nothing of its answer was looked at | | the connection broke off: 502 |
//! | `audit::before-outcome` | on disk | has answered | known, not on disk | the disk took nothing: it is tried again |
//!
//! `FAILPOINTS` says at the start what happens at which: `audit::after-send=1*sleep(500)`, in the words of the library `fail`.

use std::sync::atomic::{AtomicBool, Ordering};

use fail::FailScenario;

#[cfg(not(debug_assertions))]
compile_error!("failpoints are for tests: an optimised build has none");

pub const AFTER_INTENT: &str = "audit::after-intent";
pub const AFTER_SEND: &str = "audit::after-send";
pub const BEFORE_OUTCOME: &str = "audit::before-outcome";

/// Whether `FAILPOINTS` asks for anything. Else passing a point costs nothing.
static ASKED: AtomicBool = AtomicBool::new(false);

/// Does what `FAILPOINTS` says for as long as this is held.
pub fn set_up() -> FailScenario<'static> {
    tracing::warn!("This Pilothouse was built with failpoints, for tests: whoever starts it can make it hang or fail.");
    let scenario = FailScenario::setup();
    ASKED.store(!fail::list().is_empty(), Ordering::Relaxed);
    scenario
}

/// Passes a point; `true` if what passes it is to fail.
pub async fn fails(point: &'static str) -> bool {
    if !ASKED.load(Ordering::Relaxed) {
        return false;
    }
    // What it does there holds a thread: none of those on which everything else runs.
    let passed = tokio::task::spawn_blocking(move || {
        if fail::list().iter().any(|(name, _)| name == point) {
            tracing::info!("Reached {point}.");
        }
        fail::eval(point, |_| ()).is_some()
    });
    match passed.await {
        Ok(fails) => fails,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => false,
        },
    }
}
