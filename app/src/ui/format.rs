//! Numbers as people read them.

const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/// `0 B`, `1.5 KiB`, `12 MiB`: two digits that say something.
pub fn bytes(count: u64) -> String {
    scaled(count as f64)
}

/// A rate in bytes a second: `1.5 KiB/s`.
pub fn rate(per_second: f64) -> String {
    format!("{}/s", scaled(per_second.max(0.0)))
}

fn scaled(count: f64) -> String {
    let mut value = count;
    let mut unit = 0;
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 || value >= 9.95 { format!("{value:.0} {name}") } else { format!("{value:.1} {name}") }
}

/// `0%`, `0.4%`, `12%`, `240%`.
pub fn percent(value: f64) -> String {
    if !value.is_finite() {
        return "\u{2013}".to_owned();
    }
    let value = value.max(0.0);
    if value < 0.05 {
        "0%".to_owned()
    } else if value < 9.95 {
        format!("{value:.1}%")
    } else {
        format!("{value:.0}%")
    }
}

/// `850 ms`, `4 s`, `3 min 20 s`, `5 h 2 min`, `12 d 4 h`: the two largest parts.
pub fn duration(ms: u64) -> String {
    if ms < 1000 {
        return format!("{ms} ms");
    }
    let s = ms / 1000;
    let (major, minor) = match s {
        0..60 => (format!("{s} s"), None),
        60..3600 => (format!("{} min", s / 60), part(s % 60, "s")),
        3600..86_400 => (format!("{} h", s / 3600), part(s % 3600 / 60, "min")),
        _ => (format!("{} d", s / 86_400), part(s % 86_400 / 3600, "h")),
    };
    match minor {
        Some(minor) => format!("{major} {minor}"),
        None => major,
    }
}

fn part(value: u64, unit: &str) -> Option<String> {
    (value > 0).then(|| format!("{value} {unit}"))
}

/// `1 container`, `3 containers`.
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{} {one}s", grouped(number as u64)) }
}

/// `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The first 12 characters of an id, without the name of its hash.
pub fn short_id(id: &str) -> String {
    id.rsplit(':').next().unwrap_or(id).chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_two_digits_that_say_something() {
        let shown: Vec<String> = [0, 1023, 1024, 1536, 10_240, 1_048_575, 5 << 30, u64::MAX].map(bytes).into();
        assert_eq!(shown, ["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "10 KiB", "1.0 MiB", "5.0 GiB", "16384 PiB"]);
        assert_eq!(rate(2048.0), "2.0 KiB/s");
        assert_eq!(rate(-1.0), "0 B/s");
    }

    #[test]
    fn percents_are_short() {
        let shown = [0.0, 0.04, 0.4, 9.94, 9.96, 240.4, f64::NAN].map(percent);
        assert_eq!(shown, ["0%", "0%", "0.4%", "9.9%", "10%", "240%", "\u{2013}"]);
    }

    #[test]
    fn durations_show_their_two_largest_parts() {
        let shown = [850, 4000, 60_000, 200_000, 18_120_000, 1_051_200_000].map(duration);
        assert_eq!(shown, ["850 ms", "4 s", "1 min", "3 min 20 s", "5 h 2 min", "12 d 4 h"]);
    }

    #[test]
    fn counts_and_ids() {
        assert_eq!(count(1, "container"), "1 container");
        assert_eq!(count(1200, "container"), "1,200 containers");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(short_id("sha256:0123456789abcdef"), "0123456789ab");
    }
}
