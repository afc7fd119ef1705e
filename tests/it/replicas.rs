//! A house on PostgreSQL, and several replicas of it on one database.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use pilothouse::{audit::Reads, store::Store};
use serde_json::{Value, json};

use pilothouse_tests::{
    load::load,
    postgres::{Postgres, postgres, psql},
    receiver::Receiver,
    sandbox::{Behaviour, House, PASSWORD, Recorder, folder, until},
    store::sql,
    trail::verify,
};

use crate::access::made;

const DONE: &str = "HTTP/1.1 204 No Content\r\n\r\n";
/// One line, and then nothing for ever.
const STREAM: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n";

/// Each column as `table.column`.
fn columns(rows: &[Vec<Value>]) -> BTreeSet<String> {
    rows.iter().map(|row| format!("{}.{}", row[0].as_str().unwrap(), row[1].as_str().unwrap())).collect()
}

#[test]
fn both_databases_have_the_same_tables() {
    let file = House::start(&[]);
    let shared = House::on(postgres(), &[], "");
    let in_file = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' \
                   AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '_sqlx%' AND m.name NOT LIKE 'audit_words%'";
    let in_postgres = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' \
                       AND table_name NOT LIKE '\\_sqlx%' AND table_name <> 'audit_words'";
    let in_file = columns(&sql(&file.data, &[in_file])[0]);
    let in_postgres = columns(&sql(&shared.data, &[in_postgres])[0]);
    assert!(in_file.len() > 150, "{in_file:?}");
    assert_eq!(in_file, in_postgres);
}

