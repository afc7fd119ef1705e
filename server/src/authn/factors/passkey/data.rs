//! What the authenticator says: section 6.1.

use ciborium::Value;

use super::PasskeyError;

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HAS_KEY: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;
/// The make of the authenticator, which is passed over.
const AAGUID: usize = 16;

#[derive(Debug)]
pub struct AuthenticatorData {
    pub rp_id_hash: [u8; 32],
    pub present: bool,
    pub verified: bool,
    pub count: u32,
    /// Only when one was just made.
    pub key: Option<NewKey>,
}

#[derive(Debug)]
pub struct NewKey {
    pub id: Vec<u8>,
    /// As a COSE key, just as it came.
    pub public_key: Vec<u8>,
}

impl AuthenticatorData {
    /// Reads all of it: what is left over is a mistake.
    pub fn read(bytes: &[u8]) -> Result<Self, PasskeyError> {
        let mut rest = bytes;
        let rp_id_hash = take(&mut rest)?;
        let [flags] = take(&mut rest)?;
        let count = u32::from_be_bytes(take(&mut rest)?);
        let key = if flags & HAS_KEY != 0 { Some(NewKey::read(&mut rest)?) } else { None };
        if flags & HAS_EXTENSIONS != 0 {
            one_value(&mut rest)?;
        }
        if !rest.is_empty() {
            return Err(unreadable());
        }
        Ok(Self { rp_id_hash, present: flags & PRESENT != 0, verified: flags & VERIFIED != 0, count, key })
    }
}

impl NewKey {
    fn read(rest: &mut &[u8]) -> Result<Self, PasskeyError> {
        let _: [u8; AAGUID] = take(rest)?;
        let length = usize::from(u16::from_be_bytes(take(rest)?));
        let (id, after) = rest.split_at_checked(length).ok_or_else(unreadable)?;
        *rest = after;
        let public_key = one_value(rest)?;
        Ok(Self { id: id.to_vec(), public_key })
    }
}

fn unreadable() -> PasskeyError {
    PasskeyError::Unreadable("the authenticator's data")
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], PasskeyError> {
    let (first, after) = rest.split_first_chunk::<N>().ok_or_else(unreadable)?;
    *rest = after;
    Ok(*first)
}

/// The bytes of the one CBOR value that comes next.
fn one_value(rest: &mut &[u8]) -> Result<Vec<u8>, PasskeyError> {
    let before = *rest;
    ciborium::from_reader::<Value, _>(&mut *rest).map_err(|_| unreadable())?;
    Ok(before.get(..before.len() - rest.len()).unwrap_or_default().to_vec())
}
