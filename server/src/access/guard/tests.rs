//! Every rule with what gets round it elsewhere, by every door of the engine's API that can ask for it.

use serde_json::{Value, json};

use super::*;

fn guardrail(mode: Mode, rule: Rule) -> Guardrail {
    Guardrail { id: "g".to_owned(), name: "a-rule".to_owned(), mode, scope: Scope::All, roles: Vec::new(), rule }
}

fn strings(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn sentence(rule: &Rule, workload: &Workload) -> Option<String> {
    judge(&[guardrail(Mode::Enforce, rule.clone())], workload).stopped.map(|finding| finding.sentence)
}

fn reduced(operation: &str, body: &Value) -> Workload {
    reduce(&Ask { operation, params: &strings(&["x"]), query: &[], body: Some(body) }).unwrap().unwrap()
}

fn asked(operation: &str, query: &[(&str, &str)]) -> Result<Option<Workload>, Unread> {
    let query: Vec<_> = query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    reduce(&Ask { operation, params: &strings(&["x"]), query: &query, body: None })
}

/// What the rule says of a container with this.
fn create(rule: &Rule, more: Value, host: Value) -> Option<String> {
    let mut body = json!({ "Image": "busybox", "HostConfig": host });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    sentence(rule, &reduced("ContainerCreate", &body))
}

fn host(rule: &Rule, host: Value) -> Option<String> {
    create(rule, json!({}), host)
}

/// What the rule says of a service with this in its container.
fn service(rule: &Rule, container: Value) -> Option<String> {
    spec(rule, json!({ "TaskTemplate": { "ContainerSpec": container } }))
}

/// The update of a service says the same as its making.
fn spec(rule: &Rule, spec: Value) -> Option<String> {
    let said = sentence(rule, &reduced("ServiceCreate", &spec));
    assert_eq!(said, sentence(rule, &reduced("ServiceUpdate", &spec)));
    said
}

fn volume_with(rule: &Rule, body: Value) -> Option<String> {
    sentence(rule, &reduced("VolumeCreate", &body))
}

#[test]
fn a_sentence_names_the_rule_and_what_it_is_about() {
    let said = host(&Rule::Privileged {}, json!({"Privileged": true})).unwrap();
    assert_eq!(said, "The guardrail \"a-rule\" does not allow privileged containers here.");
    let rule = Rule::HostMounts { allowed_paths: vec![], allowed_volumes: vec![] };
    let hostile = host(&rule, json!({"Binds": [format!("/x\u{1b}[31m\n{}:/x", "y".repeat(999))]})).unwrap();
    assert!(hostile.len() < 400 && !hostile.contains(['\u{1b}', '\n']), "{hostile}");
}

#[test]
fn what_only_warns_stops_nothing_and_the_first_that_stops_is_told() {
    let workload = reduced("ContainerCreate", &json!({"HostConfig": {"Privileged": true, "CapAdd": ["ALL"]}}));
    let warn = guardrail(Mode::Warn, Rule::Privileged {});
    let enforce = guardrail(Mode::Enforce, Rule::Capabilities { allowed: vec![] });
    let verdict = judge(&[warn.clone(), enforce.clone()], &workload);
    assert!(verdict.stopped.unwrap().sentence.contains("capability ALL"));
    assert_eq!(verdict.warned.len(), 1);
    assert_eq!(judge(std::slice::from_ref(&warn), &workload).stopped, None);
    let strict = unjudgeable(&[warn.clone(), enforce], "it cannot be read");
    assert_eq!(strict.stopped.unwrap().sentence, "The guardrail \"a-rule\" is in force here, and it cannot be read.");
    assert_eq!(unjudgeable(&[warn], "x").stopped, None);
    assert_eq!(judge(&[], &workload), Verdict::default());
}

#[test]
fn privileged_is_known_by_every_name_it_has() {
    let rule = Rule::Privileged {};
    for odd in [json!(true), json!(1), json!("true")] {
        assert!(host(&rule, json!({ "Privileged": odd })).is_some());
    }
    assert_eq!(host(&rule, json!({"Privileged": false})), None);
    assert_eq!(host(&rule, json!({"Privileged": null})), None);
    assert!(sentence(&rule, &reduced("ContainerExec", &json!({"Privileged": true}))).unwrap().contains("privileged programs"));
    assert!(spec(&rule, json!({"TaskTemplate": {"Runtime": "plugin", "PluginSpec": {"Remote": "x"}}})).is_some());
    assert!(spec(&rule, json!({"TaskTemplate": {"PluginSpec": {"Remote": "x"}}})).is_some());
    assert!(spec(&rule, json!({"TaskTemplate": {"Runtime": "attachment"}})).is_some());
    assert_eq!(spec(&rule, json!({"TaskTemplate": {"Runtime": "container"}})), None);
    for operation in ["PluginPull", "PluginCreate", "PluginUpgrade", "PluginSet", "PluginEnable"] {
        let workload = reduce(&Ask { operation, params: &[], query: &[], body: None }).unwrap().unwrap();
        assert!(sentence(&rule, &workload).unwrap().contains("plugins"), "{operation}");
    }
}

#[test]
fn the_hosts_files_are_reached_by_no_other_way() {
    let rule = Rule::HostMounts { allowed_paths: strings(&["/srv/data", "/logs/:ro"]), allowed_volumes: strings(&["nfs"]) };
    let bind = |text: &str| host(&rule, json!({ "Binds": [text] }));
    let mount = |source: &str, read_only: bool| json!({"Type": "bind", "Source": source, "Target": "/x", "ReadOnly": read_only});
    for path in
        ["/", "//", "/etc", "//etc", "/srv/../etc", "/srv/data/../../etc", "/srv/database", "/srv", "/proc/1/root/etc", "/srv/data/../database"]
    {
        let both =
            [json!({ "Binds": [format!("{path}:/x")] }), json!({ "Binds": format!("{path}:/x:ro") }), json!({ "Mounts": [mount(path, false)] })];
        for asked in both {
            assert!(host(&rule, asked.clone()).unwrap().contains("the host's path /"), "{asked}");
        }
        assert!(service(&rule, json!({ "Mounts": [mount(path, true)] })).is_some(), "{path}");
        for o in ["bind", "rbind", "ro,bind", "bind,ro", " bind"] {
            for kind in ["none", "", "tmpfs", "nfs", "ext4"] {
                let options = json!({"type": kind, "o": o, "device": path});
                assert!(volume_with(&rule, json!({"Driver": "local", "DriverOpts": options})).is_some(), "{options}");
                let mount = json!({"Type": "volume", "Target": "/x", "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": options}}});
                assert!(host(&rule, json!({ "Mounts": [mount] })).is_some(), "{options}");
                assert!(service(&rule, json!({ "Mounts": [mount] })).is_some(), "{options}");
            }
        }
        assert!(volume_with(&rule, json!({"DriverOpts": {"type": "none", "device": path}})).is_some());
        assert!(host(&rule, json!({ "Mounts": [{"Type": "volume", "Source": path, "Target": "/x"}] })).is_some());
        assert!(sentence(&rule, &reduced("CheckpointCreate", &json!({ "CheckpointDir": path }))).is_some());
        assert!(sentence(&rule, &asked("ContainerStart", &[("checkpoint-dir", path)]).unwrap().unwrap()).is_some());
    }
    for odd in ["./x:/x", "~/x:/x", "..:/x", "C:\\x:/x", ":/x", "$HOME:/x"] {
        assert!(bind(odd).is_some(), "{odd}");
    }
    for good in ["/srv/data:/x", "/srv/data/a/b:/x:rw", "/srv//data/./a:/x", "/logs:/x:ro", "/logs/a:/x:ro,z", "data:/x", "data:/x:ro", "/x"] {
        assert_eq!(bind(good), None, "{good}");
    }
    assert!(bind("/logs:/x").unwrap().contains("to be written to"));
    assert!(bind("/srv/data:/x:rshared").unwrap().contains("shared propagation"));
    let shared = json!({"Type": "bind", "Source": "/srv/data", "Target": "/x", "BindOptions": {"Propagation": "shared"}});
    assert!(host(&rule, json!({ "Mounts": [shared] })).is_some());
    assert_eq!(host(&rule, json!({ "Mounts": [mount("/logs", true), {"Type": "tmpfs", "Target": "/t"}] })), None);
    assert!(host(&rule, json!({ "Mounts": [{"Type": "npipe", "Source": "\\\\.\\pipe\\docker", "Target": "/x"}] })).is_some());
    assert!(host(&rule, json!({ "Mounts": [{"Type": "newfangled", "Target": "/x"}] })).is_some());
    assert!(host(&rule, json!({ "Mounts": [{"Target": "/x"}] })).is_some());
    assert!(host(&rule, json!({ "Mounts": [{"Type": "cluster", "Source": "v", "Target": "/x"}] })).is_some());
    assert!(create(&rule, json!({"Volumes": {"/etc:/x": {}}}), json!({})).is_some());
    assert_eq!(create(&rule, json!({"Volumes": {"/data": {}}}), json!({})), None);
}