#[test]
fn what_one_replica_changes_is_in_force_at_the_other() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let here = House::on(postgres(), &[("fake", recorder.url.clone())], "");
    let there = here.replica(&[]);
    // A token and a session work at once, wherever they were made.
    for n in 0..20 {
        let (one, other) = if n % 2 == 0 { (&here, &there) } else { (&there, &here) };
        let token = one.token_of("admin", PASSWORD);
        assert_eq!(other.get(&token, "/api/v1/me").status, 200, "token {n}");
        let cookie = one.sign_in("admin", PASSWORD);
        let me = pilothouse_tests::http::send(other.address, "GET", "/api/v1/me", &[("Cookie", &cookie)], "");
        assert_eq!(me.status, 200, "session {n}");
    }
    // A grant, and its end.
    made(&here, "/api/v1/users", json!({ "username": "ana", "password": PASSWORD }));
    let ana = here.token_of("ana", PASSWORD);
    assert_eq!(there.send(&ana, "POST", "/engines/fake/containers/x/start", "").status, 404, "nothing was granted");
    let grant = made(&here, "/api/v1/grants", json!({ "user": "ana", "role": "operator", "scope": "engine/fake" }));
    until("a grant", 5, || there.send(&ana, "POST", "/engines/fake/containers/x/start", "").status == 204);
    assert_eq!(here.send(&here.admin, "DELETE", &format!("/api/v1/grants/{}", grant["id"].as_str().unwrap()), "").status, 200);
    until("the end of a grant", 5, || there.send(&ana, "POST", "/engines/fake/containers/x/start", "").status == 404);
    // A role through a team, an engine, a guardrail.
    made(&there, "/api/v1/roles", json!({ "name": "starter", "permissions": ["engine.container.start", "engine.container.create"] }));
    made(&there, "/api/v1/teams", json!({ "name": "devs" }));
    made(&there, "/api/v1/teams/devs/members", json!({ "username": "ana" }));
    made(&there, "/api/v1/grants", json!({ "team": "devs", "role": "starter", "scope": "all" }));
    until("a team's role", 5, || here.send(&ana, "POST", "/engines/fake/containers/x/start", "").status == 204);
    made(&there, "/api/v1/engines", json!({ "name": "second", "url": recorder.url }));
    until("an engine", 5, || here.send(&ana, "POST", "/engines/second/containers/x/start", "").status == 204);
    let update = here.send(&here.admin, "PATCH", "/api/v1/engines/second", &json!({ "labels": { "env": "prod" } }).to_string());
    assert_eq!(update.status, 200, "{update:?}");
    until("an engine's labels", 5, || there.get(&there.admin, "/api/v1/engines").json()["items"][1]["labels"]["env"] == "prod");
    assert_eq!(here.send(&here.admin, "DELETE", "/api/v1/engines/second", "").status, 200);
    until("an engine's end", 5, || there.send(&ana, "POST", "/engines/second/containers/x/start", "").status == 404);
    let rule = json!({ "name": "no-privileged", "mode": "enforce", "scope": "all", "rule": { "kind": "privileged" } });
    made(&here, "/api/v1/guardrails", rule);
    let privileged = json!({ "Image": "x", "HostConfig": { "Privileged": true } }).to_string();
    until("a guardrail", 5, || there.send(&ana, "POST", "/engines/fake/containers/create", &privileged).status == 403);
    made(&here, "/api/v1/registries", json!({ "name": "images", "settings": { "url": "http://127.0.0.1:1" } }));
    let rules = "/api/v1/registries/images/rules";
    assert_eq!(here.send(&here.admin, "PUT", rules, &json!({ "limits": { "layers": 5 } }).to_string()).status, 200);
    until("a registry's rules", 5, || there.get(&there.admin, rules).json()["rules"]["limits"]["layers"] == 5);
    // A revoked token, a changed password, a disabled user.
    let second = made(&here, "/api/v1/tokens", json!({ "name": "second" }));
    let token = second["token"].as_str().unwrap();
    assert_eq!(there.get(token, "/api/v1/me").status, 200);
    assert_eq!(here.send(&here.admin, "DELETE", &format!("/api/v1/tokens/{}", second["id"].as_str().unwrap()), "").status, 200);
    until("a token's end", 5, || there.get(token, "/api/v1/me").status == 401);
    let cookie = there.sign_in("ana", PASSWORD);
    let me = |house: &House| pilothouse_tests::http::send(house.address, "GET", "/api/v1/me", &[("Cookie", &cookie)], "").status;
    assert_eq!((me(&here), me(&there)), (200, 200));
    let disabled = here.send(&here.admin, "PATCH", "/api/v1/users/ana", &json!({ "disabled": true }).to_string());
    assert_eq!(disabled.status, 200, "{disabled:?}");
    until("a session's end", 5, || me(&there) == 401);
    let gone = here.get(&ana, "/api/v1/engines").status;
    assert_ne!(gone, 200, "a user's end");
    until("a user's end", 5, || there.get(&ana, "/api/v1/engines").status == gone);
}

#[test]
fn a_stream_at_one_replica_ends_when_its_right_is_taken_away_at_the_other() {
    let recorder = Recorder::start(Behaviour::Say(STREAM));
    let here = House::on(postgres(), &[("fake", recorder.url.clone())], "");
    let there = here.replica(&[]);
    type Way = fn(&House, &str);
    let ways: [(&str, Way); 4] = [
        ("disable", |house, user| {
            assert_eq!(house.send(&house.admin, "PATCH", &format!("/api/v1/users/{user}"), r#"{"disabled":true}"#).status, 200)
        }),
        ("ungrant", |house, user| {
            let grants = house.get(&house.admin, "/api/v1/grants?limit=500").json();
            let grant = grants["items"].as_array().unwrap().iter().find(|grant| grant["user"] == user).unwrap()["id"].as_str().unwrap().to_owned();
            assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/grants/{grant}"), "").status, 200);
        }),
        ("remove", |house, user| assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/users/{user}"), "").status, 200)),
        ("password", |house, user| {
            let body = json!({ "password": "another battery horse staple" }).to_string();
            assert_eq!(house.send(&house.admin, "PATCH", &format!("/api/v1/users/{user}"), &body).status, 200);
            // A token outlives a password; it is taken away itself.
            sql(&house.data, &[&format!("DELETE FROM tokens WHERE username = '{user}'")]);
        }),
    ];
    for (way, take_away) in ways {
        let user = format!("u-{way}");
        let token = here.user(&user, "viewer", "engine/fake");
        until("the grant", 5, || there.get(&token, "/api/v1/engines").json()["items"].as_array().is_some_and(|items| !items.is_empty()));
        let begun = Instant::now();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_secs(1));
                take_away(&here, &user);
            });
            assert_eq!(there.get(&token, "/engines/fake/events").status, 200, "{way}");
        });
        assert!((1_000..6_000).contains(&begun.elapsed().as_millis()), "{way}: it went on for {:?}", begun.elapsed());
        let query = format!("&q=user:{user}+operation:SystemEvents");
        until("its record", 5, || here.audit(&query).first().is_some_and(|record| record["outcome"] == "revoked"));
    }
}

