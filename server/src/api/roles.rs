//! Roles, and the permissions they are made of.

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
};
use pilothouse_app::api::{
    Code, ListQuery, Page, Problem,
    people::{PermissionInfo, PermissionList, Role, RoleCreate, RoleDelete, RoleInput, RoleList, RoleUpdate, RoleUpdateInput},
};

use super::{
    Answer, Api, ApiError, Asked, Input, Who,
    change::{altered, made, removed},
    list,
    people::declared,
    route,
    teams::summary,
};
use crate::{
    access::{self, Kind, Operation, Permission, PermissionSet, is_role_name, table},
    authn::Principal,
    clock::now_ms,
    house::HouseError,
    store::{StoreError, roles::RoleRow},
};

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, RoleList, list_roles);
    let router = route(router, RoleCreate, create);
    let router = route(router, RoleUpdate, update);
    let router = route(router, RoleDelete, delete);
    route(router, PermissionList, list_permissions)
}

fn shown(role: &access::Role, declared: bool) -> Role {
    Role {
        name: role.name.clone(),
        summary: role.summary.clone(),
        permissions: role.permissions.iter().map(|permission| permission.name().to_owned()).collect(),
        built_in: role.built_in,
        declared,
    }
}

/// A role as it is kept, as the contract shows it.
fn kept(row: RoleRow) -> Role {
    let permissions = serde_json::from_str(&row.permissions).unwrap_or_default();
    Role { name: row.name, summary: row.summary, permissions, built_in: false, declared: row.declared }
}

async fn list_roles(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<RoleList> {
    let operation = Operation::on_system("RoleList", Permission::RoleList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let rows = api.store.roles().await?;
            let policy = api.operator.policy();
            let is_declared = |name: &str| rows.iter().any(|row| row.name == name && row.declared);
            // Those that ship come first, from the least to the most.
            let shipped = access::built_in().iter().map(|role| shown(role, false));
            let own = policy.roles().iter().filter(|role| !role.built_in).map(|role| shown(role, is_declared(&role.name)));
            let mut roles: Vec<Role> = shipped.chain(own).collect();
            roles.retain(|role| list::matches_words(&query, &format!("{} {}", role.name, role.summary)));
            Ok(Json(list::page(roles, &query)?))
        })
        .await
}

async fn list_permissions(State(api): State<Api>, Extension(who): Who) -> Answer<PermissionList> {
    let operation = Operation::on_system("PermissionList", Permission::RoleList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let info = |permission: &Permission| PermissionInfo {
                name: permission.name().to_owned(),
                kind: format!("{:?}", permission.kind()).to_lowercase(),
                house: permission.is_house(),
                lets: [table::docker::lets(*permission), table::oci::lets(*permission)].concat(),
            };
            let items: Vec<PermissionInfo> = Permission::ALL.iter().filter(|permission| permission.kind() != Kind::Own).map(info).collect();
            let total = Some(items.len() as u64);
            Ok::<_, ApiError>(Json(Page { items, next: None, total }))
        })
        .await
}

/// The permissions of these names.
fn permissions(names: &[String]) -> Result<PermissionSet, ApiError> {
    if names.is_empty() {
        return Err(ApiError::field("permissions", "A role holds one permission at least."));
    }
    let named = |name: &String| {
        let permission = Permission::named(name).filter(|permission| permission.kind() != Kind::Own);
        permission.ok_or_else(|| ApiError::field("permissions", format!("There is no permission {:?}.", name.chars().take(80).collect::<String>())))
    };
    names.iter().map(named).collect()
}

fn json(set: PermissionSet) -> Result<String, ApiError> {
    serde_json::to_string(&set.iter().map(Permission::name).collect::<Vec<_>>()).map_err(|_| ApiError::internal())
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<RoleInput>) -> Answer<RoleCreate> {
    let operation = Operation::on_system("RoleCreate", Permission::RoleCreate, input.name.chars().take(64).collect::<String>());
    api.operator
        .change(&who, operation, async |_| {
            let exists = || ApiError(Problem::new(Code::Conflict, format!("There is a role {} already.", input.name)).field("name"));
            if !is_role_name(&input.name) {
                return Err(ApiError::field("name", "A role's name is 1 to 63 of a-z, 0-9 and -, and does not start with -."));
            }
            if access::built_in().iter().any(|role| role.name == input.name) {
                return Err(exists());
            }
            let set = permissions(&input.permissions)?;
            let summary = summary(&input.summary)?;
            let row = RoleRow { name: input.name.clone(), summary: summary.clone(), permissions: json(set)?, created_at: now_ms(), declared: false };
            match api.house.add_role(&row).await {
                Err(HouseError::Store(StoreError::Exists)) => Err(exists()),
                done => {
                    done?;
                    Ok(made(shown(&access::Role { name: input.name.clone(), summary, permissions: set, built_in: false }, false)))
                }
            }
        })
        .await
}

/// The role of this name, if it can be changed.
async fn own_role(api: &Api, name: &str) -> Result<RoleRow, ApiError> {
    if access::built_in().iter().any(|role| role.name == name) {
        let problem = Problem::new(Code::Conflict, format!("The role {name} ships with Pilothouse and stays as it is."));
        return Err(ApiError(problem.detail("Make one of your own with the permissions you want.")));
    }
    match api.store.roles().await?.into_iter().find(|row| row.name == name) {
        None => Err(ApiError::new(Code::NotFound, format!("There is no role {name}."))),
        Some(row) if row.declared => Err(declared(&format!("Role {name}"))),
        Some(row) => Ok(row),
    }
}

/// Whoever adds a permission to a role gives it to all who have the role, where they have it.
fn holds_what_is_added(api: &Api, who: &Principal, name: &str, set: PermissionSet) -> Result<(), ApiError> {
    let policy = api.operator.policy();
    let now = now_ms();
    for grant in policy.grants().iter().filter(|grant| grant.role.name == name && grant.stands(now)) {
        let added = access::Role { permissions: set.iter().filter(|permission| !grant.role.holds(*permission)).collect(), ..(*grant.role).clone() };
        if let Some(permission) = policy.cannot_give(&who.subject.user, &added, &grant.scope, now, grant.until) {
            let title = format!("The role is granted on {}, and you do not hold {permission} there yourself.", grant.scope);
            return Err(ApiError(Problem::new(Code::Forbidden, title).detail("Nobody can give what they do not hold.")));
        }
    }
    Ok(())
}

async fn update(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>, Input(input): Input<RoleUpdateInput>) -> Answer<RoleUpdate> {
    let operation = Operation::on_system("RoleUpdate", Permission::RoleUpdate, &name);
    api.operator
        .change(&who, operation, async |_| {
            let set = permissions(&input.permissions)?;
            let summary = summary(&input.summary)?;
            let alone = api.house.alone().await?;
            let before = own_role(&api, &name).await?;
            holds_what_is_added(&api, &who, &name, set)?;
            if !api.house.update_role(&alone, &name, &summary, &json(set)?).await? {
                return Err(ApiError::new(Code::NotFound, format!("There is no role {name}.")));
            }
            Ok(altered(&kept(before), shown(&access::Role { name: name.clone(), summary, permissions: set, built_in: false }, false)))
        })
        .await
}

async fn delete(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<RoleDelete> {
    let operation = Operation::on_system("RoleDelete", Permission::RoleDelete, &name);
    api.operator
        .change(&who, operation, async |_| {
            let before = own_role(&api, &name).await?;
            if api.house.delete_role(&name).await? {
                Ok(removed(&kept(before)))
            } else {
                Err(ApiError::new(Code::NotFound, format!("There is no role {name}.")))
            }
        })
        .await
}
