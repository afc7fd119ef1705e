//! Sign-ins from the command line that wait for a yes in the browser (RFC 8628). In memory only: a start ends them all.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{Principal, secret, throttle::network};

/// How long both codes are good for, in ms.
pub const LASTS_MS: i64 = 10 * 60_000;
/// How long whoever polls is to wait between two questions, in ms.
pub const INTERVAL_MS: i64 = 2_000;
/// Who asks sooner than this before their time is not late for it: clocks and networks are not that exact.
const GRACE_MS: i64 = 250;
/// How many may wait at once, and how many from one network.
const MOST: usize = 512;
const MOST_EACH: usize = 16;
/// Without vowels, so that no word comes out, and without what looks like something else.
const ALPHABET: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
const LETTERS: usize = 8;

/// What is known of whoever asks. All but the address is what they say of themselves.
#[derive(Clone, Debug)]
pub struct About {
    pub client_name: String,
    pub machine: Option<String>,
    pub address: String,
    pub client: String,
    pub asked_at: i64,
}

enum State {
    Waiting,
    Denied,
    /// By whom, and with which session.
    Approved(Box<Principal>),
}

struct Entry {
    user_code: String,
    about: About,
    /// Not before this may they ask again, in ms; and how long after that the next time.
    next_poll: i64,
    interval: i64,
    state: State,
}

impl Entry {
    fn expires_at(&self) -> i64 {
        self.about.asked_at + LASTS_MS
    }
}

/// What whoever polls is told.
pub enum Polled {
    Pending,
    SlowDown,
    Denied,
    /// There is no such sign-in, or not any more.
    Expired,
    Approved(Box<Principal>, About),
}

/// Why none was begun.
#[derive(Debug)]
pub enum NotBegun {
    TooMany,
    NoRandomness(secret::NoRandomness),
}

/// All that wait.
#[derive(Default)]
pub struct Devices {
    by_code: Mutex<HashMap<secret::Hash, Entry>>,
}

impl Devices {
    /// Begins one; answers with the device code and the user code.
    pub fn begin(&self, about: About) -> Result<(String, String), NotBegun> {
        let now = about.asked_at;
        let device_code = secret::random(43).map_err(NotBegun::NoRandomness)?;
        let user_code = secret::random_of(ALPHABET, LETTERS).map_err(NotBegun::NoRandomness)?;
        let mut entries = self.lock(now);
        let here = network(&about.address);
        let from_here = entries.values().filter(|entry| network(&entry.about.address) == here).count();
        let taken = entries.values().any(|entry| entry.user_code == user_code);
        if entries.len() >= MOST || from_here >= MOST_EACH || taken {
            return Err(NotBegun::TooMany);
        }
        let entry = Entry { user_code: user_code.clone(), about, next_poll: now, interval: INTERVAL_MS, state: State::Waiting };
        entries.insert(secret::hash(&device_code), entry);
        Ok((device_code, shown(&user_code)))
    }

    /// Who waits with this code, and until when.
    pub fn look(&self, user_code: &str, now: i64) -> Option<(About, i64)> {
        let user_code = read(user_code)?;
        let entries = self.lock(now);
        let entry = entries.values().find(|entry| entry.user_code == user_code && matches!(entry.state, State::Waiting))?;
        Some((entry.about.clone(), entry.expires_at()))
    }

    /// Lets whoever waits with this code in as `by`, or refuses them. Says whether somebody waited: each is decided once.
    pub fn decide(&self, user_code: &str, by: Option<Principal>, now: i64) -> bool {
        let Some(user_code) = read(user_code) else { return false };
        let mut entries = self.lock(now);
        let waiting = entries.values_mut().find(|entry| entry.user_code == user_code && matches!(entry.state, State::Waiting));
        let Some(entry) = waiting else { return false };
        entry.state = by.map_or(State::Denied, |by| State::Approved(Box::new(by)));
        true
    }

    /// What whoever holds `device_code` is told. A yes and a no are told once.
    pub fn poll(&self, device_code: &str, now: i64) -> Polled {
        let hash = secret::hash(device_code);
        let mut entries = self.lock(now);
        let Some(entry) = entries.get_mut(&hash) else { return Polled::Expired };
        if now + GRACE_MS < entry.next_poll {
            entry.interval += 5_000;
            entry.next_poll = now + entry.interval;
            return Polled::SlowDown;
        }
        entry.next_poll = now + entry.interval;
        if matches!(entry.state, State::Waiting) {
            return Polled::Pending;
        }
        match entries.remove(&hash) {
            Some(Entry { state: State::Approved(by), about, .. }) => Polled::Approved(by, about),
            _ => Polled::Denied,
        }
    }

