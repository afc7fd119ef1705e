//! What somebody with rights on a project makes is put into it, and may refer only to what is in it.

use serde_json::{Map, Value, json};

use super::{
    super::{Engine, EngineError, typed::volumes},
    LABELS, OWN_LABEL,
    index::{Project, familiar},
};
use crate::access::{Permit, Place, Thing};

/// What is to be done before a request is sent.
#[derive(Debug, Default)]
struct Settled {
    /// Volumes that the engine would make on its own, without a label: to be made first, with one.
    volumes: Vec<String>,
    /// The project of what is made.
    project: Option<Project>,
}

type Result<T> = std::result::Result<T, EngineError>;

/// Puts what a request makes into the project, and checks everything that it refers to. Nothing for those who reach everything.
///
/// # Errors
/// [`EngineError::NotFound`] and [`EngineError::Outside`]: then nothing may be sent.
pub async fn settle(engine: &Engine, permit: &Permit, query: &[(String, String)], body: Option<&mut Value>) -> Result<Option<Project>> {
    if permit.reach().projects().is_none() {
        return Ok(None);
    }
    let settled = settled(engine, permit, query, body).await?;
    if let Some(project) = &settled.project {
        for name in &settled.volumes {
            volumes::make_in(engine, permit, name, project).await?;
        }
    }
    Ok(settled.project)
}

async fn settled(engine: &Engine, permit: &Permit, query: &[(String, String)], body: Option<&mut Value>) -> Result<Settled> {
    let asks = Asks { engine, permit };
    let asked = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty());
    let operation = permit.operation();
    match (operation.place, operation.name, body) {
        (Place::New(Thing::Container), _, Some(body)) => asks.container(body).await,
        (Place::New(Thing::Network), _, Some(body)) => asks.network(body).await,
        (Place::New(Thing::Volume), _, Some(body)) => asks.volume(body).await,
        (Place::New(Thing::Service), _, Some(body)) => asks.service(body).await,
        (Place::New(Thing::Secret | Thing::Config), _, Some(body)) => Ok(Settled { project: Some(asks.label(body, None)?), ..Settled::default() }),
        (Place::One(Thing::Service), "ServiceUpdate", Some(body)) => asks.service(body).await,
        (Place::One(Thing::Secret | Thing::Config), _, Some(body)) => {
            asks.label(body, None)?;
            Ok(Settled::default())
        }
        (Place::One(Thing::Network), "NetworkConnect" | "NetworkDisconnect", Some(body)) => {
            let called = body.get("Container").and_then(Value::as_str).unwrap_or_default().to_owned();
            body["Container"] = asks.one(Thing::Container, &called).await?.into();
            if let Some(endpoint) = body.get("EndpointConfig") {
                asks.endpoint(endpoint).await?;
            }
            Ok(Settled::default())
        }
        (Place::New(Thing::Image), _, _) if asked("fromSrc").is_some() => {
            Err(EngineError::Outside("With a right on a project images are pulled, not imported.".to_owned()))
        }
        (Place::New(Thing::Image), ..) => Ok(Settled { project: Some(asks.only_project()?), ..Settled::default() }),
        (Place::One(Thing::Image), "ImageTag", _) => {
            if let Some(repository) = asked("repo") {
                asks.name_is_free(&format!("{repository}:{}", asked("tag").unwrap_or("latest"))).await?;
            }
            Ok(Settled { project: Some(asks.only_project()?), ..Settled::default() })
        }
        (Place::One(Thing::Image), "ImageDelete" | "ImageRemove", _) => {
            let state = engine.belongings.read();
            let shared = |id: &String| state.image_is_used_outside(id, |project| permit.reach().includes(project));
            let within = |project: Option<&str>| permit.reach().includes(project);
            if state.image_id(&operation.object).as_ref().is_some_and(shared) && !state.is_own_name_of_several(&operation.object, within) {
                return Err(EngineError::Outside("The image is used outside of your projects, too, so it stays.".to_owned()));
            }
            Ok(Settled::default())
        }
        (Place::Named(thing), ..) => {
            let names: Vec<&str> = query.iter().filter(|(key, _)| key == "names").map(|(_, name)| name.as_str()).collect();
            if names.is_empty() {
                return Err(EngineError::Outside("Say which: with a right on a project nothing is exported unnamed.".to_owned()));
            }
            for name in names {
                asks.one(thing, name).await?;
            }
            Ok(Settled::default())
        }
        (Place::List(Thing::Container), ..) => {
            // To be told what came before something is to be told that it is there.
            let filters: Value = asked("filters").and_then(|filters| serde_json::from_str(filters).ok()).unwrap_or_default();
            for name in ["before", "since"] {
                for called in asked(name).into_iter().chain(named(&filters[name])) {
                    asks.one(Thing::Container, called).await?;
                }
            }
            Ok(Settled::default())
        }
        _ => Ok(Settled::default()),
    }
}