/// Nobody would be left who may do everything: of two who remove each other at two replicas, one is refused.
#[test]
fn two_replicas_do_not_remove_the_last_two_administrators() {
    let here = House::on(postgres(), &[], "");
    let there = here.replica(&[]);
    for round in 0..6 {
        let other = format!("boss-{round}");
        let token = here.user(&other, "admin", "all");
        until("the other", 5, || there.get(&token, "/api/v1/users").status == 200);
        // A third one who looks on, and may do no more than that.
        let grants = here.get(&here.admin, "/api/v1/grants?limit=500").json();
        let of = |user: &str| {
            let mine = grants["items"].as_array().unwrap().iter().find(|grant| grant["user"] == user && grant["role"] == "admin").unwrap();
            format!("/api/v1/grants/{}", mine["id"].as_str().unwrap())
        };
        let (mine, theirs) = (of("admin"), of(&other));
        let (one, two) = std::thread::scope(|scope| {
            let one = scope.spawn(|| here.send(&here.admin, "DELETE", &theirs, "").status);
            let two = scope.spawn(|| there.send(&token, "DELETE", &mine, "").status);
            (one.join().unwrap(), two.join().unwrap())
        });
        assert!(one != 200 || two != 200, "round {round}: both are gone");
        let left = psql(&here.database().unwrap(), "SELECT count(*) FROM grants WHERE role = 'admin' AND scope = 'all'");
        assert!(left.parse::<u32>().unwrap() >= 1, "round {round}: {left}");
        if two == 200 {
            // The next rounds are asked by admin again.
            psql(&here.database().unwrap(), "UPDATE grants SET username = 'admin' WHERE role = 'admin' AND scope = 'all'");
            until("admin's right", 5, || here.get(&here.admin, "/api/v1/users").status == 200);
        }
        until("the other replica", 5, || there.get(&there.admin, "/api/v1/users").status == 200);
    }
}

/// A plan of when the table was empty would be kept, and each commit take longer than the one before.
#[test]
fn writing_the_trail_goes_through_no_table() {
    const MANY: usize = 3_000;
    let url = postgres().database();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::open_postgres(&url).await.unwrap();
        let number = store.take_writer().await.unwrap();
        let (trail, writer) = pilothouse::audit::open(store.clone(), Reads::All, number).await.unwrap();
        load(std::slice::from_ref(&trail), MANY).await;
        drop(trail);
        writer.await.unwrap();
        store.close().await;
    });
    let read = |table: &str| psql(&url, &format!("SELECT n_tup_ins, seq_tup_read FROM pg_stat_user_tables WHERE relname = '{table}'"));
    // The server counts a little later.
    until("the figures", 10, || read("audit").starts_with(&format!("{MANY}|")));
    assert_eq!(read("audit"), format!("{MANY}|0"));
    assert_eq!(read("audit_chain"), format!("{}|0", 2 * MANY));
    assert_eq!(read("audit_words"), format!("{MANY}|0"));
}

