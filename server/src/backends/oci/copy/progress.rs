//! How far a copy is, for whoever watches it.

use pilothouse_app::api::repositories::CopyProgress;
use tokio::sync::watch;

use super::plan::Plan;

/// Told by the copy; heard by its stream.
pub struct Progress(watch::Sender<CopyProgress>);

impl Default for Progress {
    fn default() -> Self {
        Self(watch::Sender::new(CopyProgress::default()))
    }
}

impl Progress {
    pub fn watch(&self) -> watch::Receiver<CopyProgress> {
        self.0.subscribe()
    }

    pub fn now(&self) -> CopyProgress {
        self.0.borrow().clone()
    }

    pub fn tell(&self, status: &str) {
        self.0.send_modify(|progress| status.clone_into(&mut progress.status));
    }

    /// One more manifest was found.
    pub fn found(&self) {
        self.0.send_modify(|progress| progress.manifests_total += 1);
    }

    pub fn planned(&self, plan: &Plan) {
        self.0.send_modify(|progress| {
            progress.blobs_total = u32::try_from(plan.blobs.len()).unwrap_or(u32::MAX);
            progress.bytes_total = plan.blobs.iter().fold(0, |sum, blob| sum.saturating_add(blob.size));
        });
    }

    /// A blob of this size need not be sent.
    pub fn present(&self, size: u64) {
        self.0.send_modify(|progress| {
            progress.blobs_done += 1;
            progress.blobs_present += 1;
            progress.bytes_total = progress.bytes_total.saturating_sub(size);
        });
    }

    pub fn sent(&self, bytes: u64) {
        self.0.send_modify(|progress| progress.bytes_done += bytes);
    }

    pub fn blob_done(&self) {
        self.0.send_modify(|progress| progress.blobs_done += 1);
    }

    pub fn manifest_done(&self) {
        self.0.send_modify(|progress| progress.manifests_done += 1);
    }
}
