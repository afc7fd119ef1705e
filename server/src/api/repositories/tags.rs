//! The tags of a repository, each with what it means now and who let it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::{Extension, Json, extract::State};
use pilothouse_app::api::{
    ListQuery, Page,
    repositories::{Pushed, Tag, TagList},
};

use super::{Place, at, registry};
use crate::{
    access::{Operation, Permission},
    api::{
        Answer, Api, ApiError, Asked, Named, Who,
        list::{self, Column, Filter},
        runs::seen,
    },
    authn::Principal,
    backends::oci::typed::tags::{self, Resolved, natural},
    store::audit::PushedRow,
};

const COLUMNS: &[Column<String>] = &[("name", |a, b| natural(a, b))];
/// What lets a tag mean something.
const PUSHES: [Permission; 3] = [Permission::RepositoryPush, Permission::RepositoryCreate, Permission::RepositoryRetag];

pub async fn list_tags(
    State(api): State<Api>,
    Extension(who): Who,
    Named((name, repository)): Place,
    Asked(query): Asked<ListQuery>,
) -> Answer<TagList> {
    let operation = Operation::on_repository("TagList", Permission::RepositoryPull, &name, &repository, "");
    api.operator
        .operate(&who, operation, async |permit| {
            let filter = Filter::read(&query)?;
            let registry = registry(&api, &name)?;
            let at = at(&registry, &permit, &repository)?;
            let listed = tags::names(at).await?;
            let mut names = listed.names;
            names.retain(|tag| filter.passes(&[tag], "", &BTreeMap::new()));
            list::sort(&mut names, &query, COLUMNS)?;
            if query.sort.as_deref().is_none_or(str::is_empty) {
                // The newest version first.
                names.reverse();
            }
            let Page { items, next, total } = list::page(names, &query)?;
            let resolved = tags::resolve(at, items).await;
            let objects = resolved.iter().map(|(tag, _)| format!("{name}/{repository}:{tag}")).collect();
            let pushed = pushed(&api, &who, objects).await?;
            let all: BTreeSet<String> = resolved.iter().filter_map(|(_, tag)| tag.as_ref().ok()).flat_map(|tag| tag.parsed.known_by()).collect();
            let runs = seen(&api, &who, &all).found;
            let shown = resolved.into_iter().map(|(tag, means)| {
                let by = pushed.get(&format!("{name}/{repository}:{tag}"));
                match means {
                    Ok(Resolved { parsed, summary }) => {
                        let own = parsed.known_by();
                        let count = runs.iter().filter(|found| !found.by.is_disjoint(&own)).count();
                        // What was pushed by another way since is nobody's whom the trail knows.
                        let by = by.filter(|row| row.object_id.is_empty() || row.object_id == summary.digest).map(told);
                        let runs = u32::try_from(count).unwrap_or(u32::MAX);
                        Tag { name: tag, manifest: Some(summary), problem: None, pushed: by, runs }
                    }
                    Err(why) => Tag { name: tag, manifest: None, problem: Some(why.to_string()), pushed: None, runs: 0 },
                }
            });
            // Of what was not read to its end, nobody knows how many there are.
            Ok(Json(Page { items: shown.collect(), next, total: total.filter(|_| listed.is_complete) }))
        })
        .await
}

/// Who let these tags mean something, by the trail: for who may read it.
async fn pushed(api: &Api, who: &Principal, objects: Vec<String>) -> Result<HashMap<String, PushedRow>, ApiError> {
    let look = Operation::on_system("AuditList", Permission::AuditList, "");
    if !api.operator.may(who, &look) {
        return Ok(HashMap::new());
    }
    let rows = api.store.pushed(&objects, &PUSHES.map(Permission::name)).await?;
    Ok(rows.into_iter().map(|row| (row.object.clone(), row)).collect())
}

fn told(row: &PushedRow) -> Pushed {
    Pushed { by: row.username.clone(), at: row.at, record: row.id.to_string() }
}
