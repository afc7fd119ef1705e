//! What one may do in a repository, as far as a page can tell: the server decides, whatever this says.

use crate::widgets::Who;

/// Why it cannot be done: none of `permissions` is held there, or one looks with another's rights.
pub(super) fn lacks(me: &Who, permissions: &[&str], registry: &str, repository: &str) -> Option<String> {
    let held = me.0.grants.iter().filter(|grant| reaches(&grant.scope, registry, repository));
    let any = held.flat_map(|grant| &grant.permissions).any(|permission| permissions.contains(&permission.as_str()));
    if !any {
        return Some(format!("you need {} on {registry}/{repository}", permissions.join(" or ")));
    }
    me.viewer().is_some().then(|| "go back to your own rights first".to_owned())
}

/// Whether a grant on `scope` may be about this repository. Which registries have a label is not known here.
fn reaches(scope: &str, registry: &str, repository: &str) -> bool {
    let Some(rest) = scope.strip_prefix("registry/") else {
        return scope == "all" || scope.contains('=');
    };
    let Some((name, prefix)) = rest.split_once("/repository/") else {
        return rest == registry;
    };
    let is_under = || repository.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    name == registry && is_under()
}

#[cfg(test)]
mod tests {
    use super::reaches;

    #[test]
    fn a_prefix_ends_at_a_slash() {
        for (scope, is) in [
            ("all", true),
            ("env=prod", true),
            ("engine/hub", false),
            ("registry/hub", true),
            ("registry/other", false),
            ("registry/hub/repository/team", true),
            ("registry/hub/repository/team/app", true),
            ("registry/hub/repository/tea", false),
            ("registry/hub/repository/team/app/x", false),
            ("registry/other/repository/team", false),
        ] {
            assert_eq!(reaches(scope, "hub", "team/app"), is, "{scope}");
        }
    }
}
