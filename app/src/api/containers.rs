//! Containers of one engine.

use std::collections::BTreeMap;

use super::{Empty, ListQuery, Page, endpoints, lives, wire};

wire! {
    pub struct Container {
        pub id: String,
        pub name: String,
        pub image: String,
        pub command: String,
        /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
        pub state: String,
        /// The engine's own words, such as `Up 3 hours (healthy)`.
        pub status: String,
        /// `healthy`, `unhealthy` or `starting`, where the image has a check.
        pub health: Option<String>,
        pub created_at: i64,
        pub project: Option<String>,
        pub service: Option<String>,
        pub labels: BTreeMap<String, String>,
        pub ports: Vec<Port>,
        pub networks: Vec<String>,
        /// The last sample, for a running container.
        pub usage: Option<Usage>,
    }

    #[derive(Eq, Hash)]
    pub struct Port {
        pub container: u16,
        pub protocol: String,
        pub host: Option<u16>,
        pub address: Option<String>,
    }

    /// What a container uses. Rates are per second, over the time since the sample before.
    #[derive(Copy, Default)]
    pub struct Usage {
        pub at: i64,
        /// 100 is one core.
        pub cpu_percent: f64,
        /// Without the page cache.
        pub memory: u64,
        pub memory_limit: u64,
        pub net_rx: f64,
        pub net_tx: f64,
        pub disk_read: f64,
        pub disk_write: f64,
        pub pids: u32,
    }

    pub struct ContainerDetail {
        pub summary: Container,
        pub started_at: Option<i64>,
        pub finished_at: Option<i64>,
        pub exit_code: Option<i64>,
        pub restart_count: i64,
        pub restart_policy: String,
        pub tty: bool,
        pub env: Vec<String>,
        pub mounts: Vec<Mount>,
        pub networks: Vec<Attachment>,
        /// The engine's whole answer, as it came.
        pub inspect: serde_json::Value,
    }

    pub struct Mount {
        /// `bind`, `volume`, `tmpfs`, ...
        pub kind: String,
        pub source: String,
        pub destination: String,
        pub writable: bool,
    }

    pub struct Attachment { pub network: String, pub address: String, pub aliases: Vec<String> }

    #[derive(Default)]
    #[serde(default)]
    pub struct ContainerInput {
        pub name: String,
        pub image: String,
        /// Arguments, one an item; empty means the image's own.
        pub command: Vec<String>,
        pub env: Vec<String>,
        pub labels: BTreeMap<String, String>,
        /// `8080:80/tcp`, `127.0.0.1:8080:80`, `80`.
        pub ports: Vec<String>,
        /// `volume:/path`, `/host/path:/path:ro`.
        pub volumes: Vec<String>,
        pub networks: Vec<String>,
        /// `no`, `always`, `unless-stopped` or `on-failure`.
        pub restart: String,
        /// Start it at once.
        pub start: bool,
    }

    pub struct ContainerCreated { pub id: String, pub warnings: Vec<String> }

    #[derive(Default)]
    #[serde(default)]
    pub struct StopInput {
        /// Seconds to wait before it is killed; the container's own setting unless told.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub timeout_s: Option<i32>,
    }

    #[derive(Default)]
    #[serde(default)]
    pub struct KillInput {
        /// `SIGKILL` unless told.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub signal: Option<String>,
    }

    pub struct RenameInput { pub name: String }

    #[derive(Default)]
    #[serde(default)]
    pub struct RemoveInput {
        /// Kill it first if it runs.
        pub force: bool,
        /// Remove its anonymous volumes too.
        pub volumes: bool,
    }

    #[derive(Default)]
    #[serde(default)]
    pub struct LogQuery {
        /// How many of the last lines: up to 10,000; 500 unless told.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub tail: Option<u32>,
        /// Only lines since this time.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub since: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub until: Option<i64>,
    }

    pub struct LogLine {
        /// `stdout` or `stderr`.
        pub stream: LogStream,
        /// RFC 3339 with nanoseconds, as the engine gave it.
        pub at: String,
        /// One line without its end; may hold ANSI sequences. Long lines are cut at 64 KiB.
        pub text: String,
    }

    #[derive(Copy, Eq)]
    #[serde(rename_all = "lowercase")]
    pub enum LogStream { Stdout, Stderr }

    pub struct Processes { pub titles: Vec<String>, pub processes: Vec<Vec<String>> }

    pub struct Change {
        pub path: String,
        /// `changed`, `added` or `deleted`.
        pub kind: String,
    }

    pub struct UsageHistory { pub items: Vec<Usage> }

    #[derive(Default)]
    #[serde(default)]
    pub struct ExecQuery {
        /// The program; `/bin/sh` unless told.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub command: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub user: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub columns: Option<u16>,
        #[serde(skip_serializing_if = "Option::is_none")]
        pub rows: Option<u16>,
    }

    /// What the browser says on a terminal's WebSocket as text; keystrokes go as binary messages.
    #[serde(tag = "type", rename_all = "lowercase")]
    pub enum TerminalControl { Resize { columns: u16, rows: u16 } }

    /// What Pilothouse says on a terminal's WebSocket as text; output goes as binary messages.
    #[serde(tag = "type", rename_all = "lowercase")]
    pub enum TerminalNotice {
        /// What is shown is recorded; `typed` says whether what is typed is, too.
        Recorded { typed: bool },
    }
}

