//! `make bench`: the engine straight, a plain nginx before it, and Pilothouse before it with sign-in, decision and audit on, in one
//! run on one machine, in turn; and what rights cost. Prints tables, and puts them into `docs/benchmarks.md`. `bench door`, `rights`,
//! `audit`, `replicas` and `registry` take one part alone.

mod audit;
mod load;
mod nginx;
mod registry;
mod report;
mod rights;

use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use pilothouse_tests::{
    http,
    sandbox::{Engine, House, target},
};

use load::{Door, latencies, requests_per_second, throughput};
use report::{Row, median};

/// How often each figure is taken from each rival, in turn; the median counts.
const ROUNDS: usize = 3;
/// Containers that the engine runs while it is measured.
const CONTAINERS: usize = 100;
/// Requests a second at which latency is taken, and for how long.
const PACE: u32 = 200;
const PACED: Duration = Duration::from_secs(10);

/// What can be asked for by itself, and what measures it.
type Part = (&'static str, fn() -> Vec<Row>);

fn main() {
    let only = std::env::args().nth(1);
    let parts: [Part; 5] =
        [("door", door), ("rights", rights::rows), ("audit", audit::rows), ("replicas", audit::replicas), ("registry", registry::rows)];
    for (part, rows) in parts {
        if only.as_deref().is_none_or(|only| only == part) {
            report::write(part, &rows());
        }
    }
}

/// What passes the engine's door.
fn door() -> Vec<Row> {
    say("starting the engine, nginx and Pilothouse");
    let engine = Engine::with_tcp();
    let nginx = nginx::Nginx::before(&format!("unix:{}", engine.socket.display()), "docker");
    let house = House::start(&[("bench", format!("unix://{}", engine.socket.display()))]);
    let doors = [
        Door { name: "engine", address: address(&format!("{}:2375", engine.address)), prefix: "", authorization: None },
        Door { name: "nginx", address: nginx.address, prefix: "", authorization: None },
        Door { name: "Pilothouse", address: house.address, prefix: "/engines/bench", authorization: Some(format!("Bearer {}", house.admin)) },
    ];
    prepare(&engine);

    let mut rows = Vec::new();
    for (what, path) in [("`_ping`", "/_ping"), ("`containers/json`, 100 containers", "/containers/json")] {
        say(&format!("requests a second: {what}"));
        let figures = in_turn(&doors, |door| requests_per_second(door, path));
        rows.push(Row::rate(&format!("{what}, requests/s"), figures, 0.7));
    }
    for (what, path) in [("log of 100 MB", "/containers/log/logs?stdout=1"), ("image of 300 MB saved", "/images/large/get")] {
        say(what);
        let figures = in_turn(&doors, |door| throughput(door, path));
        rows.push(Row::rate(&format!("{what}, MB/s"), figures, 0.9));
    }
    say("latency at 200 requests a second");
    let mut samples: Vec<Vec<[f64; 2]>> = vec![Vec::new(); doors.len()];
    for _ in 0..ROUNDS {
        for (door, samples) in doors.iter().zip(&mut samples) {
            samples.push(latencies(door, "/_ping", PACE, PACED));
        }
    }
    let of = |door: usize, which: usize| median(samples[door].iter().map(|both| both[which]).collect());
    rows.push(Row::plain("`_ping` at 200 requests/s, median, ms", [of(0, 0), of(1, 0), of(2, 0)]));
    rows.push(Row::added("`_ping` at 200 requests/s, p99, ms", [of(0, 1), of(1, 1), of(2, 1)], 2.0));
    drop(house);

    say("idle memory and start");
    rows.push(Row::most("idle memory, MiB", idle_memory(&engine), 40.0));
    rows.push(Row::most("start to first answer, ms", start_to_answer(&engine), 300.0));
    let [first, all] = browser_half();
    rows.push(Row::most("browser half for the overview, KiB (brotli)", first, 450.0));
    rows.push(Row::ours("browser half, all its parts, KiB (brotli)", all));
    rows
}

fn say(text: &str) {
    eprintln!("bench: {text}");
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address and a port")
}

/// One figure from each door, several times in turn, so that a machine that gets slower does so for all; the medians.
fn in_turn(doors: &[Door; 3], take: impl Fn(&Door) -> f64) -> [f64; 3] {
    let mut taken: [Vec<f64>; 3] = Default::default();
    for _ in 0..ROUNDS {
        for (door, taken) in doors.iter().zip(&mut taken) {
            taken.push(take(door));
        }
    }
    taken.map(median)
}

/// Containers that do nothing, one with a long log, and a large image.
fn prepare(engine: &Engine) {
    let docker = |arguments: &[&str]| {
        let host = format!("unix://{}", engine.socket.display());
        let done = Command::new("/usr/bin/docker").args(arguments).env("DOCKER_HOST", host).env("DOCKER_CONFIG", "/nonexistent").output();
        let done = done.expect("docker runs: `deploy/sandbox/install sandbox` installs it");
        assert!(done.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    };
    say("a log of 100 MB and an image of 300 MB");
    let log = "yes 'a line of a log, about as long as such lines are: it has no more than ninety-nine characters' | head -c 100000000";
    docker(&["run", "--name", "log", "busybox", "sh", "-c", log]);
    docker(&["run", "--name", "large", "busybox", "dd", "if=/dev/urandom", "of=/noise", "bs=1M", "count=300"]);
    docker(&["commit", "large", "large"]);
    docker(&["rm", "large"]);
    say(&format!("{CONTAINERS} containers"));
    for n in 0..CONTAINERS {
        let name = format!("idle-{n}");
        docker(&["run", "--detach", "--network", "none", "--name", &name, "--label", "com.example.team=shop", "busybox", "sleep", "100000"]);
    }
}

/// What Pilothouse holds a while after its start, with an engine that runs 100 containers.
fn idle_memory(engine: &Engine) -> f64 {
    let house = House::start(&[("bench", format!("unix://{}", engine.socket.display()))]);
    std::thread::sleep(Duration::from_secs(20));
    house.resident_kib() as f64 / 1024.0
}

/// From the start of the process until `/api/v1/me` has answered, on data that is there already.
fn start_to_answer(engine: &Engine) -> f64 {
    let mut house = House::start(&[("bench", format!("unix://{}", engine.socket.display()))]);
    let mut taken = Vec::new();
    for _ in 0..ROUNDS {
        house.stop();
        let begun = Instant::now();
        house.start_again();
        let answer = http::send(house.address, "GET", "/api/v1/me", &[("Authorization", &format!("Bearer {}", house.admin))], "");
        assert_eq!(answer.status, 200, "{answer:?}");
        taken.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    median(taken)
}

/// What a browser loads for the overview, compressed, in KiB; and what it loads in all, once it has been everywhere that has no
/// terminal, chart or reference.
fn browser_half() -> [f64; 2] {
    let console = target().join("console");
    let read = |path: &Path| std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}: `make web` builds it", path.display()));
    let manifest: serde_json::Value = serde_json::from_slice(&read(&console.join("manifest.json"))).expect("the manifest is JSON");
    let size = |name: &str| {
        let hashed = manifest["files"][name].as_str().unwrap_or_else(|| panic!("the manifest has no {name}"));
        read(&console.join(format!("assets/{hashed}.br"))).len() as f64 / 1024.0
    };
    let common: f64 = ["app.css", "app.js", "app_bg.wasm"].into_iter().map(size).sum();
    let parts = manifest["parts"].as_object().expect("the manifest lists parts");
    let modules = |part: &serde_json::Value| -> Vec<String> { serde_json::from_value(part.clone()).expect("a part lists its modules") };
    let first: f64 = modules(&parts["overview"]).iter().map(|name| size(name)).sum();
    let all: std::collections::BTreeSet<String> = parts.values().flat_map(modules).collect();
    [common + first, common + all.iter().map(|name| size(name)).sum::<f64>()]
}
