//! Secrets at rest: ChaCha20-Poly1305 under the house's key, with the row's identity as associated data, so that a sealed
//! text moved to another row does not open.

use std::{io, path::Path};

use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("the key file {path} cannot be read or made: {source}")]
    File { path: String, source: io::Error },
    #[error("the key file {0} must hold 64 hexadecimal digits")]
    Malformed(String),
    #[error("the system gives no random bytes")]
    NoRandomness,
    #[error("a sealed secret does not open: the key is another one, or the database was changed")]
    DoesNotOpen,
}

/// The house's key.
pub struct Seal(LessSafeKey);

impl Seal {
    /// Reads the key, or makes it on the first start. The file is for its owner's eyes only.
    pub fn open(file: &Path) -> Result<Self, SealError> {
        let failed = |source| SealError::File { path: file.display().to_string(), source };
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(file)?,
            Err(error) => return Err(failed(error)),
        };
        let bytes = unhex(text.trim()).ok_or_else(|| SealError::Malformed(file.display().to_string()))?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).map_err(|_| SealError::Malformed(file.display().to_string()))?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// `place` says where the sealed text is kept, such as `engines/demo/tls`.
    pub fn seal(&self, place: &str, secret: &str) -> Result<Vec<u8>, SealError> {
        self.seal_bytes(place, secret.as_bytes())
    }

    /// The same for what is no text.
    pub fn seal_bytes(&self, place: &str, secret: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealError::NoRandomness)?;
        let mut text = secret.to_vec();
        self.0.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut text).map_err(|_| SealError::NoRandomness)?;
        Ok([&nonce[..], &text].concat())
    }

    pub fn open_sealed(&self, place: &str, sealed: &[u8]) -> Result<String, SealError> {
        String::from_utf8(self.open_bytes(place, sealed)?).map_err(|_| SealError::DoesNotOpen)
    }

    /// What [`Seal::seal_bytes`] sealed.
    pub fn open_bytes(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError::DoesNotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::DoesNotOpen)?;
        let mut text = text.to_vec();
        let open = self.0.open_in_place(nonce, Aad::from(place), &mut text).map_err(|_| SealError::DoesNotOpen)?;
        Ok(open.to_vec())
    }
}

fn make(file: &Path) -> Result<String, SealError> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut key = [0; 32];
    SystemRandom::new().fill(&mut key).map_err(|_| SealError::NoRandomness)?;
    let text = key.iter().fold(String::new(), |text, b| text + &format!("{b:02x}"));
    let write = || {
        let mut out = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        out.write_all(text.as_bytes())?;
        out.sync_all()
    };
    write().map_err(|source| SealError::File { path: file.display().to_string(), source })?;
    Ok(text)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    pairs.collect::<Option<Vec<u8>>>().filter(|bytes| bytes.len() == 32 && text.len() == 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_in_its_own_place_only() {
        let folder = std::env::temp_dir().join(format!("pilothouse-seal-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("key");
        let sealed = Seal::open(&file).unwrap().seal("engines/a/tls", "secret").unwrap();
        let again = Seal::open(&file).unwrap();
        assert_eq!(again.open_sealed("engines/a/tls", &sealed).unwrap(), "secret");
        assert!(again.open_sealed("engines/b/tls", &sealed).is_err());
        assert!(Seal::open(&folder.join("other")).unwrap().open_sealed("engines/a/tls", &sealed).is_err());
        assert!(!sealed.windows(6).any(|w| w == b"secret"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