/// The WebSocket of a terminal in a container: binary messages both ways, `TerminalControl` and `TerminalNotice` as text; takes `ExecQuery`.
pub const TERMINAL: &str = "/api/v1/engines/{engine}/containers/{id}/terminal";
/// The log as plain text, for saving; takes `LogQuery`.
pub const LOG_DOWNLOAD: &str = "/api/v1/engines/{engine}/containers/{id}/logs/download";

endpoints! {
    "Lists the containers of an engine, stopped ones too. Sorts by name, image, state, created_at, cpu or memory."
    ContainerList: GET "/api/v1/engines/{engine}/containers", ListQuery => Page<Container>;
    "Makes a container, and starts it if asked to."
    ContainerCreate: POST "/api/v1/engines/{engine}/containers", ContainerInput => ContainerCreated;
    "Shows one container."
    ContainerGet: GET "/api/v1/engines/{engine}/containers/{id}", Empty => ContainerDetail;
    "Starts a container."
    ContainerStart: POST "/api/v1/engines/{engine}/containers/{id}/start", Empty => Empty;
    "Stops a container."
    ContainerStop: POST "/api/v1/engines/{engine}/containers/{id}/stop", StopInput => Empty;
    "Restarts a container."
    ContainerRestart: POST "/api/v1/engines/{engine}/containers/{id}/restart", StopInput => Empty;
    "Sends a container a signal."
    ContainerKill: POST "/api/v1/engines/{engine}/containers/{id}/kill", KillInput => Empty;
    "Pauses a container's processes."
    ContainerPause: POST "/api/v1/engines/{engine}/containers/{id}/pause", Empty => Empty;
    "Lets a paused container go on."
    ContainerUnpause: POST "/api/v1/engines/{engine}/containers/{id}/unpause", Empty => Empty;
    "Renames a container."
    ContainerRename: POST "/api/v1/engines/{engine}/containers/{id}/rename", RenameInput => Empty;
    "Removes a container."
    ContainerRemove: DELETE "/api/v1/engines/{engine}/containers/{id}", RemoveInput => Empty;
    "Lists the processes in a container."
    ContainerTop: GET "/api/v1/engines/{engine}/containers/{id}/processes", Empty => Processes;
    "Lists the files that differ from the image."
    ContainerChanges: GET "/api/v1/engines/{engine}/containers/{id}/changes", ListQuery => Page<Change>;
    "The last quarter of an hour of what a container used."
    ContainerUsage: GET "/api/v1/engines/{engine}/containers/{id}/usage", Empty => UsageHistory;
}

lives! {
    "Follows a container's log, from its last lines on."
    ContainerLogs: GET "/api/v1/engines/{engine}/containers/{id}/logs", LogQuery => LogLine;
    "Follows what a container uses."
    ContainerStats: GET "/api/v1/engines/{engine}/containers/{id}/stats", Empty => Usage;
}

/// Describes what answers with neither JSON nor events.
#[cfg(feature = "ssr")]
pub fn describe_raw(to: &mut super::describe::Reference) {
    to.raw::<LogQuery>(LOG_DOWNLOAD, "ContainerLogDownload", "The log as a text to save.", "200", "The lines, each with its time.");
    let stream = "A WebSocket: what is typed and shown goes as binary messages, the size as text: `TerminalControl`. That it is recorded \
                  comes as text before anything else: `TerminalNotice`. It closes with 1000 and the exit code, or with 4001 once the right to it has ended.";
    to.raw::<ExecQuery>(TERMINAL, "ContainerTerminal", "A terminal in a container.", "101", stream);
}
