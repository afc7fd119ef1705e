//! The engine's own router as the judge of ours: whatever is let through must be, to the engine, the very operation that was
//! judged, about the same object, with the same query.
//!
//! `tests/oracle` is that router in Go. This side makes requests that are nearly right, asks our classifier, and has the
//! oracle read what would be sent on for each that is taken. `PAIRS` and `SEED` set how many are made, and which.

use std::{
    collections::HashSet,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use http::{HeaderMap, Method, Request, Uri};

use pilothouse::{
    access::table::docker::{Body, REFUSALS, ROWS, Reply, Row},
    gateway::docker::{
        classify::{Classified, classify},
        name,
    },
};
use pilothouse_tests::{
    http as client,
    sandbox::{Behaviour, House, Recorder, folder},
};

/// The engines that the oracle can be, by API version, with the operations that each does not have.
const EDITIONS: &[(&str, &[&str])] = &[("1.41", &["VolumeUpdate", "ImageAttestations"]), ("1.55", &[])];

const PAIRS: u64 = 1_000_000;
const SEED: u64 = 1;

/// What the oracle says when no route of the engine's fits.
const NO_ROUTE: &str = "none";

// ---- The oracle

/// Builds the oracle into a folder of this run's.
fn oracle() -> PathBuf {
    const GOPATH: &str = "/usr/share/gocode";
    let own = Path::new("/usr/bin/go");
    let go = if own.exists() { own } else { Path::new("go") };
    let missing = "the oracle needs Go and gorilla/mux: `deploy/sandbox/install test` installs them";
    assert!(Path::new(GOPATH).join("src/github.com/gorilla/mux").exists(), "{missing}");
    let program = folder("oracle").join("oracle");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle");
    let built = Command::new(go)
        .args(["build", "-o"])
        .arg(&program)
        .arg(".")
        .current_dir(source)
        .env_remove("GOROOT")
        .env("GO111MODULE", "off")
        .env("GOPATH", GOPATH)
        .env("GOFLAGS", "")
        .env("GOTOOLCHAIN", "local")
        // Neither a C compiler nor a home is needed for it then.
        .env("CGO_ENABLED", "0")
        .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go"))
        .output()
        .unwrap_or_else(|error| panic!("{missing} ({error})"));
    assert!(built.status.success(), "the oracle cannot be built: {}", String::from_utf8_lossy(&built.stderr));
    program
}

/// The oracle's answer to each line, as an engine of this edition.
fn ask(oracle: &Path, edition: &str, lines: &[&str]) -> Vec<String> {
    let input = oracle.with_file_name("requests");
    fs::write(&input, lines.join("\n")).unwrap();
    let asked = Command::new(oracle).arg(edition).stdin(fs::File::open(input).unwrap()).stderr(Stdio::inherit()).output().unwrap();
    assert!(asked.status.success(), "the oracle ended with {}", asked.status);
    let answers: Vec<String> = String::from_utf8(asked.stdout).unwrap().lines().map(str::to_owned).collect();
    assert_eq!(answers.len(), lines.len(), "the oracle has an answer to each line");
    answers
}

// ---- Our side

/// A request that was taken.
struct Taken {
    row: &'static Row,
    /// The line for the oracle: the method, and the target as the engine would get it.
    sent: String,
    /// What the oracle must answer.
    expected: String,
}

/// Letters, digits, `-`, `.`, `_` and `~` stay; every other byte is escaped.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

/// The target as `rebuild::request` makes it, which is private; `the_oracle_is_given_what_pilothouse_sends` holds the two together.
fn target(classified: &Classified) -> Option<String> {
    let mut target = classified.version.map(|minor| format!("/v1.{minor}")).unwrap_or_default();
    target.push_str(&classified.path);
    for (n, (key, value)) in classified.query.iter().enumerate() {
        target.push(if n == 0 { '?' } else { '&' });
        target.push_str(&format!("{}={}", escape(key), escape(value)));
    }
    // What is too long for a target is not sent.
    Some(Request::builder().uri(target).body(()).ok()?.uri().to_string())
}

/// `METHOD /a/{}/b`: every parameter written alike, as the oracle writes them.
fn shape(row: &Row) -> String {
    let path = row.path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/");
    format!("{} {path}", row.method)
}

/// A request as it goes through the door: read by the HTTP library, named, classified, and made anew.
fn judge(method: &[u8], target_given: &[u8]) -> Option<Taken> {
    let method = Method::from_bytes(method).ok()?;
    let uri = Uri::try_from([b"/engines/lab", target_given].concat()).ok()?;
    let none = HeaderMap::new();
    let named = name::engine(&uri, &none, None)?.ok()?;
    let classified = classify(method.as_str(), named.path, uri.query()).ok()?;
    let sent = format!("{method} {}", target(&classified)?);
    let version = classified.version.map(|minor| format!("1.{minor}")).unwrap_or_default();
    let params: Vec<String> = classified.params.iter().map(|param| escape(param)).collect();
    let mut query: Vec<&(String, String)> = classified.query.iter().collect();
    // By name, as the oracle sorts them; the values of one name stay in their order.
    query.sort_by(|(one, _), (other, _)| one.cmp(other));
    // Handlers read the first value of a name and let the others lie: there must be one, unless the operation reads them all.
    let twice = query.windows(2).find(|two| two[0].0 == two[1].0 && classified.row.query.contains(&two[0].0.as_str()));
    assert!(twice.is_none(), "{sent} has {twice:?}, of which the engine would read the first");
    let query: Vec<String> = query.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect();
    let expected = format!("{}\t{version}\t{}\t{}", shape(classified.row), params.join(","), query.join("&"));
    Some(Taken { row: classified.row, sent, expected })
}

/// What each edition of the engine makes otherwise of what was taken. `shown` is what came from the client.
fn differences(oracle: &Path, taken: &[(String, Taken)]) -> Vec<String> {
    let lines: Vec<&str> = taken.iter().map(|(_, taken)| taken.sent.as_str()).collect();
    let mut found = Vec::new();
    for (edition, lacks) in EDITIONS {
        for (answer, (shown, taken)) in ask(oracle, edition, &lines).iter().zip(taken) {
            let expected = if lacks.contains(&taken.row.name) { NO_ROUTE } else { &taken.expected };
            if answer != expected {
                let Taken { row, sent, .. } = taken;
                found.push(format!("API {edition}, {}: {shown}\n  sent on as {sent}\n  judged as  {expected:?}\n  taken for  {answer:?}", row.name));
            }
        }
    }
    found
}

// ---- Requests that are nearly right

/// Small, and the same everywhere for the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

const METHODS: &[&str] =
    &["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", "Post", "GET ", "GET/x", "PROPFIND", ""];

/// Paths that the engine or its forebears know, and our table does not, or not to allow.
const OTHER_PATHS: &[&str] =
    &["/networks/", "/containers/{id}/copy", "/containers/{id}/attach/ws", "/debug/pprof/", "/debug/pprof/heap", "/images", "/"];

const PLAIN: &[&str] = &["web", "db-1", "a.b", "A_b", "0", "x", "registry", "v1", "1.41", "redis.1.abc", "plugin", "some-id"];

/// What does not belong into one segment of a path, or looks as if it did not.
const ODD: &[&str] = &[
    "",
    ".",
    "..",
    "...",
    "v1.41",
    "-x",
    "_x",
    ".x",
    "x.",
    "a/b",
    "a%2Fb",
    "a%2fb",
    "%2e%2e",
    "%252e",
    "a%00",
    "%zz",
    "%",
    "a%0ab",
    "a b",
    "a+b",
    "a:b",
    "a@b",
    "a;b",
    "a\\b",
    "a?b",
    "a#b",
    "a&b",
    "a=b",
    "a,b",
    "~a",
    "*",
    "{id}",
    "{name:.*}",
    "\u{e9}",
    "\u{65e5}\u{672c}",
    "\u{212a}ill",
    "\u{17f}top",
    "\u{ff0f}",
    "a\u{301}",
    "http://x",
    "[::1]",
    "x:5000",
    "sha256:0",
];

const VERSIONS: &[&str] = &[
    "v1.24",
    "v1.41",
    "v1.55",
    "v1.1",
    "v1.999",
    "v1.1000",
    "v1.0",
    "v01.44",
    "v1..44",
    "v1.44.0",
    "v1.044",
    "V1.44",
    "v99.9",
    "v2.0",
    "v1",
    "v1.",
    "v.",
    "v",
    "v1.44a",
    "1.44",
    "v1.41;x",
    "v1.4%31",
    "v\u{661}.\u{664}",
    "v1.41/v1.44",
    "v-1.41",
    "v+1.41",
];

/// Every word that stands in a path of the engine's.
fn words() -> Vec<&'static str> {
    let paths = ROWS.iter().map(|row| row.path).chain(REFUSALS.iter().map(|refusal| refusal.path));
    let mut words: Vec<&str> = paths.flat_map(|path| path.split('/')).filter(|word| !word.is_empty() && !word.starts_with('{')).collect();
    words.sort_unstable();
    words.dedup();
    words
}

