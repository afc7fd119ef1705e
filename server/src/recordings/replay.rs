//! A recording, read: its text chunk by chunk, and whether it is what was recorded.

use std::io::Read;

use flate2::read::GzDecoder;
use futures_util::{Stream, stream};

use super::Recordings;
use crate::{
    seal::SealError,
    store::{StoreError, recordings::RecordingRow},
};

/// The longest text that a chunk may hold: what waits for the disk, and a line more.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A part of it is not there.
    #[error("part {0} of the recording is missing")]
    Missing(i64),
    /// A part of it is not what was written.
    #[error("part {0} of the recording is not what was written")]
    Changed(i64),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a recording proves.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Proof {
    /// It is what was recorded: its digest is the one in the audit record.
    Proved,
    /// The session goes on.
    Running,
    /// Pilothouse ended before the session did, so no digest of it was written down. Each part is what was written.
    Cut,
    /// It is not what was recorded, and how that shows.
    Broken(String),
}

impl Recordings {
    /// The text of one chunk.
    ///
    /// # Errors
    /// When it is not there, or is not what was written.
    pub async fn chunk(&self, recording: i64, n: i64) -> Result<String, ReplayError> {
        let sealed = self.store.recording_chunk(recording, n).await?.ok_or(ReplayError::Missing(n))?;
        let packed = self.seal.open_bytes(&super::place(recording, n), &sealed).map_err(|_: SealError| ReplayError::Changed(n))?;
        let mut text = String::new();
        GzDecoder::new(packed.as_slice()).take(LARGEST).read_to_string(&mut text).map_err(|_| ReplayError::Changed(n))?;
        Ok(text)
    }

    /// The text of the first `chunks` of a recording.
    pub fn text(self: std::sync::Arc<Self>, recording: i64, chunks: i64) -> impl Stream<Item = Result<String, ReplayError>> + Send {
        stream::try_unfold(0, move |n| {
            let recordings = self.clone();
            async move {
                if n >= chunks {
                    return Ok(None);
                }
                Ok(Some((recordings.chunk(recording, n).await?, n + 1)))
            }
        })
    }

    /// Whether a recording is what was recorded. `written` is the digest in its audit record.
    pub async fn prove(&self, row: &RecordingRow, written: &str) -> Result<Proof, StoreError> {
        if row.ended_at.is_none() && self.running(row.id).is_some() {
            return Ok(Proof::Running);
        }
        let there = self.store.count_recording_chunks(row.id).await?;
        if there != row.chunks {
            return Ok(Proof::Broken(format!("It has {there} parts, and was written with {}.", row.chunks)));
        }
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        for n in 0..row.chunks {
            match self.chunk(row.id, n).await {
                Ok(text) => digest.update(text.as_bytes()),
                Err(ReplayError::Store(error)) => return Err(error),
                Err(ReplayError::Missing(n)) => return Ok(Proof::Broken(format!("Part {} of it is missing.", n + 1))),
                Err(ReplayError::Changed(n)) => return Ok(Proof::Broken(format!("Part {} of it is not what was written.", n + 1))),
            }
        }
        if written.is_empty() {
            return Ok(Proof::Cut);
        }
        let is = data_encoding::HEXLOWER.encode(digest.finish().as_ref());
        if is == written { Ok(Proof::Proved) } else { Ok(Proof::Broken("Its digest is not the one in the audit record.".to_owned())) }
    }
}
