//! The audit trail of a house, verified by the program itself.

use std::{ffi::OsStr, path::Path, process::Command};

use crate::sandbox::{binary, database_of};

/// What `pilothouse audit verify` says.
#[derive(Debug)]
pub struct Verdict {
    /// 0 for a trail that is what was written, 1 for one that is not, 2 when it cannot be told.
    pub code: i32,
    /// What it found, a line each; and why it could not tell.
    pub complaints: Vec<String>,
    pub said: String,
}

impl Verdict {
    pub fn is_whole(&self) -> bool {
        self.code == 0 && self.complaints.is_empty()
    }
}

/// Verifies the trail in this data folder.
pub fn verify(data: &Path, arguments: &[&OsStr]) -> Verdict {
    let mut command = Command::new(binary());
    // Elsewhere, so that no settings file is found by chance.
    command
        .args(["audit", "verify"])
        .args(arguments)
        .env("PILOTHOUSE_DATA_DIR", data)
        .env_remove("PILOTHOUSE_CONFIG")
        .env_remove("PILOTHOUSE_DATABASE_URL")
        .current_dir("/");
    command.envs(database_of(&data.join("..")).map(|url| ("PILOTHOUSE_DATABASE_URL", url)));
    let done = command.output().unwrap();
    let lines = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let complaints = lines(&done.stderr).lines().map(str::to_owned).collect();
    Verdict { code: done.status.code().unwrap(), complaints, said: lines(&done.stdout) }
}
