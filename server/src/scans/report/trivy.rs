//! Trivy's own JSON: `trivy image --format json`, of schema 2.

use serde_json::Value;

use super::{Found, items, line, severity};

pub fn read(report: &Value) -> Result<Vec<Found>, String> {
    if report["SchemaVersion"] != 2 {
        return Err("Trivy's report is of another schema than 2.".to_owned());
    }
    if report["ArtifactType"].as_str().is_some_and(|kind| kind != "container_image") {
        return Err("Trivy's report is of no container image.".to_owned());
    }
    let mut found = Vec::new();
    for result in items(&report["Results"], "Results")? {
        for hole in items(&result["Vulnerabilities"], "Vulnerabilities")? {
            let id = line(&hole["VulnerabilityID"]);
            if id.is_empty() {
                return Err("A vulnerability of the report has no VulnerabilityID.".to_owned());
            }
            found.push(Found {
                id,
                severity: severity(hole["Severity"].as_str().unwrap_or_default()),
                package: line(&hole["PkgName"]),
                version: line(&hole["InstalledVersion"]),
                fixed: Some(line(&hole["FixedVersion"])).filter(|version| !version.is_empty()),
                title: line(&hole["Title"]),
            });
        }
    }
    Ok(found)
}

/// The digests of the image in its registries.
pub fn about(report: &Value) -> Vec<String> {
    let names = report["Metadata"]["RepoDigests"].as_array().into_iter().flatten().filter_map(Value::as_str);
    names.filter_map(|name| name.split_once('@').map(|(_, digest)| digest.to_owned())).collect()
}
