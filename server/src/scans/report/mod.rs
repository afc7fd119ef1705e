//! Reports of scanners, read: Trivy's JSON, SARIF, CycloneDX. Pure.

mod cyclonedx;
mod sarif;
mod trivy;

use pilothouse_app::api::vulnerabilities::{ReportFormat, Severity, SeverityCounts};
use serde_json::Value;

/// The largest report, in bytes.
pub const LARGEST: usize = 8 * 1024 * 1024;
/// How many holes of one report are listed. All of them are counted.
pub const MOST: usize = 5_000;
/// How long a text of a report may be, in characters; what is longer is cut.
const LONGEST: usize = 300;

/// A hole, as a report has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    pub id: String,
    pub severity: Severity,
    pub package: String,
    pub version: String,
    pub fixed: Option<String>,
    pub title: String,
}

/// A report that was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    pub format: ReportFormat,
    /// The worst first, at most [`MOST`].
    pub found: Vec<Found>,
    pub counts: SeverityCounts,
    /// Whether all of them are in `found`.
    pub complete: bool,
    /// The digests that it says it is about; often none.
    pub about: Vec<String>,
}

/// Reads a report of whichever format it is.
///
/// # Errors
/// One sentence about why it is none.
pub fn read(text: &str) -> Result<Report, String> {
    if text.len() > LARGEST {
        return Err(format!("A report has at most {} MiB.", LARGEST / 1024 / 1024));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| format!("The report is no JSON: {error}."))?;
    let (format, found, about) = if value["bomFormat"] == "CycloneDX" {
        (ReportFormat::CycloneDx, cyclonedx::read(&value)?, Vec::new())
    } else if value["runs"].is_array() && value["version"].is_string() {
        (ReportFormat::Sarif, sarif::read(&value)?, Vec::new())
    } else if value["SchemaVersion"].is_u64() {
        (ReportFormat::Trivy, trivy::read(&value)?, trivy::about(&value))
    } else {
        return Err("This is no report of a format that is known here: Trivy's JSON, SARIF 2.1.0 or CycloneDX JSON.".to_owned());
    };
    Ok(sum_up(format, found, about))
}

fn sum_up(format: ReportFormat, mut found: Vec<Found>, about: Vec<String>) -> Report {
    found.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| (&a.id, &a.package, &a.version).cmp(&(&b.id, &b.package, &b.version))));
    // One package may be found in several places of an image.
    found.dedup();
    let mut counts = SeverityCounts::default();
    for hole in &found {
        *of(&mut counts, hole.severity) += 1;
    }
    let complete = found.len() <= MOST;
    found.truncate(MOST);
    Report { format, found, counts, complete, about }
}

fn of(counts: &mut SeverityCounts, severity: Severity) -> &mut u32 {
    match severity {
        Severity::Critical => &mut counts.critical,
        Severity::High => &mut counts.high,
        Severity::Medium => &mut counts.medium,
        Severity::Low => &mut counts.low,
        Severity::Unknown => &mut counts.unknown,
    }
}

/// A severity by its name, whoever's it is.
fn severity(name: &str) -> Severity {
    match name.to_ascii_lowercase().as_str() {
        "critical" => Severity::Critical,
        "high" | "important" => Severity::High,
        "medium" | "moderate" => Severity::Medium,
        "low" | "negligible" | "info" | "none" => Severity::Low,
        _ => Severity::Unknown,
    }
}

/// A severity by its score of CVSS.
fn of_score(score: f64) -> Severity {
    match score {
        score if score >= 9.0 => Severity::Critical,
        score if score >= 7.0 => Severity::High,
        score if score >= 4.0 => Severity::Medium,
        score if score > 0.0 => Severity::Low,
        _ => Severity::Unknown,
    }
}

/// A text of a report as it is kept: one short line.
fn line(value: &Value) -> String {
    value.as_str().unwrap_or_default().chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

/// The items of a list; none where there is none. Where there is something else, the report cannot be read.
fn items<'v>(value: &'v Value, name: &str) -> Result<&'v [Value], String> {
    match value {
        Value::Null => Ok(&[]),
        Value::Array(items) => Ok(items),
        _ => Err(format!("The report's {name} is no list.")),
    }
}

#[cfg(test)]
mod tests;
