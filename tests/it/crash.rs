//! What is on disk when the power goes at any moment.

use std::{
    collections::{BTreeMap, HashSet},
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use pilothouse_tests::{
    sandbox::{Behaviour, House, Recorder},
    store::sql,
    trail::verify,
};

/// The texts of the first column.
fn column(rows: &[Vec<Value>]) -> impl Iterator<Item = &str> {
    rows.iter().map(|row| row[0].as_str().unwrap())
}

/// One request of somebody who does not mind that the server is gone. An answer that was cut short is none.
fn ask(address: SocketAddr, token: &str, method: &str, path: &str, body: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let promised = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    promised.is_none_or(|length: usize| length == body.len()).then(|| (status, body.to_owned()))
}

/// What was acknowledged.
#[derive(Default)]
struct Ledger {
    users: Vec<String>,
    starts: Vec<String>,
    /// Tokens by id.
    tokens: BTreeMap<String, String>,
    revoked: BTreeMap<String, String>,
}

impl Ledger {
    fn add(&mut self, other: Ledger) {
        self.users.extend(other.users);
        self.starts.extend(other.starts);
        self.tokens.extend(other.tokens);
        self.revoked.extend(other.revoked);
    }
}

/// Writes until the house is gone, or is no more wanted.
struct Writer<'a> {
    address: SocketAddr,
    token: &'a str,
    /// Goes before the names of what it makes.
    name: String,
    end: &'a AtomicBool,
}

impl Writer<'_> {
    /// Each `step` is one or more requests; it ends with `None`.
    fn run(&self, mut step: impl FnMut(usize, &mut Ledger) -> Option<()>) -> Ledger {
        let mut ledger = Ledger::default();
        for n in 0.. {
            if self.end.load(Ordering::Relaxed) || step(n, &mut ledger).is_none() {
                break;
            }
        }
        ledger
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Option<String> {
        let (status, text) = ask(self.address, self.token, method, path, body)?;
        assert!(matches!(status, 200 | 204), "{method} {path}: {status} {text}");
        Some(text)
    }

    fn users(&self) -> Ledger {
        self.run(|n, ledger| {
            let name = format!("{}-{n}", self.name);
            self.ask("POST", "/api/v1/users", &json!({ "username": name }).to_string())?;
            ledger.users.push(name);
            Some(())
        })
    }

    fn starts(&self) -> Ledger {
        self.run(|n, ledger| {
            let name = format!("{}-{n}", self.name);
            self.ask("POST", &format!("/engines/fake/containers/{name}/start"), "")?;
            ledger.starts.push(name);
            Some(())
        })
    }

    /// Of each two tokens that it makes it revokes one. It stays below the number that one person may have.
    fn tokens(&self) -> Ledger {
        self.run(|n, ledger| {
            let made: Value = serde_json::from_str(&self.ask("POST", "/api/v1/tokens", &json!({ "name": format!("{n}") }).to_string())?).ok()?;
            let (id, token) = (made["id"].as_str()?.to_owned(), made["token"].as_str()?.to_owned());
            ledger.tokens.insert(id.clone(), token);
            let goes = if n % 2 == 0 { Some(id) } else { ledger.tokens.keys().next().cloned().filter(|_| ledger.tokens.len() > 50) };
            if let Some(id) = goes {
                // From here on it may be revoked, acknowledged or not.
                let token = ledger.tokens.remove(&id)?;
                self.ask("DELETE", &format!("/api/v1/tokens/{id}"), "")?;
                ledger.revoked.insert(id, token);
            }
            Some(())
        })
    }
}

/// Random enough for moments.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// What a fake engine heard of, by name and how often.
fn heard(recorder: &Recorder) -> BTreeMap<String, usize> {
    let mut heard = BTreeMap::new();
    for piece in recorder.seen().split("POST /containers/").skip(1) {
        *heard.entry(piece.split('/').next().unwrap().to_owned()).or_default() += 1;
    }
    heard
}

