//! Who may do what, and why; when it was last used; and looking with another one's rights.

use std::collections::{HashMap, HashSet};

use axum::{
    Extension, Json, Router,
    extract::State,
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderValue, header};
use pilothouse_app::api::{
    Code, Empty, ListQuery, Problem,
    access::{
        AccessExplain, AccessMatrix, AccessReview, ExplainInput, ExplainOutput, MatrixQuery, MatrixRow, REVIEW_CSV, ReviewRow, ViewAs, ViewAsEnd,
        ViewAsInput,
    },
    session::MeOutput,
};

use super::{
    Answer, Api, ApiError, Asked, Input, Who,
    grants::{robots, shown},
    list,
    people::holds_what_they_hold,
    route,
    session::describe,
    sheet::line,
};
use crate::{
    access::{Explained, Kind, Missing, Operation, Permission, Policy, Scope, Subject},
    audit::{Changed, field},
    authn::{Credential, Principal},
    clock::now_ms,
    store::grants::GrantRow,
};

/// A grant that was not used for so long may be one too many, in ms: 90 days.
const UNUSED_MS: i64 = 90 * 86_400_000;

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, AccessExplain, explain);
    let router = route(router, AccessMatrix, matrix);
    let router = route(router, AccessReview, review);
    let router = route(router, ViewAs, view_as);
    let router = route(router, ViewAsEnd, view_as_end);
    router.route(REVIEW_CSV, get(review_csv))
}

/// A scope that somebody asks about.
fn scope(text: &str) -> Result<Scope, ApiError> {
    text.parse().map_err(|why: String| ApiError::field("scope", why))
}

/// The kept grants by their ids.
async fn rows(api: &Api) -> Result<HashMap<String, GrantRow>, ApiError> {
    Ok(api.store.grants().await?.into_iter().map(|row| (row.id.clone(), row)).collect())
}

/// How many of the grants behind a right are shown; the sentence tells how many there are.
const SHOWN: usize = 100;

async fn explain(State(api): State<Api>, Extension(who): Who, Input(input): Input<ExplainInput>) -> Answer<AccessExplain> {
    let object: String = format!("{} {} {}", input.user, input.permission, input.scope).chars().take(200).collect();
    let operation = Operation::on_system("AccessExplain", Permission::AccessExplain, object);
    api.operator
        .operate(&who, operation, async |_| {
            let permission = Permission::named(&input.permission)
                .ok_or_else(|| ApiError::field("permission", "There is no such permission. `GET /api/v1/permissions` lists them all."))?;
            let scope = scope(&input.scope)?;
            let Some(user) = api.store.user(&input.user).await? else {
                return Err(ApiError::field("user", format!("There is no user or robot {:?}.", input.user.chars().take(64).collect::<String>())));
            };
            let policy = api.operator.policy();
            let explained = policy.explain(&input.user, permission, &scope, now_ms());
            let robots = user.is_robot().then_some(user.username).into_iter().collect();
            let mut grants = Vec::new();
            for grant in explained.grants.iter().take(SHOWN) {
                grants.extend(api.store.grant(&grant.id).await?.map(|row| shown(row, &robots)));
            }
            let roles = if explained.allowed() { Vec::new() } else { roles_with(&policy, permission) };
            Ok(Json(ExplainOutput { allowed: explained.allowed(), sentence: sentence(&input.user, permission, &scope, &explained), grants, roles }))
        })
        .await
}

fn roles_with(policy: &Policy, permission: Permission) -> Vec<String> {
    policy.roles().iter().filter(|role| role.holds(permission)).map(|role| role.name.clone()).collect()
}

