//! The engines themselves: the list, adding, changing and removing one.

mod add;
mod declared;
mod edit;
mod form;
mod health;
mod labels;
mod list;
mod remove;
mod row;
mod test;
mod way;

pub use add::AddEngine;
pub use edit::EditEngine;
pub use health::EngineHealth;
pub(super) use labels::{lines as label_lines, read as read_labels};
pub use list::Engines;
