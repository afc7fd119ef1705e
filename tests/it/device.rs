//! Signing in from the command line, with the `pilothouse` that was built.

use std::{
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::certificates::{Secure, docker, dockers, every_way};
use pilothouse_tests::{
    http::{self, Answer},
    sandbox::{House, PASSWORD, binary, folder},
};

/// Somebody's home, where the command line keeps its things.
struct Home(PathBuf);

impl Home {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).env_clear().env("HOME", &self.0).env("PATH", std::env::var_os("PATH").unwrap());
        command
    }

    fn runs(&self, arguments: &[&str]) -> String {
        let done = self.command(arguments).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&done.stdout).into_owned(), String::from_utf8_lossy(&done.stderr).into_owned());
        assert!(done.status.success(), "{arguments:?}: {out}{err}");
        out
    }

    fn kept(&self) -> PathBuf {
        self.0.join(".config/pilothouse/credentials.json")
    }

    fn token(&self) -> String {
        let kept: Value = serde_json::from_str(&std::fs::read_to_string(self.kept()).unwrap()).unwrap();
        kept["token"].as_str().unwrap().to_owned()
    }
}

/// A `pilothouse login` that waits for its yes.
struct Waiting {
    child: Child,
    out: BufReader<ChildStdout>,
    code: String,
}

