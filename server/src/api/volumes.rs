//! Volumes of an engine.

use axum::{Extension, Router, extract::State};
use pilothouse_app::api::{
    Empty, ListQuery,
    volumes::{Volume, VolumeCreate, VolumeGet, VolumeInput, VolumeList, VolumeRemove},
};

use super::{
    Answer, Api, Asked, Input, Named, Who, done,
    list::{self, Column, Filter},
    route,
};
use crate::{
    access::{Operation, Permission},
    audit::{Changed, asked},
    backends::docker::typed::{names::VolumeName, volumes},
};

const COLUMNS: &[Column<Volume>] = &[("name", |a, b| a.name.cmp(&b.name)), ("created_at", |a, b| a.created_at.cmp(&b.created_at))];

/// The engine and the volume that a path names.
type One = Named<(String, String)>;

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, VolumeList, list_volumes);
    let router = route(router, VolumeCreate, create);
    let router = route(router, VolumeGet, get);
    route(router, VolumeRemove, remove)
}

async fn list_volumes(
    State(api): State<Api>,
    Extension(who): Who,
    Named(engine): Named<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<VolumeList> {
    let operation = Operation::on_engine("VolumeList", Permission::VolumeList, &engine, "");
    api.at_engine(&who, operation, async |engine, permit| {
        let filter = Filter::read(&query)?;
        let mut found = volumes::list(&engine, &permit).await?;
        found.retain(|volume| filter.passes(&[&volume.name], list::use_of(&volume.used_by), &volume.labels));
        list::sort(&mut found, &query, COLUMNS)?;
        list::page(found, &query)
    })
    .await
}

async fn create(State(api): State<Api>, Extension(who): Who, Named(engine): Named<String>, Input(input): Input<VolumeInput>) -> Answer<VolumeCreate> {
    let operation = Operation::on_engine("VolumeCreate", Permission::VolumeCreate, &engine, &input.name);
    api.change_at_engine(&who, operation, async |engine, permit| {
        let name = volumes::check(&input)?;
        api.guard(&engine, &permit, &who, "VolumeCreate", &[], &volumes::body(&name, &input.labels)).await?;
        let changes = asked("VolumeCreate", None, &[], Some(&volumes::body(&name, &input.labels)));
        Ok(Changed::new(changes, volumes::create(&engine, &permit, &name, &input.labels).await?))
    })
    .await
}

async fn get(State(api): State<Api>, Extension(who): Who, Named((engine, name)): One) -> Answer<VolumeGet> {
    let operation = Operation::on_engine("VolumeGet", Permission::VolumeInspect, &engine, &name);
    api.at_engine(
        &who,
        operation,
        async |engine, permit| Ok(volumes::get(&engine, &permit, &VolumeName::parse(permit.operation().subject())?).await?),
    )
    .await
}

async fn remove(State(api): State<Api>, Extension(who): Who, Named((engine, name)): One, _: Asked<Empty>) -> Answer<VolumeRemove> {
    let operation = Operation::on_engine("VolumeRemove", Permission::VolumeRemove, &engine, &name);
    api.at_engine(&who, operation, async |engine, permit| {
        done(volumes::remove(&engine, &permit, &VolumeName::parse(permit.operation().subject())?).await)
    })
    .await
}
