//! What each rule says of a workload.

use pilothouse_app::api::guardrails::Rule;

use super::{
    image::{Reference, Unread, fits},
    path::{canonical, is_within},
    shown,
    workload::{HostPath, Join, Kind, Port, Remote, User, Workload},
};

/// What of `workload` the rule does not allow, to stand in "does not allow ... here".
pub fn objection(rule: &Rule, workload: &Workload) -> Option<String> {
    let w = workload;
    match rule {
        Rule::Privileged {} => privileged(w),
        Rule::HostMounts { allowed_paths, allowed_volumes } => host_mounts(w, allowed_paths, allowed_volumes),
        Rule::Namespaces { allowed, containers } => w.joins.iter().find_map(|join| match join {
            Join::Host(namespace) if allowed.contains(namespace) => None,
            Join::Host(namespace) => Some(format!("the host's {} namespace", name_of(*namespace))),
            Join::Container(_) if *containers => None,
            Join::Container(other) => Some(format!("what is another container's ({})", shown(other))),
            Join::Odd(namespace, mode) => Some(format!("the {} namespace {}", name_of(*namespace), shown(mode))),
        }),
        Rule::Capabilities { allowed } => {
            let allowed: Vec<String> = allowed.iter().map(|name| capability(name)).collect();
            let added = w.capabilities.iter().map(|name| capability(name)).find(|name| !allowed.contains(name))?;
            Some(format!("the capability {}", shown(&added)))
        }
        Rule::Devices { allowed } => {
            w.devices.iter().find(|device| !device_fits(device, allowed)).map(|device| format!("the device {}", shown(device)))
        }
        Rule::SecurityOptions { allowed } => {
            let wanted = w.security.iter().find(|option| !allowed.iter().any(|allowed| allowed == *option))?;
            Some(format!("the security option {}", shown(wanted)))
        }
        Rule::Sysctls { allowed } => {
            let name = w.sysctls.iter().find(|name| !any_fits(allowed, name))?;
            Some(format!("the kernel setting {}", shown(name)))
        }
        Rule::Runtimes { allowed } => {
            let runtime = w.runtime.iter().find(|runtime| !allowed.contains(runtime)).map(|runtime| format!("the runtime {}", shown(runtime)));
            runtime.or_else(|| w.annotations.first().map(|key| format!("the annotation {} for the runtime", shown(key))))
        }
        Rule::LogDrivers { allowed } => {
            let driver = w.log_driver.as_ref().filter(|driver| !allowed.contains(driver))?;
            Some(format!("the log driver {}", shown(driver)))
        }
        Rule::Images { allowed, require_digest, local_names } => images(w, allowed, *require_digest, *local_names),
        Rule::Limits { memory_mib, cpu_milli, pids } => limits(w, *memory_mib, *cpu_milli, *pids),
        Rule::Ports { allowed, random } => w.ports.iter().find_map(|port| match port {
            Port::Random if *random => None,
            Port::Random => Some("publishing a port that the engine picks".to_owned()),
            Port::Odd => Some("publishing what is no port".to_owned()),
            Port::Range(from, to) if within_ranges(*from, *to, allowed) => None,
            Port::Range(from, to) if from == to => Some(format!("publishing the host's port {from}")),
            Port::Range(from, to) => Some(format!("publishing the host's ports {from}-{to}")),
        }),
        Rule::RestartPolicies { allowed } => {
            let policy = w.restart.as_ref().filter(|policy| !allowed.contains(policy))?;
            Some(format!("the restart policy {}", shown(policy)))
        }
        Rule::Labels { required } => labels(w, required),
        Rule::Users {} => users(w),
        Rule::Networks { allowed_drivers, internal_only } => networks(w, allowed_drivers, *internal_only),
        Rule::Swarm { global, host_ports, max_replicas, constraints } => swarm(w, *global, *host_ports, *max_replicas, constraints),
        // What registries and scanners say of an image stands in no request.
        Rule::Signed { .. } | Rule::Vulnerabilities { .. } => None,
    }
}

/// What to do instead, where the objection does not say it.
pub fn advice(rule: &Rule) -> &'static str {
    match rule {
        Rule::Users {} => " Name users and groups by numbers that are not 0.",
        Rule::Images { require_digest: true, .. } => " Name images with their digest: name@sha256:...",
        _ => "",
    }
}

fn any_fits(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| fits(pattern, text))
}