/// Threat D6: two writers, their clocks two days apart.
#[test]
fn two_writers_whose_clocks_are_days_apart_make_one_trail() {
    const EACH: usize = 5_000;
    let library = std::fs::read_dir("/usr/lib")
        .unwrap()
        .filter_map(|entry| Some(entry.ok()?.path().join("faketime/libfaketime.so.1")))
        .find(|path| path.exists());
    let library = library.expect("there is no libfaketime: `deploy/sandbox/install test` installs it").display().to_string();
    let clock =
        |offset: &str| vec![("LD_PRELOAD", library.clone()), ("FAKETIME", offset.to_owned()), ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned())];
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let first = House::on(postgres(), &[("fake", recorder.url.clone())], "");
    // A day ahead would end a token that lasts no longer.
    let token = made(&first, "/api/v1/tokens", json!({ "name": "long", "expires_in_s": 30 * 86_400 }))["token"].as_str().unwrap().to_owned();
    let (ahead, behind) = (first.replica(&clock("+1d")), first.replica(&clock("-1d")));
    std::thread::scope(|scope| {
        for (house, name) in [(&ahead, "ahead"), (&behind, "behind")] {
            for thread in 0..8 {
                let token = &token;
                scope.spawn(move || {
                    for n in 0..EACH / 8 {
                        let answer = house.send(token, "POST", &format!("/engines/fake/containers/{name}-{thread}-{n}/start"), "");
                        assert_eq!(answer.status, 204, "{name}: {answer:?}");
                    }
                });
            }
        }
    });
    let database = first.database().unwrap();
    until("the last records", 5, || psql(&database, "SELECT count(*) FROM audit WHERE outcome = 'open'") == "0");
    for name in ["ahead", "behind"] {
        let count = psql(
            &database,
            &format!("SELECT count(*), count(DISTINCT object) FROM audit WHERE operation = 'ContainerStart' AND object LIKE '{name}-%'"),
        );
        assert_eq!(count, format!("{EACH}|{EACH}"), "{name}");
    }
    let times = psql(&database, "SELECT (max(at) - min(at)) / 3600000 FROM audit WHERE operation = 'ContainerStart'");
    assert!((47..=49).contains(&times.parse::<i64>().unwrap()), "the clocks were {times} hours apart");
    let gaps = psql(&database, "SELECT writer, count(*), min(seq), max(seq) FROM audit_chain GROUP BY writer ORDER BY writer");
    assert_eq!(gaps.lines().count(), 3, "{gaps}");
    for line in gaps.lines() {
        let numbers: Vec<i64> = line.split('|').map(|n| n.parse().unwrap()).collect();
        assert!(numbers[2] == 1 && numbers[1] == numbers[3], "a gap, or one twice: {line}");
    }
    let verdict = verify(&first.data, &[]);
    assert!(verdict.is_whole(), "{verdict:?}");
    // And it is found, whoever is asked.
    for house in [&first, &ahead, &behind] {
        let found = house.get(&token, "/api/v1/audit?limit=5&q=object:ahead-0-7");
        assert_eq!(found.json()["items"].as_array().map(Vec::len), Some(1), "{found:?}");
        let words = house.get(&token, "/api/v1/audit?limit=5&q=behind-3-99");
        assert!(words.json()["items"].as_array().is_some_and(|items| !items.is_empty()), "{words:?}");
    }
    // Every replica signs for all, whoever leads.
    let proof = behind.get(&token, "/api/v1/audit/verify");
    assert_eq!(proof.status, 200, "{proof:?}");
}

