//! Which sessions are recorded, and how: rules bound to scopes. The narrowest that fits counts.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    access::{Part, Scope},
    store::recordings::RecordingRuleRow,
};

/// A rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    pub scope: Scope,
    pub record: bool,
    /// No recording possible: no session.
    pub strict: bool,
    /// What was typed is kept, too.
    pub input: bool,
}

/// How a session is recorded.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    pub strict: bool,
    pub input: bool,
    /// The scope of the rule that says so; empty without one.
    pub rule: String,
}

/// Where a session takes place.
pub struct Where<'a> {
    pub engine: &'a str,
    pub labels: &'a BTreeMap<String, String>,
    /// What its container belongs to; `None` when that cannot be told.
    pub projects: Option<&'a [Arc<str>]>,
}

/// What a row says.
///
/// # Errors
/// When it cannot be read: then nobody can say what is to be recorded.
pub fn read(row: &RecordingRuleRow) -> Result<Rule, String> {
    let failed = |what: &str| format!("The recording rule for {}: its {what} cannot be read.", row.scope);
    let record = match row.record.as_str() {
        "always" => true,
        "never" => false,
        _ => return Err(failed("kind")),
    };
    Ok(Rule { scope: row.scope.parse().map_err(|_| failed("scope"))?, record, strict: row.strict, input: row.input })
}

impl Rule {
    /// How narrow its scope is.
    fn width(&self) -> (u8, usize) {
        match &self.scope {
            Scope::All => (0, 0),
            Scope::Labels(labels) => (1, labels.len()),
            Scope::Engine(_) | Scope::Registry(_) => (2, 0),
            Scope::Project { .. } | Scope::Repository { .. } => (3, 0),
        }
    }

    /// Where it cannot be told whose a container is, it is taken for one that is to be recorded.
    fn fits(&self, place: &Where<'_>) -> bool {
        match self.scope.part_of(place.engine, place.labels) {
            None => false,
            Some(Part::Whole) => true,
            Some(Part::Project(project)) => place.projects.map_or(self.record, |projects| projects.iter().any(|of| **of == *project)),
        }
    }
}

/// Whether it depends on the project of a container on this engine how it is recorded.
pub fn ask_for_projects(rules: &[Rule], engine: &str) -> bool {
    rules.iter().any(|rule| matches!(&rule.scope, Scope::Project { engine: of, .. } if of == engine))
}

/// How a session is recorded; `None` for not at all. Of rules that are as narrow as each other counts what records more.
pub fn choose(rules: &[Rule], place: &Where<'_>) -> Option<Plan> {
    let fitting = || rules.iter().filter(|rule| rule.fits(place));
    let Some(width) = fitting().map(Rule::width).max() else { return Some(Plan::default()) };
    let mut plan: Option<Plan> = None;
    for rule in fitting().filter(|rule| rule.width() == width && rule.record) {
        let plan = plan.get_or_insert_with(|| Plan { rule: rule.scope.to_string(), ..Plan::default() });
        plan.strict |= rule.strict;
        plan.input |= rule.input;
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(scope: &str, record: bool) -> Rule {
        Rule { scope: scope.parse().unwrap(), record, strict: false, input: false }
    }

    fn chosen(rules: &[Rule], engine: &str, projects: Option<&[&str]>) -> Option<String> {
        let labels = BTreeMap::from([("env".to_owned(), "prod".to_owned()), ("site".to_owned(), "a".to_owned())]);
        let projects: Option<Vec<Arc<str>>> = projects.map(|projects| projects.iter().map(|project| Arc::from(*project)).collect());
        choose(rules, &Where { engine, labels: &labels, projects: projects.as_deref() }).map(|plan| plan.rule)
    }

    #[test]
    fn without_a_rule_everything_is_recorded_without_what_was_typed() {
        assert_eq!(choose(&[], &Where { engine: "a", labels: &BTreeMap::new(), projects: None }), Some(Plan::default()));
        assert_eq!(chosen(&[rule("engine/b", false)], "a", None), Some(String::new()));
    }

    #[test]
    fn the_narrowest_rule_counts() {
        let rules =
            [rule("all", false), rule("env=prod", true), rule("env=prod,site=a", false), rule("engine/a", true), rule("engine/a/project/p", false)];
        let upto = |n: usize| rules.get(..n).unwrap();
        assert_eq!(chosen(upto(1), "a", Some(&[])), None);
        assert_eq!(chosen(upto(2), "a", Some(&[])).as_deref(), Some("env=prod"));
        assert_eq!(chosen(upto(3), "a", Some(&[])), None);
        assert_eq!(chosen(upto(4), "a", Some(&[])).as_deref(), Some("engine/a"));
        assert_eq!(chosen(upto(5), "a", Some(&["p"])), None);
        assert_eq!(chosen(upto(5), "a", Some(&["q"])).as_deref(), Some("engine/a"));
        // Nobody knows whose it is: what says `never` for one project does not count.
        assert_eq!(chosen(upto(5), "a", None).as_deref(), Some("engine/a"));
        assert_eq!(chosen(&[rule("engine/a", false), rule("engine/a/project/p", true)], "a", None).as_deref(), Some("engine/a/project/p"));
    }

    #[test]
    fn of_two_that_are_as_narrow_the_one_that_records_more_counts() {
        assert_eq!(chosen(&[rule("env=prod", false), rule("site=a", true)], "a", None).as_deref(), Some("site=a"));
        let strict = Rule { strict: true, ..rule("site=a", true) };
        let typed = Rule { input: true, ..rule("env=prod", true) };
        let labels = BTreeMap::from([("env".to_owned(), "prod".to_owned()), ("site".to_owned(), "a".to_owned())]);
        let plan = choose(&[strict, typed], &Where { engine: "a", labels: &labels, projects: None }).unwrap();
        assert!(plan.strict && plan.input);
    }
}
