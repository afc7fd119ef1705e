//! Who says that somebody is in a team.

/// In words.
pub(super) fn words(source: &str) -> String {
    match source {
        "" => "by hand".to_owned(),
        "settings" => "settings file".to_owned(),
        provider => format!("by provider {provider}"),
    }
}

/// Why it cannot be taken away here.
pub(super) fn fixed(source: &str) -> Option<String> {
    match source {
        "" => None,
        "settings" => Some("it is declared in the settings file".to_owned()),
        provider => Some(format!("provider {provider} says so at each sign-in")),
    }
}

#[cfg(test)]
mod tests {
    use super::{fixed, words};

    #[test]
    fn only_what_was_said_here_is_taken_back_here() {
        assert_eq!(["", "settings", "ldap"].map(words), ["by hand", "settings file", "by provider ldap"]);
        assert_eq!(fixed(""), None);
        assert!(fixed("settings").is_some() && fixed("ldap").is_some());
    }
}
