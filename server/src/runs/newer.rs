//! What tags mean by now: asked at registries rarely, and once for everybody.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::OnceCell;

/// How long an answer is good for, in milliseconds. One that did not come is not asked for again sooner either.
const GOOD_FOR_MS: i64 = 10 * 60 * 1000;
/// How many tags are remembered.
const MOST: usize = 4_096;

/// What a registry said of a tag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Said {
    /// When it was asked.
    pub at: i64,
    /// The digest; nothing where there is no such tag any more.
    pub digest: Option<String>,
}

/// One question, and its answer once it is here: nothing where the registry did not give one.
#[derive(Default)]
struct Asked {
    at: i64,
    said: OnceCell<Option<Said>>,
}

/// What registries said of tags a short while ago.
#[derive(Default)]
pub struct Newer {
    /// By the registry's name and address, the repository and the tag.
    asked: Mutex<HashMap<[String; 4], Arc<Asked>>>,
}

impl Newer {
    /// What a tag means at the time `now` (ms), by `ask` if that is not known. Whoever comes while it is being asked waits for the same answer.
    /// `tag` is the registry's name and address, the repository and the tag.
    pub async fn get(&self, tag: [String; 4], now: i64, ask: impl Future<Output = Option<Option<String>>>) -> Option<Said> {
        let asked = self.asked(tag, now);
        asked.said.get_or_init(|| async { ask.await.map(|digest| Said { at: asked.at, digest }) }).await.clone()
    }

    fn asked(&self, tag: [String; 4], now: i64) -> Arc<Asked> {
        let mut all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&tag).filter(|known| now - known.at < GOOD_FOR_MS) {
            return known.clone();
        }
        if all.len() >= MOST {
            all.retain(|_, known| now - known.at < GOOD_FOR_MS);
        }
        if all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, known)| known.at).map(|(tag, _)| tag.clone())
        {
            all.remove(&oldest);
        }
        let new = Arc::new(Asked { at: now, said: OnceCell::new() });
        all.insert(tag, new.clone());
        new
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn tag(n: usize) -> [String; 4] {
        ["reg".to_owned(), "http://h:1".to_owned(), "app".to_owned(), n.to_string()]
    }

    #[tokio::test]
    async fn a_registry_is_asked_once_in_ten_minutes_whatever_it_says() {
        let (newer, times) = (Newer::default(), AtomicUsize::new(0));
        let ask = |now, answer: Option<Option<String>>| {
            newer.get(tag(1), now, async {
                times.fetch_add(1, Ordering::Relaxed);
                answer
            })
        };
        assert_eq!(ask(5, None).await, None);
        assert_eq!(ask(5 + GOOD_FOR_MS - 1, Some(None)).await, None);
        assert_eq!(times.load(Ordering::Relaxed), 1);
        let digest = Some("sha256:d".to_owned());
        let now = 5 + GOOD_FOR_MS;
        assert_eq!(ask(now, Some(digest.clone())).await, Some(Said { at: now, digest: digest.clone() }));
        assert_eq!(ask(now + 1, Some(None)).await, Some(Said { at: now, digest }));
        assert_eq!(times.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn those_who_ask_at_once_get_one_answer() {
        let (newer, times) = (Newer::default(), AtomicUsize::new(0));
        let ask = || {
            newer.get(tag(1), 1, async {
                tokio::task::yield_now().await;
                Some(Some(times.fetch_add(1, Ordering::Relaxed).to_string()))
            })
        };
        let (one, other) = tokio::join!(ask(), ask());
        assert_eq!((one.clone(), one.and_then(|said| said.digest).as_deref()), (other, Some("0")));
    }

    #[tokio::test]
    async fn no_more_than_so_many_are_remembered_and_the_oldest_goes_first() {
        let newer = Newer::default();
        for n in 0..MOST + 3 {
            newer.asked(tag(n), i64::try_from(n).unwrap());
        }
        let all = newer.asked.lock().unwrap();
        assert_eq!(all.len(), MOST);
        assert!(!all.contains_key(&tag(0)) && all.contains_key(&tag(3)) && all.contains_key(&tag(MOST + 2)));
    }
}
