//! What a request to an engine asks to be made or changed, as fields of a record.
//!
//! Only what is named here gets into the trail: never a whole body, no value of an environment variable or of a label (proxies are
//! configured with passwords there), and of a command no more than the program (threats K1).

use serde_json::{Map, Value, json};

use super::{Change, changes::between, field};

/// The fields that `operation`, by its name in the engine's API, asks for. `name` is what its object is called now.
pub fn asked(operation: &str, name: Option<&str>, query: &[(String, String)], body: Option<&Value>) -> Vec<Change> {
    let said = |key: &str| query.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty());
    let body = body.unwrap_or(&Value::Null);
    let made = |fields: Map<String, Value>| between(None, Some(&Value::Object(fields)));
    match operation {
        "ContainerCreate" => {
            let mut fields = container(body);
            fields.insert("name".to_owned(), json!(said("name")));
            made(fields)
        }
        "ContainerRename" => vec![field("name", name, said("name"))],
        "ContainerUpdate" => made(host(body)),
        "ContainerKill" => said("signal").map(|signal| field("signal", None, Some(signal))).into_iter().collect(),
        "ContainerExec" => made(exec(body)),
        "ServiceCreate" | "ServiceUpdate" => made(service(body)),
        "ImageCreate" | "ImageTag" => {
            let given = ["fromImage", "fromSrc", "repo", "tag", "platform"].iter().filter_map(|key| Some(((*key).to_owned(), json!(said(key)?))));
            made(given.collect())
        }
        "NetworkCreate" => made(picked(body, &["Name", "Driver", "Internal", "Attachable", "Scope", "EnableIPv6"])),
        "NetworkConnect" | "NetworkDisconnect" => made(picked(body, &["Container", "Force"])),
        "VolumeCreate" => {
            let mut fields = picked(body, &["Name", "Driver"]);
            fields.insert("options".to_owned(), keys(&body["DriverOpts"]));
            made(fields)
        }
        "SecretCreate" | "ConfigCreate" => made(picked(body, &["Name", "Driver"])),
        "NodeUpdate" => made(picked(body, &["Role", "Availability"])),
        _ => Vec::new(),
    }
}

/// The fields of `after` with what they were: `before` describes the same thing.
pub fn with_before(after: Vec<Change>, before: &Value) -> Vec<Change> {
    let was = between(None, Some(before));
    let before = |name: &str| was.iter().find(|change| change.field == name).and_then(|change| change.after.clone());
    let changed = after.into_iter().map(|change| Change { before: before(&change.field), ..change });
    changed.filter(|change| change.before != change.after).collect()
}

/// What a container is, as far as a record tells: `inspected` is what the engine says of it.
pub fn container_before(inspected: &Value) -> Value {
    Value::Object(host(&inspected["HostConfig"]))
}

/// The same of a service.
pub fn service_before(inspected: &Value) -> Value {
    Value::Object(service(&inspected["Spec"]))
}

/// The body that such fields were taken from, as far as they tell: to judge again what was asked for.
pub fn rebuilt(operation: &str, changes: &[Change]) -> Value {
    let mut body = json!({});
    for change in changes {
        let Some(text) = change.after.as_deref() else { continue };
        let list = || text.split(", ").map(str::to_owned).collect::<Vec<_>>();
        let value = match (change.field.as_str(), text) {
            ("Binds" | "CapAdd" | "CapDrop" | "SecurityOpt" | "VolumesFrom" | "CapabilityAdd" | "CapabilityDrop", _) => json!(list()),
            ("Devices", _) => {
                list().into_iter().map(|path| json!({ "PathOnHost": path, "PathInContainer": path, "CgroupPermissions": "rwm" })).collect()
            }
            ("Mounts" | "mounts", _) => list().iter().filter_map(|mount| rebuilt_mount(mount)).collect(),
            ("PortBindings", _) => rebuilt_ports(&list()),
            ("Sysctls", _) => list()
                .iter()
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .collect::<Map<_, _>>()
                .into(),
            ("RestartPolicy", policy) => json!({ "Name": policy }),
            (_, "true") => json!(true),
            (_, text) => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
        };
        let place = match (operation, change.field.as_str()) {
            (_, "environment" | "labels" | "program" | "name" | "options" | "secrets" | "configs" | "replicas" | "ports") => continue,
            ("ContainerCreate", "Image" | "User" | "Tty") => &mut body,
            ("ContainerCreate", _) => &mut body["HostConfig"],
            ("ServiceCreate" | "ServiceUpdate", "mounts") => {
                body["TaskTemplate"]["ContainerSpec"]["Mounts"] = value;
                continue;
            }
            ("ServiceCreate" | "ServiceUpdate", _) => &mut body["TaskTemplate"]["ContainerSpec"],
            _ => &mut body,
        };
        place[&change.field] = value;
    }
    body
}

