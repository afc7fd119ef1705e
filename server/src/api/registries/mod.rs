//! Registries: list, add, test, change, forget; and the tokens that their clients ask for.

mod hooks;
mod retention;
mod rules;
pub mod token;
pub mod vulnerabilities;

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
};
use pilothouse_app::api::{
    Code, ListQuery, Problem,
    registries::{
        Registry as Shown, RegistryCreate, RegistryCredential, RegistryDelete, RegistryGet, RegistryInput, RegistryList, RegistryTest,
        RegistryTestOutput, RegistryUpdate, RegistryUpdateInput,
    },
};

use super::{Answer, Api, ApiError, Asked, Input, Who, change::removed, engines::check_labels, list, route};
use crate::{
    access::{Operation, Permission, is_target_name},
    audit::{Changed, between, field},
    backends::oci::{Address, Credential, Registry},
    clock::now_ms,
    registries::{goes_where_it_went, shown},
    store::StoreError,
};

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, RegistryList, list_registries);
    let router = route(router, RegistryCreate, create);
    let router = route(router, RegistryTest, test);
    let router = route(router, RegistryGet, get);
    let router = route(router, RegistryUpdate, update);
    let router = route(router, RegistryDelete, delete);
    let router = retention::routes(router);
    hooks::routes(rules::routes(router))
}

fn none(name: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("There is no registry {name}, or you may not see it."))
}

