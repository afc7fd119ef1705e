//! Registries: the distribution API through the door, in front of a real registry and of hostile ones.

mod api;
mod conformance;
mod copy;
mod docker;
mod holds;
mod holds_odd;
pub(crate) mod hostile;
mod relay;
mod retention;
mod rights;
mod rows;
mod rules;
mod rules_everywhere;
mod run;
mod runs;
mod scans;
mod search;
mod signed;
mod token;