fn name_of(namespace: pilothouse_app::api::guardrails::Namespace) -> String {
    format!("{namespace:?}").to_lowercase()
}

fn privileged(w: &Workload) -> Option<String> {
    let what = match w.kind {
        _ if !w.privileged => return None,
        Kind::Plugin => "plugins, which run with the rights of the engine,",
        Kind::Service => "services that are plugins, which run with the rights of the engine,",
        Kind::Exec => "privileged programs in containers",
        _ => "privileged containers",
    };
    Some(what.to_owned())
}

fn host_mounts(w: &Workload, paths: &[String], volumes: &[String]) -> Option<String> {
    let path = w.host_paths.iter().find_map(|asked| match canonical(&asked.path) {
        None => Some(format!("mounting {}", shown(&asked.path))),
        Some(path) if asked.shared => Some(format!("mounting the host's path {} with shared propagation", shown(&path))),
        Some(path) if paths.iter().any(|allowed| path_fits(&path, asked, allowed)) => None,
        Some(path)
            if !asked.read_only
                && paths
                    .iter()
                    .any(|allowed| allowed.ends_with(":ro") && path_fits(&path, &HostPath { read_only: true, ..asked.clone() }, allowed)) =>
        {
            Some(format!("mounting the host's path {} to be written to", shown(&path)))
        }
        Some(path) => Some(format!("mounting the host's path {}", shown(&path))),
    });
    let remote = || {
        w.remotes.iter().find_map(|remote| match remote {
            Remote::FileSystem(kind) | Remote::Driver(kind) if volumes.contains(kind) => None,
            Remote::FileSystem(kind) => Some(format!("volumes with a file system of the type {}", shown(kind))),
            Remote::Driver(name) => Some(format!("volumes of the driver {}", shown(name))),
        })
    };
    path.or_else(remote)
}

/// `path` is canonical; `allowed` may say `:ro`.
fn path_fits(path: &str, asked: &HostPath, allowed: &str) -> bool {
    let (within, writes) = match allowed.strip_suffix(":ro") {
        Some(within) => (within, false),
        None => (allowed, true),
    };
    canonical(within).is_some_and(|within| is_within(path, &within)) && (writes || asked.read_only)
}

/// `cap_net_admin` and `NET_ADMIN` are one.
fn capability(name: &str) -> String {
    let name = name.trim().to_ascii_uppercase();
    name.strip_prefix("CAP_").unwrap_or(&name).to_owned()
}

fn device_fits(device: &str, allowed: &[String]) -> bool {
    let path = canonical(device);
    allowed.iter().any(|allowed| match (&path, canonical(allowed)) {
        (Some(path), Some(within)) => is_within(path, &within),
        (None, None) => allowed == device,
        _ => false,
    })
}

fn images(w: &Workload, allowed: &[String], require_digest: bool, local_names: bool) -> Option<String> {
    if matches!(w.kind, Kind::ImageName | Kind::Build) && !local_names {
        return Some("making images or giving names to them".to_owned());
    }
    w.images.iter().find_map(|text| match Reference::read(text) {
        Err(Unread::Id) => Some(format!("the image {} by its id", shown(text))),
        Err(Unread::Malformed) => Some(format!("the image {}, which is no reference,", shown(text))),
        Ok(image) if require_digest && image.digest.is_none() && w.kind != Kind::Pull => Some(format!("the image {image} without a digest")),
        Ok(image) if allowed.iter().any(|pattern| image.matches(pattern)) => None,
        Ok(image) => Some(format!("the image {}", shown(&image.to_string()))),
    })
}

fn limits(w: &Workload, memory_mib: Option<u32>, cpu_milli: Option<u32>, pids: Option<u32>) -> Option<String> {
    // A build may leave its limits out: they are of the one step that runs, and not every builder has them.
    let must = matches!(w.kind, Kind::Container | Kind::ContainerUpdate | Kind::Service);
    if !must && w.kind != Kind::Build {
        return None;
    }
    if let Some(how) = w.beyond_limits {
        return Some(how.to_owned());
    }
    if let Some(parent) = &w.cgroup_parent {
        return Some(format!("the control group {}", shown(parent)));
    }
    let over = |has: Option<i64>, most: Option<u32>, unit: i64| {
        let most = i64::from(most?).saturating_mul(unit);
        has.map_or(must, |has| has > most).then_some(())
    };
    if over(w.memory, memory_mib, 1024 * 1024).is_some() {
        return Some(format!("memory without a limit of at most {} MiB", memory_mib.unwrap_or_default()));
    }
    if over(w.nano_cpus, cpu_milli, 1_000_000).is_some() {
        let cpus = f64::from(cpu_milli.unwrap_or_default()) / 1000.0;
        return Some(format!("processors without a limit of at most {cpus}"));
    }
    if w.kind != Kind::Build && over(w.pids, pids, 1).is_some() {
        return Some(format!("processes without a limit of at most {}", pids.unwrap_or_default()));
    }
    None
}

