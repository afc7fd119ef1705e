//! What judges images: a scanner of this machine, and the root that certificates of signers are held against.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use serde::Deserialize;

use crate::{
    access::is_target_name,
    scans::{Command, IMAGE},
};

/// A program that scans images. It is started as it stands here, without a shell.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScannerSection {
    /// Its reports are known by this name.
    #[serde(default = "trivy")]
    pub name: String,
    /// The path of the program.
    pub command: PathBuf,
    /// `{image}` stands for the image; the report comes to the standard output.
    #[serde(default = "arguments")]
    pub arguments: Vec<String>,
    /// The only variables that it has, besides `PATH`, `HOME`, `TMPDIR` and `DOCKER_CONFIG`.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// How long a scan may take, in seconds.
    #[serde(default = "seconds")]
    pub seconds: u64,
}

fn trivy() -> String {
    "trivy".to_owned()
}

fn arguments() -> Vec<String> {
    ["image", "--quiet", "--scanners", "vuln", "--format", "json", IMAGE].map(str::to_owned).to_vec()
}

fn seconds() -> u64 {
    300
}

impl ScannerSection {
    pub fn check(&self, mistakes: &mut Vec<String>) {
        if !is_target_name(&self.name) {
            mistakes.push(format!("scanner: {:?} is no name: use 1 to 63 of a-z, 0-9 and -.", self.name));
        }
        if !self.command.is_absolute() {
            mistakes.push("scanner: command is the whole path of a program, such as /usr/bin/trivy.".to_owned());
        }
        if !self.arguments.iter().any(|argument| argument.contains(IMAGE)) {
            mistakes.push(format!("scanner: among its arguments, one has to be {IMAGE}."));
        }
        if !(1..=3600).contains(&self.seconds) {
            mistakes.push("scanner: seconds is 1 to 3600.".to_owned());
        }
    }

    /// The scanner, which keeps what it keeps in `folder`.
    pub fn build(&self, folder: PathBuf) -> Command {
        let deadline = Duration::from_secs(self.seconds);
        Command::new(self.name.clone(), self.command.clone(), self.arguments.clone(), self.environment.clone(), deadline, folder)
    }
}

/// Whose word about signers counts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignatureSection {
    /// A file as sigstore publishes it, `trusted_root.json`. Nothing is fetched.
    pub trusted_root_file: Option<PathBuf>,
}

impl SignatureSection {
    /// What the file holds, if there is one.
    ///
    /// # Errors
    /// One sentence about why it cannot be read.
    pub fn root(&self) -> Result<Option<String>, String> {
        let read = |path: &PathBuf| std::fs::read_to_string(path).map_err(|error| format!("signatures: {}: {error}.", path.display()));
        self.trusted_root_file.as_ref().map(read).transpose()
    }
}
