//! Scopes: where a grant holds.

use std::{fmt, str::FromStr};

/// Where a grant holds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scope {
    /// Everywhere, Pilothouse itself included.
    All,
    /// On one engine.
    Engine(String),
}

/// What an operation is aimed at.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Target {
    /// Pilothouse itself.
    System,
    /// The engine of this name.
    Engine(String),
}

impl Scope {
    pub fn covers(&self, target: &Target) -> bool {
        match (self, target) {
            (Scope::All, _) => true,
            (Scope::Engine(name), Target::Engine(asked)) => name == asked,
            (Scope::Engine(_), Target::System) => false,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::All => f.write_str("all"),
            Scope::Engine(name) => write!(f, "engine/{name}"),
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Scope::All);
        }
        match text.strip_prefix("engine/") {
            Some(name) if is_target_name(name) => Ok(Scope::Engine(name.to_owned())),
            _ => Err(format!("\"{}\" is no scope: use `all` or `engine/NAME`.", text.escape_debug())),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::System => f.write_str("-"),
            Target::Engine(name) => f.write_str(name),
        }
    }
}

/// Whether `name` may name an engine, registry or cluster: 1 to 63 of `a-z`, `0-9` and `-`, not starting with `-`.
pub fn is_target_name(name: &str) -> bool {
    (1..=63).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
