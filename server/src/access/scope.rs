//! Scopes: where a grant holds.

use std::{collections::BTreeMap, fmt, str::FromStr};

use super::{
    Permission,
    repository::{is_repository_name, is_under},
};

/// Where a grant holds.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Scope {
    /// Everywhere, Pilothouse itself included.
    All,
    /// On every target that has all of these labels.
    Labels(BTreeMap<String, String>),
    /// On one engine.
    Engine(String),
    /// On what belongs to one project on one engine.
    Project { engine: String, project: String },
    /// On one registry.
    Registry(String),
    /// On the repository `prefix` of one registry, and on those below it.
    Repository { registry: String, prefix: String },
}

/// What an operation is aimed at.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Target {
    /// Pilothouse itself.
    System,
    /// The engine of this name.
    Engine(String),
    /// The registry of this name. No engine has the same.
    Registry(String),
}

/// How much of an engine a scope takes in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part<'a> {
    Whole,
    Project(&'a str),
}

/// How much of a registry a scope takes in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Share<'a> {
    Whole,
    /// This repository and those below it.
    Prefix(&'a str),
}

impl Scope {
    /// How much of the engine of this name and these labels it takes in; `None` for nothing.
    pub fn part_of(&self, engine: &str, labels: &BTreeMap<String, String>) -> Option<Part<'_>> {
        match self {
            Scope::All => Some(Part::Whole),
            Scope::Labels(wanted) => wanted.iter().all(|(key, value)| labels.get(key) == Some(value)).then_some(Part::Whole),
            Scope::Engine(name) => (name == engine).then_some(Part::Whole),
            Scope::Project { engine: name, project } => (name == engine).then_some(Part::Project(project)),
            Scope::Registry(_) | Scope::Repository { .. } => None,
        }
    }

    /// How much of the registry of this name and these labels it takes in; `None` for nothing.
    pub fn share_of(&self, registry: &str, labels: &BTreeMap<String, String>) -> Option<Share<'_>> {
        match self {
            Scope::All => Some(Share::Whole),
            Scope::Labels(wanted) => wanted.iter().all(|(key, value)| labels.get(key) == Some(value)).then_some(Share::Whole),
            Scope::Registry(name) => (name == registry).then_some(Share::Whole),
            Scope::Repository { registry: name, prefix } => (name == registry).then_some(Share::Prefix(prefix)),
            Scope::Engine(_) | Scope::Project { .. } => None,
        }
    }

    /// Whether a permission is worth anything there: one on repositories is worth nothing on an engine, nor the other way round.
    pub fn takes(&self, permission: Permission) -> bool {
        match self {
            Scope::All => true,
            Scope::Labels(_) => !permission.is_house(),
            Scope::Engine(_) | Scope::Project { .. } => permission.is_engine(),
            Scope::Registry(_) | Scope::Repository { .. } => permission.is_registry(),
        }
    }

    /// Whether it is a registry, or a part of one.
    pub fn is_of_registry(&self) -> bool {
        matches!(self, Scope::Registry(_) | Scope::Repository { .. })
    }
}

