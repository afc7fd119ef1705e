//! Volumes, networks, builds and images.

use serde_json::Value;

use super::{
    super::workload::{Kind, NewNetwork, Remote, Workload},
    Ask,
    container::{endpoint_options, isolation, join_network, network_mode, quota, security_option},
    is_set, is_something, labels, mounts, positive, text,
};

pub fn new_volume(body: &Value) -> Workload {
    let mut workload = Workload { kind: Kind::Volume, labels: labels(&body["Labels"]), ..Workload::default() };
    mounts::volume(&mut workload, &text(&body["Driver"]), &body["DriverOpts"]);
    if !body["ClusterVolumeSpec"].is_null() {
        workload.remotes.push(Remote::Driver("cluster".to_owned()));
    }
    workload
}

pub fn new_network(body: &Value) -> Workload {
    let driver = Some(text(&body["Driver"])).filter(|driver| !driver.is_empty()).unwrap_or_else(|| "bridge".to_owned());
    let from = &body["ConfigFrom"];
    let special = if is_something(from) || is_set(&body["ConfigOnly"]) {
        Some("settings that another network holds")
    } else if is_set(&body["Ingress"]) {
        Some("the swarm's own network for what it publishes")
    } else {
        None
    };
    let network = NewNetwork {
        driver,
        internal: is_set(&body["Internal"]),
        options: labels(&body["Options"]).into_iter().chain(labels(&body["IPAM"]["Options"])).collect(),
        special,
        ipam_driver: text(&body["IPAM"]["Driver"]),
    };
    Workload { kind: Kind::Network, labels: labels(&body["Labels"]), network: Some(network), ..Workload::default() }
}

pub fn connected(network: &str, endpoint: &Value) -> Workload {
    let mut workload = Workload { kind: Kind::Attach, ..Workload::default() };
    join_network(&mut workload, network);
    endpoint_options(&mut workload, &endpoint["DriverOpts"]);
    workload
}

/// # Errors
/// When the engine would take what it builds from where nobody can look.
pub fn build(ask: &Ask) -> Result<Workload, String> {
    if !ask.asked("remote").is_empty() {
        return Err("what the engine fetches from an address cannot be judged; send what is to be built".to_owned());
    }
    if ask.asked("version") == "2" || ["session", "outputs", "buildid"].iter().any(|name| !ask.asked(name).is_empty()) {
        return Err("what BuildKit builds cannot be judged; build with DOCKER_BUILDKIT=0".to_owned());
    }
    let number = |name: &str| ask.asked(name).parse::<i64>().map_or(Value::Null, Value::from);
    let mut workload = Workload {
        kind: Kind::Build,
        security: ask.all("securityopt").flat_map(options).filter_map(|option| security_option(&option)).collect(),
        runtime: isolation(&Value::from(ask.asked("isolation"))),
        memory: positive(&number("memory")),
        nano_cpus: quota(&number("cpuquota"), &number("cpuperiod")),
        cgroup_parent: Some(ask.asked("cgroupparent").to_owned()).filter(|parent| !parent.is_empty()),
        ..Workload::default()
    };
    if number("memswap").as_i64().is_some_and(|swap| swap < 0) {
        workload.beyond_limits = Some("more swap than twice the memory");
    }
    network_mode(&mut workload, ask.asked("networkmode"));
    Ok(workload)
}

/// Security options come one by one, or as a list in JSON.
fn options(text: &str) -> Vec<String> {
    match serde_json::from_str::<Vec<String>>(text) {
        Ok(list) => list,
        Err(_) if matches!(text, "" | "null") => Vec::new(),
        Err(_) => vec![text.to_owned()],
    }
}

/// # Errors
/// When the engine would fetch from an address.
pub fn image_create(ask: &Ask) -> Result<Workload, String> {
    let (source, image, tag) = (ask.asked("fromSrc"), ask.asked("fromImage"), ask.asked("tag"));
    if !matches!(source, "" | "-") {
        return Err("what the engine fetches from an address cannot be judged; send the image's files".to_owned());
    }
    if image.is_empty() {
        return Ok(Workload { kind: Kind::ImageName, ..Workload::default() });
    }
    let image = match tag {
        "" => image.to_owned(),
        tag if tag.contains(':') => format!("{image}@{tag}"),
        // A tag of its own wins over one in the name.
        tag => format!("{}:{tag}", untagged(image)),
    };
    Ok(Workload { kind: Kind::Pull, images: vec![image], ..Workload::default() })
}

fn untagged(image: &str) -> &str {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') && !image.contains('@') => name,
        _ => image,
    }
}