struct Maker {
    dice: Dice,
    words: Vec<&'static str>,
}

impl Maker {
    /// The value of a parameter; most could be a name.
    fn name(&mut self) -> String {
        match self.dice.below(16) {
            0..=4 => format!("{:012x}", self.dice.next() & 0xffff_ffff_ffff),
            5 => (0..4).map(|_| format!("{:016x}", self.dice.next())).collect(),
            6..=9 => self.dice.pick(&self.words).to_owned(),
            10..=12 => self.dice.pick(PLAIN).to_owned(),
            13 => self.dice.pick(ODD).to_owned(),
            14 => format!("{}{}", self.dice.pick(PLAIN), self.dice.pick(ODD)),
            _ => {
                let length = self.dice.pick(&[1, 2, 63, 64, 128, 254, 255, 256, 300]);
                "n".repeat(length)
            }
        }
    }

    /// An image reference, or what is like one.
    fn reference(&mut self) -> String {
        let mut parts = Vec::new();
        if self.dice.one_in(3) {
            parts.push(self.dice.pick(&["127.0.0.1:5000", "docker.io", "host:5000", "localhost", "v1.41", "sha256:0123abcd"]).to_owned());
        }
        for _ in 0..=self.dice.below(3) {
            parts.push(self.name());
        }
        let mut reference = parts.join("/");
        match self.dice.below(6) {
            0 => reference.push_str(&format!(":{}", self.name())),
            1 => reference.push_str(&format!("@sha256:{:016x}", self.dice.next())),
            _ => {}
        }
        reference
    }