fn rebuilt_mount(text: &str) -> Option<Value> {
    let (kind, rest) = text.split_once(' ')?;
    let (source, target) = rest.split_once(" at ")?;
    Some(json!({ "Type": kind, "Source": source, "Target": target }))
}

fn rebuilt_ports(bound: &[String]) -> Value {
    let mut ports = Map::new();
    for binding in bound {
        let Some((host, port)) = binding.split_once(" to ") else { continue };
        let (address, number) = host.rsplit_once(':').unwrap_or(("", host));
        let host = json!({ "HostIp": address, "HostPort": number });
        if let Value::Array(hosts) = ports.entry(port.to_owned()).or_insert_with(|| json!([])) {
            hosts.push(host);
        }
    }
    Value::Object(ports)
}

fn picked(body: &Value, names: &[&str]) -> Map<String, Value> {
    names.iter().filter(|name| is_said(&body[**name])).map(|name| ((*name).to_owned(), body[*name].clone())).collect()
}

/// What a body leaves at its default says nothing: clients send most fields in any case.
fn is_said(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) => true,
    }
}

/// The names alone, of a map or of `NAME=value`s.
fn keys(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.keys().cloned().collect(),
        Value::Array(pairs) => pairs.iter().filter_map(|pair| pair.as_str()?.split('=').next()).map(str::to_owned).collect(),
        _ => Value::Null,
    }
}

/// The program of a command, without what it is told.
fn program(command: &Value) -> Value {
    let first = match command {
        Value::Array(words) => words.first().and_then(Value::as_str),
        Value::String(line) => line.split_whitespace().next(),
        _ => None,
    };
    first.map_or(Value::Null, |first| json!(first.rsplit('/').next().unwrap_or(first).chars().take(64).collect::<String>()))
}

fn container(body: &Value) -> Map<String, Value> {
    let mut fields = picked(body, &["Image", "User", "Tty"]);
    fields.insert("environment".to_owned(), keys(&body["Env"]));
    fields.insert("labels".to_owned(), keys(&body["Labels"]));
    fields.insert("program".to_owned(), program(&body["Cmd"]));
    fields.extend(host(&body["HostConfig"]));
    fields
}

fn exec(body: &Value) -> Map<String, Value> {
    let mut fields = picked(body, &["User", "Tty", "Privileged", "WorkingDir"]);
    fields.insert("environment".to_owned(), keys(&body["Env"]));
    fields.insert("program".to_owned(), program(&body["Cmd"]));
    fields
}

/// What a container may use of its host.
fn host(body: &Value) -> Map<String, Value> {
    const NAMES: &[&str] = &[
        "Binds",
        "NetworkMode",
        "PidMode",
        "IpcMode",
        "UTSMode",
        "UsernsMode",
        "CgroupnsMode",
        "Privileged",
        "CapAdd",
        "CapDrop",
        "SecurityOpt",
        "Sysctls",
        "Runtime",
        "Memory",
        "MemorySwap",
        "NanoCpus",
        "CpuShares",
        "CpusetCpus",
        "PidsLimit",
        "ReadonlyRootfs",
        "AutoRemove",
        "VolumesFrom",
    ];
    let mut fields = picked(body, NAMES);
    let list = |values: &Value, text: fn(&Value) -> Option<String>| -> Value { values.as_array().into_iter().flatten().filter_map(text).collect() };
    fields.insert("Mounts".to_owned(), list(&body["Mounts"], mount));
    fields.insert("Devices".to_owned(), list(&body["Devices"], |device| device["PathOnHost"].as_str().map(str::to_owned)));
    fields.insert("PortBindings".to_owned(), ports(&body["PortBindings"]));
    if let Some(policy) = body["RestartPolicy"]["Name"].as_str().filter(|name| !name.is_empty()) {
        fields.insert("RestartPolicy".to_owned(), json!(policy));
    }
    fields
}

fn mount(mount: &Value) -> Option<String> {
    let text = |name: &str| mount[name].as_str().unwrap_or_default();
    Some(format!("{} {} at {}", text("Type"), text("Source"), mount["Target"].as_str()?))
}

fn ports(bindings: &Value) -> Value {
    let bound = bindings.as_object().into_iter().flatten().flat_map(|(port, hosts)| {
        let hosts = hosts.as_array().into_iter().flatten();
        hosts.map(move |host| format!("{}:{} to {port}", host["HostIp"].as_str().unwrap_or_default(), host["HostPort"].as_str().unwrap_or_default()))
    });
    bound.collect()
}