/// Whether every port of the range is allowed.
fn within_ranges(from: u16, to: u16, allowed: &[String]) -> bool {
    let ranges: Vec<(u16, u16)> = allowed.iter().filter_map(|text| range(text)).collect();
    let mut next = u32::from(from);
    // Ranges that touch are one.
    while let Some((_, end)) = ranges.iter().find(|(start, end)| (u32::from(*start)..=u32::from(*end)).contains(&next)) {
        next = u32::from(*end) + 1;
        if next > u32::from(to) {
            return true;
        }
    }
    false
}

/// `443`, or `8000-8999`.
pub fn range(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
    (from <= to).then_some((from, to))
}

fn labels(w: &Workload, required: &[String]) -> Option<String> {
    let what = match w.kind {
        Kind::Container => "a container",
        Kind::Service => "a service",
        _ => return None,
    };
    let missing = required.iter().find(|wanted| {
        let (key, pattern) = wanted.split_once('=').map_or((wanted.as_str(), None), |(key, pattern)| (key, Some(pattern)));
        let has = w.labels.get(key).filter(|value| !value.is_empty());
        !has.is_some_and(|value| pattern.is_none_or(|pattern| fits(pattern, value)))
    })?;
    Some(format!("{what} without the label {}", shown(missing)))
}

/// Whether a user or group is one of a number that is not 0. Whose a name is, only the image knows.
fn is_number_but_0(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u32>().is_ok_and(|number| number != 0)
}

fn users(w: &Workload) -> Option<String> {
    let who = match w.user.as_ref()? {
        // What a program does in a container that was judged itself is done as whoever that runs as.
        User::Unsaid if w.kind == Kind::Exec => return None,
        User::Unsaid => return Some("running as whoever the image says".to_owned()),
        User::As(who) => who,
    };
    let mut parts = who.splitn(2, ':');
    if !parts.all(is_number_but_0) {
        return Some(format!("running as {}", shown(who)));
    }
    let group = w.groups.iter().find(|group| !is_number_but_0(group))?;
    Some(format!("the group {}", shown(group)))
}

/// Options of networks that say nothing about the host.
const PLAIN_OPTIONS: &[&str] = &[
    "com.docker.network.bridge.enable_icc",
    "com.docker.network.bridge.enable_ip_masquerade",
    "com.docker.network.driver.mtu",
    "com.docker.network.enable_ipv4",
    "com.docker.network.enable_ipv6",
    "com.docker.network.container_iface_prefix",
    "encrypted",
];

fn networks(w: &Workload, drivers: &[String], internal_only: bool) -> Option<String> {
    let network = w.network.as_ref()?;
    if let Some(special) = network.special {
        return Some(special.to_owned());
    }
    if !drivers.contains(&network.driver) {
        return Some(format!("networks of the driver {}", shown(&network.driver)));
    }
    if !matches!(network.ipam_driver.as_str(), "" | "default") {
        return Some(format!("addresses given by {}", shown(&network.ipam_driver)));
    }
    if let Some(option) = network.options.keys().find(|option| !PLAIN_OPTIONS.contains(&option.as_str())) {
        return Some(format!("the network option {}", shown(option)));
    }
    (internal_only && !network.internal).then(|| "networks that are not internal".to_owned())
}

fn swarm(w: &Workload, global: bool, host_ports: bool, max_replicas: Option<u32>, constraints: &[String]) -> Option<String> {
    if w.kind != Kind::Service {
        return None;
    }
    if w.swarm.global && !global {
        return Some("services on every node".to_owned());
    }
    if w.swarm.host_ports && !host_ports {
        return Some("ports published on the nodes themselves".to_owned());
    }
    if let Some(most) = max_replicas.filter(|most| w.swarm.replicas > u64::from(*most)) {
        return Some(format!("more than {most} replicas"));
    }
    let squeezed = |text: &String| text.split_whitespace().collect::<String>();
    let missing = constraints.iter().find(|wanted| !w.swarm.constraints.contains(&squeezed(wanted)))?;
    Some(format!("a service without the placement constraint {}", shown(missing)))
}