#[test]
fn volumes_that_are_mounts_themselves_are_none_of_the_plain_ones() {
    let rule = Rule::HostMounts { allowed_paths: vec![], allowed_volumes: strings(&["nfs"]) };
    for kind in ["cifs", "overlay", "ext4", "btrfs", "9p", "NFS"] {
        let said = volume_with(&rule, json!({"Driver": "local", "DriverOpts": {"type": kind, "o": "lowerdir=/etc", "device": kind}}));
        assert!(said.unwrap().contains(kind), "{kind}");
    }
    assert!(volume_with(&rule, json!({"DriverOpts": {"o": "lowerdir=/etc,upperdir=/u,workdir=/w"}})).is_some());
    assert_eq!(volume_with(&rule, json!({"DriverOpts": {"type": "nfs", "o": "addr=10.0.0.1", "device": ":/x"}})), None);
    assert_eq!(volume_with(&rule, json!({"DriverOpts": {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}})), None);
    assert_eq!(volume_with(&rule, json!({"Name": "data", "DriverOpts": null})), None);
    assert!(volume_with(&rule, json!({"Driver": "local-persist", "DriverOpts": {"mountpoint": "/etc"}})).is_some());
    assert!(volume_with(&rule, json!({"ClusterVolumeSpec": {"Group": "x"}})).is_some());
    assert!(host(&rule, json!({"VolumeDriver": "local-persist", "Binds": ["data:/x"]})).is_some());
    let workload = reduced(
        "ContainerCreate",
        &json!({"HostConfig": {"Binds": ["one:/x:ro"], "Mounts": [{"Type": "volume", "Source": "two", "Target": "/y"}], "VolumesFrom": ["other:ro"]}}),
    );
    assert_eq!(workload.volumes, ["one", "two"].map(str::to_owned).into());
    assert_eq!(workload.volumes_from, ["other".to_owned()].into());
    let mut workload = Workload::default();
    let inspected = json!({"Mounts": [{"Type": "bind", "Source": "/etc", "RW": true}, {"Type": "volume", "Name": "data", "Driver": "local"}]});
    taken_over(&mut workload, &inspected);
    assert!(sentence(&rule, &workload).unwrap().contains("/etc"));
    assert_eq!(workload.volumes, ["data".to_owned()].into());
}

