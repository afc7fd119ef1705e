//! SARIF 2.1.0, as scanners of images write it: a rule is a hole, its `security-severity` the score.

use std::collections::HashMap;

use pilothouse_app::api::vulnerabilities::Severity;
use serde_json::Value;

use super::{Found, items, line, of_score, severity};

pub fn read(report: &Value) -> Result<Vec<Found>, String> {
    if !report["version"].as_str().is_some_and(|version| version.starts_with("2.1")) {
        return Err("The SARIF report is of another version than 2.1.".to_owned());
    }
    let mut found = Vec::new();
    for run in items(&report["runs"], "runs")? {
        let rules = items(&run["tool"]["driver"]["rules"], "rules")?;
        let by_id: HashMap<&str, &Value> = rules.iter().filter_map(|rule| Some((rule["id"].as_str()?, rule))).collect();
        for result in items(&run["results"], "results")? {
            let id = line(&result["ruleId"]);
            if id.is_empty() {
                return Err("A result of the report has no ruleId.".to_owned());
            }
            let rule = result["ruleId"].as_str().and_then(|id| by_id.get(id)).copied().unwrap_or(&Value::Null);
            let said = said(result["message"]["text"].as_str().unwrap_or_default());
            let title = line(&rule["shortDescription"]["text"]);
            found.push(Found {
                id,
                severity: how_bad(rule, result),
                package: said("Package"),
                version: said("Installed Version"),
                fixed: Some(said("Fixed Version")).filter(|version| !version.is_empty()),
                title,
            });
        }
    }
    Ok(found)
}

fn how_bad(rule: &Value, result: &Value) -> Severity {
    let score = &rule["properties"]["security-severity"];
    if let Some(score) = score.as_f64().or_else(|| score.as_str()?.parse().ok()) {
        return of_score(score);
    }
    let tags = rule["properties"]["tags"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(known) = tags.map(severity).filter(|known| *known != Severity::Unknown).max() {
        return known;
    }
    match result["level"].as_str().unwrap_or("warning") {
        "error" => Severity::High,
        "warning" => Severity::Medium,
        "note" => Severity::Low,
        _ => Severity::Unknown,
    }
}

/// What a message of lines `NAME: VALUE` says of a name; that is how Trivy writes it.
fn said(message: &str) -> impl Fn(&str) -> String {
    let lines: HashMap<String, String> =
        message.lines().filter_map(|text| text.split_once(": ")).map(|(name, value)| (name.to_owned(), line(&Value::from(value)))).collect();
    move |name| lines.get(name).cloned().unwrap_or_default()
}
