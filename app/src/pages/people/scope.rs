//! Where a grant holds, in words.

/// `all` and `engine/NAME` in words.
pub(crate) fn words(scope: &str) -> String {
    match scope.split_once('/') {
        Some(("engine", name)) => format!("engine {name}"),
        _ if scope == "all" => "everything".to_owned(),
        _ => scope.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn scopes_have_words() {
        assert_eq!(["all", "engine/demo", "odd"].map(words), ["everything", "engine demo", "odd"]);
    }
}
