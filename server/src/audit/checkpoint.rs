//! Checkpoints: where all chains end at a moment, signed. Kept outside of the database, they show that nothing before was changed or cut off.

use data_encoding::{BASE64, HEXLOWER};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::chain::{Hash, digest};
use crate::{
    clock::now_ms,
    seal::{Seal, SealError},
    store::{
        Store, StoreError,
        audit::{ChainEnd, CheckpointRow, SigningKeyRow},
    },
};

/// Where the key is kept, for the seal.
const PLACE: &str = "audit/key";

#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    #[error("the key that signs checkpoints: {0}")]
    Seal(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the key that signs checkpoints cannot be read or made")]
    Key,
    #[error("a checkpoint cannot be written as JSON")]
    Text,
}

/// Where one writer's chain ended. Written in the order of the names: it is signed as it stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Head {
    /// The hash of its last entry, hexadecimal.
    pub hash: String,
    pub seq: i64,
    pub writer: i64,
}

/// What is signed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    pub at: i64,
    pub heads: Vec<Head>,
    /// The public key, Ed25519, hexadecimal.
    pub key: String,
    /// 1, 2, 3, ... without a gap.
    pub n: i64,
    /// The SHA-256 of the text of the checkpoint before, hexadecimal; empty for the first.
    pub previous: String,
}

impl Checkpoint {
    /// Whether it says that the chains end just here.
    pub fn names(&self, ends: &[ChainEnd]) -> bool {
        self.heads.len() == ends.len() && self.heads.iter().zip(ends).all(|(head, end)| (head.writer, head.seq) == (end.writer, end.seq))
    }
}

/// A checkpoint with its text, as it stands in the database and in a file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signed {
    pub body: String,
    pub signature: Vec<u8>,
}

/// A line of a file of checkpoints: `{"checkpoint":{...},"signature":"BASE64"}`.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    checkpoint: &'a RawValue,
    signature: &'a str,
}

impl Signed {
    /// The checkpoint, if the signature is of the key that it names.
    pub fn read(&self) -> Option<Checkpoint> {
        let checkpoint: Checkpoint = serde_json::from_str(&self.body).ok()?;
        let key = HEXLOWER.decode(checkpoint.key.as_bytes()).ok()?;
        UnparsedPublicKey::new(&ED25519, key).verify(self.body.as_bytes(), &self.signature).ok()?;
        Some(checkpoint)
    }

    /// The SHA-256 of its text.
    pub fn digest(&self) -> Hash {
        digest(self.body.as_bytes())
    }

    /// As a line of a file, without its end.
    pub fn line(&self) -> String {
        format!(r#"{{"checkpoint":{},"signature":"{}"}}"#, self.body, BASE64.encode(&self.signature))
    }

    pub fn of_line(line: &str) -> Option<Self> {
        let line: Line = serde_json::from_str(line).ok()?;
        Some(Self { body: line.checkpoint.get().to_owned(), signature: BASE64.decode(line.signature.as_bytes()).ok()? })
    }
}

impl From<CheckpointRow> for Signed {
    fn from(row: CheckpointRow) -> Self {
        Self { body: row.body, signature: row.signature }
    }
}

/// Signs checkpoints.
pub struct Signer {
    key: Ed25519KeyPair,
}

impl Signer {
    /// Reads the key from the store, or makes it.
    pub async fn open(store: &Store, seal: &Seal) -> Result<Self, CheckpointError> {
        let row = match store.audit_key().await? {
            Some(row) => row,
            None => {
                let row = make(seal)?;
                match store.add_audit_key(&row).await {
                    // Another replica was quicker.
                    Err(StoreError::Exists) => store.audit_key().await?.ok_or(CheckpointError::Key)?,
                    made => made.map(|()| row)?,
                }
            }
        };
        let pkcs8 = BASE64.decode(seal.open_sealed(PLACE, &row.private)?.as_bytes()).map_err(|_| CheckpointError::Key)?;
        Ok(Self { key: Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(|_| CheckpointError::Key)? })
    }

    /// The public key, hexadecimal.
    pub fn public(&self) -> String {
        HEXLOWER.encode(self.key.public_key().as_ref())
    }

    /// Signs where the chains end. `before` is the checkpoint before this one.
    pub fn sign(&self, ends: &[ChainEnd], before: Option<&CheckpointRow>) -> Result<CheckpointRow, CheckpointError> {
        let head = |end: &ChainEnd| Head { hash: HEXLOWER.encode(&end.hash), seq: end.seq, writer: end.writer };
        let previous = before.map(|row| HEXLOWER.encode(&digest(row.body.as_bytes()))).unwrap_or_default();
        let (n, at) = (before.map_or(0, |row| row.n) + 1, now_ms());
        let checkpoint = Checkpoint { at, heads: ends.iter().map(head).collect(), key: self.public(), n, previous };
        let body = serde_json::to_string(&checkpoint).map_err(|_| CheckpointError::Text)?;
        let signature = self.key.sign(body.as_bytes()).as_ref().to_vec();
        Ok(CheckpointRow { n, at, body, signature })
    }
}

fn make(seal: &Seal) -> Result<SigningKeyRow, CheckpointError> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| CheckpointError::Key)?;
    let key = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).map_err(|_| CheckpointError::Key)?;
    let private = seal.seal(PLACE, &BASE64.encode(pkcs8.as_ref()))?;
    Ok(SigningKeyRow { public: key.public_key().as_ref().to_vec(), private, created_at: now_ms() })
}
