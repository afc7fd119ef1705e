//! Guardrails: rules on what a workload may ask for.

use super::{Empty, ListQuery, Page, endpoints, vulnerabilities::Severity, wire};

wire! {
    /// What a rule is about. Whatever it does not allow is not allowed; a list that is empty allows nothing of its kind.
    #[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
    pub enum Rule {
        /// No privileged containers, no privileged programs in them, no plugins.
        Privileged {},
        /// Nothing of the host's is mounted, but for these.
        HostMounts {
            /// Paths of the host; what is beneath them too. `:ro` behind one allows it to be read only.
            #[serde(default)]
            allowed_paths: Vec<String>,
            /// File systems that the local volume driver may mount, such as `nfs`, and volume drivers besides `local`.
            #[serde(default)]
            allowed_volumes: Vec<String>,
        },
        /// No namespaces of the host's, nor of other containers.
        Namespaces {
            /// Those of the host's that may be shared.
            #[serde(default)]
            allowed: Vec<Namespace>,
            /// Whether those of other containers may be.
            #[serde(default)]
            containers: bool,
        },
        /// No capability is added but these, such as `NET_ADMIN`.
        Capabilities { #[serde(default)] allowed: Vec<String> },
        /// No devices but these: paths, and what is beneath them; names of other resources such as `gpu`; device rules word by word.
        Devices { #[serde(default)] allowed: Vec<String> },
        /// No security options but these, such as `seccomp=unconfined`. `no-new-privileges` is always allowed.
        SecurityOptions { #[serde(default)] allowed: Vec<String> },
        /// No kernel settings but these; `*` is any text.
        Sysctls { #[serde(default)] allowed: Vec<String> },
        /// No runtime but the engine's own and these, and no annotations for it.
        Runtimes { #[serde(default)] allowed: Vec<String> },
        /// No log driver but the engine's own and these.
        LogDrivers { #[serde(default)] allowed: Vec<String> },
        /// No images but these.
        Images {
            /// Patterns of references: `docker.io/library/*`, `registry.example/**`, `busybox:1.*`, `busybox@sha256:...`.
            #[serde(default)]
            allowed: Vec<String>,
            /// Whether a reference must carry a digest.
            #[serde(default)]
            require_digest: bool,
            /// Whether images may be built, tagged, committed, imported and loaded: they can take any name.
            #[serde(default)]
            local_names: bool,
        },
        /// What is started has limits, and they are no larger than these.
        Limits {
            #[serde(default)]
            memory_mib: Option<u32>,
            /// In thousandths of a processor.
            #[serde(default)]
            cpu_milli: Option<u32>,
            #[serde(default)]
            pids: Option<u32>,
        },
        /// No ports of the host's are published but these.
        Ports {
            /// Ports and ranges, such as `443` and `8000-8999`.
            #[serde(default)]
            allowed: Vec<String>,
            /// Whether the engine may pick one.
            #[serde(default)]
            random: bool,
        },
        /// No restart policies but these: `no`, `on-failure`, `unless-stopped`, `always`.
        RestartPolicies { #[serde(default)] allowed: Vec<String> },
        /// What is started has these labels: `key`, or `key=pattern`.
        Labels { #[serde(default)] required: Vec<String> },
        /// Nothing runs as root: a user is named by a number that is not 0.
        Users {},
        /// No networks are made but with these drivers.
        Networks {
            #[serde(default)]
            allowed_drivers: Vec<String>,
            /// Whether they must be internal.
            #[serde(default)]
            internal_only: bool,
        },
        /// What only services can ask for.
        Swarm {
            /// Whether one may run on every node.
            #[serde(default)]
            global: bool,
            /// Whether ports may be published on the nodes themselves.
            #[serde(default)]
            host_ports: bool,
            #[serde(default)]
            max_replicas: Option<u32>,
            /// Placement constraints that each must have, such as `node.role==worker`.
            #[serde(default)]
            constraints: Vec<String>,
        },
        /// No images but those that one of these has signed. It is for pulls from registries, too.
        Signed {
            /// Public keys as PEM, or what is between its first line and its last.
            #[serde(default)]
            keys: Vec<String>,
            /// Whom a certificate may name that the trusted root of the settings stands by: `IDENTITY ISSUER`, word by word.
            #[serde(default)]
            identities: Vec<String>,
        },
        /// No images with known holes that are worse than this. It is for pulls from registries, too.
        Vulnerabilities {
            /// The worst that is let through.
            #[serde(default)]
            worst: Severity,
            /// Holes that are let through all the same: `CVE-2026-1234`, or `CVE-2026-1234 until 2026-12-31`.
            #[serde(default)]
            exceptions: Vec<String>,
            /// Whether an image that nobody has scanned is let through.
            #[serde(default)]
            unscanned: bool,
            /// How old the newest report may be, in days; an older one is none.
            #[serde(default)]
            max_age_days: Option<u32>,
        },
    }

    /// A namespace of the host's.
    #[derive(Copy, Eq)]
    #[serde(rename_all = "lowercase")]
    pub enum Namespace { Network, Pid, Ipc, Uts, User, Cgroup }

    /// What a rule does with what it does not allow.
    #[derive(Copy, Eq, Default)]
    #[serde(rename_all = "lowercase")]
    pub enum Mode {
        /// It is refused.
        #[default]
        Enforce,
        /// It is let through, and written down.
        Warn,
    }

    pub struct Guardrail {
        pub id: String,
        pub name: String,
        pub mode: Mode,
        /// `all`, labels such as `env=prod`, `engine/NAME` or `engine/NAME/project/PROJECT`; of a rule that judges images also `registry/NAME` and
        /// `registry/NAME/repository/PREFIX`.
        pub scope: String,
        /// It is for whoever acts by one of these roles; empty for everybody.
        pub roles: Vec<String>,
        pub rule: Rule,
        /// Declared in the settings file, so not to be changed here.
        pub declared: bool,
        pub created_at: i64,
        pub created_by: String,
        /// What it has stopped, or would have, in the last 30 days.
        pub hits: u64,
    }

    pub struct GuardrailInput {
        /// 1 to 63 of `a-z`, `0-9` and `-`.
        pub name: String,
        #[serde(default)]
        pub mode: Mode,
        pub scope: String,
        #[serde(default)]
        pub roles: Vec<String>,
        pub rule: Rule,
    }

    pub struct GuardrailUpdateInput {
        #[serde(default)]
        pub name: Option<String>,
        #[serde(default)]
        pub mode: Option<Mode>,
        #[serde(default)]
        pub scope: Option<String>,
        #[serde(default)]
        pub roles: Option<Vec<String>>,
        #[serde(default)]
        pub rule: Option<Rule>,
    }

    /// Something that a guardrail did not allow.
    pub struct Hit {
        pub at: i64,
        pub user: String,
        pub target: String,
        pub operation: String,
        pub object: String,
        pub sentence: String,
        /// Whether it was stopped; else it was let through.
        pub stopped: bool,
    }

    /// Which page of the hits, newest first.
    #[derive(Default)]
    #[serde(default)]
    pub struct HitQuery {
        /// How many items at most: 1 to 500, 50 unless told.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub limit: Option<u32>,
        /// The `next` of the page before.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub after: Option<String>,
    }
}

impl Rule {
    /// Whether it judges images by what registries and scanners say of them, and so pulls, too.
    pub fn is_of_images(&self) -> bool {
        matches!(self, Rule::Signed { .. } | Rule::Vulnerabilities { .. })
    }
}

endpoints! {
    "Lists the guardrails."
    GuardrailList: GET "/api/v1/guardrails", ListQuery => Page<Guardrail>;
    "Tells of a guardrail."
    GuardrailGet: GET "/api/v1/guardrails/{id}", Empty => Guardrail;
    "Puts a guardrail up. It is in force when this is answered."
    GuardrailCreate: POST "/api/v1/guardrails", GuardrailInput => Guardrail;
    "Changes a guardrail."
    GuardrailUpdate: PATCH "/api/v1/guardrails/{id}", GuardrailUpdateInput => Guardrail;
    "Takes a guardrail down."
    GuardrailDelete: DELETE "/api/v1/guardrails/{id}", Empty => Empty;
    "Lists what a guardrail stopped, or would have stopped, in the last 30 days."
    GuardrailHits: GET "/api/v1/guardrails/{id}/hits", HitQuery => Page<Hit>;
}

/// The least that each kind of rule needs: what a form begins with, and the names of all of them.
pub const KINDS: &[&str] = &[
    "privileged",
    "host_mounts",
    "namespaces",
    "capabilities",
    "devices",
    "security_options",
    "sysctls",
    "runtimes",
    "log_drivers",
    "images",
    "limits",
    "ports",
    "restart_policies",
    "labels",
    "users",
    "networks",
    "swarm",
    "signed",
    "vulnerabilities",
];
