//! The first page.

use std::sync::Arc;

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::overview::{Overview, OverviewOutput};

use super::{Answer, Api, Who, audit::shown as shown_record, engines, route};
use crate::{
    access::{Operation, Permission, Permit, Place, Reach, Thing},
    backends::docker::Engine,
    clock::now_ms,
    store::audit::{Field, Find, Match, Term},
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
            let may = |operation| policy.decide(&who.subject, operation, now_ms()).is_ok();
            let measured = |(engine, _): &(Arc<Engine>, Reach)| {
                let operation =
                    Operation::on_engine("ContainerStats", Permission::ContainerStats, &engine.name, "").at(Place::List(Thing::Container));
                Some((engine.clone(), policy.decide(&who.subject, operation, now_ms()).ok()?))
            };
            let measured: Vec<(Arc<Engine>, Permit)> = visible.iter().filter_map(measured).collect();
            let names: Vec<String> = measured.iter().map(|(engine, _)| engine.name.clone()).collect();
            let sees = |name: &str, id: &str| {
                let of = measured.iter().find(|(engine, _)| engine.name == name);
                of.is_some_and(|(engine, permit)| engine.reaches(permit, Thing::Container, id))
            };
            let hot = api.figures.hottest(ROWS, &names, sees);
            let changes = if may(Operation::on_system("AuditList", Permission::AuditList, "")) {
                let changes = Term { field: Field::Change, values: vec![Match::Number(1)], not: false };
                let find = Find { terms: vec![changes], ..Find::default() };
                api.store.audit(&find, 10).await?.into_iter().map(shown_record).collect()
            } else {
                Vec::new()
            };
            let engines = visible.iter().map(|(engine, reach)| engines::shown(engine, reach)).collect();
            Ok(Json(OverviewOutput { engines, hot, changes }))
        })
        .await
}