#[test]
fn a_namespace_is_joined_in_no_spelling() {
    let rule = Rule::Namespaces { allowed: vec![], containers: false };
    for field in ["NetworkMode", "PidMode", "IpcMode", "UTSMode", "UsernsMode", "CgroupnsMode"] {
        assert!(host(&rule, json!({ field: "host" })).unwrap().contains("namespace"), "{field}");
        assert!(host(&rule, json!({ field: "container:other" })).unwrap().contains("another container"), "{field}");
        assert!(host(&rule, json!({ field: "ns:/proc/1/ns/net" })).is_some(), "{field}");
        assert_eq!(host(&rule, json!({ field: "" })), None, "{field}");
    }
    assert!(host(&rule, json!({"Cgroup": "container:x"})).is_some());
    assert!(host(&rule, json!({"Links": ["db:db"]})).is_some());
    for (field, mode) in
        [("NetworkMode", "bridge"), ("NetworkMode", "none"), ("NetworkMode", "front"), ("IpcMode", "shareable"), ("CgroupnsMode", "private")]
    {
        assert_eq!(host(&rule, json!({ field: mode })), None, "{field} {mode}");
    }
    assert!(create(&rule, json!({"NetworkingConfig": {"EndpointsConfig": {"host": {}}}}), json!({})).is_some());
    assert!(spec(&rule, json!({"TaskTemplate": {"Networks": [{"Target": "host"}]}})).is_some());
    assert!(spec(&rule, json!({"Networks": [{"Target": "host"}]})).is_some());
    assert!(sentence(&rule, &asked("ImageBuild", &[("networkmode", "host")]).unwrap().unwrap()).is_some());
    assert!(sentence(&rule, &asked("ImageBuild", &[("networkmode", "container:x")]).unwrap().unwrap()).is_some());
    let connect =
        |id: &str| reduce(&Ask { operation: "NetworkConnect", params: &strings(&[id]), query: &[], body: Some(&json!({"Container": "x"})) });
    assert!(sentence(&rule, &connect("host").unwrap().unwrap()).is_some());
    assert_eq!(connect("0123abc").unwrap().unwrap().networks, ["0123abc".to_owned()].into());
    let some = Rule::Namespaces { allowed: vec![Namespace::Network], containers: true };
    assert_eq!(host(&some, json!({"NetworkMode": "host", "PidMode": "container:x"})), None);
    assert!(host(&some, json!({"PidMode": "host"})).unwrap().contains("the host's pid namespace"));
}

