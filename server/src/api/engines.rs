//! Engines: list, add, test, change, forget.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
};
use pilothouse_app::api::{
    Code, ListQuery, Problem,
    engines::{
        Engine as Shown, EngineCreate, EngineDelete, EngineGet, EngineInfo, EngineInput, EngineList, EngineTest, EngineTestOutput, EngineUpdate,
        EngineUpdateInput, Health as ShownHealth, TestStep, TlsInput,
    },
};

use super::{Answer, Api, ApiError, Asked, Input, Who, change::removed, list, route};
use crate::{
    access::{Operation, Permission, Reach, is_target_name, watch},
    audit::{Changed, between, field},
    authn::Principal,
    backends::docker::{Address, Engine, Health},
    clock::now_ms,
    fleet::{Blueprint, Pem},
    store::StoreError,
};

/// Labels that one engine may have.
const LABELS: usize = 64;

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, EngineList, list_engines);
    let router = route(router, EngineCreate, create);
    let router = route(router, EngineTest, test);
    let router = route(router, EngineGet, get);
    let router = route(router, EngineUpdate, update);
    route(router, EngineDelete, delete)
}

/// An engine as the contract shows it.
pub fn shown(engine: &Engine, reach: &Reach) -> Shown {
    let health = match engine.health.health() {
        Health::Unknown => ShownHealth::Unknown,
        Health::Up { since, latency_ms } => ShownHealth::Up { since, latency_ms },
        Health::Down { since, reason } => ShownHealth::Down { since, reason },
    };
    Shown {
        name: engine.name.clone(),
        url: engine.address().to_string(),
        labels: engine.labels.clone(),
        tls: engine.is_tls(),
        declared: engine.declared,
        health,
        info: engine.health.info().map(|info| counted(engine, reach, (*info).clone())),
    }
}

/// What an engine says of itself, without counts of what one may not see.
fn counted(engine: &Engine, reach: &Reach, info: EngineInfo) -> EngineInfo {
    if reach.projects().is_none() {
        return info;
    }
    let counts = engine.belongings.counts(|project| reach.includes(project));
    EngineInfo {
        containers: counts.running + counts.paused + counts.stopped,
        running: counts.running,
        paused: counts.paused,
        stopped: counts.stopped,
        images: counts.images,
        ..info
    }
}

/// What is kept of an engine, for the trail.
fn facts(engine: &Engine) -> serde_json::Value {
    serde_json::json!({ "name": engine.name, "url": engine.address().to_string(), "labels": engine.labels, "tls": engine.is_tls() })
}

/// The engines that `who` may see, and what of each.
pub fn visible(api: &Api, who: &Principal) -> Vec<(Arc<Engine>, Reach)> {
    let policy = api.operator.policy();
    let seen = |engine: Arc<Engine>| {
        let operation = Operation::on_engine("EngineGet", Permission::SystemInfo, &engine.name, "");
        let permit = policy.decide(&who.subject, operation, now_ms()).ok()?;
        Some((engine, permit.reach().clone()))
    };
    api.engines.list().into_iter().filter_map(seen).collect()
}

