//! Plans: what a rule would let go, kept, and shown tag by tag.

use std::{cmp::Ordering, collections::BTreeMap};

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Empty, ListQuery,
    registry_retention::{PlannedTag, RetentionPlanGet, RetentionPlanTags, RetentionPreview},
};

use super::{
    super::super::{
        Answer, Api, ApiError, Asked, Input, Named, Who,
        list::{self, Filter},
        route,
    },
    operation, plan_of, rule_of,
};
use crate::{
    access::Permission,
    audit::{Changed, field},
    registry_retention::{items_of, shown_plan},
};

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    let router = route(router, RetentionPreview, preview);
    let router = route(router, RetentionPlanGet, plan);
    route(router, RetentionPlanTags, tags)
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
            let none = BTreeMap::new();
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

fn by_name(a: &PlannedTag, b: &PlannedTag) -> Ordering {
    (&a.repository, &a.tag).cmp(&(&b.repository, &b.tag))
}