fn service(body: &Value) -> Map<String, Value> {
    let container = &body["TaskTemplate"]["ContainerSpec"];
    let mut fields = picked(container, &["Image", "User", "ReadOnly", "CapabilityAdd", "CapabilityDrop"]);
    let list = |values: &Value, text: fn(&Value) -> Option<String>| -> Value { values.as_array().into_iter().flatten().filter_map(text).collect() };
    let name = |reference: &Value, key: &str| reference[key].as_str().map(str::to_owned);
    fields.insert("name".to_owned(), body["Name"].clone());
    fields.insert("replicas".to_owned(), body["Mode"]["Replicated"]["Replicas"].clone());
    fields.insert("environment".to_owned(), keys(&container["Env"]));
    fields.insert("labels".to_owned(), keys(&container["Labels"]));
    fields.insert("program".to_owned(), program(&container["Command"]));
    fields.insert("mounts".to_owned(), list(&container["Mounts"], mount));
    fields.insert("secrets".to_owned(), container["Secrets"].as_array().into_iter().flatten().filter_map(|s| name(s, "SecretName")).collect());
    fields.insert("configs".to_owned(), container["Configs"].as_array().into_iter().flatten().filter_map(|c| name(c, "ConfigName")).collect());
    fields.insert(
        "ports".to_owned(),
        list(&body["EndpointSpec"]["Ports"], |port| Some(format!("{} to {}", port["PublishedPort"], port["TargetPort"]))),
    );
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(changes: &[Change]) -> Vec<String> {
        changes.iter().map(|c| format!("{}: {} > {}", c.field, c.before.as_deref().unwrap_or("-"), c.after.as_deref().unwrap_or("-"))).collect()
    }

    #[test]
    fn a_container_is_described_without_its_secrets() {
        let body = json!({
            "Image": "nginx", "Env": ["PASSWORD=canary", "A=b"], "Cmd": ["/usr/bin/run", "--password", "canary"], "Labels": { "auth": "canary" }, "Tty": false,
            "HostConfig": {
                "Binds": ["/srv:/data"], "Memory": 1024, "NanoCpus": 0, "Privileged": true, "RestartPolicy": { "Name": "always" },
                "PortBindings": { "80/tcp": [{ "HostIp": "", "HostPort": "8080" }] },
                "Mounts": [{ "Type": "volume", "Source": "data", "Target": "/data" }],
            },
        });
        let changes = asked("ContainerCreate", None, &[("name".to_owned(), "web".to_owned())], Some(&body));
        assert_eq!(
            told(&changes),
            [
                "Binds: - > /srv:/data",
                "Image: - > nginx",
                "Memory: - > 1024",
                "Mounts: - > volume data at /data",
                "PortBindings: - > :8080 to 80/tcp",
                "Privileged: - > true",
                "RestartPolicy: - > always",
                "environment: - > PASSWORD, A",
                "labels: - > auth",
                "name: - > web",
                "program: - > run",
            ]
        );
        assert!(!format!("{changes:?}").contains("canary"));
    }

    #[test]
    fn what_it_was_stands_beside_what_it_is_to_be() {
        let changes = asked("ContainerUpdate", None, &[], Some(&json!({ "Memory": 2048, "CpuShares": 5, "RestartPolicy": { "Name": "no" } })));
        let before =
            container_before(&json!({ "HostConfig": { "Memory": 1024, "CpuShares": 5, "PidsLimit": 7, "RestartPolicy": { "Name": "always" } } }));
        assert_eq!(told(&with_before(changes, &before)), ["Memory: 1024 > 2048", "RestartPolicy: always > no"]);
        assert_eq!(told(&asked("ContainerRename", Some("old"), &[("name".to_owned(), "new".to_owned())], None)), ["name: old > new"]);
        assert_eq!(asked("ContainerStart", None, &[], None), []);
    }

    #[test]
    fn what_was_asked_for_is_judged_again_from_its_record() {
        let body = json!({
            "Image": "nginx",
            "HostConfig": {
                "Binds": ["/srv:/data", "/etc:/x:ro"], "Memory": 1024, "Privileged": true, "CapAdd": ["NET_ADMIN"], "NetworkMode": "host",
                "Devices": [{ "PathOnHost": "/dev/kvm", "PathInContainer": "/dev/kvm", "CgroupPermissions": "rwm" }], "Sysctls": { "net.core.somaxconn": "9" },
                "Mounts": [{ "Type": "bind", "Source": "/var", "Target": "/v" }], "RestartPolicy": { "Name": "always" },
                "PortBindings": { "80/tcp": [{ "HostIp": "", "HostPort": "8080" }, { "HostIp": "::1", "HostPort": "81" }] },
            },
        });
        assert_eq!(rebuilt("ContainerCreate", &asked("ContainerCreate", None, &[], Some(&body))), body);
    }

    #[test]
    fn a_body_of_any_shape_is_taken() {
        for body in [json!(null), json!([1]), json!("x"), json!({ "HostConfig": 7, "Env": { "A": 1 }, "Cmd": { "x": 1 }, "TaskTemplate": [] })] {
            for operation in ["ContainerCreate", "ContainerUpdate", "ContainerExec", "ServiceCreate", "NetworkCreate", "VolumeCreate", "SecretCreate"]
            {
                asked(operation, None, &[], Some(&body));
            }
        }
    }
}
