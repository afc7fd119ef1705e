//! Volumes: looked at, made, removed.

use std::collections::BTreeMap;

use http::Method;
use pilothouse_app::api::{
    Problem,
    volumes::{Volume, VolumeInput},
};
use serde_json::{Value, json};

use super::{
    super::{
        Engine, EngineError,
        belongings::{OWN_LABEL, not_found, settle},
    },
    call::{self, REMOVE},
    check_labels, containers, millis,
    names::VolumeName,
    project, wire,
};
use crate::access::{Permit, Thing};

pub async fn list(engine: &Engine, permit: &Permit) -> Result<Vec<Volume>, EngineError> {
    engine.ready_for(permit).await?;
    let mut list: wire::VolumeList = call::list(engine, permit, "/volumes").await?;
    list.volumes.0.retain(|volume| match project(&volume.labels) {
        Some(project) => permit.reach().includes(Some(&project)),
        None => engine.reaches(permit, Thing::Volume, &volume.name),
    });
    let users = users(containers::listed(engine, permit).await?);
    Ok(list.volumes.0.into_iter().map(|volume| shown(volume, &users)).collect())
}

pub async fn get(engine: &Engine, permit: &Permit, name: &VolumeName) -> Result<Volume, EngineError> {
    let volume: wire::ListedVolume = call::read(engine, permit, &path(name)).await?;
    Ok(shown(volume, &users(containers::listed(engine, permit).await?)))
}

/// # Errors
/// A problem that names the field that is wrong.
pub fn check(input: &VolumeInput) -> Result<VolumeName, Problem> {
    check_labels(&input.labels)?;
    VolumeName::parse(&input.name)
}

/// What the engine is asked for.
pub fn body(name: &VolumeName, labels: &BTreeMap<String, String>) -> Value {
    json!({ "Name": name.as_str(), "Labels": labels })
}

/// Makes a volume. The engine would hand out one that is there already as if it were new: that is a conflict here.
pub async fn create(engine: &Engine, permit: &Permit, name: &VolumeName, labels: &BTreeMap<String, String>) -> Result<Volume, EngineError> {
    let mut body = body(name, labels);
    settle(engine, permit, &mut [], Some(&mut body)).await?;
    match call::read::<wire::ListedVolume>(engine, permit, &path(name)).await {
        Ok(_) => return Err(EngineError::Conflict(format!("There is a volume {} already.", name.as_str()))),
        Err(EngineError::NotFound(_)) => {}
        Err(error) => return Err(error),
    }
    let volume: wire::ListedVolume = call::create(engine, permit, "/volumes/create", &body).await?;
    Ok(shown(volume, &Users::new()))
}

/// Makes a volume that belongs to a project, before something mounts it: the engine would make it without a label.
pub async fn make_in(engine: &Engine, permit: &Permit, name: &str, owner: &str) -> Result<(), EngineError> {
    let body = json!({ "Name": name, "Labels": { OWN_LABEL: owner } });
    let made: wire::ListedVolume = call::create(engine, permit, "/volumes/create", &body).await?;
    // The engine hands out what was there already as if it were new; by now somebody else may have made it.
    if permit.reach().includes(project(&made.labels).as_deref()) {
        return Ok(());
    }
    Err(EngineError::NotFound(not_found(Thing::Volume, name)))
}

pub async fn remove(engine: &Engine, permit: &Permit, name: &VolumeName) -> Result<(), EngineError> {
    call::act(engine, permit, Method::DELETE, &path(name), None, REMOVE).await
}

fn path(name: &VolumeName) -> String {
    format!("/volumes/{}", name.as_str())
}

/// By volume, the names of the containers that mount it.
type Users = BTreeMap<String, Vec<String>>;

fn users(containers: Vec<wire::Listed>) -> Users {
    let mut users = Users::new();
    for container in containers {
        let name = containers::name(&container.names, &container.id);
        for mount in container.mounts.into_iter().filter(|mount| mount.kind == "volume") {
            users.entry(mount.name).or_default().push(name.clone());
        }
    }
    for names in users.values_mut() {
        names.sort();
        // One container may mount a volume at several places.
        names.dedup();
    }
    users
}

fn shown(listed: wire::ListedVolume, users: &Users) -> Volume {
    Volume {
        used_by: users.get(&listed.name).cloned().unwrap_or_default(),
        created_at: millis(&listed.created),
        project: project(&listed.labels),
        name: listed.name,
        driver: listed.driver,
        mountpoint: listed.mountpoint,
        labels: listed.labels.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_knows_who_mounts_it() {
        let containers: Vec<wire::Listed> = serde_json::from_value(json!([
            {"Id": "c2", "Names": ["/b"], "Mounts": [{"Type": "volume", "Name": "data"}, {"Type": "volume", "Name": "data"}]},
            {"Id": "c1", "Names": ["/a"], "Mounts": [{"Type": "volume", "Name": "data"}, {"Type": "bind", "Source": "/x"}]}
        ]))
        .unwrap();
        let listed = serde_json::from_value(
            json!({"Name": "data", "Driver": "local", "CreatedAt": "2026-01-01T00:00:00+01:00", "Labels": {"pilothouse.project": "p"}}),
        )
        .unwrap();
        let volume = shown(listed, &users(containers));
        assert_eq!(volume.used_by, ["a", "b"]);
        assert_eq!(volume.project.as_deref(), Some("p"));
        assert_eq!(volume.created_at, Some(1_767_222_000_000));
    }
}
