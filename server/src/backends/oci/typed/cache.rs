//! What was read by its digest, kept for a while: it never changes. Kept by repository, since what one has is not everybody's of another.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;

/// How much one registry's takes at most, in bytes.
const MOST: usize = 16 * 1024 * 1024;
/// What is larger is not kept, in bytes.
const LARGEST: usize = 512 * 1024;
/// What an item takes besides its bytes, about.
const BESIDES: usize = 400;

/// Manifests and configs by repository and digest. What was not asked for for longest goes first.
#[derive(Default)]
pub struct Cache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    items: HashMap<String, Item>,
    /// Names of items, by when they were last asked for.
    order: BTreeMap<u64, String>,
    now: u64,
    bytes: usize,
}

struct Item {
    asked: u64,
    media: &'static str,
    body: Bytes,
}

fn name(repository: &str, digest: &str) -> String {
    format!("{repository}@{digest}")
}

impl Cache {
    /// What it is, with its media type.
    pub fn get(&self, repository: &str, digest: &str) -> Option<(&'static str, Bytes)> {
        let name = name(repository, digest);
        let kept = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let item = kept.items.get_mut(&name)?;
        kept.now += 1;
        kept.order.remove(&item.asked);
        item.asked = kept.now;
        kept.order.insert(kept.now, name);
        Some((item.media, item.body.clone()))
    }

    pub fn put(&self, repository: &str, digest: &str, media: &'static str, body: &Bytes) {
        if body.len() > LARGEST {
            return;
        }
        self.forget(repository, digest);
        let name = name(repository, digest);
        let kept = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.now += 1;
        kept.bytes += body.len() + BESIDES;
        kept.order.insert(kept.now, name.clone());
        kept.items.insert(name, Item { asked: kept.now, media, body: body.clone() });
        while kept.bytes > MOST {
            let Some((_, oldest)) = kept.order.pop_first() else { break };
            kept.drop_item(&oldest);
        }
    }

    /// It was deleted.
    pub fn forget(&self, repository: &str, digest: &str) {
        let kept = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.drop_item(&name(repository, digest));
    }
}

impl Kept {
    fn drop_item(&mut self, name: &str) {
        if let Some(item) = self.items.remove(name) {
            self.order.remove(&item.asked);
            self.bytes -= item.body.len() + BESIDES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_for_longest_goes_first_and_no_repository_has_anothers() {
        let cache = Cache::default();
        let body = Bytes::from(vec![0; LARGEST]);
        cache.put("a", "first", "x", &body);
        cache.put("a", "second", "x", &body);
        for n in 0..MOST / (LARGEST + BESIDES) - 1 {
            assert!(cache.get("a", "first").is_some());
            cache.put("a", &format!("{n}"), "x", &body);
        }
        assert!(cache.get("a", "first").is_some() && cache.get("a", "second").is_none() && cache.get("b", "first").is_none());
        cache.forget("a", "first");
        assert!(cache.get("a", "first").is_none());
        cache.put("a", "large", "x", &Bytes::from(vec![0; LARGEST + 1]));
        assert!(cache.get("a", "large").is_none());
        assert!(cache.0.lock().unwrap().bytes <= MOST);
    }
}