    fn filled(&mut self, path: &str) -> String {
        let parts: Vec<String> = path
            .split('/')
            .map(|part| match part {
                "{ref...}" => self.reference(),
                part if part.starts_with('{') => self.name(),
                part => part.to_owned(),
            })
            .collect();
        parts.join("/")
    }

    fn any_row(&mut self) -> &'static Row {
        &ROWS[self.dice.below(ROWS.len())]
    }

    /// A place in `path` at which a character begins or it ends.
    fn place(&mut self, path: &str) -> usize {
        let mut at = self.dice.below(path.len() + 1);
        while !path.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    /// One change, of the kinds that parsers have been seen to read in two ways.
    fn mutate(&mut self, path: &mut String) {
        let at = self.place(path);
        let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
        let segment = self.dice.below(parts.len());
        let random_byte = self.dice.below(256);
        match self.dice.below(22) {
            // A character written as an escape.
            0 | 1 => {
                if let Some(c) = path[at..].chars().next() {
                    let hex: String =
                        c.to_string().bytes().map(|b| if self.dice.one_in(2) { format!("%{b:02X}") } else { format!("%{b:02x}") }).collect();
                    path.replace_range(at..at + c.len_utf8(), &hex);
                }
            }
            2 => path.insert(at, '/'),
            3 => {
                let dots = self.dice.pick(&["", ".", "..", "%2e", "%2E.", "%2e%2e", "..."]);
                parts.insert(segment, dots.to_owned());
                *path = parts.join("/");
            }
            // Another case.
            4 => {
                if let Some(c) = path[at..].chars().next().filter(char::is_ascii_alphabetic) {
                    let other = if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
                    path.replace_range(at..=at, &other.to_string());
                }
            }
            5 | 6 => *path = format!("/{}{path}", self.dice.pick(VERSIONS)),
            7 => path.insert_str(at, self.dice.pick(&[";", ";x=1", "?", "?x=1", "#", "#x", "&", "=", " ", "\t", "\\", "%2F", "%5c", "%3f", "%23"])),
            8 | 9 => {
                let more = if self.dice.one_in(2) { self.name() } else { self.dice.pick(&self.words).to_owned() };
                *path = format!("{path}/{more}");
            }
            // Two segments change places.
            10 => {
                let other = self.dice.below(parts.len());
                parts.swap(segment, other);
                *path = parts.join("/");
            }
            11 => {
                parts.remove(segment);
                *path = parts.join("/");
            }
            12 => {
                parts.insert(segment, parts[segment].clone());
                *path = parts.join("/");
            }
            13 => path.push('/'),
            14 => path.insert(at, char::from(u8::try_from(random_byte).unwrap())),
            15 | 16 => {
                parts[segment] = self.dice.pick(&self.words).to_owned();
                *path = parts.join("/");
            }
            // The end of another operation's path.
            17 | 18 => {
                let other = self.any_row().path;
                let other = self.filled(other);
                let kept = other.match_indices('/').nth(self.dice.below(3)).map_or("", |(at, _)| &other[at..]);
                let stem = path.rfind('/').map_or("", |at| &path[..at]);
                *path = if self.dice.one_in(2) { format!("{stem}{kept}") } else { format!("{path}{kept}") };
            }
            19 => path.truncate(at),
            20 => {
                parts[segment] = self.dice.pick(ODD).to_owned();
                *path = parts.join("/");
            }
            // Rarely very long: each such costs as much as a hundred others.
            _ if self.dice.one_in(20) => path.insert_str(at, &self.dice.pick(&["a", "/a", "/..", "%41", "a.b/"]).repeat(600)),
            _ => path.insert_str(at, self.dice.pick(ODD)),
        }
    }

    fn value(&mut self) -> String {
        match self.dice.below(10) {
            0..=5 => self.dice.pick(&["1", "0", "true", "", "a", "all", "latest", "SIGTERM", "busybox", "1h30m", "1700000000.5"]).to_owned(),
            6 => self
                .dice
                .pick(&["%7B%22label%22%3A%5B%22a%3Db%22%5D%7D", "{\"a\":[\"b\"]}", "a+b", "a%20b", "a%2Bb", "%0a%0d", "a%26b%3Dc", "%25"])
                .to_owned(),
            7 => self
                .dice
                .pick(&["%C3%A9", "\u{e9}", "%e6%97%a5", "%", "%4", "%zz", "%00", "%ff", "a=b", "a==", "a;b", "#", "?", "a?b", "~!*'()"])
                .to_owned(),
            8 => escape(&self.name()),
            _ => self.name(),
        }
    }

    fn query(&mut self, row: &Row) -> String {
        let mut pairs = Vec::new();
        for _ in 0..=self.dice.below(3) {
            let known = if row.query.is_empty() { "x" } else { self.dice.pick(row.query).trim_end_matches('*') };
            let key = match self.dice.below(24) {
                0 => known.to_ascii_uppercase(),
                1 => known.bytes().map(|b| format!("%{b:02x}")).collect(),
                2 => self.dice.pick(&["x", "", "%", "fromImage", "filters", "force", "a;b", "\u{17f}ignal", "t%00"]).to_owned(),
                _ => known.to_owned(),
            };
            let value = self.value();
            pairs.push(if self.dice.one_in(12) { key } else { format!("{key}={value}") });
        }
        let sign = self.dice.pick(&["&", "&", "&", "&", "&", "&", "&&", ";", "&amp;"]);
        pairs.join(sign)
    }

    /// A method and a target.
    fn pair(&mut self) -> (String, String) {
        let row = self.any_row();
        let path = if self.dice.one_in(50) { self.dice.pick(OTHER_PATHS) } else { row.path };
        let mut target = self.filled(path);
        match self.dice.below(20) {
            0..=6 => target = format!("/v1.{}{target}", 24 + self.dice.below(32)),
            7 => target = format!("/{}{target}", self.dice.pick(VERSIONS)),
            _ => {}
        }
        for _ in 0..self.dice.pick(&[0, 0, 0, 1, 1, 1, 2, 3]) {
            self.mutate(&mut target);
        }
        if self.dice.one_in(if row.query.is_empty() { 20 } else { 2 }) {
            target = format!("{target}?{}", self.query(row));
        }
        let method = if self.dice.one_in(12) { self.dice.pick(METHODS) } else { row.method };
        (method.to_owned(), target)
    }
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")))
}

