//! What a right on a project never reaches: the host, and so everybody else on it. Always in force, for whoever holds no more than that.

use std::sync::LazyLock;

use crate::access::{
    Permit, Scope,
    guard::{Guardrail, Mode, Rule},
};

/// The id and the name of these rules, which are in no table.
pub const NAME: &str = "rights-on-a-project";

/// What the engine gives to every container, so that to ask for it adds nothing.
const CAPABILITIES: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
/// Kernel settings that a container has for itself alone.
const SYSCTLS: [&str; 5] = ["net.*", "fs.mqueue.*", "kernel.msg*", "kernel.sem", "kernel.shm*"];

static RULES: LazyLock<Vec<Guardrail>> = LazyLock::new(|| {
    let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let rules = [
        Rule::Privileged {},
        Rule::HostMounts { allowed_paths: Vec::new(), allowed_volumes: Vec::new() },
        // Containers of one's own project are; whose they are is looked up when the request is settled.
        Rule::Namespaces { allowed: Vec::new(), containers: true },
        Rule::Capabilities { allowed: own(&CAPABILITIES) },
        Rule::Devices { allowed: Vec::new() },
        Rule::SecurityOptions { allowed: Vec::new() },
        Rule::Sysctls { allowed: own(&SYSCTLS) },
        Rule::Runtimes { allowed: Vec::new() },
        Rule::LogDrivers { allowed: own(&["json-file", "local", "none"]) },
        Rule::Networks { allowed_drivers: own(&["bridge", "overlay"]), internal_only: false },
    ];
    let guardrail = |rule| Guardrail { id: NAME.to_owned(), name: NAME.to_owned(), mode: Mode::Enforce, scope: Scope::All, roles: Vec::new(), rule };
    rules.into_iter().map(guardrail).collect()
});

/// The rules that `permit` is under by what it reaches.
pub fn of(permit: &Permit) -> &'static [Guardrail] {
    if permit.reach().projects().is_some() { &RULES } else { &[] }
}
