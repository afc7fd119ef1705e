//! What rights cost: a decision, its explanation, and a list that is cut to a project.

use std::{collections::HashMap, hint::black_box, time::Instant};

use pilothouse::access::{Facts, Grant, Holder, Operation, Owner, Permission, Policy, Roles, Subject};
use pilothouse_tests::{
    crowd::{crowded_engine, ten_thousand_grants},
    sandbox::{Engine, House},
};
use serde_json::json;

use crate::{
    report::{Row, median},
    say,
};

/// How often an answer is asked for; the median counts.
const TIMES: usize = 15;
/// Containers of the list, of which one in a hundred is the project's.
const MANY: usize = 10_000;

pub fn rows() -> Vec<Row> {
    say("a decision and its explanation among 10,000 grants");
    let mut rows = vec![
        Row::most("decision among 10,000 grants through 1,000 teams, µs", decision(), 2.0),
        Row::most("its explanation by the API, ms", explanation(), 50.0),
    ];
    say("a list of 10,000 containers, from memory");
    let house = House::start(&[("fake", crowded_engine())]);
    let [whole, cut] = list(&house, "fake");
    rows.push(Row::against_whole("list of 10,000 containers cut to 100, engine of no cost, ms", whole, cut, 1.3));
    drop(house);

    say("10,000 containers on an engine");
    let engine = Engine::start();
    let house = House::start(&[("crowded", format!("unix://{}", engine.socket.display()))]);
    create(&house, "crowded");
    let [whole, cut] = list(&house, "crowded");
    rows.push(Row::against_whole("list of 10,000 containers cut to 100, real engine, ms", whole, cut, 1.3));
    rows
}

/// One decision, the question included, in µs.
fn decision() -> f64 {
    const ROUND: u32 = 200_000;
    let roles = Roles::with([]);
    let role = roles.named("deployer").expect("it is built in").clone();
    let grants = (0..MANY).map(|n| Grant {
        id: format!("g{n}"),
        holder: Holder::Team(format!("t{}", n % 1000)),
        role: role.clone(),
        scope: format!("engine/e{}/project/p{}", n % 100, n / 100).parse().expect("it is a scope"),
        until: None,
    });
    let policy = Policy::new(Facts {
        users: vec![("ana".to_owned(), true)],
        members: (0..1000).map(|n| (format!("t{n}"), "ana".to_owned())).collect(),
        grants: grants.collect(),
        roles,
        engines: HashMap::new(),
        registries: HashMap::new(),
    });
    let subject = Subject::of("ana");
    let ask = |n: u32| {
        let mut operation = Operation::on_engine("ContainerStart", Permission::ContainerStart, "e7", "x");
        operation.owner = Some(Owner { id: String::new(), projects: vec![format!("p{}", n % 100).into()] });
        policy.decide(black_box(&subject), operation, 0).is_ok()
    };
    let taken = (0..TIMES).map(|_| {
        let begun = Instant::now();
        assert!((0..ROUND).all(ask), "a grant of hers is not seen");
        begun.elapsed().as_secs_f64() * 1e6 / f64::from(ROUND)
    });
    median(taken.collect())
}

fn explanation() -> f64 {
    let mut house = House::start(&[("fake", "unix:///nowhere".to_owned())]);
    house.user("ana", "viewer", "engine/fake");
    house.stop();
    ten_thousand_grants(&house.data, "ana");
    house.start_again();
    let question = json!({ "user": "ana", "permission": "engine.container.start", "scope": "engine/e7/project/p99" });
    median(
        (0..TIMES)
            .map(|_| {
                let begun = Instant::now();
                let answer = house.post(&house.admin, "/api/v1/access/explain", question.clone());
                assert_eq!(answer.json()["allowed"], true, "{answer:?}");
                milliseconds(begun)
            })
            .collect(),
    )
}

/// The list for somebody who sees all of it, and for a project's own, in turn.
fn list(house: &House, engine: &str) -> [f64; 2] {
    let ann = house.user("ann", "viewer", &format!("engine/{engine}/project/shop"));
    let path = format!("/engines/{engine}/containers/json?all=1");
    let count = |token: &str| house.get(token, &path).json().as_array().map_or(0, Vec::len);
    assert!(count(&house.admin) >= MANY && count(&ann) == MANY / 100, "{} and {}", count(&house.admin), count(&ann));
    let mut taken = [Vec::new(), Vec::new()];
    for _ in 0..TIMES {
        for (taken, token) in taken.iter_mut().zip([&house.admin, &ann]) {
            let begun = Instant::now();
            assert_eq!(house.get(token, &path).status, 200);
            taken.push(milliseconds(begun));
        }
    }
    taken.map(median)
}

fn milliseconds(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1000.0
}

/// Containers that were never started: of those an engine can have many.
fn create(house: &House, engine: &str) {
    const AT_ONCE: usize = 4;
    std::thread::scope(|scope| {
        for first in 0..AT_ONCE {
            scope.spawn(move || {
                for n in (first..MANY).step_by(AT_ONCE) {
                    let project = if n % 100 == 0 { "shop" } else { "blog" };
                    let body = json!({
                        "Image": "busybox", "Cmd": ["sleep", "600"], "HostConfig": { "NetworkMode": "none" },
                        "Labels": { "com.docker.compose.project": project, "com.docker.compose.service": "web", "com.example.owner": "somebody" },
                    });
                    let path = format!("/engines/{engine}/containers/create?name=crowd-{n}");
                    let made = house.post(&house.admin, &path, body);
                    assert_eq!(made.status, 201, "{made:?}");
                }
            });
        }
    });
}
