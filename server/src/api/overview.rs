//! The first page.

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::overview::{Overview, OverviewOutput};

use super::{Answer, Api, Who, audit::shown as shown_record, engines, route};
use crate::{
    access::{Operation, Permission},
    store::audit::AuditFilter,
};

/// How many rows each list of the page has.
const ROWS: usize = 10;

pub fn routes() -> Router<Api> {
    route(Router::new(), Overview, overview)
}

async fn overview(State(api): State<Api>, Extension(who): Who) -> Answer<Overview> {
    let operation = Operation::on_system("Overview", Permission::OverviewView, "");
    api.operator
        .operate(&who, operation, async |_| {
            let visible = engines::visible(&api, &who);
            let policy = api.operator.policy();
            let may = |operation| policy.decide(&who.subject, operation).is_ok();
            let names: Vec<String> = visible.iter().map(|engine| engine.name.clone()).collect();
            let measured = |name: &String| may(Operation::on_engine("ContainerStats", Permission::ContainerStats, name, ""));
            let hot = api.figures.hottest(ROWS, &names.into_iter().filter(measured).collect::<Vec<_>>());
            let changes = if may(Operation::on_system("AuditList", Permission::AuditList, "")) {
                let filter = AuditFilter { changes: true, limit: 10, ..AuditFilter::default() };
                api.store.audit(&filter).await?.into_iter().map(shown_record).collect()
            } else {
                Vec::new()
            };
            let engines = visible.iter().map(|engine| engines::shown(engine)).collect();
            Ok(Json(OverviewOutput { engines, hot, changes }))
        })
        .await
}
