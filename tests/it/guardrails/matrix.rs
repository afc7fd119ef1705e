//! Every rule, at every door that can ask for what it does not allow.

use serde_json::{Value, json};

use super::{put_up, recorded, take_down};

/// One thing that is asked for: method, path beyond the engine, body.
type Asked = (&'static str, String, Value);

fn create(host: Value) -> Asked {
    ("POST", "/containers/create".to_owned(), json!({ "Image": "busybox", "HostConfig": host }))
}

fn made(body: Value) -> Asked {
    ("POST", "/containers/create".to_owned(), body)
}

fn update(body: Value) -> Asked {
    ("POST", "/containers/x/update".to_owned(), body)
}

fn exec(body: Value) -> Asked {
    ("POST", "/containers/x/exec".to_owned(), body)
}

/// Both ways to say what a service is.
fn service(spec: Value) -> Vec<Asked> {
    vec![("POST", "/services/create".to_owned(), spec.clone()), ("POST", "/services/x/update?version=1".to_owned(), spec)]
}

fn in_service(container: Value) -> Vec<Asked> {
    service(json!({ "TaskTemplate": { "ContainerSpec": container } }))
}

fn post(path: &str, body: Value) -> Asked {
    ("POST", path.to_owned(), body)
}

fn bare(path: &str) -> Asked {
    ("POST", path.to_owned(), Value::Null)
}

struct Case {
    rule: Value,
    asked: Vec<Asked>,
    /// The console's own forms, by their path beyond the engine.
    forms: Vec<(&'static str, Value)>,
}

fn form(more: Value) -> (&'static str, Value) {
    let mut input = json!({ "name": "web-1", "image": "busybox", "command": [], "env": [], "labels": {}, "ports": [], "volumes": [], "networks": [], "restart": "", "start": false });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ("/containers", input)
}

fn bind_options(device: &str) -> Value {
    json!({ "type": "none", "o": "bind", "device": device })
}

fn cases() -> Vec<Case> {
    let bind = json!([{ "Type": "bind", "Source": "/srv/../etc", "Target": "/x" }]);
    let by_driver =
        json!([{ "Type": "volume", "Target": "/x", "VolumeOptions": { "DriverConfig": { "Name": "local", "Options": bind_options("/") } } }]);
    let image = json!([{ "Type": "image", "Source": "evil.example/x", "Target": "/x" }]);
    let mut all = Vec::new();
    let mut case = |rule: Value, asked: Vec<Vec<Asked>>, forms: Vec<(&'static str, Value)>| all.push(Case { rule, asked: asked.concat(), forms });
    case(
        json!({ "kind": "privileged" }),
        vec![
            vec![create(json!({ "Privileged": true })), exec(json!({ "Cmd": ["sh"], "Privileged": true }))],
            service(json!({ "TaskTemplate": { "Runtime": "plugin", "PluginSpec": { "Remote": "x" } } })),
            vec![post("/plugins/pull?remote=x", json!([])), bare("/plugins/x/enable"), post("/plugins/x/set", json!([]))],
        ],
        vec![],
    );
    case(
        json!({ "kind": "host_mounts", "allowed_paths": ["/srv/data", "/logs:ro"] }),
        vec![
            vec![
                create(json!({ "Binds": ["/etc:/x"] })),
                create(json!({ "Binds": ["/srv/data/../database:/x:ro"] })),
                create(json!({ "Binds": ["/logs:/x"] })),
                create(json!({ "Mounts": bind })),
                create(json!({ "Mounts": by_driver })),
                create(json!({ "VolumeDriver": "elsewhere", "Binds": ["data:/x"] })),
                made(json!({ "Image": "x", "Volumes": { "/etc:/x": {} } })),
                post("/volumes/create", json!({ "Name": "v", "DriverOpts": bind_options("/etc") })),
                post("/volumes/create", json!({ "Name": "v", "DriverOpts": { "type": "cifs", "device": "//host/share" } })),
                post("/volumes/create", json!({ "Name": "v", "DriverOpts": { "type": "overlay", "o": "lowerdir=/etc,upperdir=/u,workdir=/w" } })),
                post("/volumes/create", json!({ "Name": "v", "Driver": "elsewhere" })),
                post("/containers/x/checkpoints", json!({ "CheckpointID": "c", "CheckpointDir": "/etc" })),
                bare("/containers/x/start?checkpoint=c&checkpoint-dir=%2Fetc"),
            ],
            in_service(json!({ "Mounts": bind })),
            in_service(json!({ "Mounts": by_driver })),
        ],
        vec![form(json!({ "volumes": ["/etc:/x"] })), form(json!({ "volumes": ["/logs:/x"] }))],
    );
    let mut joins: Vec<Asked> = Vec::new();
    for field in ["NetworkMode", "PidMode", "IpcMode", "UTSMode", "UsernsMode", "CgroupnsMode"] {
        joins.push(create(json!({ field: "host" })));
    }
    for (field, mode) in
        [("NetworkMode", "container:x"), ("PidMode", "container:x"), ("IpcMode", "container:x"), ("NetworkMode", "ns:/proc/1/ns/net")]
    {
        joins.push(create(json!({ field: mode })));
    }
    joins.push(create(json!({ "Cgroup": "container:x" })));
    joins.push(create(json!({ "Links": ["db:db"] })));
    joins.push(made(json!({ "Image": "x", "NetworkingConfig": { "EndpointsConfig": { "host": {} } } })));
    joins.push(post("/networks/host/connect", json!({ "Container": "x" })));
    joins.push(bare("/build?networkmode=host"));
    joins.push(bare("/build?networkmode=container%3Ax"));
    case(
        json!({ "kind": "namespaces" }),
        vec![
            joins,
            service(json!({ "TaskTemplate": { "Networks": [{ "Target": "host" }] } })),
            service(json!({ "Networks": [{ "Target": "host" }] })),
        ],
        vec![form(json!({ "networks": ["host"] })), ("/networks/host/connect", json!({ "container": "x1" }))],
    );
    case(
        json!({ "kind": "capabilities", "allowed": ["NET_ADMIN"] }),
        vec![
            vec![create(json!({ "CapAdd": ["SYS_ADMIN"] })), create(json!({ "CapAdd": "cap_sys_admin" })), create(json!({ "CapAdd": ["ALL"] }))],
            in_service(json!({ "CapabilityAdd": ["CAP_SYS_PTRACE"] })),
        ],
        vec![],
    );
    let devices = [
        json!({ "Devices": [{ "PathOnHost": "/dev/sda" }] }),
        json!({ "DeviceCgroupRules": ["a *:* rwm"] }),
        json!({ "DeviceRequests": [{ "Count": -1 }] }),
    ];
    case(
        json!({ "kind": "devices" }),
        vec![
            devices.iter().cloned().map(create).collect(),
            devices.iter().cloned().map(update).collect(),
            service(
                json!({ "TaskTemplate": { "Resources": { "Reservations": { "GenericResources": [{ "DiscreteResourceSpec": { "Kind": "gpu", "Value": 1 } }] } } } }),
            ),
        ],
        vec![],
    );
    case(
        json!({ "kind": "security_options" }),
        vec![
            vec![
                create(json!({ "SecurityOpt": ["seccomp=unconfined"] })),
                create(json!({ "SecurityOpt": ["apparmor:unconfined"] })),
                create(json!({ "MaskedPaths": [] })),
                create(json!({ "ReadonlyPaths": [] })),
                bare("/build?securityopt=seccomp%3Dunconfined"),
            ],
            in_service(json!({ "Privileges": { "Seccomp": { "Mode": "unconfined" } } })),
            in_service(json!({ "Privileges": { "AppArmor": { "Mode": "disabled" } } })),
            in_service(json!({ "Privileges": { "SELinuxContext": { "Disable": true } } })),
            in_service(json!({ "Privileges": { "CredentialSpec": { "File": "x" } } })),
        ],
        vec![],
    );
    let hidden = json!({ "com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.forwarding=1" });
    case(
        json!({ "kind": "sysctls" }),
        vec![
            vec![
                create(json!({ "Sysctls": { "net.ipv4.ip_forward": "1" } })),
                made(json!({ "Image": "x", "NetworkingConfig": { "EndpointsConfig": { "front": { "DriverOpts": hidden } } } })),
                post("/networks/front/connect", json!({ "Container": "x", "EndpointConfig": { "DriverOpts": hidden } })),
            ],
            in_service(json!({ "Sysctls": { "net.ipv4.ip_forward": "1" } })),
        ],
        vec![],
    );
    case(
        json!({ "kind": "runtimes" }),
        vec![
            vec![create(json!({ "Runtime": "kata" })), create(json!({ "Annotations": { "a": "b" } }))],
            in_service(json!({ "Isolation": "hyperv" })),
        ],
        vec![],
    );
    case(
        json!({ "kind": "log_drivers", "allowed": ["json-file"] }),
        vec![
            vec![create(json!({ "LogConfig": { "Type": "gelf", "Config": { "gelf-address": "udp://169.254.169.254:1" } } }))],
            service(json!({ "TaskTemplate": { "LogDriver": { "Name": "syslog" } } })),
        ],
        vec![],
    );
    case(
        json!({ "kind": "images", "allowed": ["docker.io/library/*"] }),
        vec![
            vec![
                made(json!({ "Image": "evil.example/x" })),
                made(json!({ "Image": "Docker.io/evil/x" })),
                made(json!({ "Image": "sha256:0123456789abcdef" })),
                made(json!({ "Image": "deadbeef" })),
                create(json!({ "Mounts": image })),
                bare("/images/create?fromImage=evil.example%2Fx&tag=1"),
                bare("/images/create?fromSrc=-&repo=busybox"),
                bare("/images/evil.example/x/tag?repo=busybox"),
                post("/commit?container=x&repo=busybox", json!({})),
                bare("/images/load"),
                bare("/build?t=busybox"),
                ("GET", "/distribution/evil.example/x/json".to_owned(), Value::Null),
            ],
            in_service(json!({ "Image": "evil.example/x" })),
        ],
        vec![
            form(json!({ "image": "evil.example/x" })),
            ("/images/pull", json!({ "image": "evil.example/x:1" })),
            ("/images/some-id/tag", json!({ "repository": "busybox", "tag": "1" })),
        ],
    );
    let mib = 1024 * 1024;
    case(
        json!({ "kind": "limits", "memory_mib": 64, "cpu_milli": 500 }),
        vec![
            vec![
                create(json!({})),
                create(json!({ "Memory": 65 * mib, "NanoCpus": 1 })),
                create(json!({ "Memory": mib, "NanoCpus": 600_000_000 })),
                create(json!({ "Memory": mib, "NanoCpus": 1, "MemorySwap": -1 })),
                create(json!({ "Memory": mib, "NanoCpus": 1, "OomKillDisable": true })),
                create(json!({ "Memory": mib, "NanoCpus": 1, "CgroupParent": "/" })),
                update(json!({ "Memory": 65 * mib })),
                update(json!({ "CpuQuota": -1 })),
                bare("/build?memory=9999999999"),
                bare("/build?cgroupparent=%2F"),
            ],
            service(json!({ "TaskTemplate": { "Resources": { "Limits": { "MemoryBytes": 65 * mib, "NanoCPUs": 1 } } } })),
            service(json!({ "TaskTemplate": { "ContainerSpec": { "Image": "x" } } })),
        ],
        vec![form(json!({}))],
    );
    case(
        json!({ "kind": "ports", "allowed": ["8000-8099"] }),
        vec![
            vec![
                create(json!({ "PortBindings": { "80/tcp": [{ "HostPort": "22" }] } })),
                create(json!({ "PortBindings": { "80/tcp": [{ "HostPort": "8000-8100" }] } })),
                create(json!({ "PortBindings": { "80/tcp": [{ "HostPort": "" }] } })),
                create(json!({ "PublishAllPorts": true })),
            ],
            service(json!({ "EndpointSpec": { "Ports": [{ "TargetPort": 80, "PublishedPort": 443 }] } })),
        ],
        vec![form(json!({ "ports": ["22:80"] })), form(json!({ "ports": ["80"] }))],
    );
    case(
        json!({ "kind": "restart_policies", "allowed": ["no"] }),
        vec![
            vec![create(json!({ "RestartPolicy": { "Name": "always" } })), update(json!({ "RestartPolicy": { "Name": "unless-stopped" } }))],
            service(json!({ "TaskTemplate": { "RestartPolicy": { "Condition": "any" } } })),
        ],
        vec![form(json!({ "restart": "always" }))],
    );
    case(
        json!({ "kind": "labels", "required": ["owner"] }),
        vec![vec![create(json!({})), made(json!({ "Image": "x", "Labels": { "Owner": "a" } }))], service(json!({ "Labels": { "other": "a" } }))],
        vec![form(json!({}))],
    );
    case(
        json!({ "kind": "users" }),
        vec![
            vec![create(json!({})), exec(json!({ "Cmd": ["sh"], "User": "root" })), exec(json!({ "User": "00" })), exec(json!({ "User": "0:0" }))],
            ["0", "00", "0:0", "root", "toor", "1000:0"].map(|user| made(json!({ "Image": "x", "User": user }))).to_vec(),
            in_service(json!({ "User": "0" })),
        ],
        vec![form(json!({}))],
    );
    case(
        json!({ "kind": "networks", "allowed_drivers": ["bridge"] }),
        vec![vec![
            post("/networks/create", json!({ "Name": "n", "Driver": "macvlan", "Options": { "parent": "eth0" } })),
            post("/networks/create", json!({ "Name": "n", "Options": { "com.docker.network.bridge.name": "br0" } })),
            post("/networks/create", json!({ "Name": "n", "ConfigFrom": { "Network": "other" } })),
            post("/networks/create", json!({ "Name": "n", "ConfigOnly": true })),
            post("/networks/create", json!({ "Name": "n", "IPAM": { "Driver": "elsewhere" } })),
            post("/networks/create", json!({ "Name": "n", "Ingress": true })),
        ]],
        vec![("/networks", json!({ "name": "front", "driver": "macvlan", "internal": false, "labels": {} }))],
    );
    case(
        json!({ "kind": "swarm", "max_replicas": 2 }),
        vec![
            service(json!({ "Mode": { "Global": {} } })),
            service(json!({ "Mode": { "Replicated": { "Replicas": 3 } } })),
            service(json!({ "EndpointSpec": { "Ports": [{ "PublishedPort": 80, "PublishMode": "host" }] } })),
        ],
        vec![],
    );
    all
}

#[test]
fn the_same_verdict_at_every_door_and_no_byte_to_the_engine() {
    let (recorder, house) = recorded();
    let mut asked = 0;
    let mut wrong = Vec::new();
    for Case { rule, asked: all, forms } in cases() {
        let name = rule["kind"].as_str().unwrap().replace('_', "-");
        let id = put_up(&house, &name, "enforce", &rule);
        let says = |message: &Value| message.as_str().unwrap_or_default().starts_with(&format!("The guardrail \"{name}\" does not allow "));
        // What a change of a container comes to hangs on what it is now: that is asked first.
        let silent = |path: &str| !path.ends_with("/update");
        for (method, path, body) in all {
            let before = recorder.seen();
            let body = if body.is_null() { String::new() } else { body.to_string() };
            let answer = house.send(&house.admin, method, &format!("/engines/fake{path}"), &body);
            let heard = silent(&path) && recorder.seen() != before || recorder.seen().contains("POST /containers/x/update");
            if answer.status != 403 || !says(&answer.json()["message"]) || heard {
                wrong.push(format!("{name}: {method} {path} {body}: {answer:?}, the engine heard: {heard}"));
            }
            asked += 1;
        }
        for (path, input) in forms {
            let before = recorder.seen();
            let answer = house.post(&house.admin, &format!("/api/v1/engines/fake{path}"), input.clone());
            let problem = answer.json();
            if answer.status != 403 || problem["code"] != "guardrail" || !says(&problem["title"]) || recorder.seen() != before {
                wrong.push(format!("{name}: the form {path} {input}: {answer:?}"));
            }
            asked += 1;
        }
        take_down(&house, &id);
    }
    assert!(wrong.is_empty(), "{} of {asked} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 150, "the matrix is cut short: {asked}");
}

#[test]
fn what_nobody_can_look_into_is_refused_where_any_rule_is_in_force() {
    let (recorder, house) = recorded();
    let asked = [
        "/build?remote=http%3A%2F%2F169.254.169.254%2F",
        "/build?version=2&session=abc",
        "/build?outputs=%5B%5D",
        "/images/create?fromSrc=http%3A%2F%2F2130706433%2Fx.tar",
        "/session",
        "/grpc",
    ];
    let id = put_up(&house, "some-rule", "enforce", &json!({ "kind": "labels", "required": ["owner"] }));
    for path in asked {
        let refused = house.send(&house.admin, "POST", &format!("/engines/fake{path}"), "");
        assert_eq!(refused.status, 403, "{path}: {refused:?}");
        assert!(refused.json()["message"].as_str().unwrap().starts_with("The guardrail \"some-rule\" is in force here, and "), "{refused:?}");
    }
    assert_eq!(recorder.seen(), "");
    take_down(&house, &id);
    for path in asked {
        assert_eq!(house.send(&house.admin, "POST", &format!("/engines/fake{path}"), "").status, 200, "{path}");
    }
}

#[test]
fn what_is_harmless_goes_through_under_every_rule() {
    let (recorder, house) = recorded();
    for Case { rule, .. } in cases() {
        put_up(&house, &rule["kind"].as_str().unwrap().replace('_', "-"), "enforce", &rule);
    }
    let mib = 1024 * 1024;
    let body = json!({
        "Image": "busybox:1.36", "User": "1000:1000", "Labels": { "owner": "ana" }, "Env": ["A=b"], "Cmd": ["true"], "MacAddress": "",
        "HostConfig": {
            "Memory": 64 * mib, "NanoCpus": 500_000_000, "Binds": ["data:/data", "/srv/data/a:/a", "/logs:/logs:ro"], "NetworkMode": "default",
            "RestartPolicy": { "Name": "no", "MaximumRetryCount": 0 }, "PortBindings": { "80/tcp": [{ "HostIp": "", "HostPort": "8080" }] },
            "CapAdd": ["NET_ADMIN"], "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"], "LogConfig": { "Type": "", "Config": {} },
            "KernelMemory": 0, "MaskedPaths": null, "ReadonlyPaths": null, "Devices": [], "IpcMode": "private", "Privileged": false
        },
        "NetworkingConfig": { "EndpointsConfig": {} }
    });
    let made = house.post(&house.admin, "/engines/fake/containers/create?name=x", body);
    assert_eq!(made.status, 200, "{made:?}");
    let spec = json!({
        "Name": "s", "Labels": { "owner": "ana" }, "Mode": { "Replicated": { "Replicas": 2 } },
        "TaskTemplate": {
            "ContainerSpec": { "Image": "busybox", "User": "1000", "Privileges": { "CredentialSpec": null, "SELinuxContext": null }, "Isolation": "default" },
            "Resources": { "Limits": { "MemoryBytes": mib, "NanoCPUs": 1000 } }, "RestartPolicy": { "Condition": "none" }, "Placement": {}, "ForceUpdate": 0
        }
    });
    let made = house.post(&house.admin, "/engines/fake/services/create", spec);
    assert_eq!(made.status, 200, "{made:?}");
    for (path, body) in [
        ("/volumes/create", json!({ "Name": "data", "Driver": "local", "DriverOpts": {}, "Labels": null })),
        (
            "/networks/create",
            json!({ "Name": "front", "CheckDuplicate": true, "Driver": "bridge", "IPAM": { "Driver": "default", "Options": {}, "Config": [] } }),
        ),
        ("/containers/x/exec", json!({ "User": "", "Privileged": false, "Cmd": ["sh"], "Detach": false })),
    ] {
        assert_eq!(house.post(&house.admin, &format!("/engines/fake{path}"), body).status, 200, "{path}");
    }
    assert!(recorder.seen().contains("\"CapAdd\":[\"NET_ADMIN\"]"), "what was judged is what was sent");
}