#[test]
fn lists_of_what_is_allowed_are_kept() {
    let rule = Rule::Capabilities { allowed: strings(&["NET_ADMIN"]) };
    for name in ["SYS_ADMIN", "CAP_SYS_ADMIN", "sys_admin", "ALL", "all"] {
        assert!(host(&rule, json!({ "CapAdd": [name] })).is_some(), "{name}");
        assert!(host(&rule, json!({ "CapAdd": name })).is_some(), "{name}, not in a list");
        assert!(service(&rule, json!({ "CapabilityAdd": [name] })).is_some(), "{name}");
    }
    assert_eq!(host(&rule, json!({"CapAdd": ["cap_net_admin", "NET_ADMIN"], "CapDrop": ["ALL"]})), None);

    let rule = Rule::SecurityOptions { allowed: strings(&["seccomp=mine.json"]) };
    for option in ["seccomp=unconfined", "seccomp:unconfined", "apparmor=unconfined", "label=disable", "label:disable", "no-new-privileges=false"] {
        assert!(host(&rule, json!({ "SecurityOpt": [option] })).is_some(), "{option}");
        assert!(sentence(&rule, &asked("ImageBuild", &[("securityopt", option)]).unwrap().unwrap()).is_some(), "{option}");
        let list = json!([option]).to_string();
        assert!(sentence(&rule, &asked("ImageBuild", &[("securityopt", &list)]).unwrap().unwrap()).is_some(), "{option}");
    }
    assert_eq!(host(&rule, json!({"SecurityOpt": ["no-new-privileges", "no-new-privileges:true", "seccomp=mine.json"]})), None);
    assert!(host(&rule, json!({"MaskedPaths": []})).unwrap().contains("systempaths=unconfined"));
    assert!(host(&rule, json!({"ReadonlyPaths": []})).is_some());
    assert_eq!(host(&rule, json!({"MaskedPaths": null, "ReadonlyPaths": null})), None);
    for privileges in [
        json!({"Seccomp": {"Mode": "unconfined"}}),
        json!({"Seccomp": {"Mode": "custom", "Profile": "e30="}}),
        json!({"AppArmor": {"Mode": "disabled"}}),
        json!({"SELinuxContext": {"Disable": true}}),
        json!({"SELinuxContext": {"Type": "spc_t"}}),
        json!({"CredentialSpec": {"File": "x"}}),
    ] {
        assert!(service(&rule, json!({ "Privileges": privileges })).is_some(), "{privileges}");
    }
    assert_eq!(service(&rule, json!({"Privileges": {"CredentialSpec": null, "SELinuxContext": null, "NoNewPrivileges": true}})), None);

    let rule = Rule::Sysctls { allowed: strings(&["net.ipv4.ip_*"]) };
    assert!(host(&rule, json!({"Sysctls": {"kernel.msgmax": "1"}})).is_some());
    assert!(service(&rule, json!({"Sysctls": {"kernel.msgmax": "1"}})).is_some());
    let hidden = json!({"DriverOpts": {"com.docker.network.endpoint.sysctls": "net.ipv4.ip_forward=1,net.ipv6.conf.IFNAME.forwarding=1"}});
    assert!(create(&rule, json!({"NetworkingConfig": {"EndpointsConfig": {"front": hidden}}}), json!({})).is_some());
    assert!(spec(&rule, json!({"TaskTemplate": {"Networks": [{"Target": "front", "DriverOpts": hidden["DriverOpts"]}]}})).is_some());
    assert_eq!(host(&rule, json!({"Sysctls": {"net.ipv4.ip_forward": "1"}})), None);

    let rule = Rule::Runtimes { allowed: strings(&["runsc"]) };
    assert!(host(&rule, json!({"Runtime": "kata"})).is_some() && host(&rule, json!({"Isolation": "process"})).is_some());
    assert!(host(&rule, json!({"Annotations": {"a": "b"}})).is_some() && service(&rule, json!({"Isolation": "process"})).is_some());
    assert_eq!(host(&rule, json!({"Runtime": "runsc", "Isolation": "default"})), None);

    let rule = Rule::LogDrivers { allowed: strings(&["json-file"]) };
    assert!(host(&rule, json!({"LogConfig": {"Type": "syslog", "Config": {"syslog-address": "tcp://169.254.169.254:80"}}})).is_some());
    assert!(spec(&rule, json!({"TaskTemplate": {"LogDriver": {"Name": "gelf"}}})).is_some());
    assert_eq!(host(&rule, json!({"LogConfig": {"Type": "", "Config": {}}})), None);
}

