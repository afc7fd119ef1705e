//! Public keys that sign images: read, and held against what they are said to have signed.

use data_encoding::BASE64;
use rustls::pki_types::{SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer, pem::PemObject};
use webpki::{RawPublicKeyEntity, ring};

/// What keys sign by, each with the hash that sigstore has it sign by.
const ALGORITHMS: [&dyn SignatureVerificationAlgorithm; 4] =
    [ring::ECDSA_P256_SHA256, ring::ECDSA_P384_SHA384, ring::ED25519, ring::RSA_PKCS1_2048_8192_SHA256];

/// A public key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Key(SubjectPublicKeyInfoDer<'static>);

impl Key {
    /// Reads a key: PEM, or what is between its first line and its last.
    ///
    /// # Errors
    /// One sentence about why it is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let der = match text.starts_with("-----") {
            true => SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes()).ok(),
            false => BASE64.decode(text.split_whitespace().collect::<String>().as_bytes()).ok().map(SubjectPublicKeyInfoDer::from),
        };
        let key = Self(der.ok_or("This is no public key: it begins with -----BEGIN PUBLIC KEY-----.")?);
        // A signature that is none is found out only by the algorithm that the key is for.
        let is_known = |algorithm: &&dyn SignatureVerificationAlgorithm| {
            let entity = RawPublicKeyEntity::try_from(&key.0);
            entity.is_ok_and(|entity| entity.verify_signature(*algorithm, b"", b"") == Err(webpki::Error::InvalidSignatureForPublicKey))
        };
        if ALGORITHMS.iter().any(is_known) {
            return Ok(key);
        }
        Err("This key is of no kind that is known here: ECDSA on P-256 or P-384, Ed25519, or RSA of 2048 bits or more.".to_owned())
    }

    /// Whether this key has signed this message.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(entity) = RawPublicKeyEntity::try_from(&self.0) else { return false };
        ALGORITHMS.iter().any(|algorithm| entity.verify_signature(*algorithm, message, signature).is_ok())
    }
}
