//! Which images containers and services are made from, as an engine knows them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    super::{Engine, EngineError},
    call, containers, wire,
};
use crate::access::Permit;

/// An image that something is made from.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct InUse {
    /// The image's id: the digest of its config, or of its manifest, as the engine keeps images. Nothing for a service's, which may run elsewhere.
    pub id: Option<String>,
    /// `REPOSITORY@DIGEST`, as it was pulled or pushed.
    pub digests: Vec<String>,
}

/// A service of a swarm, as far as its image.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Service {
    spec: Spec,
    /// What an update that fails goes back to.
    previous_spec: Option<Spec>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Spec {
    task_template: Template,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Template {
    container_spec: Container,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Container {
    image: String,
}

/// The images of all containers, of those that are stopped, too; and of all services, wherever in the swarm they run.
///
/// # Errors
/// When the engine does not answer in full: what it runs is not known then.
pub async fn in_use(engine: &Engine, permit: &Permit) -> Result<Vec<InUse>, EngineError> {
    let containers = containers::listed(engine, permit).await?;
    let images = call::list::<wire::Many<wire::ListedImage>>(engine, permit, "/images/json?all=1").await?.0;
    let mut digests: BTreeMap<String, Vec<String>> = images.into_iter().map(|image| (image.id, image.digests)).collect();
    let mut found: BTreeMap<String, InUse> = BTreeMap::new();
    for container in containers {
        let id = container.image_id;
        let named = digests.remove(&id).unwrap_or_default().into_iter().filter(|name| !name.starts_with("<none>"));
        found.entry(id.clone()).or_insert_with(|| InUse { id: Some(id), digests: named.collect() });
    }
    let services = services(engine, permit).await?.into_iter().flat_map(|service| [Some(service.spec), service.previous_spec]).flatten();
    let of_services = services.filter_map(|spec| {
        let (name, digest) = spec.task_template.container_spec.image.split_once('@').map(|(name, digest)| (name.to_owned(), digest.to_owned()))?;
        // `name:tag@digest` is of the repository `name`.
        let repository = name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/')).map_or(name.as_str(), |(repository, _)| repository).to_owned();
        Some(InUse { id: None, digests: vec![format!("{repository}@{digest}")] })
    });
    Ok(of_services.chain(found.into_values()).collect())
}

/// The services of the swarm that the engine manages, if it does.
async fn services(engine: &Engine, permit: &Permit) -> Result<Vec<Service>, EngineError> {
    match call::list::<wire::Many<Service>>(engine, permit, "/services").await {
        Ok(services) => Ok(services.0),
        // It is in no swarm, or manages none. One that is locked says something else, and what it runs is not known.
        Err(EngineError::Refused { status: 503 | 406, message }) if message.contains("not a swarm manager") => Ok(Vec::new()),
        // It knows nothing of swarms.
        Err(EngineError::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