/// Every second round it dwells at the moments that matter, so that the power goes there.
const DWELLS: (&str, &str) = ("FAILPOINTS", "audit::after-intent=10%sleep(20);audit::after-send=10%sleep(20);audit::before-outcome=20%sleep(20)");

/// A look at all that a house holds takes the longer the more it holds, so after so many rounds there is a new one.
const OF_ONE_HOUSE: usize = 50;

#[test]
fn at_whatever_moment_the_power_goes_nothing_acknowledged_is_lost() {
    let rounds: usize = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(25);
    let seed = std::time::UNIX_EPOCH.elapsed().unwrap().as_micros() as u64 | 1;
    println!("seed {seed}");
    let (mut dice, begun) = (Dice(seed), Instant::now());
    let (mut sum, mut cut) = (Ledger::default(), 0);
    for first in (0..rounds).step_by(OF_ONE_HOUSE) {
        let last = rounds.min(first + OF_ONE_HOUSE);
        let (ledger, unknown) = in_one_house(first..last, seed, &mut dice);
        sum.add(ledger);
        cut += unknown;
        println!(
            "{last} of {rounds} rounds, {} s: {} users, {} tokens revoked, {} starts acknowledged, 0 lost; {cut} records cut short",
            begun.elapsed().as_secs(),
            sum.users.len(),
            sum.revoked.len(),
            sum.starts.len()
        );
    }
    // Else nothing was tried.
    assert!(sum.users.len() > rounds && sum.revoked.len() > rounds && sum.starts.len() > rounds, "too little was written");
    assert!(cut > 0, "no kill came in the midst of anything");
}

