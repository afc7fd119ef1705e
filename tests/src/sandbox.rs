//! Real parts, started by the tests and stopped with them.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    http::{self, Answer},
    load::fill,
    postgres::{Postgres, postgres},
};

/// Where the engine's registry is, in the engine's own network.
const REGISTRY_PORT: &str = "5099";
pub const PASSWORD: &str = "correct horse battery";

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A folder of this run's own, made new. Short: a socket's path holds about 100 characters.
pub fn folder(name: &str) -> PathBuf {
    static SWEPT: std::sync::Once = std::sync::Once::new();
    SWEPT.call_once(sweep);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("ph-it-{}-{n}-{name}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Removes what runs that have ended left behind: it is looked into when a test has failed, and not longer.
fn sweep() {
    for path in std::fs::read_dir(std::env::temp_dir()).unwrap().filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(pid) = name.strip_prefix("ph-it-").and_then(|rest| rest.split('-').next()) else { continue };
        if !Path::new("/proc").join(pid).exists() {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

/// Waits until it is so.
pub fn until(what: &str, seconds: u64, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !so() {
        assert!(Instant::now() < end, "not within {seconds} s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub(crate) fn script(name: &str) -> Command {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/sandbox").join(name);
    assert!(path.exists(), "{} is missing: run the tests from a whole checkout", path.display());
    Command::new(path)
}

/// Signals a process of ours; or what `sudo` runs for us, which is root's, and which `sudo` would not hand a signal from its own group.
fn ask_to_end(pid: u32) {
    let pid = pid.to_string();
    let ours = Command::new("kill").arg(&pid).stderr(Stdio::null()).status();
    if !ours.is_ok_and(|done| done.success()) {
        let _ = Command::new("sudo").args(["pkill", "-TERM", "-P", &pid]).status();
    }
}

/// A process that ends with its owner.
pub struct Running(Child);

impl Running {
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// As by the power switch.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            ask_to_end(self.0.id());
            let end = Instant::now() + Duration::from_secs(15);
            while matches!(self.0.try_wait(), Ok(None)) {
                if Instant::now() > end {
                    let _ = self.0.kill();
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// A private Docker engine with the sample image, and a registry that it reaches at `127.0.0.1:5099`.
pub struct Engine {
    pub socket: PathBuf,
    /// Where its network is reached from this machine.
    pub address: String,
    running: Running,
    registry: Running,
}

/// Starts a part that says in one line that it answers.
pub(crate) fn start(part: &mut Command, missing: &str) -> Running {
    let mut child = part.stdout(Stdio::piped()).spawn().expect("the scripts of deploy/sandbox run");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let running = Running(child);
    assert!(line.contains("answers"), "{missing}: {line}");
    running
}

impl Engine {
    pub fn start() -> Engine {
        Engine::launch(folder("engine"), &[])
    }

    /// One that also listens at port 2375 of its own address, without TLS.
    pub fn with_tcp() -> Engine {
        Engine::launch(folder("engine"), &["--host", "tcp://0.0.0.0:2375"])
    }

    /// One that also listens at port 2376, with certificates that `make` writes to `dir` for its address.
    pub fn with_tls(dir: &Path, make: fn(&Path, &str)) -> Engine {
        // Its address is known once it runs; so it runs twice.
        let home = folder("engine");
        let address = Engine::launch(home.clone(), &[]).address.clone();
        make(dir, &address);
        let file = |name: &str| dir.join(name).display().to_string();
        let (ca, cert, key) = (file("ca.pem"), file("server.pem"), file("server-key.pem"));
        let options = ["--host", "tcp://0.0.0.0:2376", "--tlsverify", "--tlscacert", &ca, "--tlscert", &cert, "--tlskey", &key];
        let engine = Engine::launch(home, &options);
        assert_eq!(engine.address, address, "the engine has another address than before");
        engine
    }

    fn launch(dir: PathBuf, options: &[&str]) -> Engine {
        let running = start(
            script("engine").arg(&dir).args(options),
            "the private engine did not start; `deploy/sandbox/install sandbox` installs what it needs",
        );
        let socket = dir.join("docker.sock");
        let built = script("image").arg(&socket).output().unwrap();
        assert!(built.status.success(), "the sample image could not be built: {}", String::from_utf8_lossy(&built.stderr));
        let registry = start(
            script("registry").arg(folder("registry")).arg(REGISTRY_PORT).arg(&dir),
            "the registry did not start; `deploy/sandbox/install test` installs it",
        );
        let address = std::fs::read_to_string(dir.join("address")).unwrap().trim().to_owned();
        Engine { socket, address, running, registry }
    }
}

impl Engine {
    /// Where this machine reaches the registry that the engine has at `127.0.0.1:5099`.
    pub fn registry(&self) -> SocketAddr {
        format!("{}:{REGISTRY_PORT}", self.address).parse().unwrap()
    }

    /// One of its own, with the sample containers at work.
    pub fn with_samples() -> Engine {
        let engine = Engine::start();
        let done = script("samples").arg(&engine.socket).output().unwrap();
        assert!(done.status.success(), "the sample containers do not start: {}", String::from_utf8_lossy(&done.stderr));
        engine
    }
}

/// One engine for all tests of this run; whoever changes what others count holds the lock.
pub fn engine() -> &'static Engine {
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
        let engine = Engine::start();
        outlives_statics(&[&engine.registry, &engine.running]);
        engine
    });
    &ENGINE
}

/// Ends what a static holds when this process ends: a static is never dropped.
pub(crate) fn outlives_statics(parts: &[&Running]) {
    let (me, parts) = (std::process::id(), parts.iter().map(|part| part.pid().to_string()).collect::<Vec<_>>().join(" "));
    let watch =
        format!("while kill -0 {me} 2>/dev/null; do sleep 0.3; done; for it in {parts}; do kill $it 2>/dev/null || sudo pkill -TERM -P $it; done");
    #[allow(clippy::zombie_processes, reason = "it outlives this process, on purpose")]
    Command::new("sh").args(["-c", &watch]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
}

/// A `pilothouse` of its own, with its own data.
pub struct House {
    pub address: SocketAddr,
    pub data: PathBuf,
    pub running: Running,
    settings: PathBuf,
    /// What it logs.
    log: &'static str,
    /// What else is in its environment.
    environment: Vec<(&'static str, String)>,
    pub admin: String,
}

/// Where cargo puts what it builds in this profile: tests lie a folder deeper than programs.
fn built() -> PathBuf {
    let dir = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    if dir.ends_with("deps") { dir.parent().unwrap().to_owned() } else { dir }
}

/// Where cargo puts what it builds.
pub fn target() -> PathBuf {
    built().parent().unwrap().to_owned()
}

pub fn binary() -> PathBuf {
    let path = built().join("pilothouse");
    assert!(path.exists(), "{} is missing: `cargo build -p pilothouse` makes it", path.display());
    path
}

/// The address of the database of a house in this folder, when that is no file of its own.
pub(crate) fn database_of(dir: &Path) -> Option<String> {
    std::fs::read_to_string(dir.join("database")).ok()
}

/// Gives a house that is made in this folder a database of its own, where `PILOTHOUSE_TEST_DATABASE=postgres` says so of every house.
fn give_database(dir: &Path) {
    if database_of(dir).is_none() && std::env::var("PILOTHOUSE_TEST_DATABASE").is_ok_and(|kind| kind == "postgres") {
        std::fs::write(dir.join("database"), postgres().database()).unwrap();
    }
}

fn launch(settings: &Path, data: &Path, port: u16, password: Option<&str>, filter: &str, environment: &[(&str, &str)]) -> (Running, SocketAddr) {
    let log = std::fs::File::options().create(true).append(true).open(data.join("../log")).unwrap();
    let mut command = Command::new(binary());
    command
        .args(["serve", "--config"])
        .arg(settings)
        .env("PILOTHOUSE_LISTEN", format!("127.0.0.1:{port}"))
        .env("PILOTHOUSE_DATA_DIR", data)
        .env("NO_COLOR", "1")
        .env("RUST_LOG", filter)
        .env_remove("PILOTHOUSE_ADMIN_PASSWORD")
        .env_remove("PILOTHOUSE_DATABASE_URL")
        .envs(database_of(&data.join("..")).map(|url| ("PILOTHOUSE_DATABASE_URL", url)))
        .envs(environment.iter().copied())
        .stderr(log);
    if let Some(password) = password {
        command.env("PILOTHOUSE_ADMIN_PASSWORD", password);
    }
    let running = Running(command.spawn().unwrap());
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let end = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(address).is_err() {
        assert!(Instant::now() < end, "pilothouse does not listen: {}", std::fs::read_to_string(data.join("../log")).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(2));
    }
    (running, address)
}

impl House {
    /// In front of these engines, by name and address, with user `admin` and a token of theirs.
    pub fn start(engines: &[(&str, String)]) -> House {
        let mut house = House::empty(engines, Some(PASSWORD));
        house.admin = house.token_of("admin", PASSWORD);
        house
    }

    /// With the built browser half, and nobody in it yet unless there is a password for `admin`.
    pub fn with_console(engines: &[(&str, String)], console: &Path, password: Option<&str>) -> House {
        House::made(engines, password, &House::console_settings(console))
    }

    /// The same in front of a registry, too, which it calls `images`.
    pub fn with_console_and_registry(engines: &[(&str, String)], console: &Path, password: Option<&str>, registry: SocketAddr) -> House {
        let declared = format!("[[registries]]\nname = \"images\"\nurl = \"http://{registry}\"\nlabels = {{ env = \"test\" }}\n");
        House::made(engines, password, &(House::console_settings(console) + &declared))
    }

    /// With the built browser half, and a trail of so many records.
    pub fn with_history(engines: &[(&str, String)], console: &Path, password: Option<&str>, records: usize) -> House {
        let dir = folder("house");
        std::fs::create_dir_all(dir.join("data")).unwrap();
        fill(&dir.join("data"), records);
        House::made_in(dir, engines, password, &House::console_settings(console), "info")
    }

    /// By its name, too: passkeys are bound to one. Its browsers say which machines they stand for.
    fn console_settings(console: &Path) -> String {
        let proxies = "trusted_proxies = [\"127.0.0.1\", \"::1\"]";
        format!("external_url = \"http://localhost:PORT\"\n{proxies}\nconsole_dir = \"{}\"\n", console.display())
    }

    /// With these settings before the engines, and a token of user `admin`.
    pub fn with_settings(engines: &[(&str, String)], settings: &str) -> House {
        let mut house = House::made(engines, Some(PASSWORD), settings);
        house.admin = house.token_of("admin", PASSWORD);
        house
    }

    /// As these settings about TLS have it, with a password for `admin`. Nothing is asked of it yet.
    pub fn speaking(engines: &[(&str, String)], settings: &str) -> House {
        House::made(engines, Some(PASSWORD), settings)
    }

    /// With nobody in it yet, unless there is a password for `admin`.
    pub fn empty(engines: &[(&str, String)], password: Option<&str>) -> House {
        House::made(engines, password, "")
    }

    /// One that logs all there is to log.
    pub fn tracing(engines: &[(&str, String)]) -> House {
        let mut house = House::made_in(folder("house"), engines, Some(PASSWORD), "", "trace");
        house.admin = house.token_of("admin", PASSWORD);
        house
    }

    fn made(engines: &[(&str, String)], password: Option<&str>, settings_first: &str) -> House {
        House::made_in(folder("house"), engines, password, settings_first, "info")
    }

    fn made_in(dir: PathBuf, engines: &[(&str, String)], password: Option<&str>, settings_first: &str, log: &'static str) -> House {
        let (data, port) = (dir.join("data"), free_port());
        std::fs::create_dir_all(&data).unwrap();
        give_database(&dir);
        let settings_first = settings_first.replace("PORT", &port.to_string());
        let settings = dir.join("pilothouse.toml");
        let declared: String = engines.iter().map(|(name, url)| format!("[[engines]]\nname = \"{name}\"\nurl = \"{url}\"\n")).collect();
        std::fs::write(&settings, format!("{settings_first}{declared}")).unwrap();
        let (running, address) = launch(&settings, &data, port, password, log, &[]);
        House { address, data, running, settings, log, environment: Vec::new(), admin: String::new() }
    }

    /// Starts it again with other lines behind its engines in the settings.
    pub fn change_settings(&mut self, more: &str) {
        const MARK: &str = "\n# more\n";
        let text = std::fs::read_to_string(&self.settings).unwrap();
        let engines = text.split(MARK).next().unwrap();
        std::fs::write(&self.settings, format!("{engines}{MARK}{more}")).unwrap();
        self.stop();
        self.start_again();
    }

    /// On a new database of `postgres`, with user `admin` and a token of theirs.
    pub fn on(postgres: &Postgres, engines: &[(&str, String)], settings: &str) -> House {
        House::on_database(postgres, engines, settings, "info")
    }

    /// The same, and it logs all there is to log.
    pub fn tracing_on(postgres: &Postgres, engines: &[(&str, String)]) -> House {
        House::on_database(postgres, engines, "", "trace")
    }

    fn on_database(postgres: &Postgres, engines: &[(&str, String)], settings: &str, log: &'static str) -> House {
        let dir = folder("house");
        std::fs::write(dir.join("database"), postgres.database()).unwrap();
        let mut house = House::made_in(dir, engines, Some(PASSWORD), settings, log);
        house.admin = house.token_of("admin", PASSWORD);
        house
    }

    /// Another one on the same database, with the same key and settings, and with this in its environment.
    pub fn replica(&self, environment: &[(&'static str, String)]) -> House {
        let (dir, port) = (folder("replica"), free_port());
        let data = dir.join("data");
        std::fs::create_dir_all(&data).unwrap();
        std::fs::copy(self.data.join("../database"), dir.join("database")).expect("only a house on PostgreSQL has replicas");
        std::fs::copy(self.data.join("key"), data.join("key")).unwrap();
        let settings = dir.join("pilothouse.toml");
        std::fs::copy(&self.settings, &settings).unwrap();
        let given: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (running, address) = launch(&settings, &data, port, None, self.log, &given);
        House { address, data, running, settings, log: self.log, environment: environment.to_vec(), admin: self.admin.clone() }
    }

    /// The address of its database, if that is on PostgreSQL.
    pub fn database(&self) -> Option<String> {
        database_of(&self.data.join(".."))
    }

    /// In front of the shared engine, as `demo`.
    pub fn of_engine() -> House {
        House::start(&[("demo", format!("unix://{}", engine().socket.display()))])
    }

    /// As `start`, with its data in a folder of this one.
    pub fn start_in(dir: &Path, engines: &[(&str, String)]) -> House {
        let mut house = House::made_in(dir.to_owned(), engines, Some(PASSWORD), "", "info");
        house.admin = house.token_of("admin", PASSWORD);
        house
    }

    /// Asks it to end, and waits for that.
    pub fn stop(&mut self) {
        ask_to_end(self.running.pid());
        self.running.0.wait().unwrap();
    }

    /// Starts it again on the same data.
    pub fn start_again(&mut self) {
        self.start_again_with(&[]);
    }

    /// The same, with more in its environment.
    pub fn start_again_with(&mut self, environment: &[(&str, &str)]) {
        let of_its_own = self.environment.iter().map(|(name, value)| (*name, value.as_str()));
        let environment: Vec<_> = of_its_own.chain(environment.iter().copied()).collect();
        let (running, address) = launch(&self.settings, &self.data, self.address.port(), None, self.log, &environment);
        self.running = running;
        self.address = address;
    }

    /// The memory it holds, in MiB.
    pub fn resident_mib(&self) -> u64 {
        self.resident_kib() / 1024
    }

    /// The memory it holds, in KiB.
    pub fn resident_kib(&self) -> u64 {
        self.memory_kib("VmRSS:")
    }

    /// The most memory that it has held since its start, in KiB.
    pub fn peak_kib(&self) -> u64 {
        self.memory_kib("VmHWM:")
    }

    fn memory_kib(&self, which: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.running.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with(which)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// Ends it as by the power switch and starts it again on the same data.
    pub fn crash(&mut self) {
        self.running.kill();
        self.start_again();
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.join("../log")).unwrap_or_default()
    }

    /// The address at which the first administrator is made, once the log tells it.
    pub fn setup_link(&self) -> String {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let log = self.log();
            if let Some(link) = log.split_whitespace().find(|word| word.contains("/setup#secret=")) {
                return link.to_owned();
            }
            assert!(Instant::now() < end, "no set-up link in the log: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The cookie of a new session, as `name=value`.
    pub fn sign_in(&self, username: &str, password: &str) -> String {
        let answer = self.post_as(&[], "/api/v1/session", json!({ "username": username, "password": password }));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
    }

    /// A new token of this user.
    pub fn token_of(&self, username: &str, password: &str) -> String {
        let cookie = self.sign_in(username, password);
        let answer = self.post_as(&[("Cookie", &cookie)], "/api/v1/tokens", json!({ "name": "test" }));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// A new user with this role on this scope, and a token of theirs.
    pub fn user(&self, username: &str, role: &str, scope: &str) -> String {
        let made = self.post(&self.admin, "/api/v1/users", json!({ "username": username, "password": PASSWORD }));
        assert_eq!(made.status, 200, "{made:?}");
        let granted = self.post(&self.admin, "/api/v1/grants", json!({ "user": username, "role": role, "scope": scope }));
        assert_eq!(granted.status, 200, "{granted:?}");
        self.token_of(username, PASSWORD)
    }

    pub fn get(&self, token: &str, path: &str) -> Answer {
        self.send(token, "GET", path, "")
    }

    pub fn post(&self, token: &str, path: &str, body: Value) -> Answer {
        self.post_as(&[("Authorization", &format!("Bearer {token}"))], path, body)
    }

    pub fn post_as(&self, headers: &[(&str, &str)], path: &str, body: Value) -> Answer {
        let headers: Vec<_> = headers.iter().copied().chain([("Content-Type", "application/json")]).collect();
        http::send(self.address, "POST", path, &headers, &body.to_string())
    }

    pub fn send(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("Authorization", bearer.as_str())];
        if !body.is_empty() {
            headers.push(("Content-Type", "application/json"));
        }
        http::send(self.address, method, path, &headers, body)
    }

    /// The newest audit records.
    pub fn audit(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&self.admin, &format!("/api/v1/audit?limit=500{query}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["items"].as_array().unwrap().clone()
    }

    /// What makes a `docker` command line work through it.
    pub fn docker_env(&self, token: &str, engine: &str) -> Vec<(String, String)> {
        let dir = folder("config");
        let config = json!({ "HttpHeaders": { "Authorization": format!("Bearer {token}"), "Pilothouse-Engine": engine } });
        std::fs::write(dir.join("config.json"), config.to_string()).unwrap();
        vec![("DOCKER_HOST".to_owned(), format!("tcp://{}/engines/{engine}", self.address)), ("DOCKER_CONFIG".to_owned(), dir.display().to_string())]
    }
}

/// What the fake engine does with a connection.
#[derive(Clone, Copy)]
pub enum Behaviour {
    /// Answers each request with this, whole.
    Say(&'static str),
    /// Reads and says nothing.
    Silent,
    /// Closes at once.
    Reset,
    /// Begins a list that never ends.
    Endless,
}

/// A server on a socket that writes down every byte it gets: proof of what reached the engine.
pub struct Recorder {
    pub url: String,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    pub fn start(behaviour: Behaviour) -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("tcp+plain://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let all = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = all.clone();
                std::thread::spawn(move || converse(stream, behaviour, &seen));
            }
        });
        Recorder { url, seen }
    }

    /// Everything that arrived, but for the house's own looks at the engine's health.
    pub fn seen(&self) -> String {
        let text = String::from_utf8_lossy(&self.seen.lock().unwrap()).into_owned();
        text.split('\u{1}').filter(|piece| !is_look(piece)).collect()
    }
}

/// The house's own looks say that they are: nothing that comes through a door can say so.
fn is_look(piece: &str) -> bool {
    piece.to_ascii_lowercase().contains("user-agent: pilothouse-watch\r\n")
}

fn converse(mut stream: TcpStream, behaviour: Behaviour, seen: &Mutex<Vec<u8>>) {
    if matches!(behaviour, Behaviour::Reset) {
        return;
    }
    let mut buffer = [0; 65_536];
    while let Ok(n) = stream.read(&mut buffer) {
        if n == 0 {
            return;
        }
        let mut seen = seen.lock().unwrap();
        seen.push(1);
        seen.extend_from_slice(&buffer[..n]);
        drop(seen);
        if matches!(behaviour, Behaviour::Endless) {
            let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n";
            let chunk = format!("4000\r\n{}\r\n", "{},".repeat(0x4000 / 3 + 1).split_at(0x4000).0);
            let mut sent = stream.write_all(head);
            while sent.is_ok() {
                sent = stream.write_all(chunk.as_bytes());
            }
            return;
        }
        if let Behaviour::Say(text) = behaviour
            && stream.write_all(text.as_bytes()).is_err()
        {
            return;
        }
    }
}

/// The same socket by TCP, byte for byte: the `docker` command line behaves otherwise on a socket of the file system
/// (over TCP it does not see its own detach keys), and both passes are to differ in Pilothouse alone.
pub fn relay(socket: &Path) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let socket = socket.to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(engine) = std::os::unix::net::UnixStream::connect(&socket) else { return };
            let (mut from_client, mut to_engine) = (client.try_clone().unwrap(), engine.try_clone().unwrap());
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from_client, &mut to_engine);
                let _ = to_engine.shutdown(std::net::Shutdown::Write);
            });
            std::thread::spawn(move || {
                let (mut engine, mut client) = (engine, client);
                let _ = std::io::copy(&mut engine, &mut client);
                let _ = client.shutdown(std::net::Shutdown::Write);
            });
        }
    });
    address
}
