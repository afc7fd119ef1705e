//! Who may do what, where. Pure: no store, no backend, no I/O.
//!
//! [`Policy::decide`] is the only way to a [`Permit`], and every backend call wants one.

pub mod table;

mod decide;
mod permission;
mod role;
mod scope;

pub use decide::{Denied, Grant, Permit, Policy, Subject, first_setup, told_by, watch};
pub use permission::{Kind, Permission};
pub use role::{BUILT_IN, Role};
pub use scope::{Scope, Target, is_target_name};

/// One classified request: what is to be done, which permission it takes, and on what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operation {
    /// The operation's name in its own API, such as `ContainerStart`.
    pub name: &'static str,
    pub permission: Permission,
    pub target: Target,
    /// The object acted on, as the client named it; empty when there is none.
    pub object: String,
}

impl Operation {
    pub fn new(name: &'static str, permission: Permission, target: Target, object: impl Into<String>) -> Self {
        Self { name, permission, target, object: object.into() }
    }

    pub fn on_engine(name: &'static str, permission: Permission, engine: &str, object: impl Into<String>) -> Self {
        Self::new(name, permission, Target::Engine(engine.to_owned()), object)
    }

    pub fn on_system(name: &'static str, permission: Permission, object: impl Into<String>) -> Self {
        Self::new(name, permission, Target::System, object)
    }
}
