//! Times: relative words that keep up, with the exact time behind them.

use std::time::Duration;

use leptos::prelude::*;

use crate::clock::now;

/// Ticks every ten seconds in the browser; on the server it stands still. One for all times of a page.
#[derive(Clone, Copy)]
pub struct Clock(RwSignal<i64>);

/// Starts the clock that [`Time`] reads.
pub fn provide_clock() {
    let clock = RwSignal::new(now());
    provide_context(Clock(clock));
    Effect::new(move || {
        clock.set(now());
        if let Ok(timer) = set_interval_with_handle(move || clock.set(now()), Duration::from_secs(10)) {
            on_cleanup(move || timer.clear());
        }
    });
}

/// A moment: `3 min ago`, with the exact time as its title.
#[component]
pub fn Time(
    /// Milliseconds since the epoch.
    #[prop(into)]
    at: Signal<i64>,
) -> impl IntoView {
    let clock = use_context::<Clock>();
    let words = move || {
        let now = clock.map_or_else(now, |clock| clock.0.get());
        relative(at.get(), now)
    };
    view! { <time datetime=move || iso(at.get()) title=move || exact(at.get())>{words}</time> }.into_any()
}

/// `just now`, `4 min ago`, `in 2 h`, `3 d ago`; the date when it is long ago.
pub fn relative(at: i64, now: i64) -> String {
    let away = now.saturating_sub(at);
    let s = away.unsigned_abs() / 1000;
    let amount = match s {
        0..10 => return "just now".to_owned(),
        10..60 => format!("{} s", s / 10 * 10),
        60..3600 => format!("{} min", s / 60),
        3600..86_400 => format!("{} h", s / 3600),
        86_400..2_592_000 => format!("{} d", s / 86_400),
        _ => return exact(at).chars().take(10).collect(),
    };
    if away < 0 { format!("in {amount}") } else { format!("{amount} ago") }
}

/// `2026-11-24 03:50:12 UTC`.
pub fn exact(at: i64) -> String {
    let text = iso(at);
    let Some((date, time)) = text.split_once('T') else {
        return "unknown".to_owned();
    };
    let clock: String = time.chars().take(8).collect();
    format!("{date} {clock} UTC")
}

/// `2026-11-24 03:50`, where there is little room.
pub fn short_time(at: i64) -> String {
    exact(at).chars().take(16).collect()
}

/// `2026-11-24T03:50:12Z`, for machines.
pub fn iso(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|time| time.to_string()).unwrap_or_default()
}

/// Calls `again` every `period` while the page is shown and can be seen. Only in the browser.
pub fn poll(period: Duration, again: impl Fn() + 'static) {
    let again = std::rc::Rc::new(again);
    Effect::new(move || {
        let again = again.clone();
        let tick = move || {
            if !document().hidden() {
                again();
            }
        };
        if let Ok(timer) = set_interval_with_handle(tick, period) {
            on_cleanup(move || timer.clear());
        }
    });
}

/// Does something when it has not been asked to for a while. Copies share the wait.
#[derive(Clone, Copy)]
pub struct Debounce {
    delay: Duration,
    turn: StoredValue<u64>,
}

impl Debounce {
    pub fn new(delay: Duration) -> Self {
        Self { delay, turn: StoredValue::new(0) }
    }

    /// Does `then` after the delay, unless it is called again before. Only in the browser.
    pub fn run(&self, then: impl FnOnce() + 'static) {
        let turn = self.turn;
        let mine = turn.get_value().wrapping_add(1);
        turn.set_value(mine);
        let due = move || {
            if turn.try_get_value() == Some(mine) {
                then();
            }
        };
        set_timeout(due, self.delay);
    }
}

#[cfg(test)]
mod tests {
    use super::{exact, iso, relative};

    const NOW: i64 = 1_795_492_212_345;

    #[test]
    fn the_past_and_the_future_have_words() {
        let words: Vec<String> = [0, 3, 45, 200, 7200, 200_000].map(|s| relative(NOW - s * 1000, NOW)).into();
        assert_eq!(words, ["just now", "just now", "40 s ago", "3 min ago", "2 h ago", "2 d ago"]);
        assert_eq!(relative(NOW + 7_200_000, NOW), "in 2 h");
        assert_eq!(relative(0, NOW), "1970-01-01");
    }

    #[test]
    fn exact_times_are_utc() {
        assert_eq!(exact(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(exact(1_500), "1970-01-01 00:00:01 UTC");
        assert_eq!(iso(1_500), "1970-01-01T00:00:01.5Z");
    }

    #[test]
    fn a_time_beyond_reason_is_no_panic() {
        assert_eq!(relative(i64::MIN, i64::MAX), "unknown");
    }
}
