//! Grants and scopes in words, and where their holders' pages are.

use crate::api::people::Grant;

/// A scope in words: `everything`, `engine demo`, `project shop on engine demo`, `everything in registry hub`, `team/ in registry hub`,
/// `everything with env=prod`.
pub(crate) fn words(scope: &str) -> String {
    if let Some(rest) = scope.strip_prefix("engine/") {
        return match rest.split_once("/project/") {
            Some((engine, project)) => format!("project {project} on engine {engine}"),
            None => format!("engine {rest}"),
        };
    }
    if let Some(rest) = scope.strip_prefix("registry/") {
        return match rest.split_once("/repository/") {
            // The slash tells that what is below it is meant, too.
            Some((registry, prefix)) => format!("{prefix}/ in registry {registry}"),
            None => format!("everything in registry {rest}"),
        };
    }
    match scope {
        "all" => "everything".to_owned(),
        labels if labels.contains('=') => format!("everything with {}", labels.replace(',', ", ")),
        other => other.to_owned(),
    }
}

/// `viewer on engine demo`.
pub(crate) fn grant_words(grant: &Grant) -> String {
    format!("{} on {}", grant.role, words(&grant.scope))
}

/// The page of whoever has it.
pub(crate) fn holder_href(grant: &Grant) -> String {
    let area = match (&grant.robot, &grant.team) {
        (Some(_), _) => "robots",
        (_, Some(_)) => "teams",
        _ => "people",
    };
    format!("/{area}/{}", grant.holder())
}

/// What kind of holder it is, where that is no person.
pub(crate) fn holder_kind(grant: &Grant) -> Option<&'static str> {
    match (&grant.robot, &grant.team) {
        (Some(_), _) => Some("robot"),
        (_, Some(_)) => Some("team"),
        _ => None,
    }
}

/// Who gave it, as the end of a sentence.
pub(crate) fn given_by(created_by: &str) -> String {
    if created_by == "-" { "by the first set-up".to_owned() } else { format!("by {created_by}") }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn scopes_have_words() {
        for (scope, said) in [
            ("all", "everything"),
            ("engine/demo", "engine demo"),
            ("engine/demo/project/shop", "project shop on engine demo"),
            ("registry/hub", "everything in registry hub"),
            ("registry/hub/repository/team", "team/ in registry hub"),
            ("env=prod,site=a", "everything with env=prod, site=a"),
            ("odd", "odd"),
        ] {
            assert_eq!(words(scope), said);
        }
    }
}
