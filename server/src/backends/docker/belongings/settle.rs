//! What somebody with rights on a project makes is put into it, and may refer only to what is in it.

use serde_json::{Map, Value, json};

use super::{
    super::{
        Engine, EngineError,
        typed::{
            names::{is_repository, is_tag, without_tag},
            volumes,
        },
    },
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
/// What the engine could take for the beginning of an id is replaced by what never is: between this look and the engine's own a name may
/// be given to something else, or to nothing, but never an id.
///
/// # Errors
/// [`EngineError::NotFound`] and [`EngineError::Outside`]: then nothing may be sent.
pub async fn settle(engine: &Engine, permit: &Permit, query: &mut [(String, String)], body: Option<&mut Value>) -> Result<Option<Project>> {
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

async fn settled(engine: &Engine, permit: &Permit, query: &mut [(String, String)], body: Option<&mut Value>) -> Result<Settled> {
    let asks = Asks { engine, permit };
    let operation = permit.operation();
    if let Place::Named(thing) = operation.place {
        return asks.named(thing, query).await;
    }
    let query = &*query;
    let asked = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty());
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
            if let Some(endpoint) = body.get_mut("EndpointConfig") {
                asks.endpoint(endpoint).await?;
            }
            Ok(Settled::default())
        }
        (Place::New(Thing::Image), ..) => {
            asks.may_pull(asked("fromImage").unwrap_or_default(), asked("tag")).await?;
            Ok(Settled { project: Some(asks.only_project()?), ..Settled::default() })
        }
        (Place::One(Thing::Image), "ImageTag", _) => {
            let (repository, tag) = (asked("repo").unwrap_or_default(), asked("tag").unwrap_or("latest"));
            // The engine reads a tag out of the repository, too: what is looked at must be what it reads.
            if !is_repository(repository) || !is_tag(tag) {
                return Err(EngineError::Outside("Name the repository and the tag, each by itself.".to_owned()));
            }
            asks.name_is_free(&format!("{repository}:{tag}")).await?;
            Ok(Settled { project: Some(asks.only_project()?), ..Settled::default() })
        }
        // Without a tag the engine pushes all that there are of the repository.
        (Place::One(Thing::Image), "ImagePush", _) if asked("tag").is_none() && !has_tag(&operation.object) => {
            Err(EngineError::Outside("Say which tag: with a right on a project they are not pushed all at once.".to_owned()))
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
        (Place::List(thing @ (Thing::Container | Thing::Image)), ..) => {
            // To be told what came before something is to be told that it is there.
            let filters: Value = asked("filters").and_then(|filters| serde_json::from_str(filters).ok()).unwrap_or_default();
            for name in ["before", "since"] {
                for called in asked(name).into_iter().chain(named(&filters[name])) {
                    asks.one(thing, called).await?;
                }
            }
            Ok(Settled::default())
        }
        // The engine makes something of nothing, too: then it would be nobody's.
        (Place::New(_), _, None) => Err(EngineError::Outside("Send a JSON object: what is to be made is said in the body.".to_owned())),
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
    /// Our own label says it in any case: it weighs most, so no label of an image's can say otherwise.
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
        let project = match (named, otherwise) {
            (Some(project), _) => project,
            (None, Some(project)) => project.clone(),
            (None, None) => self.only_project()?,
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

    /// As [`Asks::one`], by what the engine takes for nothing else: what may begin an id becomes one.
    async fn pinned(&self, thing: Thing, called: &str) -> Result<String> {
        let id = self.one(thing, called).await?;
        Ok(if may_begin_an_id(called) { id } else { called.to_owned() })
    }

    /// What is exported by name: one tag of each, where the engine would take all that there are of a repository.
    async fn named(&self, thing: Thing, query: &mut [(String, String)]) -> Result<Settled> {
        if !query.iter().any(|(key, _)| key == "names") {
            return Err(EngineError::Outside("Say which: with a right on a project nothing is exported unnamed.".to_owned()));
        }
        for (key, name) in query {
            if key == "names" {
                *name = self.one(thing, name).await?;
            }
        }
        Ok(Settled::default())
    }

    /// A pull moves a name. That of an image which others have made here, and which is in no registry, stays where it is.
    async fn may_pull(&self, image: &str, tag: Option<&str>) -> Result<()> {
        let name = match tag {
            None if has_tag(image) || image.contains('@') => image.to_owned(),
            Some(digest) if digest.contains(':') && is_repository(image) => format!("{image}@{digest}"),
            Some(tag) if is_repository(image) && is_tag(tag) => format!("{image}:{tag}"),
            _ => return Err(EngineError::Outside("Name the repository and the tag, each by itself.".to_owned())),
        };
        let name = familiar(&name);
        let Some(owner) = self.engine.owner(Thing::Image, &name).await? else { return Ok(()) };
        let theirs = self.permit.reach().includes_any(&owner.projects);
        if !theirs && self.engine.belongings.read().is_of_here(&name) {
            return Err(taken(&name));
        }
        Ok(())
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
            return Err(taken(&name));
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

    /// The name of a network that is theirs, or of one of the engine's own.
    async fn on_network(&self, name: &str) -> Result<String> {
        if matches!(name, "" | "default" | "bridge" | "none" | "host" | "nat") || name.starts_with("container:") {
            return Ok(name.to_owned());
        }
        self.pinned(Thing::Network, name).await
    }

    /// As [`Asks::on_network`], of a field, if it is there.
    async fn network_of(&self, holder: &mut Value, field: &str) -> Result<()> {
        if let Some(name) = holder.get(field).and_then(Value::as_str).map(str::to_owned) {
            holder[field] = self.on_network(&name).await?.into();
        }
        Ok(())
    }

    /// A list of containers, each with something behind a colon.
    async fn containers_of(&self, holder: &mut Value, field: &str) -> Result<()> {
        for item in holder.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(text) = item.as_str() else { continue };
            let (called, rest) = text.split_once(':').map_or((text, None), |(called, rest)| (called, Some(rest)));
            let pinned = self.pinned(Thing::Container, called).await?;
            *item = match rest {
                Some(rest) => format!("{pinned}:{rest}").into(),
                // A link is called what its container was called by.
                None if field == "Links" && pinned != called => format!("{pinned}:{called}").into(),
                None => pinned.into(),
            };
        }
        Ok(())
    }

    async fn endpoint(&self, endpoint: &mut Value) -> Result<()> {
        self.network_of(endpoint, "NetworkID").await?;
        self.containers_of(endpoint, "Links").await
    }

    async fn container(&self, body: &mut Value) -> Result<Settled> {
        let project = self.label(body, None)?;
        let image = body.get("Image").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !image.is_empty() {
            body["Image"] = self.pinned(Thing::Image, &image).await?.into();
        }
        let mut settled = Settled { volumes: Vec::new(), project: Some(project.clone()) };
        if let Some(endpoints) = body.pointer_mut("/NetworkingConfig/EndpointsConfig").and_then(Value::as_object_mut) {
            for (network, mut endpoint) in std::mem::take(endpoints) {
                self.endpoint(&mut endpoint).await?;
                endpoints.insert(self.on_network(&network).await?, endpoint);
            }
        }
        let Some(host) = body.get_mut("HostConfig").filter(|host| host.is_object()) else { return Ok(settled) };
        self.network_of(host, "NetworkMode").await?;
        self.containers_of(host, "VolumesFrom").await?;
        self.containers_of(host, "Links").await?;
        let Some(host) = host.as_object_mut() else { return Ok(settled) };
        for field in ["NetworkMode", "IpcMode", "PidMode", "Cgroup"] {
            self.mode(host, field).await?;
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
                self.mount(mount, &project, false).await?;
            }
        }
        Ok(settled)
    }

    /// A mount of a container's or a service's. A volume that is made for it belongs to the project. What runs `anywhere` in a swarm may
    /// come to a node of whose volumes nothing is known here: there the name alone keeps projects apart.
    async fn mount(&self, mount: &mut Value, project: &Project, anywhere: bool) -> Result<()> {
        let source = mount.get("Source").and_then(Value::as_str).unwrap_or_default().to_owned();
        match mount.get("Type").and_then(Value::as_str).unwrap_or("volume") {
            "volume" => {
                let unknown = !source.is_empty() && self.mounts(&source).await?;
                if unknown && anywhere && !source.strip_prefix(&**project).is_some_and(|rest| rest.starts_with('_')) {
                    return Err(EngineError::Outside(format!("A service of project {project} mounts volumes that are called {project}_...")));
                }
                let Some(mount) = mount.as_object_mut() else { return Err(shapeless()) };
                let options = mount.entry("VolumeOptions").or_insert_with(|| json!({}));
                if options.is_null() {
                    *options = json!({});
                }
                self.label(options, Some(project)).map(drop)
            }
            "image" => {
                mount["Source"] = self.pinned(Thing::Image, &source).await?.into();
                Ok(())
            }
            "cluster" => Err(EngineError::Outside("Cluster volumes belong to no project.".to_owned())),
            // Paths of the host are for guardrails to judge.
            _ => Ok(()),
        }
    }

    async fn network(&self, body: &mut Value) -> Result<Settled> {
        let project = self.label(body, None)?;
        if let Some(from) = body.get_mut("ConfigFrom").filter(|from| from.get("Network").and_then(Value::as_str).is_some_and(|name| !name.is_empty()))
        {
            self.network_of(from, "Network").await?;
        }
        Ok(Settled { project: Some(project), ..Settled::default() })
    }

    async fn volume(&self, body: &mut Value) -> Result<Settled> {
        let project = self.label(body, None)?;
        let name = body.get("Name").and_then(Value::as_str).unwrap_or_default().to_owned();
        // To make a volume that is there already is to be told all about it.
        if !name.is_empty() && self.engine.owner(Thing::Volume, &name).await?.is_some_and(|owner| !self.permit.reach().includes_any(&owner.projects))
        {
            return Err(taken(&name));
        }
        Ok(Settled { project: Some(project), ..Settled::default() })
    }

    async fn service(&self, body: &mut Value) -> Result<Settled> {
        let project = self.label(body, None)?;
        for list in ["/TaskTemplate/Networks", "/Networks"] {
            for network in body.pointer_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                self.network_of(network, "Target").await?;
            }
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
        self.image_of_service(container).await?;
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
                self.mount(mount, &project, true).await?;
            }
        }
        Ok(Settled { project: Some(project), ..Settled::default() })
    }

    /// The image of a service. One that is not here is named by its digest: a node may have another under the same name, and whose.
    async fn image_of_service(&self, container: &mut Value) -> Result<()> {
        let image = container.get("Image").and_then(Value::as_str).unwrap_or_default().to_owned();
        if image.is_empty() {
            return Ok(());
        }
        let known = |name: &str| self.engine.belongings.read().image_id(name).is_some();
        let (name, digest) = image.split_once('@').map_or((image.as_str(), None), |(name, digest)| (name, Some(digest)));
        if known(name) {
            self.one(Thing::Image, name).await?;
        }
        if digest.is_some() {
            if known(&image) {
                self.one(Thing::Image, &image).await?;
            }
            return Ok(());
        }
        if !known(name) {
            return Err(EngineError::Outside(format!("The image {name} is not on this engine: pull it first, or name its digest.")));
        }
        container["Image"] = self.pinned(Thing::Image, name).await?.into();
        Ok(())
    }
}

fn taken(name: &str) -> EngineError {
    EngineError::Outside(format!("The name {name} is taken on this engine. Choose another."))
}

/// Whether a reference to an image says its tag.
fn has_tag(image: &str) -> bool {
    !image.contains('@') && without_tag(image).1.is_some()
}

/// Whether the engine could take a name for the beginning of an id.
fn may_begin_an_id(called: &str) -> bool {
    let bare = called.strip_prefix('/').unwrap_or(called);
    let bare = bare.strip_prefix("sha256:").unwrap_or(bare);
    !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_hexdigit())
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
