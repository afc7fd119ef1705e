//! A brake on what nobody known can have written down: it costs them nothing, and would fill the disk.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How many refusals of one kind are written one by one in one [`WINDOW`].
const MOST: u64 = 200;
const WINDOW: Duration = Duration::from_secs(10);

/// How much was refused lately, by the operation's name: those are few.
#[derive(Default)]
pub struct Flood {
    windows: Mutex<HashMap<&'static str, Window>>,
}

struct Window {
    since: Instant,
    written: u64,
    left_out: u64,
}

impl Flood {
    /// Whether a refusal at `now` is written down, and how many before it were not; `None` when it is one of those.
    pub fn admit(&self, operation: &'static str, now: Instant) -> Option<u64> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(operation).or_insert(Window { since: now, written: 0, left_out: 0 });
        if now.duration_since(window.since) >= WINDOW {
            window.since = now;
            window.written = 0;
        }
        if window.written >= MOST {
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
            assert_eq!(flood.admit("Unauthenticated", begun), Some(0));
        }
        for _ in 0..1_000 {
            assert_eq!(flood.admit("Unauthenticated", begun), None);
        }
        // A flood of one kind hides nothing of another.
        assert_eq!(flood.admit("SignIn", begun), Some(0));
        let later = begun + WINDOW;
        assert_eq!(flood.admit("Unauthenticated", later), Some(1_000));
        assert_eq!(flood.admit("Unauthenticated", later), Some(0));
    }
}
