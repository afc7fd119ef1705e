//! Roles: named sets of permissions, those that ship and those of one's own.

mod add;
mod form;
mod group;
mod list;
mod picker;
mod role;
mod who;

pub use add::AddRole;
pub use list::Roles;
pub use role::RolePage;
