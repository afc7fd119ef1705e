//! How long records are kept: rules and holds.

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Code, Empty, Page, Problem,
    audit::{AuditRuleApply, AuditRuleCreate, AuditRuleDelete, AuditRuleList, KeepRule, KeepRuleInput, Pruned},
};

use super::super::{
    Answer, Api, ApiError, Asked, Input, Named, Who,
    change::{made, removed},
    route,
};
use crate::{
    access::{Operation, Permission},
    audit::{Changed, field, query},
    authn::secret,
    clock::now_ms,
    jobs::archive_and_prune,
    store::{StoreError, audit::KeepRow},
};

/// The longest that a rule keeps, in days: a hundred years. For longer there are holds.
const LONGEST: u32 = 36_500;

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    let router = route(router, AuditRuleList, list);
    let router = route(router, AuditRuleCreate, create);
    let router = route(router, AuditRuleDelete, delete);
    route(router, AuditRuleApply, apply)
}

fn shown(row: KeepRow) -> KeepRule {
    let days = row.days.and_then(|days| u32::try_from(days).ok());
    KeepRule { id: row.id, name: row.name, query: row.query, days, created_at: row.created_at, created_by: row.created_by }
}

async fn list(State(api): State<Api>, Extension(who): Who, _: Asked<Empty>) -> Answer<AuditRuleList> {
    let operation = Operation::on_system("AuditRuleList", Permission::AuditList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let items: Vec<KeepRule> = api.store.keep_rules().await?.into_iter().map(shown).collect();
            let total = Some(items.len() as u64);
            Ok::<_, ApiError>(Json(Page { items, next: None, total }))
        })
        .await
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<KeepRuleInput>) -> Answer<AuditRuleCreate> {
    let operation = Operation::on_system("AuditRuleCreate", Permission::AuditManage, input.name.chars().take(64).collect::<String>());
    api.operator
        .change(&who, operation, async |_| {
            let name = input.name.trim();
            if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
                return Err(ApiError::field("name", "A rule's name has 1 to 60 characters."));
            }
            let find = query::read(&input.query, now_ms()).map_err(|why| ApiError::field("query", why))?;
            if find.from.is_some() || find.to.is_some() {
                return Err(ApiError::field("query", "A rule counts its days from each record; leave after and before out."));
            }
            if input.days.is_some_and(|days| !(1..=LONGEST).contains(&days)) {
                return Err(ApiError::field("days", format!("Records are kept for 1 to {LONGEST} days; for longer, make a hold.")));
            }
            let row = KeepRow {
                id: secret::id()?,
                name: name.to_owned(),
                query: input.query.trim().to_owned(),
                days: input.days.map(i64::from),
                created_at: now_ms(),
                created_by: who.subject.user.to_string(),
            };
            match api.store.add_keep_rule(&row).await {
                Err(StoreError::Exists) => Err(ApiError(Problem::new(Code::Conflict, format!("There is a rule {name:?} already.")).field("name"))),
                done => {
                    done?;
                    Ok(made(shown(row)))
                }
            }
        })
        .await
}

async fn delete(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>, _: Asked<Empty>) -> Answer<AuditRuleDelete> {
    let operation = Operation::on_system("AuditRuleDelete", Permission::AuditManage, &id);
    api.operator
        .change(&who, operation, async |_| {
            let none = || ApiError::new(Code::NotFound, "There is no such rule.");
            let before = api.store.keep_rules().await?.into_iter().find(|row| row.id == id).ok_or_else(none)?;
            if !api.store.delete_keep_rule(&id).await? {
                return Err(none());
            }
            Ok(removed(&shown(before)))
        })
        .await
}

async fn apply(State(api): State<Api>, Extension(who): Who, Input(_): Input<Empty>) -> Answer<AuditRuleApply> {
    let operation = Operation::on_system("AuditRuleApply", Permission::AuditManage, "");
    api.operator
        .change(&who, operation, async |_| {
            let gone = archive_and_prune(&api.store, api.operator.trail(), api.archive.as_deref().map(std::path::PathBuf::as_path)).await;
            let records = gone.map_err(|why| {
                tracing::error!(%why, "The audit trail could not be archived or pruned.");
                ApiError(Problem::new(Code::Internal, "The trail could not be archived or pruned.").detail("The server's log says why."))
            })?;
            Ok::<_, ApiError>(Changed::new(vec![field("records that go", None, Some(&records.to_string()))], Json(Pruned { records })))
        })
        .await
}
