//! Passkeys, by an authenticator of our own that makes what a browser would send.

use data_encoding::BASE64URL_NOPAD;
use ring::{
    digest::{SHA256, digest},
    signature::{Ed25519KeyPair, KeyPair},
};
use serde_json::{Value, json};

use super::{Browser, awaited, somebody};
use pilothouse_tests::sandbox::{House, PASSWORD};

pub const HERE: &str = "https://pilot.example";
pub const PRESENT: u8 = 0x01;
pub const VERIFIED: u8 = 0x04;

fn house() -> House {
    House::with_settings(&[], &format!("external_url = \"{HERE}\"\n"))
}

fn text(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// One key of one user, as an authenticator keeps it.
pub struct Authenticator {
    pair: Ed25519KeyPair,
    id: Vec<u8>,
    handle: Value,
    count: u32,
}

fn client_data(kind: &str, challenge: &Value, origin: &str) -> Vec<u8> {
    json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false }).to_string().into_bytes()
}

impl Authenticator {
    pub fn new(seed: u8) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
        Self { pair, id: vec![seed; 16], handle: Value::Null, count: 0 }
    }

    fn data(&self, flags: u8) -> Vec<u8> {
        [digest(&SHA256, b"pilot.example").as_ref(), &[flags], &self.count.to_be_bytes()].concat()
    }

    /// What a browser sends after it has made the key.
    fn make(&mut self, options: &Value, origin: &str) -> Value {
        self.handle = options["user_id"].clone();
        // An OKP key of Ed25519 as COSE has it: {1: 1, 3: -8, -1: 6, -2: x}.
        let key = [&[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20][..], self.pair.public_key().as_ref()].concat();
        let data = [self.data(PRESENT | VERIFIED | 0x40), vec![0; 16], vec![0, 16], self.id.clone(), key].concat();
        let length = u8::try_from(data.len()).unwrap();
        let attestation = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58", &[length][..], &data].concat();
        json!({ "name": "key", "client_data": text(&client_data("webauthn.create", &options["challenge"], origin)), "attestation": text(&attestation) })
    }

    /// What a browser sends after it has used the key.
    pub fn answer(&mut self, challenge: &Value, origin: &str, flags: u8) -> Value {
        self.count += 1;
        let (said, data) = (client_data("webauthn.get", &challenge["challenge"], origin), self.data(flags));
        let signature = self.pair.sign(&[&data[..], digest(&SHA256, &said).as_ref()].concat());
        json!({
            "id": text(&self.id), "client_data": text(&said), "authenticator_data": text(&data), "signature": text(signature.as_ref()),
            "user_handle": self.handle,
        })
    }
}

/// Adds the key to the factors of whose browser it is.
pub fn add(house: &House, browser: &mut Browser, key: &mut Authenticator) -> Value {
    let options = browser.post(house, "/account/factors/passkey", json!({ "password": PASSWORD }));
    assert_eq!(options.status, 200, "{options:?}");
    let made = key.make(&options.json(), HERE);
    let added = browser.post(house, "/account/factors/passkey/add", made.clone());
    assert_eq!(added.status, 200, "{added:?}");
    assert_eq!(browser.post(house, "/account/factors/passkey/add", made).status, 404, "a challenge works once");
    added.json()
}

pub fn start(house: &House, browser: &mut Browser, second: bool) -> Value {
    let challenge = browser.post(house, "/session/passkey/start", json!({ "second": second }));
    assert_eq!(challenge.status, 200, "{challenge:?}");
    challenge.json()
}

pub fn finish(house: &House, browser: &mut Browser, proof: Value) -> u16 {
    browser.post(house, "/session/passkey/finish", proof).status
}

#[test]
fn a_passkey_is_a_second_factor() {
    let house = house();
    let (mut ana, mut key) = (somebody(&house, "ana"), Authenticator::new(1));
    let added = add(&house, &mut ana, &mut key);
    assert_eq!((added["recovery_codes"].as_array().map(Vec::len), &added["factor"]["kind"]), (Some(10), &json!("passkey")));
    let mut browser = awaited(&house, "ana");
    assert_eq!(browser.get(&house, "/session/factor").json()["passkey"], true);
    let challenge = start(&house, &mut browser, true);
    assert_eq!((&challenge["allow"], &challenge["rp_id"], &challenge["verify"]), (&json!([text(&key.id)]), &json!("pilot.example"), &json!(false)));
    let proof = key.answer(&challenge, HERE, PRESENT);
    assert_eq!(finish(&house, &mut browser, proof.clone()), 200);
    assert!(browser.is_in(&house));
    assert_eq!(finish(&house, &mut Browser::default(), proof), 401, "nothing works twice");

    // Of whoever else: a right passkey is not the second factor of another's sign-in.
    let (mut eve, mut hers) = (somebody(&house, "eve"), Authenticator::new(2));
    add(&house, &mut eve, &mut hers);
    let mut browser = awaited(&house, "ana");
    let challenge = start(&house, &mut browser, true);
    assert_eq!(finish(&house, &mut browser, hers.answer(&challenge, HERE, PRESENT | VERIFIED)), 401);
    assert!(!browser.is_in(&house));
    let without = Browser::default().post(&house, "/session/passkey/start", json!({ "second": true }));
    assert_eq!(without.status, 401, "there is no second step without a first");
}

