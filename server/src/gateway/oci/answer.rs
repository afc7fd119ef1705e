//! What registries answer, for clients of the spec; [`crate::backends::oci::answer`] reads it.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::refusal::{Code, Refusal};
use crate::backends::oci::{
    Answer, RegistryError,
    answer::{No, no},
};

pub use crate::backends::oci::answer::{DIGEST, SLOW, about, length, one};

/// What an answer that says no comes to; `unknown` is what is not there where it says 404 and no more.
pub async fn refused(answer: Answer, unknown: Code) -> Refusal {
    of_no(no(answer).await, unknown)
}

/// What an error comes to; `unknown` is the same.
pub fn failed(error: RegistryError, unknown: Code) -> Refusal {
    match error {
        RegistryError::Refused(no) => of_no(no, unknown),
        error => error.into(),
    }
}

fn of_no(no: No, unknown: Code) -> Refusal {
    let No { status, code, sentence, wait } = no;
    let code = code.as_deref().and_then(Code::named);
    let same = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    match status {
        404 => Refusal::not_found(code.unwrap_or(unknown), sentence),
        400 | 409 | 412 | 413 | 415 => Refusal::new(same, code.unwrap_or(Code::Unknown), sentence),
        405 | 501 => Refusal::new(StatusCode::METHOD_NOT_ALLOWED, Code::Unsupported, "The registry does not do this."),
        416 => Refusal::new(same, code.unwrap_or(Code::RangeInvalid), sentence),
        // To sign in again would not help: it is Pilothouse that is not let in.
        403 => Refusal::new(StatusCode::FORBIDDEN, Code::Denied, format!("The registry does not let Pilothouse do this. {sentence}")),
        429 => {
            let refusal = Refusal::new(same, Code::TooManyRequests, sentence);
            match wait {
                Some(wait) => refusal.with(header::RETRY_AFTER, &wait),
                None => refusal,
            }
        }
        _ => Refusal::new(StatusCode::BAD_GATEWAY, Code::Unavailable, sentence),
    }
}

/// A header of ours.
pub fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
