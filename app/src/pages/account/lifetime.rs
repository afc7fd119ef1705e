//! How long a token lasts.

/// Seconds as the value of a choice, and its words.
const LIFETIMES: [(&str, &str); 5] =
    [("86400", "A day"), ("604800", "A week"), ("2592000", "30 days"), ("7776000", "90 days"), ("31536000", "A year")];

/// The lifetime offered first.
pub(super) const USUAL: &str = "7776000";

pub(super) fn choices() -> Vec<(String, String)> {
    LIFETIMES.map(|(seconds, words)| (seconds.to_owned(), words.to_owned())).into()
}
