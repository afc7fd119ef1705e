//! What else has a say at the target: the rules of its registry, which this room knows nothing of. Whoever begins a copy hands them in.

use super::{CopyError, Side};
use crate::backends::oci::manifests::Manifest;

/// Asked before anything is changed at the target.
pub trait Gate: Send + Sync + 'static {
    /// That a manifest was let in, to be taken back if the registry does not take it.
    type Pass: Send;

    /// Whether a tag that is there may come to mean something else.
    ///
    /// # Errors
    /// When it stays what it is.
    fn may_move(&self, to: &Side, tag: &str) -> Result<(), CopyError>;

    /// Whether a blob of so many bytes may be sent.
    fn may_send(&self, to: &Side, bytes: u64) -> impl Future<Output = Result<(), CopyError>> + Send;

    /// Whether a manifest may be put under `reference`, now that its blobs are there.
    fn let_in(&self, to: &Side, reference: &str, manifest: &Manifest) -> impl Future<Output = Result<Self::Pass, CopyError>> + Send;

    /// The registry has said no.
    fn take_back(&self, pass: Self::Pass) -> impl Future<Output = ()> + Send;
}
