//! The integration tests: one binary, against real engines and a real `pilothouse`, which the tests start themselves.

mod access;
mod audit;
mod browser;
mod certificates;
mod crash;
mod device;
mod disks;
mod door;
mod factors;
mod failpoints;
mod faults;
mod guardrails;
mod house;
mod input;
mod laws;
mod oracle;
mod parity;
mod recordings;
mod registry;
mod replicas;
mod signin;
mod snapshots;
mod teams;
mod wire;
