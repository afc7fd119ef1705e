//! Networks of an engine.

use axum::{Extension, Router, extract::State};
use pilothouse_app::api::{
    Empty, ListQuery,
    networks::{ConnectInput, Network, NetworkConnect, NetworkCreate, NetworkDisconnect, NetworkGet, NetworkInput, NetworkList, NetworkRemove},
};
use serde_json::json;

use super::{
    Answer, Api, ApiError, Asked, Input, Named, Who, done,
    list::{self, Column, Filter},
    route,
};
use crate::{
    access::{Operation, Permission, Permit},
    audit::{Changed, asked, field},
    backends::docker::{
        Engine,
        belongings::settle,
        typed::{
            names::{ContainerId, NetworkId},
            networks,
        },
    },
};

const COLUMNS: &[Column<Network>] =
    &[("name", |a, b| a.name.cmp(&b.name)), ("driver", |a, b| a.driver.cmp(&b.driver)), ("created_at", |a, b| a.created_at.cmp(&b.created_at))];

/// The engine and the network that a path names.
type One = Named<(String, String)>;

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, NetworkList, list_networks);
    let router = route(router, NetworkCreate, create);
    let router = route(router, NetworkGet, get);
    let router = route(router, NetworkConnect, connect);
    let router = route(router, NetworkDisconnect, disconnect);
    route(router, NetworkRemove, remove)
}

async fn list_networks(
    State(api): State<Api>,
    Extension(who): Who,
    Named(engine): Named<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<NetworkList> {
    let operation = Operation::on_engine("NetworkList", Permission::NetworkList, &engine, "");
    api.at_engine(&who, operation, async |engine, permit| {
        let filter = Filter::read(&query)?;
        let mut found = networks::list(&engine, &permit).await?;
        found.retain(|network| filter.passes(&[&network.name, &network.driver], list::use_of(&network.used_by), &network.labels));
        list::sort(&mut found, &query, COLUMNS)?;
        list::page(found, &query)
    })
    .await
}

async fn create(
    State(api): State<Api>,
    Extension(who): Who,
    Named(engine): Named<String>,
    Input(input): Input<NetworkInput>,
) -> Answer<NetworkCreate> {
    let operation = Operation::on_engine("NetworkCreate", Permission::NetworkCreate, &engine, &input.name);
    api.change_at_engine(&who, operation, async |engine, permit| {
        let mut plan = networks::plan(&input)?;
        api.guard(&engine, &permit, &who, "NetworkCreate", &[], &plan).await?;
        let made = networks::create(&engine, &permit, &mut plan).await?;
        let id = made.id.clone();
        Ok(Changed::new(asked("NetworkCreate", None, &[], Some(&plan)), made).with_id(&id))
    })
    .await
}

async fn get(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One) -> Answer<NetworkGet> {
    let operation = Operation::on_engine("NetworkGet", Permission::NetworkInspect, &engine, &id);
    api.at_engine(
        &who,
        operation,
        async |engine, permit| Ok(networks::get(&engine, &permit, &NetworkId::parse(permit.operation().subject())?).await?),
    )
    .await
}

/// The container to connect: for those who hold rights on projects alone, one of theirs.
async fn container(engine: &Engine, permit: &Permit, input: &ConnectInput) -> Result<ContainerId, ApiError> {
    ContainerId::of_field("container", &input.container)?;
    let mut body = json!({ "Container": input.container });
    settle(engine, permit, &mut [], Some(&mut body)).await?;
    Ok(ContainerId::of_field("container", body["Container"].as_str().unwrap_or_default())?)
}

async fn connect(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One, Input(input): Input<ConnectInput>) -> Answer<NetworkConnect> {
    let operation = Operation::on_engine("NetworkConnect", Permission::NetworkConnect, &engine, &id);
    api.change_at_engine(&who, operation, async |engine, permit| {
        let id = NetworkId::parse(permit.operation().subject())?;
        let params = [id.as_str().to_owned()];
        api.guard(&engine, &permit, &who, "NetworkConnect", &params, &serde_json::Value::Null).await?;
        let container = container(&engine, &permit, &input).await?;
        let changes = vec![field("Container", None, Some(&input.container))];
        Ok(Changed::new(changes, done(networks::connect(&engine, &permit, &id, &container).await)?))
    })
    .await
}

async fn disconnect(
    State(api): State<Api>,
    Extension(who): Who,
    Named((engine, id)): One,
    Input(input): Input<ConnectInput>,
) -> Answer<NetworkDisconnect> {
    let operation = Operation::on_engine("NetworkDisconnect", Permission::NetworkConnect, &engine, &id);
    api.change_at_engine(&who, operation, async |engine, permit| {
        let (id, container) = (NetworkId::parse(permit.operation().subject())?, container(&engine, &permit, &input).await?);
        let changes = vec![field("Container", Some(&input.container), None)];
        Ok(Changed::new(changes, done(networks::disconnect(&engine, &permit, &id, &container).await)?))
    })
    .await
}

async fn remove(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One, _: Asked<Empty>) -> Answer<NetworkRemove> {
    let operation = Operation::on_engine("NetworkRemove", Permission::NetworkRemove, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        done(networks::remove(&engine, &permit, &NetworkId::parse(permit.operation().subject())?).await)
    })
    .await
}
