//! TLS on the listener, client certificates, and bundles that a real `docker` takes.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use pilothouse_tests::{
    http,
    sandbox::{House, PASSWORD, engine, folder},
    store::sql,
};

/// A `pilothouse` that speaks TLS with a certificate of its own authority.
pub struct Secure {
    pub house: House,
    pub admin: String,
    pub dir: PathBuf,
    /// The file with its authority.
    ca: PathBuf,
}

/// What curl got.
pub struct Got {
    pub status: u16,
    head: String,
    body: Vec<u8>,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("no JSON ({e}): {}", String::from_utf8_lossy(&self.body)))
    }
}

/// A certificate and its key in files, for curl.
pub struct Pair {
    id: String,
    cert: PathBuf,
    key: PathBuf,
}

impl Secure {
    /// In front of the shared engine, by two names.
    pub fn start() -> Secure {
        let socket = format!("unix://{}", engine().socket.display());
        let house = House::speaking(&[("demo", socket.clone()), ("other", socket)], "tls = { own = true }\n");
        let mut secure = Secure { dir: folder("tls"), ca: PathBuf::new(), admin: String::new(), house };
        secure.admin = secure.token_of("admin");
        let made = secure.post(&secure.admin, "/api/v1/certificates", json!({ "name": "for its authority" }));
        assert_eq!(made.status, 200, "{}", String::from_utf8_lossy(&made.body));
        secure.ca = secure.dir.join("authority.pem");
        std::fs::write(&secure.ca, made.json()["ca"].as_str().unwrap()).unwrap();
        secure
    }

    pub fn url(&self) -> String {
        format!("https://{}", self.house.address)
    }

    /// One request. Until its authority is known, whoever answers is believed.
    pub fn ask(&self, options: &[&str], method: &str, path: &str, body: Option<&Value>) -> Result<Got, String> {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-S", "-i", "--max-time", "60", "-X", method]).args(options);
        match self.ca.as_os_str().is_empty() {
            true => curl.arg("-k"),
            false => curl.arg("--cacert").arg(&self.ca),
        };
        if let Some(body) = body {
            curl.args(["-H", "Content-Type: application/json", "-d", &body.to_string()]);
        }
        let done = curl.arg(format!("{}{path}", self.url())).output().expect("curl runs: `deploy/sandbox/install sandbox` installs it");
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into_owned());
        }
        let end = done.stdout.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&done.stdout[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Got { status, head, body: done.stdout[end + 4..].to_vec() })
    }

    fn with_token(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Got {
        self.ask(&["-H", &format!("Authorization: Bearer {token}")], method, path, body).unwrap()
    }

    pub fn get(&self, token: &str, path: &str) -> Got {
        self.with_token(token, "GET", path, None)
    }

    pub fn post(&self, token: &str, path: &str, body: Value) -> Got {
        self.with_token(token, "POST", path, Some(&body))
    }

    pub fn cookie_of(&self, user: &str) -> String {
        let got = self.ask(&[], "POST", "/api/v1/session", Some(&json!({ "username": user, "password": PASSWORD }))).unwrap();
        assert_eq!(got.status, 200, "{}", got.head);
        let line = got.head.lines().find(|line| line.to_ascii_lowercase().starts_with("set-cookie:")).unwrap();
        format!("Cookie: {}", line["set-cookie:".len()..].trim().split(';').next().unwrap())
    }

    /// One certificate comes and goes.
    pub fn make_and_revoke(&self) {
        let made = self.post(&self.admin, "/api/v1/certificates", json!({ "name": "laptop", "engine": "demo" })).json();
        let revoked = self.with_token(&self.admin, "DELETE", &format!("/api/v1/certificates/{}", made["id"].as_str().unwrap()), None);
        assert_eq!(revoked.status, 200);
    }

    fn token_of(&self, user: &str) -> String {
        let cookie = self.cookie_of(user);
        let got = self.ask(&["-H", &cookie], "POST", "/api/v1/tokens", Some(&json!({ "name": "test" }))).unwrap();
        got.json()["token"].as_str().unwrap().to_owned()
    }

    fn user(&self, name: &str, role: &str, scope: &str) -> String {
        assert_eq!(self.post(&self.admin, "/api/v1/users", json!({ "username": name, "password": PASSWORD })).status, 200);
        assert_eq!(self.post(&self.admin, "/api/v1/grants", json!({ "user": name, "role": role, "scope": scope })).status, 200);
        self.token_of(name)
    }

    fn certificate(&self, token: &str, name: &str, engine: Option<&str>) -> Pair {
        let got = self.post(token, "/api/v1/certificates", json!({ "name": name, "engine": engine }));
        assert_eq!(got.status, 200, "{}", String::from_utf8_lossy(&got.body));
        let made = got.json();
        let dir = folder("pair");
        let (cert, key) = (dir.join("cert.pem"), dir.join("key.pem"));
        std::fs::write(&cert, made["certificate"].as_str().unwrap()).unwrap();
        std::fs::write(&key, made["key"].as_str().unwrap()).unwrap();
        Pair { id: made["id"].as_str().unwrap().to_owned(), cert, key }
    }

    /// The status of a GET with this certificate, and more headers.
    fn shown(&self, pair: &Pair, path: &str, more: &[&str]) -> u16 {
        let (cert, key) = (pair.cert.display().to_string(), pair.key.display().to_string());
        let headers = more.iter().flat_map(|header| ["-H", header]);
        let options: Vec<&str> = ["--cert", &cert, "--key", &key].into_iter().chain(headers).collect();
        self.ask(&options, "GET", path, None).unwrap().status
    }

    /// A bundle for `demo` in a file.
    fn bundle(&self, token: &str) -> PathBuf {
        let got = self.post(token, "/api/v1/certificates/bundle", json!({ "name": "a bundle", "engine": "demo" }));
        assert_eq!(got.status, 200, "{}", String::from_utf8_lossy(&got.body));
        let head = got.head.to_ascii_lowercase();
        assert!(head.contains("content-type: application/x-tar") && head.contains("attachment; filename=\"pilothouse-demo.tar\""), "{head}");
        let file = folder("bundle").join("pilothouse-demo.tar");
        std::fs::write(&file, got.body).unwrap();
        file
    }

    fn audit(&self, query: &str) -> Vec<Value> {
        self.get(&self.admin, &format!("/api/v1/audit?limit=500{query}")).json()["items"].as_array().unwrap().clone()
    }
}

