//! What registries answer, read in one way: up to a cap, within a deadline, and held against its digest.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header, response};
use http_body_util::{BodyExt, Limited};
use ring::digest;

use super::{Answer, RegistryError};
use crate::access::is_digest;

/// How long until the head of an answer that comes soon.
pub const PROMPT: Duration = Duration::from_secs(30);
/// The same of one that comes once a registry has put away what it was sent.
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

/// An answer that says no.
#[derive(Debug, Eq, PartialEq)]
pub struct No {
    pub status: u16,
    /// The first of its codes, as the spec names them.
    pub code: Option<String>,
    /// One sentence.
    pub sentence: String,
    /// How long to wait before it is asked again, in seconds.
    pub wait: Option<String>,
}

/// Reads an answer whole, up to `most` bytes.
///
/// # Errors
/// When it is longer, breaks off, or takes too long.
pub async fn whole(answer: Answer, most: usize) -> Result<(response::Parts, Bytes), RegistryError> {
    let (parts, body) = answer.response.into_parts();
    match tokio::time::timeout(WHOLE, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok((parts, body.to_bytes())),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(RegistryError::Garbled("it is longer than it may be")),
        Ok(Err(_)) => Err(RegistryError::Garbled("it broke off before its end")),
        Err(_) => Err(RegistryError::Timeout),
    }
}

/// The same of an answer that is to say yes: one that says no, or sends elsewhere, is an error.
///
/// # Errors
/// As of [`whole`], and what a registry that says no says.
pub async fn granted(answer: Answer, most: usize) -> Result<(response::Parts, Bytes), RegistryError> {
    if answer.elsewhere.is_some() {
        return Err(RegistryError::Redirect("it sends elsewhere, which is handed on and not followed"));
    }
    if answer.response.status() != StatusCode::OK {
        return Err(RegistryError::Refused(no(answer).await));
    }
    whole(answer, most).await
}

/// What was read, if it is there: what a registry does not have is nothing, and no error.
///
/// # Errors
/// All others.
pub fn there<T>(read: Result<T, RegistryError>) -> Result<Option<T>, RegistryError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(RegistryError::Refused(no)) if no.status == 404 => Ok(None),
        Err(error) => Err(error),
    }
}

/// What an answer that says no says.
pub async fn no(answer: Answer) -> No {
    let status = answer.response.status().as_u16();
    let wait = one(answer.response.headers(), header::RETRY_AFTER.as_str()).filter(|text| text.parse::<u32>().is_ok()).map(str::to_owned);
    let said = match whole(answer, LARGEST_ERROR).await {
        Ok((_, body)) => serde_json::from_slice::<serde_json::Value>(&body).unwrap_or_default(),
        Err(_) => serde_json::Value::Null,
    };
    let first = &said["errors"][0];
    let code = first["code"].as_str().map(|code| code.chars().take(64).collect());
    let words: String = first["message"].as_str().unwrap_or_default().chars().filter(|c| !c.is_control()).take(WORDS).collect();
    let sentence = if words.is_empty() { format!("The registry answered with {status}.") } else { format!("The registry says: {words}.") };
    No { status, code, sentence, wait }
}

/// The value of a header that comes once.
pub fn one<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok()?;
    all.next().is_none().then_some(first)
}

/// The digest that an answer says it is about.
///
/// # Errors
/// When what it says is none.
pub fn digest(headers: &HeaderMap) -> Result<Option<String>, RegistryError> {
    match headers.get(DIGEST) {
        None => Ok(None),
        Some(_) => match one(headers, DIGEST).filter(|text| is_digest(text)) {
            Some(digest) => Ok(Some(digest.to_owned())),
            None => Err(RegistryError::Garbled("the digest that it names is none")),
        },
    }
}

/// Makes sure that an answer is about `digest`, if it says what it is about.
///
/// # Errors
/// When it is about another one.
pub fn about(headers: &HeaderMap, expected: &str) -> Result<(), RegistryError> {
    match digest(headers)? {
        // By another algorithm it may name the same.
        Some(named) if named != expected && named.split(':').next() == expected.split(':').next() => {
            Err(RegistryError::Garbled("it is about another digest"))
        }
        _ => Ok(()),
    }
}

/// The length that an answer says it has.
pub fn length(headers: &HeaderMap) -> Option<u64> {
    one(headers, "content-length").filter(|text| text.bytes().all(|b| b.is_ascii_digit())).and_then(|text| text.parse().ok())
}

/// Holds bytes against a digest.
pub struct Check {
    context: digest::Context,
    expected: String,
}

impl Check {
    /// For `digest`, which is one by sha256 or sha512.
    pub fn new(digest: &str) -> Self {
        let algorithm = if digest.starts_with("sha512:") { &digest::SHA512 } else { &digest::SHA256 };
        Self { context: digest::Context::new(algorithm), expected: digest.split(':').nth(1).unwrap_or_default().to_owned() }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    pub fn holds(self) -> bool {
        data_encoding::HEXLOWER.encode(self.context.finish().as_ref()) == self.expected
    }
}

/// Whether `bytes` are what `digest` says.
pub fn is(bytes: &[u8], digest: &str) -> bool {
    let mut check = Check::new(digest);
    check.update(bytes);
    check.holds()
}

/// The digest of `bytes`, by sha256.
pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", data_encoding::HEXLOWER.encode(digest::digest(&digest::SHA256, bytes).as_ref()))
}
