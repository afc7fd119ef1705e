//! Passwords: argon2id, a few at a time, since each takes 19 MiB.

use std::sync::Arc;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

/// The shortest password taken. NIST SP 800-63B asks for 15 where it is the only factor, and 8 at least.
pub const SHORTEST: usize = 12;
/// The longest: hashing must not be a way to keep the machine busy.
pub const LONGEST: usize = 256;
/// A hash of nothing anybody knows: an unknown user takes as long as a known one.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$cGlsb3Rob3VzZS1kdW1teQ$2Q0yyuAkvsGdtzfTBVGAmKVr+CNrqjEYkBrLwQ0k1jY";

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    #[error("A password has at least {SHORTEST} characters.")]
    TooShort,
    #[error("A password has at most {LONGEST} characters.")]
    TooLong,
    #[error("The password could not be hashed.")]
    Failed,
}

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    at_once: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { at_once: Arc::new(Semaphore::new(2)) }
    }
}

impl Passwords {
    /// The hash to keep, as a PHC string.
    pub async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        if password.chars().count() < SHORTEST {
            return Err(PasswordError::TooShort);
        }
        if password.len() > LONGEST {
            return Err(PasswordError::TooLong);
        }
        let password = password.to_owned();
        self.blocking(move || Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string()).ok())
            .await
            .flatten()
            .ok_or(PasswordError::Failed)
    }

    /// Whether `password` is the one of `hash`. Takes as long when there is no hash.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> bool {
        if password.len() > LONGEST {
            return false;
        }
        let known = hash.is_some();
        let hash = hash.unwrap_or(DUMMY).to_owned();
        let password = password.to_owned();
        let right = self
            .blocking(move || {
                let hash = PasswordHash::new(&hash).ok()?;
                Argon2::default().verify_password(password.as_bytes(), &hash).ok()
            })
            .await
            .flatten();
        known && right.is_some()
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let _turn = self.at_once.acquire().await.ok()?;
        tokio::task::spawn_blocking(work).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse battery").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse battery", Some(&hash)).await);
        assert!(!passwords.verify("correct horse batterY", Some(&hash)).await);
        assert!(!passwords.verify("correct horse battery", None).await);
        assert!(matches!(passwords.hash("short").await, Err(PasswordError::TooShort)));
    }

    #[test]
    fn the_dummy_costs_what_a_real_one_costs() {
        let dummy = PasswordHash::new(DUMMY).unwrap();
        assert_eq!(dummy.params.get_decimal("m"), Some(19456));
        assert_eq!(dummy.params.get_decimal("t"), Some(2));
    }
}
