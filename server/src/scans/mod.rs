//! What scanners find in images. A scanner hands out reports; what they say is counted, and they are kept as they came, by the image's digest.

mod attached;
mod command;
pub mod report;
pub mod running;

use std::{future::Future, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use pilothouse_app::api::vulnerabilities::{ReportFormat, Scan, Severity, SeverityCounts, Vulnerabilities, Vulnerability};

use crate::{
    access::is_target_name,
    backends::oci::RegistryError,
    clock::now_ms,
    store::{
        Store, StoreError,
        scans::{FindingRow, ImageKey, MOST_FINDINGS, MOST_SCANNERS, ScanRow},
    },
};

pub use attached::Attached;
pub use command::{Command, IMAGE, Target};

/// Something that makes reports on images, or has them.
pub trait Scanner {
    /// The reports that it has on an image, each with the name of who made it.
    fn reports(&self, target: &Target<'_>) -> impl Future<Output = Result<Vec<Raw>, ScanError>> + Send;
}

/// A report, as it came.
#[derive(Debug)]
pub struct Raw {
    pub scanner: String,
    pub text: String,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// What the scanner did, in one sentence.
    #[error("{0}")]
    Failed(String),
    /// What came is no report on this image.
    #[error("{0}")]
    Unreadable(String),
    /// So many others have reports on it.
    #[error("There are reports of {MOST_SCANNERS} scanners on this image: more are not kept.")]
    TooMany,
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The reports there are.
pub struct Scans {
    store: Store,
    /// The scanner of the settings.
    pub command: Option<Command>,
}

impl Scans {
    pub fn new(store: Store, command: Option<Command>) -> Self {
        Self { store, command }
    }

    /// Has an image scanned, and keeps what came of it. The scanners' names, with what they counted.
    pub async fn scan(
        &self,
        scanner: &impl Scanner,
        target: &Target<'_>,
        image: &ImageKey,
        by: &str,
    ) -> Result<Vec<(String, SeverityCounts)>, ScanError> {
        let reports = scanner.reports(target).await?;
        if reports.is_empty() {
            return Err(ScanError::Failed("There is no report on this image.".to_owned()));
        }
        let mut kept = Vec::new();
        for raw in reports {
            let counts = self.keep(image, &raw, by).await?;
            kept.push((raw.scanner, counts));
        }
        Ok(kept)
    }

    /// Reads a report and keeps it, in the place of the one before by the same scanner.
    pub async fn keep(&self, image: &ImageKey, raw: &Raw, by: &str) -> Result<SeverityCounts, ScanError> {
        if !is_target_name(&raw.scanner) {
            return Err(ScanError::Unreadable("A scanner's name is 1 to 63 of a-z, 0-9 and -.".to_owned()));
        }
        let report = report::read(&raw.text).map_err(ScanError::Unreadable)?;
        if !report.about.is_empty() && !report.about.contains(&image.digest) {
            return Err(ScanError::Unreadable("The report is about another image.".to_owned()));
        }
        let row = ScanRow {
            digest: image.digest.clone(),
            scanner: raw.scanner.clone(),
            format: name(report.format).to_owned(),
            at: now_ms(),
            by_whom: by.to_owned(),
            counts: serde_json::to_string(&report.counts).unwrap_or_default(),
            complete: report.complete,
        };
        let findings: Vec<FindingRow> = report.found.into_iter().map(|found| finding(image, &raw.scanner, found)).collect();
        let packed = packed(&raw.text).map_err(|_| ScanError::Unreadable("The report cannot be packed.".to_owned()))?;
        let is_kept = self.store.put_scan(image, &row, &findings, &packed).await?;
        is_kept.then_some(report.counts).ok_or(ScanError::TooMany)
    }

    /// What is known of an image.
    pub async fn shown(&self, image: &ImageKey) -> Result<Vulnerabilities, StoreError> {
        let items: Vec<Vulnerability> = self.store.findings(image, 0).await?.into_iter().map(shown_finding).collect();
        let mut scans: Vec<Scan> = self.store.scans(image).await?.into_iter().map(shown_scan).collect();
        // Whose some are left out of nobody knows.
        scans.iter_mut().for_each(|scan| scan.complete &= items.len() < MOST_FINDINGS);
        Ok(Vulnerabilities { scans, items, has_scanner: self.command.is_some() })
    }
}

fn packed(text: &str) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(text.as_bytes())?;
    packer.finish()
}

fn name(format: ReportFormat) -> &'static str {
    match format {
        ReportFormat::Trivy => "trivy",
        ReportFormat::Sarif => "sarif",
        ReportFormat::CycloneDx => "cyclonedx",
    }
}

const SEVERITIES: [Severity; 5] = [Severity::Unknown, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// The number that a severity is kept as.
pub fn number_of(severity: Severity) -> i64 {
    SEVERITIES.iter().zip(0..).find(|(known, _)| **known == severity).map_or(0, |(_, number)| number)
}

/// The severity of a number; the worst for one that is none.
pub fn severity_of(number: i64) -> Severity {
    usize::try_from(number).ok().and_then(|number| SEVERITIES.get(number).copied()).unwrap_or(Severity::Critical)
}

fn finding(image: &ImageKey, scanner: &str, found: report::Found) -> FindingRow {
    FindingRow {
        registry: image.registry.clone(),
        repository: image.repository.clone(),
        digest: image.digest.clone(),
        scanner: scanner.to_owned(),
        id: found.id,
        severity: number_of(found.severity),
        package: found.package,
        version: found.version,
        fixed: found.fixed,
        title: found.title,
    }
}

fn shown_scan(row: ScanRow) -> Scan {
    let format = match row.format.as_str() {
        "sarif" => ReportFormat::Sarif,
        "cyclonedx" => ReportFormat::CycloneDx,
        _ => ReportFormat::Trivy,
    };
    let counts = serde_json::from_str(&row.counts).unwrap_or_default();
    Scan { scanner: row.scanner, format, at: row.at, by: row.by_whom, counts, complete: row.complete }
}

fn shown_finding(row: FindingRow) -> Vulnerability {
    let FindingRow { id, severity, package, version, fixed, title, scanner, .. } = row;
    Vulnerability { id, severity: severity_of(severity), package, version, fixed, title, scanner }
}
