//! Clocks that lie: the trail is in the order in which it was written, whatever the time of day says.

use std::{path::PathBuf, time::Duration};

use pilothouse_tests::{
    sandbox::{Behaviour, House, Recorder, folder},
    store::sql,
    trail::verify,
};
use serde_json::Value;

use super::DONE;

const DAY_S: i64 = 86_400;

/// The time of day of one server, which a test turns while it runs. Its timers go on as they did.
struct Clock(PathBuf);

impl Clock {
    fn new() -> Clock {
        let clock = Clock(folder("clock").join("offset"));
        clock.turn(0);
        clock
    }

    /// So many seconds off, from now on.
    fn turn(&self, seconds: i64) {
        let new = self.0.with_extension("new");
        std::fs::write(&new, format!("{seconds:+}\n")).unwrap();
        std::fs::rename(new, &self.0).unwrap();
    }

    fn start(&self, house: &mut House) {
        let library = format!("/usr/lib/{}-linux-gnu/faketime/libfaketimeMT.so.1", std::env::consts::ARCH);
        assert!(std::path::Path::new(&library).exists(), "{library} is missing: `deploy/sandbox/install test` installs it");
        let environment = [
            ("LD_PRELOAD", library.as_str()),
            ("FAKETIME_TIMESTAMP_FILE", self.0.to_str().unwrap()),
            ("FAKETIME_NO_CACHE", "1"),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ];
        house.start_again_with(&environment);
    }
}

/// Four at once start ten things each.
fn write(house: &House, names: &str) {
    std::thread::scope(|scope| {
        for writer in 0..4 {
            scope.spawn(move || {
                for n in 0..10 {
                    let answer = house.send(&house.admin, "POST", &format!("/engines/fake/containers/{names}-{writer}-{n}/start"), "");
                    assert_eq!(answer.status, 204, "{answer:?}");
                }
            });
        }
    });
}

#[test]
fn a_clock_that_jumps_a_day_takes_neither_order_nor_records_with_it() {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let mut house = House::start(&[("fake", recorder.url.clone())]);
    let clock = Clock::new();
    house.stop();
    clock.start(&mut house);
    let turns = [0, DAY_S, -DAY_S, 0, -DAY_S, DAY_S];
    for (n, seconds) in turns.into_iter().enumerate() {
        // While it runs; and it is started again with the clock as it is, in an orderly way or not.
        clock.turn(seconds);
        write(&house, &format!("turn{n}"));
        if n % 2 == 0 {
            house.stop()
        } else {
            house.running.kill()
        }
        clock.start(&mut house);
        write(&house, &format!("again{n}"));
        let verdict = verify(&house.data, &[]);
        assert!(verdict.is_whole(), "after turn {n}: {verdict:?}");
    }
    clock.turn(0);
    std::thread::sleep(Duration::from_millis(300));
    let rows = sql(
        &house.data,
        &[
            "SELECT writer, seq, id, stage FROM audit_chain ORDER BY writer, seq",
            "SELECT max(at) - min(at) FROM audit WHERE operation = 'ContainerStart'",
            "SELECT count(*) FROM audit WHERE outcome = 'open'",
        ],
    );
    let number = |value: &Value| value.as_i64().unwrap();
    assert!(number(&rows[1][0][0]) >= 2 * DAY_S * 1000, "the clock was not turned: {:?}", rows[1]);
    let mut intents = 0;
    let mut last = (0, 0, 0);
    for row in &rows[0] {
        let (writer, seq, id, stage) = (number(&row[0]), number(&row[1]), number(&row[2]), number(&row[3]));
        if writer != last.0 {
            last = (writer, 0, 0);
        }
        assert_eq!(seq, last.1 + 1, "no gap and no duplicate of writer {writer}");
        if stage == 1 {
            assert!(id > last.2, "the ids of writer {writer} grow with its chain: {id} after {}", last.2);
            last.2 = id;
            intents += 1;
        }
        last.1 = seq;
    }
    let written = 80 * turns.len();
    assert!(intents >= written, "{intents} intents");
    assert_eq!(recorder.seen().matches("POST /containers/").count(), written);
    // The page finds all of them, the newest first, whatever their times say.
    let mut found: Vec<i64> = Vec::new();
    let mut after = String::new();
    loop {
        let page = house.get(&house.admin, &format!("/api/v1/audit?limit=100&q=operation:ContainerStart{after}")).json();
        found.extend(page["items"].as_array().unwrap().iter().map(|record| number(&record["id"])));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(found.len(), written);
    assert!(found.is_sorted_by(|one, next| one > next), "in the order they were written");
    for n in 0..turns.len() {
        let of = house.get(&house.admin, &format!("/api/v1/audit?limit=100&q=object:turn{n}-3-9")).json();
        assert_eq!(of["items"].as_array().unwrap().len(), 1, "turn {n}: {of}");
    }
}
