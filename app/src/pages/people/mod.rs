//! People: who may sign in, and what they may do.

mod add;
mod factor_rules;
mod factors;
mod grants;
mod list;
mod password;
mod person;
mod role;
mod scope;

pub use add::AddPerson;
pub use list::People;
pub(crate) use password::{SHORTEST, too_short};
pub use person::Person;
pub(crate) use scope::words as scope_words;
