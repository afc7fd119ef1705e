//! Sign-ins that have gone to a provider and are not back yet. In memory: a restart means to begin again.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::authn::secret;

/// How long one may take at the provider.
pub const LASTS: Duration = Duration::from_secs(600);
/// How many may be under way.
const MOST: usize = 10_000;
/// How many of one network: nobody pushes the others out.
const MOST_EACH: usize = 50;

/// What a sign-in that is under way has to come back with.
#[derive(Clone)]
pub struct Pending {
    pub provider: String,
    pub nonce: String,
    /// PKCE: what only we know of what was asked.
    pub verifier: String,
    /// The hash of the cookie that the browser was given: only that browser may come back.
    pub browser: secret::Hash,
    /// A path of this site.
    pub return_to: String,
    /// Who tries it out, and the test's id; then it ends in no session.
    pub test: Option<(String, String)>,
    pub network: String,
    pub begun: Instant,
}

/// All that are under way, by their state.
#[derive(Default)]
pub struct Pendings(Mutex<HashMap<secret::Hash, Pending>>);

impl Pendings {
    /// Remembers one. Of too many the oldest goes: of the same network first.
    pub fn put(&self, state: &str, pending: Pending) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, pending| pending.begun.elapsed() < LASTS);
        let own = all.values().filter(|other| other.network == pending.network).count();
        let oldest = |all: &HashMap<secret::Hash, Pending>, of: Option<&str>| {
            let fits = all.iter().filter(|(_, pending)| of.is_none_or(|network| pending.network == network));
            fits.min_by_key(|(_, pending)| pending.begun).map(|(state, _)| *state)
        };
        let goes = match () {
            () if own >= MOST_EACH => oldest(&all, Some(&pending.network)),
            () if all.len() >= MOST => oldest(&all, None),
            () => None,
        };
        if let Some(state) = goes {
            all.remove(&state);
        }
        all.insert(secret::hash(state), pending);
    }

    /// The one of this state; it is good once.
    pub fn take(&self, state: &str) -> Option<Pending> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&secret::hash(state)).filter(|pending| pending.begun.elapsed() < LASTS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(network: &str, begun: Instant) -> Pending {
        Pending {
            provider: "a".to_owned(),
            nonce: String::new(),
            verifier: String::new(),
            browser: [0; 32],
            return_to: "/".to_owned(),
            test: None,
            network: network.to_owned(),
            begun,
        }
    }

    #[test]
    fn one_is_good_once_and_not_for_ever() {
        let all = Pendings::default();
        all.put("a", pending("n", Instant::now()));
        assert!(all.take("b").is_none());
        assert!(all.take("a").is_some());
        assert!(all.take("a").is_none());
        if let Some(long_ago) = Instant::now().checked_sub(LASTS) {
            all.put("old", pending("n", long_ago));
            assert!(all.take("old").is_none());
        }
    }

    #[test]
    fn a_flood_pushes_out_its_own() {
        let all = Pendings::default();
        all.put("victim", pending("elsewhere", Instant::now()));
        for n in 0..MOST_EACH * 3 {
            all.put(&n.to_string(), pending("flood", Instant::now()));
        }
        assert_eq!(all.0.lock().unwrap().len(), MOST_EACH + 1);
        assert!(all.take("victim").is_some());
    }
}
