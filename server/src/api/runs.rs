//! Where images run, and where what runs is from.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Code,
    repositories::{ContainerOrigin, Origin, RunList, RunQuery, Runs},
};

use super::{Answer, Api, ApiError, Asked, Named, Who, route};
use crate::{
    access::{Operation, Permission, Permit, Thing, is_digest, is_repository_name},
    authn::Principal,
    backends::{
        docker::{
            Engine,
            belongings::digest_of,
            typed::{containers, names::ContainerId},
        },
        oci::{Registry, typed::At},
    },
    clock::now_ms,
    runs::{
        Found, kin,
        names::{self, Place},
    },
};

pub fn routes() -> Router<Api> {
    route(route(Router::new(), RunList, list_runs), ContainerOrigin, origin)
}

/// As much of what a query names as a record holds.
fn short(text: &str) -> String {
    text.chars().take(255).collect()
}

async fn list_runs(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<RunQuery>) -> Answer<RunList> {
    let digest = short(&query.digest);
    let operation = match (&query.registry, &query.repository, &who.subject.bound_to) {
        (Some(registry), Some(repository), _) => {
            Operation::on_repository("RunList", Permission::RepositoryPull, &short(registry), &short(repository), &digest)
        }
        // For a token that is bound to an engine, that one is all there is.
        (_, _, Some(engine)) => Operation::on_engine("RunList", Permission::EngineList, engine, digest),
        _ => Operation::on_system("RunList", Permission::EngineList, digest),
    };
    api.operator
        .operate(&who, operation, async |permit| {
            let (digests, counts_unseen) = sought(&api, &permit, query).await?;
            let seen = seen(&api, &who, &digests);
            let unseen = if counts_unseen { seen.unseen } else { 0 };
            Ok(Json(Runs { items: seen.found.into_iter().map(|found| found.run).collect(), unseen, silent_engines: seen.silent }))
        })
        .await
}

/// All digests that are looked for; and whether whoever asks may know of the image, so that those may be counted that they may not see. Of what
/// is in no repository that they may pull, they are told nothing.
async fn sought(api: &Api, permit: &Permit, query: RunQuery) -> Result<(BTreeSet<String>, bool), ApiError> {
    if !is_digest(&query.digest) {
        return Err(ApiError::field("digest", "A digest is written like sha256: and 64 digits."));
    }
    let mut digests = BTreeSet::from([query.digest.clone()]);
    let (registry, repository) = match (query.registry, query.repository) {
        (Some(registry), Some(repository)) => (registry, repository),
        (None, None) => return Ok((digests, false)),
        _ => return Err(ApiError::field("repository", "A repository is named by its registry's name and its own.")),
    };
    if !is_repository_name(&repository) {
        return Err(ApiError::field("repository", "This is no repository's name."));
    }
    let none = || ApiError::new(Code::NotFound, format!("There is no registry {registry}, or you may not see it."));
    let at = api.registrar.registries.get(&registry).ok_or_else(none)?;
    let known_by = kin::digests_of(At { registry: &at, permit, repository: &repository }, &query.digest).await?;
    let is_there = known_by.is_some();
    digests.extend(known_by.into_iter().flatten());
    Ok((digests, is_there))
}

/// What of [`crate::runs::Known`] somebody may see.
pub(super) struct Seen {
    /// The containers that they may list.
    pub found: Vec<Found>,
    /// How many more there are. Who may not know of the image must not be told.
    pub unseen: u32,
    /// The engines that do not answer, of those on which they may list containers.
    pub silent: Vec<String>,
    /// Whether others do not answer either. Their names must not be told.
    pub silent_elsewhere: bool,
}

/// What is made from these digests, as far as `who` may see it. What must not go although somebody runs it is asked of [`crate::runs::Runs::of`].
pub(super) fn seen(api: &Api, who: &Principal, digests: &BTreeSet<String>) -> Seen {
    let policy = api.operator.policy();
    let mut reaches = BTreeMap::new();
    for engine in api.engines.list() {
        let operation = Operation::on_engine("ContainerList", Permission::ContainerList, &engine.name, "");
        if let Ok(permit) = policy.decide(&who.subject, operation, now_ms()) {
            reaches.insert(engine.name.clone(), permit.reach().clone());
        }
    }
    let known = api.runs.of(digests);
    let may = |found: &Found| reaches.get(&found.run.engine).is_some_and(|reach| reach.includes(found.project.as_deref()));
    let (found, others): (Vec<Found>, Vec<Found>) = known.found.into_iter().partition(may);
    let (silent, hidden): (Vec<String>, Vec<String>) = known.silent.into_iter().partition(|engine| reaches.contains_key(engine));
    Seen { found, unseen: u32::try_from(others.len()).unwrap_or(u32::MAX), silent, silent_elsewhere: !hidden.is_empty() }
}

