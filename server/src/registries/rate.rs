//! How fast, and how many at once: of each person on each registry, in the memory of this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// From so many people on, those who are forgotten that have not asked for a while.
const MANY: usize = 10_000;

type Key = (String, String);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is left of a second's requests.
struct Left {
    requests: f64,
    at: Instant,
}

/// Requests a second. Who was quiet for a second has all of a second's at once.
#[derive(Default)]
pub(super) struct Rates(Mutex<HashMap<Key, Left>>);

impl Rates {
    /// # Errors
    /// How long until the next request fits.
    pub fn take(&self, registry: &str, user: &str, a_second: u32, now: Instant) -> Result<(), Duration> {
        let most = f64::from(a_second.max(1));
        let mut all = lock(&self.0);
        if all.len() >= MANY {
            // After a second of quiet nothing is known of them that a new one would not have.
            all.retain(|_, left| now.saturating_duration_since(left.at) < Duration::from_secs(1));
        }
        let left = all.entry((registry.to_owned(), user.to_owned())).or_insert(Left { requests: most, at: now });
        left.requests = (left.requests + now.saturating_duration_since(left.at).as_secs_f64() * most).min(most);
        left.at = now;
        if left.requests < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - left.requests) / most));
        }
        left.requests -= 1.0;
        Ok(())
    }
}

/// Uploads that are under way.
#[derive(Default)]
pub(super) struct Turns(Arc<Mutex<HashMap<Key, u32>>>);

/// One of them. It is over when this is dropped.
pub struct Turn {
    of: Key,
    turns: Arc<Mutex<HashMap<Key, u32>>>,
}

impl Turns {
    /// `None` when there are as many as there may be.
    pub fn take(&self, registry: &str, user: &str, most: Option<u32>) -> Option<Turn> {
        let of = (registry.to_owned(), user.to_owned());
        let mut all = lock(&self.0);
        let running = all.entry(of.clone()).or_insert(0);
        if most.is_some_and(|most| *running >= most) {
            return None;
        }
        *running += 1;
        Some(Turn { of, turns: self.0.clone() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut all = lock(&self.turns);
        match all.get_mut(&self.of) {
            Some(running) if *running > 1 => *running -= 1,
            _ => {
                all.remove(&self.of);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_so_many_requests_and_each_person_their_own() {
        let (rates, now) = (Rates::default(), Instant::now());
        let take = |user: &str, after: u64| rates.take("hub", user, 2, now + Duration::from_millis(after));
        assert_eq!((take("ana", 0), take("ana", 0)), (Ok(()), Ok(())));
        assert_eq!(take("ana", 0), Err(Duration::from_millis(500)));
        assert_eq!(take("ben", 0), Ok(()));
        assert_eq!((take("ana", 500), take("ana", 500).is_err()), (Ok(()), true));
        assert_eq!((take("ana", 60_000), take("ana", 60_000), take("ana", 60_000).is_err()), (Ok(()), Ok(()), true), "no more than a second's");
    }

    #[test]
    fn a_turn_ends_with_its_upload() {
        let turns = Turns::default();
        let first = turns.take("hub", "ana", Some(1));
        assert!(first.is_some() && turns.take("hub", "ana", Some(1)).is_none() && turns.take("hub", "ben", Some(1)).is_some());
        drop(first);
        assert!(turns.take("hub", "ana", Some(1)).is_some());
        assert!(lock(&turns.0).is_empty(), "nothing is kept of those who have none");
    }
}
