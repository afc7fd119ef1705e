//! Slows down guessing without locking the victim out.
//!
//! Failures are counted per address, and per pair of user and address. Never per user alone: then anybody could lock
//! anybody out. A guesser with many addresses meets the cost of argon2id and the limit of passwords checked at once. Second factors are
//! counted per user and per address: six digits are few, and whoever guesses them knows the user's password.

use crate::{
    clock::now_ms,
    store::{Result, Store},
};

/// A counter that was quiet for this long starts afresh, in ms.
const QUIET_MS: i64 = 15 * 60_000;
/// Failures that cost nothing, per pair of user and address.
const FREE_PAIR: i64 = 5;
/// Wrong second factors that cost nothing, per user: whoever sends one knows the password already.
const FREE_FACTOR: i64 = 10;
/// Failures that cost nothing, per address: several people may sit behind one.
const FREE_ADDRESS: i64 = 20;
/// The longest wait, in seconds.
const LONGEST_S: i64 = 300;

/// One attempt that may go on, already counted as a failure: of a thousand at once, not one more than of a thousand in turn is free.
pub struct Attempt {
    /// The counter of the pair, or of the user's second factor.
    first: String,
    address: String,
    /// When the address had failed last before this.
    address_last: i64,
}

/// Whether an attempt may go on.
pub enum Throttle {
    Free(Attempt),
    /// Not before so many seconds have passed.
    Wait(i64),
}

impl Attempt {
    /// `user` must be in its one canonical spelling.
    pub async fn begin(store: &Store, user: &str, address: &str) -> Result<Throttle> {
        let pair = format!("pair:{}:{}", short(user), network(address));
        Self::count(store, pair, FREE_PAIR, address).await
    }

    /// The same for the second factor of `user`, from wherever.
    pub async fn begin_factor(store: &Store, user: &str, address: &str) -> Result<Throttle> {
        Self::count(store, format!("factor:{}", short(user)), FREE_FACTOR, address).await
    }

    async fn count(store: &Store, first: String, free: i64, address: &str) -> Result<Throttle> {
        let counters = [first, format!("address:{}", network(address))];
        let now = now_ms();
        let wait = |found: &[(i64, i64)]| {
            let waits = found.iter().zip([free, FREE_ADDRESS]).map(|((failures, last), free)| wait_s(*failures, free, now - last));
            waits.max().unwrap_or(0)
        };
        let before = store.count_failure(&counters, now, now - QUIET_MS, |found| wait(found) == 0).await?;
        let seconds = wait(&before);
        if seconds > 0 {
            return Ok(Throttle::Wait(seconds));
        }
        let [first, address] = counters;
        Ok(Throttle::Free(Self { first, address, address_last: before.last().map_or(now, |(_, last)| *last) }))
    }

    /// It was no failure. Forgets the first counter's failures; the address's stay, or one right password would buy a guesser new tries at others.
    pub async fn succeeded(self, store: &Store) -> Result<()> {
        store.forget_failures(&self.first).await?;
        store.uncount_failure(&self.address, self.address_last).await
    }
}

/// Long names must not make long keys, and a name may hold anything.
fn short(user: &str) -> String {
    super::secret::hash(user).iter().take(12).fold(String::new(), |text, b| text + &format!("{b:02x}"))
}

/// Seconds still to wait after `failures`, of which `free` cost nothing, the last `age_ms` ago: 2, 4, 8, ... up to [`LONGEST_S`].
fn wait_s(failures: i64, free: i64, age_ms: i64) -> i64 {
    if failures < free || age_ms >= QUIET_MS {
        return 0;
    }
    let doubled = 1_i64.checked_shl(u32::try_from(failures - free + 1).unwrap_or(u32::MAX)).filter(|n| *n > 0).unwrap_or(LONGEST_S);
    // A clock that was put back must not lock anybody out for longer than the longest wait.
    let age_s = (age_ms / 1000).max(0);
    (doubled.min(LONGEST_S) - age_s).clamp(0, LONGEST_S)
}

/// An IPv6 customer has a /64 at least: count by that. IPv4 by address.
pub fn network(address: &str) -> String {
    match address.parse() {
        Ok(std::net::IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_doubles_and_ends() {
        assert_eq!(wait_s(4, 5, 0), 0);
        assert_eq!(wait_s(5, 5, 0), 2);
        assert_eq!(wait_s(6, 5, 0), 4);
        assert_eq!(wait_s(6, 5, 3_000), 1);
        assert_eq!(wait_s(500, 5, 0), LONGEST_S);
        assert_eq!(wait_s(500, 5, QUIET_MS), 0);
        assert_eq!(wait_s(500, 5, -3_600_000), LONGEST_S);
    }

    #[test]
    fn an_ipv6_customer_is_one_address() {
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2::5"));
        assert_ne!(network("2001:db8:1:2::5"), network("2001:db8:1:3::5"));
    }
}
