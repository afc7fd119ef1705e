//! Rules: listed, made, changed, forgotten.

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Code, Empty, ListQuery, Problem,
    registry_retention::{
        Every, KEEPS_NOTHING, RetentionRule, RetentionRuleCreate, RetentionRuleDelete, RetentionRuleInput, RetentionRuleList, RetentionRuleUpdate,
    },
};

use super::{
    super::super::{
        Answer, Api, ApiError, Asked, Input, Named, Who,
        change::{altered, made, removed},
        list, route,
    },
    is_there, lacks, none, operation, over, rule_of, sees,
};
use crate::{
    access::{Permission, Permit, is_repository_name},
    authn::{Principal, secret},
    clock::now_ms,
    registry_retention::{keep_of, plan::is_pattern, schedule, schedule_of},
    store::{StoreError, retention::RetentionRuleRow},
};

/// How many rules a registry has, and patterns a rule.
const MOST_RULES: usize = 200;
const MOST_PATTERNS: usize = 32;
/// The longest that something is kept for its age, in days: a hundred years.
const LONGEST: u32 = 36_500;

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    let router = route(router, RetentionRuleList, rules);
    let router = route(router, RetentionRuleCreate, create);
    let router = route(router, RetentionRuleUpdate, update);
    route(router, RetentionRuleDelete, delete)
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
