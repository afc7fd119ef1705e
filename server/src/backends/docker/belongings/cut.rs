//! Answers, cut to what a permit reaches.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fmt,
};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::{
    super::{
        Engine, EngineError,
        typed::{call::unreadable, wire},
    },
    LABELS, follow, project_of,
};
use crate::access::{Permit, Place, Thing};

/// What is to be left out of one answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cut {
    place: Option<Place>,
    environment: bool,
}

/// Answers that hold values of environment variables.
const ENVIRONMENTS: [&str; 5] = ["ContainerInspect", "ServiceList", "ServiceInspect", "TaskList", "TaskInspect"];

impl Cut {
    /// What is to be left out of the answer to what was permitted; `None` for nothing.
    pub fn of(permit: &Permit) -> Option<Self> {
        let operation = permit.operation();
        let environment = !permit.shows_environment() && ENVIRONMENTS.contains(&operation.name);
        let partial = permit.reach().projects().is_some();
        let place = match operation.place {
            place @ (Place::Info | Place::Usage | Place::List(_)) if partial => Some(place),
            place @ Place::One(Thing::Network) if partial && operation.name == "NetworkInspect" => Some(place),
            _ => None,
        };
        (place.is_some() || environment).then_some(Self { place, environment })
    }

    /// # Errors
    /// When the answer is not what it should be: then nothing of it is passed on.
    pub fn apply(self, engine: &Engine, permit: &Permit, answer: &[u8]) -> Result<Vec<u8>, EngineError> {
        let cut = match self.place {
            None => answer.to_vec(),
            Some(Place::List(thing)) => list(engine, permit, thing, answer)?,
            Some(Place::Info) => edited(answer, |info| count(engine, permit, info))?,
            Some(Place::Usage) => edited(answer, |usage| usage_of(engine, permit, usage))?,
            Some(_) => edited(answer, |network| members(engine, permit, network))?,
        };
        let mut cut = if self.environment { edited(&cut, hide_values)? } else { cut };
        // A line stays a line: it is how engines end their answers.
        if answer.ends_with(b"\n") && !cut.ends_with(b"\n") {
            cut.push(b'\n');
        }
        Ok(cut)
    }
}

/// The project that an object's labels name, read without looking at the rest of them.
#[derive(Debug, Default)]
struct Project(Option<String>);

impl<'de> Deserialize<'de> for Project {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        struct Labels;
        impl<'de> Visitor<'de> for Labels {
            type Value = Project;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("labels")
            }

            fn visit_unit<E>(self) -> Result<Project, E> {
                Ok(Project(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut labels: A) -> Result<Project, A::Error> {
                let mut said: [Option<String>; LABELS.len()] = Default::default();
                while let Some(key) = labels.next_key::<Cow<'de, str>>()? {
                    match LABELS.iter().position(|label| *label == key) {
                        Some(n) => said[n] = Some(labels.next_value()?),
                        None => drop(labels.next_value::<IgnoredAny>()?),
                    }
                }
                let get = |key: &str| said[LABELS.iter().position(|label| *label == key)?].as_deref();
                Ok(Project(project_of(get).map(str::to_owned)))
            }
        }
        source.deserialize_any(Labels)
    }
}

/// As much of an item as tells whose it is.
#[derive(Deserialize)]
struct Item {
    #[serde(rename = "Labels", default)]
    labels: Project,
    #[serde(rename = "Spec", default)]
    spec: Option<Spec>,
    #[serde(rename = "Id", alias = "ID", default)]
    id: Option<String>,
    #[serde(rename = "Name", default)]
    name: Option<Value>,
    #[serde(rename = "ServiceID", default)]
    service: Option<String>,
}

#[derive(Deserialize)]
struct Spec {
    #[serde(rename = "Labels", default)]
    labels: Project,
}