/// What was acknowledged in these rounds, all of which is there; and how many records were cut short.
fn in_one_house(rounds: std::ops::Range<usize>, seed: u64, dice: &mut Dice) -> (Ledger, u64) {
    let recorder = Recorder::start(Behaviour::Say("HTTP/1.1 204 No Content\r\n\r\n"));
    let mut house = House::start(&[("fake", recorder.url.clone())]);
    let keepers = [house.user("keeper-0", "viewer", "all"), house.user("keeper-1", "viewer", "all")];
    let mut all = Ledger::default();
    let last = rounds.end;
    for round in rounds {
        let end = AtomicBool::new(false);
        let (address, admin) = (house.address, house.admin.clone());
        let moment = Duration::from_micros(20_000 + dice.throw(350_000));
        let ledger = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8)
                .map(|n| {
                    let token = if n < 2 { &keepers[n] } else { &admin };
                    let writer = Writer { address, token, name: format!("r{round}-w{n}"), end: &end };
                    scope.spawn(move || match n {
                        0 | 1 => writer.tokens(),
                        2..=4 => writer.users(),
                        _ => writer.starts(),
                    })
                })
                .collect();
            std::thread::sleep(moment);
            // In the midst of what they do: they end because the house is gone.
            house.running.kill();
            end.store(true, Ordering::Relaxed);
            let mut ledger = Ledger::default();
            writers.into_iter().for_each(|writer| ledger.add(writer.join().unwrap()));
            ledger
        });
        house.start_again_with(if round % 2 == 0 { &[DWELLS] } else { &[] });
        let rows = sql(
            &house.data,
            &[
                "PRAGMA integrity_check",
                "SELECT operation || ' ' || object FROM audit WHERE outcome = 'open'",
                "SELECT username FROM users",
                "SELECT id FROM tokens",
                "SELECT object FROM audit WHERE operation = 'ContainerStart' AND target = 'fake' AND decision = 'allowed'",
                "SELECT object FROM audit WHERE operation = 'UserCreate' AND decision = 'allowed'",
            ],
        );
        let [integrity, open, users, tokens, starts, creations] = rows.as_slice() else { panic!("six results") };
        let what = format!("round {round}, {moment:?} in, seed {seed}");
        assert_eq!(integrity, &[vec![json!("ok")]], "{what}");
        assert_eq!(open, &[] as &[Vec<Value>], "{what}: records stay open");
        // All rounds at the end would do, but then nobody knows which one broke it.
        if round % 10 == 0 || round + 1 == last {
            let verdict = verify(&house.data, &[]);
            assert!(verdict.is_whole(), "{what}: {verdict:?}");
        }

        let users: HashSet<&str> = column(users).collect();
        all.add(ledger);
        let lost: Vec<_> = all.users.iter().filter(|name| !users.contains(name.as_str())).collect();
        assert!(lost.is_empty(), "{what}: users were acknowledged and are gone: {lost:?}");
        let creations: HashSet<&str> = column(creations).collect();
        let unwritten: Vec<_> = users.iter().filter(|name| **name != "admin" && !creations.contains(*name)).collect();
        assert!(unwritten.is_empty(), "{what}: users were made and nothing says so: {unwritten:?}");

        let tokens: HashSet<&str> = column(tokens).collect();
        let lost: Vec<_> = all.tokens.keys().filter(|id| !tokens.contains(id.as_str())).collect();
        assert!(lost.is_empty(), "{what}: tokens were acknowledged and are gone: {lost:?}");
        let back: Vec<_> = all.revoked.keys().filter(|id| tokens.contains(id.as_str())).collect();
        assert!(back.is_empty(), "{what}: tokens were revoked and are back: {back:?}");
        let of_token = |token: &str| ask(house.address, token, "GET", "/api/v1/me", "").map(|(status, _)| status);
        for token in all.tokens.values() {
            assert_eq!(of_token(token), Some(200), "{what}: a token that stands");
        }
        // Those of the round, and some of the rounds before.
        for (n, token) in all.revoked.values().enumerate() {
            if n % 50 == round % 50 || all.revoked.len() < 500 {
                assert_eq!(of_token(token), Some(401), "{what}: a token that was revoked");
            }
        }

        let mut intents: BTreeMap<&str, usize> = BTreeMap::new();
        column(starts).for_each(|object| *intents.entry(object).or_default() += 1);
        let heard = heard(&recorder);
        for (object, times) in &heard {
            assert_eq!(
                (*times, intents.get(object.as_str())),
                (1, Some(&1)),
                "{what}: the engine heard of {object}; the trail must know of it, once"
            );
        }
        let unheard: Vec<_> = all.starts.iter().filter(|object| !heard.contains_key(*object)).collect();
        assert!(unheard.is_empty(), "{what}: starts were acknowledged, and the engine never heard of them: {unheard:?}");

        // One person may have so many tokens only, with those that were made and not acknowledged.
        for keeper in &keepers {
            let (_, listed) = ask(house.address, keeper, "GET", "/api/v1/tokens", "").unwrap();
            let listed: Value = serde_json::from_str(&listed).unwrap();
            for token in listed["items"].as_array().unwrap().iter().filter(|token| token["name"] != "test") {
                let id = token["id"].as_str().unwrap();
                let gone = ask(house.address, keeper, "DELETE", &format!("/api/v1/tokens/{id}"), "").unwrap();
                assert_eq!(gone.0, 200, "{gone:?}");
                if let Some(token) = all.tokens.remove(id) {
                    all.revoked.insert(id.to_owned(), token);
                }
            }
        }
    }
    let cut = sql(&house.data, &["SELECT count(*) FROM audit WHERE outcome = 'unknown'"])[0][0][0].as_u64().unwrap();
    (all, cut)
}

#[test]
fn what_was_acknowledged_last_before_the_power_goes_is_there() {
    // The moment that costs most to lose: the answer has just been read, and nothing was written since.
    let mut house = House::start(&[]);
    for n in 0..5 {
        let made = house.post(&house.admin, "/api/v1/tokens", json!({ "name": "last" })).json();
        let (id, token) = (made["id"].as_str().unwrap(), made["token"].as_str().unwrap());
        house.crash();
        assert_eq!(house.get(token, "/api/v1/me").status, 200, "crash {n} lost a token");
        assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/tokens/{id}"), "").status, 200);
        let begun = Instant::now();
        house.crash();
        assert_eq!(house.get(token, "/api/v1/me").status, 401, "crash {n} gave a revoked token back");
        assert!(begun.elapsed() < Duration::from_secs(10));
    }
}
