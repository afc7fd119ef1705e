//! Roles: named sets of permissions.

use super::permission::{Kind, Permission};

/// A named set of permissions.
#[derive(Debug)]
pub struct Role {
    pub name: &'static str,
    pub summary: &'static str,
    holds: fn(Permission) -> bool,
}

/// The roles that ship.
pub const BUILT_IN: &[Role] = &[
    Role { name: "admin", summary: "May do everything.", holds: |_| true },
    Role {
        name: "viewer",
        summary: "Sees what runs, its logs and its figures. Changes nothing, opens no terminal and takes no files out.",
        holds: |permission| permission.kind() == Kind::View,
    },
];

impl Role {
    pub fn named(name: &str) -> Option<&'static Role> {
        BUILT_IN.iter().find(|role| role.name == name)
    }

    pub fn holds(&self, permission: Permission) -> bool {
        (self.holds)(permission)
    }

    pub fn permissions(&self) -> impl Iterator<Item = Permission> + '_ {
        Permission::ALL.iter().copied().filter(|p| self.holds(*p))
    }
}