#[test]
fn devices_are_none_but_those_allowed() {
    let rule = Rule::Devices { allowed: strings(&["/dev/snd", "gpu", "c 1:3 r"]) };
    for asked in [
        json!({"Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/snd"}]}),
        json!({"Devices": [{"PathOnHost": "/dev/snd/../sda"}]}),
        json!({"Devices": [{"PathOnHost": "/dev"}]}),
        json!({"Devices": [{"PathOnHost": "vendor.com/gpu=0"}]}),
        json!({"DeviceCgroupRules": ["b *:* rwm"]}),
        json!({"DeviceRequests": [{"Driver": "cdi", "DeviceIDs": ["vendor.com/net=0"]}]}),
        json!({"DeviceRequests": [{"Driver": "other", "Count": -1, "Capabilities": [["gpu"]]}]}),
    ] {
        assert!(host(&rule, asked.clone()).is_some(), "{asked}");
        let change = sentence(&rule, &reduced("ContainerUpdate", &asked));
        assert!(change.is_some(), "{asked} by an update");
    }
    let good = json!({"Devices": [{"PathOnHost": "/dev/snd/seq"}], "DeviceCgroupRules": ["c 1:3 r"], "DeviceRequests": [{"Count": -1, "Capabilities": [["gpu"]]}]});
    assert_eq!(host(&rule, good), None);
    let generic = json!([{"NamedResourceSpec": {"Kind": "fpga", "Value": "0"}}]);
    assert!(spec(&rule, json!({"TaskTemplate": {"Resources": {"Reservations": {"GenericResources": generic}}}})).is_some());
}

#[test]
fn an_image_is_what_its_whole_name_says() {
    let rule = Rule::Images { allowed: strings(&["docker.io/library/*", "r.example/**"]), require_digest: false, local_names: false };
    let named = |image: &str| create(&rule, json!({ "Image": image }), json!({}));
    for bad in [
        "evil/x",
        "evil.example/library/busybox",
        "R.EXAMPLE.evil/x",
        "r.example:5000/x",
        "sha256:abc",
        "deadbeef",
        "",
        "BusyBox",
        "docker.io/evil/x",
    ] {
        assert!(named(bad).is_some(), "{bad}");
        assert!(service(&rule, json!({ "Image": bad })).is_some(), "{bad}");
        assert!(sentence(&rule, &asked("ImageCreate", &[("fromImage", bad)]).unwrap().unwrap()).is_some(), "{bad}");
        assert!(host(&rule, json!({ "Mounts": [{"Type": "image", "Source": bad, "Target": "/x"}] })).is_some(), "{bad}");
    }
    for good in ["busybox", "library/busybox:1", "Docker.io/busybox", "index.docker.io/library/busybox", "R.example/team/x:1"] {
        assert_eq!(named(good), None, "{good}");
    }
    assert!(sentence(&rule, &asked("ImageCreate", &[("fromImage", "busybox"), ("tag", "1")]).unwrap().unwrap()).is_none());
    for operation in ["ImageTag", "ImageLoad", "ImageBuild"] {
        assert!(sentence(&rule, &asked(operation, &[]).unwrap().unwrap()).is_some(), "{operation}");
    }
    assert!(sentence(&rule, &asked("ImageCreate", &[("fromSrc", "-"), ("repo", "busybox")]).unwrap().unwrap()).is_some());
    assert!(sentence(&rule, &reduced("ImageCommit", &json!({}))).is_some());

    let rule = Rule::Images { allowed: strings(&["**"]), require_digest: true, local_names: true };
    let digest = format!("busybox@sha256:{}", "a".repeat(64));
    assert!(create(&rule, json!({ "Image": "busybox:1" }), json!({})).unwrap().contains("without a digest"));
    assert_eq!(create(&rule, json!({ "Image": digest }), json!({})), None);
}

