//! Runs: begun by whoever has seen the plan, and listed.

use std::collections::BTreeSet;

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Code, ListQuery, Page, Problem,
    registry_retention::{RetentionPlan, RetentionRun, RetentionRunInput, RetentionRunList, RetentionRunStart, RunState},
};

use super::{
    super::super::{Answer, Api, ApiError, Asked, Input, Named, Who, list, route},
    is_there, lacks, operation, over, plan_of, sees,
};
use crate::{
    access::{Permission, Permit},
    authn::Principal,
    clock::now_ms,
    operate::{Begun, fail},
    registry_retention::{Whom, items_of, shown_plan},
    store::retention::{RetentionPlanRow, RetentionRunRow},
};

/// A run that was not heard of for so long has broken off, in ms.
const SILENT_MS: i64 = 600_000;

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    let router = route(router, RetentionRunStart, run);
    route(router, RetentionRunList, runs)
}

async fn run(
    State(api): State<Api>,
    Extension(who): Who,
    Named((registry, id)): Named<(String, String)>,
    Input(input): Input<RetentionRunInput>,
) -> Answer<RetentionRunStart> {
    let operation = operation("RetentionRunStart", Permission::RetentionManage, &registry, &id);
    let Begun { permit, entry, .. } = api.operator.begin(&who, operation).await?;
    match runnable(&api, &who, &permit, &registry, &id, &input).await {
        Err(error) => {
            fail(entry, &error);
            Err(error)
        }
        // It ends its record itself, when it is done.
        Ok(plan) => Ok(Json(shown_run(api.retention.start(Whom::Person(who), permit, entry, plan).await?))),
    }
}

/// The plan, if it may be run by whoever saw these counts.
async fn runnable(
    api: &Api,
    who: &Principal,
    permit: &Permit,
    registry: &str,
    id: &str,
    input: &RetentionRunInput,
) -> Result<RetentionPlanRow, ApiError> {
    let row = plan_of(api, who, permit, registry, id).await?;
    let plan: RetentionPlan = shown_plan(&row)?;
    let conflict = |text: &str| Err(ApiError::new(Code::Conflict, text));
    if let Some(problem) = plan.problems.first() {
        return Err(ApiError(Problem::new(Code::Conflict, "Not everything could be read, so nothing is deleted.").detail(problem.clone())));
    }
    if plan.run.is_some() {
        return conflict("This plan was run already; make a new one.");
    }
    if plan.good_until < now_ms() {
        return conflict("This plan is older than a day; make a new one.");
    }
    if plan.digests_going == 0 {
        return conflict("There is nothing to let go.");
    }
    if (plan.digests_going, plan.tags_going) != (input.digests, input.tags) {
        return conflict("These are not the counts of this plan.");
    }
    let going: BTreeSet<String> = items_of(&row)?.into_iter().filter(|item| item.goes).map(|item| item.repository).collect();
    for repository in going {
        if !api.operator.may(who, &over(Permission::RepositoryDelete, registry, &repository)) {
            return Err(lacks(Permission::RepositoryDelete, registry, &repository, "This"));
        }
    }
    Ok(row)
}

fn shown_run(row: RetentionRunRow) -> RetentionRun {
    let small = |number: i64| u32::try_from(number).unwrap_or(0);
    let state = match row.state.as_str() {
        "done" => RunState::Done,
        "stopped" => RunState::Stopped,
        _ if row.touched_at < now_ms() - SILENT_MS => RunState::BrokenOff,
        _ => RunState::Running,
    };
    RetentionRun {
        id: row.id,
        registry: row.registry,
        prefix: row.prefix,
        plan: row.plan,
        started_at: row.started_at,
        ended_at: row.ended_at,
        started_by: row.started_by,
        state,
        digests_planned: small(row.planned),
        digests_gone: small(row.gone),
        tags_gone: small(row.tags_gone),
        spared: small(row.spared),
        failed: small(row.failed),
        note: row.note,
    }
}

async fn runs(
    State(api): State<Api>,
    Extension(who): Who,
    Named(registry): Named<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<RetentionRunList> {
    api.operator
        .operate(&who, operation("RetentionRunList", Permission::RetentionView, &registry, ""), async |permit| {
            is_there(&api, &registry)?;
            let rows = api.store.retention_runs(&registry).await?.into_iter();
            let seen = rows.filter(|run| sees(&api, &who, &permit, &registry, &run.prefix) && list::matches_words(&query, &run.prefix));
            let found: Page<RetentionRun> = list::page(seen.map(shown_run).collect(), &query)?;
            Ok::<_, ApiError>(Json(found))
        })
        .await
}
