//! When a rule is due by its schedule, in UTC. Pure.

use pilothouse_app::api::registry_retention::{Every, Schedule};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const WEEK_MS: i64 = 7 * DAY_MS;
/// The first Monday after the epoch, which was a Thursday.
const MONDAY_MS: i64 = 4 * DAY_MS;

/// The first time after `after` (ms) at which a rule runs by itself; `None` where it never does.
pub fn next(schedule: &Schedule, after: i64) -> Option<i64> {
    let hour = i64::from(schedule.hour) * HOUR_MS;
    let (first, every) = match schedule.every {
        Every::Never => return None,
        Every::Day => (hour, DAY_MS),
        Every::Week => (MONDAY_MS + i64::from(schedule.weekday) * DAY_MS + hour, WEEK_MS),
    };
    Some(first + ((after - first).div_euclid(every) + 1) * every)
}

/// Whether there is such a time.
pub fn is_schedule(schedule: &Schedule) -> bool {
    schedule.hour < 24 && schedule.weekday < 7
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn a_day_and_a_week_come_at_their_hour() {
        let day = Schedule { every: Every::Day, weekday: 0, hour: 3 };
        assert_eq!(next(&day, at("2026-11-27T02:59:59Z")), Some(at("2026-11-27T03:00:00Z")));
        assert_eq!(next(&day, at("2026-11-27T03:00:00Z")), Some(at("2026-11-28T03:00:00Z")));
        // 2026-11-27 is a Friday.
        let monday = Schedule { every: Every::Week, weekday: 0, hour: 0 };
        let sunday = Schedule { weekday: 6, hour: 23, ..monday };
        assert_eq!(next(&monday, at("2026-11-27T12:00:00Z")), Some(at("2026-11-30T00:00:00Z")));
        assert_eq!(next(&sunday, at("2026-11-27T12:00:00Z")), Some(at("2026-11-29T23:00:00Z")));
        assert_eq!(next(&Schedule::default(), 0), None);
    }
}
