//! Who asks, as the doors found out.

use std::sync::Arc;

use crate::access::Subject;

/// Which door a request came through.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Door {
    /// `/api/v1`, with a token or a certificate.
    Api,
    /// The console: its pages, and what they ask `/api/v1` from a browser.
    Console,
    /// The Docker Engine API of an engine.
    Engine,
    /// The distribution API of registries, and the tokens for it.
    Registry,
    /// The settings, when Pilothouse starts: whoever holds the machine.
    Start,
}

impl Door {
    pub fn name(self) -> &'static str {
        match self {
            Door::Api => "api",
            Door::Console => "console",
            Door::Engine => "engine",
            Door::Registry => "registry",
            Door::Start => "start",
        }
    }
}

/// What proved who asks.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Credential {
    Session(Arc<str>),
    Token(Arc<str>),
    /// A client certificate of the house's own authority.
    Certificate(Arc<str>),
}

impl std::fmt::Display for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Credential::Session(id) => write!(f, "session:{id}"),
            Credential::Token(id) => write!(f, "token:{id}"),
            Credential::Certificate(id) => write!(f, "certificate:{id}"),
        }
    }
}

/// Where a request came from, for the audit trail.
#[derive(Clone, Debug)]
pub struct Origin {
    pub door: Door,
    /// The peer's address, without its port.
    pub address: Arc<str>,
    /// What the client calls itself, cut to 200 characters.
    pub client: Arc<str>,
}

/// Somebody signed in, and how.
#[derive(Clone, Debug)]
pub struct Principal {
    pub subject: Subject,
    pub credential: Credential,
    pub origin: Origin,
}
