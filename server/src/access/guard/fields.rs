//! Every field of every body, and how it is treated where a guardrail is in force. What is in no row is refused.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use serde_json::{Map, Value};

use super::shown;
use crate::access::table::docker::ROWS;

/// How a field is treated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Treatment {
    /// It widens nothing that a rule is about.
    Harmless,
    /// It only holds other fields, each of which is treated by itself.
    Holds,
    /// Rules of this kind judge it.
    Judged(&'static str),
    /// It is refused.
    Refused,
}

/// The operations whose bodies ask for no workload: no field of theirs is looked at.
pub const UNJUDGED: &[&str] = &[
    "SystemAuth",
    "PluginPull",
    "PluginUpgrade",
    "PluginSet",
    "SwarmInit",
    "SwarmJoin",
    "SwarmUpdate",
    "SwarmUnlock",
    "NodeUpdate",
    "SecretCreate",
    "SecretUpdate",
    "ConfigCreate",
    "ConfigUpdate",
];

/// The fields of one body, by their paths: `HostConfig.Mounts[].Type`.
#[derive(Default)]
struct Fields {
    treatments: HashMap<&'static str, Treatment>,
    /// Those that hold fields.
    objects: HashSet<&'static str>,
    /// Those whose items hold fields.
    lists: HashSet<&'static str>,
}

impl Fields {
    fn add(&mut self, field: &'static str, treatment: Treatment) {
        self.treatments.insert(field, treatment);
        for (at, _) in field.match_indices('.') {
            match field[..at].strip_suffix("[]") {
                Some(list) => self.lists.insert(list),
                None => self.objects.insert(&field[..at]),
            };
        }
    }
}

/// By method and path of the operation.
static BODIES: LazyLock<HashMap<&'static str, Fields>> = LazyLock::new(|| {
    let mut bodies: HashMap<&'static str, Fields> = HashMap::new();
    for (operation, field, treatment, _) in rows() {
        bodies.entry(operation).or_default().add(field, treatment);
    }
    bodies
});

/// The rows of the file: operation, field, treatment, and where the field is known from.
fn rows() -> impl Iterator<Item = (&'static str, &'static str, Treatment, &'static str)> {
    let lines = include_str!("../table/docker-body-treatment.tsv").lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.filter_map(|line| {
        let mut columns = line.split('\t');
        let (operation, field, treatment) = (columns.next()?, columns.next()?, columns.next()?);
        let treatment = match treatment {
            "harmless" => Treatment::Harmless,
            "holds" => Treatment::Holds,
            "refused" => Treatment::Refused,
            rule => Treatment::Judged(rule),
        };
        Some((operation, field, treatment, columns.next()?))
    })
}

fn of(operation: &str) -> Option<&'static Fields> {
    let row = ROWS.iter().find(|row| row.name == operation)?;
    BODIES.get(format!("{} {}", row.method, row.path).as_str())
}

/// Whether every field of `body` is one that is known of `operation`, and not to be refused.
///
/// # Errors
/// What is wrong, to go on from "... and".
pub fn check(operation: &str, body: &Value) -> Result<(), String> {
    if body.is_null() || UNJUDGED.contains(&operation) {
        return Ok(());
    }
    let Some(fields) = of(operation) else { return Err(format!("a body of {operation} is not one that it can judge")) };
    let Value::Object(map) = body else { return Err("the body is no JSON object".to_owned()) };
    check_map(fields, "", map)
}

fn check_map(fields: &Fields, before: &str, map: &Map<String, Value>) -> Result<(), String> {
    for (key, value) in map {
        let path = format!("{before}{key}");
        match fields.treatments.get(path.as_str()) {
            None => return Err(format!("the field {} is not one that it can judge; leave it out", shown(&path))),
            Some(Treatment::Refused) if !value.is_null() => return Err(format!("the field {path} is not taken; leave it out")),
            Some(_) => check_value(fields, &path, value)?,
        }
    }
    Ok(())
}

