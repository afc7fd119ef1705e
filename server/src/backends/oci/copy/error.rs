//! Why a copy did not come to its end.

use crate::backends::oci::RegistryError;

/// Each is one sentence or two for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// One of the two registries failed, or said no.
    #[error("Registry {registry}: {error}")]
    Registry { registry: String, error: RegistryError },
    /// The source has no such thing.
    #[error("{0}")]
    NotThere(String),
    /// The tag means something else.
    #[error("{0}")]
    Taken(String),
    /// It takes a right that is not held.
    #[error("{0}")]
    Denied(String),
    /// A guardrail does not let it be taken out of the source.
    #[error("{0}")]
    Guardrail(String),
    /// A rule of the target does not let it be, whoever asks.
    #[error("{0}")]
    Rule(String),
    /// It is larger than the target takes.
    #[error("{0}")]
    TooLarge(String),
    /// What the source has is not what it has to be, or is more than is copied at once.
    #[error("{0}")]
    Wrong(String),
    /// Neither side took or gave a byte for too long.
    #[error("Nothing has moved for {0} seconds, so the copy was given up.")]
    Stalled(u64),
}
