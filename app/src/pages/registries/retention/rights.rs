//! What one may do with rules, as far as a page can tell: the server decides, whatever this says.

use crate::widgets::Who;

/// Why it cannot be done: `permission` is not held on the registry or on a part of it, or one looks with another's rights.
pub(super) fn lacks(me: &Who, permission: &str, registry: &str) -> Option<String> {
    let held = me.0.grants.iter().filter(|grant| reaches(&grant.scope, registry));
    if !held.flat_map(|grant| &grant.permissions).any(|held| held == permission) {
        return Some(format!("you need {permission} on {registry}"));
    }
    me.viewer().is_some().then(|| "go back to your own rights first".to_owned())
}

/// Whether a grant on `scope` may be about this registry. Which registries have a label is not known here.
fn reaches(scope: &str, registry: &str) -> bool {
    match scope.strip_prefix("registry/") {
        Some(rest) => rest == registry || rest.strip_prefix(registry).is_some_and(|rest| rest.starts_with("/repository/")),
        None => scope == "all" || scope.contains('='),
    }
}

#[cfg(test)]
mod tests {
    use super::reaches;

    #[test]
    fn a_part_of_a_registry_is_of_it() {
        for scope in ["all", "env=prod", "registry/hub", "registry/hub/repository/team"] {
            assert!(reaches(scope, "hub"), "{scope}");
        }
        for scope in ["engine/hub", "registry/hubs", "registry/other/repository/hub"] {
            assert!(!reaches(scope, "hub"), "{scope}");
        }
    }
}
