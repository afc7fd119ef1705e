//! What runs of a repository.

use pilothouse_app::api::repositories::Runs;

use crate::{api::Api, authn::Principal, backends::oci::typed::manifest::Parsed};

/// The containers that are made from any of these digests of a repository, as far as `who` may see them.
pub async fn runs_of(_api: &Api, _who: &Principal, _registry: &str, _repository: &str, _digests: &[String]) -> Runs {
    Runs { items: Vec::new(), unseen: 0, silent_engines: Vec::new() }
}

/// The digests by which an engine may know what was pulled by this manifest: its own, and those of its images.
pub fn digests(parsed: &Parsed) -> Vec<String> {
    let images = parsed.images().map(|part| part.digest.clone());
    [parsed.manifest.digest.clone()].into_iter().chain(images).collect()
}
