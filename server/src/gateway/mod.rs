//! The native doors: classify, decide, write down, rebuild, forward. Never imports `api`.

pub mod docker;
pub mod oci;
mod upload;
