//! Reports that lie in the registry, attached to the image by whoever may push there.

use super::{Raw, ScanError, Scanner, Target, report::LARGEST};
use crate::backends::oci::{
    fetch,
    parsed::{Descriptor, Names},
};

/// How many reports are taken.
const MOST: usize = 8;
/// What reports are called, as artifacts and as their only layer; a name goes with each, where nothing says who made it.
const KINDS: &[(&str, &str)] = &[
    ("application/vnd.aquasec.trivy.report+json", "trivy-attached"),
    ("application/vnd.trivy.report+json", "trivy-attached"),
    ("application/sarif+json", "sarif-attached"),
    ("application/vnd.cyclonedx+json", "cyclonedx-attached"),
];

/// The reports attached to images.
pub struct Attached;

fn named(part: &Descriptor) -> Option<&'static str> {
    KINDS.iter().find(|(kind, _)| Some(*kind) == part.artifact_type.as_deref() || *kind == part.media_type).map(|(_, name)| *name)
}

impl Scanner for Attached {
    async fn reports(&self, target: &Target<'_>) -> Result<Vec<Raw>, ScanError> {
        let Target { registry, permit, repository, digest } = *target;
        let attached = fetch::referrers(registry, permit, repository, digest).await?;
        let mut reports: Vec<Raw> = Vec::new();
        for (part, name) in attached.iter().filter_map(|part| Some((part, named(part)?))).take(MOST) {
            let Some(manifest) = fetch::statement(registry, permit, repository, &part.digest).await? else { continue };
            let Some(layer) = Names::read(&manifest.body)?.layers.into_iter().next() else { continue };
            let text = fetch::blob(registry, permit, repository, &layer.digest, LARGEST).await?;
            let text = String::from_utf8(text.to_vec()).map_err(|_| ScanError::Unreadable("An attached report is no text.".to_owned()))?;
            // Of several by one name the last is the newest: whoever attaches appends.
            reports.retain(|raw| raw.scanner != name);
            reports.push(Raw { scanner: name.to_owned(), text });
        }
        Ok(reports)
    }
}