/// A hole that is let through, and the last day of that, as `YYYY-MM-DD`.
pub fn exception(text: &str) -> Option<(&str, Option<&str>)> {
    let (id, until) = match text.split_once(" until ") {
        Some((id, until)) => (id, Some(until.trim())),
        None => (text, None),
    };
    let id = id.trim();
    let is_id = !id.is_empty() && id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    (is_id && until.is_none_or(is_day)).then_some((id, until))
}

/// Whether it is a day, so that days compare as texts.
fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let number = |text: &str, length, most| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit()) && text.parse().is_ok_and(|n: u32| (1..=most).contains(&n))
    };
    number(year, 4, 9999) && number(month, 2, 12) && number(day, 2, 31)
}

/// Whether the settings of a rule can be read.
///
/// # Errors
/// The setting, and what is wrong with it.
pub fn check(rule: &Rule) -> Result<(), (&'static str, String)> {
    let few = |field, list: &[String]| match list.iter().find(|item| item.is_empty() || item.len() > 512) {
        _ if list.len() > 256 => Err((field, "At most 256 of these.".to_owned())),
        Some(_) => Err((field, "None of these may be empty, nor longer than 512 bytes.".to_owned())),
        None => Ok(()),
    };
    let all = |field, list: &[String], good: &dyn Fn(&str) -> bool, like: &str| {
        few(field, list)?;
        let wrong = list.iter().find(|item| !good(item));
        wrong.map_or(Ok(()), |item| Err((field, format!("\"{}\" is none of these: {like}.", shown(item)))))
    };
    match rule {
        Rule::Privileged {} | Rule::Users {} | Rule::Namespaces { .. } => Ok(()),
        Rule::HostMounts { allowed_paths, allowed_volumes } => {
            let is_path = |path: &str| canonical(path.strip_suffix(":ro").unwrap_or(path)).is_some();
            all("rule.allowed_paths", allowed_paths, &is_path, "paths that begin with /")?;
            few("rule.allowed_volumes", allowed_volumes)
        }
        Rule::Ports { allowed, .. } => all("rule.allowed", allowed, &|text| range(text).is_some(), "443, or 8000-8999"),
        Rule::RestartPolicies { allowed } => {
            let known = |text: &str| matches!(text, "no" | "on-failure" | "unless-stopped" | "always");
            all("rule.allowed", allowed, &known, "no, on-failure, unless-stopped, always")
        }
        Rule::SecurityOptions { allowed } => all("rule.allowed", allowed, &|text| text.contains('='), "seccomp=unconfined and the like"),
        Rule::Capabilities { allowed }
        | Rule::Devices { allowed }
        | Rule::Sysctls { allowed }
        | Rule::Runtimes { allowed }
        | Rule::LogDrivers { allowed }
        | Rule::Images { allowed, .. } => few("rule.allowed", allowed),
        Rule::Labels { required } => few("rule.required", required),
        Rule::Networks { allowed_drivers, .. } => few("rule.allowed_drivers", allowed_drivers),
        Rule::Swarm { constraints, .. } => few("rule.constraints", constraints),
        Rule::Signed { keys, identities } if keys.is_empty() && identities.is_empty() => Err(("rule", "Name at least one signer.".to_owned())),
        Rule::Signed { keys, identities } => {
            if keys.len() > 64 || keys.iter().any(|key| key.len() > 4096) {
                return Err(("rule.keys", "At most 64 keys, each of at most 4096 bytes.".to_owned()));
            }
            let is_pair = |text: &str| text.split(' ').filter(|part| !part.is_empty()).count() == 2;
            all("rule.identities", identities, &is_pair, "an identity, a space, and its issuer")
        }
        Rule::Vulnerabilities { exceptions, max_age_days, .. } => {
            if *max_age_days == Some(0) {
                return Err(("rule.max_age_days", "A report may be at least one day old.".to_owned()));
            }
            all("rule.exceptions", exceptions, &|text| exception(text).is_some(), "CVE-2026-1234, or CVE-2026-1234 until 2026-12-31")
        }
        Rule::Limits { memory_mib: None, cpu_milli: None, pids: None } => Err(("rule", "Name at least one limit.".to_owned())),
        Rule::Limits { .. } => Ok(()),
    }
}