fn sentence(user: &str, permission: Permission, scope: &Scope, explained: &Explained<'_>) -> String {
    let place = if permission.is_house() { "Pilothouse".to_owned() } else { scope.to_string() };
    if explained.own_account {
        return format!("{user} may use {permission}: everybody may who is signed in.");
    }
    if let Some(grant) = explained.grants.first() {
        let more = match explained.grants.len() - 1 {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        return format!("{user} may use {permission} on {place}: {}{more}.", grant.reason());
    }
    let why = match &explained.missing {
        Some(Missing::NotActive) => "the account is disabled".to_owned(),
        Some(Missing::Role(grants)) => format!("what they have there does not hold it ({})", names(grants.iter())),
        Some(Missing::Scope(scopes)) => format!("they have it on {} only", names(scopes.iter())),
        Some(Missing::Ended(grant, _)) => format!("the grant of it has ended ({grant})"),
        Some(Missing::Everything) | None => "they have nothing there".to_owned(),
    };
    format!("{user} may not use {permission} on {place}: {why}.")
}

fn names<T: ToString>(items: impl Iterator<Item = T>) -> String {
    let mut names: Vec<String> = items.map(|item| item.to_string()).collect();
    names.dedup();
    let more = names.len().saturating_sub(3);
    names.truncate(3);
    let shown = names.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

async fn matrix(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<MatrixQuery>) -> Answer<AccessMatrix> {
    let operation = Operation::on_system("AccessMatrix", Permission::AccessReview, query.scope.chars().take(200).collect::<String>());
    api.operator
        .operate(&who, operation, async |_| {
            let scope = scope(&query.scope)?;
            let policy = api.operator.policy();
            let (rows, robots, now) = (rows(&api).await?, robots(&api).await?, now_ms());
            let cut = ListQuery { limit: query.limit, after: query.after.clone(), filter: query.filter.clone(), sort: None };
            let mut people: Vec<&str> = policy.active().filter(|user| list::matches_words(&cut, user)).collect();
            people.sort_unstable();
            let row = |user: &&str| row_of(&policy, user, &scope, now, &rows, &robots);
            let found: Vec<MatrixRow> = people.iter().map(row).filter(|row| !row.permissions.is_empty()).collect();
            Ok(Json(list::page(found, &cut)?))
        })
        .await
}

fn row_of(policy: &Policy, user: &str, scope: &Scope, now: i64, rows: &HashMap<String, GrantRow>, robots: &HashSet<String>) -> MatrixRow {
    let there: Vec<_> = policy.grants_of(user, now).filter(|grant| policy.includes(&grant.scope, scope)).collect();
    let held = |permission: &&Permission| {
        permission.kind() != Kind::Own
            && there.iter().any(|grant| grant.role.holds(**permission) && (!permission.is_house() || grant.scope == Scope::All))
    };
    MatrixRow {
        user: user.to_owned(),
        robot: robots.contains(user),
        permissions: Permission::ALL.iter().filter(held).map(|permission| permission.name().to_owned()).collect(),
        grants: there.iter().filter_map(|grant| Some(shown(rows.get(&grant.id)?.clone(), robots))).collect(),
    }
}

/// Every grant with when it was last used, those unused for longest first.
async fn reviewed(api: &Api) -> Result<Vec<ReviewRow>, ApiError> {
    let (robots, now) = (robots(api).await?, now_ms());
    let used: HashMap<String, i64> = api.store.grants_last_used().await?.into_iter().collect();
    let members = api.store.members().await?;
    let policy = api.operator.policy();
    let row = |row: GrantRow| {
        let last_used_at = used.get(&row.id).copied();
        let idle = match (&row.username, &row.team) {
            (Some(user), _) => !policy.is_active(user),
            (None, team) => !members.iter().any(|member| Some(&member.team) == team.as_ref() && policy.is_active(&member.username)),
        };
        ReviewRow { unused: last_used_at.unwrap_or(row.created_at) < now - UNUSED_MS, last_used_at, idle, grant: shown(row, &robots) }
    };
    let mut found: Vec<ReviewRow> = api.store.grants().await?.into_iter().map(row).collect();
    found.sort_by_key(|row| (row.last_used_at.unwrap_or(0), row.grant.created_at));
    Ok(found)
}

async fn review(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<AccessReview> {
    let operation = Operation::on_system("AccessReview", Permission::AccessReview, "");
    api.operator
        .operate(&who, operation, async |_| {
            let mut found = reviewed(&api).await?;
            found.retain(|row| {
                let state = if row.unused { "state:unused" } else { "state:used" };
                list::matches_words(&query, &format!("{} {} {} {state}", row.grant.holder(), row.grant.role, row.grant.scope))
            });
            Ok(Json(list::page(found, &query)?))
        })
        .await
}

async fn review_csv(State(api): State<Api>, Extension(who): Who, _: Asked<Empty>) -> Result<Response, ApiError> {
    let operation = Operation::on_system("AccessReviewCsv", Permission::AccessReview, "");
    let text = api.operator.operate(&who, operation, async |_| csv(&reviewed(&api).await?)).await?;
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"access-review.csv\""));
    Ok(response)
}

fn csv(rows: &[ReviewRow]) -> Result<String, ApiError> {
    let time = |at: Option<i64>| at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok()).map(|at| at.to_string()).unwrap_or_default();
    let yes = |yes: bool| if yes { "yes" } else { "no" };
    let mut text = line(["holder", "kind", "role", "scope", "until", "granted_at", "granted_by", "last_used_at", "unused_90_days", "nobody_has_it"])?;
    for row in rows {
        let grant = &row.grant;
        let kind = if grant.team.is_some() {
            "team"
        } else if grant.robot.is_some() {
            "robot"
        } else {
            "user"
        };
        text += &line([
            grant.holder(),
            kind,
            &grant.role,
            &grant.scope,
            &time(grant.until),
            &time(Some(grant.created_at)),
            &grant.created_by,
            &time(row.last_used_at),
            yes(row.unused),
            yes(row.idle),
        ])?;
    }
    Ok(text)
}

