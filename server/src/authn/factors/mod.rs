//! Second factors: authenticator apps, passkeys and recovery codes. What is begun and not finished is in memory alone.

pub mod passkey;
pub mod recovery;
pub mod totp;

mod rules;
mod shelf;
mod site;

pub use rules::{Rule, Rules};
pub use shelf::Shelf;
pub use site::Site;

use std::time::Duration;

use crate::{seal::Seal, store::users::UserRow};

/// The cookie of a sign-in whose password was right and whose second factor is awaited.
pub const STEP_COOKIE: &str = "__Host-pilothouse-step";
/// How long the second step may take.
pub const STEP_LASTS: Duration = Duration::from_secs(5 * 60);
/// Wrong codes that one sign-in allows.
pub const WRONG_CODES: u32 = 5;
/// How long the making of a factor may take.
pub const MAKING_LASTS: Duration = Duration::from_secs(10 * 60);
/// Within this long of a sign-in with a factor, factors are changed without the password, in ms.
pub const FRESH_MS: i64 = 10 * 60_000;
/// Factors one person may have.
pub const FACTORS_EACH: usize = 20;

/// What is begun with a passkey.
#[derive(Clone)]
pub enum Ceremony {
    /// Making one, for this user and from this session.
    Making { user: String, session: String, handle: Vec<u8> },
    /// Using one as the second step of the sign-in under this hash.
    Second(super::secret::Hash),
    /// Using one instead of a password.
    Alone,
}

/// A secret for an authenticator app that did not prove yet that it has it.
#[derive(Clone)]
pub struct Enrolment {
    pub session: String,
    pub secret: totp::Secret,
}

/// Everything about second factors that is not a row.
pub struct Factors {
    pub seal: Seal,
    pub site: Site,
    /// Sign-ins whose password was right, by the hash of their cookie: the user as they were then.
    pub steps: Shelf<UserRow>,
    /// By their id.
    pub enrolments: Shelf<Enrolment>,
    /// By their challenge.
    pub ceremonies: Shelf<Ceremony>,
}

impl Factors {
    /// For the place at this address. `seal` keeps the secrets.
    pub fn new(seal: Seal, external_url: &str) -> Self {
        Self {
            seal,
            site: Site::new(external_url),
            steps: Shelf::new(STEP_LASTS),
            enrolments: Shelf::new(MAKING_LASTS),
            ceremonies: Shelf::new(STEP_LASTS),
        }
    }
}

/// Where the secret of an authenticator app is kept, for the seal.
pub fn place(id: &str) -> String {
    format!("factors/{id}/totp")
}
