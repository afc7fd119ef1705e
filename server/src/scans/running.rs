//! Where images run, for whoever wants to know where a hole is: the one place here that asks engines.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use pilothouse_app::api::repositories::Run;

use crate::{
    access::{Permit, watch},
    backends::docker::{
        Engine, EngineError,
        typed::{containers, images},
    },
};

/// What runs of some images.
#[derive(Default)]
pub struct Running {
    /// The containers by the digest that their image is known by.
    pub by_digest: BTreeMap<String, Vec<Run>>,
    /// The engines that did not say.
    pub silent: Vec<String>,
}

/// The containers made from an image with one of these digests, of those that `permits` reach: each is to list the containers of its engine.
pub async fn running(permits: Vec<(Arc<Engine>, Permit)>, digests: &BTreeSet<String>) -> Running {
    let mut all = Running::default();
    if digests.is_empty() {
        return all;
    }
    let asked = permits.into_iter().map(|(engine, permit)| async move {
        let found = on(&engine, &permit, digests).await;
        (engine.name.clone(), found)
    });
    for (engine, found) in futures_util::future::join_all(asked).await {
        match found {
            Ok(found) => found.into_iter().for_each(|(digest, run)| all.by_digest.entry(digest).or_default().push(run)),
            Err(_) => all.silent.push(engine),
        }
    }
    all
}

async fn on(engine: &Engine, permit: &Permit, digests: &BTreeSet<String>) -> Result<Vec<(String, Run)>, EngineError> {
    // Whose an image is says nothing of whose a container made from it is.
    let images = images::list(engine, &watch(&engine.name)).await?;
    let containers = containers::list(engine, permit).await?;
    let mut found = Vec::new();
    for image in images.into_iter().map(|labelled| labelled.image) {
        let wanted = image.digests.iter().filter_map(|name| name.split_once('@')).find(|(_, digest)| digests.contains(*digest));
        let Some((_, digest)) = wanted else { continue };
        for container in containers.iter().filter(|container| image.used_by.contains(&container.name)) {
            let run = Run {
                engine: engine.name.clone(),
                container: container.id.clone(),
                name: container.name.clone(),
                image: container.image.clone(),
                state: container.state.clone(),
                digests: vec![digest.to_owned()],
            };
            found.push((digest.to_owned(), run));
        }
    }
    Ok(found)
}
