//! Recordings of terminals: the list, the player, sessions that go on, and the rules.

mod list;
mod live;
mod one;
mod play;
mod proves;
mod rule_form;
mod rules;
mod words;

pub use list::Recordings;
pub use one::RecordingPage;
pub use rules::RecordingRules;
