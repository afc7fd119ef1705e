//! Death, delay and failure at the three moments that matter: after the intent, after the engine has the request, before the outcome is on
//! disk. `server/src/failpoints.rs` says where they are.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use serde_json::{Value, json};

use pilothouse_tests::{
    http,
    sandbox::{Behaviour, House, Recorder, until},
    store::sql,
    trail::verify,
};

const DONE: &str = "HTTP/1.1 204 No Content\r\n\r\n";
const SWITCHED: &str = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

const AFTER_INTENT: &str = "audit::after-intent";
const AFTER_SEND: &str = "audit::after-send";
const BEFORE_OUTCOME: &str = "audit::before-outcome";

/// What is done, through each door and in each shape.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Deed {
    /// A change through the engine door.
    Docker,
    /// A stream through it.
    Stream,
    /// A change of an engine through the console's API.
    Console,
    /// A change of the house itself: it goes to no engine.
    House,
}

/// Every point with every deed that passes it.
fn everywhere() -> impl Iterator<Item = (&'static str, Deed)> {
    let points = [AFTER_INTENT, AFTER_SEND, BEFORE_OUTCOME];
    let deeds = [Deed::Docker, Deed::Stream, Deed::Console, Deed::House];
    let all = points.into_iter().flat_map(move |point| deeds.map(|deed| (point, deed)));
    all.filter(|pair| *pair != (AFTER_SEND, Deed::House))
}

impl Deed {
    fn operation(self) -> &'static str {
        match self {
            Deed::Docker | Deed::Console => "ContainerStart",
            Deed::Stream => "ExecStart",
            Deed::House => "UserCreate",
        }
    }

    fn path(self, object: &str) -> String {
        match self {
            Deed::Docker => format!("/engines/fake/containers/{object}/start"),
            Deed::Stream => format!("/engines/streams/exec/{object}/start"),
            Deed::Console => format!("/api/v1/engines/fake/containers/{object}/start"),
            Deed::House => "/api/v1/users".to_owned(),
        }
    }

    /// The status of its success.
    fn good(self) -> u16 {
        match self {
            Deed::Docker => 204,
            Deed::Stream => 101,
            Deed::Console | Deed::House => 200,
        }
    }
}

/// The one record of a deed.
struct Record {
    outcome: String,
    status: Value,
    took_ms: i64,
    /// Of its entries in the chain: 1 is the intent, 2 the start of a stream, 3 the end.
    stages: Vec<i64>,
}

/// A house in front of an engine that does as it is told, and one that switches to a stream.
struct Scene {
    house: House,
    fake: Recorder,
    streams: Recorder,
    /// How much of the log was there before the last start.
    logged: usize,
    next: usize,
}

impl Scene {
    fn start() -> Scene {
        let (fake, streams) = (Recorder::start(Behaviour::Say(DONE)), Recorder::start(Behaviour::Say(SWITCHED)));
        let house = House::start(&[("fake", fake.url.clone()), ("streams", streams.url.clone())]);
        assert!(house.log().contains("was built with failpoints"), "build what is tested as `make tests` does: --features failpoints");
        Scene { house, fake, streams, logged: 0, next: 0 }
    }

    /// Starts it again; from then on `action` happens at `point`.
    fn set(&mut self, point: &str, action: &str) {
        self.house.stop();
        self.logged = self.house.log().len();
        self.house.start_again_with(&[("FAILPOINTS", &format!("{point}={action}"))]);
    }

    /// A name that nothing has yet.
    fn object(&mut self) -> String {
        self.next += 1;
        format!("thing-{}", self.next)
    }

    fn begin(&self, deed: Deed, object: &str) -> TcpStream {
        let body = match deed {
            Deed::Stream => json!({ "Detach": false, "Tty": true }).to_string(),
            Deed::House => json!({ "username": object }).to_string(),
            Deed::Docker | Deed::Console => String::new(),
        };
        let more = if deed == Deed::Stream { "Connection: Upgrade\r\nUpgrade: tcp\r\n" } else { "Connection: close\r\n" };
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let mut stream = http::connect(self.house.address);
        let (path, admin, length) = (deed.path(object), &self.house.admin, body.len());
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {admin}\r\n{more}{kind}Content-Length: {length}\r\n\r\n");
        stream.write_all((head + &body).as_bytes()).unwrap();
        stream
    }

    /// Waits until something has come to `point` since the last start.
    fn reached(&self, point: &str) {
        let reached = format!("Reached {point}.");
        until(&reached, 20, || self.house.log()[self.logged..].contains(&reached));
    }

