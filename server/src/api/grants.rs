//! Grants: who has which role where, and until when.

use std::collections::HashSet;

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
};
use pilothouse_app::api::{
    Code, ListQuery, Problem,
    people::{Grant, GrantCreate, GrantDelete, GrantInput, GrantList},
};

use super::{
    Answer, Api, ApiError, Asked, Input, Who,
    change::{made, removed},
    list,
    people::declared,
    route,
};
use crate::{
    access::{Known, Operation, Permission, Scope},
    authn::secret,
    clock::now_ms,
    house::HouseError,
    store::{StoreError, grants::GrantRow, users::UserRow},
};

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, GrantList, list_grants);
    let router = route(router, GrantCreate, create);
    route(router, GrantDelete, delete)
}

/// The names of the robots, to tell them from users.
pub(super) async fn robots(api: &Api) -> Result<HashSet<String>, ApiError> {
    Ok(api.store.users().await?.into_iter().filter(UserRow::is_robot).map(|row| row.username).collect())
}

pub(super) fn shown(row: GrantRow, robots: &HashSet<String>) -> Grant {
    let is_robot = row.username.as_ref().is_some_and(|name| robots.contains(name));
    let (user, robot) = if is_robot { (None, row.username) } else { (row.username, None) };
    Grant {
        id: row.id,
        user,
        robot,
        team: row.team,
        role: row.role,
        scope: row.scope,
        until: row.until,
        created_at: row.created_at,
        created_by: row.created_by,
        declared: row.declared,
    }
}

async fn list_grants(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<GrantList> {
    let operation = Operation::on_system("GrantList", Permission::GrantList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let robots = robots(&api).await?;
            let mut grants: Vec<Grant> = api.store.grants().await?.into_iter().map(|row| shown(row, &robots)).collect();
            grants.retain(|grant| list::matches_words(&query, &format!("{} {} {}", grant.holder(), grant.role, grant.scope)));
            Ok(Json(list::page(grants, &query)?))
        })
        .await
}

/// Who is to have it: the field that names them, and their name.
fn holder(input: &GrantInput) -> Result<(&'static str, &String), ApiError> {
    let given: Vec<(&'static str, &String)> = [("user", &input.user), ("robot", &input.robot), ("team", &input.team)]
        .into_iter()
        .filter_map(|(field, name)| Some((field, name.as_ref()?)))
        .collect();
    match given.as_slice() {
        [one] => Ok(*one),
        _ => Err(ApiError::field("user", "A grant is for one user, one robot or one team.")),
    }
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<GrantInput>) -> Answer<GrantCreate> {
    let named = [&input.user, &input.robot, &input.team].into_iter().flatten().next().map_or("", String::as_str);
    let object: String = format!("{named} {} {}", input.role, input.scope).chars().take(200).collect();
    // By this name grants of one role are found, whoever holds them.
    let called: String = format!("role {} on {} for {named}", input.role, input.scope).chars().take(200).collect();
    let mut operation = Operation::on_system("GrantCreate", Permission::GrantCreate, object);
    operation.known = Some(Known { name: called, id: String::new() });
    api.operator
        .change(&who, operation, async |_| {
            let (field, name) = holder(&input)?;
            let robots = robots(&api).await?;
            let alone = api.house.alone().await?;
            let policy = api.operator.policy();
            let role = policy.roles().named(&input.role).ok_or_else(|| ApiError::field("role", format!("There is no role {:?}.", input.role)))?;
            let scope: Scope = input.scope.parse().map_err(|why: String| ApiError::field("scope", why))?;
            let now = now_ms();
            if input.until.is_some_and(|until| until <= now) {
                return Err(ApiError::field("until", "This time has passed already."));
            }
            if let Some(permission) = policy.cannot_give(&who.subject.user, role, &scope, now, input.until) {
                let text = format!("You cannot grant {permission} on {scope}: you do not hold it yourself, or not for as long.");
                return Err(ApiError::new(Code::Forbidden, text));
            }
            let missing = || ApiError::field(field, format!("There is no {field} {:?}.", name.chars().take(64).collect::<String>()));
            let row = GrantRow {
                id: secret::id()?,
                username: (field != "team").then(|| name.clone()),
                team: (field == "team").then(|| name.clone()),
                role: role.name.clone(),
                scope: scope.to_string(),
                until: input.until,
                created_at: now,
                created_by: who.subject.user.to_string(),
                declared: false,
            };
            if field != "team" && robots.contains(name) != (field == "robot") {
                return Err(missing());
            }
            match api.house.add_grant(&alone, &row).await {
                Err(HouseError::Store(StoreError::Missing)) => Err(missing()),
                Err(HouseError::Store(StoreError::Exists)) => {
                    Err(ApiError(Problem::new(Code::Conflict, "They hold this grant already.").detail("To change when it ends, take it back first.")))
                }
                done => {
                    done?;
                    Ok(made(shown(row, &robots)))
                }
            }
        })
        .await
}

async fn delete(State(api): State<Api>, Extension(who): Who, Path(id): Path<String>) -> Answer<GrantDelete> {
    let operation = Operation::on_system("GrantDelete", Permission::GrantDelete, &id);
    api.operator
        .change(&who, operation, async |_| {
            let none = || ApiError::new(Code::NotFound, "There is no such grant.");
            let row = api.store.grants().await?.into_iter().find(|row| row.id == id).ok_or_else(none)?;
            if row.declared {
                return Err(declared("This grant"));
            }
            if api.house.delete_grant(&id).await? { Ok(removed(&shown(row, &robots(&api).await?))) } else { Err(none()) }
        })
        .await
}
