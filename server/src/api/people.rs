//! Users.

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
};
use pilothouse_app::api::{
    Code, ListQuery, Problem,
    people::{User, UserCreate, UserDelete, UserInput, UserList, UserUpdate, UserUpdateInput},
};

use super::{
    Answer, Api, ApiError, Asked, Input, Who,
    change::{altered, made, removed},
    list, route,
    session::bad_username,
};
use crate::{
    access::{Operation, Permission},
    audit::field,
    authn::{Principal, username},
    clock::now_ms,
    house::HouseError,
    store::{StoreError, teams::MemberRow, users::UserRow},
};

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, UserList, list_users);
    let router = route(router, UserCreate, create_user);
    let router = route(router, UserUpdate, update_user);
    route(router, UserDelete, delete_user)
}

fn shown(row: UserRow, members: &[MemberRow]) -> User {
    let mut teams: Vec<String> = members.iter().filter(|member| member.username == row.username).map(|member| member.team.clone()).collect();
    teams.dedup();
    User {
        username: row.username,
        created_at: row.created_at,
        disabled: row.disabled,
        declared: row.declared,
        has_password: row.password_hash.is_some(),
        teams,
    }
}

async fn list_users(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<UserList> {
    let operation = Operation::on_system("UserList", Permission::UserList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let members = api.store.members().await?;
            let people = api.store.users().await?.into_iter().filter(|row| !row.is_robot());
            let mut users: Vec<User> = people.map(|row| shown(row, &members)).collect();
            users.retain(|user| list::matches_words(&query, &format!("{} {}", user.username, user.teams.join(" "))));
            Ok(Json(list::page(users, &query)?))
        })
        .await
}

async fn create_user(State(api): State<Api>, Extension(who): Who, Input(input): Input<UserInput>) -> Answer<UserCreate> {
    let operation = Operation::on_system("UserCreate", Permission::UserCreate, input.username.chars().take(64).collect::<String>());
    api.operator
        .change(&who, operation, async |_| {
            let name = username(&input.username).ok_or_else(bad_username)?;
            let password_hash = match &input.password {
                Some(password) => Some(api.house.passwords.hash(password, name).await?),
                None => None,
            };
            let row = new_account(name, "user", password_hash);
            add_account(&api, &row, "username").await?;
            Ok(made(shown(row, &[])))
        })
        .await
}

/// A user or a robot that is to be made.
pub(super) fn new_account(name: &str, kind: &str, password_hash: Option<String>) -> UserRow {
    UserRow { username: name.to_owned(), password_hash, disabled: false, created_at: now_ms(), kind: kind.to_owned(), declared: false }
}

pub(super) async fn add_account(api: &Api, row: &UserRow, field: &str) -> Result<(), ApiError> {
    match api.house.add_user(row).await {
        Err(HouseError::Store(StoreError::Exists)) => {
            Err(ApiError(Problem::new(Code::Conflict, format!("There is a user or a robot {} already.", row.username)).field(field)))
        }
        done => Ok(done?),
    }
}

/// Whoever can act as another, or lets them act again, must hold what they hold.
pub(super) fn holds_what_they_hold(api: &Api, who: &Principal, other: &str) -> Result<(), ApiError> {
    let policy = api.operator.policy();
    match policy.beyond(&who.subject.user, other, now_ms()) {
        None => Ok(()),
        Some(_) if who.subject.user.as_ref() == other => Ok(()),
        Some(grant) => {
            let problem =
                Problem::new(Code::Forbidden, format!("{other} holds {} on {}, which you do not hold yourself.", grant.role.name, grant.scope));
            Err(ApiError(problem.detail("Whoever does this to an account could act as it.")))
        }
    }
}

async fn update_user(
    State(api): State<Api>,
    Extension(who): Who,
    Path(name): Path<String>,
    Input(input): Input<UserUpdateInput>,
) -> Answer<UserUpdate> {
    let operation = Operation::on_system("UserUpdate", Permission::UserUpdate, &name);
    api.operator
        .change(&who, operation, async |_| {
            let before = api.store.user(&name).await?.filter(|row| !row.is_robot()).ok_or_else(|| no_user(&name))?;
            holds_what_they_hold(&api, &who, &name)?;
            let hash = match &input.password {
                Some(password) => Some(api.house.passwords.hash(password, &name).await?),
                None => None,
            };
            let alone = api.house.alone().await?;
            // They may have got more while the password was hashed.
            holds_what_they_hold(&api, &who, &name)?;
            if !api.house.update_user(&alone, &name, input.disabled, hash.as_deref(), None).await? {
                return Err(no_user(&name));
            }
            let row = api.store.user(&name).await?.ok_or_else(|| no_user(&name))?;
            let members = api.store.members().await?;
            let mut changed = altered(&shown(before, &members), shown(row, &members));
            // That there is a new one, and nothing of it.
            changed.also(hash.map(|_| field("password", None, Some("a new one"))));
            Ok(changed)
        })
        .await
}

async fn delete_user(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<UserDelete> {
    let operation = Operation::on_system("UserDelete", Permission::UserDelete, &name);
    api.operator
        .change(&who, operation, async |_| {
            let row = api.store.user(&name).await?.filter(|row| !row.is_robot()).ok_or_else(|| no_user(&name))?;
            if row.declared {
                return Err(declared(&format!("User {name}")));
            }
            let before = shown(row, &api.store.members().await?);
            match api.house.delete_user(&name).await {
                Err(HouseError::Store(StoreError::Missing)) => Err(no_user(&name)),
                done => {
                    done?;
                    Ok(removed(&before))
                }
            }
        })
        .await
}

fn no_user(name: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("There is no user {name}."))
}

/// What the settings file declares is changed there.
pub(super) fn declared(what: &str) -> ApiError {
    ApiError(Problem::new(Code::Conflict, format!("{what} is declared in the settings file.")).detail("Change it there and start Pilothouse again."))
}
