//! A scanner that is a program of this machine: `trivy image --format json ...`, or `trivy image --server ...`. No shell is between.

use std::{
    collections::BTreeMap,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use data_encoding::BASE64;
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::Command as Process,
    sync::Semaphore,
};

use super::{Raw, ScanError, Scanner, report::LARGEST};
use crate::{
    access::Permit,
    authn::secret,
    backends::oci::{Credential, Registry},
};

/// How many scans run at the same time; the next one waits for its turn within its own deadline.
const AT_ONCE: usize = 2;
/// As much is kept of what a scanner complains of, in bytes.
const LONGEST_COMPLAINT: usize = 2_000;
/// What stands for the image in the arguments.
pub const IMAGE: &str = "{image}";

/// The image to be scanned, and where it is.
pub struct Target<'a> {
    pub registry: &'a Registry,
    pub permit: &'a Permit,
    pub repository: &'a str,
    pub digest: &'a str,
}

impl Target<'_> {
    /// As a program of this machine names it, and the host in that name.
    fn name(&self) -> (String, String) {
        let address = self.registry.address().to_string();
        let host = address.split_once("://").map_or(address.as_str(), |(_, host)| host).to_owned();
        (format!("{host}/{}@{}", self.repository, self.digest), host)
    }
}

/// The scanner of the settings.
pub struct Command {
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, String>,
    deadline: Duration,
    /// Where scanners keep what they keep; each run has a folder of its own in it.
    folder: PathBuf,
    turns: Semaphore,
}

impl Command {
    pub fn new(
        name: String,
        program: PathBuf,
        arguments: Vec<String>,
        environment: BTreeMap<String, String>,
        deadline: Duration,
        folder: PathBuf,
    ) -> Self {
        Self { name, program, arguments, environment, deadline, folder, turns: Semaphore::new(AT_ONCE) }
    }

    async fn run(&self, target: &Target<'_>) -> Result<String, ScanError> {
        let _turn = self.turns.acquire().await.map_err(|_| ScanError::Failed("Pilothouse stops.".to_owned()))?;
        let (image, host) = target.name();
        let place = Place::make(&self.folder, target.registry.credential(), &host).map_err(|error| {
            tracing::error!(%error, "A folder for a scan cannot be made.");
            ScanError::Failed("There is no place to scan in. The log says why.".to_owned())
        })?;
        let mut process = Process::new(&self.program);
        process
            .args(self.arguments.iter().map(|argument| argument.replace(IMAGE, &image)))
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", place.0.parent().unwrap_or(&place.0))
            .env("TMPDIR", &place.0)
            // The credential is in a file there: neither other users of this machine nor the list of processes show it.
            .env("DOCKER_CONFIG", &place.0)
            .envs(&self.environment)
            .current_dir(&place.0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = process.spawn().map_err(|error| ScanError::Failed(format!("The scanner {} cannot be started: {error}.", self.name)))?;
        let (Some(out), Some(complaints)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(ScanError::Failed("The scanner has no output.".to_owned()));
        };
        let (report, complaints) = tokio::try_join!(capped(out), tail(complaints))?;
        let status = child.wait().await.map_err(|error| ScanError::Failed(format!("The scanner {} was lost: {error}.", self.name)))?;
        if !status.success() {
            tracing::warn!(scanner = self.name, %status, complaints, "A scan failed.");
            return Err(ScanError::Failed(format!("The scanner {} ended with {status}. The log has what it said.", self.name)));
        }
        String::from_utf8(report).map_err(|_| ScanError::Unreadable(format!("What the scanner {} wrote is no text.", self.name)))
    }
}

impl Scanner for Command {
    async fn reports(&self, target: &Target<'_>) -> Result<Vec<Raw>, ScanError> {
        // Whatever is left of it is ended when it is dropped.
        let Ok(done) = tokio::time::timeout(self.deadline, self.run(target)).await else {
            return Err(ScanError::Failed(format!("The scanner {} was not done within {} seconds.", self.name, self.deadline.as_secs())));
        };
        Ok(vec![Raw { scanner: self.name.clone(), text: done? }])
    }
}

/// A folder of one run, which goes with it.
struct Place(PathBuf);

impl Place {
    fn make(folder: &Path, credential: Option<&Credential>, host: &str) -> std::io::Result<Self> {
        let id = secret::id().map_err(std::io::Error::other)?;
        std::fs::create_dir_all(folder)?;
        let place = Self(std::path::absolute(folder.join(id))?);
        std::fs::DirBuilder::new().mode(0o700).create(&place.0)?;
        if let Some(Credential { username, secret }) = credential {
            let auth = BASE64.encode(format!("{username}:{secret}").as_bytes());
            let text = json!({ "auths": { host: { "auth": auth } } }).to_string();
            // The folder is the owner's alone.
            std::fs::write(place.0.join("config.json"), text)?;
        }
        Ok(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "The folder of a scan could not be removed: {}", self.0.display());
        }
    }
}

/// All that is written, as long as it is no more than the largest report.
async fn capped(from: impl AsyncRead + Unpin) -> Result<Vec<u8>, ScanError> {
    let mut all = Vec::new();
    let most = LARGEST as u64;
    let read = from.take(most + 1).read_to_end(&mut all).await;
    read.map_err(|error| ScanError::Failed(format!("What the scanner wrote cannot be read: {error}.")))?;
    if all.len() > LARGEST {
        return Err(ScanError::Unreadable(format!("The scanner wrote more than {} MiB.", LARGEST / 1024 / 1024)));
    }
    Ok(all)
}

/// The last of what is written, as one line.
async fn tail(mut from: impl AsyncRead + Unpin) -> Result<String, ScanError> {
    let mut kept: Vec<u8> = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = from.read(&mut piece).await.map_err(|error| ScanError::Failed(format!("What the scanner said cannot be read: {error}.")))?;
        if read == 0 {
            break;
        }
        kept.extend_from_slice(piece.get(..read).unwrap_or_default());
        let over = kept.len().saturating_sub(LONGEST_COMPLAINT);
        kept.drain(..over);
    }
    Ok(String::from_utf8_lossy(&kept).chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
}
