//! Secrets that are handed out: session cookies, tokens, the set-up link. Only their SHA-256 is kept.

use ring::{digest, rand::SecureRandom, rand::SystemRandom};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const TOKEN_PREFIX: &str = "ph_pat_";
/// 32 characters of base62: 190 bits.
const TOKEN_RANDOM: usize = 32;
const TOKEN_CHECKSUM: usize = 6;

/// The system has no randomness: nothing can be made safely.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

/// What is kept of a secret.
pub type Hash = [u8; 32];

pub fn hash(secret: &str) -> Hash {
    hash_bytes(secret.as_bytes())
}

/// The SHA-256 of anything: a certificate's is its fingerprint.
pub fn hash_bytes(bytes: &[u8]) -> Hash {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}

/// Fills `bytes` with random ones.
pub fn fill(bytes: &mut [u8]) -> Result<(), NoRandomness> {
    SystemRandom::new().fill(bytes).map_err(|_| NoRandomness)
}

/// As 64 hexadecimal digits.
pub fn hex(hash: &[u8]) -> String {
    hash.iter().fold(String::new(), |text, b| text + &format!("{b:02x}"))
}

/// `length` random characters of base62, each equally likely.
pub fn random(length: usize) -> Result<String, NoRandomness> {
    random_of(BASE62, length)
}

/// `length` random characters of `alphabet`, which is ASCII, each equally likely.
pub fn random_of(alphabet: &[u8], length: usize) -> Result<String, NoRandomness> {
    let source = SystemRandom::new();
    let mut out = String::with_capacity(length);
    let mut bytes = [0; 64];
    // Above the highest multiple, the first characters would come more often.
    let fair = 256 / alphabet.len() * alphabet.len();
    while out.len() < length {
        source.fill(&mut bytes).map_err(|_| NoRandomness)?;
        let fair = bytes.iter().map(|b| usize::from(*b)).filter(|b| *b < fair).map(|b| char::from(alphabet[b % alphabet.len()]));
        out.extend(fair.take(length - out.len()));
    }
    Ok(out)
}

/// A short public id.
pub fn id() -> Result<String, NoRandomness> {
    random(12)
}

/// A new personal token: `ph_pat_`, 32 random characters, and a checksum of 6 by which scanners and we know it without a look-up.
pub fn token() -> Result<String, NoRandomness> {
    let body = random(TOKEN_RANDOM)?;
    let sum = checksum(&body);
    Ok(format!("{TOKEN_PREFIX}{body}{sum}"))
}

/// Whether `text` is shaped like a token of ours and its checksum is right.
pub fn is_token(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(TOKEN_PREFIX) else { return false };
    if rest.len() != TOKEN_RANDOM + TOKEN_CHECKSUM || !rest.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let (body, sum) = rest.split_at(TOKEN_RANDOM);
    checksum(body) == sum
}

fn checksum(body: &str) -> String {
    let digest = hash(body);
    let mut number = digest.iter().take(8).fold(0_u64, |n, b| (n << 8) | u64::from(*b));
    let mut out = String::with_capacity(TOKEN_CHECKSUM);
    for _ in 0..TOKEN_CHECKSUM {
        out.push(char::from(BASE62[(number % 62) as usize]));
        number /= 62;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_checksum() {
        let token = token().unwrap();
        assert!(is_token(&token), "{token}");
        let last = if token.ends_with('a') { "b" } else { "a" };
        assert!(!is_token(&format!("{}{last}", &token[..token.len() - 1])));
        assert!(!is_token("ph_pat_"));
        assert!(!is_token(&token[1..]));
    }

    #[test]
    fn two_secrets_differ() {
        assert_ne!(random(43).unwrap(), random(43).unwrap());
    }
}
