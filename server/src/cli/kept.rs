//! What the command line keeps of a sign-in: a file that only its owner reads.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

/// A sign-in.
#[derive(Deserialize, Serialize)]
pub struct Kept {
    pub url: String,
    /// The authority to trust, as PEM, where it is not the system's.
    pub ca: Option<String>,
    pub username: String,
    pub token: String,
    pub token_id: String,
    pub expires_at: i64,
    /// The engines that docker was pointed at.
    #[serde(default)]
    pub engines: Vec<String>,
}

impl Kept {
    pub fn read() -> Result<Self, String> {
        let path = file()?;
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).map_err(|e| format!("{}: {e}.", path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err("You are not signed in: `pilothouse login https://HOST` first.".to_owned()),
            Err(error) => Err(format!("{}: {error}.", path.display())),
        }
    }

    pub fn write(&self) -> Result<(), String> {
        let text = serde_json::to_string_pretty(self).map_err(|e| e.to_string())?;
        write(&file()?, &text)
    }

    pub fn forget() -> Result<(), String> {
        let path = file()?;
        fs::remove_file(&path).map_err(|e| format!("{}: {e}.", path.display()))
    }
}

fn file() -> Result<PathBuf, String> {
    Ok(folder()?.join("credentials.json"))
}

/// The folder of all that is ours.
pub fn folder() -> Result<PathBuf, String> {
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    Ok(config.map_or_else(|| home().map(|home| home.join(".config")), Ok)?.join("pilothouse"))
}

/// The folder of docker's own settings.
pub fn docker_folder() -> Result<PathBuf, String> {
    let config = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from).filter(|path| !path.as_os_str().is_empty());
    config.map_or_else(|| home().map(|home| home.join(".docker")), Ok)
}

fn home() -> Result<PathBuf, String> {
    std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute()).ok_or_else(|| "HOME is not set.".to_owned())
}

/// Writes a file that only its owner reads, in a folder that only its owner looks into; whole or not at all.
pub fn write(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error: io::Error| format!("{}: {error}.", path.display());
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else { return Err(format!("{}: is no file's path.", path.display())) };
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(failed)?;
    let fresh = dir.join(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
    let _ = fs::remove_file(&fresh);
    let made = || {
        let mut out = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()?;
        fs::rename(&fresh, path)
    };
    made().map_err(failed)
}
