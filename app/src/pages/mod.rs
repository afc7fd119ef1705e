//! The screens, one a file, in a folder an area. How to add one: README.md beside this file.

pub mod containers;
pub mod events;
pub mod images;
pub mod networks;
pub mod not_found;
pub mod session;
pub mod volumes;
