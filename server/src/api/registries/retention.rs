//! Retention of what registries hold: rules, plans and runs.

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Code, Empty, ListQuery, Page, Problem,
    registry_retention::{
        Every, KEEPS_NOTHING, PlannedTag, RetentionPlan, RetentionPlanGet, RetentionPlanTags, RetentionPreview, RetentionRule, RetentionRuleCreate,
        RetentionRuleDelete, RetentionRuleInput, RetentionRuleList, RetentionRuleUpdate, RetentionRun, RetentionRunInput, RetentionRunList,
        RetentionRunStart, RetentionStorage, RunState, StorageAdvice,
    },
};

use super::super::{
    Answer, Api, ApiError, Asked, Input, Named, Who,
    change::{altered, made, removed},
    list::{self, Filter},
    route,
};
use crate::{
    access::{Operation, Permission, Permit, is_repository_name},
    audit::{Changed, field},
    authn::{Principal, secret},
    clock::now_ms,
    operate::{Begun, fail},
    registry_retention::{RetentionError, Whom, items_of, keep_of, plan::is_pattern, schedule, schedule_of, shown_plan},
    store::{
        StoreError,
        retention::{RetentionPlanRow, RetentionRuleRow, RetentionRunRow},
    },
};

/// How many rules a registry has, and patterns a rule.
const MOST_RULES: usize = 200;
const MOST_PATTERNS: usize = 32;
/// The longest that something is kept for its age, in days: a hundred years.
const LONGEST: u32 = 36_500;
/// A run that was not heard of for so long has broken off, in ms.
const SILENT_MS: i64 = 600_000;

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    let router = route(router, RetentionRuleList, rules);
    let router = route(router, RetentionRuleCreate, create);
    let router = route(router, RetentionRuleUpdate, update);
    let router = route(router, RetentionRuleDelete, delete);
    let router = route(router, RetentionPreview, preview);
    let router = route(router, RetentionPlanGet, plan);
    let router = route(router, RetentionPlanTags, tags);
    let router = route(router, RetentionRunStart, run);
    let router = route(router, RetentionRunList, runs);
    route(router, RetentionStorage, storage)
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

fn shown(row: RetentionRuleRow) -> Result<RetentionRule, ApiError> {
    let (keep, schedule) = (keep_of(&row)?, schedule_of(&row)?);
    let next_at = schedule::next(&schedule, row.followed_at);
    let RetentionRuleRow { id, registry, prefix, created_at, created_by, .. } = row;
    Ok(RetentionRule { id, registry, prefix, keep, schedule, next_at, created_at, created_by })
}

