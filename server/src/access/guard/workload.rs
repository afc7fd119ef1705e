//! A workload, normalised: what it asks for, whichever door and field it asks by.

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_app::api::guardrails::Namespace;

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Kind {
    #[default]
    Container,
    /// A change of a container that is there: the workload holds what it would have then, of what can be changed.
    ContainerUpdate,
    Exec,
    Service,
    Volume,
    Network,
    /// A container is connected to a network, or something else is done with what is there.
    Attach,
    Build,
    /// An image comes from a registry.
    Pull,
    /// A name is given to an image on the engine: by building, tagging, committing, importing or loading.
    ImageName,
    /// A plugin, which runs with the rights of the engine.
    Plugin,
}

/// A namespace that is not the workload's own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Join {
    Host(Namespace),
    /// That of another container, in these words.
    Container(String),
    /// Something that is no known way: judged like the host's.
    Odd(Namespace, String),
}

/// A place of the host's that the workload would reach.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HostPath {
    /// As it was asked for.
    pub path: String,
    pub read_only: bool,
    /// Mounts of the one side appear on the other.
    pub shared: bool,
}

/// Something mounted that is no place of the host's and no plain volume: `nfs`, `cifs`, `overlay`, a driver that is not `local`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Remote {
    /// A file system of this type, mounted by the local driver.
    FileSystem(String),
    /// A volume driver.
    Driver(String),
}

/// A port of the host's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Port {
    /// One, or several of which the engine takes one.
    Range(u16, u16),
    /// Any that the engine picks.
    Random,
    /// What was asked for is no port.
    Odd,
}

/// Who a program runs as.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum User {
    /// Whoever the image, or the container, says.
    Unsaid,
    /// In these words.
    As(String),
}

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workload {
    pub kind: Kind,
    pub privileged: bool,
    /// Who it runs as, where that can be said.
    pub user: Option<User>,
    /// Further groups.
    pub groups: Vec<String>,
    /// Every image that it names, as it names them.
    pub images: Vec<String>,
    pub host_paths: Vec<HostPath>,
    pub remotes: Vec<Remote>,
    pub joins: Vec<Join>,
    pub capabilities: Vec<String>,
    pub devices: Vec<String>,
    /// `key=value`.
    pub security: Vec<String>,
    pub sysctls: Vec<String>,
    pub runtime: Option<String>,
    /// What is told to the runtime.
    pub annotations: Vec<String>,
    pub log_driver: Option<String>,
    /// What memory it is limited to, in bytes.
    pub memory: Option<i64>,
    /// How it would get round its limits.
    pub beyond_limits: Option<&'static str>,
    /// What processors it is limited to, in billionths of one.
    pub nano_cpus: Option<i64>,
    pub pids: Option<i64>,
    /// A control group that is not the engine's default.
    pub cgroup_parent: Option<String>,
    pub ports: Vec<Port>,
    /// `no`, `always`, `unless-stopped` or `on-failure`; else as it was asked for.
    pub restart: Option<String>,
    pub labels: BTreeMap<String, String>,
    pub swarm: Swarm,
    pub network: Option<NewNetwork>,

    /// Names of volumes whose own options are to be judged before they are used.
    pub volumes: BTreeSet<String>,
    /// Containers whose mounts it takes over.
    pub volumes_from: BTreeSet<String>,
    /// Networks, by name or id, that may be the host's.
    pub networks: BTreeSet<String>,
}

/// What only a service can ask for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Swarm {
    /// One on every node.
    pub global: bool,
    pub replicas: u64,
    pub constraints: Vec<String>,
    /// Its tasks are plugins of the nodes.
    pub plugin: bool,
    /// Ports published on the node that a task runs on, round the routing mesh.
    pub host_ports: bool,
}

/// A network that is made.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NewNetwork {
    pub driver: String,
    pub internal: bool,
    /// Options by name.
    pub options: BTreeMap<String, String>,
    /// It takes its settings from another network, is the swarm's own, or only holds settings.
    pub special: Option<&'static str>,
    /// Who gives its addresses.
    pub ipam_driver: String,
}
