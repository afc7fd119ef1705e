//! What the record of a request tells of what it changes.

use http::StatusCode;
use serde_json::Value;

use crate::{
    access::{
        Permit,
        table::docker::{Body as Carries, Row},
        watch,
    },
    audit::{Change, asked, container_before, service_before, with_before},
    backends::docker::{Engine, typed::call},
};

use super::classify::Classified;

/// Whether the name of what is made stands in the body alone.
pub fn is_named_in_body(operation: &str) -> bool {
    matches!(operation, "ConfigCreate" | "NetworkCreate" | "SecretCreate" | "ServiceCreate" | "VolumeCreate")
}

/// Whether the record may say why the engine refused, in its words: those may say again what was in a body, and that is not written down.
/// What there is not, or is there already, they call by its name.
pub fn is_told(row: &Row, status: StatusCode) -> bool {
    matches!(row.body, Carries::None) || matches!(status, StatusCode::NOT_FOUND | StatusCode::CONFLICT)
}

/// Whether the engine answers with the id of something that it made.
pub fn makes(operation: &str) -> bool {
    matches!(
        operation,
        "ContainerCreate" | "ContainerExec" | "ServiceCreate" | "NetworkCreate" | "SecretCreate" | "ConfigCreate" | "ImageCommit" | "VolumeCreate"
    )
}

/// The id in such an answer; of a volume, that is its name.
pub fn made(answer: &Value) -> Option<&str> {
    ["Id", "ID", "Name"].iter().find_map(|name| answer[*name].as_str())
}

/// What is asked for, beside what there is now where something is changed. What cannot be looked up is left out: the engine decides what
/// comes of the request, and the record is not to stand in its way.
pub async fn changes(engine: &Engine, permit: &Permit, classified: &Classified, said: Option<&Value>) -> Vec<Change> {
    let operation = classified.row.name;
    let name = permit.operation().known.as_ref().map(|known| known.name.as_str());
    let after = asked(operation, name, &classified.query, said);
    let (path, describe): (String, fn(&Value) -> Value) = match (operation, classified.params.first()) {
        ("ContainerUpdate", Some(id)) => (format!("/containers/{id}/json"), container_before),
        ("ServiceUpdate", Some(id)) => (format!("/services/{id}"), service_before),
        _ => return after,
    };
    // A look of the house's own, for the record: whoever asks gets nothing of it.
    match call::read(engine, &watch(&engine.name), &path).await {
        Ok(before) => with_before(after, &describe(&before)),
        Err(_) => after,
    }
}
