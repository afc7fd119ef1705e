//! Sign-in providers: the list, adding, changing, trying and removing one.

mod add;
mod directory;
mod draft;
mod edit;
mod form;
mod list;
mod openid;
mod test;

pub use add::AddProvider;
pub use edit::EditProvider;
pub use list::Providers;
