//! The rules that say which sessions are recorded.

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Code, Empty, ListQuery,
    recordings::{
        Record, RecordingRule, RecordingRuleCreate, RecordingRuleDelete, RecordingRuleInput, RecordingRuleList, RecordingRuleUpdate,
        RecordingRuleUpdateInput,
    },
};

use super::super::{
    Answer, Api, ApiError, Asked, Input, Named, Who,
    change::{altered, made, removed},
    list,
    list::Column,
    route,
};
use crate::{
    access::{Operation, Permission, Scope},
    authn::secret,
    clock::now_ms,
    recordings::RuleError,
    store::{StoreError, recordings::RecordingRuleRow},
};

const COLUMNS: &[Column<RecordingRule>] = &[("scope", |a, b| a.scope.cmp(&b.scope)), ("created_at", |a, b| a.created_at.cmp(&b.created_at))];

pub fn routes(router: Router<Api>) -> Router<Api> {
    let router = route(router, RecordingRuleList, list_rules);
    let router = route(router, RecordingRuleCreate, create);
    let router = route(router, RecordingRuleUpdate, update);
    route(router, RecordingRuleDelete, delete)
}

impl From<RuleError> for ApiError {
    fn from(error: RuleError) -> Self {
        match error {
            RuleError::TooMany => ApiError::new(Code::Conflict, "There are as many recording rules as there may be."),
            RuleError::Store(StoreError::Exists) => ApiError::field("scope", "There is a rule for this scope already; change that one."),
            RuleError::Store(StoreError::Missing) => missing(),
            RuleError::Store(error) => error.into(),
        }
    }
}

fn missing() -> ApiError {
    ApiError::new(Code::NotFound, "There is no such rule.")
}

fn shown(row: RecordingRuleRow) -> RecordingRule {
    let record = if row.record == "never" { Record::Never } else { Record::Always };
    RecordingRule {
        id: row.id,
        scope: row.scope,
        record,
        strict: row.strict,
        input: row.input,
        created_at: row.created_at,
        created_by: row.created_by,
    }
}

fn name(record: Record) -> &'static str {
    match record {
        Record::Always => "always",
        Record::Never => "never",
    }
}

/// Checks a scope, and spells it in the one way.
fn scope(text: &str) -> Result<String, ApiError> {
    let scope = text.parse::<Scope>().map_err(|why| ApiError::field("scope", why))?;
    if scope.is_of_registry() {
        return Err(ApiError::field("scope", "Terminals are on engines: name an engine, labels, or all."));
    }
    Ok(scope.to_string())
}

async fn list_rules(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<RecordingRuleList> {
    let operation = Operation::on_system("RecordingRuleList", Permission::RecordingList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let mut found: Vec<RecordingRule> = api.store.recording_rules().await?.into_iter().map(shown).collect();
            found.retain(|rule| list::matches_words(&query, &rule.scope));
            list::sort(&mut found, &query, COLUMNS)?;
            Ok(Json(list::page(found, &query)?))
        })
        .await
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<RecordingRuleInput>) -> Answer<RecordingRuleCreate> {
    let operation = Operation::on_system("RecordingRuleCreate", Permission::RecordingRule, input.scope.chars().take(200).collect::<String>());
    api.operator
        .change(&who, operation, async |_| {
            let row = RecordingRuleRow {
                id: secret::id()?,
                scope: scope(&input.scope)?,
                record: name(input.record).to_owned(),
                strict: input.strict,
                input: input.input,
                created_at: now_ms(),
                created_by: who.subject.user.to_string(),
            };
            api.recordings.add_rule(&row).await?;
            let id = row.id.clone();
            Ok(made(shown(row)).with_id(&id))
        })
        .await
}

async fn update(
    State(api): State<Api>,
    Extension(who): Who,
    Named(id): Named<String>,
    Input(input): Input<RecordingRuleUpdateInput>,
) -> Answer<RecordingRuleUpdate> {
    let operation = Operation::on_system("RecordingRuleUpdate", Permission::RecordingRule, &id);
    api.operator
        .change(&who, operation, async |_| {
            let mut row = api.store.recording_rule(&id).await?.ok_or_else(missing)?;
            let before = shown(row.clone());
            if let Some(text) = &input.scope {
                row.scope = scope(text)?;
            }
            if let Some(record) = input.record {
                row.record = name(record).to_owned();
            }
            row.strict = input.strict.unwrap_or(row.strict);
            row.input = input.input.unwrap_or(row.input);
            api.recordings.update_rule(&row).await?;
            Ok(altered(&before, shown(row)))
        })
        .await
}

async fn delete(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>, _: Asked<Empty>) -> Answer<RecordingRuleDelete> {
    let operation = Operation::on_system("RecordingRuleDelete", Permission::RecordingRule, &id);
    api.operator
        .change(&who, operation, async |_| {
            let before = api.store.recording_rule(&id).await?.ok_or_else(missing)?;
            if api.recordings.delete_rule(&id).await? { Ok(removed(&shown(before))) } else { Err(missing()) }
        })
        .await
}
