//! Registries: the distribution API through the door, in front of a real registry and of hostile ones.

mod api;
mod conformance;
mod copy;
mod docker;
mod holds;
mod holds_odd;
pub(crate) mod hostile;
mod relay;
mod hostile;
mod retention;
mod rights;
mod rows;
mod runs;
mod run;
mod search;
mod rules;
mod token;
