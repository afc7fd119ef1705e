//! What the console asks of a registry, in the contract's types. Every call takes a permit, has a deadline, and reads no more than a cap; what
//! has a digest is held against it. Names from clients are checked before they come here: they stand in paths.

mod cache;
pub mod config;
pub mod delete;
pub mod diff;
pub mod manifest;
pub mod referrers;
pub mod sharing;
pub mod tags;

pub use cache::Cache;

use bytes::Bytes;

use super::{Registry, RegistryError, answer::No};
use crate::access::Permit;

/// Requests of one question at the same time.
const AT_ONCE: usize = 8;

/// A repository of a registry, and the permit to ask about it.
#[derive(Clone, Copy)]
pub struct At<'a> {
    pub registry: &'a Registry,
    pub permit: &'a Permit,
    pub repository: &'a str,
}

impl At<'_> {
    /// What was read by this digest before, with its media type: for who may ask for it.
    fn cached(self, digest: &str) -> Result<Option<(&'static str, Bytes)>, RegistryError> {
        self.registry.check(self.permit, &format!("/v2/{}/", self.repository))?;
        Ok(self.registry.known.get(self.repository, digest))
    }
}

/// What was to be looked at is not there.
fn gone(what: &str) -> RegistryError {
    let sentence = format!("The registry has no {what} in this repository.");
    RegistryError::Refused(No { status: 404, code: None, sentence, wait: None })
}
