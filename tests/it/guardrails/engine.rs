//! The dangerous ones on a real engine, by a real command line: each is refused by its rule, in one sentence that is seen there.

use std::process::Command;

use pilothouse_tests::sandbox::{House, engine, folder};
use serde_json::{Value, json};

use super::{put_up, take_down};

/// What the command line says, straight at the engine or through the house.
fn docker(env: &[(String, String)], arguments: &[&str]) -> (bool, String) {
    let done = Command::new("docker").args(arguments).envs(env.iter().cloned()).output().unwrap();
    (done.status.success(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
}

/// Removes what a test made, when it ends.
struct Clean(Vec<(String, String)>, Vec<Vec<&'static str>>);

impl Drop for Clean {
    fn drop(&mut self) {
        for arguments in &self.1 {
            let _ = docker(&self.0, arguments);
        }
    }
}

fn rules() -> Vec<Value> {
    vec![
        json!({ "kind": "privileged" }),
        json!({ "kind": "host_mounts", "allowed_paths": ["/usr/share:ro"] }),
        json!({ "kind": "namespaces" }),
        json!({ "kind": "capabilities" }),
        json!({ "kind": "devices" }),
        json!({ "kind": "security_options" }),
        json!({ "kind": "sysctls" }),
        json!({ "kind": "runtimes" }),
        json!({ "kind": "log_drivers" }),
        json!({ "kind": "images", "allowed": ["docker.io/library/busybox"], "local_names": true }),
        json!({ "kind": "ports", "allowed": ["18080-18099"] }),
        json!({ "kind": "restart_policies", "allowed": ["no"] }),
        json!({ "kind": "networks", "allowed_drivers": ["bridge"] }),
    ]
}

#[test]
fn the_dangerous_ones_are_refused_and_the_command_line_says_why() {
    let direct = vec![
        ("DOCKER_HOST".to_owned(), format!("unix://{}", engine().socket.display())),
        ("DOCKER_CONFIG".to_owned(), folder("config").display().to_string()),
    ];
    let names = vec![
        vec!["rm", "-f", "guard-mounter", "guard-worker", "guard-good"],
        vec!["volume", "rm", "-f", "guard-evil", "guard-plain"],
        vec!["network", "rm", "guard-net"],
    ];
    let clean = Clean(direct, names);
    let direct = &clean.0;
    // What was there before the rules were.
    let made = |arguments: &[&str]| {
        let (done, said) = docker(direct, arguments);
        assert!(done, "{arguments:?}: {said}");
        said
    };
    made(&["volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", "device=/etc", "guard-evil"]);
    made(&["create", "--name", "guard-mounter", "--volume", "/etc:/host-etc", "busybox", "true"]);
    made(&["run", "--detach", "--name", "guard-worker", "busybox", "sleep", "600"]);
    let host_network = made(&["network", "inspect", "--format", "{{.Id}}", "host"]).trim().to_owned();

    let house = House::of_engine();
    let exec = house.post(&house.admin, "/engines/demo/containers/guard-worker/exec", json!({ "Cmd": ["true"], "Privileged": true })).json();
    let ids: Vec<String> = rules().iter().map(|rule| put_up(&house, &rule["kind"].as_str().unwrap().replace('_', "-"), "enforce", rule)).collect();
    let env = house.docker_env(&house.admin, "demo");
    let run = |more: &[&'static str]| [&["run", "--rm"], more, &["busybox", "true"]].concat();
    let dir = folder("build");
    std::fs::write(dir.join("Dockerfile"), "FROM busybox\n").unwrap();
    let dir = dir.display().to_string();
    let by_id = format!("--network={host_network}");
    let cases: Vec<(&str, Vec<&str>)> = vec![
        ("privileged", run(&["--privileged"])),
        ("privileged", vec!["exec", "--privileged", "guard-worker", "true"]),
        ("host-mounts", run(&["--volume", "/:/host"])),
        ("host-mounts", run(&["--volume", "/usr/share/../../etc:/x:ro"])),
        ("host-mounts", run(&["--volume", "/usr/share:/x"])),
        ("host-mounts", run(&["--mount", "type=bind,source=/etc,target=/x"])),
        ("host-mounts", run(&["--mount", "type=volume,target=/x,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/etc"])),
        ("host-mounts", run(&["--volume", "guard-evil:/x"])),
        ("host-mounts", run(&["--mount", "type=volume,source=guard-evil,target=/x"])),
        ("host-mounts", run(&["--volumes-from", "guard-mounter"])),
        ("host-mounts", run(&["--volume", "/var/run/docker.sock:/sock"])),
        ("host-mounts", vec!["volume", "create", "--opt", "type=none", "--opt", "o=bind", "--opt", "device=/", "guard-plain"]),
        ("namespaces", run(&["--network", "host"])),
        ("namespaces", vec!["run", "--rm", &by_id, "busybox", "true"]),
        ("namespaces", run(&["--pid", "host"])),
        ("namespaces", run(&["--ipc", "host"])),
        ("namespaces", run(&["--uts", "host"])),
        ("namespaces", run(&["--userns", "host"])),
        ("namespaces", run(&["--cgroupns", "host"])),
        ("namespaces", run(&["--network", "container:guard-worker"])),
        ("namespaces", run(&["--pid", "container:guard-worker"])),
        ("capabilities", run(&["--cap-add", "SYS_ADMIN"])),
        ("capabilities", run(&["--cap-add", "ALL"])),
        ("devices", run(&["--device", "/dev/kmsg"])),
        ("devices", run(&["--device-cgroup-rule", "a *:* rwm"])),
        ("security-options", run(&["--security-opt", "seccomp=unconfined"])),
        ("security-options", run(&["--security-opt", "apparmor=unconfined"])),
        ("security-options", run(&["--security-opt", "systempaths=unconfined"])),
        ("sysctls", run(&["--sysctl", "net.ipv4.ip_forward=1"])),
        ("runtimes", run(&["--runtime", "io.containerd.runtime.v1.linux"])),
        ("log-drivers", run(&["--log-driver", "syslog"])),
        ("images", vec!["run", "--rm", "127.0.0.1:5099/busybox", "true"]),
        ("images", vec!["pull", "127.0.0.1:5099/busybox"]),
        ("ports", run(&["--publish", "18200:80"])),
        ("ports", run(&["--publish-all"])),
        ("restart-policies", vec!["run", "--detach", "--restart", "always", "busybox", "true"]),
        ("restart-policies", vec!["update", "--restart", "always", "guard-worker"]),
        ("networks", vec!["network", "create", "--driver", "macvlan", "guard-net"]),
        ("namespaces", vec!["build", "--network", "host", &dir]),
        ("security-options", vec!["build", "--security-opt", "seccomp=unconfined", &dir]),
    ];
    let mut wrong = Vec::new();
    for (rule, arguments) in &cases {
        let mut env = env.clone();
        env.push(("DOCKER_BUILDKIT".to_owned(), "0".to_owned()));
        let (done, said) = docker(&env, arguments);
        if done || !said.contains(&format!("The guardrail \"{rule}\" does not allow ")) {
            wrong.push(format!("docker {}: {said}", arguments.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    // BuildKit's tunnel cannot be looked into.
    let mut with_buildkit = env.clone();
    with_buildkit.push(("DOCKER_BUILDKIT".to_owned(), "1".to_owned()));
    let (done, said) = docker(&with_buildkit, &["build", &dir]);
    assert!(!done, "{said}");
    // A program that was set up before the rules were is not started by them.
    let start = house.post(&house.admin, &format!("/engines/demo/exec/{}/start", exec["Id"].as_str().unwrap()), json!({ "Detach": true }));
    assert_eq!(start.status, 403, "{start:?}");
    assert!(start.json()["message"].as_str().unwrap().contains("privileged programs"), "{start:?}");

    // And what asks for nothing of all this works as before.
    let good = [
        run(&["--volume", "guard-plain:/x", "--volume", "/usr/share:/share:ro", "--publish", "18080:80", "--cap-drop", "ALL"]),
        vec!["exec", "guard-worker", "true"],
        vec!["network", "create", "guard-net"],
        vec!["update", "--memory", "64m", "--memory-swap", "64m", "guard-worker"],
        vec!["build", "--tag", "guard-built", &dir],
    ];
    let mut env = env.clone();
    env.push(("DOCKER_BUILDKIT".to_owned(), "0".to_owned()));
    for arguments in good {
        let (done, said) = docker(&env, &arguments);
        assert!(done, "{arguments:?}: {said}");
    }
    ids.iter().for_each(|id| take_down(&house, id));

    // What has to be there, one rule at a time.
    for (rule, bad, good) in [
        (json!({ "kind": "limits", "memory_mib": 64 }), run(&["--memory", "128m"]), run(&["--memory", "64m", "--memory-swap", "64m"])),
        (json!({ "kind": "limits", "memory_mib": 64 }), run(&[]), run(&["--memory", "32m"])),
        (json!({ "kind": "limits", "memory_mib": 64 }), run(&["--memory", "64m", "--memory-swap", "-1"]), run(&["--memory", "32m"])),
        (json!({ "kind": "limits", "cpu_milli": 500 }), run(&["--cpus", "0.6"]), run(&["--cpus", "0.5"])),
        (
            json!({ "kind": "limits", "memory_mib": 64 }),
            vec!["update", "--memory", "128m", "--memory-swap", "128m", "guard-worker"],
            run(&["--memory", "32m"]),
        ),
        (json!({ "kind": "labels", "required": ["owner"] }), run(&[]), run(&["--label", "owner=ana"])),
        (json!({ "kind": "users" }), run(&["--user", "root"]), run(&["--user", "1000:1000"])),
        (json!({ "kind": "users" }), vec!["exec", "--user", "0", "guard-worker", "true"], run(&["--user", "1000"])),
    ] {
        let id = put_up(&house, "must-have", "enforce", &rule);
        let (done, said) = docker(&env, &bad);
        assert!(!done && said.contains("The guardrail \"must-have\" does not allow "), "{bad:?}: {said}");
        let (done, said) = docker(&env, &good);
        assert!(done, "{good:?}: {said}");
        take_down(&house, &id);
    }
}
