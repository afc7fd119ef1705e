//! Which plain reads are written down: all, a sample, or none. Changes, refusals and whatever shows secrets always are.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::access::Permission;

/// Which plain reads are written down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reads {
    All,
    /// One of so many.
    Sampled(u32),
    None,
}

/// Tells which.
pub struct Sampler {
    reads: Reads,
    count: AtomicU32,
}

impl Sampler {
    pub fn new(reads: Reads) -> Self {
        Self { reads, count: AtomicU32::new(0) }
    }

    /// Whether an allowed use of `permission` is written down.
    pub fn takes(&self, permission: Permission) -> bool {
        if permission.is_strict() {
            return true;
        }
        match self.reads {
            Reads::All => true,
            Reads::Sampled(of) => self.count.fetch_add(1, Ordering::Relaxed).is_multiple_of(of.max(1)),
            Reads::None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_always_written_down() {
        let count = |reads, permission| {
            let sampler = Sampler::new(reads);
            (0..100).filter(|_| sampler.takes(permission)).count()
        };
        for reads in [Reads::All, Reads::Sampled(10), Reads::None] {
            assert_eq!(count(reads, Permission::ContainerStart), 100);
            assert_eq!(count(reads, Permission::ContainerExport), 100);
        }
        assert_eq!(count(Reads::All, Permission::ContainerList), 100);
        assert_eq!(count(Reads::Sampled(10), Permission::ContainerList), 10);
        assert_eq!(count(Reads::None, Permission::ContainerList), 0);
    }
}
