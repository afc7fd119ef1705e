//! Services: a new one, and what one would be after an update.

use serde_json::Value;

use super::{
    super::workload::{Join, Kind, Port, Swarm, Workload},
    container::{endpoint_options, isolation, join_network, user},
    is_set, is_something, items, keys, labels, mounts, positive, text, texts,
};

/// The specification of a service.
pub fn service(spec: &Value) -> Workload {
    let task = &spec["TaskTemplate"];
    let container = &task["ContainerSpec"];
    let limits = &task["Resources"]["Limits"];
    let swap = task["Resources"]["SwapBytes"].as_i64().unwrap_or(0);
    let memory = positive(&limits["MemoryBytes"]);
    let swarm = swarm(spec);
    let mut workload = Workload {
        kind: Kind::Service,
        privileged: swarm.plugin,
        user: Some(user(&container["User"])),
        groups: texts(&container["Groups"]),
        images: vec![text(&container["Image"])],
        capabilities: texts(&container["CapabilityAdd"]),
        devices: generic(&task["Resources"]["Reservations"]["GenericResources"]),
        security: security(&container["Privileges"]),
        sysctls: keys(&container["Sysctls"]).cloned().collect(),
        runtime: isolation(&container["Isolation"]),
        log_driver: Some(text(&task["LogDriver"]["Name"])).filter(|name| !name.is_empty()),
        memory,
        nano_cpus: positive(&limits["NanoCPUs"]),
        pids: positive(&limits["Pids"]),
        beyond_limits: if container["OomScoreAdj"].as_i64().is_some_and(|score| score < 0) {
            Some("a container that others are ended before")
        } else if swap < 0 || memory.is_some_and(|memory| swap > memory) {
            Some("more swap than twice the memory")
        } else {
            None
        },
        ports: items(&spec["EndpointSpec"]["Ports"]).iter().map(port).collect(),
        restart: Some(restart(&task["RestartPolicy"]["Condition"])),
        labels: labels(&spec["Labels"]),
        swarm,
        ..Workload::default()
    };
    for network in items(&task["Networks"]).iter().chain(items(&spec["Networks"])) {
        join_network(&mut workload, &text(&network["Target"]));
        endpoint_options(&mut workload, &network["DriverOpts"]);
    }
    if is_something(&task["NetworkAttachmentSpec"]) {
        workload.joins.push(Join::Container(text(&task["NetworkAttachmentSpec"]["ContainerID"])));
    }
    mounts::mounts(&mut workload, &container["Mounts"]);
    workload
}

fn swarm(spec: &Value) -> Swarm {
    let (task, mode) = (&spec["TaskTemplate"], &spec["Mode"]);
    let job = &mode["ReplicatedJob"];
    let counts = [&mode["Replicated"]["Replicas"], &job["MaxConcurrent"], &job["TotalCompletions"]];
    let is_host = |port: &Value| text(&port["PublishMode"]) == "host";
    Swarm {
        global: !mode["Global"].is_null() || !mode["GlobalJob"].is_null(),
        replicas: counts.iter().filter_map(|count| count.as_u64()).max().unwrap_or(1),
        // A constraint may be written with blanks.
        constraints: texts(&task["Placement"]["Constraints"]).iter().map(|text| text.split_whitespace().collect()).collect(),
        plugin: !matches!(text(&task["Runtime"]).as_str(), "" | "container") || !task["PluginSpec"].is_null(),
        host_ports: items(&spec["EndpointSpec"]["Ports"]).iter().any(is_host),
    }
}

fn port(port: &Value) -> Port {
    match port["PublishedPort"].as_u64() {
        None | Some(0) if port["PublishedPort"].is_null() || port["PublishedPort"] == 0 => Port::Random,
        Some(number) => u16::try_from(number).map_or(Port::Odd, |number| Port::Range(number, number)),
        None => Port::Odd,
    }
}

/// In the words that containers have for it.
fn restart(condition: &Value) -> String {
    match text(condition).as_str() {
        "none" => "no".to_owned(),
        "" | "any" => "always".to_owned(),
        other => other.to_owned(),
    }
}

fn generic(resources: &Value) -> Vec<String> {
    let kind = |resource: &Value| {
        let named = ["NamedResourceSpec", "DiscreteResourceSpec"].map(|spec| text(&resource[spec]["Kind"]));
        named.into_iter().find(|kind| !kind.is_empty()).unwrap_or_else(|| "a resource without a name".to_owned())
    };
    items(resources).iter().map(kind).collect()
}

/// In the words that containers have for it.
fn security(privileges: &Value) -> Vec<String> {
    let mut options = Vec::new();
    let credentials = &privileges["CredentialSpec"];
    for key in ["Config", "File", "Registry"] {
        if is_something(&credentials[key]) {
            options.push(format!("credentialspec={}:{}", key.to_ascii_lowercase(), text(&credentials[key])));
        }
    }
    let context = &privileges["SELinuxContext"];
    if is_set(&context["Disable"]) {
        options.push("label=disable".to_owned());
    }
    for key in ["User", "Role", "Type", "Level"] {
        if is_something(&context[key]) {
            options.push(format!("label={}:{}", key.to_ascii_lowercase(), text(&context[key])));
        }
    }
    match text(&privileges["Seccomp"]["Mode"]).as_str() {
        "" | "default" if !is_something(&privileges["Seccomp"]["Profile"]) => {}
        "unconfined" => options.push("seccomp=unconfined".to_owned()),
        _ => options.push("seccomp=custom".to_owned()),
    }
    match text(&privileges["AppArmor"]["Mode"]).as_str() {
        "" | "default" => {}
        _ => options.push("apparmor=unconfined".to_owned()),
    }
    options
}