async fn list_registries(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<RegistryList> {
    let operation = Operation::on_system("RegistryList", Permission::RegistryView, "");
    api.operator
        .operate(&who, operation, async |_| {
            let policy = api.operator.policy();
            let sees = |name: &str| {
                let operation = Operation::on_registry("RegistryGet", Permission::RegistryView, name, "");
                policy.decide(&who.subject, operation, now_ms()).is_ok()
            };
            let mut found: Vec<Shown> =
                api.registrar.registries.list().iter().filter(|registry| sees(&registry.name)).map(|registry| shown(registry)).collect();
            found.retain(|registry| {
                let labels: String = registry.labels.iter().map(|(key, value)| format!(" {key}={value}")).collect();
                list::matches_words(&query, &format!("{}{labels}", registry.name))
            });
            Ok(Json(list::page(found, &query)?))
        })
        .await
}

async fn get(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<RegistryGet> {
    let operation = Operation::on_registry("RegistryGet", Permission::RegistryView, &name, "");
    api.operator.operate(&who, operation, async |_| Ok(Json(shown(&*api.registrar.registries.get(&name).ok_or_else(|| none(&name))?)))).await
}

/// An address as it may be written down: what is none, or holds a password, is left out.
fn place(url: &str) -> String {
    Address::parse(url, true).map(|address| address.to_string()).unwrap_or_default()
}

fn credential(given: RegistryCredential) -> Credential {
    Credential { username: given.username, secret: given.secret }
}

fn build(input: RegistryInput) -> Result<Registry, ApiError> {
    if !is_target_name(&input.name) {
        return Err(ApiError::field("name", "A registry's name is 1 to 63 of a-z, 0-9 and -, and does not start with -."));
    }
    check_labels(&input.labels)?;
    Registry::new(input.name, input.labels, input.settings, input.credential.map(credential), false)
        .map_err(|(field, why)| ApiError::field(field, why))
}

async fn test(State(api): State<Api>, Extension(who): Who, Input(input): Input<RegistryInput>) -> Answer<RegistryTest> {
    let name = input.name.chars().take(63).collect::<String>();
    let operation = Operation::on_registry("RegistryTest", Permission::RegistryTest, &name, place(&input.settings.url));
    api.operator
        .operate(&who, operation, async |permit| {
            let (ok, message) = match build(input) {
                Ok(registry) => registry.test(&permit).await,
                Err(error) if error.0.field.as_deref() == Some("settings.url") => (false, error.0.title),
                Err(error) => return Err(error),
            };
            Ok(Json(RegistryTestOutput { ok, message }))
        })
        .await
}

/// What is kept of a registry, for the trail.
fn facts(registry: &Registry) -> serde_json::Value {
    let settings = &registry.settings;
    serde_json::json!({
        "name": registry.name,
        "url": registry.address().to_string(),
        "labels": registry.labels,
        "plain_http": settings.plain_http,
        "redirects": settings.redirects,
        "realm_hosts": settings.realm_hosts,
        "username": registry.username(),
    })
}

fn not_kept(why: &str) -> ApiError {
    tracing::error!(%why, "A registry's row could not be made.");
    ApiError::internal()
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<RegistryInput>) -> Answer<RegistryCreate> {
    let name = input.name.chars().take(63).collect::<String>();
    let operation = Operation::on_registry("RegistryCreate", Permission::RegistryCreate, &name, place(&input.settings.url));
    api.operator
        .change(&who, operation, async |_| {
            let registry = build(input)?;
            let exists = || ApiError(Problem::new(Code::Conflict, format!("There is an engine or a registry {name} already.")).field("name"));
            let row = api.registrar.row(&registry, now_ms()).map_err(|why| not_kept(&why))?;
            let mut kept = api.registrar.changes.lock().await;
            if api.registrar.is_taken(&name) {
                return Err(exists());
            }
            match api.store.add_registry(&row).await {
                Err(StoreError::Exists) => return Err(exists()),
                done => done?,
            }
            kept.insert(row.name.clone(), row);
            let changed = Changed::new(between(None, Some(&facts(&registry))), Json(shown(&registry)));
            api.registrar.registries.put(registry);
            api.house.targets_changed().await;
            Ok(changed)
        })
        .await
}

fn declared(name: &str) -> ApiError {
    let problem = Problem::new(Code::Conflict, format!("Registry {name} is declared in the settings file."));
    ApiError(problem.detail("Change it there and start Pilothouse again."))
}

async fn update(
    State(api): State<Api>,
    Extension(who): Who,
    Path(name): Path<String>,
    Input(input): Input<RegistryUpdateInput>,
) -> Answer<RegistryUpdate> {
    let operation = Operation::on_registry("RegistryUpdate", Permission::RegistryUpdate, &name, "");
    api.operator
        .change(&who, operation, async |_| {
            check_labels(&input.labels)?;
            let mut kept = api.registrar.changes.lock().await;
            let before = api.registrar.registries.get(&name).ok_or_else(|| none(&name))?;
            if before.declared {
                return Err(declared(&name));
            }
            let created_at = api.store.registry(&name).await?.ok_or_else(|| none(&name))?.created_at;
            let (fresh, same) = (input.credential.is_some(), goes_where_it_went(&before.settings, &input.settings));
            let credential = match (input.credential, before.credential()) {
                (Some(given), _) => Some(credential(given)),
                (None, Some(_)) if input.anonymous => None,
                // Whoever changes where it goes must know it: else it could be had by sending it to oneself.
                (None, Some(_)) if !same => {
                    let problem = Problem::new(Code::InvalidInput, "The credential that is kept was given for other places.").field("credential");
                    return Err(ApiError(problem.detail("Give it again along with the new address, authority or realm hosts, or say anonymous.")));
                }
                (None, Some(Credential { username, secret })) => Some(Credential { username: username.clone(), secret: secret.clone() }),
                (None, None) => None,
            };
            let registry =
                Registry::new(name.clone(), input.labels, input.settings, credential, false).map_err(|(field, why)| ApiError::field(field, why))?;
            let row = api.registrar.row(&registry, created_at).map_err(|why| not_kept(&why))?;
            api.store.update_registry(&row).await?;
            kept.insert(name.clone(), row);
            let mut changed = Changed::new(between(Some(&facts(&before)), Some(&facts(&registry))), Json(shown(&registry)));
            changed.also(fresh.then(|| field("credential", None, Some("a new one"))));
            changed.also((before.settings.ca != registry.settings.ca).then(|| field("authority", None, Some("a new one"))));
            api.registrar.registries.put(registry);
            api.house.targets_changed().await;
            Ok(changed)
        })
        .await
}

async fn delete(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<RegistryDelete> {
    let operation = Operation::on_registry("RegistryDelete", Permission::RegistryDelete, &name, "");
    api.operator
        .change(&who, operation, async |_| {
            let mut kept = api.registrar.changes.lock().await;
            let before = api.registrar.registries.get(&name).ok_or_else(|| none(&name))?;
            if before.declared {
                return Err(declared(&name));
            }
            api.store.delete_registry(&name).await?;
            kept.remove(&name);
            api.registrar.registries.remove(&name);
            api.rules.reload().await;
            api.hooks.reload().await?;
            api.house.targets_changed().await;
            Ok(removed(&facts(&before)))
        })
        .await
}
