//! What else has a say: guardrails on what is taken out of the source, and the rules of the target's registry. This room knows nothing of them;
//! whoever begins a copy hands them in.

use super::{CopyError, Side};
use crate::backends::oci::manifests::Manifest;

/// Asked about each manifest of the source, and before anything is changed at the target.
pub trait Gate: Send + Sync + 'static {
    /// That a manifest was let in, to be taken back if the registry does not take it.
    type Pass: Send;

    /// Whether a manifest may be taken out of the source. `reference` is the tag or the digest that it was asked for by.
    ///
    /// # Errors
    /// When it may not be pulled, either.
    fn may_take(&self, from: &Side, reference: &str, manifest: &Manifest) -> impl Future<Output = Result<(), CopyError>> + Send;

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
