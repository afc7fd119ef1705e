//! Images by words: on Docker Hub, which an engine asks, and in the registries. Who does not answer is named, and the rest is shown.

use std::{sync::Arc, time::Duration};

use axum::{Extension, Json, Router, extract::State};
use futures_util::future::{join, join_all};
use pilothouse_app::api::{
    Code,
    image_search::{FoundImage, ImageSearch, ImageSearchOutput, ImageSearchQuery, SilentSource},
};

use super::{Answer, Api, ApiError, Asked, Who, route};
use crate::{
    access::{Operation, Permission, Permit, Place},
    authn::Principal,
    backends::{
        docker::typed::search::{self, OnHub},
        oci::{
            Registry, RegistryError,
            lists::{self, Listed},
        },
    },
    clock::now_ms,
};

/// How long each source may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many are shown of one registry.
const MOST: usize = 50;
/// How many pages of one registry's catalog are looked through.
const PAGES: usize = 20;
/// How long the words may be, in characters.
const LONGEST: usize = 100;

pub fn routes() -> Router<Api> {
    route(Router::new(), ImageSearch, search_images)
}

async fn search_images(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ImageSearchQuery>) -> Answer<ImageSearch> {
    let words = query.words.trim();
    let operation = Operation::on_system("ImageSearch", Permission::RegistryList, words.chars().take(LONGEST).collect::<String>());
    api.operator
        .operate(&who, operation, async |_| {
            if words.is_empty() || words.chars().count() > LONGEST || words.chars().any(char::is_control) {
                return Err(ApiError::field("words", "Say what to look for, in 1 to 100 characters."));
            }
            let (registries, hub) = join(in_registries(&api, &who, words), on_hub(&api, &who, query.engine.as_deref(), words)).await;
            let mut answer = ImageSearchOutput { items: Vec::new(), silent: Vec::new() };
            for (items, silent) in registries {
                answer.items.extend(items);
                answer.silent.extend(silent);
            }
            match hub {
                Ok(items) => answer.items.extend(items.into_iter().map(of_hub)),
                Err(why) => answer.silent.push(SilentSource { registry: None, why }),
            }
            Ok(Json(answer))
        })
        .await
}

/// What was found in one source, and what is to be said of what was not.
type Found = (Vec<FoundImage>, Option<SilentSource>);

/// Asks every registry that `who` may pull something from, all at the same time.
async fn in_registries(api: &Api, who: &Principal, words: &str) -> Vec<Found> {
    let policy = api.operator.policy();
    let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
    let mut asked = Vec::new();
    for registry in api.registrar.registries.list() {
        let operation = Operation::on_registry("ImageSearch", Permission::RepositoryPull, &registry.name, "").at(Place::Catalog);
        if !api.operator.may(who, &operation) {
            continue;
        }
        let Ok(permit) = policy.decide(&who.subject, operation, now_ms()) else { continue };
        asked.push(in_registry(api.reach.registry_host(), registry, permit, &words));
    }
    join_all(asked).await
}

async fn in_registry(host: &str, registry: Arc<Registry>, permit: Permit, words: &[String]) -> Found {
    let mut names = Vec::new();
    let why = match tokio::time::timeout(PATIENCE, look_through(&registry, &permit, words, &mut names)).await {
        Ok(Ok(true)) => None,
        Ok(Ok(false)) => Some("It has more than can be looked through; not all that fits is shown.".to_owned()),
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some("It did not say in time which repositories it has.".to_owned()),
    };
    names.sort_unstable();
    names.dedup();
    let found = |repository: String| FoundImage {
        image: format!("{host}/{}/{repository}", registry.name),
        registry: Some(registry.name.clone()),
        repository,
        description: String::new(),
        stars: 0,
        official: false,
    };
    (names.into_iter().map(found).collect(), why.map(|why| SilentSource { registry: Some(registry.name.clone()), why }))
}

/// Puts into `names` the repositories that have all the words; `false` when there may be more. What is there already stays when it breaks off.
async fn look_through(registry: &Registry, permit: &Permit, words: &[String], names: &mut Vec<String>) -> Result<bool, RegistryError> {
    let mut last = None;
    for _ in 0..PAGES {
        let Listed { names: page, next, .. } = lists::catalog(registry, permit, last.as_deref()).await?;
        let reached = page.into_iter().filter(|name| permit.reach().includes_repository(name));
        names.extend(reached.filter(|name| words.iter().all(|word| name.contains(word))));
        if names.len() > MOST {
            names.truncate(MOST);
            return Ok(false);
        }
        if next.is_none() {
            return Ok(true);
        }
        last = next;
    }
    Ok(false)
}

/// Has an engine ask Docker Hub. The error is one sentence.
async fn on_hub(api: &Api, who: &Principal, engine: Option<&str>, words: &str) -> Result<Vec<OnHub>, String> {
    if !search::is_for_hub(words) {
        return Err("It is asked for words and not for addresses.".to_owned());
    }
    let Some(engine) = engine.map(str::to_owned).or_else(|| asking(api, who)) else {
        return Err("It is asked by an engine, and there is none that you may search with.".to_owned());
    };
    let operation = Operation::on_engine("HubSearch", Permission::ImageSearch, &engine, words);
    let asked = api.at_engine(who, operation, async |engine, permit| {
        let late = |_| ApiError::new(Code::BackendTimeout, "It did not answer in time.");
        Ok(tokio::time::timeout(PATIENCE, search::on_hub(&engine, &permit, words)).await.map_err(late)??)
    });
    match asked.await {
        Ok(Json(found)) => Ok(found),
        Err(ApiError(problem)) => Err(format!("Engine {engine} could not ask it. {}", problem.detail.unwrap_or(problem.title))),
    }
}

/// The first engine that may be searched with, and answers; if none answers, the first of them.
fn asking(api: &Api, who: &Principal) -> Option<String> {
    let may = |name: &str| api.operator.may(who, &Operation::on_engine("HubSearch", Permission::ImageSearch, name, ""));
    let engines: Vec<_> = api.engines.list().into_iter().filter(|engine| may(&engine.name)).collect();
    engines.iter().find(|engine| engine.health.is_up()).or(engines.first()).map(|engine| engine.name.clone())
}

fn of_hub(found: OnHub) -> FoundImage {
    let OnHub { name, description, stars, official } = found;
    FoundImage { image: name.clone(), registry: None, repository: name, description, stars, official }
}