#[test]
fn limits_are_there_and_small_enough() {
    let rule = Rule::Limits { memory_mib: Some(512), cpu_milli: Some(1500), pids: Some(100) };
    let mib = 1024 * 1024_i64;
    let good = json!({"Memory": 512 * mib, "NanoCpus": 1_500_000_000_i64, "PidsLimit": 100});
    assert_eq!(host(&rule, good.clone()), None);
    let with = |key: &str, value: Value| {
        let mut body = good.clone();
        body[key] = value;
        host(&rule, body)
    };
    for (key, value) in [
        ("Memory", json!(0)),
        ("Memory", json!(null)),
        ("Memory", json!(513 * mib)),
        ("NanoCpus", json!(0)),
        ("NanoCpus", json!(2_000_000_000_i64)),
        ("PidsLimit", json!(-1)),
        ("PidsLimit", json!(101)),
        ("MemorySwap", json!(-1)),
        ("MemorySwap", json!(4096 * mib)),
        ("OomKillDisable", json!(true)),
        ("OomScoreAdj", json!(-500)),
        ("CgroupParent", json!("/")),
        ("CpuRealtimeRuntime", json!(950_000)),
    ] {
        assert!(with(key, value.clone()).is_some(), "{key} {value}");
    }
    let quota = |quota: i64, period: i64| host(&rule, json!({"Memory": mib, "PidsLimit": 1, "CpuQuota": quota, "CpuPeriod": period, "CpuCount": 1}));
    assert_eq!(quota(150_000, 0), None);
    assert!(quota(150_000, 50_000).is_some() && quota(-1, 0).is_some() && quota(0, 100_000).is_some());
    let limits = |limits: Value| spec(&rule, json!({"TaskTemplate": {"Resources": { "Limits": limits }}}));
    assert_eq!(limits(json!({"MemoryBytes": mib, "NanoCPUs": 1, "Pids": 1})), None);
    assert!(limits(json!({"MemoryBytes": mib, "NanoCPUs": 1})).is_some() && limits(json!({})).is_some());
    assert_eq!(sentence(&rule, &asked("ImageBuild", &[]).unwrap().unwrap()), None);
    assert!(sentence(&rule, &asked("ImageBuild", &[("memory", "999999999999")]).unwrap().unwrap()).is_some());
    assert!(sentence(&rule, &asked("ImageBuild", &[("cgroupparent", "/x")]).unwrap().unwrap()).is_some());
}

#[test]
fn an_update_is_judged_by_what_would_be_there() {
    let rule = Rule::Limits { memory_mib: Some(512), cpu_milli: None, pids: None };
    let mib = 1024 * 1024_i64;
    let now = json!({"HostConfig": {"Memory": 256 * mib, "Devices": [{"PathOnHost": "/dev/kvm"}], "RestartPolicy": {"Name": "always"}}});
    assert_eq!(sentence(&rule, &updated(&now, &json!({"CpuShares": 2, "Memory": 0}))), None);
    assert!(sentence(&rule, &updated(&now, &json!({"Memory": 1024 * mib}))).is_some());
    assert!(sentence(&rule, &updated(&now, &json!({"MemorySwap": -1}))).is_some());
    assert!(sentence(&rule, &updated(&json!({"HostConfig": {"Memory": 0}}), &json!({"CpuShares": 2}))).is_some());
    assert!(sentence(&Rule::Devices { allowed: vec![] }, &updated(&now, &json!({"Memory": mib}))).is_some());
    let restart = Rule::RestartPolicies { allowed: strings(&["no"]) };
    assert!(sentence(&restart, &updated(&now, &json!({"Memory": mib}))).is_some());
    assert_eq!(sentence(&restart, &updated(&now, &json!({"RestartPolicy": {"Name": "no"}}))), None);
}

