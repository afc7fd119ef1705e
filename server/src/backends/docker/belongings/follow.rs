//! Keeps the index: reads everything once, then follows the engine's events.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use serde_json::json;

use super::{
    super::{
        Engine, EngineError, Health,
        typed::{
            call::{self, READ, with_query},
            wire,
        },
    },
    find::{list, own, read},
    index::{Container, Image, Named, Running, State, Volume, labelled},
};
use crate::access::Thing;

/// How long to wait before an engine that broke off is asked again: longer each time that it is of no use.
const AGAIN: Duration = Duration::from_secs(1);
const AGAIN_LONGEST: Duration = Duration::from_secs(30);
/// The kinds of events that change what belongs to whom.
const KINDS: [&str; 7] = ["container", "network", "volume", "image", "service", "secret", "config"];

/// Follows one engine for as long as this runs.
pub async fn follow(engine: Arc<Engine>) {
    let mut again = AGAIN;
    loop {
        // An engine that is down is looked after elsewhere.
        if !matches!(engine.health.health(), Health::Down { .. }) {
            if let Err(error) = once(&engine).await {
                tracing::debug!(engine = engine.name, %error, "What belongs to whom is not known now.");
            }
            again = if engine.belongings.is_whole() { AGAIN } else { AGAIN_LONGEST.min(again * 2) };
        }
        engine.belongings.set_whole(false);
        tokio::time::sleep(again).await;
    }
}

async fn once(engine: &Engine) -> Result<(), EngineError> {
    let filters = json!({ "type": KINDS }).to_string();
    let request = call::request(http::Method::GET, &with_query("/events", &[("filters", &filters)]), None)?;
    // From here on nothing is missed; what happens while everything is read is applied after it.
    let chunks = call::open(engine, &own(engine), request, READ).await?;
    let mut events = std::pin::pin!(call::json_lines::<wire::EventLine>(chunks));
    read_all(engine).await?;
    engine.belongings.set_whole(true);
    while let Some(event) = events.next().await {
        apply(engine, event?).await?;
    }
    Ok(())
}

/// Reads everything anew. Claims on images and mounts of volumes that were seen before stay.
async fn read_all(engine: &Engine) -> Result<(), EngineError> {
    let containers = list::<wire::Many<wire::Listed>>(engine, "/containers/json?all=1").await?.0;
    let networks = list::<wire::Many<wire::ListedNetwork>>(engine, "/networks").await?.0;
    let volumes: wire::VolumeList = list(engine, "/volumes").await?;
    let images = list::<wire::Many<wire::ListedImage>>(engine, "/images/json?all=1").await?.0;
    let services = swarm(engine, "/services").await?;
    let secrets = swarm(engine, "/secrets").await?;
    let configs = swarm(engine, "/configs").await?;
    let mut state = engine.belongings.write();
    let mut old = std::mem::take(&mut *state);
    state.execs = std::mem::take(&mut old.execs);
    state.tasks = std::mem::take(&mut old.tasks);
    state.gone = std::mem::take(&mut old.gone);
    state.digests = std::mem::take(&mut old.digests);
    state.image_names = std::mem::take(&mut old.image_names);
    for network in networks {
        state.networks.insert(network.id, Named { name: network.name, project: labelled(&network.labels) });
    }
    for volume in volumes.volumes.0 {
        let mounted_by = old.volumes.remove(&volume.name).map(|volume| volume.mounted_by).unwrap_or_default();
        state.volumes.insert(volume.name, Volume { project: labelled(&volume.labels), mounted_by });
    }
    for image in images {
        state.digests.learn(&image.id, &image.digests);
        let claimed_by = old.images.remove(&image.id).map(|image| image.claimed_by).unwrap_or_default();
        state.images.insert(image.id, Image { names: image.tags.into_iter().chain(image.digests).collect(), claimed_by });
    }
    state.forget_unused_names();
    for container in containers {
        let name = container.names.first().map(|name| name.trim_start_matches('/').to_owned()).unwrap_or_default();
        let entry = Container {
            name,
            project: labelled(&container.labels),
            called: named(&mut old, &container),
            image: container.image_id,
            state: Running::of(&container.state).unwrap_or_default(),
        };
        put_container(&mut state, container.id, entry, &container.mounts);
    }
    state.forget_all_unused_digests();
    for (map, list) in [(0, services), (1, secrets), (2, configs)] {
        for item in list {
            let named = Named { name: item.spec.name, project: labelled(&item.spec.labels) };
            match map {
                0 => state.services.insert(item.id, named),
                1 => state.secrets.insert(item.id, named),
                _ => state.configs.insert(item.id, named),
            };
        }
    }
    Ok(())
}