async fn view_as(State(api): State<Api>, Extension(who): Who, Input(input): Input<ViewAsInput>) -> Answer<ViewAs> {
    let (own, before) = (own_self(&who), who.subject.user.clone());
    let operation = Operation::on_system("ViewAs", Permission::UserViewAs, input.user.chars().take(64).collect::<String>());
    api.operator
        .change(&own, operation, async |_| {
            let Credential::Session(session) = &own.credential else {
                return Err(ApiError::new(Code::InvalidInput, "A token cannot look with another one's rights; sign in for that."));
            };
            if input.user == *own.subject.user {
                return Err(ApiError::field("user", "You look with your own rights already."));
            }
            if !api.operator.policy().is_active(&input.user) {
                return Err(ApiError::field("user", "There is no such user, or they are disabled."));
            }
            // Who looks with another one's rights reads all that they may read.
            holds_what_they_hold(&api, &own, &input.user)?;
            api.house.view_as(session, Some(&input.user)).await?;
            let viewed = Subject { user: input.user.as_str().into(), viewer: Some(own.subject.user.clone()), ..own.subject.clone() };
            let answer = Json::<MeOutput>(describe(&api, &Principal { subject: viewed, ..own.clone() }));
            Ok::<_, ApiError>(Changed::new(vec![field("rights of", Some(&before), Some(&input.user))], answer))
        })
        .await
}

async fn view_as_end(State(api): State<Api>, Extension(who): Who, _: Asked<Empty>) -> Answer<ViewAsEnd> {
    let own = own_self(&who);
    let operation = Operation::on_system("ViewAsEnd", Permission::SessionManage, who.subject.user.to_string());
    api.operator
        .change(&own, operation, async |_| {
            let Credential::Session(session) = &own.credential else {
                return Err(ApiError(Problem::new(Code::InvalidInput, "A token looks with its owner's rights always.")));
            };
            api.house.view_as(session, None).await?;
            Ok(Changed::new(vec![field("rights of", Some(&who.subject.user), Some(&own.subject.user))], Json(Empty {})))
        })
        .await
}

/// Whoever really asks.
fn own_self(who: &Principal) -> Principal {
    let user = who.subject.viewer.clone().unwrap_or_else(|| who.subject.user.clone());
    Principal { subject: Subject { user, bound_to: who.subject.bound_to.clone(), viewer: None }, ..who.clone() }
}
