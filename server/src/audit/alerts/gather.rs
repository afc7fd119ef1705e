//! When what was found is enough to fire, and what a firing gathers.

use crate::store::audit::{FiringRow, FoundRow};

/// How many records a message tells of.
pub const TOLD: usize = 10;

/// Where, of records by their time, a stretch of `window` ms begins in which there are `times`; `None` when there is none.
pub fn reached(found: &[FoundRow], times: usize, window: i64) -> Option<usize> {
    let times = times.max(1);
    found.windows(times).position(|some| some[times - 1].known.saturating_sub(some[0].known) <= window)
}

/// What may still be a part of such a stretch, once there is none yet.
pub fn left(found: &[FoundRow], times: usize, window: i64) -> Vec<FoundRow> {
    let Some(last) = found.last() else { return Vec::new() };
    let fresh = found.iter().filter(|row| last.known.saturating_sub(row.known) <= window).copied();
    let fresh: Vec<FoundRow> = fresh.collect();
    fresh[fresh.len().saturating_sub(times.saturating_sub(1))..].to_vec()
}

/// Adds records to a firing.
pub fn add(firing: &mut FiringRow, found: &[FoundRow]) {
    for row in found {
        firing.first_at = if firing.records == 0 { row.at } else { firing.first_at.min(row.at) };
        firing.last_at = if firing.records == 0 { row.at } else { firing.last_at.max(row.at) };
        if firing.records < TOLD as i64 {
            let comma = if firing.ids.is_empty() { "" } else { "," };
            firing.ids.push_str(&format!("{comma}{}", row.record));
        }
        firing.records += 1;
    }
}

/// The ids of the records that a firing tells of.
pub fn ids(firing: &FiringRow) -> impl Iterator<Item = i64> + '_ {
    firing.ids.split(',').filter_map(|id| id.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(times: &[i64]) -> Vec<FoundRow> {
        times.iter().map(|time| FoundRow { record: *time, at: *time, known: *time }).collect()
    }

    #[test]
    fn so_many_within_so_long_are_enough() {
        assert_eq!(reached(&at(&[]), 1, 60), None);
        assert_eq!(reached(&at(&[5]), 1, 60), Some(0));
        assert_eq!(reached(&at(&[0, 61, 122]), 2, 60), None, "never two within 60");
        assert_eq!(reached(&at(&[0, 61, 121]), 2, 60), Some(1), "the first is too old");
        assert_eq!(reached(&at(&[0, 0, 0]), 3, 0), Some(0));
    }

    #[test]
    fn what_is_too_old_or_too_much_is_forgotten() {
        assert_eq!(left(&at(&[0, 50, 100]), 3, 60), at(&[50, 100]));
        assert_eq!(left(&at(&[0, 200]), 5, 60), at(&[200]));
        assert_eq!(left(&at(&[1]), 1, 60), [], "with one a record fires at once");
        assert_eq!(left(&[], 5, 60), []);
    }

    #[test]
    fn a_firing_counts_all_and_names_the_first_ten() {
        let mut firing =
            FiringRow { id: "f".into(), alert: "a".into(), records: 0, first_at: 0, last_at: 0, ids: String::new(), due_at: 0, body: String::new() };
        add(&mut firing, &at(&[7, 5, 9]));
        assert_eq!((firing.records, firing.first_at, firing.last_at, firing.ids.as_str()), (3, 5, 9, "7,5,9"));
        add(&mut firing, &at(&[11; 20]));
        assert_eq!((firing.records, ids(&firing).count()), (23, TOLD));
    }
}
