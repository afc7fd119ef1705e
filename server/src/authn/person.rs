//! Somebody as a sign-in provider describes them.

use std::collections::BTreeSet;

/// Whom a provider speaks for. They are known by `issuer` and `subject`, and by nothing else.
#[derive(Clone, Debug)]
pub struct Person {
    /// The issuer of an OpenID provider, or `ldap:NAME`.
    pub issuer: String,
    pub subject: String,
    /// What a new user would be called: fits the rule for usernames.
    pub name: String,
    pub groups: BTreeSet<String>,
    /// Whether they proved a second factor there.
    pub second_factor: bool,
    /// What to ask the provider again with.
    pub refresh: Option<String>,
    /// All that was said of them, for whoever tries a provider out.
    pub claims: Vec<(String, String)>,
}

/// Why a provider does not vouch for somebody.
#[derive(Debug, thiserror::Error)]
pub enum NotVouched {
    /// It cannot be asked now.
    #[error("{0}")]
    Down(String),
    /// What came back is not to be believed, or the provider says no. One sentence.
    #[error("{0}")]
    Refused(String),
    /// Wrong name or password.
    #[error("The username or the password is wrong.")]
    Wrong,
    /// It does not know them any more.
    #[error("{0}")]
    Gone(String),
}
