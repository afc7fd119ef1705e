//! What Pilothouse asks of servers that are no target: sign-in providers, and places that the trail is forwarded to. A connection each, by
//! TLS unless it is to this very machine, with a deadline. Nothing of whoever signs in goes along.

mod http;
pub mod tls;

pub use http::{Body, HttpError, Io, address, connect, send};