#[test]
fn ports_are_none_but_those_allowed() {
    let rule = Rule::Ports { allowed: strings(&["8000-8099", "8100-8200", "443"]), random: false };
    let bind = |port: &str| host(&rule, json!({"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": port}]}}));
    for bad in ["22", "0022", "8000-9000", "7999-8001", "", "0", "x", "-", "8005-8000", "65536", "0-70000", "8201"] {
        assert!(bind(bad).is_some(), "{bad}");
    }
    for good in ["443", "0443", "8000", "8050-8150", "8200"] {
        assert_eq!(bind(good), None, "{good}");
    }
    assert!(host(&rule, json!({"PublishAllPorts": true})).is_some() && host(&rule, json!({"PortBindings": {"80/tcp": []}})).is_some());
    let publish = |port: Value| spec(&rule, json!({"EndpointSpec": {"Ports": [port]}}));
    assert!(publish(json!({"TargetPort": 80})).is_some() && publish(json!({"PublishedPort": 22})).is_some());
    assert!(publish(json!({"PublishedPort": 70000})).is_some() && publish(json!({"PublishedPort": "443"})).is_some());
    assert_eq!(publish(json!({"PublishedPort": 443, "TargetPort": 80})), None);
    let random = Rule::Ports { allowed: vec![], random: true };
    assert_eq!(host(&random, json!({"PublishAllPorts": true, "PortBindings": {"80/tcp": [{"HostPort": ""}]}})), None);
}

#[test]
fn a_restart_policy_has_one_name_everywhere() {
    let rule = Rule::RestartPolicies { allowed: strings(&["no", "on-failure"]) };
    for (name, good) in [("", true), ("no", true), ("on-failure", true), ("always", false), ("unless-stopped", false), ("Always", false)] {
        assert_eq!(host(&rule, json!({"RestartPolicy": {"Name": name}})).is_none(), good, "{name}");
        assert_eq!(sentence(&rule, &reduced("ContainerUpdate", &json!({"RestartPolicy": {"Name": name}}))).is_none(), good, "{name}");
    }
    assert!(spec(&rule, json!({"TaskTemplate": {}})).is_some());
    assert!(spec(&rule, json!({"TaskTemplate": {"RestartPolicy": {"Condition": "any"}}})).is_some());
    assert_eq!(spec(&rule, json!({"TaskTemplate": {"RestartPolicy": {"Condition": "none"}}})), None);
}

