//! Passwords: argon2id, a few at a time, since each takes 19 MiB. What a new one must be is in [`rules`].

mod rules;

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

#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub enum PasswordError {
    #[error("A password has at least {SHORTEST} characters.")]
    TooShort,
    #[error("A password has at most {LONGEST} bytes.")]
    TooLong,
    #[error("This is one pattern over and over, or a row of the keyboard or the alphabet. Take a few words that do not belong together.")]
    Pattern,
    #[error(
        "This is made of one or two of the words that are tried first, such as names, common passwords and the name of this place. \
         Take three words or more that do not belong together."
    )]
    Common,
    #[error("The password could not be hashed.")]
    Failed,
}

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    at_once: Arc<Semaphore>,
    /// The words of this place, which everybody would try.
    site: Arc<[String]>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { at_once: Arc::new(Semaphore::new(2)), site: Arc::default() }
    }
}

impl Passwords {
    /// For the place at this address: the words of its host's name are no password.
    pub fn of_site(url: &str) -> Self {
        Self { site: rules::words_of(url).into(), ..Self::default() }
    }

    /// The hash to keep of a new password of `username`, as a PHC string.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence that says what to do.
    pub async fn hash(&self, password: &str, username: &str) -> Result<String, PasswordError> {
        rules::check(password, username, &self.site)?;
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
        let hash = passwords.hash("correct horse battery", "ana").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse battery", Some(&hash)).await);
        assert!(!passwords.verify("correct horse batterY", Some(&hash)).await);
        assert!(!passwords.verify("correct horse battery", None).await);
        assert!(matches!(passwords.hash("short", "ana").await, Err(PasswordError::TooShort)));
    }

    #[tokio::test]
    async fn the_name_of_this_place_is_no_password() {
        let passwords = Passwords::of_site("https://engines.zephyrtex.example:8443");
        assert_eq!(passwords.hash("Zephyrtex-2026!", "ana").await, Err(PasswordError::Common));
        assert!(Passwords::default().hash("Zephyrtex-2026!", "ana").await.is_ok());
    }

    #[test]
    fn the_dummy_costs_what_a_real_one_costs() {
        let dummy = PasswordHash::new(DUMMY).unwrap();
        assert_eq!(dummy.params.get_decimal("m"), Some(19456));
        assert_eq!(dummy.params.get_decimal("t"), Some(2));
    }
}