impl Waiting {
    #[allow(clippy::zombie_processes, reason = "`end` waits for it")]
    fn begin(home: &Home, arguments: &[&str]) -> Waiting {
        let arguments: Vec<&str> = ["login"].into_iter().chain(arguments.iter().copied()).collect();
        let mut child = home.command(&arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        loop {
            let mut line = String::new();
            if out.read_line(&mut line).unwrap() == 0 {
                let mut why = String::new();
                child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
                panic!("it ended with {}: {said}{why}", child.wait().unwrap());
            }
            said += &line;
            let word = line.trim();
            if word.len() == 9 && word.as_bytes()[4] == b'-' {
                assert!(said.contains("/device\n"), "it does not say where: {said}");
                return Waiting { child, out, code: word.to_owned() };
            }
        }
    }

    /// What it says in the end, and whether it worked.
    fn end(mut self) -> (bool, String) {
        let end = Instant::now() + Duration::from_secs(20);
        while self.child.try_wait().unwrap().is_none() {
            if Instant::now() > end {
                let _ = self.child.kill();
                panic!("it goes on waiting");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut text = String::new();
        self.out.read_to_string(&mut text).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        (self.child.wait().unwrap().success(), text)
    }
}

fn with_cookie(house: &House, cookie: &str, path: &str, code: &str) -> Answer {
    house.post_as(&[("Cookie", cookie), ("Origin", &format!("http://{}", house.address))], path, json!({ "user_code": code }))
}

fn begin(house: &House) -> Value {
    let answer = house.post_as(&[], "/api/v1/device", json!({ "client_name": "a test", "machine": "somewhere" }));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn poll(house: &House, codes: &Value) -> Answer {
    house.post_as(&[], "/api/v1/device/token", json!({ "device_code": codes["device_code"] }))
}

#[test]
fn somebody_signs_in_from_the_command_line_points_docker_at_an_engine_and_signs_out() {
    let house = House::of_engine();
    house.user("vic", "viewer", "engine/demo");
    let cookie = house.sign_in("vic", PASSWORD);
    let home = Home(folder("home"));
    let url = format!("http://{}", house.address);
    let waiting = Waiting::begin(&home, &[&url]);
    let asking = with_cookie(&house, &cookie, "/api/v1/device/look", &waiting.code.to_lowercase()).json();
    assert_eq!(asking["address"], "127.0.0.1", "{asking}");
    assert!(asking["client_name"].as_str().unwrap().starts_with("pilothouse "), "{asking}");
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    assert_eq!(asking["machine"], machine.trim(), "{asking}");
    assert_eq!(asking["token_lasts_s"], 12 * 3600);
    assert_eq!(with_cookie(&house, &cookie, "/api/v1/device/approve", &waiting.code).status, 200);
    let code = waiting.code.clone();
    let (worked, said) = waiting.end();
    assert!(worked && said.contains("as vic"), "{said}");
    assert_eq!(with_cookie(&house, &cookie, "/api/v1/device/approve", &code).status, 404, "a code is good for one answer");
    assert_eq!(std::fs::metadata(home.kept()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(home.kept().parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    // It is vic, and may what vic may.
    let token = home.token();
    assert_eq!(house.get(&token, "/api/v1/me").json()["username"], "vic");
    assert_eq!(house.get(&token, "/engines/demo/containers/json").status, 200);
    assert_eq!(house.get(&token, "/api/v1/users").status, 403);
    assert_eq!(house.send(&token, "POST", "/engines/demo/containers/x/start", "").status, 403);

    let said = home.runs(&["connect"]);
    let folder = home.0.join(".config/pilothouse/docker/demo");
    assert!(said.contains(&format!("export DOCKER_CONFIG='{}'", folder.display())), "{said}");
    for program in dockers() {
        let ps = docker(&program, &folder).arg("ps").output().unwrap();
        assert!(ps.status.success(), "{}", String::from_utf8_lossy(&ps.stderr));
        let refused = docker(&program, &folder).args(["run", "--rm", "busybox", "true"]).output().unwrap();
        assert!(String::from_utf8_lossy(&refused.stderr).contains("vic needs the permission"), "{refused:?}");
    }
    // Once more: what was made before is revoked, so that nothing heaps up.
    home.runs(&["connect", "--engine", "demo"]);
    let of_docker = || {
        let listed = house.get(&token, "/api/v1/tokens").json();
        listed["items"].as_array().unwrap().iter().filter(|it| it["engine"] == "demo").count()
    };
    assert_eq!(of_docker(), 1);
    let failed = home.command(&["connect", "--engine", "nowhere"]).output().unwrap();
    assert!(!failed.status.success() && String::from_utf8_lossy(&failed.stderr).contains("no engine nowhere"));

    home.runs(&["logout"]);
    assert_eq!(house.get(&token, "/api/v1/me").status, 401);
    assert!(!home.kept().exists() && !folder.exists());
    let records = house.audit("");
    let of = |operation: &str| records.iter().find(|record| record["operation"] == operation).unwrap_or_else(|| panic!("{operation}: {records:?}"));
    let approved = records.iter().find(|record| record["operation"] == "DeviceApprove" && record["outcome"] == "ok").unwrap();
    assert_eq!((&approved["user"], &approved["permission"]), (&"vic".into(), &"account.device.manage".into()), "{approved}");
    let object = approved["object"].as_str().unwrap();
    assert!(object.contains(&code) && object.contains(machine.trim()) && object.contains("from 127.0.0.1"), "{approved}");
    let handed = of("DeviceToken");
    assert_eq!((&handed["user"], &handed["outcome"]), (&"vic".into(), &"ok".into()), "{handed}");
    assert!(!records.iter().any(|record| record.to_string().contains(&token)), "the token is in the trail");
}

#[test]
fn with_tls_docker_gets_a_certificate_by_contexts_of_its_own() {
    let secure = Secure::start();
    let home = Home(folder("home"));
    let url = secure.url();
    let refused = home.command(&["login", &url]).stdin(Stdio::null()).output().unwrap();
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success(), "an authority that nobody knows was trusted");
    let log = secure.house.log();
    let printed = log.split("SHA-256 fingerprint ").nth(1).unwrap().split('.').next().unwrap();
    assert!(why.contains(printed), "{why}");
    let wrong = home.command(&["login", &url, "--fingerprint", &"0".repeat(64)]).stdin(Stdio::null()).output().unwrap();
    assert!(!wrong.status.success());
    let waiting = Waiting::begin(&home, &[&url, "--fingerprint", printed]);
    let cookie = secure.cookie_of("admin");
    let body = json!({ "user_code": waiting.code });
    assert_eq!(secure.ask(&["-H", &cookie], "POST", "/api/v1/device/approve", Some(&body)).unwrap().status, 200);
    let (worked, said) = waiting.end();
    assert!(worked, "{said}");
    let said = home.runs(&["connect", "--engine", "demo"]);
    assert!(said.contains("docker --context pilothouse-demo ps"), "{said}");
    let config = home.0.join(".docker");
    for (n, program) in dockers().iter().enumerate() {
        every_way(program, &config, &["--context", "pilothouse-demo"], &format!("connected-{n}"));
    }
    let keys: Vec<PathBuf> = files(&config.join("contexts/tls")).into_iter().filter(|path| path.ends_with("key.pem")).collect();
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert_eq!(std::fs::metadata(&keys[0]).unwrap().permissions().mode() & 0o777, 0o600);
    home.runs(&["logout"]);
    assert_eq!(files(&config.join("contexts")), [] as [PathBuf; 0]);
    let listed = secure.get(&secure.admin, "/api/v1/certificates").json();
    let ours = |it: &&Value| it["name"].as_str().unwrap().starts_with("pilothouse connect on ");
    assert!(listed["items"].as_array().unwrap().iter().filter(ours).all(|it| it["revoked_at"].is_i64()), "{listed}");
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn an_attacker_s_link_does_nothing_by_itself() {
    let house = House::start(&[]);
    let cookie = house.sign_in("admin", PASSWORD);
    let codes = begin(&house);
    let code = codes["user_code"].as_str().unwrap();
    // Opened by an administrator who is signed in: it is a page, if there is a console, and nothing more.
    let link = codes["verification_uri_complete"].as_str().unwrap();
    let path = &link[link.find("/device").unwrap()..];
    http::send(house.address, "GET", path, &[("Cookie", &cookie), ("Sec-Fetch-Site", "cross-site")], "");
    let pending = poll(&house, &codes);
    assert_eq!((pending.status, pending.json()["error"].as_str().unwrap()), (400, "authorization_pending"), "{pending:?}");
    // A page of theirs that sends the yes itself is refused, and so is whoever has no session.
    for (name, value) in [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
        let answer = house.post_as(&[("Cookie", &cookie), (name, value)], "/api/v1/device/approve", json!({ "user_code": code }));
        assert_eq!(answer.status, 403, "{name}: {answer:?}");
    }
    for path in ["look", "approve", "deny"] {
        let path = format!("/api/v1/device/{path}");
        assert_eq!(house.post(&house.admin, &path, json!({ "user_code": code })).status, 403, "a token says yes at {path}");
        assert_eq!(house.post_as(&[], &path, json!({ "user_code": code })).status, 401);
    }
    // They are shown who asks, with what could deceive them taken out, and say no.
    let odd = house.post_as(&[], "/api/v1/device", json!({ "client_name": "safe\u{202e}evil" }));
    assert_eq!(odd.status, 400, "{odd:?}");
    assert_eq!(with_cookie(&house, &cookie, "/api/v1/device/look", code).json()["machine"], "somewhere");
    assert_eq!(with_cookie(&house, &cookie, "/api/v1/device/deny", code).status, 200);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(poll(&house, &codes).json()["error"], "access_denied");
    assert_eq!(poll(&house, &codes).json()["error"], "expired_token", "a no is told once");
    let denied = house.audit("").into_iter().find(|record| record["operation"] == "DeviceDeny" && record["outcome"] == "ok").unwrap();
    assert!(denied["object"].as_str().unwrap().contains("a test on somewhere"), "{denied}");
}

#[test]
fn whoever_signs_out_takes_their_yes_back() {
    let house = House::start(&[]);
    let cookie = house.sign_in("admin", PASSWORD);
    let codes = begin(&house);
    assert_eq!(with_cookie(&house, &cookie, "/api/v1/device/approve", codes["user_code"].as_str().unwrap()).status, 200);
    assert_eq!(http::send(house.address, "DELETE", "/api/v1/session", &[("Cookie", &cookie)], "").status, 200);
    let refused = poll(&house, &codes);
    assert_eq!(refused.status, 403, "{refused:?}");
    assert_eq!(poll(&house, &codes).json()["error"], "expired_token");
}

#[test]
fn codes_cannot_be_guessed_or_heaped_up() {
    let house = House::start(&[]);
    let cookie = house.sign_in("admin", PASSWORD);
    let guess = |code: &str| with_cookie(&house, &cookie, "/api/v1/device/approve", code).status;
    let statuses: Vec<u16> = (0..7).map(|n| guess(&format!("BBBB-BBB{}", ["B", "C", "D", "F", "G", "H", "J"][n]))).collect();
    assert_eq!(statuses[..5], [404; 5], "{statuses:?}");
    assert_eq!(statuses[5..], [429; 2], "{statuses:?}");
    // The right one is not looked at either, until the wait is over; others are not kept from theirs.
    let codes = begin(&house);
    assert_eq!(guess(codes["user_code"].as_str().unwrap()), 429);
    house.user("vic", "viewer", "all");
    let theirs = house.sign_in("vic", PASSWORD);
    assert_eq!(with_cookie(&house, &theirs, "/api/v1/device/look", codes["user_code"].as_str().unwrap()).status, 200);
    // Who polls without a pause is slowed down.
    let errors: Vec<String> = (0..3).map(|_| poll(&house, &codes).json()["error"].as_str().unwrap().to_owned()).collect();
    assert_eq!(errors, ["authorization_pending", "slow_down", "slow_down"]);
    assert_eq!(house.post_as(&[], "/api/v1/device/token", json!({ "device_code": "guessed" })).json()["error"], "expired_token");
    let begun: Vec<u16> = (0..20).map(|_| house.post_as(&[], "/api/v1/device", json!({ "client_name": "many" })).status).collect();
    assert_eq!((begun[0], begun[19]), (200, 429), "{begun:?}");
}
