//! Guardrails, and what they found.

use std::collections::HashMap;

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Code, Empty, ListQuery, Page, Problem,
    guardrails::{
        Guardrail, GuardrailCreate, GuardrailDelete, GuardrailGet, GuardrailHits, GuardrailInput, GuardrailList, GuardrailUpdate,
        GuardrailUpdateInput, Hit, HitQuery, Mode,
    },
};

use super::{
    Answer, Api, ApiError, Asked, Input, Named, Who,
    change::{altered, made, removed},
    list,
    list::Column,
    route,
};
use crate::{
    access::{Operation, Permission, guard},
    authn::secret,
    clock::now_ms,
    guardrails::{Draft, KEPT_MS, read},
    store::guardrails::{GuardrailRow, HitRow},
};

const COLUMNS: &[Column<Guardrail>] =
    &[("name", |a, b| a.name.cmp(&b.name)), ("scope", |a, b| a.scope.cmp(&b.scope)), ("hits", |a, b| a.hits.cmp(&b.hits))];

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, GuardrailList, list_guardrails);
    let router = route(router, GuardrailGet, get);
    let router = route(router, GuardrailCreate, create);
    let router = route(router, GuardrailUpdate, update);
    let router = route(router, GuardrailDelete, delete);
    route(router, GuardrailHits, hits)
}

fn inner(mode: Mode) -> guard::Mode {
    match mode {
        Mode::Enforce => guard::Mode::Enforce,
        Mode::Warn => guard::Mode::Warn,
    }
}

fn outer(mode: guard::Mode) -> Mode {
    match mode {
        guard::Mode::Enforce => Mode::Enforce,
        guard::Mode::Warn => Mode::Warn,
    }
}

fn shown(row: GuardrailRow, hits: u64) -> Result<Guardrail, ApiError> {
    let read = read(&row).map_err(|error| {
        tracing::error!(%error, "A guardrail cannot be shown.");
        ApiError::internal()
    })?;
    Ok(Guardrail {
        id: row.id,
        name: row.name,
        mode: outer(read.mode),
        scope: row.scope,
        roles: read.roles,
        rule: read.rule,
        declared: row.declared,
        created_at: row.created_at,
        created_by: row.created_by,
        hits,
    })
}

async fn counts(api: &Api) -> Result<HashMap<String, u64>, ApiError> {
    let counts = api.store.guardrail_hit_counts(now_ms() - KEPT_MS).await?;
    Ok(counts.into_iter().map(|(id, count)| (id, u64::try_from(count).unwrap_or(0))).collect())
}

async fn of_id(api: &Api, id: &str) -> Result<GuardrailRow, ApiError> {
    api.store.guardrail(id).await?.ok_or_else(|| ApiError::new(Code::NotFound, "There is no such guardrail."))
}

fn not_declared(row: &GuardrailRow) -> Result<(), ApiError> {
    if !row.declared {
        return Ok(());
    }
    let problem = Problem::new(Code::Conflict, format!("The guardrail {} is declared in the settings file.", row.name));
    Err(ApiError(problem.detail("Change it there and start Pilothouse again.")))
}

async fn list_guardrails(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<GuardrailList> {
    let operation = Operation::on_system("GuardrailList", Permission::GuardrailList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let counts = counts(&api).await?;
            let rows = api.store.guardrails().await?.into_iter();
            let mut found = rows
                .map(|row| {
                    let hits = counts.get(&row.id).copied().unwrap_or(0);
                    shown(row, hits)
                })
                .collect::<Result<Vec<_>, _>>()?;
            found.retain(|guardrail| list::matches_words(&query, &format!("{} {} {}", guardrail.name, guardrail.scope, guardrail.roles.join(" "))));
            list::sort(&mut found, &query, COLUMNS)?;
            Ok(Json(list::page(found, &query)?))
        })
        .await
}

