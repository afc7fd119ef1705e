//! Registries: what they hold, and what of it goes.

pub mod retention;
