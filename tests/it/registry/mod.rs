//! Registries: the distribution API through the door, in front of a real registry and of hostile ones.

mod api;
mod conformance;
mod docker;
mod hostile;
mod rights;
mod rows;
mod scans;
mod signed;
mod token;