async fn list_engines(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<EngineList> {
    // For a token that is bound to an engine, that one is all there is.
    let operation = match &who.subject.bound_to {
        Some(engine) => Operation::on_engine("EngineList", Permission::EngineList, engine, ""),
        None => Operation::on_system("EngineList", Permission::EngineList, ""),
    };
    api.operator
        .operate(&who, operation, async |_| {
            let mut engines: Vec<Shown> = visible(&api, &who).iter().map(|(engine, reach)| shown(engine, reach)).collect();
            engines.retain(|engine| {
                let labels: String = engine.labels.iter().map(|(key, value)| format!(" {key}={value}")).collect();
                list::matches_words(&query, &format!("{}{labels}", engine.name))
            });
            Ok(Json(list::page(engines, &query)?))
        })
        .await
}

async fn get(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<EngineGet> {
    let operation = Operation::on_engine("EngineGet", Permission::SystemInfo, &name, "");
    api.operator.operate(&who, operation, async |permit| Ok(Json(shown(&*api.engine(&name)?, permit.reach())))).await
}

/// What the input asks for, checked as far as that goes without asking the engine.
fn blueprint(input: EngineInput) -> Result<Blueprint, ApiError> {
    if !is_target_name(&input.name) {
        return Err(ApiError::field("name", "An engine's name is 1 to 63 of a-z, 0-9 and -, and does not start with -."));
    }
    check_labels(&input.labels)?;
    Ok(Blueprint { name: input.name, url: input.url, labels: input.labels, tls: input.tls.map(pem), declared: false })
}

pub(super) fn check_labels(labels: &std::collections::BTreeMap<String, String>) -> Result<(), ApiError> {
    let fits = |text: &str| text.len() <= 255 && !text.chars().any(char::is_control);
    if labels.len() > LABELS || labels.iter().any(|(key, value)| key.is_empty() || !fits(key) || !fits(value)) {
        return Err(ApiError::field("labels", "Labels have names and values of up to 255 plain characters; up to 64 of them."));
    }
    Ok(())
}

fn pem(tls: TlsInput) -> Pem {
    Pem { ca: tls.ca, cert: tls.cert, key: tls.key }
}

fn build(blueprint: &Blueprint) -> Result<Engine, ApiError> {
    blueprint.build().map_err(|(field, why)| ApiError::field(field, why))
}

/// An address as it may be written down: what is none, or holds a password, is left out.
fn place(url: &str) -> String {
    Address::parse(url).map(|address| address.to_string()).unwrap_or_default()
}

async fn test(State(api): State<Api>, Extension(who): Who, Input(input): Input<EngineInput>) -> Answer<EngineTest> {
    let operation = Operation::on_engine("EngineTest", Permission::EngineCreate, &input.name.chars().take(63).collect::<String>(), place(&input.url));
    api.operator
        .operate(&who, operation, async |permit| {
            let blueprint = blueprint(input)?;
            let engine = match blueprint.build() {
                Ok(engine) => engine,
                Err((_, why)) => {
                    let steps = vec![TestStep { step: "address".to_owned(), ok: false, message: why }];
                    return Ok(Json(EngineTestOutput { ok: false, steps, info: None }));
                }
            };
            let (steps, info) = engine.test(&permit).await;
            Ok(Json(EngineTestOutput { ok: info.is_some(), steps, info }))
        })
        .await
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<EngineInput>) -> Answer<EngineCreate> {
    let operation =
        Operation::on_engine("EngineCreate", Permission::EngineCreate, &input.name.chars().take(63).collect::<String>(), place(&input.url));
    api.operator
        .change(&who, operation, async |_| {
            let blueprint = blueprint(input)?;
            let exists =
                || ApiError(Problem::new(Code::Conflict, format!("There is an engine or a registry {} already.", blueprint.name)).field("name"));
            if api.registrar.is_taken(&blueprint.name) {
                return Err(exists());
            }
            let engine = build(&blueprint)?;
            let row = api.fleet.row(&blueprint, now_ms()).map_err(|why| {
                tracing::error!(%why, "An engine's row could not be made.");
                ApiError::internal()
            })?;
            let mut kept = api.fleet.changes.lock().await;
            match api.store.add_engine(&row).await {
                Err(StoreError::Exists) => return Err(exists()),
                done => done?,
            }
            kept.insert(row.name.clone(), row);
            engine.look(&watch(&engine.name)).await;
            let answer = shown(&engine, &Reach::Everything);
            let changes = between(None, Some(&facts(&engine)));
            api.engines.put(engine);
            api.house.targets_changed().await;
            Ok(Changed::new(changes, Json(answer)))
        })
        .await
}

fn declared(name: &str) -> ApiError {
    let problem = Problem::new(Code::Conflict, format!("Engine {name} is declared in the settings file."));
    ApiError(problem.detail("Change it there and start Pilothouse again."))
}

/// The new address needs certificates, and those that are kept are not for it.
fn certificates_left() -> ApiError {
    let problem = Problem::new(Code::InvalidInput, "The certificates that are kept are for the engine's old address.").field("tls");
    ApiError(problem.detail("Give those for the new address along with it."))
}

async fn update(
    State(api): State<Api>,
    Extension(who): Who,
    Path(name): Path<String>,
    Input(input): Input<EngineUpdateInput>,
) -> Answer<EngineUpdate> {
    let operation = Operation::on_engine("EngineUpdate", Permission::EngineUpdate, &name, "");
    api.operator
        .change(&who, operation, async |_| {
            let mut kept = api.fleet.changes.lock().await;
            let before = api.engine(&name)?;
            if before.declared {
                return Err(declared(&name));
            }
            let row = api.store.engine(&name).await?.ok_or_else(|| ApiError::no_engine(&name))?;
            let created_at = row.created_at;
            let failed = |why: String| {
                tracing::error!(%why, "An engine's row could not be read or made.");
                ApiError::internal()
            };
            let mut blueprint = api.fleet.blueprint(row).map_err(failed)?;
            if let Some(labels) = input.labels {
                check_labels(&labels)?;
                blueprint.labels = labels;
            }
            let fresh = input.tls.is_some();
            let had_certificates = blueprint.tls.is_some();
            if let Some(tls) = input.tls {
                blueprint.tls = Some(pem(tls));
            }
            if let Some(url) = input.url {
                // Certificates are for the address they were given for: another host must not be offered them unasked.
                if url != blueprint.url && !fresh {
                    blueprint.tls = None;
                }
                blueprint.url = url;
            }
            let dropped = had_certificates && blueprint.tls.is_none();
            let engine = blueprint.build().map_err(|(field, why)| match field {
                "tls" if dropped => certificates_left(),
                field => ApiError::field(field, why),
            })?;
            let row = api.fleet.row(&blueprint, created_at).map_err(failed)?;
            api.store.update_engine(&row).await?;
            kept.insert(name.clone(), row);
            engine.look(&watch(&engine.name)).await;
            let answer = shown(&engine, &Reach::Everything);
            let mut changed = Changed::new(between(Some(&facts(&before)), Some(&facts(&engine))), Json(answer));
            changed.also(fresh.then(|| field("certificates", None, Some("new ones"))));
            api.engines.put(engine);
            api.house.targets_changed().await;
            Ok(changed)
        })
        .await
}

async fn delete(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<EngineDelete> {
    let operation = Operation::on_engine("EngineDelete", Permission::EngineDelete, &name, "");
    api.operator
        .change(&who, operation, async |_| {
            let mut kept = api.fleet.changes.lock().await;
            let before = api.engine(&name)?;
            if before.declared {
                return Err(declared(&name));
            }
            api.store.delete_engine(&name).await?;
            kept.remove(&name);
            api.engines.remove(&name);
            api.house.engine_gone(&name).await;
            Ok(removed(&facts(&before)))
        })
        .await
}
