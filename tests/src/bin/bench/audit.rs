//! What the audit trail costs: strict operations a second, what a record takes up, how fast it is verified, and how fast one finds in it.

use std::{path::Path, time::Instant};

use pilothouse::{
    audit::{Reads, look, query},
    clock::now_ms,
    store::Store,
};
use pilothouse_tests::{
    load::{AT_ONCE, Load, load},
    postgres::{Postgres, psql},
    sandbox::folder,
};

use crate::{report::Row, say};

/// Records of a store in which one looks.
const MANY: usize = 1_000_000;
/// How often each search is made.
const TIMES: usize = 20;

pub fn rows() -> Vec<Row> {
    runtime().block_on(measured(&folder("trail")))
}

/// The same with two replicas on one PostgreSQL, as it comes, on the same cores.
pub fn replicas() -> Vec<Row> {
    runtime().block_on(shared())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("there are threads")
}

async fn shared() -> Vec<Row> {
    let server = Postgres::start();
    let url = server.database();
    let (mut stores, mut trails, mut writers) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..2 {
        let store = Store::open_postgres(&url).await.expect("a store");
        let number = store.take_writer().await.expect("a number");
        let (trail, writer) = pilothouse::audit::open(store.clone(), Reads::All, number).await.expect("a trail");
        stores.push(store);
        trails.push(trail);
        writers.push(writer);
    }
    say(&format!("{MANY} strict operations by two replicas on PostgreSQL, {AT_ONCE} at once"));
    let Load { rate, waits } = load(&trails, MANY).await;
    drop(trails);
    for writer in writers {
        writer.await.expect("the writer ends");
    }
    say("verifying it");
    let begun = Instant::now();
    let report = look::store(&stores[0], None, None).await.expect("it can be read");
    assert!(report.is_whole() && report.records == MANY as u64, "{report:?}");
    let verified = MANY as f64 / begun.elapsed().as_secs_f64();
    // The server does so by itself once a minute or so: it plans by what it knows of its tables, puts away what its indexes have not taken in yet, and
    // what it writes back meanwhile would be in the way.
    psql(&url, "VACUUM (ANALYZE)");
    psql(&url, "CHECKPOINT");
    say("looking for records there");
    let [list, counts] = searches(&stores[0]).await;
    let size: f64 = psql(&url, "SELECT pg_database_size(current_database())").parse().expect("it is a number");
    for store in stores {
        store.close().await;
    }
    vec![
        Row::at_least("strict operations a second, PostgreSQL, two replicas", rate, 5_000.0),
        Row::ours("wait for an intent to be on disk, median, ms", waits[waits.len() / 2]),
        Row::ours("the same, p99, ms", waits[waits.len() * 99 / 100]),
        Row::ours("a record with its entries and indexes, bytes", size / MANY as f64),
        Row::ours("verified, records/s", verified),
        Row::most("one page of a search among 1,000,000 records, p95 of the slowest, ms", list, 300.0),
        Row::most("the counts beside it, p95 of the slowest, ms", counts, 300.0),
    ]
}

async fn measured(dir: &Path) -> Vec<Row> {
    let store = Store::open(&dir.join("pilothouse.db")).await.expect("a store");
    let (trail, writer) = pilothouse::audit::open(store.clone(), Reads::All, 1).await.expect("a trail");
    say(&format!("{MANY} strict operations, {AT_ONCE} at once"));
    let Load { rate, waits } = load(std::slice::from_ref(&trail), MANY).await;
    drop(trail);
    writer.await.expect("the writer ends");
    let size = std::fs::metadata(dir.join("pilothouse.db")).expect("it is there").len() as f64 / MANY as f64;
    let mut rows = vec![
        Row::at_least("strict operations a second, SQLite", rate, 5_000.0),
        Row::ours("wait for an intent to be on disk, median, ms", waits[waits.len() / 2]),
        Row::ours("the same, p99, ms", waits[waits.len() * 99 / 100]),
        Row::ours("a record with its entries and indexes, bytes", size),
    ];
    say("verifying it");
    let begun = Instant::now();
    let report = look::store(&store, None, None).await.expect("it can be read");
    assert!(report.is_whole() && report.records == MANY as u64, "{report:?}");
    rows.push(Row::ours("verified, records/s", MANY as f64 / begun.elapsed().as_secs_f64()));
    say("looking for records");
    let [list, counts] = searches(&store).await;
    rows.push(Row::most("one page of a search among 1,000,000 records, p95 of the slowest, ms", list, 300.0));
    rows.push(Row::most("the counts beside it, p95 of the slowest, ms", counts, 300.0));
    store.close().await;
    rows
}

/// What people look for: each kind of field, alone and together, words that are everywhere, rare and nowhere.
const QUERIES: [&str; 30] = [
    "",
    "user:person-7",
    "user:nobody",
    "-user:person-7",
    "target:engine-3 outcome:denied",
    "target:engine-3 operation:ContainerExec",
    "outcome:denied after:2d",
    "outcome:denied outcome:failed user:person-7",
    "permission:engine.container.*",
    "permission:engine.container.exec user:person-7 target:engine-7",
    "operation:ContainerCreate -outcome:ok",
    "object:container-0007ff",
    "object:container-00*",
    "address:10.0.0.7 change:yes",
    "session:session-person-42",
    "before:2020-01-01",
    "status:403 -user:person-1",
    "status:201",
    "decision:denied",
    "door:console",
    "viewer:ana",
    "client:curl*",
    "change:no",
    "container",
    "container-00c350",
    "person-7 exec engine-7",
    "container user:nobody",
    "container outcome:denied",
    "person-7 target:engine-3",
    "nowhere",
];

/// The slowest of these searches: the p95 of a page, and of the counts beside it, in ms.
async fn searches(store: &Store) -> [f64; 2] {
    let mut slowest = [0.0_f64; 2];
    for text in QUERIES {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..TIMES {
            let find = query::read(text, now_ms()).expect("it is a query");
            let begun = Instant::now();
            store.audit(&find, 51).await.expect("it can be read");
            times[0].push(begun.elapsed().as_secs_f64() * 1e3);
            let (begins, now) = (store.audit_begins().await.expect("it can be read").unwrap_or(0), now_ms());
            let begun = Instant::now();
            store.audit_counts(&find, find.from.unwrap_or(begins), now).await.expect("it can be read");
            times[1].push(begun.elapsed().as_secs_f64() * 1e3);
        }
        let [list, counts] = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[times.len() * 95 / 100]
        });
        say(&format!("{text:?}: list {list:.1} ms, counts {counts:.1} ms"));
        slowest = [slowest[0].max(list), slowest[1].max(counts)];
    }
    slowest
}
