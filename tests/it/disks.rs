//! Disks that are full, or die: nothing is changed that cannot be written down, and nothing written is lost.

use std::{
    io::Write,
    net::TcpStream,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;

use pilothouse_tests::{
    http::{self},
    sandbox::{Behaviour, House, Recorder, folder},
    store::sql,
};

const DONE: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// Runs a program that needs root, by `sudo` where we are not.
fn as_root(arguments: &[&str]) {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let (program, rest) = if is_root { (arguments[0], &arguments[1..]) } else { ("sudo", arguments) };
    let done = Command::new(program).args(rest).output().unwrap_or_else(|e| panic!("{program} does not run: {e}"));
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A file system of two megabytes.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount() -> SmallDisk {
        let dir = folder("disk");
        as_root(&["mount", "-t", "tmpfs", "-o", "size=2m,mode=0777", "tmpfs", dir.to_str().unwrap()]);
        SmallDisk(dir)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::panic::catch_unwind(|| as_root(&["umount", "--lazy", self.0.to_str().unwrap()]));
    }
}

#[test]
fn a_full_disk_refuses_changes_and_heals_when_there_is_room() {
    let disk = SmallDisk::mount();
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start_in(&disk.0, &[("fake", recorder.url.clone())]);
    let start = || house.send(&house.admin, "POST", "/engines/fake/containers/x/start", "");
    assert_eq!(start().status, 204);
    let before = recorder.seen();
    let filler = disk.0.join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    // What the database's pages still have room for may pass; then nothing does.
    let end = Instant::now() + Duration::from_secs(30);
    let mut passed = 1;
    let refused = loop {
        let answer = start();
        if answer.status != 204 {
            break answer;
        }
        passed += 1;
        assert!(Instant::now() < end, "nothing is refused on a full disk");
    };
    assert_eq!(refused.status, 503, "{refused:?}");
    for _ in 0..5 {
        assert_eq!(start().status, 503);
    }
    assert_eq!(recorder.seen().matches("POST /containers/x/start").count(), passed, "the engine heard of a change that was not written down");
    assert!(!before.is_empty());
    drop(file);
    std::fs::remove_file(filler).unwrap();
    let end = Instant::now() + Duration::from_secs(10);
    while start().status != 204 {
        assert!(Instant::now() < end, "it does not recover: {}", house.log());
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// A file system of its own on a loop device: one that a fault can make read-only under those who have its files open, as a dying disk does.
struct DyingDisk {
    home: PathBuf,
    /// The data folder of a house in `home`. Its log is not on this disk.
    dir: PathBuf,
    image: PathBuf,
}

impl DyingDisk {
    fn mount() -> DyingDisk {
        let home = folder("dying");
        let disk = DyingDisk { dir: home.join("data"), image: home.join("image"), home };
        std::fs::create_dir(&disk.dir).unwrap();
        std::fs::File::create(&disk.image).unwrap().set_len(16 << 20).unwrap();
        let made = Command::new("mkfs.ext4")
            .args(["-q", "-E", "root_owner"])
            .arg(&disk.image)
            .output()
            .expect("mkfs.ext4 runs: `deploy/sandbox/install test` installs it");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        disk.attach();
        disk
    }

    fn attach(&self) {
        as_root(&["mount", "-o", "loop", self.image.to_str().unwrap(), self.dir.to_str().unwrap()]);
    }

    fn detach(&self) {
        as_root(&["umount", "--lazy", self.dir.to_str().unwrap()]);
    }

    /// From here on every write is refused: "Read-only file system".
    fn fail(&self) {
        as_root(&["mount", "-o", "remount,abort", self.dir.to_str().unwrap()]);
    }
}

impl Drop for DyingDisk {
    fn drop(&mut self) {
        let _ = std::panic::catch_unwind(|| self.detach());
    }
}

#[test]
fn a_disk_that_turns_read_only_refuses_changes_and_the_mended_one_has_everything() {
    let disk = DyingDisk::mount();
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let mut house = House::start_in(&disk.home, &[("fake", recorder.url.clone())]);
    let start = |house: &House| house.send(&house.admin, "POST", "/engines/fake/containers/x/start", "");
    let probe = |house: &House, path: &str| http::send(house.address, "GET", path, &[], "").status;
    assert_eq!(start(&house).status, 204);
    assert_eq!(house.post(&house.admin, "/api/v1/users", json!({ "username": "before" })).status, 200);

    disk.fail();
    for _ in 0..3 {
        let begun = Instant::now();
        let refused = start(&house);
        assert_eq!(refused.status, 503, "{refused:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
        let refused = house.post(&house.admin, "/api/v1/users", json!({ "username": "after" }));
        assert_eq!(refused.status, 503, "{refused:?}");
    }
    assert_eq!(recorder.seen().matches("POST /containers/x/start").count(), 1, "the engine heard of a change that was not written down");
    assert_eq!((probe(&house, "/healthz"), probe(&house, "/readyz")), (200, 503));
    // Who is let in is known without the disk, and a plain read goes on.
    let read = house.get(&house.admin, "/engines/fake/containers/json");
    assert_eq!(read.status, 204, "{read:?}");

    // It cannot even start on such a disk, and says so.
    house.stop();
    let refused = serve(&house, std::process::Stdio::piped()).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("The data folder") && said.contains("Read-only"), "{said}");

    disk.detach();
    disk.attach();
    house.start_again();
    let users = house.get(&house.admin, "/api/v1/users").json();
    let names: Vec<_> = users["items"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap()).collect();
    assert_eq!(names, ["admin", "before"]);
    assert_eq!(start(&house).status, 204);
    assert_eq!(probe(&house, "/readyz"), 200);
    house.stop();
    assert_eq!(sql(&house.data, &["PRAGMA integrity_check"])[0], [[json!("ok")]]);
}

/// Pilothouse on the data of a house that was stopped, with its log going there.
fn serve(house: &House, log: std::process::Stdio) -> std::process::Child {
    // A test lies a folder deeper than the program.
    let program = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("pilothouse");
    let mut command = Command::new(program);
    command.args(["serve", "--config"]).arg(house.data.join("../pilothouse.toml")).stderr(log);
    command.env("PILOTHOUSE_LISTEN", house.address.to_string()).env("PILOTHOUSE_DATA_DIR", &house.data);
    command.spawn().unwrap()
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing_but_the_log() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let mut house = House::start(&[("fake", recorder.url.clone())]);
    house.stop();
    // Every write there fails as on a full disk.
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let mut running = serve(&house, full.into());
    let end = Instant::now() + Duration::from_secs(5);
    let mut served = 0;
    while Instant::now() < end && served == 0 && running.try_wait().unwrap().is_none() {
        if TcpStream::connect(house.address).is_ok() {
            served = house.send(&house.admin, "POST", "/engines/fake/containers/x/start", "").status;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = Command::new("kill").arg(running.id().to_string()).status();
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end && running.try_wait().unwrap().is_none() {
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = running.try_wait().unwrap();
    let _ = running.kill();
    let _ = running.wait();
    assert_eq!(served, 204, "it does not serve");
    assert!(ended.is_some_and(|status| status.success()), "asked to end, it did: {ended:?}");
}
