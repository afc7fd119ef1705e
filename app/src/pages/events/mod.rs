//! What happens on an engine.

mod live;

pub use live::Events;
