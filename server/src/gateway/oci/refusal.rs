//! Refusals in the shape of the distribution spec: `{"errors": [{"code", "message"}]}`.

use http::{HeaderValue, Response, StatusCode, header};

use super::door::Body;
use crate::backends::oci::{RegistryError, full};

/// The codes of the spec, and those of Docker's that clients know.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Code {
    BlobUnknown,
    BlobUploadInvalid,
    BlobUploadUnknown,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameInvalid,
    NameUnknown,
    PaginationNumberInvalid,
    RangeInvalid,
    SizeInvalid,
    TagInvalid,
    Unauthorized,
    Denied,
    Unsupported,
    TooManyRequests,
    Unavailable,
    Unknown,
}

const NAMES: &[(Code, &str)] = &[
    (Code::BlobUnknown, "BLOB_UNKNOWN"),
    (Code::BlobUploadInvalid, "BLOB_UPLOAD_INVALID"),
    (Code::BlobUploadUnknown, "BLOB_UPLOAD_UNKNOWN"),
    (Code::DigestInvalid, "DIGEST_INVALID"),
    (Code::ManifestBlobUnknown, "MANIFEST_BLOB_UNKNOWN"),
    (Code::ManifestInvalid, "MANIFEST_INVALID"),
    (Code::ManifestUnknown, "MANIFEST_UNKNOWN"),
    (Code::NameInvalid, "NAME_INVALID"),
    (Code::NameUnknown, "NAME_UNKNOWN"),
    (Code::PaginationNumberInvalid, "PAGINATION_NUMBER_INVALID"),
    (Code::RangeInvalid, "RANGE_INVALID"),
    (Code::SizeInvalid, "SIZE_INVALID"),
    (Code::TagInvalid, "TAG_INVALID"),
    (Code::Unauthorized, "UNAUTHORIZED"),
    (Code::Denied, "DENIED"),
    (Code::Unsupported, "UNSUPPORTED"),
    (Code::TooManyRequests, "TOOMANYREQUESTS"),
    (Code::Unavailable, "UNAVAILABLE"),
    (Code::Unknown, "UNKNOWN"),
];

impl Code {
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(code, _)| *code == self).map_or("UNKNOWN", |(_, name)| name)
    }

    /// The code that a registry gave.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "MANIFEST_UNVERIFIED" => Some(Code::ManifestInvalid),
            name => NAMES.iter().find(|(_, known)| *known == name).map(|(code, _)| *code),
        }
    }
}

/// Why a request is not answered as it was asked.
#[derive(Debug)]
pub struct Refusal {
    pub status: StatusCode,
    pub code: Code,
    pub message: String,
    /// What the answer says besides.
    pub headers: Vec<(header::HeaderName, HeaderValue)>,
    /// It was not for want of a registry or of sense, but of a right.
    pub by_right: bool,
}

impl Refusal {
    pub fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), headers: Vec::new(), by_right: false }
    }

    pub fn bad(code: Code, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub fn not_found(code: Code, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    /// The registry's answer cannot be passed on.
    pub fn garbled(why: &'static str) -> Self {
        RegistryError::Garbled(why).into()
    }

    /// For want of a right.
    pub fn denied(message: impl Into<String>) -> Self {
        Self { by_right: true, ..Self::new(StatusCode::FORBIDDEN, Code::Denied, message) }
    }

    /// What may not be seen, in the words of a registry that has no such thing.
    pub fn no_such_repository() -> Self {
        Self::not_found(Code::NameUnknown, "There is no such repository, or you may not see it.")
    }

    pub fn trail_down() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, "The audit trail cannot be written now, so nothing was done.")
    }

    pub fn with(mut self, name: header::HeaderName, value: &str) -> Self {
        self.headers.extend(HeaderValue::try_from(value).ok().map(|value| (name, value)));
        self
    }

    pub fn answer(self) -> Response<Body> {
        let json = serde_json::json!({ "errors": [{ "code": self.code.name(), "message": self.message }] }).to_string();
        let mut response = Response::new(full(json.into()));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response.headers_mut().extend(self.headers);
        response
    }
}

impl From<RegistryError> for Refusal {
    fn from(error: RegistryError) -> Self {
        let (status, code) = match &error {
            RegistryError::Timeout => (StatusCode::GATEWAY_TIMEOUT, Code::Unavailable),
            RegistryError::Busy => (StatusCode::SERVICE_UNAVAILABLE, Code::TooManyRequests),
            RegistryError::CredentialRefused | RegistryError::CredentialMissing => (StatusCode::FORBIDDEN, Code::Denied),
            RegistryError::WrongDigest => (StatusCode::BAD_GATEWAY, Code::DigestInvalid),
            RegistryError::BadManifest(_) => (StatusCode::BAD_GATEWAY, Code::ManifestInvalid),
            RegistryError::NotThisRegistry => (StatusCode::INTERNAL_SERVER_ERROR, Code::Unknown),
            _ => (StatusCode::BAD_GATEWAY, Code::Unavailable),
        };
        Self::new(status, code, error.to_string())
    }
}