/// Makes this many pairs, and keeps those that are taken.
fn taken_of(pairs: u64, seed: u64) -> Vec<(String, Taken)> {
    // In pieces, each with a seed of its own: what is made does not hang on how many threads make it.
    const PIECE: u64 = 10_000;
    let pieces = pairs.div_ceil(PIECE);
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let words = words();
    let piece = |n: u64| {
        let mut maker = Maker { dice: Dice(seed ^ (n << 32)), words: words.clone() };
        let mut kept = Vec::new();
        for _ in n * PIECE..pairs.min((n + 1) * PIECE) {
            let (method, target) = maker.pair();
            // Some with a byte that is no text at all.
            let mut bytes = target.into_bytes();
            if maker.dice.one_in(200) {
                let at = maker.dice.below(bytes.len() + 1);
                bytes.insert(at, maker.dice.pick(&[0x80, 0xff, 0xc0, 0xae, 0x00, 0x7f]));
            }
            if let Some(taken) = judge(method.as_bytes(), &bytes) {
                kept.push((format!("{method} {}", String::from_utf8_lossy(&bytes)), taken));
            }
        }
        kept
    };
    std::thread::scope(|scope| {
        let piece = &piece;
        let share = |worker: u64| move || (worker..pieces).step_by(usize::try_from(workers).unwrap()).flat_map(piece).collect::<Vec<_>>();
        let threads: Vec<_> = (0..workers).map(|worker| scope.spawn(share(worker))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

// ---- The tests

#[test]
fn every_row_is_the_route_that_the_engine_has_for_it() {
    let mut taken = Vec::new();
    for row in ROWS {
        let path = row.path.replace("{id}", "some-id").replace("{ref...}", "host:5000/some/image:tag");
        for path in [path.clone(), format!("/v1.41{path}")] {
            let shown = format!("{} {path}", row.method);
            let judged = judge(row.method.as_bytes(), path.as_bytes()).unwrap_or_else(|| panic!("{shown} is not taken"));
            assert_eq!(judged.row.name, row.name, "{shown}");
            taken.push((shown, judged));
        }
    }
    let found = differences(&oracle(), &taken);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_oracle_reads_as_the_engine_does() {
    let oracle = oracle();
    let both = [
        // Decoded before it is matched, cleaned by a redirect, and any digits and dots for a version.
        ("GET /containers/a%2Fb/json", "GET /containers/{}/json\t\ta%2Fb\t"),
        ("GET /containers/%6Ason", "GET /containers/json\t\t\t"),
        ("GET //info", "redirect"),
        ("GET /containers/../info", "redirect"),
        ("GET /v1..44/info", "GET /info\t1..44\t\t"),
        ("GET /networks/", "GET /networks/\t\t\t"),
        ("DELETE /containers/a/b", "DELETE /containers/{}\t\ta%2Fb\t"),
        ("DELETE /containers/a/checkpoints/b", "DELETE /containers/{}/checkpoints/{}\t\ta,b\t"),
        ("GET /images/a/json/json?x=2&b=1&x=1", "GET /images/{}/json\t\ta%2Fjson\tb=1&x=2&x=1"),
        ("get /info", NO_ROUTE),
        ("GET /v1.41/nope", NO_ROUTE),
        ("GET /info?a;b", "badquery"),
        ("GET /%zz", "badrequest"),
        ("GET info", "badrequest"),
    ];
    let requests: Vec<&str> = both.iter().map(|(request, _)| *request).collect();
    for (edition, _) in EDITIONS {
        for (answer, (request, expected)) in ask(&oracle, edition, &requests).iter().zip(both) {
            assert_eq!(answer, expected, "API {edition}: {request}");
        }
    }
    let one = ["POST /containers/x/copy", "POST /debug/vars"];
    assert_eq!(ask(&oracle, "1.41", &one), ["POST /containers/{}/copy\t\tx\t", "ANY /debug/vars\t\t\t"]);
    assert_eq!(ask(&oracle, "1.55", &one), [NO_ROUTE, NO_ROUTE]);
}

#[test]
fn the_oracle_is_given_what_pilothouse_sends() {
    let recorder = Recorder::start(Behaviour::Say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    let house = House::start(&[("lab", recorder.url.clone())]);
    let mut sent = 0;
    // A body or an upgrade changes nothing of the target.
    for row in ROWS.iter().filter(|row| row.body == Body::None && !matches!(row.reply, Reply::Upgrade(_))) {
        let path = row.path.replace("{id}", "some-id").replace("{ref...}", "host:5000/some/image:tag@sha256:a+b");
        let query: Vec<String> = row
            .query
            .iter()
            .enumerate()
            .map(|(n, key)| {
                let value = ["a%2fb", "%c3%a9+%7e~", "", "a=b?c", "%22%0A"][n % 5];
                format!("{}={value}", key.trim_end_matches('*'))
            })
            .collect();
        for version in ["", "/v1.41"] {
            let given = format!("{version}{path}?{}&", query.join("&"));
            let expected = format!("{} HTTP/1.1\r\n", judge(row.method.as_bytes(), given.as_bytes()).unwrap().sent);
            let bearer = format!("Bearer {}", house.admin);
            let answer = client::send(house.address, row.method, &format!("/engines/lab{given}"), &[("Authorization", &bearer)], "");
            assert!(recorder.seen().contains(&expected), "{} {given} is sent on as {expected:?}, it was thought: {answer:?}", row.name);
            sent += 1;
        }
    }
    assert!(sent >= 100, "only {sent} were sent");
}

#[test]
fn whatever_is_taken_is_to_the_engine_what_was_judged() {
    let oracle = oracle();
    let (pairs, seed) = (number("PAIRS", PAIRS), number("SEED", SEED));
    println!("{pairs} pairs of seed {seed}");
    let start = Instant::now();
    let mut taken = taken_of(pairs, seed);
    let (count, share) = (taken.len(), taken.len() as u64 * 100 / pairs.max(1));
    // Many come to the same request and the same judgement; the oracle need not say the same again.
    let mut seen = HashSet::new();
    taken.retain(|(_, taken)| seen.insert((taken.sent.clone(), taken.expected.clone())));
    println!("{count} ({share} %) are taken, {} of them distinct: {:.1} s", taken.len(), start.elapsed().as_secs_f32());
    // Or this would prove little.
    assert!(share >= 20, "only {share} % are taken");
    let rows: HashSet<&str> = taken.iter().map(|(_, taken)| taken.row.name).collect();
    let never: Vec<&str> = ROWS.iter().map(|row| row.name).filter(|name| !rows.contains(name)).collect();
    assert!(never.is_empty(), "none of the pairs is {never:?}");
    let found = differences(&oracle, &taken);
    println!("asked as {} engines: {:.1} s in all", EDITIONS.len(), start.elapsed().as_secs_f32());
    let first = found.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(found.is_empty(), "{} are something else to the engine, the first of them:\n{first}", found.len());
}
