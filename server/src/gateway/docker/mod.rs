//! The Docker Engine API of an engine: `/engines/NAME/...`.
//!
//! What arrives is parsed ([`classify`], [`body`]), judged, and made anew from what was judged ([`rebuild`]): no byte of
//! the client's path, query, headers or JSON goes on as it came.

mod about;
pub mod body;
pub mod classify;
mod cut;
pub mod door;
mod forward;
pub mod name;
mod rebuild;
mod scoped;
mod session;
mod verdict;