struct Asks<'a> {
    engine: &'a Engine,
    permit: &'a Permit,
}

impl Asks<'_> {
    /// The project of what is made when nothing says which: the only one there is.
    fn only_project(&self) -> Result<Project> {
        let projects: Vec<&Project> = self.permit.reach().projects().into_iter().flatten().collect();
        match projects.as_slice() {
            [] => Err(EngineError::Outside("You have no project here.".to_owned())),
            [one] => Ok((*one).clone()),
            [first, ..] => {
                // An image belongs to all who use it, so any of theirs will do for it.
                if self.permit.operation().place == Place::New(Thing::Image) || self.permit.operation().name == "ImageTag" {
                    return Ok((*first).clone());
                }
                let names: Vec<&str> = projects.iter().map(|name| &***name).collect();
                Err(EngineError::Outside(format!("Say in which project: add the label {OWN_LABEL} with one of {}.", names.join(", "))))
            }
        }
    }

    /// Makes sure that the labels name a project of theirs and no other; where none does, `otherwise` is named, or the only one there is.
    fn label(&self, body: &mut Value, otherwise: Option<&Project>) -> Result<Project> {
        let Some(body) = body.as_object_mut() else { return Err(shapeless()) };
        let labels = body.entry("Labels").or_insert_with(|| json!({}));
        if labels.is_null() {
            *labels = json!({});
        }
        let Some(labels) = labels.as_object_mut() else { return Err(shapeless()) };
        let mut named: Option<Project> = None;
        for label in LABELS {
            let Some(value) = labels.get(label) else { continue };
            let Some(project) = value.as_str() else { return Err(shapeless()) };
            if project.is_empty() {
                labels.remove(label);
                continue;
            }
            if !self.permit.reach().includes(Some(project)) {
                let project: String = project.chars().take(64).collect();
                return Err(EngineError::Outside(format!(
                    "The label {label} names the project {}, which is not yours here.",
                    project.escape_debug()
                )));
            }
            named = named.or_else(|| Some(project.into()));
        }
        if let Some(project) = named {
            return Ok(project);
        }
        let project = match otherwise {
            Some(project) => project.clone(),
            None => self.only_project()?,
        };
        labels.insert(OWN_LABEL.to_owned(), Value::String(project.to_string()));
        Ok(project)
    }

    /// The id of something of theirs.
    async fn one(&self, thing: Thing, called: &str) -> Result<String> {
        let owner = self.engine.owner(thing, called).await?;
        match owner.filter(|owner| self.permit.reach().includes_any(&owner.projects)) {
            Some(owner) => Ok(owner.id),
            None => Err(EngineError::NotFound(not_found(thing, called))),
        }
    }

    /// Makes sure that a name for an image is not at an image of others.
    async fn name_is_free(&self, name: &str) -> Result<()> {
        let name = familiar(name);
        let Some(owner) = self.engine.owner(Thing::Image, &name).await? else { return Ok(()) };
        let within = |project: Option<&str>| self.permit.reach().includes(project);
        let state = self.engine.belongings.read();
        // What others use, too, is called so for them as well, unless the name was given by them alone.
        let shared = state.image_id(&name).is_some_and(|id| state.image_is_used_outside(&id, within)) && !state.is_own_name(&name, within);
        if shared || !self.permit.reach().includes_any(&owner.projects) {
            return Err(EngineError::Outside(format!("The name {name} is taken on this engine. Choose another.")));
        }
        Ok(())
    }

    /// A volume that a workload mounts: one of theirs, or none yet. `true` when it is to be made.
    async fn mounts(&self, name: &str) -> Result<bool> {
        match self.engine.owner(Thing::Volume, name).await? {
            None => Ok(true),
            Some(owner) if self.permit.reach().includes_any(&owner.projects) => Ok(false),
            Some(_) => Err(EngineError::NotFound(not_found(Thing::Volume, name))),
        }
    }

    /// What a namespace is shared with: `container:NAME` must be theirs. The engine's own ones are for guardrails to judge.
    async fn mode(&self, holder: &mut Map<String, Value>, field: &str) -> Result<()> {
        let Some(called) = holder.get(field).and_then(Value::as_str).and_then(|mode| mode.strip_prefix("container:")) else { return Ok(()) };
        let id = self.one(Thing::Container, called).await?;
        holder.insert(field.to_owned(), format!("container:{id}").into());
        Ok(())
    }

    async fn on_network(&self, name: &str) -> Result<()> {
        if matches!(name, "" | "default" | "bridge" | "none" | "host" | "nat") || name.starts_with("container:") {
            return Ok(());
        }
        self.one(Thing::Network, name).await.map(drop)
    }

    async fn endpoint(&self, endpoint: &Value) -> Result<()> {
        if let Some(network) = endpoint.get("NetworkID").and_then(Value::as_str) {
            self.on_network(network).await?;
        }
        for link in strings(endpoint.get("Links")) {
            self.one(Thing::Container, link.split(':').next().unwrap_or_default()).await?;
        }
        Ok(())
    }

    async fn container(&self, body: &mut Value) -> Result<Settled> {
        let project = self.label(body, None)?;
        let image = body.get("Image").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !image.is_empty() {
            self.one(Thing::Image, &image).await?;
        }
        let mut settled = Settled { volumes: Vec::new(), project: Some(project.clone()) };
        let endpoints: Vec<(String, Value)> = body
            .pointer("/NetworkingConfig/EndpointsConfig")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        for (network, endpoint) in endpoints {
            self.on_network(&network).await?;
            self.endpoint(&endpoint).await?;
        }
        let Some(host) = body.get_mut("HostConfig").and_then(Value::as_object_mut) else { return Ok(settled) };
        for field in ["NetworkMode", "IpcMode", "PidMode", "Cgroup"] {
            self.mode(host, field).await?;
        }
        self.on_network(host.get("NetworkMode").and_then(Value::as_str).unwrap_or_default()).await?;
        for from in strings(host.get("VolumesFrom")) {
            self.one(Thing::Container, from.split(':').next().unwrap_or_default()).await?;
        }
        for link in strings(host.get("Links")) {
            self.one(Thing::Container, link.split(':').next().unwrap_or_default()).await?;
        }
        if !matches!(host.get("VolumeDriver").and_then(Value::as_str).unwrap_or_default(), "" | "local") {
            return Err(EngineError::Outside("With a right on a project volumes are of the driver `local`.".to_owned()));
        }
        for bind in strings(host.get("Binds")) {
            let Some((source, _)) = bind.split_once(':') else { continue };
            if !source.starts_with('/') && self.mounts(source).await? {
                settled.volumes.push(source.to_owned());
            }
        }
        if let Some(mounts) = host.get_mut("Mounts").and_then(Value::as_array_mut) {
            for mount in mounts {
                self.mount(mount, &project).await?;
            }
        }
        Ok(settled)
    }

    /// A mount of a container's or a service's. A volume that is made for it belongs to the project.
    async fn mount(&self, mount: &mut Value, project: &Project) -> Result<()> {
        let source = mount.get("Source").and_then(Value::as_str).unwrap_or_default().to_owned();
        match mount.get("Type").and_then(Value::as_str).unwrap_or("volume") {
            "volume" => {
                if !source.is_empty() {
                    self.mounts(&source).await?;
                }
                let Some(mount) = mount.as_object_mut() else { return Err(shapeless()) };
                let options = mount.entry("VolumeOptions").or_insert_with(|| json!({}));
                if options.is_null() {
                    *options = json!({});
                }
                self.label(options, Some(project)).map(drop)
            }
            "image" => self.one(Thing::Image, &source).await.map(drop),
            "cluster" => Err(EngineError::Outside("Cluster volumes belong to no project.".to_owned())),
            // Paths of the host are for guardrails to judge.
            _ => Ok(()),
        }
    }

    async fn network(&self, body: &mut Value) -> Result<Settled> {
        let project = self.label(body, None)?;
        if let Some(from) = body.pointer("/ConfigFrom/Network").and_then(Value::as_str).filter(|from| !from.is_empty()) {
            self.one(Thing::Network, from).await?;
        }
        Ok(Settled { project: Some(project), ..Settled::default() })
    }

    async fn volume(&self, body: &mut Value) -> Result<Settled> {
        let project = self.label(body, None)?;
        let name = body.get("Name").and_then(Value::as_str).unwrap_or_default().to_owned();
        // To make a volume that is there already is to be told all about it.
        if !name.is_empty() && self.engine.owner(Thing::Volume, &name).await?.is_some_and(|owner| !self.permit.reach().includes_any(&owner.projects))
        {
            return Err(EngineError::Outside(format!("The name {name} is taken on this engine. Choose another.")));
        }
        Ok(Settled { project: Some(project), ..Settled::default() })
    }

    async fn service(&self, body: &mut Value) -> Result<Settled> {
        let project = self.label(body, None)?;
        let targets: Vec<String> = ["/TaskTemplate/Networks", "/Networks"]
            .iter()
            .filter_map(|pointer| body.pointer(pointer)?.as_array())
            .flatten()
            .map(|network| network.get("Target").and_then(Value::as_str).unwrap_or_default().to_owned())
            .collect();
        for target in targets {
            self.on_network(&target).await?;
        }
        let Some(task) = body.get_mut("TaskTemplate").and_then(Value::as_object_mut) else { return Err(shapeless()) };
        for field in ["PluginSpec", "NetworkAttachmentSpec"] {
            if task.get(field).is_some_and(|value| !value.is_null()) {
                return Err(EngineError::Outside(format!("With a right on a project a service runs containers, not a {field}.")));
            }
        }
        let Some(container) = task.get_mut("ContainerSpec") else { return Err(shapeless()) };
        // The containers of its tasks carry these: they are the project's, too.
        let labelled = self.label(container, Some(&project))?;
        if labelled != project {
            return Err(EngineError::Outside("A service and its containers belong to the same project.".to_owned()));
        }
        let image = container.get("Image").and_then(Value::as_str).unwrap_or_default().to_owned();
        let name = image.split('@').next().unwrap_or_default();
        let known = |name: &str| self.engine.belongings.read().image_id(name).is_some();
        for name in [image.as_str(), name].into_iter().filter(|name| !name.is_empty() && known(name)) {
            self.one(Thing::Image, name).await?;
        }
        for (list, id, thing) in [("Secrets", "SecretID", Thing::Secret), ("Configs", "ConfigID", Thing::Config)] {
            for reference in container.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                let called = reference.get(id).and_then(Value::as_str).unwrap_or_default().to_owned();
                reference[id] = self.one(thing, &called).await?.into();
            }
        }
        if let Some(config) = container.pointer("/Privileges/CredentialSpec/Config").and_then(Value::as_str).filter(|id| !id.is_empty()) {
            self.one(Thing::Config, config).await?;
        }
        if let Some(mounts) = container.get_mut("Mounts").and_then(Value::as_array_mut) {
            for mount in mounts {
                self.mount(mount, &project).await?;
            }
        }
        Ok(Settled { project: Some(project), ..Settled::default() })
    }
}

fn strings(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The values of a filter, in either of the forms that the engine takes.
fn named(filter: &Value) -> Vec<&str> {
    match filter {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        Value::Object(values) => values.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

fn shapeless() -> EngineError {
    EngineError::Outside("The body is not what this operation takes.".to_owned())
}

/// What the engine itself says of something that is not there: what one may not see is told of in the same words.
pub fn not_found(thing: Thing, called: &str) -> String {
    match thing {
        Thing::Container => format!("No such container: {called}"),
        Thing::Exec => format!("No such exec instance: {called}"),
        Thing::Image => format!("No such image: {}", familiar(called)),
        Thing::Volume => format!("get {called}: no such volume"),
        Thing::Network => format!("network {called} not found"),
        Thing::Service => format!("service {called} not found"),
        Thing::Task => format!("task {called} not found"),
        Thing::Secret => format!("secret {called} not found"),
        Thing::Config => format!("config {called} not found"),
    }
}
