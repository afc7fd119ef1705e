//! Recordings, with a real engine and a real command line: what was shown is what is kept, and nobody else reads it.

mod console;
mod doors;
mod ends;
mod rules;

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use pilothouse_tests::sandbox::{House, engine};
use serde_json::{Value, json};

use crate::parity::process::Process;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A container of this test alone, that is gone with it.
struct Box<'a> {
    house: &'a House,
    name: &'a str,
}

impl<'a> Box<'a> {
    fn with(house: &'a House, name: &'a str, config: Value) -> Self {
        remove(name);
        let mut all = json!({ "Image": "busybox", "Cmd": ["sleep", "600"], "StopSignal": "KILL" });
        for (key, value) in config.as_object().unwrap() {
            all[key] = value.clone();
        }
        let made = house.post(&house.admin, &format!("/engines/demo/containers/create?name={name}"), all);
        assert_eq!(made.status, 201, "{made:?}");
        let started = house.send(&house.admin, "POST", &format!("/engines/demo/containers/{name}/start"), "");
        assert_eq!(started.status, 204, "{started:?}");
        Self { house, name }
    }

    fn new(house: &'a House, name: &'a str) -> Self {
        Self::with(house, name, json!({}))
    }

    /// The recordings of sessions in it, newest first.
    fn recordings(&self) -> Vec<Value> {
        let answer = self.house.get(&self.house.admin, &format!("/api/v1/recordings?container={}", self.name));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["items"].as_array().unwrap().clone()
    }

    /// The newest recording, once it has ended.
    fn ended(&self) -> Value {
        until("the recording ends", || self.recordings().first().filter(|recording| recording["running"] == false).cloned())
    }

    /// The recording that runs.
    fn running(&self) -> Value {
        until("a recording runs", || self.recordings().first().filter(|recording| recording["running"] == true).cloned())
    }
}

/// Behind everybody's back: the house may be gone.
fn remove(name: &str) {
    let socket = format!("unix://{}", engine().socket.display());
    let _ = Command::new("docker").args(["-H", &socket, "rm", "-f", name]).output();
}

impl Drop for Box<'_> {
    fn drop(&mut self) {
        remove(self.name);
    }
}

/// Waits for something.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// `docker` through the house.
fn docker(house: &House, arguments: &[&str]) -> Command {
    let mut command = Command::new("docker");
    command.args(arguments).envs(house.docker_env(&house.admin, "demo")).stdin(std::process::Stdio::piped());
    command
}

/// The same at a terminal of 80 by 24.
fn at_terminal(house: &House, arguments: &[&str]) -> Process {
    let quoted: Vec<String> = arguments.iter().map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
    let line = format!("stty cols 80 rows 24; exec docker {}", quoted.join(" "));
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).envs(house.docker_env(&house.admin, "demo")).stdin(std::process::Stdio::piped());
    Process::start(command, None, PATIENCE).unwrap()
}

/// The events of a recording, in their order: seconds, kind, text.
fn events(house: &House, id: &Value) -> Vec<(f64, String, String)> {
    let answer = house.get(&house.admin, &format!("/api/v1/recordings/{id}/cast"));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/x-asciicast"));
    let mut lines = answer.body.lines();
    let head: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
    assert_eq!((&head["version"], head["env"].is_null()), (&json!(2), true), "{head}");
    let events: Vec<(f64, String, String)> = lines.map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect();
    assert!(events.is_sorted_by(|a, b| a.0 <= b.0), "time goes back");
    events
}

/// All texts of this kind, as one.
fn text(events: &[(f64, String, String)], kind: &str) -> String {
    events.iter().filter(|event| event.1 == kind).map(|event| event.2.as_str()).collect()
}

/// What the house says of a recording.
fn proof(house: &House, id: &Value) -> Value {
    let answer = house.get(&house.admin, &format!("/api/v1/recordings/{id}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Whether these bytes are in any file of a folder.
fn is_on_disk(data: &Path, needle: &str) -> bool {
    std::fs::read_dir(data).unwrap().flatten().any(|entry| {
        let bytes = std::fs::read(entry.path()).unwrap_or_default();
        bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    })
}

/// The audit record of a recording.
fn record_of(house: &House, id: &Value) -> Value {
    until("the audit record ends", || {
        house.audit("&target=demo").into_iter().find(|record| &record["id"] == id).filter(|record| record["outcome"] != "open")
    })
}

fn rule(house: &House, rule: Value) -> String {
    let answer = house.post(&house.admin, "/api/v1/recording-rules", rule);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["id"].as_str().unwrap().to_owned()
}
