//! Errors as RFC 9457 problems, with a stable code a script can match on.

use serde::{Deserialize, Serialize};

/// Why an operation was not done. Codes are stable: scripts match on them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The request cannot be read, or a field is wrong.
    InvalidInput,
    /// No credential, or one that is wrong, expired or revoked.
    Unauthenticated,
    /// The password was right; a second factor is asked for now.
    SecondFactorRequired,
    /// Too many failed sign-ins.
    Throttled,
    /// The permission is missing on this scope.
    Forbidden,
    /// A guardrail does not allow what was asked for.
    Guardrail,
    /// A request from another site's page.
    CrossOrigin,
    /// Not there, or not for you to see.
    NotFound,
    /// The path is right, the method is not.
    MethodNotAllowed,
    /// It exists already, or is in use, or is in the wrong state.
    Conflict,
    /// The body or a field is larger than allowed.
    TooLarge,
    /// The operation could not be recorded, so it was not done.
    AuditUnavailable,
    /// Too much is in flight; try again shortly.
    Overloaded,
    /// The backend could not be reached or broke off.
    BackendUnreachable,
    /// The backend did not answer in time.
    BackendTimeout,
    /// The backend said no; its words are in `detail`.
    BackendError,
    /// Our fault.
    Internal,
}

impl Code {
    /// The HTTP status that goes with this code.
    pub fn status(self) -> u16 {
        match self {
            Code::InvalidInput => 400,
            Code::Unauthenticated | Code::SecondFactorRequired => 401,
            Code::Forbidden | Code::Guardrail | Code::CrossOrigin => 403,
            Code::NotFound => 404,
            Code::MethodNotAllowed => 405,
            Code::Conflict => 409,
            Code::TooLarge => 413,
            Code::Throttled => 429,
            Code::Internal => 500,
            Code::BackendError | Code::BackendUnreachable => 502,
            Code::AuditUnavailable | Code::Overloaded => 503,
            Code::BackendTimeout => 504,
        }
    }
}

/// RFC 9457 "problem details", media type `application/problem+json`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[cfg_attr(feature = "ssr", derive(schemars::JsonSchema))]
pub struct Problem {
    pub code: Code,
    /// The HTTP status, again.
    pub status: u16,
    /// What happened, in one sentence.
    pub title: String,
    /// What to do about it, or the backend's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The input field that is wrong, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Problem {
    pub fn new(code: Code, title: impl Into<String>) -> Self {
        Self { code, status: code.status(), title: title.into(), detail: None, field: None }
    }

    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.title)?;
        match &self.detail {
            Some(detail) => write!(f, " {detail}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}
