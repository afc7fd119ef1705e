//! The audit trail: what was done, by whom, and what came of it.

mod alerts;
mod counted;
mod detail;
mod forwarding;
mod keep;
mod list;
mod outcome;
mod proof;
mod row;
mod search;
mod story;
mod terms;
mod views;
mod words;

pub use list::Audit;
pub use outcome::OutcomeBadge;
pub use row::{object_words, who};
pub use words::did;
