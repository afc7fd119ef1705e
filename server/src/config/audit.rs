//! `[audit]`: which reads are written down, where checkpoints are kept, and what is forwarded.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::forward::{self, ForwardSection};
use crate::audit::{Reads, forward::Forward};

/// What the file may say of the trail.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuditSection {
    /// `all`, `sampled` or `none`.
    pub reads: Option<String>,
    /// Of how many reads one is written down, when they are sampled.
    pub sample: Option<u32>,
    /// The file that checkpoints are appended to.
    pub checkpoints: Option<PathBuf>,
    /// The folder to which the trail is archived, once a day.
    pub archive: Option<PathBuf>,
    pub forward: Vec<ForwardSection>,
}

/// How the trail is kept.
#[derive(Debug)]
pub struct Audit {
    pub reads: Reads,
    pub checkpoints: PathBuf,
    pub archive: Option<PathBuf>,
    /// Where it is forwarded to.
    pub forward: Vec<Forward>,
}

impl AuditSection {
    /// What the section comes to. `hostname` is who syslog messages are from.
    pub fn check(self, data_dir: &Path, hostname: &str, mistakes: &mut Vec<String>) -> Audit {
        let reads = match (self.reads.as_deref(), self.sample) {
            (None | Some("all"), None) => Reads::All,
            (Some("none"), None) => Reads::None,
            (Some("sampled"), Some(of @ 2..)) => Reads::Sampled(of),
            (Some("sampled"), _) => {
                mistakes.push("audit: reads = \"sampled\" needs sample = N: of how many reads one is written down, at least 2.".to_owned());
                Reads::All
            }
            (Some("all" | "none") | None, Some(_)) => {
                mistakes.push("audit: sample is for reads = \"sampled\".".to_owned());
                Reads::All
            }
            (Some(other), _) => {
                mistakes.push(format!("audit: reads = {other:?} is none of \"all\", \"sampled\" and \"none\"."));
                Reads::All
            }
        };
        if let Some(dir) = self.archive.as_ref().filter(|dir| !dir.is_dir()) {
            mistakes.push(format!("audit: archive = {:?} is no folder.", dir.display().to_string()));
        }
        let forward = forward::check(self.forward, hostname, mistakes);
        let checkpoints = self.checkpoints.unwrap_or_else(|| data_dir.join("checkpoints.jsonl"));
        Audit { reads, archive: self.archive, checkpoints, forward }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_said_whole_or_not_at_all() {
        let check = |reads: Option<&str>, sample| {
            let mut mistakes = Vec::new();
            let section = AuditSection { reads: reads.map(str::to_owned), sample, ..AuditSection::default() };
            (section.check(Path::new("d"), "h", &mut mistakes).reads, mistakes.len())
        };
        assert_eq!(check(None, None), (Reads::All, 0));
        assert_eq!(check(Some("none"), None), (Reads::None, 0));
        assert_eq!(check(Some("sampled"), Some(10)), (Reads::Sampled(10), 0));
        for (reads, sample) in [(Some("sampled"), None), (Some("sampled"), Some(1)), (None, Some(10)), (Some("none"), Some(10)), (Some("some"), None)]
        {
            assert_eq!(check(reads, sample), (Reads::All, 1), "{reads:?} {sample:?}");
        }
    }
}
