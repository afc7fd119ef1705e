//! What a registry is asked, and how it comes back.

use std::{io, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method, Response, Uri};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;

use super::answer::PROMPT;

/// A body on its way to a registry.
pub type Body = UnsyncBoxBody<Bytes, io::Error>;

/// A request to a registry: its path is the registry's own.
pub struct Ask {
    pub method: Method,
    /// The path with its query.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Said,
    /// What the request needs, as tokens name it: `repository:NAME:pull`.
    pub scopes: Vec<String>,
    /// How long until the head of the answer.
    pub deadline: Duration,
}

/// What a request carries.
pub enum Said {
    Bytes(Bytes),
    /// What comes as it comes, and cannot be said twice.
    Stream(Body),
}

/// What a registry answered. Hold the turn until the answer is whole.
pub struct Answer {
    pub response: Response<Incoming>,
    pub turn: OwnedSemaphorePermit,
    /// Where the client is to be sent, by a registry whose redirects are handed on.
    pub elsewhere: Option<Uri>,
}

impl Ask {
    /// A request for what comes soon, with nothing in it.
    pub fn new(method: Method, path: String, scopes: Vec<String>) -> Self {
        Self { method, path, headers: HeaderMap::new(), body: Said::Bytes(Bytes::new()), scopes, deadline: PROMPT }
    }

    /// The same about what stands behind `/v2/REPOSITORY/`; `action` is what a token names it.
    pub fn within(method: Method, repository: &str, rest: &str, action: &str) -> Self {
        Self::new(method, format!("/v2/{repository}/{rest}"), vec![format!("repository:{repository}:{action}")])
    }
}

/// These bytes as a body.
pub fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}
