//! Containers: made, changed, and programs in them.

use pilothouse_app::api::guardrails::Namespace;
use serde_json::{Map, Value};

use super::{
    super::workload::{Join, Kind, Port, Remote, User, Workload},
    is_set, is_something, items, keys, labels, mounts, positive, text, texts,
};

/// The body of `POST /containers/create`.
pub fn created(body: &Value) -> Workload {
    let host = &body["HostConfig"];
    let mut workload = Workload {
        kind: Kind::Container,
        privileged: is_set(&host["Privileged"]),
        user: Some(user(&body["User"])),
        groups: texts(&host["GroupAdd"]),
        images: vec![text(&body["Image"])],
        capabilities: texts(&host["CapAdd"]),
        security: security(host),
        sysctls: keys(&host["Sysctls"]).cloned().collect(),
        runtime: Some(text(&host["Runtime"])).filter(|name| !name.is_empty()).or_else(|| isolation(&host["Isolation"])),
        annotations: keys(&host["Annotations"]).cloned().collect(),
        log_driver: Some(text(&host["LogConfig"]["Type"])).filter(|name| !name.is_empty()),
        ports: ports(host),
        labels: labels(&body["Labels"]),
        // `NAME` or `NAME:ro`
        volumes_from: texts(&host["VolumesFrom"]).iter().map(|from| from.split(':').next().unwrap_or_default().to_owned()).collect(),
        ..Workload::default()
    };
    changeable(&mut workload, host);
    namespaces(&mut workload, host);
    for (network, endpoint) in body["NetworkingConfig"]["EndpointsConfig"].as_object().into_iter().flatten() {
        join_network(&mut workload, network);
        endpoint_options(&mut workload, &endpoint["DriverOpts"]);
    }
    mounts::anonymous(&mut workload, &body["Volumes"]);
    mounts::binds(&mut workload, &host["Binds"]);
    mounts::mounts(&mut workload, &host["Mounts"]);
    let driver = text(&host["VolumeDriver"]);
    if !matches!(driver.as_str(), "" | "local") {
        workload.remotes.push(Remote::Driver(driver));
    }
    workload
}

/// What a container would have after the change, as far as it says itself.
pub fn changed(change: &Value) -> Workload {
    let mut workload = Workload { kind: Kind::ContainerUpdate, ..Workload::default() };
    changeable(&mut workload, change);
    workload
}

/// What a container would have after the change: `inspected` is how the engine shows it now. What the change leaves out stays.
pub fn updated(inspected: &Value, change: &Value) -> Workload {
    let mut host: Map<String, Value> = inspected["HostConfig"].as_object().cloned().unwrap_or_default();
    for (key, value) in change.as_object().into_iter().flatten().filter(|(_, value)| is_something(value)) {
        host.insert(key.clone(), value.clone());
    }
    changed(&Value::Object(host))
}

/// The body of `POST /containers/{id}/exec`.
pub fn exec(body: &Value) -> Workload {
    Workload { kind: Kind::Exec, privileged: is_set(&body["Privileged"]), user: Some(user(&body["User"])), ..Workload::default() }
}

pub fn user(value: &Value) -> User {
    match text(value) {
        name if name.is_empty() => User::Unsaid,
        name => User::As(name),
    }
}

/// What can be said at the making and changed later: limits, devices, the restart policy.
fn changeable(workload: &mut Workload, host: &Value) {
    workload.memory = positive(&host["Memory"]);
    workload.nano_cpus = positive(&host["NanoCpus"]).or_else(|| quota(&host["CpuQuota"], &host["CpuPeriod"]));
    workload.pids = positive(&host["PidsLimit"]);
    let swap = host["MemorySwap"].as_i64().unwrap_or(0);
    workload.beyond_limits = if is_set(&host["OomKillDisable"]) {
        Some("a container that is not ended when memory is short")
    } else if host["OomScoreAdj"].as_i64().is_some_and(|score| score < 0) {
        Some("a container that others are ended before")
    } else if swap < 0 || workload.memory.is_some_and(|memory| swap > memory.saturating_mul(2)) {
        Some("more swap than twice the memory")
    } else if positive(&host["CpuRealtimeRuntime"]).is_some() {
        Some("real-time scheduling")
    } else {
        None
    };
    workload.cgroup_parent = Some(text(&host["CgroupParent"])).filter(|parent| !parent.is_empty());
    workload.restart = Some(match text(&host["RestartPolicy"]["Name"]) {
        name if name.is_empty() => "no".to_owned(),
        name => name,
    });
    workload.devices = devices(host);
}

/// So much of each period, in billionths of a processor.
pub fn quota(quota: &Value, period: &Value) -> Option<i64> {
    let period = positive(period).unwrap_or(100_000);
    positive(quota)?.checked_mul(1_000_000_000)?.checked_div(period)
}

