//! The audit trail: what was done, by whom, and what came of it.

mod detail;
mod filters;
mod forwarding;
mod list;
mod outcome;
mod row;
mod words;

pub use forwarding::ForwardingCard;
pub use list::Audit;
pub use outcome::OutcomeBadge;
pub use row::object_words;
pub use words::did;
