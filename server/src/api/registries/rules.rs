//! What a registry is bound by: tags that stay, quotas and limits.

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
};
use pilothouse_app::api::registry_rules::{
    QuotaCountInput, QuotaCounted, QuotaUse, RegistryQuotaCount, RegistryRules, RegistryRulesGet, RegistryRulesShown, RegistryRulesUpdate,
};

use super::none;
use crate::{
    access::{Operation, Permission},
    api::{Answer, Api, ApiError, Input, Who, route},
    audit::{Changed, between, field},
    registries::{count, rules, size},
};

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    let router = route(router, RegistryRulesGet, get);
    let router = route(router, RegistryRulesUpdate, update);
    route(router, RegistryQuotaCount, count_quota)
}

async fn shown(api: &Api, registry: &str) -> Result<RegistryRulesShown, ApiError> {
    let rules = (*api.rules.of(registry)).clone();
    Ok(RegistryRulesShown { rules, uses: api.rules.uses(registry).await? })
}

async fn get(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<RegistryRulesGet> {
    let operation = Operation::on_registry("RegistryRulesGet", Permission::RulesView, &name, "");
    api.operator
        .operate(&who, operation, async |_| {
            api.registrar.registries.get(&name).ok_or_else(|| none(&name))?;
            shown(&api, &name).await.map(Json)
        })
        .await
}

async fn update(
    State(api): State<Api>,
    Extension(who): Who,
    Path(name): Path<String>,
    Input(input): Input<RegistryRules>,
) -> Answer<RegistryRulesUpdate> {
    let operation = Operation::on_registry("RegistryRulesUpdate", Permission::RulesManage, &name, "");
    api.operator
        .change(&who, operation, async |_| {
            rules::check(&input).map_err(|(field, why)| ApiError::field(field, why))?;
            // Held so that the registry is not forgotten meanwhile, and its rules are not left to another one of its name.
            let _alone = api.registrar.changes.lock().await;
            api.registrar.registries.get(&name).ok_or_else(|| none(&name))?;
            let before = api.rules.set(&name, &input).await?;
            Ok(Changed::new(between(Some(&*before), Some(&input)), Json(shown(&api, &name).await?)))
        })
        .await
}

async fn count_quota(
    State(api): State<Api>,
    Extension(who): Who,
    Path(name): Path<String>,
    Input(input): Input<QuotaCountInput>,
) -> Answer<RegistryQuotaCount> {
    let operation = Operation::on_registry("RegistryQuotaCount", Permission::RulesManage, &name, "");
    api.operator
        .change(&who, operation, async |permit| {
            let registry = api.registrar.registries.get(&name).ok_or_else(|| none(&name))?;
            let of = |uses: Vec<QuotaUse>| uses.into_iter().find(|used| used.prefix == input.prefix);
            let missing = || ApiError::field("prefix", "There is no quota for this prefix.");
            let before = of(api.rules.uses(&name).await?).ok_or_else(missing)?;
            let problem = count(&api.rules, &registry, &permit, &input.prefix).await.err();
            let used = of(api.rules.uses(&name).await?).ok_or_else(missing)?;
            let told = |used: &QuotaUse| format!("{} in {} tags", size(i64::try_from(used.bytes).unwrap_or(i64::MAX)), used.tags);
            let changes = vec![field("counted", Some(&told(&before)), Some(&told(&used)))];
            Ok(Changed::new(changes, Json(QuotaCounted { used, complete: problem.is_none(), problem })))
        })
        .await
}