fn check_value(fields: &Fields, path: &str, value: &Value) -> Result<(), String> {
    let (is_object, is_list) = (fields.objects.contains(path), fields.lists.contains(path));
    match value {
        Value::Null => Ok(()),
        Value::Object(map) if is_object => check_map(fields, &format!("{path}."), map),
        _ if is_object => Err(format!("the field {path} is no object")),
        Value::Array(items) if is_list => items.iter().try_for_each(|item| match item {
            Value::Null => Ok(()),
            Value::Object(map) => check_map(fields, &format!("{path}[]."), map),
            _ => Err(format!("the field {path} holds what is no object")),
        }),
        _ if is_list => Err(format!("the field {path} is no list")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::access::table::docker::Body;

    const PUBLISHED: &str = include_str!("../table/docker-body-fields.tsv");

    #[test]
    fn every_published_field_has_a_treatment_and_no_other_has_one() {
        let lines = PUBLISHED.lines().filter(|line| !line.starts_with('#')).skip(1);
        let published: BTreeSet<_> =
            lines.map(|line| line.split_once('\t').unwrap()).map(|(op, rest)| (op, rest.split('\t').next().unwrap())).collect();
        assert!(published.len() > 600, "the list of published fields is cut short: {}", published.len());
        let of = |wanted: &'static str| rows().filter(move |row| row.3 == wanted).map(|row| (row.0, row.1)).collect::<BTreeSet<_>>();
        let treated = of("published");
        assert_eq!(published.difference(&treated).collect::<Vec<_>>(), Vec::<&(&str, &str)>::new(), "without a treatment");
        assert_eq!(treated.difference(&published).collect::<Vec<_>>(), Vec::<&(&str, &str)>::new(), "not published");
        assert!(of("older").union(&of("beside")).all(|row| !published.contains(row)));
        assert_eq!(rows().count(), treated.len() + of("older").len() + of("beside").len(), "a row comes twice, or from nowhere");
        for (_, field, treatment, _) in rows() {
            if let Treatment::Judged(rule) = treatment {
                assert!(pilothouse_app::api::guardrails::KINDS.contains(&rule), "{field} is judged by {rule}, which is no rule");
            }
        }
    }

    #[test]
    fn every_body_is_treated_or_said_to_ask_for_no_workload() {
        for row in ROWS.iter().filter(|row| row.body == Body::Json) {
            assert_ne!(of(row.name).is_some(), UNJUDGED.contains(&row.name), "{}", row.name);
        }
        for operation in BODIES.keys() {
            assert!(ROWS.iter().any(|row| format!("{} {}", row.method, row.path) == *operation), "{operation}");
        }
    }

    #[test]
    fn what_no_row_says_is_refused_by_its_name() {
        let wrong = |operation: &str, body: Value| check(operation, &body).unwrap_err();
        assert!(
            check("ContainerCreate", &json!({"Image": "x", "HostConfig": {"Binds": null, "PortBindings": {"80/tcp": [{"HostPort": "1"}]}}})).is_ok()
        );
        assert!(wrong("ContainerCreate", json!({"HostConfig": {"Priviledged": true}})).contains("HostConfig.Priviledged"));
        for old in ["Privileged", "Binds", "CapAdd", "PidMode", "NetworkMode", "Devices", "VolumesFrom"] {
            assert!(wrong("ContainerCreate", json!({ old: true })).contains(old), "{old}");
        }
        assert!(wrong("ContainerCreate", json!({"HostConfig": {"Mounts": [{"Type": "bind", "BindOptions": {"X": 1}}]}})).contains("BindOptions.X"));
        assert!(wrong("ContainerCreate", json!({"HostConfig": []})).contains("no object"));
        assert!(wrong("ContainerCreate", json!({"HostConfig": {"Mounts": {"Type": "bind"}}})).contains("no list"));
        assert!(wrong("ContainerCreate", json!([])).contains("no JSON object"));
        assert!(wrong("ContainerUpdate", json!({"Privileged": true})).contains("Privileged"));
        assert!(wrong("ServiceCreate", json!({"TaskTemplate": {"NetworkAttachmentSpec": {"ContainerID": "x"}}})).contains("NetworkAttachmentSpec"));
        assert!(check("ServiceCreate", &json!({"TaskTemplate": {"NetworkAttachmentSpec": null}})).is_ok());
        assert!(check("SwarmInit", &json!({"Anything": 1})).is_ok());
        assert!(check("ExecStart", &json!({"Detach": false, "Tty": true})).is_ok());
    }
}