/// Whether a prefix takes in all that another one does.
pub(super) fn prefix_includes(outer: &str, inner: &str) -> bool {
    is_under(inner, outer)
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::All => f.write_str("all"),
            Scope::Labels(labels) => {
                for (n, (key, value)) in labels.iter().enumerate() {
                    let comma = if n == 0 { "" } else { "," };
                    write!(f, "{comma}{key}={value}")?;
                }
                Ok(())
            }
            Scope::Engine(name) => write!(f, "engine/{name}"),
            Scope::Project { engine, project } => write!(f, "engine/{engine}/project/{project}"),
            Scope::Registry(name) => write!(f, "registry/{name}"),
            Scope::Repository { registry, prefix } => write!(f, "registry/{registry}/repository/{prefix}"),
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            let text: String = text.chars().take(100).collect();
            format!(
                "\"{}\" is no scope: use `all`, labels such as `env=prod` or `env=prod,site=a`, `engine/NAME`, `engine/NAME/project/PROJECT`, \
                 `registry/NAME` or `registry/NAME/repository/PREFIX`.",
                text.escape_debug()
            )
        };
        if text == "all" {
            return Ok(Scope::All);
        }
        if let Some(rest) = text.strip_prefix("engine/") {
            let (engine, project) = match rest.split_once("/project/") {
                Some((engine, project)) => (engine, Some(project)),
                None => (rest, None),
            };
            return match project {
                _ if !is_target_name(engine) => Err(wrong()),
                None => Ok(Scope::Engine(engine.to_owned())),
                Some(project) if is_project_name(project) => Ok(Scope::Project { engine: engine.to_owned(), project: project.to_owned() }),
                Some(_) => Err(wrong()),
            };
        }
        if let Some(rest) = text.strip_prefix("registry/") {
            let (registry, prefix) = match rest.split_once("/repository/") {
                Some((registry, prefix)) => (registry, Some(prefix)),
                None => (rest, None),
            };
            return match prefix {
                _ if !is_target_name(registry) => Err(wrong()),
                None => Ok(Scope::Registry(registry.to_owned())),
                // `team/` is how one may write `team`: a prefix ends where a part does in any case.
                Some(prefix) => match prefix.strip_suffix('/').unwrap_or(prefix) {
                    prefix if is_repository_name(prefix) => Ok(Scope::Repository { registry: registry.to_owned(), prefix: prefix.to_owned() }),
                    _ => Err(wrong()),
                },
            };
        }
        let mut labels = BTreeMap::new();
        for pair in text.split(',') {
            let (key, value) = pair.split_once('=').ok_or_else(wrong)?;
            if !is_label(key) || !is_label(value) || labels.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(wrong());
            }
        }
        Ok(Scope::Labels(labels))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::System => f.write_str("-"),
            Target::Engine(name) | Target::Registry(name) => f.write_str(name),
        }
    }
}

/// Whether `name` may name an engine, registry or cluster: 1 to 63 of `a-z`, `0-9` and `-`, not starting with `-`.
pub fn is_target_name(name: &str) -> bool {
    (1..=63).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Whether `name` may name a project: 1 to 128 of letters, digits, `_`, `.` and `-`, starting with a letter or digit. Compose and `docker stack`
/// take no others.
pub fn is_project_name(name: &str) -> bool {
    (1..=128).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// Whether `text` may stand on one side of a label in a scope.
fn is_label(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'/' | b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_written_as_it_is_read() {
        for text in [
            "all",
            "engine/a",
            "engine/a/project/shop",
            "engine/a/project/My_shop.2",
            "env=prod",
            "env=prod,site=a",
            "registry/hub",
            "registry/hub/repository/team",
            "registry/hub/repository/team/x",
        ] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "All",
            "engine/",
            "engine/A",
            "engine/a/",
            "engine/a/project/",
            "engine/a/project/-x",
            "engine/a/project/x/y",
            "engine/a/b",
            "env",
            "=prod",
            "env=",
            "env=a,env=b",
            "env=prod,",
            "env=a b",
            "all ",
            "registry/",
            "registry/A",
            "registry/a/repository/",
            "registry/a/repository//",
            "registry/a/repository/../x",
            "registry/a/repository/Team",
            "registry/a/team",
        ] {
            assert!(text.parse::<Scope>().is_err(), "{text}");
        }
        assert_eq!("registry/hub/repository/team/".parse::<Scope>().unwrap().to_string(), "registry/hub/repository/team");
    }

    #[test]
    fn a_selector_wants_all_of_its_labels() {
        let labels = BTreeMap::from([("env".to_owned(), "prod".to_owned()), ("site".to_owned(), "a".to_owned())]);
        let covers = |scope: &str| scope.parse::<Scope>().unwrap().part_of("e", &labels).is_some();
        assert!(covers("env=prod") && covers("env=prod,site=a") && covers("all") && covers("engine/e") && covers("engine/e/project/p"));
        assert!(!covers("registry/e") && !covers("registry/e/repository/p"));
        let share = |scope: &str| scope.parse::<Scope>().unwrap().share_of("e", &labels).is_some();
        assert!(share("env=prod") && share("all") && share("registry/e") && share("registry/e/repository/p"));
        assert!(!share("env=test") && !share("engine/e") && !share("registry/f") && !share("registry/f/repository/p"));
        assert!(!covers("env=test") && !covers("env=prod,site=b") && !covers("tier=1") && !covers("engine/f") && !covers("engine/f/project/p"));
    }
}
