//! Things that are kept in memory for a few minutes, each under a secret that only one browser has.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::authn::secret::Hash;

/// How many things one owner may have on a shelf: the oldest falls off for the next.
const OF_ONE: usize = 20;
/// How many there may be in all. What comes then is refused, so that a flood takes nothing from those who came before.
const OF_ALL: usize = 20_000;

struct Kept<T> {
    owner: String,
    since: Instant,
    tries: u32,
    thing: T,
}

/// Things of one kind.
pub struct Shelf<T> {
    lasts: Duration,
    kept: Mutex<HashMap<Hash, Kept<T>>>,
}

impl<T: Clone> Shelf<T> {
    pub fn new(lasts: Duration) -> Self {
        Self { lasts, kept: Mutex::default() }
    }

    /// Puts `thing` under `hash`; `false` when there is no room.
    pub fn put(&self, hash: Hash, owner: &str, thing: T, now: Instant) -> bool {
        let mut kept = self.lock();
        if kept.len() >= OF_ALL {
            kept.retain(|_, it| now.duration_since(it.since) < self.lasts);
        }
        let mut theirs: Vec<(Instant, Hash)> = kept.iter().filter(|(_, it)| it.owner == owner).map(|(hash, it)| (it.since, *hash)).collect();
        if theirs.len() >= OF_ONE {
            theirs.sort_unstable();
            theirs.truncate(theirs.len() + 1 - OF_ONE);
            theirs.iter().for_each(|(_, hash)| drop(kept.remove(hash)));
        }
        if kept.len() >= OF_ALL {
            return false;
        }
        kept.insert(hash, Kept { owner: owner.to_owned(), since: now, tries: 0, thing });
        true
    }

    /// What is under `hash`. It stays.
    pub fn get(&self, hash: &Hash, now: Instant) -> Option<T> {
        let kept = self.lock();
        kept.get(hash).filter(|it| now.duration_since(it.since) < self.lasts).map(|it| it.thing.clone())
    }

    /// The same, counted as a try: after `most` of them it is gone. Of many at once, no more get it than of as many in turn.
    pub fn attempt(&self, hash: &Hash, most: u32, now: Instant) -> Option<T> {
        let mut kept = self.lock();
        let it = kept.get_mut(hash)?;
        if now.duration_since(it.since) >= self.lasts || it.tries >= most {
            kept.remove(hash);
            return None;
        }
        it.tries += 1;
        Some(it.thing.clone())
    }

    /// Takes what is under `hash`: once.
    pub fn take(&self, hash: &Hash, now: Instant) -> Option<T> {
        self.lock().remove(hash).filter(|it| now.duration_since(it.since) < self.lasts).map(|it| it.thing)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Hash, Kept<T>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::secret::hash;

    const LASTS: Duration = Duration::from_secs(300);

    #[test]
    fn it_is_taken_once_and_not_after_its_time() {
        let (shelf, now) = (Shelf::new(LASTS), Instant::now());
        assert!(shelf.put(hash("a"), "ana", 1, now) && shelf.put(hash("b"), "ana", 2, now));
        assert_eq!(shelf.get(&hash("a"), now), Some(1));
        assert_eq!((shelf.take(&hash("a"), now), shelf.take(&hash("a"), now)), (Some(1), None));
        assert_eq!(shelf.get(&hash("b"), now + LASTS), None);
        assert_eq!(shelf.attempt(&hash("b"), 5, now + LASTS), None);
        assert_eq!(shelf.get(&hash("b"), now), None, "it is gone for good");
    }

    #[test]
    fn it_allows_so_many_tries() {
        let (shelf, now) = (Shelf::new(LASTS), Instant::now());
        shelf.put(hash("a"), "ana", 1, now);
        let tries = (0..10).filter(|_| shelf.attempt(&hash("a"), 5, now).is_some()).count();
        assert_eq!(tries, 5);
        assert_eq!(shelf.get(&hash("a"), now), None);
    }

    #[test]
    fn a_flood_takes_nothing_from_others() {
        let (shelf, now) = (Shelf::new(LASTS), Instant::now());
        shelf.put(hash("mine"), "ana", 0, now);
        for n in 0..100_u32 {
            assert!(shelf.put(hash(&n.to_string()), "eve", n, now + Duration::from_millis(u64::from(n))));
        }
        assert_eq!(shelf.get(&hash("mine"), now), Some(0));
        assert_eq!((shelf.get(&hash("79"), now), shelf.get(&hash("80"), now)), (None, Some(80)));
        let many = (0..OF_ALL).filter(|n| shelf.put(hash(&format!("of {n}")), &format!("owner {n}"), 0, now)).count();
        assert!(many < OF_ALL && shelf.get(&hash("mine"), now).is_some());
        assert!(shelf.put(hash("later"), "bob", 0, now + LASTS), "what has had its time makes room");
    }
}
