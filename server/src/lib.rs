//! Pilothouse: one sign-in, one policy and one audit trail in front of every Docker engine.
//!
//! A request's way, and no other: door -> [`authn`] -> [`gateway`] or [`api`] -> [`access`] -> [`audit`] ->
//! [`backends`] (with the permit) -> [`audit`]. See `docs/house.md` for the rooms and who may import whom.

pub mod access;
pub mod api;
pub mod assets;
pub mod audit;
pub mod authn;
pub mod authority;
pub mod backends;
pub mod cli;
pub mod clock;
pub mod config;
pub mod console;
pub mod declared;
#[cfg(feature = "failpoints")]
pub mod failpoints;
pub mod fleet;
pub mod gateway;
pub mod guardrails;
pub mod house;
pub mod http;
pub mod image_policy;
pub mod jobs;
pub mod lease;
pub mod observe;
pub mod openapi;
pub mod operate;
pub mod outgoing;
pub mod providers;
pub mod reach;
pub mod recordings;
pub mod registries;
pub mod registry_retention;
pub mod runs;
pub mod scans;
pub mod seal;
pub mod store;
