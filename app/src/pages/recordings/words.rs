//! Words for what recordings say in short.

use crate::api::recordings::Recording;
use crate::ui::format::duration;

/// How a session was opened.
pub(super) fn opened(operation: &str) -> &'static str {
    match operation {
        "ContainerTerminal" => "terminal in the console",
        "ExecStart" => "docker exec",
        "ContainerAttach" => "docker attach",
        _ => "session",
    }
}

/// How long it took.
pub(super) fn lasted(recording: &Recording) -> Option<String> {
    let ms = recording.ended_at? - recording.started_at;
    Some(duration(u64::try_from(ms).unwrap_or(0)))
}

/// Seconds as a clock shows them: `1:02:03`.
pub(super) fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

/// The moment in an address: `?t=12.3`.
pub(super) fn moment(text: &str) -> f64 {
    text.parse().ok().filter(|at: &f64| at.is_finite() && *at >= 0.0).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::{clock, moment};

    #[test]
    fn times_are_as_on_a_clock() {
        assert_eq!((clock(0.0).as_str(), clock(62.9).as_str(), clock(3723.0).as_str()), ("0:00", "1:02", "1:02:03"));
        assert_eq!((moment("12.3"), moment("-1"), moment("NaN"), moment("")), (12.3, 0.0, 0.0, 0.0));
    }
}
