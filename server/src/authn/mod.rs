//! From a credential to a [`Principal`]. Local users, browser sessions, personal tokens and client certificates; and who else says who
//! somebody is.

pub mod device;
pub mod factors;
pub mod ldap;
pub mod oidc;
pub mod password;
pub mod registry_token;
pub mod secret;
pub mod throttle;

mod credentials;
mod person;
mod principal;

pub use credentials::{Credentials, Known, SESSION_ABSOLUTE_MS};
pub use person::{NotVouched, Person};
pub use principal::{Credential, Door, Origin, Principal};

use http::{HeaderMap, header};

/// The session cookie. `__Host-`: only over a secure channel (loopback counts), only to this host, for every path.
pub const COOKIE: &str = "__Host-pilothouse";

/// No username or secret that comes along is longer, in bytes.
const LONGEST_BASIC: usize = 1024;

/// The value of our cookie, if exactly one was sent.
pub fn session_secret(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, COOKIE)
}

/// The value of the cookie `name`, if exactly one was sent.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='));
    let first = ours.next()?;
    ours.next().is_none().then_some(first)
}

/// The token of `Authorization: Bearer`, if exactly one such header was sent and it is shaped like one of ours.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let only = all.next()?.to_str().ok()?;
    if all.next().is_some() {
        return None;
    }
    let (scheme, token) = only.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && secret::is_token(token)).then_some(token)
}

/// The username and the secret of `Authorization: Basic`.
pub fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let only = all.next()?.to_str().ok()?;
    if all.next().is_some() {
        return None;
    }
    let (scheme, text) = only.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(data_encoding::BASE64.decode(text.trim().as_bytes()).ok()?).ok()?;
    let (name, given) = text.split_once(':')?;
    (name.len() <= LONGEST_BASIC && given.len() <= LONGEST_BASIC).then(|| (name.to_owned(), given.to_owned()))
}

/// A user's name in its one spelling; `None` when it cannot be one.
pub fn username(text: &str) -> Option<&str> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-');
    let starts = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    (starts && text.len() <= 64 && text.bytes().all(fits)).then_some(text)
}