/// What a container calls its image. Once the name is another image's, the list says the id; but it may be known from before.
fn named(old: &mut State, container: &wire::Listed) -> String {
    let before = old.containers.remove(&container.id).map(|before| before.called);
    let before = before.filter(|before| container.image.starts_with("sha256:") && !before.is_empty());
    before.unwrap_or_else(|| container.image.clone())
}

/// A list of a swarm's; empty where the engine is no manager of one.
async fn swarm(engine: &Engine, path: &str) -> Result<Vec<wire::InSwarm>, EngineError> {
    match list::<wire::Many<wire::InSwarm>>(engine, path).await.map(|list| list.0) {
        Err(EngineError::Refused { status: 503 | 406, .. }) => Ok(Vec::new()),
        list => list,
    }
}

fn put_container(state: &mut State, id: String, entry: Container, mounts: &[wire::MountPoint]) {
    if let Some(project) = &entry.project {
        for mount in mounts.iter().filter(|mount| mount.kind == "volume" && !mount.name.is_empty()) {
            state.volumes.entry(mount.name.clone()).or_default().mounted_by.insert(project.clone());
        }
    }
    state.containers.insert(id, entry);
}

/// Asks about one thing, and puts it into the index.
pub(super) async fn learn(engine: &Engine, thing: Thing, called: &str) -> Result<(), EngineError> {
    let index = &engine.belongings;
    match thing {
        Thing::Container => {
            let found: wire::Belonging = read(engine, &format!("/containers/{called}/json")).await?;
            let entry = Container {
                name: found.name.trim_start_matches('/').to_owned(),
                project: labelled(&found.config.labels),
                image: found.image.clone(),
                called: found.config.image,
                state: Running::of(&found.state.status).unwrap_or_default(),
            };
            put_container(&mut index.write(), found.id, entry, &found.mounts);
            // Its name may have been another image's already when that was looked at.
            if !index.read().images.contains_key(&found.image) && found.image.starts_with("sha256:") {
                Box::pin(learn(engine, Thing::Image, &found.image)).await?;
            }
        }
        Thing::Network => {
            let found: wire::ListedNetwork = read(engine, &format!("/networks/{called}")).await?;
            index.write().networks.insert(found.id, Named { name: found.name, project: labelled(&found.labels) });
        }
        Thing::Volume => {
            let found: wire::ListedVolume = read(engine, &format!("/volumes/{called}")).await?;
            index.write().volumes.entry(found.name).or_default().project = labelled(&found.labels);
        }
        Thing::Image => {
            let found: wire::InspectedImage = read(engine, &format!("/images/{called}/json")).await?;
            let mut state = index.write();
            state.digests.learn(&found.id, &found.digests);
            let names: Vec<String> = found.tags.into_iter().chain(found.digests).collect();
            // A name is at one image only.
            for image in state.images.values_mut() {
                image.names.retain(|name| !names.contains(name));
            }
            state.images.entry(found.id).or_default().names = names;
            state.forget_unused_names();
        }
        Thing::Service | Thing::Secret | Thing::Config => {
            let kind = match thing {
                Thing::Service => "services",
                Thing::Secret => "secrets",
                _ => "configs",
            };
            let found: wire::InSwarm = read(engine, &format!("/{kind}/{called}")).await?;
            let named = Named { name: found.spec.name, project: labelled(&found.spec.labels) };
            let mut state = index.write();
            match thing {
                Thing::Service => state.services.insert(found.id, named),
                Thing::Secret => state.secrets.insert(found.id, named),
                _ => state.configs.insert(found.id, named),
            };
        }
        Thing::Exec => {
            let found: wire::ExecOf = read(engine, &format!("/exec/{called}/json")).await?;
            index.write().execs.insert(found.id, found.container.clone());
            if !index.read().containers.contains_key(&found.container) {
                Box::pin(learn(engine, Thing::Container, &found.container)).await?;
            }
        }
        Thing::Task => {
            let found: wire::TaskOf = read(engine, &format!("/tasks/{called}")).await?;
            index.write().tasks.insert(found.id, found.service.clone());
            if !index.read().services.contains_key(&found.service) {
                Box::pin(learn(engine, Thing::Service, &found.service)).await?;
            }
        }
    }
    Ok(())
}

