//! Sessions at this door: programs that are started with a stream, and containers that are attached to. Their recording begins before the
//! engine is asked for anything.

use http::StatusCode;
use serde_json::Value;

use crate::{
    access::{Permit, Thing, watch},
    authn::Principal,
    backends::docker::{
        Engine,
        typed::looks::{What, look},
    },
    recordings::{About, NotRecordable, Recorder, Recordings, Where},
};

use super::{classify::Classified, door::Refusal};

/// What came of the wish to record.
pub enum Recorded {
    /// It is no session, or by the rules none that is recorded.
    Not,
    /// It should be recorded and is not: the rules let it pass.
    Failed,
    Begun(Recorder),
}

/// Begins to record what `classified` asks for, if that is a session. `said` is its body.
///
/// # Errors
/// When it must be recorded and cannot be.
pub async fn begin(
    recordings: &std::sync::Arc<Recordings>,
    engine: &Engine,
    permit: &Permit,
    who: &Principal,
    record: i64,
    classified: &Classified,
    said: Option<&Value>,
) -> Result<Recorded, Refusal> {
    let (thing, what) = match classified.row.name {
        // Detached there is no stream: nobody sees what it writes.
        "ExecStart" if said.is_some_and(|said| said["Detach"] == true) => return Ok(Recorded::Not),
        "ExecStart" => (Thing::Exec, What::Exec),
        "ContainerAttach" | "ContainerExec" => (Thing::Container, What::Container),
        _ => return Ok(Recorded::Not),
    };
    let called = classified.params.first().map_or("", String::as_str);
    let projects = projects(recordings, engine, permit, thing, called).await;
    let place = Where { engine: &engine.name, labels: &engine.labels, projects: projects.as_deref() };
    let Some(plan) = recordings.plan(&place) else { return Ok(Recorded::Not) };
    let refused = |refused: NotRecordable| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, refused.to_string());
    if classified.row.name == "ContainerExec" {
        return recordings.prepare(&plan).await.map(|()| Recorded::Not).map_err(refused);
    }
    // What the engine does not know it will not start either: then there is nothing to be said of it.
    let shown = look(engine, &watch(&engine.name), what, called).await.unwrap_or_default();
    let seen = Seen::of(thing, &shown, called);
    let known = engine.identify(Thing::Container, &seen.container);
    let (name, id) = known.map_or_else(|| (seen.name.clone(), seen.container.clone()), |known| (known.name, known.id));
    let about = About {
        record,
        engine: &engine.name,
        container: if name.is_empty() { called } else { &name },
        container_id: &id,
        process: if thing == Thing::Exec { &seen.process } else { &id },
        operation: classified.row.name,
        door: who.origin.door.name(),
        user: &who.subject.user,
        command: Some(&seen.command),
        // The engine frames what a program writes by what is asked for here, not by what the program was made with.
        tty: if thing == Thing::Exec { said.is_some_and(|said| said["Tty"] == true) } else { seen.tty },
        size: said.and_then(size),
    };
    match recordings.begin(&plan, &about).await {
        Ok(Some(recorder)) => Ok(Recorded::Begun(recorder)),
        Ok(None) => Ok(Recorded::Failed),
        Err(error) => Err(refused(error)),
    }
}

/// Whose the container is, where that matters.
async fn projects(recordings: &Recordings, engine: &Engine, permit: &Permit, thing: Thing, called: &str) -> Option<Vec<std::sync::Arc<str>>> {
    if let Some(owner) = &permit.operation().owner {
        return Some(owner.projects.clone());
    }
    if !recordings.asks_for_projects(&engine.name) {
        return None;
    }
    engine.owner(thing, called).await.ok().flatten().map(|owner| owner.projects)
}

/// Tells the recordings of a terminal that has another size.
pub fn resized(recordings: &Recordings, engine: &Engine, classified: &Classified) {
    let thing = match classified.row.name {
        "ExecResize" => Thing::Exec,
        "ContainerResize" => Thing::Container,
        _ => return,
    };
    let number = |name: &str| classified.query.iter().find(|(key, _)| key == name).and_then(|(_, value)| value.parse().ok());
    let (Some(columns), Some(rows)) = (number("w"), number("h")) else { return };
    let called = classified.params.first().map_or("", String::as_str);
    let known = if thing == Thing::Container { engine.identify(thing, called).map(|known| known.id) } else { None };
    recordings.resized(&engine.name, known.as_deref().unwrap_or(called), columns, rows);
}

/// Rows and columns, as newer command lines say them.
fn size(said: &Value) -> Option<(u16, u16)> {
    let number = |n: usize| said["ConsoleSize"].get(n).and_then(Value::as_u64).and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0);
    Some((number(1)?, number(0)?))
}

/// What the engine shows of a session.
struct Seen {
    container: String,
    name: String,
    process: String,
    command: String,
    tty: bool,
}

impl Seen {
    fn of(thing: Thing, shown: &Value, called: &str) -> Self {
        let text = |value: &Value, otherwise: &str| value.as_str().unwrap_or(otherwise).to_owned();
        let words = |program: &Value, arguments: &Value| {
            let arguments = arguments.as_array().into_iter().flatten();
            let words = std::iter::once(program).chain(arguments).filter_map(Value::as_str);
            words.collect::<Vec<_>>().join(" ").chars().take(1_000).collect()
        };
        if thing == Thing::Exec {
            let config = &shown["ProcessConfig"];
            return Self {
                container: text(&shown["ContainerID"], ""),
                name: String::new(),
                process: text(&shown["ID"], called),
                command: words(&config["entrypoint"], &config["arguments"]),
                tty: false,
            };
        }
        Self {
            container: text(&shown["Id"], called),
            name: text(&shown["Name"], "").trim_start_matches('/').to_owned(),
            process: String::new(),
            command: words(&shown["Path"], &shown["Args"]),
            tty: shown["Config"]["Tty"] == true,
        }
    }
}
