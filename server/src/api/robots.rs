//! Robots: accounts of machines, and their tokens.

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
};
use pilothouse_app::api::{
    Code, Empty, ListQuery, Page,
    people::{
        Robot, RobotCreate, RobotDelete, RobotInput, RobotList, RobotTokenCreate, RobotTokenList, RobotTokenRevoke, RobotTokenRotate, RobotUpdate,
        RobotUpdateInput, RotateInput,
    },
    session::TokenInput,
};

use super::{
    Answer, Api, ApiError, Asked, Input, Who,
    change::{altered, made, removed},
    list,
    people::{add_account, declared, holds_what_they_hold, new_account},
    route,
    session::bad_username,
    tokens,
};
use crate::{
    access::{Operation, Permission, Subject},
    audit::{Changed, field},
    authn::username,
    clock::now_ms,
    store::{tokens::TokenRow, users::UserRow},
};

/// How long the old token goes on unless told, and at most, in seconds.
const OVERLAP_S: u64 = 3_600;
const OVERLAP_LONGEST_S: u64 = 7 * 86_400;

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, RobotList, list_robots);
    let router = route(router, RobotCreate, create);
    let router = route(router, RobotUpdate, update);
    let router = route(router, RobotDelete, delete);
    let router = route(router, RobotTokenList, list_tokens);
    let router = route(router, RobotTokenCreate, create_token);
    let router = route(router, RobotTokenRotate, rotate_token);
    route(router, RobotTokenRevoke, revoke_token)
}

fn shown(row: UserRow, tokens: &[TokenRow]) -> Robot {
    let now = now_ms();
    let tokens = tokens.iter().filter(|token| token.username == row.username && token.expires_at > now).count();
    Robot {
        name: row.username,
        created_at: row.created_at,
        disabled: row.disabled,
        declared: row.declared,
        tokens: u32::try_from(tokens).unwrap_or(u32::MAX),
    }
}

/// The robot of this name; users are no robots.
async fn robot(api: &Api, name: &str) -> Result<UserRow, ApiError> {
    let row = api.store.user(name).await?.filter(UserRow::is_robot);
    row.ok_or_else(|| ApiError::new(Code::NotFound, format!("There is no robot {name}.")))
}

async fn list_robots(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<RobotList> {
    let operation = Operation::on_system("RobotList", Permission::RobotList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let tokens = api.store.tokens().await?;
            let mut robots: Vec<Robot> = api.store.users().await?.into_iter().filter(UserRow::is_robot).map(|row| shown(row, &tokens)).collect();
            robots.retain(|robot| list::matches_words(&query, &robot.name));
            Ok(Json(list::page(robots, &query)?))
        })
        .await
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<RobotInput>) -> Answer<RobotCreate> {
    let operation = Operation::on_system("RobotCreate", Permission::RobotCreate, input.name.chars().take(64).collect::<String>());
    api.operator
        .change(&who, operation, async |_| {
            let row = new_account(username(&input.name).ok_or_else(bad_username)?, "robot", None);
            add_account(&api, &row, "name").await?;
            Ok(made(shown(row, &[])))
        })
        .await
}

async fn update(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>, Input(input): Input<RobotUpdateInput>) -> Answer<RobotUpdate> {
    let operation = Operation::on_system("RobotUpdate", Permission::RobotUpdate, &name);
    api.operator
        .change(&who, operation, async |_| {
            let before = robot(&api, &name).await?;
            let alone = api.house.alone().await?;
            holds_what_they_hold(&api, &who, &name)?;
            api.house.update_user(&alone, &name, Some(input.disabled), None, None).await?;
            let tokens = api.store.tokens().await?;
            Ok(altered(&shown(before, &tokens), shown(robot(&api, &name).await?, &tokens)))
        })
        .await
}

async fn delete(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<RobotDelete> {
    let operation = Operation::on_system("RobotDelete", Permission::RobotDelete, &name);
    api.operator
        .change(&who, operation, async |_| {
            let before = shown(robot(&api, &name).await?, &api.store.tokens().await?);
            if before.declared {
                return Err(declared(&format!("Robot {name}")));
            }
            api.house.delete_user(&name).await?;
            Ok(removed(&before))
        })
        .await
}

async fn list_tokens(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<RobotTokenList> {
    let operation = Operation::on_system("RobotTokenList", Permission::RobotList, &name);
    api.operator
        .operate(&who, operation, async |_| {
            robot(&api, &name).await?;
            let items = tokens::of(&api, &name).await?;
            let total = Some(items.len() as u64);
            Ok::<_, ApiError>(Json(Page { items, next: None, total }))
        })
        .await
}

async fn create_token(
    State(api): State<Api>,
    Extension(who): Who,
    Path(name): Path<String>,
    Input(input): Input<TokenInput>,
) -> Answer<RobotTokenCreate> {
    let operation = Operation::on_system("RobotTokenCreate", Permission::RobotToken, &name);
    api.operator
        .change(&who, operation, async |_| {
            robot(&api, &name).await?;
            holds_what_they_hold(&api, &who, &name)?;
            tokens::make(&api, &Subject::of(&name), &input).await
        })
        .await
}

async fn rotate_token(
    State(api): State<Api>,
    Extension(who): Who,
    Path((name, id)): Path<(String, String)>,
    Input(input): Input<RotateInput>,
) -> Answer<RobotTokenRotate> {
    let operation = Operation::on_system("RobotTokenRotate", Permission::RobotToken, format!("{name} {id}"));
    api.operator
        .change(&who, operation, async |_| {
            robot(&api, &name).await?;
            // A robot may renew its own token; it is not given anything by that.
            holds_what_they_hold(&api, &who, &name)?;
            let overlap = input.overlap_s.unwrap_or(OVERLAP_S);
            if overlap > OVERLAP_LONGEST_S {
                return Err(ApiError::field("overlap_s", "An old token goes on for a week at most."));
            }
            let old = of_robot(&api, &name, &id).await?;
            let lasts = u64::try_from(old.expires_at - old.created_at).unwrap_or(0) / 1000;
            let input = TokenInput { name: old.name.clone(), expires_in_s: Some(lasts.max(60)), engine: old.engine.clone() };
            let made = tokens::make(&api, &Subject::of(&name), &input).await?;
            api.house.shorten_token(&old, now_ms().saturating_add_unsigned(overlap * 1000)).await?;
            Ok(made)
        })
        .await
}

async fn revoke_token(State(api): State<Api>, Extension(who): Who, Path((name, id)): Path<(String, String)>) -> Answer<RobotTokenRevoke> {
    let operation = Operation::on_system("RobotTokenRevoke", Permission::RobotToken, format!("{name} {id}"));
    api.operator
        .change(&who, operation, async |_| {
            robot(&api, &name).await?;
            let token = of_robot(&api, &name, &id).await?;
            api.house.revoke_token(&token.id).await?;
            Ok(Changed::new(vec![field("token", Some(&token.name), None)], Json(Empty {})))
        })
        .await
}

async fn of_robot(api: &Api, name: &str, id: &str) -> Result<TokenRow, ApiError> {
    let token = api.store.tokens().await?.into_iter().find(|token| token.username == name && token.id == id);
    token.ok_or_else(|| ApiError::new(Code::NotFound, format!("Robot {name} has no such token.")))
}
