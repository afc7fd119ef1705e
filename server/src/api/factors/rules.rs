//! What an administrator does about second factors: says which roles ask for one, and helps who has lost theirs.

use std::collections::HashSet;

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use pilothouse_app::api::{
    Code, Empty, Page,
    factors::{FactorRule, FactorRuleList, FactorRuleSet, FactorRules, UserFactorsReset},
};

use super::{Api, ApiError};
use crate::{
    access::{Operation, Permission},
    api::{Answer, Input, Who, people::holds_what_they_hold},
    audit::{Changed, between, field},
    store::factor_rules::FactorRuleRow,
};

async fn page(api: &Api) -> Answer<FactorRuleList> {
    let rows = api.store.factor_rules().await?.into_iter();
    let items: Vec<_> = rows.map(|row| FactorRule { role: row.role, tokens: row.tokens }).collect();
    let total = Some(items.len() as u64);
    Ok(Json(Page { items, next: None, total }))
}

/// The rules by role, for the trail.
async fn told(api: &Api) -> Result<serde_json::Value, ApiError> {
    let rows = api.store.factor_rules().await?.into_iter();
    let word = |tokens: bool| if tokens { "people and their tokens" } else { "people" };
    Ok(rows.map(|row| (row.role, word(row.tokens).into())).collect::<serde_json::Map<_, _>>().into())
}

pub async fn list(State(api): State<Api>, Extension(who): Who) -> Answer<FactorRuleList> {
    let operation = Operation::on_system("FactorRuleList", Permission::FactorRule, "");
    api.operator.operate(&who, operation, async |_| page(&api).await).await
}

pub async fn set(State(api): State<Api>, Extension(who): Who, Input(input): Input<FactorRules>) -> Answer<FactorRuleSet> {
    let roles = input.rules.iter().map(|rule| rule.role.as_str()).collect::<Vec<_>>().join(", ");
    let operation = Operation::on_system("FactorRuleSet", Permission::FactorRule, roles);
    api.operator
        .change(&who, operation, async |_| {
            let (mut seen, policy) = (HashSet::new(), api.operator.policy());
            for FactorRule { role, .. } in &input.rules {
                if policy.roles().named(role).is_none() {
                    return Err(ApiError::field("rules", format!("There is no role {role:?}.")));
                }
                if !seen.insert(role) {
                    return Err(ApiError::field("rules", format!("The role {role} is named twice.")));
                }
            }
            let rows: Vec<_> = input.rules.iter().map(|rule| FactorRuleRow { role: rule.role.clone(), tokens: rule.tokens }).collect();
            let before = told(&api).await?;
            api.house.set_factor_rules(&rows).await?;
            Ok(Changed::new(between(Some(&before), Some(&told(&api).await?)), page(&api).await?))
        })
        .await
}

pub async fn reset(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<UserFactorsReset> {
    let operation = Operation::on_system("UserFactorsReset", Permission::UserUpdate, &name);
    api.operator
        .change(&who, operation, async |_| {
            if api.store.user(&name).await?.is_none_or(|row| row.is_robot()) {
                return Err(ApiError::new(Code::NotFound, format!("There is no user {name}.")));
            }
            holds_what_they_hold(&api, &who, &name)?;
            api.house.reset_factors(&name).await?;
            Ok(Changed::new(vec![field("factors", Some("all"), None)], Json(Empty {})))
        })
        .await
}