#[test]
fn labels_users_networks_and_swarms_own_fields() {
    let rule = Rule::Labels { required: strings(&["owner", "tier=web-*"]) };
    let labelled = |labels: Value| create(&rule, json!({ "Labels": labels }), json!({}));
    assert_eq!(labelled(json!({"owner": "ana", "tier": "web-1"})), None);
    assert!(labelled(json!({"owner": "", "tier": "web-1"})).is_some() && labelled(json!({"owner": "ana", "tier": "db"})).is_some());
    assert!(labelled(json!(null)).is_some() && spec(&rule, json!({"Labels": {"owner": "ana"}})).is_some());

    let rule = Rule::Users {};
    for who in ["0", "00", "0:0", "root", "root:root", "+0", "-0", "1000:0", "1000:root", "", "ana", "0x0", "1000:", ":1000", "4294967296"] {
        assert!(create(&rule, json!({ "User": who }), json!({})).is_some(), "{who}");
        assert!(service(&rule, json!({ "User": who })).is_some(), "{who}");
        assert_eq!(sentence(&rule, &reduced("ContainerExec", &json!({ "User": who }))).is_none(), who.is_empty(), "{who}");
    }
    assert_eq!(create(&rule, json!({ "User": "1000:1000" }), json!({"GroupAdd": ["100"]})), None);
    assert!(create(&rule, json!({ "User": "1000" }), json!({"GroupAdd": ["docker"]})).is_some());

    let rule = Rule::Networks { allowed_drivers: strings(&["bridge"]), internal_only: true };
    let network = |body: Value| sentence(&rule, &reduced("NetworkCreate", &body));
    assert_eq!(network(json!({"Name": "x", "Internal": true, "IPAM": {"Driver": "default", "Config": []}, "Options": {}})), None);
    for bad in [
        json!({"Internal": false}),
        json!({"Internal": true, "Driver": "macvlan"}),
        json!({"Internal": true, "Driver": "host"}),
        json!({"Internal": true, "Options": {"com.docker.network.bridge.name": "eth0"}}),
        json!({"Internal": true, "Options": {"parent": "eth0"}}),
        json!({"Internal": true, "ConfigFrom": {"Network": "other"}}),
        json!({"Internal": true, "ConfigOnly": true}),
        json!({"Internal": true, "Ingress": true}),
        json!({"Internal": true, "IPAM": {"Driver": "remote"}}),
        json!({"Internal": true, "IPAM": {"Options": {"foo": "bar"}}}),
    ] {
        assert!(network(bad.clone()).is_some(), "{bad}");
    }

    let rule = Rule::Swarm { global: false, host_ports: false, max_replicas: Some(3), constraints: strings(&["node.role==worker"]) };
    let of = |more: Value| {
        let mut body = json!({"TaskTemplate": {"Placement": {"Constraints": ["node.role == worker"]}}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        spec(&rule, body)
    };
    assert_eq!(of(json!({"Mode": {"Replicated": {"Replicas": 3}}})), None);
    assert!(of(json!({"Mode": {"Global": {}}})).is_some() && of(json!({"Mode": {"GlobalJob": {}}})).is_some());
    assert!(
        of(json!({"Mode": {"Replicated": {"Replicas": 4}}})).is_some() && of(json!({"Mode": {"ReplicatedJob": {"TotalCompletions": 9}}})).is_some()
    );
    assert!(of(json!({"EndpointSpec": {"Ports": [{"PublishedPort": 1, "PublishMode": "host"}]}})).is_some());
    assert!(of(json!({"TaskTemplate": {}})).is_some());
}

#[test]
fn what_the_engine_fetches_or_a_tunnel_carries_is_not_judged_unread() {
    for (operation, query) in [
        ("ImageBuild", vec![("remote", "http://169.254.169.254/")]),
        ("ImageBuild", vec![("version", "2")]),
        ("ImageBuild", vec![("session", "abc")]),
        ("ImageBuild", vec![("outputs", "[]")]),
        ("ImageCreate", vec![("fromSrc", "http://[::ffff:a00:1]/x.tar")]),
        ("ImageCreate", vec![("fromSrc", "http://2130706433/"), ("fromImage", "busybox")]),
        ("Session", vec![]),
        ("Grpc", vec![]),
    ] {
        assert!(asked(operation, &query).is_err(), "{operation} {query:?}");
    }
    for operation in ["ContainerList", "ContainerStop", "ImageDelete", "SystemInfo"] {
        assert_eq!(asked(operation, &[]), Ok(None), "{operation}");
    }
}

fn holes(exception: &str) -> Rule {
    let worst = pilothouse_app::api::vulnerabilities::Severity::Medium;
    Rule::Vulnerabilities { worst, exceptions: strings(&[exception]), unscanned: false, max_age_days: None }
}

#[test]
fn settings_that_cannot_be_read_are_named() {
    assert!(check_rule(&holes("CVE-2026-1 until 2026-12-31")).is_ok() && check_rule(&holes("GHSA-xmmx-7jpf-fx42")).is_ok());
    for (field, rule) in [
        ("rule.allowed_paths", Rule::HostMounts { allowed_paths: strings(&["srv"]), allowed_volumes: vec![] }),
        ("rule.allowed", Rule::Ports { allowed: strings(&["9-1"]), random: false }),
        ("rule.allowed", Rule::RestartPolicies { allowed: strings(&["sometimes"]) }),
        ("rule.allowed", Rule::SecurityOptions { allowed: strings(&["seccomp"]) }),
        ("rule.allowed", Rule::Images { allowed: strings(&[""]), require_digest: false, local_names: false }),
        ("rule", Rule::Limits { memory_mib: None, cpu_milli: None, pids: None }),
        ("rule", Rule::Signed { keys: vec![], identities: vec![] }),
        ("rule.identities", Rule::Signed { keys: vec![], identities: strings(&["somebody"]) }),
        ("rule.exceptions", holes("CVE-1 until tomorrow")),
        ("rule.exceptions", holes("CVE-1 until 2026-13-01")),
        ("rule.exceptions", holes("until 2026-12-01")),
    ] {
        assert_eq!(check_rule(&rule).unwrap_err().0, field, "{rule:?}");
    }
    for kind in pilothouse_app::api::guardrails::KINDS {
        let read = serde_json::from_value::<Rule>(json!({ "kind": kind }));
        assert!(read.is_ok(), "{kind}: {read:?}");
    }
    assert!(serde_json::from_value::<Rule>(json!({"kind": "privileged", "allow": true})).is_err());
    assert!(serde_json::from_value::<Rule>(json!({"kind": "ports", "alowed": []})).is_err());
}