async fn get(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>) -> Answer<GuardrailGet> {
    let operation = Operation::on_system("GuardrailGet", Permission::GuardrailList, &id);
    api.operator
        .operate(&who, operation, async |_| {
            let row = of_id(&api, &id).await?;
            let hits = counts(&api).await?.get(&id).copied().unwrap_or(0);
            shown(row, hits).map(Json)
        })
        .await
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<GuardrailInput>) -> Answer<GuardrailCreate> {
    let operation = Operation::on_system("GuardrailCreate", Permission::GuardrailCreate, input.name.chars().take(64).collect::<String>());
    api.operator
        .change(&who, operation, async |_| {
            let draft = Draft { name: &input.name, mode: inner(input.mode), scope: &input.scope, roles: &input.roles, rule: &input.rule };
            draft.check().map_err(|(field, why)| ApiError::field(field, why))?;
            let row = api.guardrails.add(&draft, secret::id()?, &who.subject.user).await?;
            shown(row, 0).map(made)
        })
        .await
}

async fn update(
    State(api): State<Api>,
    Extension(who): Who,
    Named(id): Named<String>,
    Input(input): Input<GuardrailUpdateInput>,
) -> Answer<GuardrailUpdate> {
    let operation = Operation::on_system("GuardrailUpdate", Permission::GuardrailUpdate, &id);
    api.operator
        .change(&who, operation, async |_| {
            let row = of_id(&api, &id).await?;
            not_declared(&row)?;
            let hits = counts(&api).await?.get(&id).copied().unwrap_or(0);
            let before = shown(row.clone(), hits)?;
            let now = before.clone();
            let (name, scope) = (input.name.unwrap_or(now.name), input.scope.unwrap_or(now.scope));
            let (roles, rule) = (input.roles.unwrap_or(now.roles), input.rule.unwrap_or(now.rule));
            let draft = Draft { name: &name, mode: inner(input.mode.unwrap_or(now.mode)), scope: &scope, roles: &roles, rule: &rule };
            draft.check().map_err(|(field, why)| ApiError::field(field, why))?;
            let row = GuardrailRow { created_at: row.created_at, ..draft.row(row.id, &row.created_by, false) };
            api.guardrails.update(&row).await?;
            Ok(altered(&before, shown(row, hits)?))
        })
        .await
}

async fn delete(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>, _: Asked<Empty>) -> Answer<GuardrailDelete> {
    let operation = Operation::on_system("GuardrailDelete", Permission::GuardrailDelete, &id);
    api.operator
        .change(&who, operation, async |_| {
            let row = of_id(&api, &id).await?;
            not_declared(&row)?;
            if !api.guardrails.delete(&id).await? {
                return Err(ApiError::new(Code::NotFound, "There is no such guardrail."));
            }
            Ok(removed(&shown(row, 0)?))
        })
        .await
}

fn shown_hit(row: HitRow) -> Hit {
    let HitRow { at, username: user, target, operation, object, sentence, stopped, .. } = row;
    Hit { at, user, target, operation, object, sentence, stopped }
}

async fn hits(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>, Asked(query): Asked<HitQuery>) -> Answer<GuardrailHits> {
    let operation = Operation::on_system("GuardrailHits", Permission::GuardrailList, &id);
    api.operator
        .operate(&who, operation, async |_| {
            of_id(&api, &id).await?;
            let limit = query.limit.unwrap_or(50);
            if !(1..=500).contains(&limit) {
                return Err(ApiError::field("limit", "A page has 1 to 500 items."));
            }
            let before = match query.after.as_deref().filter(|after| !after.is_empty()) {
                Some(after) => Some(after.parse().map_err(|_| ApiError::field("after", "This is no `next` of a page before."))?),
                None => None,
            };
            let mut rows = api.store.guardrail_hits(&id, now_ms() - KEPT_MS, before, limit + 1).await?;
            let more = rows.len() > limit as usize;
            rows.truncate(limit as usize);
            let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
            Ok(Json(Page { items: rows.into_iter().map(shown_hit).collect(), next, total: None }))
        })
        .await
}
