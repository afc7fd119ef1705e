//! Who is told of what changes in a registry.

use std::collections::BTreeSet;

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
};
use pilothouse_app::api::{
    Code, Empty, Page, Problem,
    registry_rules::{
        RegistryEvent, RegistryHook, RegistryHookCreate, RegistryHookDelete, RegistryHookInput, RegistryHookList, RegistryHookUpdate,
        RegistryHookUpdateInput,
    },
};
use serde::Serialize;

use super::none;
use crate::{
    access::{Operation, Permission, is_repository_name},
    api::{Answer, Api, ApiError, Asked, Input, Who, route},
    audit::{
        Changed,
        alerts::{Hook, HookError},
        between, field,
        forward::webhook::{SHORTEST, origin},
    },
    authn::secret,
    clock::now_ms,
    outgoing,
    registries::hooks::events_of,
    store::{StoreError, registry_hooks::HookRow},
};

/// How many a registry has at most: each looks through the trail.
const MOST: usize = 20;
const ALL: [RegistryEvent; 3] = [RegistryEvent::Push, RegistryEvent::Tag, RegistryEvent::Delete];

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    let router = route(router, RegistryHookList, list);
    let router = route(router, RegistryHookCreate, create);
    let router = route(router, RegistryHookUpdate, update);
    route(router, RegistryHookDelete, delete)
}

/// What the trail is told of a webhook: what it is, and not what it did.
#[derive(Serialize)]
struct Settings {
    name: String,
    prefix: String,
    events: Vec<RegistryEvent>,
    webhook: String,
    enabled: bool,
}

fn settings(row: &HookRow) -> Settings {
    Settings { name: row.name.clone(), prefix: row.prefix.clone(), events: events_of(row), webhook: row.webhook.clone(), enabled: row.enabled }
}

fn no_hook() -> ApiError {
    ApiError::new(Code::NotFound, "There is no such webhook.")
}

fn sealed(why: HookError) -> ApiError {
    tracing::error!(%why, "A registry's webhook cannot be sealed or opened.");
    ApiError::internal()
}

fn exists(name: &str) -> ApiError {
    ApiError(Problem::new(Code::Conflict, format!("This registry has a webhook {name:?} already.")).field("name"))
}

/// Events as they are kept: each once, and all of them where none is named.
fn events(given: &[RegistryEvent]) -> String {
    let named: BTreeSet<RegistryEvent> = if given.is_empty() { ALL.into() } else { given.iter().copied().collect() };
    serde_json::to_string(&named).unwrap_or_default()
}

/// An address and its secret, checked; and where it is, without its path.
fn opened(url: String, secret: String) -> Result<(Hook, String), ApiError> {
    let uri = outgoing::address(&url).map_err(|why| ApiError::field("url", format!("For a webhook, {why}")))?;
    if url.len() > 2_000 {
        return Err(ApiError::field("url", "An address has 2000 characters at most."));
    }
    if !(SHORTEST..=1_000).contains(&secret.chars().count()) {
        return Err(ApiError::field("secret", format!("A secret has {SHORTEST} to 1000 characters.")));
    }
    let at = origin(&uri);
    Ok((Hook { url, secret }, at))
}

fn checked(row: &HookRow) -> Result<(), ApiError> {
    if row.name.is_empty() || row.name.chars().count() > 60 || row.name.chars().any(char::is_control) {
        return Err(ApiError::field("name", "A webhook's name has 1 to 60 characters."));
    }
    if !row.prefix.is_empty() && !is_repository_name(&row.prefix) {
        return Err(ApiError::field("prefix", "A prefix is the name of a repository, such as team or team/app, or empty for all."));
    }
    Ok(())
}

/// The webhook of this registry.
async fn of_id(api: &Api, registry: &str, id: &str) -> Result<HookRow, ApiError> {
    api.store.registry_hook(id).await?.filter(|row| row.registry == registry).ok_or_else(no_hook)
}

async fn list(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>, _: Asked<Empty>) -> Answer<RegistryHookList> {
    let operation = Operation::on_registry("RegistryHookList", Permission::RulesView, &name, "");
    api.operator
        .operate(&who, operation, async |_| {
            api.registrar.registries.get(&name).ok_or_else(|| none(&name))?;
            let rows = api.store.registry_hooks().await?.into_iter().filter(|row| row.registry == name);
            let items: Vec<RegistryHook> = rows.map(|row| api.hooks.shown(row)).collect();
            let total = Some(items.len() as u64);
            Ok::<_, ApiError>(Json(Page { items, next: None, total }))
        })
        .await
}

