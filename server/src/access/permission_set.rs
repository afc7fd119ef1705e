//! Sets of permissions: a bit each, so that a role is asked in no time.

use super::Permission;

const WORDS: usize = Permission::ALL.len().div_ceil(64);

/// A set of permissions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PermissionSet([u64; WORDS]);

impl PermissionSet {
    pub fn contains(self, permission: Permission) -> bool {
        let (word, bit) = place(permission);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    pub fn insert(&mut self, permission: Permission) {
        let (word, bit) = place(permission);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    /// In the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.contains(*permission))
    }
}

fn place(permission: Permission) -> (usize, u64) {
    let n = permission as usize;
    (n / 64, 1 << (n % 64))
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let mut set = Self::default();
        permissions.into_iter().for_each(|permission| set.insert(permission));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        for permission in Permission::ALL {
            let set = PermissionSet::from_iter([*permission]);
            assert_eq!(set.iter().collect::<Vec<_>>(), [*permission]);
        }
        assert_eq!(Permission::ALL.iter().copied().collect::<PermissionSet>().iter().count(), Permission::ALL.len());
    }
}
