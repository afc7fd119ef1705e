//! Searches that one keeps.

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Code, Empty, Page, Problem,
    audit::{AuditViewCreate, AuditViewDelete, AuditViewList, View, ViewInput},
};

use super::super::{Answer, Api, ApiError, Asked, Input, Named, Who, route};
use crate::{
    access::{Operation, Permission},
    audit::{Changed, between, field, query},
    authn::secret,
    clock::now_ms,
    store::{StoreError, audit::ViewRow},
};

/// How many one may keep.
const MOST: usize = 100;

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    let router = route(router, AuditViewList, list);
    let router = route(router, AuditViewCreate, create);
    route(router, AuditViewDelete, delete)
}

fn shown(row: ViewRow) -> View {
    View { id: row.id, name: row.name, query: row.query }
}

async fn list(State(api): State<Api>, Extension(who): Who, _: Asked<Empty>) -> Answer<AuditViewList> {
    let operation = Operation::on_system("AuditViewList", Permission::AccountView, "");
    api.operator
        .operate(&who, operation, async |_| {
            let items: Vec<View> = api.store.audit_views(&who.subject.user).await?.into_iter().map(shown).collect();
            let total = Some(items.len() as u64);
            Ok::<_, ApiError>(Json(Page { items, next: None, total }))
        })
        .await
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<ViewInput>) -> Answer<AuditViewCreate> {
    let operation = Operation::on_system("AuditViewCreate", Permission::AccountUpdate, input.name.chars().take(64).collect::<String>());
    api.operator
        .change(&who, operation, async |_| {
            let name = input.name.trim();
            if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
                return Err(ApiError::field("name", "A view's name has 1 to 60 characters."));
            }
            query::read(&input.query, now_ms()).map_err(|why| ApiError::field("query", why))?;
            if api.store.audit_views(&who.subject.user).await?.len() >= MOST {
                return Err(ApiError::new(Code::Conflict, format!("You keep {MOST} views, the most one may. Remove some first.")));
            }
            let row = ViewRow {
                id: secret::id()?,
                username: who.subject.user.to_string(),
                name: name.to_owned(),
                query: input.query.trim().to_owned(),
                created_at: now_ms(),
            };
            match api.store.add_audit_view(&row).await {
                Err(StoreError::Exists) => Err(ApiError(Problem::new(Code::Conflict, format!("You keep a view {name:?} already.")).field("name"))),
                done => {
                    done?;
                    Ok(Changed::new(between(None, Some(&input)), Json(shown(row))))
                }
            }
        })
        .await
}

async fn delete(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>, _: Asked<Empty>) -> Answer<AuditViewDelete> {
    let operation = Operation::on_system("AuditViewDelete", Permission::AccountUpdate, &id);
    api.operator
        .change(&who, operation, async |_| {
            let none = || ApiError::new(Code::NotFound, "You keep no such view.");
            let before = api.store.audit_views(&who.subject.user).await?.into_iter().find(|row| row.id == id).ok_or_else(none)?;
            if !api.store.delete_audit_view(&who.subject.user, &id).await? {
                return Err(none());
            }
            Ok(Changed::new(vec![field("name", Some(&before.name), None)], Json(Empty {})))
        })
        .await
}
