//! Scopes: where a grant holds.

use std::{collections::BTreeMap, fmt, str::FromStr};

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
}

/// What an operation is aimed at.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Target {
    /// Pilothouse itself.
    System,
    /// The engine of this name.
    Engine(String),
}

/// How much of an engine a scope takes in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part<'a> {
    Whole,
    Project(&'a str),
}

impl Scope {
    /// How much of the engine of this name and these labels it takes in; `None` for nothing.
    pub fn part_of(&self, engine: &str, labels: &BTreeMap<String, String>) -> Option<Part<'_>> {
        match self {
            Scope::All => Some(Part::Whole),
            Scope::Labels(wanted) => wanted.iter().all(|(key, value)| labels.get(key) == Some(value)).then_some(Part::Whole),
            Scope::Engine(name) => (name == engine).then_some(Part::Whole),
            Scope::Project { engine: name, project } => (name == engine).then_some(Part::Project(project)),
        }
    }
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
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            let text: String = text.chars().take(100).collect();
            format!(
                "\"{}\" is no scope: use `all`, labels such as `env=prod` or `env=prod,site=a`, `engine/NAME` or `engine/NAME/project/PROJECT`.",
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
            Target::Engine(name) => f.write_str(name),
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
        for text in ["all", "engine/a", "engine/a/project/shop", "engine/a/project/My_shop.2", "env=prod", "env=prod,site=a"] {
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
        ] {
            assert!(text.parse::<Scope>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_selector_wants_all_of_its_labels() {
        let labels = BTreeMap::from([("env".to_owned(), "prod".to_owned()), ("site".to_owned(), "a".to_owned())]);
        let covers = |scope: &str| scope.parse::<Scope>().unwrap().part_of("e", &labels).is_some();
        assert!(covers("env=prod") && covers("env=prod,site=a") && covers("all") && covers("engine/e") && covers("engine/e/project/p"));
        assert!(!covers("env=test") && !covers("env=prod,site=b") && !covers("tier=1") && !covers("engine/f") && !covers("engine/f/project/p"));
    }
}
