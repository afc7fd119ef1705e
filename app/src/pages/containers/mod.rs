//! The containers of an engine: the list, which is the model of every list, the form that makes one, and the page of each.

mod actions;
mod changes;
mod create;
mod detail;
mod inspect;
mod list;
mod log_lines;
mod log_screen;
mod logs;
mod origin;
mod processes;
mod rename;
mod row;
mod stats;
mod summary;
mod terminal;

pub use actions::{ContainerActions, container_tone};
pub use create::ContainerForm;
pub(super) use create::{lines, pairs};
pub use detail::ContainerPage;
pub use list::Containers;
pub(super) use summary::label_list;
