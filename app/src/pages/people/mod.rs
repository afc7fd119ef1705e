//! People: who may sign in, and what they may do.

mod add;
mod factor_rules;
mod factors;
mod list;
mod password;
mod person;
mod teams;
mod view_as;

pub use add::AddPerson;
pub use list::People;
pub(crate) use password::{SHORTEST, too_short};
pub use person::Person;