    /// How often an engine has heard of it.
    fn heard(&self, object: &str) -> usize {
        let of = |recorder: &Recorder| recorder.seen().matches(&format!("/{object}/start")).count();
        of(&self.fake) + of(&self.streams)
    }

    fn record(&self, deed: Deed, object: &str) -> Record {
        let of = format!("WHERE operation = '{}' AND object = '{object}'", deed.operation());
        let records = format!("SELECT outcome, status, coalesce(duration_ms, 0), decision FROM audit {of}");
        let stages = format!("SELECT stage FROM audit_chain WHERE id IN (SELECT id FROM audit {of}) ORDER BY seq");
        let rows = sql(&self.house.data, &[&records, &stages]);
        let [record] = rows[0].as_slice() else { panic!("{deed:?} of {object} has not one record but {:?}", rows[0]) };
        assert_eq!(record[3], "allowed");
        let stages = rows[1].iter().map(|row| row[0].as_i64().unwrap()).collect();
        Record { outcome: record[0].as_str().unwrap().to_owned(), status: record[1].clone(), took_ms: record[2].as_i64().unwrap(), stages }
    }

    /// The same, once it has ended.
    fn ended(&self, deed: Deed, object: &str) -> Record {
        until("its outcome", 20, || self.record(deed, object).outcome != "open");
        self.record(deed, object)
    }

    fn has_user(&self, name: &str) -> bool {
        let users = sql(&self.house.data, &["SELECT username FROM users"]);
        users[0].iter().any(|row| row[0] == name)
    }

    fn is_whole(&self) {
        let verdict = verify(&self.house.data, &[]);
        assert!(verdict.is_whole(), "{verdict:?}");
    }
}

/// The status of an answer; none where the connection ended before.
fn status(stream: &mut TcpStream) -> Option<u16> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    std::str::from_utf8(&head).unwrap().split(' ').nth(1)?.parse().ok()
}

/// Answered; a stream is ended then, as by somebody who closes their terminal.
fn through(scene: &Scene, deed: Deed, object: &str, stream: &mut TcpStream) {
    assert_eq!(status(stream), Some(deed.good()), "{deed:?} of {object}");
    if deed == Deed::Stream {
        until("the stream's start on disk", 20, || scene.record(deed, object).stages.contains(&2));
        let _ = stream.shutdown(Shutdown::Both);
    }
}

#[test]
fn killed_at_any_point_it_knows_what_it_began_and_says_that_it_does_not_know_how_it_ended() {
    let mut scene = Scene::start();
    for (point, deed) in everywhere() {
        let (what, object) = (format!("{deed:?} at {point}"), scene.object());
        scene.set(point, "1*pause");
        let mut stream = scene.begin(deed, &object);
        if point == BEFORE_OUTCOME {
            // Who asked has their answer by now; the trail alone does not know it yet.
            through(&scene, deed, &object, &mut stream);
        }
        scene.reached(point);
        let held = scene.record(deed, &object);
        let stages = if (point, deed) == (BEFORE_OUTCOME, Deed::Stream) { vec![1, 2] } else { vec![1] };
        assert_eq!((held.outcome.as_str(), &held.stages), ("open", &stages), "{what}: the intent is on disk, and no end");
        scene.house.running.kill();
        if point != BEFORE_OUTCOME {
            assert_eq!(status(&mut stream), None, "{what}: it was answered");
        }
        scene.house.start_again();

        let expected = usize::from(point != AFTER_INTENT && deed != Deed::House);
        assert_eq!(scene.heard(&object), expected, "{what}: what the engine has heard");
        let closed = scene.record(deed, &object);
        assert_eq!((closed.outcome.as_str(), &closed.status), ("unknown", &Value::Null), "{what}");
        assert_eq!(closed.stages, [stages, vec![3]].concat(), "{what}: exactly the intent, and that nobody knows");
        if deed == Deed::House {
            assert_eq!(scene.has_user(&object), point == BEFORE_OUTCOME, "{what}: what was acknowledged is there, and nothing else");
        }
        scene.is_whole();
    }
}

