//! From what a door was asked to a [`Workload`].

mod container;
mod mounts;
mod others;
mod service;

use serde_json::Value;

use super::workload::{HostPath, Kind, Workload};

pub use container::{exec, updated};
pub use mounts::{taken_over, volume};
pub use service::service;

/// What a door was asked, by the name of the operation in the engine's API.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub operation: &'a str,
    /// The path's parameters.
    pub params: &'a [String],
    pub query: &'a [(String, String)],
    pub body: Option<&'a Value>,
}

/// Why a request cannot be judged, to go on from "... and".
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unread {
    /// It has a field that is not known, or of another shape.
    Field(String),
    /// What it is about is elsewhere.
    Opaque(String),
}

impl<'a> Ask<'a> {
    /// A value of the query; empty when it is not there.
    pub fn asked(&self, name: &str) -> &'a str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of a name in the query.
    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn param(&self) -> &'a str {
        self.params.first().map(String::as_str).unwrap_or_default()
    }
}

/// What is asked for; `None` when it asks for nothing that any rule is about.
///
/// # Errors
/// Why it cannot be judged.
pub fn reduce(ask: &Ask) -> Result<Option<Workload>, Unread> {
    let body = ask.body.unwrap_or(&Value::Null);
    super::fields::check(ask.operation, body).map_err(Unread::Field)?;
    let workload = match ask.operation {
        "ContainerCreate" => container::created(body),
        "ContainerUpdate" => container::changed(body),
        "ContainerExec" => container::exec(body),
        "ServiceCreate" | "ServiceUpdate" => service::service(body),
        "VolumeCreate" => others::new_volume(body),
        "NetworkCreate" => others::new_network(body),
        "NetworkConnect" => others::connected(ask.param(), &body["EndpointConfig"]),
        "ImageBuild" => others::build(ask).map_err(Unread::Opaque)?,
        "ImageCreate" => others::image_create(ask).map_err(Unread::Opaque)?,
        "DistributionInspect" => Workload { kind: Kind::Pull, images: vec![ask.param().to_owned()], ..Workload::default() },
        "ImageTag" | "ImageCommit" | "ImageLoad" => Workload { kind: Kind::ImageName, ..Workload::default() },
        "PluginPull" | "PluginCreate" | "PluginUpgrade" | "PluginSet" | "PluginEnable" => {
            Workload { kind: Kind::Plugin, privileged: true, ..Workload::default() }
        }
        "CheckpointCreate" => checkpoint(&body["CheckpointDir"]),
        "CheckpointList" | "CheckpointDelete" => checkpoint(&Value::from(ask.asked("dir"))),
        "ContainerStart" => checkpoint(&Value::from(ask.asked("checkpoint-dir"))),
        "Session" | "Grpc" => {
            return Err(Unread::Opaque("what goes through BuildKit's tunnel cannot be judged; build with DOCKER_BUILDKIT=0".to_owned()));
        }
        _ => return Ok(None),
    };
    Ok(Some(workload))
}

/// A checkpoint is read from the host's file system, or written there.
fn checkpoint(dir: &Value) -> Workload {
    let host_paths = match text(dir) {
        path if path.is_empty() => Vec::new(),
        path => vec![HostPath { path, read_only: false, shared: false }],
    };
    Workload { kind: Kind::Attach, host_paths, ..Workload::default() }
}

/// A text; empty where there is none. What should be one and is not stays visible: no rule allows it.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether it is set. The engine takes `true` and `false` only, and nothing else passes as the latter.
fn is_set(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

/// Whether anything is in it: what Go calls its zero is as good as absent.
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(set) => *set,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => map.values().any(is_something),
    }
}

/// A list of texts. The engine takes a single one for a list of one.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().map(text).collect(),
        one => vec![text(one)],
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn keys(value: &Value) -> impl Iterator<Item = &String> {
    value.as_object().into_iter().flat_map(serde_json::Map::keys)
}

/// A number that is more than nothing.
fn positive(value: &Value) -> Option<i64> {
    value.as_i64().filter(|number| *number > 0)
}

fn labels(value: &Value) -> std::collections::BTreeMap<String, String> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
}
