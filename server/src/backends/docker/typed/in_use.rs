//! Which images containers are made from, as an engine knows them.

use std::collections::BTreeMap;

use super::{
    super::{Engine, EngineError},
    call, containers, wire,
};
use crate::access::Permit;

/// An image that containers are made from.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct InUse {
    /// The image's id: the digest of its config, or of its manifest, as the engine keeps images.
    pub id: String,
    /// `REPOSITORY@DIGEST`, as it was pulled or pushed.
    pub digests: Vec<String>,
}

/// The images of all containers, of those that are stopped, too.
///
/// # Errors
/// When the engine does not answer in full: what it runs is not known then.
pub async fn in_use(engine: &Engine, permit: &Permit) -> Result<Vec<InUse>, EngineError> {
    let containers = containers::listed(engine, permit).await?;
    let images = call::list::<wire::Many<wire::ListedImage>>(engine, permit, "/images/json?all=1").await?.0;
    let mut digests: BTreeMap<String, Vec<String>> = images.into_iter().map(|image| (image.id, image.digests)).collect();
    let mut found: Vec<InUse> = Vec::new();
    for container in containers {
        if found.iter().any(|image| image.id == container.image_id) {
            continue;
        }
        let digests = digests.remove(&container.image_id).unwrap_or_default();
        found.push(InUse { id: container.image_id, digests: digests.into_iter().filter(|name| !name.starts_with("<none>")).collect() });
    }
    Ok(found)
}