/// What an event changes. What is not there was gone again already.
///
/// # Errors
/// When the engine does not say what a container is made from, or what an image is: then everything is read again, for what runs must be known.
async fn apply(engine: &Engine, event: wire::EventLine) -> Result<(), EngineError> {
    let Some(thing) = thing_of(&event.kind) else { return Ok(()) };
    let id = event.actor.id.as_str();
    let action = event.action.split(':').next().unwrap_or_default();
    match (thing, action) {
        (Thing::Container, "rename") => {
            let name = event.actor.attributes.get("name").map(|name| name.trim_start_matches('/').to_owned());
            if let (Some(name), Some(container)) = (name, engine.belongings.write().containers.get_mut(id)) {
                container.name = name;
            }
        }
        (Thing::Container, "exec_create") => {
            if let Some(exec) = event.actor.attributes.get("execID") {
                engine.belongings.write().execs.insert(exec.clone(), id.to_owned());
            }
        }
        (_, "destroy" | "remove") | (Thing::Image, "delete") => forget(engine, thing, id),
        (Thing::Container, "create")
        | (Thing::Network | Thing::Volume | Thing::Service | Thing::Secret | Thing::Config, "create" | "update")
        | (Thing::Image, "tag" | "pull" | "push" | "load" | "import" | "commit" | "untag") => match learn(engine, thing, id).await {
            Err(error @ (EngineError::Timeout | EngineError::BrokenOff | EngineError::Busy | EngineError::Unreachable(_)))
                if matches!(thing, Thing::Container | Thing::Image) =>
            {
                return Err(error);
            }
            Err(error) => tracing::debug!(engine = engine.name, %error, "Something was gone before it could be looked at."),
            Ok(()) => {}
        },
        (Thing::Container, word) => {
            if let (Some(state), Some(container)) = (Running::of(word), engine.belongings.write().containers.get_mut(id)) {
                container.state = state;
            }
        }
        _ => {}
    }
    Ok(())
}

fn forget(engine: &Engine, thing: Thing, id: &str) {
    let mut state = engine.belongings.write();
    state.bury(thing, id);
    match thing {
        Thing::Container => {
            let image = state.containers.remove(id).map(|container| container.image);
            state.forget_unused_digests(image.as_deref());
        }
        Thing::Network => drop(state.networks.remove(id)),
        Thing::Volume => drop(state.volumes.remove(id)),
        Thing::Image => {
            state.images.remove(id);
            state.forget_unused_names();
            state.forget_unused_digests(Some(id));
        }
        Thing::Service => drop(state.services.remove(id)),
        Thing::Secret => drop(state.secrets.remove(id)),
        Thing::Config => drop(state.configs.remove(id)),
        Thing::Exec | Thing::Task => {}
    }
}

/// What kind of thing an event is about.
pub(super) fn thing_of(kind: &str) -> Option<Thing> {
    Some(match kind {
        "container" => Thing::Container,
        "network" => Thing::Network,
        "volume" => Thing::Volume,
        "image" => Thing::Image,
        "service" => Thing::Service,
        "secret" => Thing::Secret,
        "config" => Thing::Config,
        _ => return None,
    })
}
