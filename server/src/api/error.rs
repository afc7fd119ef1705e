//! Errors of the REST API.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use pilothouse_app::api::{Code, Problem};

use crate::{
    access::Hides,
    authn::password::PasswordError,
    backends::{docker::EngineError, oci::RegistryError},
    guardrails::{GuardrailError, Stopped},
    house::HouseError,
    operate::{Failure, Refused},
    store::StoreError,
};

/// A problem on its way to the client.
#[derive(Debug)]
pub struct ApiError(pub Problem);

impl ApiError {
    pub fn new(code: Code, title: impl Into<String>) -> Self {
        Self(Problem::new(code, title))
    }

    /// A field of the input is wrong.
    pub fn field(field: &str, title: impl Into<String>) -> Self {
        Self(Problem::new(Code::InvalidInput, title).field(field))
    }

    pub fn no_engine(name: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no engine {name}, or you may not see it."))
    }

    pub fn unauthenticated() -> Self {
        Self(Problem::new(Code::Unauthenticated, "You are not signed in.").detail("Sign in, or send a token as `Authorization: Bearer`."))
    }

    pub fn trail_down() -> Self {
        let problem = Problem::new(Code::AuditUnavailable, "This could not be recorded, so it was not done.");
        Self(problem.detail("The audit trail cannot be written now: its disk is full or locked. Nothing was changed."))
    }

    pub fn internal() -> Self {
        Self::new(Code::Internal, "Something went wrong in Pilothouse. Its log says what.")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self.0)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl Failure for ApiError {
    fn status(&self) -> u16 {
        self.0.status
    }

    fn denied(&self) -> Option<&str> {
        (self.0.code == Code::Guardrail).then_some(self.0.title.as_str())
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::TrailDown => Self::trail_down(),
            Refused::NotKnown(error) => error.into(),
            Refused::Denied(denied) if denied.hides == Hides::Nothing => {
                Self(Problem::new(Code::Forbidden, denied.reason).detail("Ask an administrator for a role that holds it."))
            }
            Refused::Denied(_) => Self::new(Code::NotFound, "There is no such thing, or you may not see it."),
        }
    }
}

impl From<EngineError> for ApiError {
    fn from(error: EngineError) -> Self {
        let text = error.to_string();
        match error {
            EngineError::Unreachable(_) | EngineError::BrokenOff => Self::new(Code::BackendUnreachable, text),
            EngineError::Timeout => Self::new(Code::BackendTimeout, text),
            EngineError::Busy => Self::new(Code::Overloaded, text),
            EngineError::NotFound(_) => Self::new(Code::NotFound, text),
            EngineError::Conflict(_) => Self::new(Code::Conflict, text),
            EngineError::Outside(_) => Self::new(Code::Forbidden, text),
            EngineError::Refused { status: 400, .. } => Self::new(Code::InvalidInput, text),
            // Not for want of a right: it cannot be done to this thing, such as removing the network `bridge`.
            EngineError::Refused { status: 403, .. } => Self::new(Code::Conflict, text),
            EngineError::Refused { .. } => Self(Problem::new(Code::BackendError, "The engine refused.").detail(text)),
            EngineError::NotThisEngine => {
                tracing::error!("A permit was used on an engine it is not for.");
                Self::internal()
            }
        }
    }
}

impl From<RegistryError> for ApiError {
    fn from(error: RegistryError) -> Self {
        let text = error.to_string();
        match error {
            RegistryError::Unreachable(_) | RegistryError::BrokenOff => Self::new(Code::BackendUnreachable, text),
            RegistryError::Timeout => Self::new(Code::BackendTimeout, text),
            RegistryError::Busy => Self::new(Code::Overloaded, text),
            RegistryError::Refused(no) => {
                let (code, title) = match no.status {
                    404 => (Code::NotFound, "The registry has no such thing."),
                    405 | 501 => (Code::Conflict, "The registry does not do this."),
                    409 => (Code::Conflict, "The registry refused."),
                    429 => (Code::Overloaded, "The registry was asked too often; try again later."),
                    _ => (Code::BackendError, "The registry refused."),
                };
                Self(Problem::new(code, title).detail(text))
            }
            RegistryError::NotThisRegistry => {
                tracing::error!("A permit was used on a registry it is not for.");
                Self::internal()
            }
            RegistryError::CredentialRefused
            | RegistryError::CredentialMissing
            | RegistryError::ForeignRealm(_)
            | RegistryError::Redirect(_)
            | RegistryError::Garbled(_)
            | RegistryError::WrongDigest
            | RegistryError::BadManifest(_)
            | RegistryError::Schema1
            | RegistryError::UnknownKind => Self::new(Code::BackendError, text),
        }
    }
}

impl From<Stopped> for ApiError {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Guardrail(finding) | Stopped::Unreadable(finding) => Self::new(Code::Guardrail, finding.sentence),
            Stopped::Engine(error) => error.into(),
        }
    }
}

impl From<GuardrailError> for ApiError {
    fn from(error: GuardrailError) -> Self {
        match error {
            GuardrailError::TooMany => Self::new(Code::Conflict, "There are 500 guardrails, and there may be no more."),
            GuardrailError::Store(StoreError::Exists) => {
                Self(Problem::new(Code::Conflict, "There is a guardrail of this name already.").field("name"))
            }
            GuardrailError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists => Self::new(Code::Conflict, "It exists already."),
            StoreError::Missing => Self::new(Code::NotFound, "There is no such thing."),
            error => {
                tracing::error!(%error, "The store failed.");
                let problem = Problem::new(Code::AuditUnavailable, "The database takes nothing now, so nothing was done.");
                Self(problem.detail("Its disk is full, locked or failing. Try again once that is mended."))
            }
        }
    }
}

impl From<HouseError> for ApiError {
    fn from(error: HouseError) -> Self {
        match error {
            HouseError::LastAdmin => Self(
                Problem::new(Code::Conflict, "This would leave nobody who may do everything.").detail("Make somebody else an admin on all first."),
            ),
            HouseError::Changed => Self(Problem::new(Code::Conflict, "It was changed in the meantime.").detail("Try again.")),
            HouseError::TrailDown => Self::trail_down(),
            HouseError::NoRandomness(error) => error.into(),
            HouseError::Store(error) => error.into(),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Failed => Self::internal(),
            error => Self::field("password", error.to_string()),
        }
    }
}

impl From<crate::authn::secret::NoRandomness> for ApiError {
    fn from(_: crate::authn::secret::NoRandomness) -> Self {
        Self::internal()
    }
}
