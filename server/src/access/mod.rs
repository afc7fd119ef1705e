//! Who may do what, where. Pure: no store, no backend, no I/O.
//!
//! [`Policy::decide`] is the only way to a [`Permit`], and every backend call wants one.

pub mod guard;
pub mod table;

mod decide;
mod explain;
mod operation;
mod permission;
mod permission_set;
mod permit;
mod policy;
mod repository;
mod rights;
mod role;
mod scope;

pub use decide::{Denied, Hides};
pub use explain::{Explained, Missing};
pub use operation::{Known, Operation, Owner, Place, Thing};
pub use permission::{Kind, Permission};
pub use permission_set::PermissionSet;
pub use permit::{ByGrant, Permit, Reach, TIDIES, TOLD, alerted, declared, first_setup, pruned, tidied, told_by, watch, watch_registry};
pub use policy::{Facts, Grant, Holder, Policy, Subject};
pub use repository::{is_digest, is_repository_name, is_tag, is_under};
pub use role::{Role, Roles, built_in, is_role_name};
pub use scope::{Part, Scope, Share, Target, is_project_name, is_target_name};
