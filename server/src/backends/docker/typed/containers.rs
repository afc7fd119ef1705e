//! Containers: looked at, started, stopped, removed.

use std::{collections::BTreeMap, time::Duration};

use http::Method;
use pilothouse_app::api::containers::{Attachment, Change, Container, ContainerDetail, Mount, Port, Processes};
use serde_json::{Value, json};

use super::{
    super::{Engine, EngineError, belongings::hide_values},
    call::{self, CHANGE, READ, REMOVE, with_query},
    millis,
    names::ContainerId,
    project, wire,
};
use crate::access::Permit;

/// How much longer than its grace a stop may take.
const STOP_MARGIN: Duration = Duration::from_secs(30);
/// The engine's grace when neither the call nor the container says one.
const STOP_GRACE: i64 = 10;

/// All containers, stopped ones too, in the contract's form.
pub async fn list(engine: &Engine, permit: &Permit) -> Result<Vec<Container>, EngineError> {
    Ok(listed(engine, permit).await?.into_iter().map(shown).collect())
}

/// All containers, as the engine lists them: what uses of images, volumes and networks are counted from.
pub(super) async fn listed(engine: &Engine, permit: &Permit) -> Result<Vec<wire::Listed>, EngineError> {
    let mut listed = call::list::<wire::Many<wire::Listed>>(engine, permit, "/containers/json?all=1").await?.0;
    listed.retain(|container| permit.reach().includes(project(&container.labels).as_deref()));
    Ok(listed)
}

/// The running ones only, in the contract's form.
pub async fn running(engine: &Engine, permit: &Permit) -> Result<Vec<Container>, EngineError> {
    let listed = call::list::<wire::Many<wire::Listed>>(engine, permit, "/containers/json").await?.0;
    Ok(listed.into_iter().map(shown).collect())
}

/// One container.
pub async fn get(engine: &Engine, permit: &Permit, id: &ContainerId) -> Result<ContainerDetail, EngineError> {
    let mut inspect: Value = call::read(engine, permit, &path(id, "json")).await?;
    if !permit.shows_environment() {
        hide_values(&mut inspect);
    }
    let inspected: wire::Inspected = serde_json::from_value(inspect.clone()).map_err(|_| call::unreadable())?;
    // The list says it in the engine's own words, such as `Up 3 hours (healthy)`; inspecting does not.
    let filters = json!({ "id": [inspected.id] }).to_string();
    let listed =
        call::list::<wire::Many<wire::Listed>>(engine, permit, &with_query("/containers/json", &[("all", "1"), ("filters", &filters)])).await?.0;
    let summary = listed.into_iter().find(|listed| listed.id == inspected.id).map(shown);
    let summary = summary.ok_or_else(|| EngineError::NotFound(format!("No such container: {}", id.as_str())))?;
    Ok(detail(summary, inspected, inspect))
}

/// The whole id of a container.
pub async fn identify(engine: &Engine, permit: &Permit, id: &ContainerId) -> Result<ContainerId, EngineError> {
    let inspected: wire::Inspected = call::read(engine, permit, &path(id, "json")).await?;
    ContainerId::parse(&inspected.id).map_err(|_| call::unreadable())
}

/// What a container names its image, and the image's id.
pub async fn image_of(engine: &Engine, permit: &Permit, id: &ContainerId) -> Result<(String, String), EngineError> {
    let inspected: wire::Belonging = call::read(engine, permit, &path(id, "json")).await?;
    Ok((inspected.config.image, inspected.image))
}

pub async fn start(engine: &Engine, permit: &Permit, id: &ContainerId) -> Result<(), EngineError> {
    act(engine, permit, id, "start", CHANGE).await
}

/// Stops it, after `grace` seconds by force.
pub async fn stop(engine: &Engine, permit: &Permit, id: &ContainerId, grace: Option<u32>) -> Result<(), EngineError> {
    let deadline = stop_deadline(engine, permit, id, grace).await?;
    act(engine, permit, id, &timed("stop", grace), deadline).await
}

pub async fn restart(engine: &Engine, permit: &Permit, id: &ContainerId, grace: Option<u32>) -> Result<(), EngineError> {
    let deadline = stop_deadline(engine, permit, id, grace).await? + CHANGE;
    act(engine, permit, id, &timed("restart", grace), deadline).await
}

/// `signal` is a name or number that was checked.
pub async fn kill(engine: &Engine, permit: &Permit, id: &ContainerId, signal: &str) -> Result<(), EngineError> {
    act(engine, permit, id, &with_query("kill", &[("signal", signal)]), CHANGE).await
}

pub async fn pause(engine: &Engine, permit: &Permit, id: &ContainerId) -> Result<(), EngineError> {
    act(engine, permit, id, "pause", CHANGE).await
}