#[test]
fn a_passkey_alone_signs_in_whom_its_authenticator_has_seen() {
    let house = house();
    let (mut ana, mut key) = (somebody(&house, "ana"), Authenticator::new(3));
    add(&house, &mut ana, &mut key);
    let mut browser = Browser::default();
    let challenge = start(&house, &mut browser, false);
    assert_eq!((&challenge["allow"], &challenge["verify"]), (&json!([]), &json!(true)));
    assert_eq!(finish(&house, &mut browser, key.answer(&challenge, HERE, PRESENT)), 401, "nobody was seen");
    let challenge = start(&house, &mut browser, false);
    assert_eq!(finish(&house, &mut browser, key.answer(&challenge, HERE, PRESENT | VERIFIED)), 200);
    assert_eq!(browser.get(&house, "/me").json()["username"], "ana");
    assert_eq!(house.send(&house.admin, "PATCH", "/api/v1/users/ana", r#"{"disabled":true}"#).status, 200);
    let challenge = start(&house, &mut browser, false);
    assert_eq!(finish(&house, &mut browser, key.answer(&challenge, HERE, PRESENT | VERIFIED)), 401, "a disabled user stays out");
}

#[test]
fn what_is_not_right_about_a_passkey_is_refused() {
    let house = house();
    let (mut ana, mut key) = (somebody(&house, "ana"), Authenticator::new(4));
    let options = ana.post(&house, "/account/factors/passkey", json!({ "password": PASSWORD })).json();
    assert_eq!(ana.post(&house, "/account/factors/passkey/add", key.make(&options, "https://evil.example")).status, 400);
    add(&house, &mut ana, &mut key);
    let again = ana.post(&house, "/account/factors/passkey", json!({})).json();
    assert_eq!(again["exclude"], json!([text(&key.id)]));
    assert_eq!(ana.post(&house, "/account/factors/passkey/add", key.make(&again, HERE)).status, 409, "the same once more");

    let both = PRESENT | VERIFIED;
    let mut tries = 0;
    let mut refused = |what: &str, change: &dyn Fn(&mut Authenticator, &Value) -> Value| {
        let mut browser = Browser::default();
        let challenge = start(&house, &mut browser, false);
        let proof = change(&mut key, &challenge);
        assert_eq!(finish(&house, &mut browser, proof), 401, "{what}");
        tries += 1;
        if tries % 4 == 0 {
            // A right one, so that the next are not slowed down.
            let challenge = start(&house, &mut browser, false);
            assert_eq!(finish(&house, &mut browser, key.answer(&challenge, HERE, both)), 200);
        }
    };
    let with = |proof: Value, field: &str, value: Value| {
        let mut proof = proof;
        proof[field] = value;
        proof
    };
    refused("another place", &|key, challenge| key.answer(challenge, "https://evil.example", both));
    refused("another scheme", &|key, challenge| key.answer(challenge, "http://pilot.example", both));
    refused("a challenge of nobody's", &|key, _| key.answer(&json!({ "challenge": "AAAA" }), HERE, both));
    refused("no user handle", &|key, challenge| with(key.answer(challenge, HERE, both), "user_handle", Value::Null));
    refused("another's handle", &|key, challenge| with(key.answer(challenge, HERE, both), "user_handle", json!(text(b"other"))));
    refused("an unknown key", &|key, challenge| with(key.answer(challenge, HERE, both), "id", json!(text(b"unknown"))));
    refused("another's signature", &|key, challenge| with(key.answer(challenge, HERE, both), "signature", json!(text(&[0; 64]))));
    refused("noise", &|key, challenge| with(key.answer(challenge, HERE, both), "authenticator_data", json!(text(&[9; 60]))));
    refused("a count that went back", &|key, challenge| {
        key.count -= 2;
        let proof = key.answer(challenge, HERE, both);
        key.count += 2;
        proof
    });
}

#[test]
fn without_a_name_there_are_no_passkeys_and_it_says_why() {
    let house = House::start(&[]);
    let mut ana = somebody(&house, "ana");
    assert_eq!(ana.get(&house, "/account/factors").json()["passkeys"], false);
    let answer = ana.post(&house, "/account/factors/passkey", json!({ "password": PASSWORD }));
    assert_eq!(answer.status, 409);
    assert!(answer.json()["title"].as_str().unwrap().contains("external_url"), "{answer:?}");
}
