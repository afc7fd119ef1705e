//! Known holes of images: what scanners found, kept by digest.

use super::{Empty, endpoints, repositories::Run, wire};

wire! {
    /// How bad a hole is, as its finder says. In the order of what is worse.
    #[derive(Copy, Default, Eq, Ord, PartialOrd)]
    #[serde(rename_all = "lowercase")]
    pub enum Severity {
        /// Nobody has said yet.
        Unknown,
        Low,
        #[default]
        Medium,
        High,
        Critical,
    }

    /// How a report is written. It is kept as it came.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "lowercase")]
    pub enum ReportFormat {
        /// Trivy's own JSON.
        Trivy,
        Sarif,
        CycloneDx,
    }

    /// How many holes there are of each severity.
    #[derive(Copy, Default, Eq)]
    #[serde(default)]
    pub struct SeverityCounts { pub critical: u32, pub high: u32, pub medium: u32, pub low: u32, pub unknown: u32 }

    /// One scanner's newest report on an image.
    pub struct Scan {
        /// The scanner's name.
        pub scanner: String,
        pub format: ReportFormat,
        /// When it came in.
        pub at: i64,
        /// Who let it come in.
        pub by: String,
        pub counts: SeverityCounts,
        /// False where it had more holes than are listed.
        pub complete: bool,
    }

    /// A hole in one package of an image.
    pub struct Vulnerability {
        /// `CVE-2026-1234`, or another name that its finder gave.
        pub id: String,
        pub severity: Severity,
        pub package: String,
        pub version: String,
        /// The version without it; nothing where there is none yet.
        pub fixed: Option<String>,
        pub title: String,
        /// Who found it.
        pub scanner: String,
    }

    /// What is known of an image.
    pub struct Vulnerabilities {
        /// None at all: nobody has scanned it.
        pub scans: Vec<Scan>,
        /// The worst first.
        pub items: Vec<Vulnerability>,
        /// Whether Pilothouse has a scanner of its own.
        pub has_scanner: bool,
    }

    /// A report that another program made.
    pub struct ReportInput {
        /// The scanner's name: 1 to 63 of `a-z`, `0-9` and `-`. A later report by the same name takes the place of the one before.
        pub scanner: String,
        /// The report as text: Trivy's JSON, SARIF 2.1.0, or CycloneDX JSON.
        pub report: String,
    }

    #[derive(Default)]
    #[serde(default)]
    pub struct ScanInput {
        /// Take the reports that are attached to the image in the registry, and run no scanner. Whoever may push there may have attached them.
        pub attached: bool,
    }

    #[derive(Default)]
    #[serde(default)]
    pub struct AffectedQuery {
        /// `CVE-2026-1234`.
        pub id: String,
    }

    /// An image with a certain hole, and where it runs.
    pub struct AffectedImage {
        pub registry: String,
        pub repository: String,
        pub digest: String,
        pub severity: Severity,
        pub package: String,
        pub version: String,
        pub fixed: Option<String>,
        /// The containers made from it that you may see.
        pub runs: Vec<Run>,
    }

    pub struct Affected {
        /// Those of repositories that you may pull from; those that run first.
        pub items: Vec<AffectedImage>,
        /// False where there are more.
        pub complete: bool,
        /// Engines that did not answer: what runs there is not known.
        pub silent_engines: Vec<String>,
    }
}

endpoints! {
    "Shows the known holes of an image, by its digest."
    VulnerabilityList: GET "/api/v1/registries/{registry}/repositories/{repository}/vulnerabilities/{digest}", Empty => Vulnerabilities;
    "Keeps a report that another program made of an image."
    ReportPut: PUT "/api/v1/registries/{registry}/repositories/{repository}/vulnerabilities/{digest}", ReportInput => Vulnerabilities;
    "Scans an image, or takes the reports that are attached to it."
    ImageScan: POST "/api/v1/registries/{registry}/repositories/{repository}/vulnerabilities/{digest}", ScanInput => Vulnerabilities;
    "Tells which images have a certain hole, and where they run."
    AffectedList: GET "/api/v1/vulnerabilities/affected", AffectedQuery => Affected;
}