fn includes(engine: &Engine, permit: &Permit, thing: Thing, item: &Item) -> bool {
    let by_index = |thing, id: Option<&str>| id.is_some_and(|id| engine.reaches(permit, thing, id));
    match thing {
        Thing::Container | Thing::Network | Thing::Exec => permit.reach().includes(item.labels.0.as_deref()),
        Thing::Volume => match &item.labels.0 {
            Some(project) => permit.reach().includes(Some(project)),
            None => by_index(Thing::Volume, item.name.as_ref().and_then(Value::as_str)),
        },
        Thing::Image => by_index(Thing::Image, item.id.as_deref()),
        Thing::Service | Thing::Secret | Thing::Config => permit.reach().includes(item.spec.as_ref().and_then(|spec| spec.labels.0.as_deref())),
        Thing::Task => by_index(Thing::Service, item.service.as_deref()),
    }
}

/// The items of an array that the permit reaches, each as the engine wrote it. Read once, item by item, and of each no more is kept than
/// tells whose it is: a list may have ten thousand.
fn items(engine: &Engine, permit: &Permit, thing: Thing, array: &str) -> Result<String, EngineError> {
    let array = array.trim();
    if array == "null" {
        return Ok(array.to_owned());
    }
    let mut rest = array.strip_prefix('[').ok_or_else(unreadable)?.trim_start();
    let mut out = String::from("[");
    let mut first = true;
    while !rest.starts_with(']') {
        if !std::mem::take(&mut first) {
            rest = rest.strip_prefix(',').ok_or_else(unreadable)?.trim_start();
        }
        let mut source = serde_json::Deserializer::from_str(rest).into_iter::<Item>();
        let item = source.next().ok_or_else(unreadable)?.map_err(|_| unreadable())?;
        let (raw, behind) = rest.split_at_checked(source.byte_offset()).ok_or_else(unreadable)?;
        if includes(engine, permit, thing, &item) {
            if out.len() > 1 {
                out.push(',');
            }
            out.push_str(raw);
        }
        rest = behind.trim_start();
    }
    if rest != "]" {
        return Err(unreadable());
    }
    out.push(']');
    Ok(out)
}

fn list(engine: &Engine, permit: &Permit, thing: Thing, answer: &[u8]) -> Result<Vec<u8>, EngineError> {
    let text = std::str::from_utf8(answer).map_err(|_| unreadable())?;
    let out = if thing == Thing::Volume {
        // Its list is a field of an object. What the engine warns of may name anything.
        let whole: HashMap<&str, &RawValue> = serde_json::from_str(text).map_err(|_| unreadable())?;
        let volumes = items(engine, permit, thing, whole.get("Volumes").map_or("null", |raw| raw.get()))?;
        format!("{{\"Volumes\":{volumes},\"Warnings\":null}}")
    } else {
        items(engine, permit, thing, text)?
    };
    Ok(out.into_bytes())
}

/// Reads an answer, lets it be changed, and writes it anew.
fn edited(answer: &[u8], edit: impl FnOnce(&mut Value)) -> Result<Vec<u8>, EngineError> {
    let mut value: Value = serde_json::from_slice(answer).map_err(|_| unreadable())?;
    edit(&mut value);
    serde_json::to_vec(&value).map_err(|_| unreadable())
}

/// What an engine counts, counted anew.
fn count(engine: &Engine, permit: &Permit, info: &mut Value) {
    let within = |project: Option<&str>| permit.reach().includes(project);
    let Some(info) = info.as_object_mut() else { return };
    let counts = engine.belongings.counts(within);
    for (field, count) in [
        ("Containers", counts.running + counts.paused + counts.stopped),
        ("ContainersRunning", counts.running),
        ("ContainersPaused", counts.paused),
        ("ContainersStopped", counts.stopped),
        ("Images", counts.images),
    ] {
        info.insert(field.to_owned(), count.into());
    }
    info.remove("Swarm");
    info.remove("Labels");
    info.remove("RegistryConfig");
}

/// What takes up space, of what the permit reaches.
fn usage_of(engine: &Engine, permit: &Permit, usage: &mut Value) {
    let Some(usage) = usage.as_object_mut() else { return };
    for (field, thing) in [("Containers", Thing::Container), ("Volumes", Thing::Volume), ("Images", Thing::Image)] {
        if let Some(list) = usage.get_mut(field).and_then(Value::as_array_mut) {
            list.retain(|item| Item::deserialize(item).is_ok_and(|item| includes(engine, permit, thing, &item)));
        }
    }
    let layers: i64 = sizes(usage.get("Images"), "Size");
    usage.insert("LayersSize".to_owned(), layers.into());
    usage.insert("BuildCache".to_owned(), Value::Array(Vec::new()));
    usage.insert("BuilderSize".to_owned(), 0.into());
    // The sums of newer engines cannot be cut, and their clients make them themselves where they are missing.
    for field in ["ContainerUsage", "ImageUsage", "VolumeUsage", "BuildCacheUsage"] {
        usage.remove(field);
    }
}

