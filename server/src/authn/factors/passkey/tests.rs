use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::json;

use super::*;

const N: &str = "24VBwsEV5YRwjGMrvHOID2d4flGkwYUIVlNy_NFzmMQiUXrD6V3AzV8ux9LLD2Hzw7nNnho1vzEfPPXmWfdwsATZaKh9tBqOlWR7irSkNweM1Gu_enIimb_mwQ6avK8qbmzUG3eN161c5VZKy7kwM4k8WINb3V-ArWk9UT19lOHl1KG9J01Pro14ntE-somAjeWYDCX1apWadTx0zpReHsw3aU1DgSJVCwrEJPlg1VilQ-hR8SMC1xOVUXJv12ngxkqRj0PWZsshExJx7F-GSznkrr9P3XWmd6RnWB-muaCobB_EdVbtvyc8sSWDlsE1p5x2DSXcrAzVh-eJpSMX8w";
const SIGNATURE: &str = "Xf4MWic7BW6RQNfW331JHjc3dM1PVCz4DzrG4urgQhf0T62nuhBSu_ygqqckmh8QGD_f95dtWCyh9pG4NZs7zfBm3eg04QUHy6hm6FsPEYsYLExrnG54mRR9Vl_kxikdDBQ2Z-bTS7X71sgs3iTICStNFk8Bol3VPHKalB7iptTQhkdEJ9La80hQ0B7kcGBcXirgIMz5Ypb2G4obFsPiEvpGH1lmccI-ZNXSaOczbCodbEqSBeZDPhFlLXJ641X2dxE5FKSdYjEgic8Bm-CoXRT5fO0Eod6W7RBKWzqfMyuDuc-BYtzIlJPtDNz5isIPcybS_VVFZvc79zyb8EgJig";

fn site() -> Site {
    Site::new("https://pilot.example")
}

fn cbor(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    ciborium::into_writer(value, &mut out).unwrap();
    out
}

fn map(fields: Vec<(i64, Value)>) -> Vec<u8> {
    cbor(&Value::Map(fields.into_iter().map(|(key, value)| (key.into(), value)).collect()))
}

fn data(rp_id: &str, flags: u8, count: u32, key: Option<&[u8]>) -> Vec<u8> {
    let mut out = [digest(&SHA256, rp_id.as_bytes()).as_ref(), &[flags], &count.to_be_bytes()].concat();
    if let Some(key) = key {
        out.extend([0; 16]);
        out.extend([0, 2]);
        out.extend(b"id");
        out.extend(key);
    }
    out
}

fn attestation(fmt: &str, statement: Vec<(Value, Value)>, data: Vec<u8>) -> Vec<u8> {
    cbor(&Value::Map(vec![("fmt".into(), fmt.into()), ("attStmt".into(), Value::Map(statement)), ("authData".into(), Value::Bytes(data))]))
}

fn ed25519() -> (Ed25519KeyPair, Vec<u8>) {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let cose = map(vec![(1, 1.into()), (3, (-8).into()), (-1, 6.into()), (-2, Value::Bytes(pair.public_key().as_ref().to_vec()))]);
    (pair, cose)
}

#[test]
fn a_passkey_is_made_and_used() {
    let (pair, cose) = ed25519();
    let made = made(&site(), &attestation("none", vec![], data("pilot.example", 0x41, 3, Some(&cose)))).unwrap();
    assert_eq!((made.id, &made.public_key, made.count), (b"id".to_vec(), &cose, 3));
    let said = b"{}";
    let by = |data: &[u8]| pair.sign(&[data, digest(&SHA256, said).as_ref()].concat()).as_ref().to_vec();
    let seen = data("pilot.example", 0x05, 4, None);
    assert_eq!(used(&site(), &cose, said, &seen, &by(&seen), true).unwrap().count, 4);
    let other_words = used(&site(), &cose, b"{ }", &seen, &by(&seen), true).unwrap_err();
    assert_eq!(other_words, PasskeyError::Signature);
    let unseen = data("pilot.example", 0x01, 4, None);
    assert!(used(&site(), &cose, said, &unseen, &by(&unseen), false).is_ok());
    assert_eq!(used(&site(), &cose, said, &unseen, &by(&unseen), true).unwrap_err(), PasskeyError::NotVerified);
    let nobody = data("pilot.example", 0x04, 4, None);
    assert_eq!(used(&site(), &cose, said, &nobody, &by(&nobody), false).unwrap_err(), PasskeyError::NotVerified);
    let elsewhere = data("evil.example", 0x05, 4, None);
    assert_eq!(used(&site(), &cose, said, &elsewhere, &by(&elsewhere), true).unwrap_err(), PasskeyError::OtherPlace);
    assert_eq!(used(&Site::new("https://10.0.0.1"), &cose, said, &seen, &by(&seen), true).unwrap_err(), PasskeyError::OtherPlace);
}