/// Each `docker` on the path.
pub fn dockers() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<_> = std::env::split_paths(&path).filter_map(|dir| dir.join("docker").canonicalize().ok()).collect();
    found.sort();
    found.dedup();
    assert!(!found.is_empty(), "there is no docker on the PATH: `deploy/sandbox/install sandbox` installs it");
    found
}

/// `docker` with settings of its own and nothing of them in its surroundings.
pub fn docker(docker: &Path, config: &Path) -> Command {
    let mut command = Command::new(docker);
    for name in ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"] {
        command.env_remove(name);
    }
    command.arg("--config").arg(config);
    command
}

fn worked(done: &Output, what: &str) -> String {
    let (out, err) = (String::from_utf8_lossy(&done.stdout).into_owned(), String::from_utf8_lossy(&done.stderr).into_owned());
    assert!(done.status.success(), "{what}: {out}{err}");
    out
}

/// Runs a command with these bytes as its input.
fn fed(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

/// Whether this docker can build with BuildKit.
fn has_buildkit(program: &Path) -> bool {
    let version = Command::new(program).arg("--version").output().unwrap();
    let built_in = String::from_utf8_lossy(&version.stdout).contains("version 20.");
    built_in || Command::new(program).args(["buildx", "version"]).output().unwrap().status.success()
}

/// What people do with docker, by a context of `config`.
pub fn every_way(program: &Path, config: &Path, context: &[&str], image: &str) {
    let run = |arguments: &[&str]| docker(program, config).args(context).args(arguments).output().unwrap();
    worked(&run(&["ps"]), "ps");
    assert_eq!(worked(&run(&["run", "--rm", "busybox", "echo", "attached"]), "run"), "attached\n");
    let long = "x".repeat(300_000);
    let through = fed(docker(program, config).args(context).args(["run", "--rm", "-i", "busybox", "cat"]), long.as_bytes());
    assert!(worked(&through, "run -i") == long, "what went in did not come out");
    let built = folder("build");
    std::fs::write(built.join("Dockerfile"), format!("FROM busybox\nCOPY word /word\nRUN cat /word\nLABEL of={image}\n")).unwrap();
    std::fs::write(built.join("word"), "built").unwrap();
    for buildkit in ["0", "1"] {
        if buildkit == "1" && !has_buildkit(program) {
            continue;
        }
        let tag = format!("{image}:{buildkit}");
        let mut build = docker(program, config);
        build.env("DOCKER_BUILDKIT", buildkit).args(context).args(["build", "-t", &tag]).arg(&built);
        worked(&build.output().unwrap(), "build");
        assert_eq!(worked(&run(&["run", "--rm", &tag, "cat", "/word"]), "run what was built"), "built");
        worked(&run(&["rmi", "-f", &tag]), "rmi");
    }
}

#[test]
fn a_bundle_is_imported_as_it_is_and_docker_works_with_it() {
    let secure = Secure::start();
    for (n, program) in dockers().iter().enumerate() {
        println!("{}", program.display());
        let (file, config) = (secure.bundle(&secure.admin), folder("config"));
        worked(&docker(program, &config).args(["context", "import", "through"]).arg(&file).output().unwrap(), "context import");
        every_way(program, &config, &["--context", "through"], &format!("bundle-{n}"));
        // Its config.json works beside it.
        let unpacked =
            Command::new("tar").arg("-xf").arg(&file).args(["--strip-components", "2", "-C"]).arg(&config).arg("tls/pilothouse").output().unwrap();
        worked(&unpacked, "tar");
        worked(&docker(program, &config).args(["--context", "through", "ps"]).output().unwrap(), "ps with the config.json");
    }
    let made = secure.audit("").into_iter().find(|record| record["operation"] == "BundleCreate").unwrap();
    assert_eq!(
        (&made["permission"], &made["outcome"], &made["user"]),
        (&"account.certificate.manage".into(), &"ok".into(), &"admin".into()),
        "{made}"
    );
    let used = secure.audit("&target=demo").into_iter().find(|record| record["operation"] == "ContainerCreate").unwrap();
    assert!(used["credential"].as_str().unwrap().starts_with("certificate:"), "{used}");
}

#[test]
fn without_tls_a_bundle_holds_a_token_and_works_with_its_config() {
    let house = House::of_engine();
    let certificate = house.post(&house.admin, "/api/v1/certificates", json!({ "name": "of no use" }));
    assert_eq!(certificate.status, 409, "{certificate:?}");
    let bearer = format!("Authorization: Bearer {}", house.admin);
    for (n, program) in dockers().iter().enumerate() {
        let (file, config) = (folder("bundle").join("b.tar"), folder("config"));
        let body = json!({ "name": "a bundle" }).to_string();
        let mut curl = Command::new("curl");
        curl.args(["-s", "-S", "--fail", "-H", &bearer, "-H", "Content-Type: application/json", "-d", &body, "-o"])
            .arg(&file)
            .arg(format!("http://{}/api/v1/certificates/bundle", house.address));
        worked(&curl.output().unwrap(), "the bundle, for the only engine there is");
        worked(&docker(program, &config).args(["context", "import", "through"]).arg(&file).output().unwrap(), "context import");
        worked(
            &Command::new("tar").arg("-xf").arg(&file).args(["--strip-components", "2", "-C"]).arg(&config).arg("tls/pilothouse").output().unwrap(),
            "tar",
        );
        every_way(program, &config, &["--context", "through"], &format!("plain-{n}"));
    }
}

/// A child that is not left behind.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_revoked_certificate_is_refused_at_once_and_its_streams_end_within_five_seconds() {
    let secure = Secure::start();
    let program = &dockers()[0];
    let (file, config) = (secure.bundle(&secure.admin), folder("config"));
    worked(&docker(program, &config).args(["context", "import", "through"]).arg(&file).output().unwrap(), "context import");
    let through = || {
        let mut command = docker(program, &config);
        command.args(["--context", "through"]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut events = Ends(through().arg("events").spawn().unwrap());
    let mut raw = Ends(through().args(["run", "-i", "--name", "certified", "--stop-signal", "KILL", "busybox", "cat"]).spawn().unwrap());
    let end = Instant::now() + Duration::from_secs(20);
    while !secure.audit("&target=demo").iter().any(|record| record["operation"] == "ContainerAttach" && record["outcome"] == "open") {
        assert!(Instant::now() < end, "nothing was attached");
        std::thread::sleep(Duration::from_millis(100));
    }
    let listed = secure.get(&secure.admin, "/api/v1/certificates").json();
    let mine = listed["items"].as_array().unwrap().iter().find(|it| it["name"] == "a bundle").unwrap().clone();
    assert_eq!(mine["engine"], "demo");
    assert!(mine["last_used_at"].is_i64(), "{mine}");
    let id = mine["id"].as_str().unwrap();

    let cut = Instant::now();
    assert_eq!(secure.with_token(&secure.admin, "DELETE", &format!("/api/v1/certificates/{id}"), None).status, 200);
    let refused = through().arg("ps").stderr(Stdio::piped()).output().unwrap();
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("revoked"), "{told}");
    for (what, child) in [("events", &mut events), ("run -i", &mut raw)] {
        while child.0.try_wait().unwrap().is_none() {
            assert!(cut.elapsed() < Duration::from_secs(5), "{what} goes on");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let revoked = secure.audit("&target=demo&outcome=revoked");
    for operation in ["SystemEvents", "ContainerAttach"] {
        let record = revoked.iter().find(|record| record["operation"] == operation).unwrap_or_else(|| panic!("{operation}: {revoked:?}"));
        assert_eq!(record["credential"], format!("certificate:{id}"), "{record}");
    }
    let listed = secure.get(&secure.admin, "/api/v1/certificates").json();
    assert!(listed["items"].as_array().unwrap().iter().any(|it| it["id"] == id && it["revoked_at"].is_i64()), "{listed}");
    assert_eq!(secure.with_token(&secure.admin, "DELETE", "/engines/demo/containers/certified?force=1", None).status, 204);
}

#[test]
fn a_certificate_is_good_for_its_owner_its_engine_and_its_time() {
    let mut secure = Secure::start();
    let vic = secure.user("vic", "viewer", "engine/demo");
    let (whole, bound) = (secure.certificate(&vic, "whole", None), secure.certificate(&vic, "bound", Some("demo")));
    assert_eq!(secure.shown(&whole, "/api/v1/me", &[]), 200);
    assert_eq!(secure.shown(&whole, "/engines/demo/containers/json", &[]), 200);
    assert_eq!(secure.shown(&whole, "/engines/other/containers/json", &[]), 404, "an engine that vic may not see");
    // The Docker API stands at the root for who is bound to an engine; nothing else is there for them.
    assert_eq!(secure.shown(&bound, "/containers/json", &[]), 200);
    assert_eq!(secure.shown(&bound, "/engines/other/containers/json", &[]), 404);
    assert_eq!(secure.shown(&bound, "/containers/json", &["Pilothouse-Engine: other"]), 400);
    assert_eq!(secure.shown(&bound, "/api/v1/me", &[]), 404);
    let other = secure.certificate(&secure.admin, "of other", Some("other"));
    assert_eq!(secure.shown(&other, "/engines/demo/containers/json", &[]), 404);
    // What is asked by a page rests on the session: a browser shows its certificate with whatever a page asks.
    for header in ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: none", "Cookie: a=b"] {
        assert_eq!(secure.shown(&whole, "/api/v1/me", &[header]), 401, "{header}");
    }
    assert_ne!(secure.shown(&whole, "/", &[]), 200, "a page for a certificate");
    // A token beside it counts, if it is of the same person; one that is wrong is not made up for.
    let bearer = |token: &str| format!("Authorization: Bearer {token}");
    assert_eq!(secure.shown(&bound, "/api/v1/me", &[&bearer(&vic)]), 200);
    assert_eq!(secure.shown(&whole, "/api/v1/me", &[&bearer(&secure.admin)]), 401);
    assert_eq!(secure.shown(&whole, "/engines/demo/containers/json", &[&bearer(&secure.admin)]), 401);
    assert_eq!(secure.shown(&whole, "/api/v1/me", &[&bearer("nonsense")]), 401);
    assert!(secure.audit("&outcome=denied").iter().any(|record| record["operation"] == "TwoPeople"));
    // Another's is not there; neither is one's own under another's credential.
    assert_eq!(secure.with_token(&secure.admin, "DELETE", &format!("/api/v1/certificates/{}", whole.id), None).status, 404);

    // Signed by somebody else.
    let dir = folder("stranger");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=vic", "-days", "1"])
        .args(["-addext", "extendedKeyUsage=clientAuth", "-keyout"])
        .arg(dir.join("key.pem"))
        .arg("-out")
        .arg(dir.join("cert.pem"))
        .output()
        .unwrap();
    worked(&made, "openssl");
    let (cert, key) = (dir.join("cert.pem").display().to_string(), dir.join("key.pem").display().to_string());
    assert!(secure.ask(&["--cert", &cert, "--key", &key], "GET", "/api/v1/me", None).is_err(), "another authority's certificate was taken");

    // Disabled, nobody is let in; and its time ends it, whatever is written in it.
    let set = |disabled: bool| secure.with_token(&secure.admin, "PATCH", "/api/v1/users/vic", Some(&json!({ "disabled": disabled }))).status;
    assert_eq!(set(true), 200);
    assert_ne!(secure.shown(&whole, "/api/v1/me", &[]), 200);
    assert_eq!(set(false), 200);
    assert_eq!(secure.shown(&whole, "/api/v1/me", &[]), 200, "after a moment's leave");
    secure.house.stop();
    sql(
        &secure.house.data,
        &[&format!("UPDATE certificates SET expires_at = 1000 * CAST(strftime('%s', 'now') AS INTEGER) - 1000 WHERE id = '{}'", whole.id)],
    );
    secure.house.start_again();
    assert_eq!(secure.shown(&whole, "/api/v1/me", &[]), 401);
    assert_eq!(secure.shown(&bound, "/containers/json", &[]), 200, "a start forgets none, and the authority is the same");
}

#[test]
fn who_speaks_no_tls_is_told_and_slow_handshakes_keep_nobody_out() {
    let secure = Secure::start();
    let told = http::raw(secure.house.address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(told.status, 400, "{told:?}");
    assert!(told.body.contains("TLS"), "{told:?}");
    let begun = Instant::now();
    let mut slow: Vec<_> = (0..200)
        .map(|n| {
            let mut stream = http::connect(secure.house.address);
            // Some say nothing, some begin.
            if n % 2 == 0 {
                stream.write_all(&[0x16, 3, 1]).unwrap();
            }
            stream
        })
        .collect();
    for _ in 0..5 {
        let asked = Instant::now();
        secure.cookie_of("admin");
        assert!(asked.elapsed() < Duration::from_secs(3), "a sign-in took {:?}", asked.elapsed());
    }
    for stream in &mut slow {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "slow handshakes were open after {:?}", begun.elapsed());
    // Nothing but HTTP/1.1 is agreed on.
    let spoken = Command::new("openssl")
        .args(["s_client", "-alpn", "h2,http/1.1", "-connect", &secure.house.address.to_string()])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&spoken.stdout).contains("ALPN protocol: http/1.1"));
}

#[test]
fn the_listener_shows_the_certificate_it_is_given() {
    let dir = folder("given");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=given", "-days", "1"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1", "-keyout"])
        .arg(dir.join("key.pem"))
        .arg("-out")
        .arg(dir.join("cert.pem"))
        .output()
        .unwrap();
    worked(&made, "openssl");
    let path = |name: &str| dir.join(name).display().to_string();
    let settings = format!("tls = {{ cert = \"{0}\", key = \"{1}\", ca = \"{0}\" }}\n", path("cert.pem"), path("key.pem"));
    let house = House::speaking(&[("demo", format!("unix://{}", engine().socket.display()))], &settings);
    let mut secure = Secure { dir: folder("tls"), ca: dir.join("cert.pem"), admin: String::new(), house };
    secure.admin = secure.token_of("admin");
    let program = &dockers()[0];
    let (file, config) = (secure.bundle(&secure.admin), folder("config"));
    worked(&docker(program, &config).args(["context", "import", "through"]).arg(&file).output().unwrap(), "context import");
    worked(&docker(program, &config).args(["--context", "through", "ps"]).output().unwrap(), "ps");
}
