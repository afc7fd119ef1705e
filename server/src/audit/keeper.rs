//! Keeps the proof of the trail: makes checkpoints, hands them to a file outside of the database, and verifies.

use std::{
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

use super::{
    checkpoint::{CheckpointError, Signed, Signer},
    look,
    verify::Report,
};
use crate::{
    clock::now_ms,
    seal::Seal,
    store::{Store, StoreError, audit::CheckpointRow},
};

/// How many checkpoints are handed over at once.
const HANDED: u32 = 1_000;
/// A checkpoint's line is shorter than this, in bytes: it names fifteen writers at most.
const LINE: u64 = 16 * 1024;

/// Keeps the proof of one store's trail.
pub struct Keeper {
    store: Store,
    signer: Signer,
    /// Where checkpoints are kept outside of the database.
    file: PathBuf,
    /// The number of the last checkpoint in the file. Held while one is made or handed over.
    handed: Mutex<Option<i64>>,
    verifying: Mutex<()>,
    last: ArcSwapOption<Verified>,
}

/// What came of the last look at the whole trail.
#[derive(Debug)]
pub struct Verified {
    pub at: i64,
    pub took_ms: u64,
    pub report: Report,
}

#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the file of checkpoints {file}: {source}")]
    File { file: String, source: io::Error },
    /// Somebody else has it verified at this moment.
    #[error("the trail is being verified already")]
    Busy,
}

impl Keeper {
    pub async fn open(store: Store, seal: &Seal, file: PathBuf) -> Result<Self, CheckpointError> {
        let signer = Signer::open(&store, seal).await?;
        Ok(Self { store, signer, file, handed: Mutex::new(None), verifying: Mutex::new(()), last: ArcSwapOption::empty() })
    }

    /// The public key that checkpoints are signed with, hexadecimal.
    pub fn key(&self) -> String {
        self.signer.public()
    }

    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What came of the last look at the whole trail since the start.
    pub fn last(&self) -> Option<Arc<Verified>> {
        self.last.load_full()
    }

    /// Makes a checkpoint if anything was written since the last one, and hands over all that the file lacks. Of several replicas one makes
    /// them; each has all of them in its file.
    ///
    /// # Errors
    /// When the store or the file takes nothing; what was made is handed over the next time.
    pub async fn checkpoint(&self) -> Result<(), KeeperError> {
        let mut handed = self.handed.lock().await;
        let before = self.store.last_checkpoint().await?;
        let ends = self.store.chain_ends().await?;
        let is_new = before.as_ref().and_then(|row| Signed::from(row.clone()).read()).is_none_or(|checkpoint| !checkpoint.names(&ends));
        if self.store.is_leader() && !ends.is_empty() && is_new {
            self.store.add_checkpoint(&self.signer.sign(&ends, before.as_ref())?).await?;
        }
        self.hand_over(&mut handed).await
    }

    /// How many entries no checkpoint names yet, whoever wrote them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn behind(&self) -> Result<i64, KeeperError> {
        let named = self.store.last_checkpoint().await?.and_then(|row| Signed::from(row).read());
        let named = named.map_or(0, |checkpoint| checkpoint.heads.iter().map(|head| head.seq).sum::<i64>());
        let written: i64 = self.store.chain_ends().await?.iter().map(|end| end.seq).sum();
        Ok(written - named)
    }

    /// Whether others write to the trail too.
    pub fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    /// Whether this is the one that does what only one may do.
    pub fn is_leader(&self) -> bool {
        self.store.is_leader()
    }

    /// Appends to the file what it lacks.
    async fn hand_over(&self, handed: &mut Option<i64>) -> Result<(), KeeperError> {
        let failed = |source| KeeperError::File { file: self.file.display().to_string(), source };
        let mut last = match *handed {
            Some(last) => last,
            None => {
                let file = self.file.clone();
                blocking(move || last_in(&file)).await.map_err(failed)?
            }
        };
        loop {
            let rows = self.store.checkpoints_after(last, HANDED).await?;
            let Some(end) = rows.last().map(|row| row.n) else { break };
            let file = self.file.clone();
            blocking(move || append(&file, &rows)).await.map_err(failed)?;
            last = end;
            *handed = Some(last);
        }
        *handed = Some(last);
        Ok(())
    }

    /// Looks at the whole trail, with the checkpoints that are kept outside.
    ///
    /// # Errors
    /// [`KeeperError::Busy`] while somebody else does.
    pub async fn verify(&self) -> Result<Arc<Verified>, KeeperError> {
        let _alone = self.verifying.try_lock().map_err(|_| KeeperError::Busy)?;
        let begun = Instant::now();
        let file = self.file.clone();
        let outside = blocking(move || read_checkpoints(&file)).await;
        let mut report = look::store(&self.store, outside.as_deref().ok(), Some(&self.key())).await?;
        if let Err(error) = outside {
            report.tell(format!("The file of checkpoints {} cannot be read: {error}.", self.file.display()));
        }
        let verified = Arc::new(Verified { at: now_ms(), took_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX), report });
        self.last.store(Some(verified.clone()));
        Ok(verified)
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// The checkpoints in a file, in its order. One that is not there holds none.
///
/// # Errors
/// When it cannot be read, or a line of it is no checkpoint.
pub fn read_checkpoints(file: &Path) -> io::Result<Vec<Signed>> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty());
    lines.map(|(n, line)| Signed::of_line(line).ok_or_else(|| io::Error::other(format!("line {n} is no checkpoint")))).collect()
}

/// The number of the last checkpoint in the file; 0 without any.
fn last_in(file: &Path) -> io::Result<i64> {
    let mut file = match std::fs::File::open(file) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(2 * LINE)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let tail = String::from_utf8_lossy(&tail);
    let last = tail.lines().rev().find_map(|line| Signed::of_line(line)?.read());
    Ok(last.map_or(0, |checkpoint| checkpoint.n))
}

fn append(file: &Path, rows: &[CheckpointRow]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut text = String::new();
    for row in rows {
        text += &Signed::from(row.clone()).line();
        text.push('\n');
    }
    let mut file = std::fs::OpenOptions::new().create(true).read(true).append(true).mode(0o640).open(file)?;
    // A line that a crash cut short is ended first, so that it spoils no other.
    if !ends_with_newline(&file)? {
        text.insert(0, '\n');
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn ends_with_newline(file: &std::fs::File) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.read_exact_at(&mut last, length - 1)?;
    Ok(last == *b"\n")
}