/// The same for who may know of the image and is about to take it away: an engine that does not answer is in their way, whoever may see it.
pub(super) fn runs_of(api: &Api, who: &Principal, digests: &BTreeSet<String>) -> Runs {
    let mut seen = seen(api, who, digests);
    if seen.silent_elsewhere {
        seen.silent.push("an engine that you may not see".to_owned());
    }
    Runs { items: seen.found.into_iter().map(|found| found.run).collect(), unseen: seen.unseen, silent_engines: seen.silent }
}

async fn origin(State(api): State<Api>, Extension(who): Who, Named((engine, id)): Named<(String, String)>) -> Answer<ContainerOrigin> {
    let operation = Operation::on_engine("ContainerOrigin", Permission::ContainerInspect, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        let (image, image_id) = containers::image_of(&engine, &permit, &ContainerId::parse(permit.operation().subject())?).await?;
        let known_by = digests(&engine, &image_id).await;
        let mut origin = Origin { image, digests: plain(&known_by), registry: None, repository: None, tag: None, newer: None, checked_at: None };
        if let Some((registry, place)) = place(&api, &who, &origin.image, &known_by) {
            if let Some(tag) = &place.tag {
                let said =
                    api.runs.newer.get(key(&registry, &place.repository, tag), now_ms(), ask(&api, &who, &registry, &place.repository, tag)).await;
                origin.checked_at = said.as_ref().map(|said| said.at);
                origin.newer = said.and_then(|said| said.digest).filter(|digest| !origin.digests.contains(digest));
            }
            (origin.registry, origin.repository, origin.tag) = (Some(place.registry), Some(place.repository), place.tag);
        }
        Ok(origin)
    })
    .await
}

/// By which digests the engine knows an image, as it writes them.
async fn digests(engine: &Engine, image: &str) -> Vec<String> {
    if let Some(known) = engine.belongings.digests_of(image) {
        return known;
    }
    // The event that tells of it may be on its way.
    if is_digest(image)
        && let Err(error) = engine.relearn(Thing::Image, image).await
    {
        tracing::debug!(engine = engine.name, %error, "An image could not be looked at.");
    }
    engine.belongings.digests_of(image).unwrap_or_default()
}

fn plain(known_by: &[String]) -> Vec<String> {
    let plain: BTreeSet<&str> = known_by.iter().filter_map(|name| digest_of(name)).collect();
    plain.into_iter().map(str::to_owned).collect()
}

/// The registry that an image came from, of those that `who` may pull it from. What was made on the engine and only has such a name is from
/// nowhere: no digest is known by which a registry has it.
fn place(api: &Api, who: &Principal, image: &str, known_by: &[String]) -> Option<(Arc<Registry>, Place)> {
    let registries = api.registrar.registries.list();
    let repository = names::repository_of(image);
    let is_from_there = repository.is_some() && known_by.iter().any(|name| names::repository_of(name) == repository);
    // Named by its id, it may still be known by where it came from.
    let names: Vec<&str> = match is_from_there {
        true => vec![image],
        false if repository.is_none() => known_by.iter().map(String::as_str).collect(),
        false => Vec::new(),
    };
    let all = || registries.iter().map(|registry| (registry.name.as_str(), registry.address()));
    let may = |place: &Place| {
        let operation = Operation::on_repository("ContainerOrigin", Permission::RepositoryPull, &place.registry, &place.repository, "");
        api.operator.may(who, &operation)
    };
    let place = names.into_iter().flat_map(|name| names::places(name, all(), &api.reach)).find(may)?;
    let registry = registries.iter().find(|registry| registry.name == place.registry)?.clone();
    Some((registry, place))
}

fn key(registry: &Registry, repository: &str, tag: &str) -> [String; 4] {
    [registry.name.clone(), registry.address().to_string(), repository.to_owned(), tag.to_owned()]
}

/// Asks a registry what a tag means now, as `who`, with a record of its own. Nothing where it does not answer: the container is shown all the same.
async fn ask(api: &Api, who: &Principal, registry: &Registry, repository: &str, tag: &str) -> Option<Option<String>> {
    let operation = Operation::on_repository("ManifestHead", Permission::RepositoryPull, &registry.name, repository, tag);
    let asked = api
        .operator
        .operate(who, operation, async |permit| kin::meaning_of(At { registry, permit: &permit, repository }, tag).await.map_err(ApiError::from));
    asked.await.ok()
}
