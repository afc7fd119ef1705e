//! The console in a real browser, at a real engine with the sample containers: `tests/browser` holds the suite.

use std::{net::SocketAddr, path::Path, process::Command};

use pilothouse_tests::{
    identity::OpenId,
    images,
    sandbox::{Engine, House, PASSWORD, target},
};
use serde_json::json;

/// The files that are run with a long trail.
const OF_THE_TRAIL: [&str; 2] = ["audit.test.mjs", "recordings.test.mjs"];

#[test]
fn the_console_works_in_a_browser() {
    let console = console();
    suite(
        "browser.tap",
        |name| !OF_THE_TRAIL.contains(&name),
        |engines, registry| {
            images::fill(registry);
            House::with_console_and_registry(engines, &console, Some(PASSWORD), registry)
        },
    );
}

#[test]
fn the_pages_of_the_trail_work_with_a_million_records() {
    let console = console();
    suite("trail.tap", |name| OF_THE_TRAIL.contains(&name), |engines, _| House::with_history(engines, &console, Some(PASSWORD), 1_000_000));
}

fn console() -> std::path::PathBuf {
    let console = target().join("console");
    assert!(console.join("manifest.json").exists(), "{} is missing: `make web` builds it", console.display());
    console
}

/// Runs the files that `is_in` says of, or of those only what `PILOTHOUSE_ONLY` is in the name of. What comes of them is in the file `told`.
fn suite(told: &str, is_in: impl Fn(&str) -> bool, house: impl Fn(&[(&str, String)], SocketAddr) -> House) {
    let only = std::env::var("PILOTHOUSE_ONLY").unwrap_or_default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: Vec<String> = names.filter(|name| name.ends_with(".test.mjs") && is_in(name) && name.contains(&only)).collect();
    if files.is_empty() {
        assert!(!only.is_empty(), "there is no file to run");
        return;
    }
    let engine = Engine::with_samples();
    let house = house(&[("demo", format!("unix://{}", engine.socket.display()))], engine.registry());
    let untouched = House::with_console(&[], &console(), None);
    let openid = OpenId::start(json!({}), &[&house]);
    // Written as it goes: a suite of minutes can be watched.
    let told = target().join(told);
    let done = Command::new("node")
        .args(["--test", "--test-concurrency=1"])
        .args(files)
        .current_dir(&folder)
        .env("PILOTHOUSE_URL", format!("http://{}", house.address))
        .env("PILOTHOUSE_PASSWORD", PASSWORD)
        .env("PILOTHOUSE_SOCKET", &engine.socket)
        .env("PILOTHOUSE_REGISTRY", format!("http://{}", engine.registry()))
        .env("PILOTHOUSE_OPENID", openid.issuer())
        .env("PILOTHOUSE_OPENID_PEOPLE", openid.people_file())
        .env("PILOTHOUSE_SETUP", untouched.setup_link())
        .env("PILOTHOUSE_SCREENS", target().join("screens"))
        .stdout(std::fs::File::create(&told).unwrap())
        .status()
        .expect("node runs: `deploy/sandbox/install build` installs it");
    let told = std::fs::read_to_string(told).unwrap();
    // What failed comes last: whoever looks at a long output looks at its end.
    let failed: Vec<&str> = told.lines().skip_while(|line| !line.starts_with("not ok")).filter(|line| !line.starts_with("ok ")).take(60).collect();
    assert!(done.success(), "{told}\n{}\nWhat failed:\n{}", house.log(), failed.join("\n"));
}