#[test]
fn a_replica_that_falls_takes_nothing_with_it() {
    let recorder = Recorder::start(Behaviour::Say(STREAM));
    let place = Receiver::start();
    let secret = folder("secret").join("secret");
    std::fs::write(&secret, "a secret of the webhook").unwrap();
    let webhook = format!("webhook = {{ url = \"{}\", secret_file = \"{}\" }}", place.url("/audit"), secret.display());
    let forward = format!("[[audit.forward]]\nname = \"out\"\nfrom = \"beginning\"\n{webhook}\n");
    let mut here = House::on(postgres(), &[("fake", recorder.url.clone())], &forward);
    let there = here.replica(&[]);
    let database = here.database().unwrap();
    let admin = here.admin.clone();
    let reader = here.user("reader", "viewer", "engine/fake");
    until("the grant", 5, || there.get(&reader, "/api/v1/engines").json()["items"].as_array().is_some_and(|items| !items.is_empty()));
    let end = AtomicBool::new(false);
    let mut names = Vec::new();
    std::thread::scope(|scope| {
        // A stream at the one that stays; it is open all the time.
        scope.spawn(|| there.get(&reader, "/engines/fake/events"));
        let writing = scope.spawn(|| {
            let mut acknowledged = Vec::new();
            for n in 0.. {
                if end.load(Ordering::Relaxed) {
                    break;
                }
                let name = format!("stays-{n}");
                if there.post(&admin, "/api/v1/users", json!({ "username": name })).status == 200 {
                    acknowledged.push(name);
                }
            }
            acknowledged
        });
        for round in 0..3 {
            std::thread::sleep(Duration::from_millis(400));
            let name = format!("falls-{round}");
            made(&here, "/api/v1/users", json!({ "username": name }));
            names.push(name);
            // The one that fell led. The other one takes over, and what this one left open is closed when it is back: not what is the other's.
            here.running.kill();
            std::thread::sleep(Duration::from_secs(3));
            here.start_again();
            let open = psql(&database, "SELECT count(*) FROM audit WHERE operation = 'SystemEvents' AND outcome = 'open'");
            assert_eq!(open, "1", "round {round}: the stream of the other replica is still open");
        }
        end.store(true, Ordering::Relaxed);
        names.extend(writing.join().unwrap());
        assert_eq!(here.send(&admin, "DELETE", "/api/v1/users/reader", "").status, 200);
    });
    assert!(names.len() > 10, "too little was written: {names:?}");
    let users: BTreeSet<String> = psql(&database, "SELECT username FROM users").lines().map(str::to_owned).collect();
    let lost: Vec<_> = names.iter().filter(|name| !users.contains(*name)).collect();
    assert!(lost.is_empty(), "acknowledged and gone: {lost:?}");
    let verdict = verify(&here.data, &[]);
    assert!(verdict.is_whole(), "{verdict:?}");
    // What is forwarded has every entry once, or twice under one name, whoever sent it.
    let length =
        |writer: &str| psql(&database, &format!("SELECT COALESCE(max(seq), 0) FROM audit_chain WHERE writer = {writer}")).parse::<i64>().unwrap();
    until("the place outside", 30, || {
        let mut got: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
        for piece in place.got() {
            for line in piece.body.lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                if let (Some(writer), Some(seq)) = (line["entry"]["writer"].as_i64(), line["entry"]["seq"].as_i64()) {
                    got.entry(writer).or_default().insert(seq);
                }
            }
        }
        [1, 2].iter().all(|writer| {
            got.get(writer).is_some_and(|seqs| seqs.len() as i64 == length(&writer.to_string()) && seqs.len() as i64 == *seqs.last().unwrap())
        })
    });
}

/// Threat F3: the database goes away under load.
#[test]
fn without_its_database_nothing_is_done_and_nothing_is_lost() {
    let mut server = Postgres::start();
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::on(&server, &[("fake", recorder.url.clone())], "");
    let cookie = house.sign_in("admin", PASSWORD);
    let start = |name: &str| house.send(&house.admin, "POST", &format!("/engines/fake/containers/{name}/start"), "").status;
    assert_eq!(start("before"), 204);
    server.stop();
    let heard = recorder.seen().matches("POST ").count();
    for n in 0..3 {
        assert_eq!(start(&format!("meanwhile-{n}")), 503, "no record, no deed");
    }
    assert_eq!(recorder.seen().matches("POST ").count(), heard, "the engine heard of what has no record");
    let ready = pilothouse_tests::http::send(house.address, "GET", "/readyz", &[], "");
    assert_eq!(ready.status, 503, "{ready:?}");
    server.start_again();
    until("the database is found again", 20, || start("after") == 204);
    let me = pilothouse_tests::http::send(house.address, "GET", "/api/v1/me", &[("Cookie", &cookie)], "");
    assert_eq!(me.status, 200, "sessions survive");
    until("the last record", 5, || psql(&house.database().unwrap(), "SELECT count(*) FROM audit WHERE outcome = 'open'") == "0");
    let verdict = verify(&house.data, &[]);
    assert!(verdict.is_whole(), "{verdict:?}");
    assert_eq!(psql(&house.database().unwrap(), "SELECT count(*) FROM audit WHERE object LIKE 'meanwhile-%' AND outcome = 'ok'"), "0");
}

