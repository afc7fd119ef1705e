//! Starting, stopping, renaming and removing containers.

use axum::{Extension, extract::State};
use pilothouse_app::api::{
    Empty,
    containers::{
        ContainerKill, ContainerPause, ContainerRemove, ContainerRename, ContainerRestart, ContainerStart, ContainerStop, ContainerUnpause,
        KillInput, RemoveInput, RenameInput, StopInput,
    },
};

use super::{
    super::{Answer, Api, ApiError, Asked, Input, Named, Who, done},
    One,
};
use crate::{
    access::{Operation, Permission},
    audit::{Changed, field},
    backends::docker::typed::{
        containers,
        names::{self, ContainerId},
    },
};

/// The longest grace of a stop, in seconds: the request waits as long.
const LONGEST_GRACE: u32 = 3600;

pub async fn start(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One, _: Input<Empty>) -> Answer<ContainerStart> {
    let operation = Operation::on_engine("ContainerStart", Permission::ContainerStart, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        done(containers::start(&engine, &permit, &ContainerId::parse(permit.operation().subject())?).await)
    })
    .await
}

pub async fn stop(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One, Input(input): Input<StopInput>) -> Answer<ContainerStop> {
    let operation = Operation::on_engine("ContainerStop", Permission::ContainerStop, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        let (id, grace) = (ContainerId::parse(permit.operation().subject())?, grace(&input)?);
        done(containers::stop(&engine, &permit, &id, grace).await)
    })
    .await
}

pub async fn restart(
    State(api): State<Api>,
    Extension(who): Who,
    Named((engine, id)): One,
    Input(input): Input<StopInput>,
) -> Answer<ContainerRestart> {
    let operation = Operation::on_engine("ContainerRestart", Permission::ContainerRestart, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        let (id, grace) = (ContainerId::parse(permit.operation().subject())?, grace(&input)?);
        done(containers::restart(&engine, &permit, &id, grace).await)
    })
    .await
}

fn grace(input: &StopInput) -> Result<Option<u32>, ApiError> {
    let Some(asked) = input.timeout_s else { return Ok(None) };
    match u32::try_from(asked) {
        Ok(grace) if grace <= LONGEST_GRACE => Ok(Some(grace)),
        _ => Err(ApiError::field("timeout_s", "A stop waits 0 to 3600 seconds.")),
    }
}

pub async fn kill(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One, Input(input): Input<KillInput>) -> Answer<ContainerKill> {
    let operation = Operation::on_engine("ContainerKill", Permission::ContainerKill, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        let id = ContainerId::parse(permit.operation().subject())?;
        let signal = input.signal.as_deref().unwrap_or("SIGKILL");
        if !names::is_signal(signal) {
            return Err(ApiError::field("signal", "A signal is written like SIGTERM, TERM or 15."));
        }
        done(containers::kill(&engine, &permit, &id, signal).await)
    })
    .await
}

pub async fn pause(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One, _: Input<Empty>) -> Answer<ContainerPause> {
    let operation = Operation::on_engine("ContainerPause", Permission::ContainerPause, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        done(containers::pause(&engine, &permit, &ContainerId::parse(permit.operation().subject())?).await)
    })
    .await
}

pub async fn unpause(State(api): State<Api>, Extension(who): Who, Named((engine, id)): One, _: Input<Empty>) -> Answer<ContainerUnpause> {
    let operation = Operation::on_engine("ContainerUnpause", Permission::ContainerPause, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        done(containers::unpause(&engine, &permit, &ContainerId::parse(permit.operation().subject())?).await)
    })
    .await
}

pub async fn rename(
    State(api): State<Api>,
    Extension(who): Who,
    Named((engine, id)): One,
    Input(input): Input<RenameInput>,
) -> Answer<ContainerRename> {
    let operation = Operation::on_engine("ContainerRename", Permission::ContainerRename, &engine, &id);
    api.change_at_engine(&who, operation, async |engine, permit| {
        let (id, name) = (ContainerId::parse(permit.operation().subject())?, ContainerId::new_name(&input.name)?);
        let before = permit.operation().known.as_ref().map(|known| known.name.as_str());
        let changes = vec![field("name", before, Some(&input.name))];
        Ok(Changed::new(changes, done(containers::rename(&engine, &permit, &id, &name).await)?))
    })
    .await
}

pub async fn remove(
    State(api): State<Api>,
    Extension(who): Who,
    Named((engine, id)): One,
    Asked(input): Asked<RemoveInput>,
) -> Answer<ContainerRemove> {
    let operation = Operation::on_engine("ContainerRemove", Permission::ContainerRemove, &engine, &id);
    api.at_engine(&who, operation, async |engine, permit| {
        done(containers::remove(&engine, &permit, &ContainerId::parse(permit.operation().subject())?, input.force, input.volumes).await)
    })
    .await
}
