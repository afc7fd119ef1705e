//! One's own things: the password, sessions, tokens, and the way in for docker.

mod certificates;
mod factors;
mod grants;
mod lifetime;
mod lines;
mod list;
mod new_token;
mod once;
mod password;
mod sessions;
mod settings;
mod use_docker;

pub use list::Tokens;
pub(crate) use new_token::NewToken;
pub(crate) use once::Once;
pub use settings::Account;
pub use use_docker::UseDocker;
