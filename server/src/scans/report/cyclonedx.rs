//! CycloneDX JSON: a list of what is inside, with the holes of it.

use std::collections::HashMap;

use pilothouse_app::api::vulnerabilities::Severity;
use serde_json::Value;

use super::{Found, items, line, of_score, severity};

pub fn read(report: &Value) -> Result<Vec<Found>, String> {
    // One that lists what is inside and no holes says nothing of holes.
    if !report["vulnerabilities"].is_array() {
        return Err("This list of components has no vulnerabilities: it is no scanner's report.".to_owned());
    }
    let components = items(&report["components"], "components")?;
    let by_ref: HashMap<&str, &Value> = components.iter().filter_map(|one| Some((one["bom-ref"].as_str()?, one))).collect();
    let mut found = Vec::new();
    for hole in items(&report["vulnerabilities"], "vulnerabilities")? {
        let id = line(&hole["id"]);
        if id.is_empty() {
            return Err("A vulnerability of the report has no id.".to_owned());
        }
        let of = |component: Option<&&Value>| Found {
            id: id.clone(),
            severity: how_bad(hole),
            package: component.map(|one| line(&one["name"])).unwrap_or_default(),
            version: component.map(|one| line(&one["version"])).unwrap_or_default(),
            fixed: None,
            title: line(&hole["description"]),
        };
        let affected = items(&hole["affects"], "affects")?;
        if affected.is_empty() {
            found.push(of(None));
        }
        found.extend(affected.iter().map(|one| of(one["ref"].as_str().and_then(|name| by_ref.get(name)))));
    }
    Ok(found)
}

/// The worst that one of its ratings says.
fn how_bad(hole: &Value) -> Severity {
    let ratings = hole["ratings"].as_array().into_iter().flatten();
    let each = ratings.map(|rating| match rating["severity"].as_str() {
        Some(name) => severity(name),
        None => rating["score"].as_f64().map_or(Severity::Unknown, of_score),
    });
    each.max().unwrap_or(Severity::Unknown)
}
