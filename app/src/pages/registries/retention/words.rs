//! Rules in words.

use crate::api::registry_retention::{Every, Keep, RunState, Schedule};
use crate::ui::format::count;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

pub(super) fn weekdays() -> Vec<(String, String)> {
    WEEKDAYS.iter().enumerate().map(|(n, name)| (n.to_string(), (*name).to_owned())).collect()
}

/// A number of things that fit in 32 bits.
pub(super) fn counted(number: u32, one: &str) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), one)
}

/// Where a rule is for.
pub(super) fn place(prefix: &str) -> String {
    if prefix.is_empty() { "all repositories".to_owned() } else { prefix.to_owned() }
}

/// What a rule keeps.
pub(super) fn keeps(keep: &Keep) -> String {
    let mut parts = Vec::new();
    if let Some(newest) = keep.newest {
        parts.push(format!("the newest {}", counted(newest, "tag")));
    }
    if !keep.patterns.is_empty() {
        parts.push(format!("tags like {}", keep.patterns.join(" ")));
    }
    if let Some(days) = keep.younger_days {
        parts.push(format!("what is younger than {}", counted(days, "day")));
    }
    if let Some(days) = keep.pulled_days {
        parts.push(format!("what was pulled within {}", counted(days, "day")));
    }
    if parts.is_empty() { "nothing but what is in use".to_owned() } else { parts.join("; ") }
}

/// When a rule runs.
pub(super) fn runs(schedule: &Schedule) -> String {
    let hour = format!("{:02}:00 UTC", schedule.hour);
    match schedule.every {
        Every::Never => "when somebody runs it".to_owned(),
        Every::Day => format!("every day at {hour}"),
        Every::Week => format!("every {} at {hour}", WEEKDAYS.get(usize::from(schedule.weekday)).copied().unwrap_or("week")),
    }
}

pub(super) fn state(state: RunState) -> &'static str {
    match state {
        RunState::Running => "running",
        RunState::Done => "done",
        RunState::Stopped => "stopped",
        RunState::BrokenOff => "broke off",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_reads_as_a_sentence_would() {
        let keep = Keep { newest: Some(1), patterns: vec!["v*".to_owned()], younger_days: Some(30), pulled_days: None };
        assert_eq!(keeps(&keep), "the newest 1 tag; tags like v*; what is younger than 30 days");
        assert_eq!(keeps(&Keep::default()), "nothing but what is in use");
        assert_eq!(runs(&Schedule { every: Every::Week, weekday: 6, hour: 3 }), "every Sunday at 03:00 UTC");
    }
}
