//! The screens, one a file, in a folder an area. How to add one: README.md beside this file.

pub mod access;
pub mod account;
pub mod audit;
pub mod containers;
pub mod device;
pub mod engines;
pub mod events;
pub mod guardrails;
pub mod images;
pub mod networks;
pub mod not_found;
pub mod overview;
pub mod people;
pub mod providers;
pub mod recordings;
pub mod reference;
pub mod registries;
pub mod robots;
pub mod roles;
pub mod session;
pub mod teams;
pub mod volumes;
