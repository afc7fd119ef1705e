//! What two runs of one command may differ in, and nothing else.
//!
//! Everywhere: ids (swarm's own in its file alone), digests, times and durations in words, and the names of this pass (its `DOCKER_HOST`, its folder).
//! 20.10's `run` that fails may or may not add that its wait was cancelled: that line goes.
//! A table's column is as wide as its widest cell, so where something was blanked runs of spaces and dashes shrink too.
//! A step can ask for more (`numbers`, `sort`, `unique` lines, `drop REGEX` for lines, `blank REGEX` for texts) or for nothing at all
//! (`exact`), which is what a checksum needs.

use regex::Regex;
use std::sync::LazyLock;

/// What is blanked in the output of one step.
#[derive(Default)]
pub struct Blank {
    pub exact: bool,
    /// Swarm's ids: in its own file of the suite alone, for some look like words.
    pub swarm: bool,
    pub numbers: bool,
    pub sort: bool,
    pub unique: bool,
    pub drop: Vec<Regex>,
    pub more: Vec<Regex>,
}

static EVERYWHERE: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r#"time="[^"]*" level=error msg="error waiting for container: context canceled"\s*"#, ""),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d\d:?\d\d))?( UTC)?", "<time>"),
        (r"\b1[6-9]\d{8}(\.\d+|\d{9})?\b", "<time>"),
        (r"\b(([Aa]bout|[Ll]ess than) an? |\d+ )(second|minute|hour|day|week)s?\b( ago)?", "<while>"),
        (r"\bsha256:[0-9a-f]{12,64}\b", "<digest>"),
        (r"\b[0-9a-f]{64}\b", "<id>"),
        (r"\b[0-9a-f]{12}\b", "<id>"),
    ]
    .map(|(pattern, blank)| (known(pattern), blank))
    .into()
});
/// Swarm's ids, whole and short, in base 36. Words of twelve letters go too: some short ids have no digit.
static SWARM_ID: LazyLock<Regex> = LazyLock::new(|| known(r"\b([a-z0-9]{25}|[a-z0-9]{12})\b"));
static NUMBER: LazyLock<Regex> = LazyLock::new(|| known(r"\d+(\.\d+)?(([kKMGT]i?)?B\b|%)?"));
static PADDING: LazyLock<Regex> = LazyLock::new(|| known(r" {2,}"));

#[allow(clippy::expect_used, reason = "the patterns are constants, and each test run compiles them")]
fn known(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of ours is a regular expression")
}

impl Blank {
    /// The text with all blanked that may differ. `own` are this pass's own names and what stands for them.
    pub fn text(&self, raw: &str, own: &[(String, &str)]) -> String {
        if self.exact {
            return raw.into();
        }
        let mut text = raw.to_owned();
        for (name, blank) in own {
            text = text.replace(name, blank);
        }
        for pattern in &self.more {
            text = pattern.replace_all(&text, "<blank>").into();
        }
        for (pattern, blank) in EVERYWHERE.iter() {
            text = pattern.replace_all(&text, *blank).into();
        }
        if self.swarm {
            text = SWARM_ID.replace_all(&text, "<id>").into();
        }
        if self.numbers {
            text = NUMBER.replace_all(&text, "<number>").into();
        }
        if text != raw {
            text = PADDING.replace_all(&text, "  ").into();
        }
        if !self.drop.is_empty() || self.sort || self.unique {
            text = self.lines(&text);
        }
        text
    }

    fn lines(&self, text: &str) -> String {
        let mut lines: Vec<&str> = text.lines().filter(|line| !self.drop.iter().any(|d| d.is_match(line))).collect();
        if self.sort {
            lines.sort_unstable();
        }
        if self.unique {
            lines.dedup();
        }
        lines.iter().flat_map(|line| [line, "\n"]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blanked(text: &str) -> String {
        Blank::default().text(text, &[("unix:///e.sock".into(), "<host>")])
    }

    #[test]
    fn ids_and_times_are_blanked() {
        assert_eq!(blanked("d61e536377ba   busybox   Up 2 seconds ago"), "<id>  busybox  Up <while>");
        assert_eq!(blanked("Less than a second ago, About a minute"), "<while>, <while>");
        assert_eq!(blanked("2026-11-24T03:47:14.071679003Z 2026-11-24 03:47:14 +0000 UTC"), "<time> <time>");
        assert_eq!(blanked("sha256:d783a92a54c7f3af4ce489000d810b936432416645b5d5e7dcc0da8ed2d73f27"), "<digest>");
        assert_eq!(blanked("host unix:///e.sock/x"), "host <host>/x");
    }

    #[test]
    fn the_rest_stays() {
        for text in ["Containers:  3", "Authorization of namespaces12", "exit 137", "internationalizationnnnnnn", "pt-web  80/tcp -> 127.0.0.1:18099"]
        {
            assert_eq!(blanked(text), text);
        }
    }

    #[test]
    fn a_step_can_ask_for_more_or_for_nothing() {
        let numbers = Blank { numbers: true, sort: true, ..Blank::default() };
        let swarm = Blank { swarm: true, ..Blank::default() };
        assert_eq!(swarm.text("node k2qf7n8v3m1x5z9b4c6d0p2r8", &[]), "node <id>");
        assert_eq!(swarm.text("owjutnsbzknpiczubmslyjsyn pt-svc.2.tyydmrzqaojt@vm", &[]), "<id> pt-svc.2.<id>@vm");
        assert_eq!(numbers.text("b 1.5MiB / 2GiB\na 0.00%\n", &[]), "a <number>\nb <number> / <number>\n");
        let exact = Blank { exact: true, ..Blank::default() };
        assert_eq!(exact.text("d61e536377ba", &[]), "d61e536377ba");
        let drop = Blank { drop: vec![known("^#")], ..Blank::default() };
        assert_eq!(drop.text("# x\ny\n", &[]), "y\n");
    }
}
