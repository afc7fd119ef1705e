//! Recovery codes: for who has lost every other factor. Each works once.

use crate::authn::secret::{self, Hash, NoRandomness};

/// How many there are.
pub const CODES: usize = 10;
/// Characters of one: 16 of an alphabet of 32 are 80 bits.
const LENGTH: usize = 16;
/// Without those that look alike.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

/// New codes, as they are shown: `abcd-efgh-jkmn-pqrs`.
pub fn codes() -> Result<Vec<String>, NoRandomness> {
    (0..CODES).map(|_| code()).collect()
}

fn code() -> Result<String, NoRandomness> {
    let mut bytes = [0; LENGTH];
    secret::fill(&mut bytes)?;
    // 256 is eight times 32: each character comes equally often.
    let chars: Vec<char> = bytes.iter().map(|b| char::from(ALPHABET[usize::from(b % 32)])).collect();
    Ok(chars.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-"))
}

/// What is kept of a code, however it is typed.
pub fn hash(code: &str) -> Hash {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    secret::hash(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_typed_in_any_way() {
        let codes = codes().unwrap();
        assert_eq!(codes.iter().collect::<std::collections::HashSet<_>>().len(), CODES);
        let code = &codes[0];
        assert_eq!(code.len(), LENGTH + 3, "{code}");
        assert_eq!(hash(code), hash(&format!(" {} ", code.replace('-', " ").to_uppercase())));
        assert_ne!(hash(code), hash(&codes[1]));
    }
}
