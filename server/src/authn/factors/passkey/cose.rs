//! Public keys as COSE writes them (RFC 9053, RFC 8812), and their signatures.

use ciborium::Value;
use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};

use super::PasskeyError;

const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;
/// The algorithms that are taken, the most wanted first.
pub const ALGORITHMS: [i64; 3] = [EDDSA, ES256, RS256];

const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;

#[derive(Debug)]
pub enum Key {
    /// A point of P-256, uncompressed.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

impl Key {
    pub fn read(cose: &[u8]) -> Result<Self, PasskeyError> {
        let Ok(Value::Map(fields)) = ciborium::from_reader::<Value, _>(cose) else { return Err(PasskeyError::Unreadable("the public key")) };
        let field = |label: i64| fields.iter().find(|(key, _)| *key == Value::from(label)).map(|(_, value)| value);
        let number = |label| field(label).and_then(Value::as_integer).and_then(|number| i64::try_from(number).ok());
        let bytes = |label| field(label).and_then(Value::as_bytes).cloned().unwrap_or_default();
        let (curve, x) = (number(-1), bytes(-2));
        match (number(KEY_TYPE), number(ALGORITHM)) {
            (Some(2), Some(ES256)) if curve == Some(1) && x.len() == 32 && bytes(-3).len() == 32 => {
                Ok(Self::P256([&[4][..], &x, &bytes(-3)].concat()))
            }
            (Some(1), Some(EDDSA)) if curve == Some(6) && x.len() == 32 => Ok(Self::Ed25519(x)),
            (Some(3), Some(RS256)) if !bytes(-1).is_empty() && !x.is_empty() => Ok(Self::Rsa { n: bytes(-1), e: x }),
            _ => Err(PasskeyError::Algorithm),
        }
    }

    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), PasskeyError> {
        let verified = match self {
            Self::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Self::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point).verify(message, signature),
            Self::Rsa { n, e } => RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
        };
        verified.map_err(|_| PasskeyError::Signature)
    }
}
