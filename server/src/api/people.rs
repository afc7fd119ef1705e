//! Users, roles and grants.

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
};
use pilothouse_app::api::{
    Code, Empty, ListQuery, Page, Problem,
    people::{
        Grant, GrantCreate, GrantDelete, GrantInput, GrantList, Role, RoleList, User, UserCreate, UserDelete, UserInput, UserList, UserUpdate,
        UserUpdateInput,
    },
};

use super::{
    Answer, Api, ApiError, Asked, Input, Who, list, route,
    session::{bad_username, username},
};
use crate::{
    access::{self, Operation, Permission, Scope, Target},
    authn::secret,
    clock::now_ms,
    house::HouseError,
    store::{StoreError, grants::GrantRow, users::UserRow},
};

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, UserList, list_users);
    let router = route(router, UserCreate, create_user);
    let router = route(router, UserUpdate, update_user);
    let router = route(router, UserDelete, delete_user);
    let router = route(router, RoleList, list_roles);
    let router = route(router, GrantList, list_grants);
    let router = route(router, GrantCreate, create_grant);
    route(router, GrantDelete, delete_grant)
}

fn shown(row: UserRow) -> User {
    User { username: row.username, created_at: row.created_at, disabled: row.disabled }
}

async fn list_users(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<UserList> {
    let operation = Operation::on_system("UserList", Permission::UserList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let mut users: Vec<User> = api.store.users().await?.into_iter().map(shown).collect();
            users.retain(|user| list::matches_words(&query, &user.username));
            Ok(Json(list::page(users, &query)?))
        })
        .await
}

async fn create_user(State(api): State<Api>, Extension(who): Who, Input(input): Input<UserInput>) -> Answer<UserCreate> {
    let operation = Operation::on_system("UserCreate", Permission::UserCreate, input.username.chars().take(64).collect::<String>());
    api.operator
        .operate(&who, operation, async |_| {
            let name = username(&input.username).ok_or_else(bad_username)?;
            let password_hash = match &input.password {
                Some(password) => Some(api.house.passwords.hash(password, name).await?),
                None => None,
            };
            let row = UserRow { username: name.to_owned(), password_hash, disabled: false, created_at: now_ms() };
            match api.house.add_user(&row).await {
                Err(HouseError::Store(StoreError::Exists)) => {
                    Err(ApiError(Problem::new(Code::Conflict, format!("There is a user {name} already.")).field("username")))
                }
                done => {
                    done?;
                    Ok(Json(shown(row)))
                }
            }
        })
        .await
}

async fn update_user(
    State(api): State<Api>,
    Extension(who): Who,
    Path(name): Path<String>,
    Input(input): Input<UserUpdateInput>,
) -> Answer<UserUpdate> {
    let operation = Operation::on_system("UserUpdate", Permission::UserUpdate, &name);
    api.operator
        .operate(&who, operation, async |_| {
            let hash = match &input.password {
                Some(password) => Some(api.house.passwords.hash(password, &name).await?),
                None => None,
            };
            if !api.house.update_user(&name, input.disabled, hash.as_deref(), None).await? {
                return Err(no_user(&name));
            }
            let row = api.store.user(&name).await?.ok_or_else(|| no_user(&name))?;
            Ok(Json(shown(row)))
        })
        .await
}

async fn delete_user(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<UserDelete> {
    let operation = Operation::on_system("UserDelete", Permission::UserDelete, &name);
    api.operator
        .operate(&who, operation, async |_| match api.house.delete_user(&name).await {
            Err(HouseError::Store(StoreError::Missing)) => Err(no_user(&name)),
            done => Ok(Json(done.map(|()| Empty {})?)),
        })
        .await
}

fn no_user(name: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("There is no user {name}."))
}

async fn list_roles(State(api): State<Api>, Extension(who): Who) -> Answer<RoleList> {
    let operation = Operation::on_system("RoleList", Permission::RoleList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let shown = |role: &access::Role| Role {
                name: role.name.to_owned(),
                summary: role.summary.to_owned(),
                permissions: role.permissions().map(|p| p.name().to_owned()).collect(),
            };
            let items: Vec<Role> = access::BUILT_IN.iter().map(shown).collect();
            let total = Some(items.len() as u64);
            Ok::<_, ApiError>(Json(Page { items, next: None, total }))
        })
        .await
}

fn shown_grant(row: GrantRow) -> Grant {
    Grant { id: row.id, user: row.username, role: row.role, scope: row.scope, created_at: row.created_at, created_by: row.created_by }
}

async fn list_grants(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<GrantList> {
    let operation = Operation::on_system("GrantList", Permission::GrantList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let mut grants: Vec<Grant> = api.store.grants().await?.into_iter().map(shown_grant).collect();
            grants.retain(|grant| list::matches_words(&query, &format!("{} {} {}", grant.user, grant.role, grant.scope)));
            Ok(Json(list::page(grants, &query)?))
        })
        .await
}

async fn create_grant(State(api): State<Api>, Extension(who): Who, Input(input): Input<GrantInput>) -> Answer<GrantCreate> {
    let object: String = format!("{} {} {}", input.user, input.role, input.scope).chars().take(200).collect();
    let operation = Operation::on_system("GrantCreate", Permission::GrantCreate, object);
    api.operator
        .operate(&who, operation, async |_| {
            let role = access::Role::named(&input.role).ok_or_else(|| ApiError::field("role", format!("There is no role {:?}.", input.role)))?;
            let scope: Scope = input.scope.parse().map_err(|why: String| ApiError::field("scope", why))?;
            holds_what_it_grants(&api, &who, role, &scope)?;
            let row = GrantRow {
                id: secret::id()?,
                username: input.user.clone(),
                role: role.name.to_owned(),
                scope: scope.to_string(),
                created_at: now_ms(),
                created_by: who.subject.user.to_string(),
            };
            match api.house.add_grant(&row).await {
                Err(HouseError::Store(StoreError::Missing)) => Err(ApiError::field("user", format!("There is no user {:?}.", input.user))),
                Err(HouseError::Store(StoreError::Exists)) => Err(ApiError::new(Code::Conflict, "They hold this grant already.")),
                done => {
                    done?;
                    Ok(Json(shown_grant(row)))
                }
            }
        })
        .await
}

/// Nobody can grant what they do not hold.
fn holds_what_it_grants(api: &Api, who: &crate::authn::Principal, role: &access::Role, scope: &Scope) -> Result<(), ApiError> {
    let target = match scope {
        Scope::All => Target::System,
        Scope::Engine(name) => Target::Engine(name.clone()),
    };
    let policy = api.operator.policy();
    let held = policy.grants_of(&who.subject.user);
    let missing = role.permissions().find(|permission| {
        let covered = |grant: &&access::Grant| {
            grant.role.holds(*permission) && (grant.scope == Scope::All || *scope != Scope::All && grant.scope.covers(&target))
        };
        permission.kind() != access::Kind::Own && !held.iter().any(|grant| covered(&grant))
    });
    match missing {
        None => Ok(()),
        Some(permission) => Err(ApiError::new(Code::Forbidden, format!("You cannot grant {permission} on {scope}: you do not hold it yourself."))),
    }
}

async fn delete_grant(State(api): State<Api>, Extension(who): Who, Path(id): Path<String>) -> Answer<GrantDelete> {
    let operation = Operation::on_system("GrantDelete", Permission::GrantDelete, &id);
    api.operator
        .operate(&who, operation, async |_| {
            if api.house.delete_grant(&id).await? { Ok(Json(Empty {})) } else { Err(ApiError::new(Code::NotFound, "There is no such grant.")) }
        })
        .await
}
