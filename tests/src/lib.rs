//! What the integration tests in `it/` and the benchmark in `bin/` stand on: real parts that are started here and stopped with
//! their owner, and the smallest HTTP client.

pub mod crowd;
pub mod http;
pub mod identity;
pub mod images;
pub mod load;
pub mod mail;
pub mod postgres;
pub mod receiver;
pub mod registry;
pub mod sandbox;
pub mod signing;
pub mod store;
pub mod surfer;
pub mod syslog;
pub mod trail;
