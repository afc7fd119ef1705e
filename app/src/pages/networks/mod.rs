//! The networks of an engine.

mod connect;
mod create;
mod detail;
mod list;
mod remove;

pub use detail::NetworkPage;
pub use list::Networks;