async fn rules(
    State(api): State<Api>,
    Extension(who): Who,
    Named(registry): Named<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<RetentionRuleList> {
    api.operator
        .operate(&who, operation("RetentionRuleList", Permission::RetentionView, &registry, ""), async |permit| {
            is_there(&api, &registry)?;
            let rows = api.store.retention_rules(Some(&registry)).await?.into_iter();
            let seen = rows.filter(|rule| sees(&api, &who, &permit, &registry, &rule.prefix) && list::matches_words(&query, &rule.prefix));
            let rules: Vec<RetentionRule> = seen.map(shown).collect::<Result<_, _>>()?;
            Ok(Json(list::page(rules, &query)?))
        })
        .await
}

/// What is to be kept of an input, if all of it is good.
fn checked(input: RetentionRuleInput) -> Result<RetentionRuleInput, ApiError> {
    if !input.prefix.is_empty() && !is_repository_name(&input.prefix) {
        return Err(ApiError::field("prefix", "A prefix is a repository's name, such as team/app, or empty for all of the registry."));
    }
    let keep = &input.keep;
    if keep.patterns.len() > MOST_PATTERNS || !keep.patterns.iter().all(|pattern| is_pattern(pattern)) {
        let words = format!("Patterns are up to {MOST_PATTERNS} of what a tag is made of, with * for any text and ? for one character.");
        return Err(ApiError::field("keep.patterns", words));
    }
    for (name, days) in [("keep.younger_days", keep.younger_days), ("keep.pulled_days", keep.pulled_days)] {
        if days.is_some_and(|days| !(1..=LONGEST).contains(&days)) {
            return Err(ApiError::field(name, format!("These are 1 to {LONGEST} days, or none.")));
        }
    }
    if keep.newest == Some(0) {
        return Err(ApiError::field("keep.newest", "The newest are 1 or more, or none."));
    }
    if !schedule::is_schedule(&input.schedule) {
        return Err(ApiError::field("schedule", "A schedule has an hour of 0 to 23 and a weekday of 0 to 6, which is a Sunday."));
    }
    if keep.is_nothing() && input.sentence.as_deref() != Some(KEEPS_NOTHING) {
        let problem = Problem::new(Code::InvalidInput, "This rule keeps nothing of itself.").field("sentence");
        return Err(ApiError(problem.detail(format!("If that is meant, say so as the sentence: {KEEPS_NOTHING}"))));
    }
    Ok(input)
}

/// Whether somebody may have a rule for this prefix, with this schedule.
fn may_rule(api: &Api, who: &Principal, permit: &Permit, registry: &str, input: &RetentionRuleInput) -> Result<(), ApiError> {
    if !sees(api, who, permit, registry, &input.prefix) {
        return Err(lacks(Permission::RetentionManage, registry, &input.prefix, "A rule for this prefix, and to see all that is there,"));
    }
    // By its schedule it deletes as Pilothouse itself: nobody is asked then any more.
    if input.schedule.every != Every::Never && !api.operator.may(who, &over(Permission::RepositoryDelete, registry, &input.prefix)) {
        return Err(lacks(Permission::RepositoryDelete, registry, &input.prefix, "A schedule"));
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|_| ApiError::internal())
}

fn exists(error: StoreError, prefix: &str) -> ApiError {
    match error {
        StoreError::Exists => ApiError(Problem::new(Code::Conflict, format!("There is a rule for {prefix:?} already.")).field("prefix")),
        StoreError::Missing => none("rule"),
        error => error.into(),
    }
}

async fn create(
    State(api): State<Api>,
    Extension(who): Who,
    Named(registry): Named<String>,
    Input(input): Input<RetentionRuleInput>,
) -> Answer<RetentionRuleCreate> {
    api.operator
        .change(&who, operation("RetentionRuleCreate", Permission::RetentionManage, &registry, &input.prefix), async |permit| {
            is_there(&api, &registry)?;
            may_rule(&api, &who, &permit, &registry, &input)?;
            let input = checked(input)?;
            if api.store.retention_rules(Some(&registry)).await?.len() >= MOST_RULES {
                return Err(ApiError::new(Code::Conflict, format!("There are {MOST_RULES} rules, and there may be no more.")));
            }
            let now = now_ms();
            let row = RetentionRuleRow {
                id: secret::id()?,
                registry: registry.clone(),
                prefix: input.prefix,
                keep: json(&input.keep)?,
                schedule: json(&input.schedule)?,
                followed_at: now,
                created_at: now,
                created_by: who.subject.user.to_string(),
            };
            api.store.add_retention_rule(&row).await.map_err(|error| exists(error, &row.prefix))?;
            let id = row.id.clone();
            Ok(made(shown(row)?).with_id(&id))
        })
        .await
}

async fn update(
    State(api): State<Api>,
    Extension(who): Who,
    Named((registry, id)): Named<(String, String)>,
    Input(input): Input<RetentionRuleInput>,
) -> Answer<RetentionRuleUpdate> {
    api.operator
        .change(&who, operation("RetentionRuleUpdate", Permission::RetentionManage, &registry, &id), async |permit| {
            let before = rule_of(&api, &who, &permit, &registry, &id).await?;
            may_rule(&api, &who, &permit, &registry, &input)?;
            // A rule with a schedule is also changed by those alone who may delete what it lets go.
            let was_scheduled = schedule_of(&before)?.every != Every::Never;
            if was_scheduled && !api.operator.may(&who, &over(Permission::RepositoryDelete, &registry, &before.prefix)) {
                return Err(lacks(Permission::RepositoryDelete, &registry, &before.prefix, "To change a rule with a schedule"));
            }
            let input = checked(input)?;
            let (keep, schedule) = (json(&input.keep)?, json(&input.schedule)?);
            let row = RetentionRuleRow { prefix: input.prefix, keep, schedule, followed_at: now_ms(), ..before.clone() };
            api.store.update_retention_rule(&row).await.map_err(|error| exists(error, &row.prefix))?;
            Ok(altered(&shown(before)?, shown(row)?))
        })
        .await
}

async fn delete(
    State(api): State<Api>,
    Extension(who): Who,
    Named((registry, id)): Named<(String, String)>,
    _: Asked<Empty>,
) -> Answer<RetentionRuleDelete> {
    api.operator
        .change(&who, operation("RetentionRuleDelete", Permission::RetentionManage, &registry, &id), async |permit| {
            let before = rule_of(&api, &who, &permit, &registry, &id).await?;
            if !api.store.delete_retention_rule(&id).await? {
                return Err(none("rule"));
            }
            Ok(removed(&shown(before)?))
        })
        .await
}

async fn preview(
    State(api): State<Api>,
    Extension(who): Who,
    Named((registry, id)): Named<(String, String)>,
    Input(_): Input<Empty>,
) -> Answer<RetentionPreview> {
    api.operator
        .change(&who, operation("RetentionPreview", Permission::RetentionManage, &registry, &id), async |permit| {
            let rule = rule_of(&api, &who, &permit, &registry, &id).await?;
            let plan = api.retention.preview(&permit, &rule, &who.subject.user).await?;
            let would_go = format!("{} manifests with {} tags", plan.digests_going, plan.tags_going);
            let mut changed = Changed::new(vec![field("would go", None, Some(&would_go))], Json(plan.clone())).with_id(&plan.id);
            changed.also(plan.problems.first().map(|problem| field("problem", None, Some(problem))));
            Ok::<_, ApiError>(changed)
        })
        .await
}

async fn plan(
    State(api): State<Api>,
    Extension(who): Who,
    Named((registry, id)): Named<(String, String)>,
    _: Asked<Empty>,
) -> Answer<RetentionPlanGet> {
    api.operator
        .operate(&who, operation("RetentionPlanGet", Permission::RetentionView, &registry, &id), async |permit| {
            let row = plan_of(&api, &who, &permit, &registry, &id).await?;
            Ok::<_, ApiError>(Json(shown_plan(&row)?))
        })
        .await
}

async fn tags(
    State(api): State<Api>,
    Extension(who): Who,
    Named((registry, id)): Named<(String, String)>,
    Asked(query): Asked<ListQuery>,
) -> Answer<RetentionPlanTags> {
    api.operator
        .operate(&who, operation("RetentionPlanTags", Permission::RetentionView, &registry, &id), async |permit| {
            let row = plan_of(&api, &who, &permit, &registry, &id).await?;
            let filter = Filter::read(&query)?;
            let none = std::collections::BTreeMap::new();
            let mut found: Vec<PlannedTag> = items_of(&row)?
                .into_iter()
                .filter(|item| {
                    let texts = [item.repository.as_str(), &item.tag, &item.digest, item.reason.words()];
                    filter.passes(&texts, if item.goes { "goes" } else { "stays" }, &none)
                })
                .map(|item| PlannedTag {
                    repository: item.repository,
                    tag: item.tag,
                    digest: item.digest,
                    at: item.at,
                    goes: item.goes,
                    reason: item.reason,
                    detail: item.detail,
                })
                .collect();
            list::sort(
                &mut found,
                &query,
                &[
                    ("fate", |a, b| b.goes.cmp(&a.goes).then_with(|| a.reason.cmp(&b.reason)).then_with(|| by_name(a, b))),
                    ("tag", by_name),
                    ("digest", |a, b| a.digest.cmp(&b.digest)),
                    ("at", |a, b| a.at.cmp(&b.at)),
                ],
            )?;
            Ok(Json(list::page(found, &query)?))
        })
        .await
}

fn by_name(a: &PlannedTag, b: &PlannedTag) -> std::cmp::Ordering {
    (&a.repository, &a.tag).cmp(&(&b.repository, &b.tag))
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
    let going: std::collections::BTreeSet<String> = items_of(&row)?.into_iter().filter(|item| item.goes).map(|item| item.repository).collect();
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

async fn storage(State(api): State<Api>, Extension(who): Who, Named(registry): Named<String>, _: Asked<Empty>) -> Answer<RetentionStorage> {
    api.operator
        .operate(&who, operation("RetentionStorage", Permission::RetentionView, &registry, ""), async |_| {
            is_there(&api, &registry)?;
            let found = api.registrar.registries.get(&registry).ok_or_else(|| none("registry"))?;
            Ok::<_, ApiError>(Json(StorageAdvice { backend: found.backend() }))
        })
        .await
}

#[cfg(test)]
mod tests {
    use pilothouse_app::api::registry_retention::Keep;

    use super::*;

    #[test]
    fn a_rule_that_keeps_nothing_has_to_say_so() {
        let input = |keep: Keep, sentence: Option<&str>| RetentionRuleInput {
            prefix: "team".to_owned(),
            keep,
            schedule: Default::default(),
            sentence: sentence.map(str::to_owned),
        };
        let field = |input| checked(input).err().and_then(|error| error.0.field);
        assert_eq!(field(input(Keep::default(), None)).as_deref(), Some("sentence"));
        assert_eq!(field(input(Keep::default(), Some("yes"))).as_deref(), Some("sentence"));
        assert_eq!(field(input(Keep::default(), Some(KEEPS_NOTHING))), None);
        assert_eq!(field(input(Keep { newest: Some(1), ..Keep::default() }, None)), None);
        assert_eq!(field(input(Keep { newest: Some(0), ..Keep::default() }, None)).as_deref(), Some("keep.newest"));
        assert_eq!(field(input(Keep { younger_days: Some(0), ..Keep::default() }, None)).as_deref(), Some("keep.younger_days"));
        assert_eq!(field(input(Keep { patterns: vec!["a b".to_owned()], ..Keep::default() }, None)).as_deref(), Some("keep.patterns"));
    }
}
