//! The tokens that clients of registries show: JWTs of a few minutes, signed with Ed25519, that stand for a credential of ours.
//!
//! There is one header, one algorithm and one key, so nothing of a token's header is ever read: it has to be that one, byte for byte. A token
//! allows nothing that its credential does not at the moment of use; what it says of access only narrows that.

use std::sync::Arc;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use serde::{Deserialize, Serialize};

use super::{Credential, Known};
use crate::seal::{Seal, SealError};

/// The one header there is: `{"alg":"EdDSA","typ":"JWT"}`.
const HEADER: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9";
/// Where the key is kept, for the seal.
const PLACE: &str = "token_key/private";
/// What a token is for, and its `aud`.
pub const SERVICE: &str = "pilothouse";
const REFRESH: &str = "pilothouse-refresh";
/// How long a token lasts, in seconds.
pub const LASTS_S: i64 = 300;
/// How long a token lasts by which an engine pulls one repository, in seconds. It cannot ask for another one, and a large image takes its time.
pub const PULL_LASTS_S: i64 = 900;
/// How long a refresh token lasts if its credential does, in seconds: 90 days.
const REFRESH_LASTS_S: i64 = 90 * 86_400;
/// No token of ours is longer, in bytes.
const LONGEST: usize = 16 * 1024;

/// What may be done to one thing, as the token spec says it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Access {
    /// `repository` or `registry`.
    #[serde(rename = "type")]
    pub kind: String,
    pub name: String,
    pub actions: Vec<String>,
}

#[derive(Deserialize, Serialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    nbf: i64,
    iat: i64,
    jti: String,
    #[serde(default)]
    access: Vec<Access>,
    /// The credential that it stands for: `session:ID` or `token:ID`.
    credential: String,
}

/// What a token that is in force says.
#[derive(Clone, Debug)]
pub struct Shown {
    pub user: String,
    pub credential: Credential,
    pub access: Arc<[Access]>,
}

/// Signs tokens, and knows them again.
pub struct Signer {
    key: Ed25519KeyPair,
    /// Who says so: the address of this house.
    issuer: String,
}

#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    #[error("the key that signs tokens cannot be made or read")]
    Key,
    #[error("the key that signs tokens: {0}")]
    Seal(#[from] SealError),
}

/// A new key, sealed, to be kept.
pub fn make(seal: &Seal) -> Result<Vec<u8>, SignerError> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| SignerError::Key)?;
    Ok(seal.seal(PLACE, &BASE64.encode(pkcs8.as_ref()))?)
}

impl Signer {
    pub fn open(seal: &Seal, sealed: &[u8], issuer: &str) -> Result<Self, SignerError> {
        let pkcs8 = BASE64.decode(seal.open_sealed(PLACE, sealed)?.as_bytes()).map_err(|_| SignerError::Key)?;
        Ok(Self { key: Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| SignerError::Key)?, issuer: issuer.to_owned() })
    }

    /// A token for `known`'s owner that lets no more be done than `access`. `now` is in ms.
    pub fn access(&self, known: &Known, access: Vec<Access>, id: String, now: i64) -> Option<String> {
        self.sign(known, SERVICE, access, id, now, LASTS_S)
    }

    /// A token for an engine that pulls for `known`'s owner, from this repository of this registry and no other.
    pub fn pull(&self, known: &Known, registry: &str, repository: &str, id: String, now: i64) -> Option<String> {
        let access = Access { kind: "repository".to_owned(), name: format!("{registry}/{repository}"), actions: vec!["pull".to_owned()] };
        self.sign(known, SERVICE, vec![access], id, now, PULL_LASTS_S)
    }

    /// What gets new tokens for as long as its credential is in force.
    pub fn refresh(&self, known: &Known, id: String, now: i64) -> Option<String> {
        self.sign(known, REFRESH, Vec::new(), id, now, REFRESH_LASTS_S)
    }

    fn sign(&self, known: &Known, audience: &str, access: Vec<Access>, id: String, now: i64, lasts_s: i64) -> Option<String> {
        let iat = now / 1000;
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: known.user.to_string(),
            aud: audience.to_owned(),
            exp: iat + lasts_s,
            nbf: iat,
            iat,
            jti: id,
            access,
            credential: known.credential.to_string(),
        };
        let said = format!("{HEADER}.{}", BASE64URL_NOPAD.encode(&serde_json::to_vec(&claims).ok()?));
        let signature = BASE64URL_NOPAD.encode(self.key.sign(said.as_bytes()).as_ref());
        Some(format!("{said}.{signature}"))
    }

    /// What `token` says, if it is one for the door. Whether its credential is in force is not looked at here.
    pub fn read(&self, token: &str, now: i64) -> Option<Shown> {
        self.check(token, SERVICE, now)
    }

    /// The same for one that gets new tokens.
    pub fn read_refresh(&self, token: &str, now: i64) -> Option<Shown> {
        self.check(token, REFRESH, now)
    }

    fn check(&self, token: &str, audience: &str, now: i64) -> Option<Shown> {
        if token.len() > LONGEST {
            return None;
        }
        let (said, signature) = token.rsplit_once('.')?;
        let body = said.strip_prefix(HEADER)?.strip_prefix('.')?;
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        UnparsedPublicKey::new(&ED25519, self.key.public_key().as_ref()).verify(said.as_bytes(), &signature).ok()?;
        let claims: Claims = serde_json::from_slice(&BASE64URL_NOPAD.decode(body.as_bytes()).ok()?).ok()?;
        let now = now / 1000;
        let in_time = claims.nbf <= now + 60 && now < claims.exp;
        if !in_time || claims.aud != audience || claims.iss != self.issuer {
            return None;
        }
        let credential = match claims.credential.split_once(':')? {
            ("session", id) => Credential::Session(id.into()),
            ("token", id) => Credential::Token(id.into()),
            _ => return None,
        };
        Some(Shown { user: claims.sub, credential, access: claims.access.into() })
    }
}

