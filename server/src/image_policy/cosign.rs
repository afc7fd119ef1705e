//! cosign's older way of signing: a tag beside the image, whose layers are payloads in Red Hat's "simple signing" form, each with its signature.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde::Deserialize;

use super::keys::Key;

/// What a payload is called as a layer.
pub const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// What a manifest of them is called where it is attached, and not under a tag.
pub const ARTIFACT: &str = "application/vnd.dev.cosign.artifact.sig.v1+json";
/// The largest payload that is read, in bytes.
pub const LARGEST: usize = 64 * 1024;

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const KIND: &str = "cosign container image signature";

#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

/// Whether a payload says of this very digest that one of `keys` has signed it. `annotations` are those of its layer.
pub fn is_signed(payload: &[u8], annotations: &BTreeMap<String, String>, digest: &str, keys: &[Key]) -> bool {
    let Some(signature) = annotations.get(SIGNATURE).and_then(|text| BASE64.decode(text.as_bytes()).ok()) else { return false };
    // What nobody has signed is not even read.
    if !keys.iter().any(|key| key.has_signed(payload, &signature)) {
        return false;
    }
    serde_json::from_slice::<Payload>(payload).is_ok_and(|said| said.critical.kind == KIND && said.critical.image.digest == digest)
}

#[cfg(test)]
mod tests {
    use data_encoding::BASE64;
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
    };
    use serde_json::json;

    use super::*;

    /// The fixed beginning of a P-256 key's SubjectPublicKeyInfo; the point follows.
    const P256: &[u8] = &[
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
        0x03, 0x42, 0x00,
    ];

    fn pair() -> (EcdsaKeyPair, Key) {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let key = Key::read(&BASE64.encode(&[P256, pair.public_key().as_ref()].concat())).unwrap();
        (pair, key)
    }

    fn payload(digest: &str, kind: &str) -> Vec<u8> {
        let critical = json!({ "identity": { "docker-reference": "r.example/app" }, "image": { "docker-manifest-digest": digest }, "type": kind });
        json!({ "critical": critical, "optional": null }).to_string().into_bytes()
    }

    fn signed(pair: &EcdsaKeyPair, payload: &[u8]) -> BTreeMap<String, String> {
        let signature = pair.sign(&SystemRandom::new(), payload).unwrap();
        BTreeMap::from([(SIGNATURE.to_owned(), BASE64.encode(signature.as_ref()))])
    }

    #[test]
    fn a_signature_is_by_this_key_of_this_digest_and_of_nothing_else() {
        let (pair, key) = self::pair();
        let (other_pair, other) = self::pair();
        let (this, that) = (format!("sha256:{}", "1".repeat(64)), format!("sha256:{}", "2".repeat(64)));
        let payload = self::payload(&this, KIND);
        let by = signed(&pair, &payload);
        assert!(is_signed(&payload, &by, &this, &[other.clone(), key.clone()]));
        assert!(!is_signed(&payload, &by, &this, &[other]), "another key");
        assert!(!is_signed(&payload, &by, &this, &[]), "no key");
        assert!(!is_signed(&payload, &by, &that, &[key.clone()]), "another digest");
        assert!(!is_signed(&self::payload(&that, KIND), &by, &that, &[key.clone()]), "tampered with");
        assert!(!is_signed(&payload, &signed(&other_pair, &payload), &this, &[key.clone()]), "signed by another one");
        assert!(!is_signed(&payload, &BTreeMap::new(), &this, &[key.clone()]), "no signature");
        let odd = self::payload(&this, "something else");
        assert!(!is_signed(&odd, &signed(&pair, &odd), &this, &[key]), "signed, but not as an image");
    }

    #[test]
    fn a_key_is_one_of_a_known_kind() {
        let (pair, _) = self::pair();
        let der = BASE64.encode(&[P256, pair.public_key().as_ref()].concat());
        assert!(Key::read(&format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n")).is_ok());
        for bad in ["", "x", "-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", &der[..40]] {
            assert!(Key::read(bad).is_err(), "{bad}");
        }
    }
}