async fn create(
    State(api): State<Api>,
    Extension(who): Who,
    Path(name): Path<String>,
    Input(input): Input<RegistryHookInput>,
) -> Answer<RegistryHookCreate> {
    let called = input.name.chars().take(64).collect::<String>();
    let operation = Operation::on_registry("RegistryHookCreate", Permission::HookManage, &name, called);
    api.operator
        .change(&who, operation, async |_| {
            let (hook, webhook) = opened(input.url.trim().to_owned(), input.secret)?;
            let id = secret::id()?;
            let row = HookRow {
                secret: api.hooks.seal(&id, &hook).map_err(sealed)?,
                id,
                registry: name.clone(),
                name: input.name.trim().to_owned(),
                prefix: input.prefix,
                events: events(&input.events),
                webhook,
                enabled: true,
                created_at: now_ms(),
                created_by: who.subject.user.to_string(),
            };
            checked(&row)?;
            let _registries = api.registrar.changes.lock().await;
            api.registrar.registries.get(&name).ok_or_else(|| none(&name))?;
            let _alone = api.hooks.changes.lock().await;
            if api.store.registry_hooks().await?.iter().filter(|row| row.registry == name).count() >= MOST {
                return Err(ApiError::new(Code::Conflict, format!("A registry has {MOST} webhooks at most.")));
            }
            let positions = api.store.chain_lengths().await?;
            match api.store.add_registry_hook(&row, &positions).await {
                Err(StoreError::Exists) => return Err(exists(&row.name)),
                done => done?,
            }
            api.hooks.reload().await?;
            let (changes, made) = (between(None, Some(&settings(&row))), row.id.clone());
            Ok(Changed::new(changes, Json(api.hooks.shown(row))).with_id(&made))
        })
        .await
}

async fn update(
    State(api): State<Api>,
    Extension(who): Who,
    Path((name, id)): Path<(String, String)>,
    Input(input): Input<RegistryHookUpdateInput>,
) -> Answer<RegistryHookUpdate> {
    let operation = Operation::on_registry("RegistryHookUpdate", Permission::HookManage, &name, &id);
    api.operator
        .change(&who, operation, async |_| {
            let _alone = api.hooks.changes.lock().await;
            let before = of_id(&api, &name, &id).await?;
            let mut row = before.clone();
            row.name = input.name.map_or_else(|| before.name.clone(), |name| name.trim().to_owned());
            row.prefix = input.prefix.unwrap_or_else(|| before.prefix.clone());
            row.enabled = input.enabled.unwrap_or(before.enabled);
            if let Some(given) = &input.events {
                row.events = events(given);
            }
            let old = api.hooks.opened(&before).map_err(sealed)?;
            let url = input.url.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty());
            let new_secret = input.secret.filter(|secret| !secret.is_empty());
            let (new_url, fresh) = (url.as_ref().is_some_and(|url| *url != old.url), new_secret.is_some());
            if new_url || fresh {
                // A secret is for whom it was given for: another address must not be offered it unasked.
                let Some(secret) = new_secret.or_else(|| (!new_url).then(|| old.secret.clone())) else {
                    return Err(ApiError::field("secret", "Another address needs a secret of its own, which its messages are signed with."));
                };
                let (hook, webhook) = opened(url.unwrap_or(old.url), secret)?;
                row.secret = api.hooks.seal(&id, &hook).map_err(sealed)?;
                row.webhook = webhook;
            }
            checked(&row)?;
            // What happened while it was off is not for it.
            let positions = if row.enabled && !before.enabled { Some(api.store.chain_lengths().await?) } else { None };
            match api.store.update_registry_hook(&row, positions.as_deref()).await {
                Err(StoreError::Exists) => return Err(exists(&row.name)),
                done => done?,
            }
            api.hooks.reload().await?;
            let mut changed = Changed::new(between(Some(&settings(&before)), Some(&settings(&row))), Json(api.hooks.shown(row)));
            changed.also(new_url.then(|| field("url", None, Some("a new one"))));
            changed.also(fresh.then(|| field("secret", None, Some("a new one"))));
            Ok(changed)
        })
        .await
}

async fn delete(
    State(api): State<Api>,
    Extension(who): Who,
    Path((name, id)): Path<(String, String)>,
    _: Asked<Empty>,
) -> Answer<RegistryHookDelete> {
    let operation = Operation::on_registry("RegistryHookDelete", Permission::HookManage, &name, &id);
    api.operator
        .change(&who, operation, async |_| {
            let _alone = api.hooks.changes.lock().await;
            let before = of_id(&api, &name, &id).await?;
            if !api.store.delete_registry_hook(&id).await? {
                return Err(no_hook());
            }
            api.hooks.reload().await?;
            Ok(Changed::new(between(Some(&settings(&before)), None), Json(Empty {})))
        })
        .await
}
