use serde_json::json;

use super::*;

#[test]
fn trivys_report_is_read() {
    let hole = |id: &str, severity: &str, fixed: Option<&str>| json!({ "VulnerabilityID": id, "PkgName": "openssl", "InstalledVersion": "3.0.1", "FixedVersion": fixed, "Severity": severity, "Title": "A\nhole" });
    let report = json!({
        "SchemaVersion": 2, "ArtifactName": "r.example/app", "ArtifactType": "container_image",
        "Metadata": { "RepoDigests": ["r.example/app@sha256:11"] },
        "Results": [
            { "Target": "debian", "Vulnerabilities": [hole("CVE-2", "LOW", None), hole("CVE-1", "CRITICAL", Some("3.0.2"))] },
            { "Target": "app.jar", "Vulnerabilities": [hole("CVE-1", "CRITICAL", Some("3.0.2"))] },
            { "Target": "secrets" },
        ],
    });
    let read = read(&report.to_string()).unwrap();
    assert_eq!((read.format, read.complete, read.about), (ReportFormat::Trivy, true, vec!["sha256:11".to_owned()]));
    assert_eq!(read.counts, SeverityCounts { critical: 1, low: 1, ..SeverityCounts::default() }, "found in two places, it is one");
    assert_eq!((read.found[0].id.as_str(), read.found[0].fixed.as_deref(), read.found[0].title.as_str()), ("CVE-1", Some("3.0.2"), "A hole"));
}

#[test]
fn a_report_without_holes_is_one() {
    for text in [r#"{"SchemaVersion":2,"Results":null}"#, r#"{"version":"2.1.0","runs":[]}"#, r#"{"bomFormat":"CycloneDX","vulnerabilities":[]}"#] {
        assert_eq!(read(text).unwrap().counts, SeverityCounts::default(), "{text}");
    }
}

#[test]
fn sarif_is_read() {
    let rule = json!({ "id": "CVE-1", "shortDescription": { "text": "A hole" }, "properties": { "security-severity": "9.8" } });
    let text = "Package: openssl\nInstalled Version: 3.0.1\nVulnerability CVE-1\nSeverity: CRITICAL\nFixed Version: 3.0.2";
    let report = json!({
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "x", "rules": [rule] } },
            "results": [{ "ruleId": "CVE-1", "level": "note", "message": { "text": text } }, { "ruleId": "CVE-9", "level": "error" }],
        }],
    });
    let found = read(&report.to_string()).unwrap().found;
    let first = Found {
        id: "CVE-1".into(),
        severity: Severity::Critical,
        package: "openssl".into(),
        version: "3.0.1".into(),
        fixed: Some("3.0.2".into()),
        title: "A hole".into(),
    };
    assert_eq!((&found[0], found[1].id.as_str(), found[1].severity), (&first, "CVE-9", Severity::High));
}

#[test]
fn cyclonedx_is_read() {
    let report = json!({
        "bomFormat": "CycloneDX",
        "components": [{ "bom-ref": "a", "name": "openssl", "version": "3.0.1" }],
        "vulnerabilities": [
            { "id": "CVE-1", "ratings": [{ "severity": "low" }, { "severity": "high" }], "affects": [{ "ref": "a" }], "description": "A hole" },
            { "id": "CVE-2", "ratings": [{ "score": 4.5 }] },
        ],
    });
    let found = read(&report.to_string()).unwrap().found;
    assert_eq!((found[0].severity, found[0].package.as_str(), found[0].version.as_str()), (Severity::High, "openssl", "3.0.1"));
    assert_eq!((found[1].severity, found[1].package.as_str()), (Severity::Medium, ""));
}

#[test]
fn what_is_no_report_is_refused() {
    for text in [
        "",
        "[]",
        "{}",
        "<html>",
        r#"{"SchemaVersion":1,"Results":[]}"#,
        r#"{"SchemaVersion":2,"ArtifactType":"filesystem"}"#,
        r#"{"SchemaVersion":2,"Results":{}}"#,
        r#"{"SchemaVersion":2,"Results":[{"Vulnerabilities":[{"Severity":"LOW"}]}]}"#,
        r#"{"version":"1.0","runs":[]}"#,
        r#"{"version":"2.1.0","runs":[{"results":[{}]}]}"#,
        r#"{"bomFormat":"CycloneDX","components":[]}"#,
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    assert!(read(&format!("{{\"SchemaVersion\":2,\"x\":\"{}\"}}", "a".repeat(LARGEST))).unwrap_err().contains("at most"));
}

#[test]
fn of_too_many_the_worst_are_listed() {
    let hole = |n: usize| json!({ "VulnerabilityID": format!("CVE-{n}"), "Severity": if n == MOST { "HIGH" } else { "LOW" } });
    let holes: Vec<_> = (0..=MOST).map(hole).collect();
    let read = read(&json!({ "SchemaVersion": 2, "Results": [{ "Vulnerabilities": holes }] }).to_string()).unwrap();
    assert_eq!((read.found.len(), read.complete, read.found[0].severity), (MOST, false, Severity::High));
    assert_eq!(read.counts.low as usize + 1, MOST + 1);
}
