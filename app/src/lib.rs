//! The contract of the REST API ([`api`]), its client ([`client`]), and the console that is drawn with it.

pub mod api;
