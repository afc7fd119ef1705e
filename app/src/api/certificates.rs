//! Client certificates, and bundles that make a `docker` command line work.

use super::{Empty, Page, endpoints, wire};

wire! {
    pub struct Certificate {
        pub id: String,
        pub name: String,
        /// The engine this certificate is bound to: with it the Docker API stands at the root.
        pub engine: Option<String>,
        /// Its SHA-256, as 64 hexadecimal digits.
        pub fingerprint: String,
        pub created_at: i64,
        pub expires_at: i64,
        pub last_used_at: Option<i64>,
        pub revoked_at: Option<i64>,
    }

    pub struct CertificateInput {
        pub name: String,
        /// Seconds until it expires: 60 to 7,776,000. Without it, 7 days.
        #[serde(default)]
        pub expires_in_s: Option<u64>,
        #[serde(default)]
        pub engine: Option<String>,
    }

    pub struct CertificateCreated {
        pub id: String,
        pub fingerprint: String,
        pub expires_at: i64,
        /// PEM.
        pub certificate: String,
        /// PEM. It is shown this once, and kept nowhere.
        pub key: String,
        /// The authority that clients are to trust, as PEM; absent where they know it by themselves.
        pub ca: Option<String>,
    }

    pub struct BundleInput {
        /// The machine it is for, perhaps.
        pub name: String,
        /// The engine. It may be left out by who sees one engine alone.
        #[serde(default)]
        pub engine: Option<String>,
        /// Seconds until it expires: 60 to 7,776,000. Without it, 7 days.
        #[serde(default)]
        pub expires_in_s: Option<u64>,
    }
}

endpoints! {
    "Lists one's own client certificates."
    CertificateList: GET "/api/v1/certificates", Empty => Page<Certificate>;
    "Makes a client certificate and its key. The key is shown this once."
    CertificateCreate: POST "/api/v1/certificates", CertificateInput => CertificateCreated;
    "Revokes one of one's own certificates, and ends its live streams."
    CertificateRevoke: DELETE "/api/v1/certificates/{id}", Empty => Empty;
}

/// Makes a client bundle: a tar archive that `docker context import` takes, with a certificate, or with a token where Pilothouse does
/// not speak TLS itself.
pub struct BundleCreate;

impl super::Endpoint for BundleCreate {
    const METHOD: http::Method = http::Method::POST;
    const PATH: &'static str = "/api/v1/certificates/bundle";
    const SUMMARY: &'static str = "Makes a client bundle for an engine: an archive that `docker context import` takes.";
    type Input = BundleInput;
    type Output = Empty;
}

/// Describes what answers with a file, for the reference.
#[cfg(feature = "ssr")]
pub fn describe_files(to: &mut super::describe::Reference) {
    to.file::<BundleCreate>("BundleCreate", "application/x-tar");
}
