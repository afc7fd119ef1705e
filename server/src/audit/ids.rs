//! Ids of records: they grow with time, no two writers give the same, and they are below 2^53, so that JSON keeps them.

use std::sync::atomic::{AtomicI64, Ordering};

/// 2025-01-01, in ms: what the time in an id counts from.
const EPOCH_MS: i64 = 1_735_689_600_000;
/// Bits behind the time: eight for those of one ms, four for the writer.
const BELOW_TIME: u32 = 12;
/// From one id to the next of the same writer.
const STEP: i64 = crate::store::audit::WRITERS;

/// Gives ids to one writer's records.
pub struct Ids(AtomicI64);

impl Ids {
    /// `last` is the highest id in use. A writer has a number from 1 to 15.
    pub fn new(writer: i64, last: i64) -> Self {
        Self(AtomicI64::new(last / STEP * STEP + STEP + writer))
    }

    /// What the first id of the time `at` (ms) could be.
    pub fn first_of(at: i64) -> i64 {
        (at - EPOCH_MS).saturating_mul(1 << BELOW_TIME)
    }

    /// The id of a record of the time `now` (ms). A clock that goes back does not take the ids with it.
    pub fn next(&self, now: i64) -> i64 {
        let time = (now - EPOCH_MS) << BELOW_TIME;
        let after = |last: i64| (last + STEP).max(time | (last % STEP));
        let last = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(after(last))).unwrap_or_else(|last| last);
        after(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_000_000_000;

    #[test]
    fn ids_grow_whatever_the_clock_does() {
        let ids = Ids::new(3, 0);
        let mut last = ids.next(NOW);
        assert_eq!(last % STEP, 3);
        for now in [NOW, NOW, NOW + 1, NOW - 86_400_000, NOW + 86_400_000].into_iter().chain([NOW; 5_000]) {
            let id = ids.next(now);
            assert!(id > last && id % STEP == 3, "{id} after {last}");
            last = id;
        }
        assert!(ids.next(EPOCH_MS + (1 << 41) - 1) < 1 << 53, "until 2094");
    }

    #[test]
    fn a_start_goes_on_behind_the_highest() {
        let last = Ids::new(1, 0).next(NOW);
        assert!(Ids::new(2, last).next(NOW - 1_000) > last);
    }

    #[test]
    fn two_writers_never_meet() {
        let (one, two) = (Ids::new(1, 0), Ids::new(2, 0));
        let all: std::collections::HashSet<i64> = (0..1_000).flat_map(|n| [one.next(NOW + n / 300), two.next(NOW + n / 300)]).collect();
        assert_eq!(all.len(), 2_000);
    }
}
