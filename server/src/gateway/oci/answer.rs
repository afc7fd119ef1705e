//! What registries answer, read in one way.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header, response};
use http_body_util::{BodyExt, Limited};

use super::refusal::{Code, Refusal};
use crate::{access::is_digest, backends::oci::Answer};

/// How long until the head of an answer that comes soon.
pub const PROMPT: Duration = Duration::from_secs(30);
/// How long until the head of an answer that comes once a blob is put together.
pub const SLOW: Duration = Duration::from_secs(900);
/// How long the whole of an answer that is read may take.
const WHOLE: Duration = Duration::from_secs(60);
/// The largest list that is read, in bytes.
pub const LARGEST_LIST: usize = 8 * 1024 * 1024;
/// As much is read of an answer that says no.
const LARGEST_ERROR: usize = 64 * 1024;
/// How long a registry's own words may be, in characters.
const WORDS: usize = 200;

pub const DIGEST: &str = "docker-content-digest";

/// Reads an answer whole, up to `most` bytes.
pub async fn whole(answer: Answer, most: usize) -> Result<(response::Parts, Bytes), Refusal> {
    let (parts, body) = answer.response.into_parts();
    match tokio::time::timeout(WHOLE, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok((parts, body.to_bytes())),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(Refusal::garbled("it is longer than it may be")),
        Ok(Err(_)) => Err(Refusal::garbled("it broke off before its end")),
        Err(_) => Err(crate::backends::oci::RegistryError::Timeout.into()),
    }
}

/// What an answer that says no comes to; `unknown` is what is not there where it says 404 and no more.
pub async fn refused(answer: Answer, unknown: Code) -> Refusal {
    let status = answer.response.status();
    let wait = answer.response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).filter(|text| text.parse::<u32>().is_ok());
    let wait = wait.map(str::to_owned);
    let said = match whole(answer, LARGEST_ERROR).await {
        Ok((_, body)) => serde_json::from_slice::<serde_json::Value>(&body).unwrap_or_default(),
        Err(_) => serde_json::Value::Null,
    };
    let first = &said["errors"][0];
    let code = first["code"].as_str().and_then(Code::named);
    let words: String = first["message"].as_str().unwrap_or_default().chars().filter(|c| !c.is_control()).take(WORDS).collect();
    let sentence = if words.is_empty() { format!("The registry answered with {}.", status.as_u16()) } else { format!("The registry says: {words}.") };
    match status.as_u16() {
        404 => Refusal::not_found(code.unwrap_or(unknown), sentence),
        400 | 409 | 412 | 413 | 415 => Refusal::new(status, code.unwrap_or(Code::Unknown), sentence),
        405 | 501 => Refusal::new(StatusCode::METHOD_NOT_ALLOWED, Code::Unsupported, "The registry does not do this."),
        416 => Refusal::new(status, code.unwrap_or(Code::RangeInvalid), sentence),
        // To sign in again would not help: it is Pilothouse that is not let in.
        403 => Refusal::new(StatusCode::FORBIDDEN, Code::Denied, format!("The registry does not let Pilothouse do this. {sentence}")),
        429 => {
            let refusal = Refusal::new(status, Code::TooManyRequests, sentence);
            match wait {
                Some(wait) => refusal.with(header::RETRY_AFTER, &wait),
                None => refusal,
            }
        }
        _ => Refusal::new(StatusCode::BAD_GATEWAY, Code::Unavailable, sentence),
    }
}

/// The value of a header that comes once.
pub fn one<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(first)
}

/// The digest that an answer says it is about.
pub fn digest(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    match headers.get(DIGEST) {
        None => Ok(None),
        Some(_) => match one(headers, DIGEST).filter(|text| is_digest(text)) {
            Some(digest) => Ok(Some(digest.to_owned())),
            None => Err(Refusal::garbled("the digest that it names is none")),
        },
    }
}

/// Makes sure that an answer is about `digest`, if it says what it is about.
pub fn about(headers: &HeaderMap, expected: &str) -> Result<(), Refusal> {
    match digest(headers)? {
        // By another algorithm it may name the same.
        Some(named) if named != expected && named.split(':').next() == expected.split(':').next() => {
            Err(Refusal::garbled("it is about another digest"))
        }
        _ => Ok(()),
    }
}

/// The length that an answer says it has.
pub fn length(headers: &HeaderMap) -> Option<u64> {
    one(headers, "content-length").filter(|text| text.bytes().all(|b| b.is_ascii_digit())).and_then(|text| text.parse().ok())
}

/// A header of ours.
pub fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}
