//! The images of an engine: the list, the pull, and the page of each.

mod actions;
mod detail;
mod layers;
mod list;
mod pull;

pub use detail::ImagePage;
pub(super) use detail::step;
pub use list::Images;
pub(super) use pull::{Job, Phase, Progress};
