//! Looking at containers.

use std::cmp::Ordering;

use axum::{Extension, extract::State};
use pilothouse_app::api::{
    ListQuery,
    containers::{Change, Container, ContainerChanges, ContainerGet, ContainerList, ContainerTop, ContainerUsage, Usage, UsageHistory},
};

use super::{
    super::{
        Answer, Api, Asked, Named, Who,
        list::{self, Column, Filter},
    },
    One,
};
use crate::{
    access::{Operation, Permission},
    backends::docker::typed::{containers, names::ContainerId},
};

const COLUMNS: &[Column<Container>] = &[
    ("name", |a, b| a.name.cmp(&b.name)),
    ("image", |a, b| a.image.cmp(&b.image)),
    ("state", |a, b| a.state.cmp(&b.state)),
    ("created_at", |a, b| a.created_at.cmp(&b.created_at)),
    ("cpu", |a, b| by_usage(a, b, |usage| usage.cpu_percent)),
    ("memory", |a, b| a.usage.map(|usage| usage.memory).cmp(&b.usage.map(|usage| usage.memory))),
];

const CHANGE_COLUMNS: &[Column<Change>] = &[("path", |a, b| a.path.cmp(&b.path)), ("kind", |a, b| a.kind.cmp(&b.kind))];

/// What does not run uses less than what idles.
fn by_usage(a: &Container, b: &Container, figure: fn(&Usage) -> f64) -> Ordering {
    let of = |container: &Container| container.usage.as_ref().map_or(f64::NEG_INFINITY, figure);
    of(a).total_cmp(&of(b))
}

pub async fn list_containers(
    State(api): State<Api>,
    Extension(who): Who,
    Named(engine): Named<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<ContainerList> {
    let operation = Operation::on_engine("ContainerList", Permission::ContainerList, &engine, "");
    api.at_engine(&who, operation, async |engine, permit| {
        let filter = Filter::read(&query)?;
        let mut found = containers::list(&engine, &permit).await?;
        found.retain(|container| filter.passes(&[&container.name, &container.image], &container.state, &container.labels));
        for container in &mut found {
            container.usage = api.figures.latest(&engine.name, &container.id);
        }
        list::sort(&mut found, &query, COLUMNS)?;
        list::page(found, &query)
    })
    .await
}

pub async fn get(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One) -> Answer<ContainerGet> {
    let operation = Operation::on_engine("ContainerGet", Permission::ContainerInspect, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        let mut detail = containers::get(&engine, &permit, &ContainerId::parse(permit.operation().subject())?).await?;
        detail.summary.usage = api.figures.latest(&engine.name, &detail.summary.id);
        Ok(detail)
    })
    .await
}

pub async fn top(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One) -> Answer<ContainerTop> {
    let operation = Operation::on_engine("ContainerTop", Permission::ContainerProcesses, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        Ok(containers::top(&engine, &permit, &ContainerId::parse(permit.operation().subject())?).await?)
    })
    .await
}

pub async fn changes(
    State(api): State<Api>,
    Extension(who): Who,
    Named((engine, id)): One,
    Asked(query): Asked<ListQuery>,
) -> Answer<ContainerChanges> {
    let operation = Operation::on_engine("ContainerChanges", Permission::ContainerChanges, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        let filter = Filter::read(&query)?;
        let mut changes = containers::changes(&engine, &permit, &ContainerId::parse(permit.operation().subject())?).await?;
        changes.retain(|change| filter.passes(&[&change.path], &change.kind, &Default::default()));
        list::sort(&mut changes, &query, CHANGE_COLUMNS)?;
        list::page(changes, &query)
    })
    .await
}

pub async fn usage(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One) -> Answer<ContainerUsage> {
    let operation = Operation::on_engine("ContainerUsage", Permission::ContainerStats, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        // Figures are kept by whole ids; a client may know a name, or the beginning of an id.
        let id = containers::identify(&engine, &permit, &ContainerId::parse(permit.operation().subject())?).await?;
        Ok(UsageHistory { items: api.figures.history(&engine.name, id.as_str()) })
    })
    .await
}
