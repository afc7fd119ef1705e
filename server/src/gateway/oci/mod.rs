//! The OCI distribution API of every registry: `/v2/REGISTRY/REPOSITORY/...`.
//!
//! What arrives is parsed ([`classify`]), judged, and made anew from what was judged: no byte of the client's path, query or headers goes on as
//! it came. Manifests are read whole and judged ([`crate::backends::oci::judge`]); blobs are passed on as they come, counted, and held against their digest ([`stream`]).

mod answer;
mod blobs;
pub mod classify;
pub mod door;
mod limits;
mod lists;
mod manifests;
mod pieces;
mod refusal;
mod stream;
mod uploads;

pub use refusal::{Code, Refusal};