#[test]
fn each_algorithm_is_verified() {
    let rng = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &rng).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &rng).unwrap();
    let point = pair.public_key().as_ref();
    let (x, y) = (Value::Bytes(point[1..33].to_vec()), Value::Bytes(point[33..].to_vec()));
    let p256 = cose::Key::read(&map(vec![(1, 2.into()), (3, (-7).into()), (-1, 1.into()), (-2, x.clone()), (-3, y)])).unwrap();
    let signature = pair.sign(&rng, b"what is signed").unwrap();
    assert_eq!(p256.verify(b"what is signed", signature.as_ref()), Ok(()));
    assert_eq!(p256.verify(b"what is not", signature.as_ref()), Err(PasskeyError::Signature));

    let (n, e) = (Value::Bytes(decode(N, "").unwrap()), Value::Bytes(vec![1, 0, 1]));
    let rsa = cose::Key::read(&map(vec![(1, 3.into()), (3, (-257).into()), (-1, n), (-2, e)])).unwrap();
    let signature = decode(SIGNATURE, "").unwrap();
    assert_eq!(rsa.verify(b"what is signed", &signature), Ok(()));
    assert_eq!(rsa.verify(b"what is not", &signature), Err(PasskeyError::Signature));

    // A curve that does not go with its algorithm, and an algorithm that is weaker than it looks.
    let mixed = map(vec![(1, 2.into()), (3, (-8).into()), (-1, 6.into()), (-2, x)]);
    assert_eq!(cose::Key::read(&mixed).unwrap_err(), PasskeyError::Algorithm);
    assert_eq!(cose::Key::read(&map(vec![(1, 4.into()), (3, 5.into())])).unwrap_err(), PasskeyError::Algorithm);
}

#[test]
fn an_attestation_that_was_not_asked_for_is_refused() {
    let (_, cose) = ed25519();
    let good = data("pilot.example", 0x41, 0, Some(&cose));
    let packed = attestation("packed", vec![("alg".into(), (-8).into())], good.clone());
    assert_eq!(made(&site(), &packed).unwrap_err(), PasskeyError::Attestation);
    let stuffed = attestation("none", vec![("x5c".into(), Value::Array(vec![]))], good.clone());
    assert_eq!(made(&site(), &stuffed).unwrap_err(), PasskeyError::Attestation);
    assert_eq!(made(&site(), &attestation("none", vec![], data("evil.example", 0x41, 0, Some(&cose)))).unwrap_err(), PasskeyError::OtherPlace);
    assert_eq!(made(&site(), &attestation("none", vec![], data("pilot.example", 0x40, 0, Some(&cose)))).unwrap_err(), PasskeyError::NotVerified);
}

#[test]
fn noise_is_refused_and_ends_nothing() {
    let (_, cose) = ed25519();
    let good = attestation("none", vec![], data("pilot.example", 0x41, 0, Some(&cose)));
    for end in 0..good.len() {
        assert!(made(&site(), &good[..end]).is_err(), "cut at {end}");
    }
    assert!(made(&site(), &[&good[..], b"x"].concat()).is_err(), "something after the end");
    for at in 0..good.len() {
        let mut changed = good.clone();
        changed[at] ^= 0xff;
        // Whatever comes of it, it is an answer.
        let _ = made(&site(), &changed);
    }
    let deep = vec![0x81; 100_000];
    assert!(made(&site(), &deep).is_err());
    assert!(decode("a b", "x").is_err());
}

#[test]
fn the_browser_s_words_are_about_this_deed_and_this_place() {
    let read = |kind: &str, origin: &str, cross: bool| {
        let json = json!({ "type": kind, "challenge": "abc", "origin": origin, "crossOrigin": cross, "later": 1 }).to_string();
        ClientData::read(json.as_bytes(), Deed::Use, &site()).map(|said| said.challenge)
    };
    assert_eq!(read("webauthn.get", "https://pilot.example", false), Ok("abc".to_owned()));
    assert!(read("webauthn.create", "https://pilot.example", false).is_err());
    for elsewhere in ["https://evil.example", "http://pilot.example", "https://pilot.example:8443", "https://pilot.example.evil.example"] {
        assert_eq!(read("webauthn.get", elsewhere, false), Err(PasskeyError::OtherPlace), "{elsewhere}");
    }
    assert_eq!(read("webauthn.get", "https://pilot.example", true), Err(PasskeyError::OtherPlace));
}
