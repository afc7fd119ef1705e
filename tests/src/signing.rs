//! Signatures of images, made as cosign makes them.

use data_encoding::BASE64;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::json;

use crate::registry::{Client, MANIFEST, part};

/// The fixed beginning of a P-256 key's SubjectPublicKeyInfo; the point follows.
const P256: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03,
    0x42, 0x00,
];
const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const IN_TOTO: &str = "application/vnd.in-toto+json";

/// Somebody who signs, by a key of their own.
pub struct Signer {
    pair: EcdsaKeyPair,
    /// The public half, as PEM.
    pub key: String,
}

impl Default for Signer {
    fn default() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap();
        let der = BASE64.encode(&[P256, pair.public_key().as_ref()].concat());
        let key = format!("-----BEGIN PUBLIC KEY-----\n{}\n{}\n-----END PUBLIC KEY-----\n", &der[..64], &der[64..]);
        Self { pair, key }
    }
}

impl Signer {
    fn signature(&self, message: &[u8]) -> String {
        BASE64.encode(self.pair.sign(&SystemRandom::new(), message).unwrap().as_ref())
    }

    /// A manifest with this signer's signature of `image`, as it lies under a tag.
    fn signed(&self, client: &Client<'_>, repository: &str, image: &str) -> String {
        let critical = json!({
            "identity": { "docker-reference": repository },
            "image": { "docker-manifest-digest": image },
            "type": "cosign container image signature",
        });
        let payload = json!({ "critical": critical, "optional": null }).to_string();
        client.push_blob(repository, "{}");
        client.push_blob(repository, &payload);
        let mut layer = part(PAYLOAD, &payload);
        layer["annotations"] = json!({ "dev.cosignproject.cosign/signature": self.signature(payload.as_bytes()) });
        let config = part("application/vnd.oci.image.config.v1+json", "{}");
        json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer] }).to_string()
    }

    /// Signs an image under the tag that cosign has for it.
    pub fn sign(&self, client: &Client<'_>, repository: &str, image: &str) {
        self.sign_as(client, repository, image, image);
    }

    /// Lays the signature of one image under the tag of another one.
    pub fn sign_as(&self, client: &Client<'_>, repository: &str, image: &str, of: &str) {
        let manifest = self.signed(client, repository, image);
        let answer = client.put_manifest(repository, &format!("{}.sig", of.replace(':', "-")), MANIFEST, &manifest);
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    /// Attaches a bundle that states `predicate` of an image.
    pub fn attach(&self, client: &Client<'_>, repository: &str, image: &str, predicate: &str) {
        let hex = image.trim_start_matches("sha256:");
        let subject = json!([{ "digest": { "sha256": hex } }]);
        let statement = json!({ "_type": "https://in-toto.io/Statement/v1", "subject": subject, "predicateType": predicate, "predicate": {} });
        let statement = statement.to_string();
        let signed = format!("DSSEv1 {} {IN_TOTO} {} {statement}", IN_TOTO.len(), statement.len());
        let signatures = json!([{ "sig": self.signature(signed.as_bytes()), "keyid": "" }]);
        let envelope = json!({ "payload": BASE64.encode(statement.as_bytes()), "payloadType": IN_TOTO, "signatures": signatures });
        let material = json!({ "publicKey": { "hint": "test" }, "tlogEntries": [] });
        let bundle = json!({ "mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope });
        client.attach(repository, image, BUNDLE, &bundle.to_string());
    }
}
