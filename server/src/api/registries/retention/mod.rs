//! Retention of what registries hold: rules, plans and runs.

mod plans;
mod rules;
mod runs;

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Code, Empty,
    registry_retention::{RetentionStorage, StorageAdvice},
};

use super::super::{Answer, Api, ApiError, Asked, Named, Who, route};
use crate::{
    access::{Operation, Permission, Permit},
    authn::Principal,
    registry_retention::RetentionError,
    store::retention::{RetentionPlanRow, RetentionRuleRow},
};

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    route(runs::routes(plans::routes(rules::routes(router))), RetentionStorage, storage)
}

impl From<RetentionError> for ApiError {
    fn from(error: RetentionError) -> Self {
        let text = error.to_string();
        match error {
            RetentionError::NoRegistry => Self::new(Code::NotFound, text),
            RetentionError::Busy | RetentionError::Used => Self::new(Code::Conflict, text),
            RetentionError::Store(error) => error.into(),
            RetentionError::NoRandomness(error) => error.into(),
            RetentionError::Unreadable => {
                tracing::error!(%error, "A retention rule or a plan cannot be read.");
                Self::internal()
            }
        }
    }
}

fn none(what: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("There is no such {what}, or you may not see it."))
}

fn operation(name: &'static str, permission: Permission, registry: &str, object: &str) -> Operation {
    Operation::on_registry(name, permission, registry, object.chars().take(300).collect::<String>())
}

/// What it takes to do `permission` in all of a prefix.
fn over(permission: Permission, registry: &str, prefix: &str) -> Operation {
    match prefix {
        "" => Operation::on_registry("Retention", permission, registry, ""),
        prefix => Operation::on_repository("Retention", permission, registry, prefix, ""),
    }
}

/// Whether all of a prefix may be seen: what one may not pull does not exist.
fn sees(api: &Api, who: &Principal, permit: &Permit, registry: &str, prefix: &str) -> bool {
    permit.reach().includes_repository(prefix) && api.operator.may(who, &over(Permission::RepositoryPull, registry, prefix))
}

fn lacks(permission: Permission, registry: &str, prefix: &str, why: &str) -> ApiError {
    let place = if prefix.is_empty() { format!("registry/{registry}") } else { format!("registry/{registry}/repository/{prefix}") };
    ApiError::new(Code::Forbidden, format!("{why} needs the permission {permission} on {place}."))
}

fn is_there(api: &Api, registry: &str) -> Result<(), ApiError> {
    let none = || ApiError::new(Code::NotFound, format!("There is no registry {registry}, or you may not see it."));
    api.registrar.registries.get(registry).map(drop).ok_or_else(none)
}

/// The rule of this id, if it may be seen.
async fn rule_of(api: &Api, who: &Principal, permit: &Permit, registry: &str, id: &str) -> Result<RetentionRuleRow, ApiError> {
    is_there(api, registry)?;
    let found = api.store.retention_rules(Some(registry)).await?.into_iter().find(|rule| rule.id == id);
    found.filter(|rule| sees(api, who, permit, registry, &rule.prefix)).ok_or_else(|| none("rule"))
}

/// The plan of this id, if it may be seen.
async fn plan_of(api: &Api, who: &Principal, permit: &Permit, registry: &str, id: &str) -> Result<RetentionPlanRow, ApiError> {
    is_there(api, registry)?;
    let found = api.store.retention_plan(id).await?.filter(|plan| plan.registry == registry);
    found.filter(|plan| sees(api, who, permit, registry, &plan.prefix)).ok_or_else(|| none("plan"))
}

async fn storage(State(api): State<Api>, Extension(who): Who, Named(registry): Named<String>, _: Asked<Empty>) -> Answer<RetentionStorage> {
    api.operator
        .operate(&who, operation("RetentionStorage", Permission::RetentionView, &registry, ""), async |_| {
            is_there(&api, &registry)?;
            let found = api.registrar.registries.get(&registry).ok_or_else(|| none("registry"))?;
            Ok::<_, ApiError>(Json(StorageAdvice { backend: found.backend() }))
        })
        .await
}