pub async fn unpause(engine: &Engine, permit: &Permit, id: &ContainerId) -> Result<(), EngineError> {
    act(engine, permit, id, "unpause", CHANGE).await
}

pub async fn rename(engine: &Engine, permit: &Permit, id: &ContainerId, name: &ContainerId) -> Result<(), EngineError> {
    act(engine, permit, id, &with_query("rename", &[("name", name.as_str())]), CHANGE).await
}

pub async fn remove(engine: &Engine, permit: &Permit, id: &ContainerId, force: bool, volumes: bool) -> Result<(), EngineError> {
    let flag = |yes: bool| if yes { "1" } else { "0" };
    let path = with_query(&format!("/containers/{}", id.as_str()), &[("force", flag(force)), ("v", flag(volumes))]);
    call::act(engine, permit, Method::DELETE, &path, None, REMOVE).await
}

pub async fn top(engine: &Engine, permit: &Permit, id: &ContainerId) -> Result<Processes, EngineError> {
    let top: wire::Top = call::read(engine, permit, &path(id, "top")).await?;
    Ok(Processes { titles: top.titles, processes: top.processes })
}

/// The files that differ from the image.
pub async fn changes(engine: &Engine, permit: &Permit, id: &ContainerId) -> Result<Vec<Change>, EngineError> {
    let changed: Option<Vec<wire::Changed>> = call::read(engine, permit, &path(id, "changes")).await?;
    let kind = |kind: u8| match kind {
        0 => "changed",
        1 => "added",
        _ => "deleted",
    };
    Ok(changed.unwrap_or_default().into_iter().map(|change| Change { path: change.path, kind: kind(change.kind).to_owned() }).collect())
}

/// A path under one container.
pub(super) fn path(id: &ContainerId, rest: &str) -> String {
    format!("/containers/{}/{rest}", id.as_str())
}

fn timed(verb: &str, grace: Option<u32>) -> String {
    match grace {
        Some(grace) => format!("{verb}?t={grace}"),
        None => verb.to_owned(),
    }
}

async fn act(engine: &Engine, permit: &Permit, id: &ContainerId, rest: &str, deadline: Duration) -> Result<(), EngineError> {
    call::act(engine, permit, Method::POST, &path(id, rest), None, deadline).await
}

/// How long a stop may take: the call's grace, else the container's own.
async fn stop_deadline(engine: &Engine, permit: &Permit, id: &ContainerId, grace: Option<u32>) -> Result<Duration, EngineError> {
    let grace = match grace {
        Some(grace) => u64::from(grace),
        None => {
            let inspected: wire::Named = call::read(engine, permit, &path(id, "json")).await?;
            u64::try_from(inspected.config.stop_timeout.unwrap_or(STOP_GRACE)).unwrap_or(0).min(3600)
        }
    };
    Ok(Duration::from_secs(grace) + STOP_MARGIN.max(READ))
}

/// A container of a list, in the contract's form.
pub(super) fn shown(listed: wire::Listed) -> Container {
    Container {
        name: name(&listed.names, &listed.id),
        image: listed.image,
        command: listed.command.0,
        health: health(&listed.status).map(str::to_owned),
        state: listed.state,
        status: listed.status,
        created_at: listed.created.saturating_mul(1000),
        project: project(&listed.labels),
        service: listed.labels.get("com.docker.compose.service").or_else(|| listed.labels.get("com.docker.swarm.service.name")).cloned(),
        ports: ports(listed.ports),
        networks: listed.networks.by_name.into_keys().collect(),
        labels: listed.labels.0,
        id: listed.id,
        usage: None,
    }
}

/// The name of a container: the one that is no link from another container (`/other/alias`).
pub(super) fn name(names: &[String], id: &str) -> String {
    let mut own = names.iter().map(|name| name.strip_prefix('/').unwrap_or(name)).filter(|name| !name.contains('/'));
    own.next().unwrap_or(id.get(..12).unwrap_or(id)).to_owned()
}

/// What a status such as `Up 3 hours (health: starting)` says of the health.
fn health(status: &str) -> Option<&'static str> {
    let inside = status.rsplit_once('(')?.1.strip_suffix(')')?;
    match inside.strip_prefix("health: ").unwrap_or(inside) {
        "healthy" => Some("healthy"),
        "unhealthy" => Some("unhealthy"),
        "starting" => Some("starting"),
        _ => None,
    }
}

