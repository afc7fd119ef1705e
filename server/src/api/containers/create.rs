//! Making containers.

use axum::{Extension, extract::State};
use pilothouse_app::api::{
    Code, Problem,
    containers::{ContainerCreate, ContainerInput},
};

use super::super::{Answer, Api, ApiError, Input, Named, Who};
use crate::{
    access::{Operation, Permission, Place, Thing},
    audit::{Changed, Ending, Entry, asked},
    authn::Principal,
    backends::docker::typed::create::{self, CreateError, Plan},
    operate::{Begun, Failure},
};

pub async fn create(
    State(api): State<Api>,
    Extension(who): Who,
    Named(engine): Named<String>,
    Input(input): Input<ContainerInput>,
) -> Answer<ContainerCreate> {
    let name = if input.name.is_empty() { &input.image } else { &input.name };
    let operation = Operation::on_engine("ContainerCreate", Permission::ContainerCreate, &engine, name);
    api.change_at_engine(&who, operation, async |engine, permit| {
        let plan = Plan::read(&input)?;
        api.guard(&engine, &permit, &who, "ContainerCreate", &[], plan.body()).await?;
        for network in input.networks.iter().skip(1) {
            api.guard(&engine, &permit, &who, "NetworkConnect", std::slice::from_ref(network), &serde_json::Value::Null).await?;
        }
        let changes = asked("ContainerCreate", None, &[("name".to_owned(), input.name.clone())], Some(plan.body()));
        let with_it = with_it(&api, &who, &engine.name, &input).await?;
        let made = create::create(engine, permit, plan).await.map_err(refused);
        for entry in with_it {
            entry.finish(made.as_ref().map_or_else(|error| Ending::failed(error.status()), |_| Ending::ok(200)));
        }
        made.map(|made| {
            let id = made.id.clone();
            Changed::new(changes, made).with_id(&id)
        })
    })
    .await
}

/// What is done along with the making takes rights of its own, as it would if it were asked for alone. The engine connects
/// the first network by itself.
async fn with_it(api: &Api, who: &Principal, engine: &str, input: &ContainerInput) -> Result<Vec<Entry>, ApiError> {
    let connects = input.networks.iter().skip(1).map(|network| Operation::on_engine("NetworkConnect", Permission::NetworkConnect, engine, network));
    let starts =
        input.start.then(|| Operation::on_engine("ContainerStart", Permission::ContainerStart, engine, &input.name).at(Place::New(Thing::Container)));
    let mut entries = Vec::new();
    for operation in connects.chain(starts) {
        let Begun { entry, .. } = api.operator.begin(who, operation).await?;
        entries.push(entry);
    }
    Ok(entries)
}

fn refused(error: CreateError) -> ApiError {
    match error {
        CreateError::NoImage(text) => ApiError(Problem::new(Code::NotFound, text).detail("Pull the image first.").field("image")),
        CreateError::Engine(error) => error.into(),
    }
}
