//! Locks by name: who settles what a tag means is alone with it, at whichever door.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::OwnedMutexGuard;

/// Locks by name, each for as long as somebody holds it.
#[derive(Default)]
pub struct Locks(Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>);

impl Locks {
    /// Waits until nobody else holds the lock of this name.
    pub async fn take(&self, name: String) -> OwnedMutexGuard<()> {
        let lock = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|_, lock| lock.strong_count() > 0);
            match all.get(&name).and_then(Weak::upgrade) {
                Some(lock) => lock,
                None => {
                    let lock = Arc::default();
                    all.insert(name, Arc::downgrade(&lock));
                    lock
                }
            }
        };
        lock.lock_owned().await
    }

    /// Waits until nobody else holds any of these, for so long at most; `None` where somebody does until then. They are taken in the order of their
    /// names: so two who want the same ones do not wait for each other.
    pub async fn take_all(&self, names: BTreeSet<String>, patience: Duration) -> Option<Vec<OwnedMutexGuard<()>>> {
        let all = async {
            let mut held = Vec::with_capacity(names.len());
            for name in names {
                held.push(self.take(name).await);
            }
            held
        };
        tokio::time::timeout(patience, all).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn several_are_taken_together_or_not_at_all() {
        let locks = Locks::default();
        let take = async |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            locks.take_all(names, Duration::from_millis(20)).await
        };
        let held = locks.take("b".to_owned()).await;
        assert!(take(&["a", "b"]).await.is_none());
        assert!(take(&["a"]).await.is_some(), "what was taken on the way was let go");
        drop(held);
        assert_eq!(take(&["a", "b"]).await.map(|all| all.len()), Some(2));
    }
}
