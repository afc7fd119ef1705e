//! Copies the chain, with the checkpoints over it, to compressed files outside of the database: one after the other, without a gap.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use flate2::{Compression, write::GzEncoder};
use serde_json::json;
use tokio::sync::mpsc;

use super::{
    checkpoint::{Checkpoint, Signed},
    export::line,
};
use crate::{
    clock::now_ms,
    store::{
        Store, StoreError,
        audit::{Archived, CheckpointRow, Snapshot},
    },
};

/// How many entries are read at once.
const PAGE: u32 = 2_000;

#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the archive {file}: {source}")]
    File { file: String, source: io::Error },
}

/// Archives what was written since the last archive, as far as a checkpoint covers it. Answers with the file; `None` when there is nothing.
///
/// # Errors
/// When the store cannot be read or the file not be written: then nothing counts as archived.
pub async fn archive(store: &Store, dir: &Path) -> Result<Option<PathBuf>, ArchiveError> {
    let before = store.archived().await?;
    let mut snapshot = store.audit_snapshot().await?;
    let checkpoints = snapshot.checkpoints().await?;
    let Some(covered) = checkpoints.last().and_then(|row| Signed::from(row.clone()).read()) else { return Ok(None) };
    let from = |writer: i64| before.iter().find(|archived| archived.writer == writer).map_or(0, |archived| archived.seq);
    if covered.heads.iter().all(|head| head.seq <= from(head.writer)) {
        return Ok(None);
    }
    let last = before.iter().map(|archived| archived.checkpoint).max().unwrap_or(0);
    let new: Vec<CheckpointRow> = checkpoints.into_iter().filter(|row| row.n > last).collect();
    let file = dir.join(format!("audit-{:08}.jsonl.gz", covered.n));
    let failed = |source| ArchiveError::File { file: file.display().to_string(), source };
    // Compressing is work for a thread that may be held up.
    let (lines, texts) = mpsc::channel::<String>(64);
    let path = file.clone();
    let writing = tokio::task::spawn_blocking(move || write(&path, texts));
    let sent = send(&mut snapshot, &new, &covered, from, &lines).await;
    drop(lines);
    let written = writing.await.map_err(|e| failed(io::Error::other(e)))?;
    sent?;
    written.map_err(failed)?;
    let ends: Vec<Archived> = covered.heads.iter().map(|head| Archived { writer: head.writer, seq: head.seq, checkpoint: covered.n }).collect();
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    store.add_archive(&name, &ends, now_ms()).await?;
    Ok(Some(file))
}

/// Sends the lines of an archive; whoever takes them may have ended for a reason of its own.
async fn send(
    snapshot: &mut Snapshot,
    checkpoints: &[CheckpointRow],
    covered: &Checkpoint,
    from: impl Fn(i64) -> i64,
    lines: &mpsc::Sender<String>,
) -> Result<(), StoreError> {
    for row in checkpoints {
        let _ = lines.send(Signed::from(row.clone()).line() + "\n").await;
    }
    for head in &covered.heads {
        let mut seq = from(head.writer);
        if let Some(hash) = snapshot.hash_of(head.writer, seq).await? {
            let before = json!({ "before": { "hash": HEXLOWER.encode(&hash), "seq": seq, "writer": head.writer } });
            let _ = lines.send(format!("{before}\n")).await;
        }
        while seq < head.seq {
            let page = snapshot.chain_after(head.writer, seq, PAGE).await?;
            let fits: Vec<_> = page.iter().filter(|linked| linked.entry.writer == head.writer && linked.entry.seq <= head.seq).collect();
            let Some(end) = fits.last().map(|linked| linked.entry.seq) else { break };
            let _ = lines.send(fits.into_iter().map(|entry| line(entry) + "\n").collect()).await;
            seq = end;
        }
    }
    Ok(())
}

/// Writes a file whole or not at all: under another name first.
fn write(file: &Path, mut texts: mpsc::Receiver<String>) -> io::Result<()> {
    let part = file.with_extension("part");
    let opened = OpenOptions::new().create(true).truncate(true).write(true).mode(0o640).open(&part)?;
    let mut packed = GzEncoder::new(opened, Compression::default());
    while let Some(text) = texts.blocking_recv() {
        packed.write_all(text.as_bytes())?;
    }
    packed.finish()?.sync_all()?;
    std::fs::rename(&part, file)?;
    // The name is on disk once its folder is.
    if let Some(dir) = file.parent() {
        std::fs::File::open(dir)?.sync_all()?;
    }
    Ok(())
}
