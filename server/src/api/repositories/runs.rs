//! By which digests the engines may know what is in a repository.

use std::collections::BTreeSet;

use crate::backends::oci::typed::manifest::Parsed;

/// The digests by which an engine may know what was pulled by this manifest: its own, those of its images, and that of its configuration, by which
/// an engine calls what was loaded there.
pub fn digests(parsed: &Parsed) -> BTreeSet<String> {
    let parts = parsed.images().chain(parsed.config());
    parts.map(|part| part.digest.clone()).chain([parsed.manifest.digest.clone()]).collect()
}
