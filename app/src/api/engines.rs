//! Engines: Docker daemons that Pilothouse stands in front of.

use std::collections::BTreeMap;

use super::{Empty, ListQuery, Page, endpoints, wire};

wire! {
    pub struct Engine {
        pub name: String,
        /// `unix:///path`, `tcp://host:port` (mutual TLS) or `tcp+plain://host:port`.
        pub url: String,
        pub labels: BTreeMap<String, String>,
        /// True when a client certificate and key are stored. They are never shown.
        pub tls: bool,
        /// True when the settings file declares it: such an engine is changed there.
        pub declared: bool,
        pub health: Health,
        /// What the engine said of itself when it last answered.
        pub info: Option<EngineInfo>,
    }

    #[serde(tag = "state", rename_all = "lowercase")]
    pub enum Health {
        /// Not asked yet.
        Unknown,
        Up { since: i64, latency_ms: u32 },
        Down { since: i64, reason: String },
    }

    #[derive(Default)]
    pub struct EngineInfo {
        pub version: String,
        pub api_version: String,
        pub min_api_version: String,
        pub os: String,
        pub arch: String,
        pub kernel: String,
        pub cpus: u32,
        pub memory: u64,
        pub containers: u32,
        pub running: u32,
        pub paused: u32,
        pub stopped: u32,
        pub images: u32,
        pub storage_driver: String,
        pub swarm: bool,
    }

    pub struct EngineInput {
        /// 1 to 63 of `a-z`, `0-9` and `-`.
        pub name: String,
        pub url: String,
        #[serde(default)]
        pub labels: BTreeMap<String, String>,
        #[serde(default)]
        pub tls: Option<TlsInput>,
    }

    /// PEM texts. Write-only: no answer ever holds them.
    pub struct TlsInput {
        /// The certificate authority that signed the engine's certificate.
        pub ca: String,
        pub cert: String,
        pub key: String,
    }

    pub struct EngineUpdateInput {
        #[serde(default)]
        pub url: Option<String>,
        #[serde(default)]
        pub labels: Option<BTreeMap<String, String>>,
        #[serde(default)]
        pub tls: Option<TlsInput>,
    }

    /// What a connection test found, step by step; it stops at the first step that fails.
    pub struct EngineTestOutput { pub ok: bool, pub steps: Vec<TestStep>, pub info: Option<EngineInfo> }

    pub struct TestStep {
        /// `address`, `connect`, `tls`, `answer` or `version`.
        pub step: String,
        pub ok: bool,
        /// What was found, or what failed and what to do about it.
        pub message: String,
    }
}

endpoints! {
    "Lists the engines you may see, with their health."
    EngineList: GET "/api/v1/engines", ListQuery => Page<Engine>;
    "Adds an engine."
    EngineCreate: POST "/api/v1/engines", EngineInput => Engine;
    "Tries to reach an engine without adding it, and explains what fails."
    EngineTest: POST "/api/v1/engines/test", EngineInput => EngineTestOutput;
    "Shows one engine."
    EngineGet: GET "/api/v1/engines/{engine}", Empty => Engine;
    "Changes an engine's address, labels or certificates."
    EngineUpdate: PATCH "/api/v1/engines/{engine}", EngineUpdateInput => Engine;
    "Forgets an engine. The engine itself and what runs on it stay as they are."
    EngineDelete: DELETE "/api/v1/engines/{engine}", Empty => Empty;
}