fn ports(listed: Vec<wire::ListedPort>) -> Vec<Port> {
    let mut ports: Vec<Port> = listed
        .into_iter()
        .map(|port| Port {
            container: port.private,
            protocol: if port.protocol.is_empty() { "tcp".to_owned() } else { port.protocol },
            host: port.public,
            address: port.address.filter(|address| !address.is_empty()),
        })
        .collect();
    ports.sort_by(|a, b| (a.container, &a.protocol, a.host, &a.address).cmp(&(b.container, &b.protocol, b.host, &b.address)));
    ports.dedup();
    ports
}

fn detail(summary: Container, inspected: wire::Inspected, inspect: Value) -> ContainerDetail {
    let policy = inspected.host.restart;
    let restart_policy = match (policy.name.as_str(), policy.tries) {
        ("", _) => "no".to_owned(),
        ("on-failure", tries) if tries > 0 => format!("on-failure:{tries}"),
        (name, _) => name.to_owned(),
    };
    let ran = matches!(inspected.state.status.as_str(), "exited" | "dead");
    ContainerDetail {
        summary,
        started_at: millis(&inspected.state.started),
        finished_at: millis(&inspected.state.finished),
        exit_code: ran.then_some(inspected.state.exit_code),
        restart_count: inspected.restarts,
        restart_policy,
        tty: inspected.config.tty,
        env: inspected.config.env,
        mounts: inspected.mounts.into_iter().map(mount).collect(),
        networks: attachments(inspected.networks.by_name),
        inspect,
    }
}

fn mount(point: wire::MountPoint) -> Mount {
    // Of a volume the name says more than its place on the engine's disk.
    let source = if point.kind == "volume" && !point.name.is_empty() { point.name } else { point.source };
    Mount { kind: point.kind, source, destination: point.destination, writable: point.writable }
}

fn attachments(by_name: BTreeMap<String, wire::Endpoint>) -> Vec<Attachment> {
    by_name.into_iter().map(|(network, endpoint)| Attachment { network, address: endpoint.address, aliases: endpoint.aliases }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_of_a_list_is_shown_in_full() {
        let listed: wire::Listed = serde_json::from_value(json!({
            "Id": "0123456789abcdef", "Names": ["/db/alias", "/web-1"], "Image": "nginx:1", "ImageID": "sha256:1", "Command": "run me",
            "Created": 1_700_000_000, "State": "running", "Status": "Up 3 hours (unhealthy)",
            "Labels": {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"},
            "Ports": [{"PrivatePort": 443, "Type": "tcp"}, {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"},
                      {"IP": "0.0.0.0", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}],
            "NetworkSettings": {"Networks": {"shop_default": {"NetworkID": "n1"}}}, "Mounts": []
        }))
        .unwrap();
        let container = shown(listed);
        assert_eq!(container.name, "web-1");
        assert_eq!((container.project.as_deref(), container.service.as_deref()), (Some("shop"), Some("web")));
        assert_eq!(container.health.as_deref(), Some("unhealthy"));
        assert_eq!(container.created_at, 1_700_000_000_000);
        assert_eq!(container.networks, ["shop_default"]);
        assert_eq!(container.ports.iter().map(|port| (port.container, port.host)).collect::<Vec<_>>(), [(80, Some(8080)), (443, None)]);
    }

    #[test]
    fn health_is_read_from_the_status() {
        assert_eq!(health("Up 2 minutes (healthy)"), Some("healthy"));
        assert_eq!(health("Up 2 seconds (health: starting)"), Some("starting"));
        assert_eq!(health("Up 2 minutes (Paused)"), None);
        assert_eq!(health("Exited (0) 5 minutes ago"), None);
        assert_eq!(health(""), None);
    }

    #[test]
    fn a_container_without_a_name_has_its_short_id() {
        assert_eq!(name(&[], "0123456789abcdef"), "0123456789ab");
        assert_eq!(name(&[], "01"), "01");
    }

    #[test]
    fn a_detail_says_what_matters() {
        let inspect = json!({
            "Id": "c1", "RestartCount": 2, "State": {"Status": "exited", "StartedAt": "2026-01-01T00:00:00Z", "FinishedAt": "0001-01-01T00:00:00Z", "ExitCode": 137},
            "Config": {"Tty": true, "Env": ["A=b"]}, "HostConfig": {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3}},
            "Mounts": [{"Type": "volume", "Name": "data", "Source": "/var/lib/x", "Destination": "/data", "RW": true}],
            "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2", "Aliases": null}}}
        });
        let inspected = serde_json::from_value(inspect.clone()).unwrap();
        let detail = detail(shown(wire::Listed::default()), inspected, inspect);
        assert_eq!((detail.exit_code, detail.finished_at, detail.tty), (Some(137), None, true));
        assert_eq!(detail.restart_policy, "on-failure:3");
        assert_eq!(detail.mounts[0].source, "data");
        assert_eq!(detail.networks[0].address, "172.17.0.2");
    }
}
