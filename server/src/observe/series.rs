//! The figures of one container.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use pilothouse_app::api::containers::Usage;

use crate::backends::docker::typed::stats::{self, Reading};

/// How far back the figures go.
const KEEP_MS: i64 = 15 * 60 * 1000;
/// How close two kept figures may be: those taken for somebody who watches come more often.
const APART_MS: i64 = 4_500;
/// How many there are at most.
const MOST: usize = 180;

/// The figures of one container.
#[derive(Default)]
pub struct Series {
    /// Held while the engine is asked, so that it is asked once.
    pub taking: tokio::sync::Mutex<()>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    name: String,
    image: String,
    last: Option<Reading>,
    latest: Option<Usage>,
    ring: VecDeque<Usage>,
}

impl Series {
    pub fn call(&self, name: &str, image: &str) {
        let mut kept = self.kept();
        if kept.name != name || kept.image != image {
            name.clone_into(&mut kept.name);
            image.clone_into(&mut kept.image);
        }
    }

    /// Its name and image.
    pub fn called(&self) -> (String, String) {
        let kept = self.kept();
        (kept.name.clone(), kept.image.clone())
    }

    pub fn latest(&self) -> Option<Usage> {
        self.kept().latest
    }

    /// All figures that are not too old at `now`, oldest first.
    pub fn history(&self, now: i64) -> Vec<Usage> {
        self.kept().ring.iter().filter(|usage| now - usage.at <= KEEP_MS).copied().collect()
    }

    /// The last `n` processor figures, oldest first.
    pub fn cpu_trail(&self, n: usize) -> Vec<f64> {
        let kept = self.kept();
        let skip = kept.ring.len().saturating_sub(n);
        kept.ring.iter().skip(skip).map(|usage| usage.cpu_percent).collect()
    }

    /// Takes in a reading; no reading means that the container does not run.
    pub fn take(&self, reading: Option<Reading>) -> Option<Usage> {
        let before = std::mem::replace(&mut self.kept().last, reading);
        let usage = match (before, reading) {
            (Some(before), Some(now)) => stats::usage(&before, &now),
            _ => {
                self.kept().latest = None;
                return None;
            }
        };
        self.put(usage);
        Some(usage)
    }

    pub fn put(&self, usage: Usage) {
        let mut kept = self.kept();
        kept.latest = Some(usage);
        if kept.ring.back().is_some_and(|last| usage.at - last.at < APART_MS) {
            return;
        }
        while kept.ring.len() >= MOST || kept.ring.front().is_some_and(|first| usage.at - first.at > KEEP_MS) {
            kept.ring.pop_front();
        }
        kept.ring.push_back(usage);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at: i64) -> Usage {
        Usage { at, ..Usage::default() }
    }

    #[test]
    fn a_quarter_of_an_hour_is_kept_however_often_somebody_looks() {
        let series = Series::default();
        for second in 0..4_000 {
            series.put(at(second * 1_000));
        }
        let history = series.history(3_999_000);
        assert!(history.len() <= MOST);
        assert!(history.windows(2).all(|two| two[1].at - two[0].at >= APART_MS));
        assert!(history.iter().all(|usage| usage.at >= 3_099_000));
        assert_eq!(series.latest().map(|usage| usage.at), Some(3_999_000));
        assert!(series.history(9_000_000).is_empty());
    }

    #[test]
    fn one_reading_says_nothing_and_a_stop_begins_anew() {
        let series = Series::default();
        let reading = Some(Reading::default());
        assert!(series.take(reading).is_none());
        assert!(series.take(reading).is_some());
        assert!(series.take(None).is_none());
        assert!(series.latest().is_none());
        assert!(series.take(reading).is_none());
    }
}