fn devices(host: &Value) -> Vec<String> {
    let mut devices: Vec<String> = items(&host["Devices"]).iter().map(|device| text(&device["PathOnHost"])).collect();
    devices.extend(texts(&host["DeviceCgroupRules"]));
    for request in items(&host["DeviceRequests"]) {
        let driver = text(&request["Driver"]);
        let mut named: Vec<String> = items(&request["Capabilities"]).iter().flat_map(texts).collect();
        if driver == "cdi" || named.is_empty() {
            named.extend(texts(&request["DeviceIDs"]));
        }
        if !driver.is_empty() && driver != "cdi" {
            named.push(driver);
        }
        if named.is_empty() {
            named.push("gpu".to_owned());
        }
        devices.extend(named);
    }
    devices
}

fn security(host: &Value) -> Vec<String> {
    let mut options: Vec<String> = texts(&host["SecurityOpt"]).iter().filter_map(|option| security_option(option)).collect();
    // This is how the command line sends `systempaths=unconfined`.
    if !host["MaskedPaths"].is_null() || !host["ReadonlyPaths"].is_null() {
        options.push("systempaths=unconfined".to_owned());
    }
    options
}

/// `key=value`, also where it came with a colon; `None` for what only takes rights away.
pub fn security_option(option: &str) -> Option<String> {
    let (key, value) = option.split_once('=').or_else(|| option.split_once(':')).unwrap_or((option, ""));
    let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
    if key == "no-new-privileges" && matches!(value, "" | "true") {
        return None;
    }
    Some(if value.is_empty() { key } else { format!("{key}={value}") })
}

pub fn isolation(value: &Value) -> Option<String> {
    Some(text(value)).filter(|name| !matches!(name.as_str(), "" | "default")).map(|name| format!("isolation={name}"))
}

fn ports(host: &Value) -> Vec<Port> {
    let mut ports = Vec::new();
    for bindings in host["PortBindings"].as_object().into_iter().flat_map(Map::values) {
        ports.extend(items(bindings).iter().map(|binding| port(&text(&binding["HostPort"]))));
        if items(bindings).is_empty() {
            ports.push(Port::Random);
        }
    }
    if is_set(&host["PublishAllPorts"]) {
        ports.push(Port::Random);
    }
    ports
}

/// A port of the host's as the engine reads it: nothing, one, or a range of which it takes one.
fn port(text: &str) -> Port {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    match (from.parse(), to.parse()) {
        _ if matches!(text, "" | "0") => Port::Random,
        (Ok(0), Ok(0)) => Port::Random,
        (Ok(from), Ok(to)) if 0 < from && from <= to => Port::Range(from, to),
        _ => Port::Odd,
    }
}

fn namespaces(workload: &mut Workload, host: &Value) {
    network_mode(workload, &text(&host["NetworkMode"]));
    for (field, namespace) in [
        ("PidMode", Namespace::Pid),
        ("IpcMode", Namespace::Ipc),
        ("UTSMode", Namespace::Uts),
        ("UsernsMode", Namespace::User),
        ("CgroupnsMode", Namespace::Cgroup),
        ("Cgroup", Namespace::Cgroup),
    ] {
        let mode = text(&host[field]);
        let join = match mode.as_str() {
            "" | "private" => continue,
            "none" | "shareable" if namespace == Namespace::Ipc => continue,
            "host" => Join::Host(namespace),
            mode if mode.starts_with("container:") => Join::Container(mode.to_owned()),
            _ => Join::Odd(namespace, mode),
        };
        workload.joins.push(join);
    }
    // What is linked to shows its environment.
    workload.joins.extend(texts(&host["Links"]).into_iter().map(Join::Container));
}

/// The `NetworkMode` of a container or a build.
pub fn network_mode(workload: &mut Workload, mode: &str) {
    match mode {
        mode if mode.starts_with("container:") => workload.joins.push(Join::Container(mode.to_owned())),
        mode if mode.contains([':', '/']) => workload.joins.push(Join::Odd(Namespace::Network, mode.to_owned())),
        mode => join_network(workload, mode),
    }
}

/// A network by its name or id. Whether that is the host's, the engine knows.
pub fn join_network(workload: &mut Workload, network: &str) {
    match network {
        "" | "default" | "bridge" | "none" | "nat" => {}
        "host" => workload.joins.push(Join::Host(Namespace::Network)),
        other => drop(workload.networks.insert(other.to_owned())),
    }
}

/// Options of an endpoint may set kernel settings, too.
pub fn endpoint_options(workload: &mut Workload, options: &Value) {
    if let Some(value) = options.get("com.docker.network.endpoint.sysctls") {
        let settings = text(value);
        workload.sysctls.extend(settings.split(',').map(|setting| setting.split('=').next().unwrap_or_default().trim().to_owned()));
    }
}
