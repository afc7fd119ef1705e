//! The volumes of an engine.

mod create;
mod list;

pub use list::Volumes;