    fn lock(&self, now: i64) -> MutexGuard<'_, HashMap<secret::Hash, Entry>> {
        let mut entries = self.by_code.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|_, entry| now < entry.expires_at());
        entries
    }
}

/// As it is shown: two groups of four.
fn shown(user_code: &str) -> String {
    let (a, b) = user_code.split_at(LETTERS / 2);
    format!("{a}-{b}")
}

/// As it was entered: in whatever case, with or without what stands between.
fn read(text: &str) -> Option<String> {
    let letters: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).collect();
    (letters.len() == LETTERS && letters.bytes().all(|b| ALPHABET.contains(&b))).then_some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::Subject,
        authn::{Credential, Door, Origin},
    };

    fn about(address: &str, asked_at: i64) -> About {
        About { client_name: "test".to_owned(), machine: None, address: address.to_owned(), client: String::new(), asked_at }
    }

    fn ana() -> Principal {
        Principal {
            subject: Subject::of("ana"),
            credential: Credential::Session("s".into()),
            origin: Origin { door: Door::Api, address: "a".into(), client: "".into() },
        }
    }

    #[test]
    fn a_yes_is_told_once_and_a_code_is_decided_once() {
        let devices = Devices::default();
        let (device, user) = devices.begin(about("a", 0)).unwrap();
        assert_eq!(user.len(), 9);
        assert!(matches!(devices.poll(&device, 0), Polled::Pending));
        assert!(devices.look(&user.to_lowercase().replace('-', " "), 1).is_some());
        assert!(devices.look("AAAA-AAAA", 1).is_none());
        assert!(devices.decide(&user, Some(ana()), 2));
        assert!(!devices.decide(&user, None, 3), "it was decided already");
        assert!(devices.look(&user, 3).is_none());
        assert!(matches!(devices.poll(&device, INTERVAL_MS), Polled::Approved(by, _) if &*by.subject.user == "ana"));
        assert!(matches!(devices.poll(&device, 2 * INTERVAL_MS), Polled::Expired));
    }

    #[test]
    fn a_no_ends_it() {
        let devices = Devices::default();
        let (device, user) = devices.begin(about("a", 0)).unwrap();
        assert!(devices.decide(&user, None, 1));
        assert!(matches!(devices.poll(&device, 2), Polled::Denied));
        assert!(matches!(devices.poll(&device, 3), Polled::Expired));
    }

    #[test]
    fn it_ends_at_its_time_even_when_it_was_approved() {
        let devices = Devices::default();
        let (waiting, approved) = (devices.begin(about("a", 0)).unwrap(), devices.begin(about("a", 0)).unwrap());
        assert!(devices.decide(&approved.1, Some(ana()), LASTS_MS - 1));
        assert!(devices.look(&waiting.1, LASTS_MS - 1).is_some());
        assert!(devices.look(&waiting.1, LASTS_MS).is_none());
        assert!(matches!(devices.poll(&waiting.0, LASTS_MS), Polled::Expired));
        assert!(matches!(devices.poll(&approved.0, LASTS_MS), Polled::Expired));
    }

    #[test]
    fn who_asks_too_often_is_slowed_down() {
        let devices = Devices::default();
        let (device, _) = devices.begin(about("a", 0)).unwrap();
        assert!(matches!(devices.poll(&device, 0), Polled::Pending));
        assert!(matches!(devices.poll(&device, 100), Polled::SlowDown));
        assert!(matches!(devices.poll(&device, 100 + INTERVAL_MS), Polled::SlowDown), "the interval has grown");
        assert!(matches!(devices.poll(&device, 60_000), Polled::Pending));
    }

    #[test]
    fn one_network_cannot_fill_the_house() {
        let devices = Devices::default();
        for _ in 0..MOST_EACH {
            devices.begin(about("2001:db8:1:2::1", 0)).unwrap();
        }
        assert!(devices.begin(about("2001:db8:1:2::9", 0)).is_err());
        assert!(devices.begin(about("2001:db8:1:3::9", 0)).is_ok());
        assert!(devices.begin(about("2001:db8:1:2::9", LASTS_MS)).is_ok(), "they are forgotten at their time");
    }
}
