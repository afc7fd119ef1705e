//! The containers of an engine: the list, which is the model of every list, and the form that makes one.

mod actions;
mod create;
mod list;
mod row;

pub use actions::{ContainerActions, container_tone};
pub use create::ContainerForm;
pub use list::Containers;