/// Whether a text is shaped like a token of this kind: what begins otherwise is a personal token, or nothing of ours.
pub fn is_one(text: &str) -> bool {
    text.starts_with(HEADER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{authn::Credentials, store::tokens::TokenRow};

    const NOW: i64 = 1_800_000_000_000;

    fn signer(issuer: &str) -> Signer {
        let folder = std::env::temp_dir().join(format!("pilothouse-signer-{}-{}", std::process::id(), issuer.len()));
        std::fs::create_dir_all(&folder).unwrap();
        let seal = Seal::open(&folder.join("key")).unwrap();
        let signer = Signer::open(&seal, &make(&seal).unwrap(), issuer).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        signer
    }

    fn known() -> Arc<Known> {
        let credentials = Credentials::default();
        let row = TokenRow {
            id: "t1".to_owned(),
            hash: vec![7; 32],
            username: "ana".to_owned(),
            name: String::new(),
            engine: None,
            created_at: 0,
            last_used_at: None,
            expires_at: i64::MAX,
            hint: String::new(),
        };
        credentials.add_token(&row);
        credentials.by_id(&Credential::Token("t1".into())).unwrap()
    }

    fn of(claims: &serde_json::Value, signer: &Signer, header: &str) -> String {
        let said = format!("{header}.{}", BASE64URL_NOPAD.encode(claims.to_string().as_bytes()));
        format!("{said}.{}", BASE64URL_NOPAD.encode(signer.key.sign(said.as_bytes()).as_ref()))
    }

    #[test]
    fn a_token_is_known_again_for_a_few_minutes_and_at_its_own_door() {
        let signer = signer("http://here");
        let access = vec![Access { kind: "repository".to_owned(), name: "a/b".to_owned(), actions: vec!["pull".to_owned()] }];
        let token = signer.access(&known(), access.clone(), "j".to_owned(), NOW).unwrap();
        let shown = signer.read(&token, NOW + 299_000).unwrap();
        assert_eq!((shown.user.as_str(), shown.credential, &*shown.access), ("ana", Credential::Token("t1".into()), &access[..]));
        assert!(signer.read(&token, NOW + 300_000).is_none(), "it has ended");
        assert!(signer.read(&token, NOW - 3_600_000).is_none(), "it has not begun");
        assert!(signer.read_refresh(&token, NOW).is_none(), "it gets no new ones");
        let refresh = signer.refresh(&known(), "j".to_owned(), NOW).unwrap();
        assert!(signer.read_refresh(&refresh, NOW + 86_400_000).is_some() && signer.read(&refresh, NOW).is_none());
        assert!(super::is_one(&token));
    }

    #[test]
    fn an_engine_gets_a_token_for_one_repository_that_ends() {
        let signer = signer("http://here");
        let token = signer.pull(&known(), "a", "b", "j".to_owned(), NOW).unwrap();
        let access = Access { kind: "repository".to_owned(), name: "a/b".to_owned(), actions: vec!["pull".to_owned()] };
        assert_eq!(*signer.read(&token, NOW + 899_000).unwrap().access, [access]);
        assert!(signer.read(&token, NOW + 900_000).is_none(), "it has ended");
        assert!(signer.read_refresh(&token, NOW).is_none(), "it gets no new ones");
    }

    #[test]
    fn what_is_not_signed_by_this_key_in_this_way_is_none() {
        let signer = signer("http://here");
        let good = serde_json::json!({
            "iss": "http://here", "sub": "ana", "aud": SERVICE, "exp": NOW / 1000 + 60, "nbf": 0, "iat": 0, "jti": "j", "access": [], "credential": "token:t1",
        });
        assert!(signer.read(&of(&good, &signer, HEADER), NOW).is_some());
        let header = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
        for odd in [
            r#"{"alg":"none","typ":"JWT"}"#,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","typ":"JWT","jwk":{}}"#,
            r#"{"alg":"EdDSA","typ":"JWT","kid":"../../key"}"#,
            r#"{"typ":"JWT","alg":"EdDSA"}"#,
        ] {
            assert!(signer.read(&of(&good, &signer, &header(odd)), NOW).is_none(), "{odd}");
        }
        let with = |name: &str, value: serde_json::Value| {
            let mut claims = good.clone();
            claims[name] = value;
            signer.read(&of(&claims, &signer, HEADER), NOW).is_some()
        };
        assert!(!with("exp", (NOW / 1000 + 60).to_string().into()), "a time is a number");
        assert!(!with("exp", 0.into()) && !with("nbf", (NOW / 1000 + 3600).into()));
        assert!(!with("aud", "other".into()) && !with("aud", serde_json::Value::Null) && !with("iss", "http://elsewhere".into()));
        assert!(!with("credential", "certificate:t1".into()) && !with("credential", "x".into()));
        let stranger = self::signer("http://here!!");
        assert!(signer.read(&of(&good, &stranger, HEADER), NOW).is_none(), "another key");
        let token = of(&good, &signer, HEADER);
        assert!(signer.read(&token[..token.len() - 2], NOW).is_none() && signer.read("", NOW).is_none() && signer.read("a.b.c", NOW).is_none());
    }
}
