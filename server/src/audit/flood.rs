//! A brake on what nobody known can have written down: it costs them nothing, and would fill the disk.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How many refusals of one kind, and from one network, are written one by one in one [`WINDOW`].
const MOST: u64 = 100;
const WINDOW: Duration = Duration::from_secs(10);
/// Networks that are told apart at the same time; the others share one budget.
const NETWORKS: usize = 256;

/// How much was refused lately, by the operation's name and where it came from.
#[derive(Default)]
pub struct Flood {
    windows: Mutex<HashMap<(&'static str, String), Window>>,
}

struct Window {
    since: Instant,
    written: u64,
    left_out: u64,
}

impl Flood {
    /// Whether a refusal at `now` is written down, and how many before it were not; `None` when it is one of those.
    pub fn admit(&self, operation: &'static str, network: &str, now: Instant) -> Option<u64> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= NETWORKS {
            windows.retain(|_, window| now.duration_since(window.since) < WINDOW || window.left_out > 0);
        }
        let own = (operation, network.to_owned());
        let key = if windows.len() < NETWORKS || windows.contains_key(&own) { own } else { (operation, String::new()) };
        let window = windows.entry(key).or_insert(Window { since: now, written: 0, left_out: 0 });
        if now.duration_since(window.since) >= WINDOW {
            window.since = now;
            window.written = 0;
        }
        if window.written >= MOST {
            if window.left_out == 0 {
                tracing::warn!(operation, network, "More is refused than is written down one by one.");
            }
            window.left_out += 1;
            return None;
        }
        window.written += 1;
        Some(std::mem::take(&mut window.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_the_count_is_told_once() {
        let flood = Flood::default();
        let begun = Instant::now();
        for _ in 0..MOST {
            assert_eq!(flood.admit("Unauthenticated", "a", begun), Some(0));
        }
        for _ in 0..1_000 {
            assert_eq!(flood.admit("Unauthenticated", "a", begun), None);
        }
        // A flood of one kind hides nothing of another, nor one from somewhere what comes from elsewhere.
        assert_eq!(flood.admit("SignIn", "a", begun), Some(0));
        assert_eq!(flood.admit("Unauthenticated", "b", begun), Some(0));
        for n in 0..10_000 {
            flood.admit("Unauthenticated", &n.to_string(), begun);
        }
        assert!(flood.windows.lock().unwrap().len() <= NETWORKS + 2, "what nobody known sends must not fill the memory");
        let later = begun + WINDOW;
        assert_eq!(flood.admit("Unauthenticated", "a", later), Some(1_000));
        assert_eq!(flood.admit("Unauthenticated", "a", later), Some(0));
    }
}