fn sizes(list: Option<&Value>, field: &str) -> i64 {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(|item| item.get(field)?.as_i64()).sum()
}

/// Of the containers on a network, those that the permit reaches.
fn members(engine: &Engine, permit: &Permit, network: &mut Value) {
    if let Some(members) = network.get_mut("Containers").and_then(Value::as_object_mut) {
        members.retain(|id, _| engine.reaches(permit, Thing::Container, id));
    }
    if let Some(network) = network.as_object_mut() {
        network.remove("Services");
        network.remove("Peers");
    }
}

/// Leaves out the values of environment variables, wherever they stand: their names stay (threats K3).
pub fn hide_values(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide_values),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::Array(lines) if name == "Env" => {
                        for line in lines {
                            *line = Value::String(hide_value(line.as_str().unwrap_or_default()));
                        }
                    }
                    field => hide_values(field),
                }
            }
        }
        _ => {}
    }
}

/// One line `NAME=value` without its value.
pub fn hide_value(line: &str) -> String {
    line.split_once('=').map_or_else(|| line.to_owned(), |(name, _)| format!("{name}=(hidden)"))
}

/// Whether one event of the engine's, a line of JSON, is about what the permit reaches.
pub async fn cut_event(engine: &Engine, permit: &Permit, line: &[u8]) -> bool {
    match serde_json::from_slice::<wire::EventLine>(line) {
        Ok(event) => event_reaches(engine, permit, &event.kind, &event.actor.id, &event.actor.attributes).await,
        Err(_) => permit.reach().projects().is_none(),
    }
}

/// Whether an event of this kind, about the thing of this id, is about what the permit reaches.
pub async fn event_reaches(engine: &Engine, permit: &Permit, kind: &str, id: &str, attributes: &BTreeMap<String, String>) -> bool {
    if permit.reach().projects().is_none() {
        return true;
    }
    let Some(thing) = follow::thing_of(kind) else { return false };
    match (thing, attributes.get("container")) {
        // A container's labels stand in its events.
        (Thing::Container, _) => permit.reach().includes(project_of(|key| attributes.get(key).map(String::as_str))),
        // What another one's container does on a network of one's own is still theirs.
        (Thing::Network | Thing::Volume, Some(container)) => engine.reaches(permit, Thing::Container, container),
        _ => {
            // It may be so new that this is the first that is heard of it.
            let owner = engine.owner(thing, id).await.ok().flatten();
            owner.is_some_and(|owner| permit.reach().includes_any(&owner.projects)) || engine.reaches(permit, thing, id)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_environments_the_names_stay() {
        let mut value = json!({"Config": {"Env": ["A=secret", "B=", "C"], "Cmd": ["x=y"]}, "Spec": [{"Env": ["D=1"]}]});
        hide_values(&mut value);
        assert_eq!(value, json!({"Config": {"Env": ["A=(hidden)", "B=(hidden)", "C"], "Cmd": ["x=y"]}, "Spec": [{"Env": ["D=(hidden)"]}]}));
    }

    #[test]
    fn a_project_is_read_out_of_labels_in_their_order_of_weight() {
        let read = |text: &str| serde_json::from_str::<Item>(text).unwrap().labels.0;
        assert_eq!(read(r#"{"Labels":{"a":"b","com.docker.compose.project":"c","pilothouse.project":"shop"}}"#).as_deref(), Some("shop"));
        assert_eq!(read(r#"{"Labels":{"pilothouse.project":"","com.docker.stack.namespace":"c"}}"#).as_deref(), Some("c"));
        assert_eq!(read(r#"{"Labels":{"a\n":"b"}}"#), None);
        assert_eq!(read(r#"{"Labels":null}"#), None);
        assert_eq!(read("{}"), None);
    }
}
