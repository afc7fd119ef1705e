//! Passkeys: the checks of W3C Web Authentication level 2, sections 7.1 (making one) and 7.2 (using one).
//!
//! No attestation is asked for and only `none` is taken: which make an authenticator is of is nobody's business here. The challenge is
//! looked up by who calls, and is gone by that: it works once.

mod client;
mod cose;
mod data;

pub use client::{ClientData, Deed};
pub use cose::ALGORITHMS;

use ciborium::Value;
use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};

use super::Site;
use data::AuthenticatorData;

/// The longest credential id that there may be.
const LONGEST_ID: usize = 1023;

/// Why a passkey is not taken.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum PasskeyError {
    #[error("What the browser sent of the passkey cannot be read: {0}.")]
    Unreadable(&'static str),
    #[error("This passkey was used for another address. Open Pilothouse at its own address, which is in its settings as external_url.")]
    OtherPlace,
    #[error("The authenticator did not see who used it. Use one that asks for a PIN, a fingerprint or a face.")]
    NotVerified,
    #[error("The authenticator tells what make it is, which was not asked for. Use another one.")]
    Attestation,
    #[error("The authenticator uses an algorithm that is not known here. Use another one.")]
    Algorithm,
    #[error("The passkey's signature is wrong.")]
    Signature,
}

/// A passkey that was just made.
#[derive(Debug)]
pub struct Passkey {
    pub id: Vec<u8>,
    /// As a COSE key.
    pub public_key: Vec<u8>,
    pub count: u32,
}

/// A use of a passkey whose signature is right.
#[derive(Debug)]
pub struct Used {
    pub count: u32,
}

/// What a browser sends in base64url.
pub fn decode(text: &str, what: &'static str) -> Result<Vec<u8>, PasskeyError> {
    BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes()).map_err(|_| PasskeyError::Unreadable(what))
}

/// What a browser is sent.
pub fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Checks a passkey that was made for `site`, out of its attestation object. The client data was looked at before.
pub fn made(site: &Site, attestation: &[u8]) -> Result<Passkey, PasskeyError> {
    let unreadable = || PasskeyError::Unreadable("the attestation");
    let mut rest = attestation;
    let Ok(Value::Map(fields)) = ciborium::from_reader::<Value, _>(&mut rest) else { return Err(unreadable()) };
    if !rest.is_empty() {
        return Err(unreadable());
    }
    let field = |name: &str| fields.iter().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value);
    let nothing = field("attStmt").and_then(Value::as_map).is_some_and(Vec::is_empty);
    if field("fmt").and_then(Value::as_text) != Some("none") || !nothing {
        return Err(PasskeyError::Attestation);
    }
    let data = AuthenticatorData::read(field("authData").and_then(Value::as_bytes).ok_or_else(unreadable)?)?;
    check(site, &data, false)?;
    let Some(key) = data.key else { return Err(unreadable()) };
    if key.id.is_empty() || key.id.len() > LONGEST_ID {
        return Err(unreadable());
    }
    cose::Key::read(&key.public_key)?;
    Ok(Passkey { id: key.id, public_key: key.public_key, count: data.count })
}

/// Checks a use of the passkey with this public key. `verified`: its user must have been seen by the authenticator.
pub fn used(
    site: &Site,
    public_key: &[u8],
    client_data: &[u8],
    authenticator_data: &[u8],
    signature: &[u8],
    verified: bool,
) -> Result<Used, PasskeyError> {
    let data = AuthenticatorData::read(authenticator_data)?;
    check(site, &data, verified)?;
    let signed = [authenticator_data, digest(&SHA256, client_data).as_ref()].concat();
    cose::Key::read(public_key)?.verify(&signed, signature)?;
    Ok(Used { count: data.count })
}

/// That it is for this place, and that somebody was there.
fn check(site: &Site, data: &AuthenticatorData, verified: bool) -> Result<(), PasskeyError> {
    let here = site.rp_id.as_ref().is_some_and(|id| digest(&SHA256, id.as_bytes()).as_ref() == data.rp_id_hash);
    match () {
        () if !here => Err(PasskeyError::OtherPlace),
        () if !data.present || verified && !data.verified => Err(PasskeyError::NotVerified),
        () => Ok(()),
    }
}

#[cfg(test)]
mod tests;
