//! The console in a real browser, at a real engine with the sample containers: `tests/browser` holds the suite.

use std::{path::Path, process::Command};

use pilothouse_tests::{
    identity::OpenId,
    sandbox::{Engine, House, PASSWORD, target},
};
use serde_json::json;

#[test]
fn the_console_works_in_a_browser() {
    let engine = Engine::with_samples();
    let console = target().join("console");
    assert!(console.join("manifest.json").exists(), "{} is missing: `make web` builds it", console.display());
    let house = House::with_console(&[("demo", format!("unix://{}", engine.socket.display()))], &console, Some(PASSWORD));
    let untouched = House::with_console(&[], &console, None);
    let openid = OpenId::start(json!({}), &[&house]);
    // One file of the suite, if only that is asked for.
    let only = std::env::var("PILOTHOUSE_ONLY").unwrap_or_default();
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let files = std::fs::read_dir(&suite).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.to_string_lossy().ends_with(".test.mjs"));
    let files = files.filter(|path| path.to_string_lossy().contains(&only));
    // Written as it goes: a suite of minutes can be watched.
    let told = target().join("browser.tap");
    let done = Command::new("node")
        .args(["--test", "--test-concurrency=1"])
        .args(files)
        .current_dir(&suite)
        .env("PILOTHOUSE_URL", format!("http://{}", house.address))
        .env("PILOTHOUSE_PASSWORD", PASSWORD)
        .env("PILOTHOUSE_SOCKET", &engine.socket)
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