#[test]
fn a_database_that_cannot_be_used_is_said_so() {
    let try_with = |url: &str| {
        let dir = folder("refused");
        let done = Command::new(pilothouse_tests::sandbox::binary())
            .arg("serve")
            .env("PILOTHOUSE_DATA_DIR", dir.join("data"))
            .env("PILOTHOUSE_DATABASE_URL", url)
            .env("PILOTHOUSE_LISTEN", "127.0.0.1:0")
            .env_remove("PILOTHOUSE_CONFIG")
            .current_dir(&dir)
            .output()
            .unwrap();
        assert!(!done.status.success(), "{url}");
        String::from_utf8(done.stderr).unwrap()
    };
    let said = try_with("mysql://me:hidden@127.0.0.1/house");
    assert!(said.contains("database_url: it begins with postgres://") && !said.contains("hidden"), "{said}");
    let said = try_with("postgres://me:hidden@127.0.0.1:1/house");
    assert!(said.contains("The database cannot be opened") && !said.contains("hidden"), "{said}");
    let said = try_with(&postgres().database().replace("kept-by-the-sandbox@", "hidden@"));
    assert!(said.contains("password authentication failed") && !said.contains("hidden"), "{said}");
    // Another key than that of the replicas that are there: nothing that is sealed could be read.
    let house = House::on(postgres(), &[], "");
    let said = try_with(&house.database().unwrap());
    assert!(said.contains("key"), "{said}");
}

/// Threat K1: the database's password, at a log of all there is to log.
#[test]
fn the_database_s_password_is_nowhere() {
    let mut server = Postgres::start();
    let mut house = House::tracing_on(&server, &[]);
    house.user("ana", "viewer", "all");
    server.stop();
    assert_eq!(house.post(&house.admin, "/api/v1/users", json!({ "username": "bob" })).status, 503);
    server.start_again();
    house.stop();
    house.start_again();
    let log = house.log();
    assert!(log.contains("DEBUG") && !log.contains("kept-by-the-sandbox"), "the log tells it");
    let told = house.get(&house.admin, "/api/v1/audit?limit=500&q=operation:SettingsApply").json().to_string();
    assert!(told.contains("external_url") && !told.contains("kept-by"), "{told}");
}

/// What is kept is kept the same way: the tests of what is kept, on PostgreSQL.
#[test]
fn the_same_tests_pass_on_postgresql() {
    const AREAS: [&str; 10] = [
        "access::a_grant",
        "access::a_robot",
        "access::a_role",
        "access::a_team",
        "access::what_the_settings",
        "audit::alerts::",
        "audit::export::",
        "audit::keep::",
        "audit::simulate::",
        "recordings::ends",
    ];
    // They look into the database by the words of the other one.
    const NOT: [&str; 2] = ["who_may_and_what_is_never_shown_again", "what_is_pruned_leaves_a_whole_chain"];
    // To a file: a pipe would be held open by the engine that it starts, which ends only after it.
    let told = folder("same").join("told");
    let done = Command::new(std::env::current_exe().unwrap())
        .args(AREAS)
        .args(["--test-threads=1", "--skip", NOT[0], "--skip", NOT[1]])
        .env("PILOTHOUSE_TEST_DATABASE", "postgres")
        .stdout(std::fs::File::create(&told).unwrap())
        .status()
        .unwrap();
    let said = std::fs::read_to_string(told).unwrap();
    println!("{said}");
    assert!(done.success(), "{}", said.split("failures:").last().unwrap());
}
