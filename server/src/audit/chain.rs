//! The hash chain: each entry's hash takes in the one before it.

use crate::store::audit::{ChainEnd, ChainRow};

use super::canonical::{Place, Stage};

/// A SHA-256.
pub type Hash = [u8; 32];

/// What stands in the place of the hash before a writer's first entry.
pub const BEGIN: Hash = [0; 32];

/// The SHA-256 of an entry's text.
pub fn digest(text: &[u8]) -> Hash {
    sha256(&[text])
}

/// The hash of an entry, from the hash before it and its own digest.
pub fn link(before: &[u8], digest: &[u8]) -> Hash {
    sha256(&[before, digest])
}

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Where one writer's chain ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Chain {
    pub writer: i64,
    /// The number of the last entry; 0 before the first.
    pub seq: i64,
    pub hash: Hash,
}

impl Chain {
    /// One that has no entry yet.
    pub fn new(writer: i64) -> Self {
        Self { writer, seq: 0, hash: BEGIN }
    }

    /// One that ends here; `None` when this is no hash.
    pub fn of(end: &ChainEnd) -> Option<Self> {
        Some(Self { writer: end.writer, seq: end.seq, hash: end.hash.as_slice().try_into().ok()? })
    }

    /// Adds the entry that stage `stage` of record `id` is; `text` writes it for its place.
    pub fn add(&mut self, id: i64, stage: Stage, text: impl FnOnce(Place) -> Option<Vec<u8>>) -> Option<ChainRow> {
        let place = Place { writer: self.writer, seq: self.seq + 1, id, stage };
        self.hash = link(&self.hash, &digest(&text(place)?));
        self.seq = place.seq;
        Some(ChainRow { writer: place.writer, seq: place.seq, id, stage: stage.number(), hash: self.hash.to_vec(), digest: None })
    }
}