#[test]
fn a_delay_at_any_point_loses_no_record() {
    let mut scene = Scene::start();
    for (point, deed) in everywhere() {
        let (what, object) = (format!("{deed:?} at {point}"), scene.object());
        scene.set(point, "1*sleep(1500)");
        let mut stream = scene.begin(deed, &object);
        through(&scene, deed, &object, &mut stream);
        scene.reached(point);
        if point == BEFORE_OUTCOME {
            assert_eq!(scene.record(deed, &object).outcome, "open", "{what}: the outcome waits");
        }
        let ended = scene.ended(deed, &object);
        assert_eq!((ended.outcome.as_str(), ended.status), ("ok", json!(deed.good())), "{what}");
        assert!(point == BEFORE_OUTCOME || ended.took_ms >= 1500, "{what}: the record says {} ms", ended.took_ms);
        assert_eq!(scene.heard(&object), usize::from(deed != Deed::House), "{what}");
    }
    // An orderly stop waits for an outcome that is late.
    for deed in [Deed::Docker, Deed::House] {
        let object = scene.object();
        scene.set(BEFORE_OUTCOME, "1*sleep(1500)");
        let mut stream = scene.begin(deed, &object);
        through(&scene, deed, &object, &mut stream);
        scene.reached(BEFORE_OUTCOME);
        scene.house.stop();
        scene.house.start_again();
        assert_eq!(scene.record(deed, &object).outcome, "ok", "{deed:?}: a stop lost its outcome");
    }
    scene.is_whole();
}

#[test]
fn a_failure_at_any_point_is_answered_and_written_down() {
    let mut scene = Scene::start();
    for (point, deed) in everywhere() {
        let (what, object) = (format!("{deed:?} at {point}"), scene.object());
        scene.set(point, "1*return");
        let mut stream = scene.begin(deed, &object);
        let answered = match point {
            AFTER_INTENT => 503,
            AFTER_SEND => 502,
            _ => deed.good(),
        };
        if point == BEFORE_OUTCOME {
            // The disk takes the outcome at the second try.
            through(&scene, deed, &object, &mut stream);
        } else {
            assert_eq!(status(&mut stream), Some(answered), "{what}");
        }
        let ended = scene.ended(deed, &object);
        let expected = if point == BEFORE_OUTCOME { "ok" } else { "failed" };
        assert_eq!((ended.outcome.as_str(), ended.status), (expected, json!(answered)), "{what}");
        scene.reached(point);
        assert_eq!(scene.heard(&object), usize::from(point != AFTER_INTENT && deed != Deed::House), "{what}");
        if deed == Deed::House {
            assert_eq!(scene.has_user(&object), point == BEFORE_OUTCOME, "{what}");
        }
        // And the house goes on.
        let next = scene.object();
        assert_eq!(status(&mut scene.begin(Deed::Docker, &next)), Some(204), "{what}: the house does not go on");
    }
    scene.is_whole();
}

#[test]
fn a_panic_at_a_point_ends_one_request_and_a_dead_writer_stops_every_change() {
    let mut scene = Scene::start();
    for (point, deed) in everywhere().filter(|(point, _)| *point != BEFORE_OUTCOME) {
        let (what, object) = (format!("{deed:?} at {point}"), scene.object());
        scene.set(point, "1*panic");
        let mut stream = scene.begin(deed, &object);
        assert!(status(&mut stream).is_none_or(|status| status >= 500), "{what}: it was answered as if it were done");
        let ended = scene.ended(deed, &object);
        assert_eq!((ended.outcome.as_str(), ended.stages), ("unknown", vec![1, 3]), "{what}: it says so at once");
        let next = scene.object();
        let mut asked = scene.begin(Deed::Docker, &next);
        assert_eq!(status(&mut asked), Some(204), "{what}: one panic stops the house");
    }
    // The trail's writer itself dies with an outcome in its hands: from then on nothing can be written down, so nothing is done.
    let object = scene.object();
    scene.set(BEFORE_OUTCOME, "1*panic");
    let mut stream = scene.begin(Deed::Docker, &object);
    through(&scene, Deed::Docker, &object, &mut stream);
    scene.reached(BEFORE_OUTCOME);
    std::thread::sleep(Duration::from_millis(300));
    for deed in [Deed::Docker, Deed::Console, Deed::House] {
        let refused = scene.object();
        let mut stream = scene.begin(deed, &refused);
        assert_eq!(status(&mut stream), Some(503), "{deed:?} without a trail");
        assert_eq!((scene.heard(&refused), scene.has_user(&refused)), (0, false), "{deed:?} was done without a trail");
    }
    scene.house.stop();
    scene.house.start_again();
    assert_eq!(scene.record(Deed::Docker, &object).outcome, "unknown");
    scene.is_whole();
}
