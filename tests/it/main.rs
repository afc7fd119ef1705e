//! The integration tests: one binary, against real engines and a real `pilothouse`, which the tests start themselves.

mod door;
mod house;
mod http;
mod laws;
mod parity;
mod sandbox;
