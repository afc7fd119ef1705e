//! What is looked for is found, by whatever way the database goes about it: on SQLite and on PostgreSQL.

use std::collections::BTreeMap;

use pilothouse::{
    audit::query,
    clock::now_ms,
    store::{
        Store,
        audit::{AuditRow, Batch, EndRow, Lent},
    },
};
use pilothouse_tests::{postgres::postgres, sandbox::folder};

/// More than are looked at to tell whether something is common.
const MANY: i64 = 12_000;

/// A record with something common, something rare and something that is nowhere in each field.
fn record(n: i64, now: i64) -> AuditRow<Lent<'static>> {
    let one_in = |every: i64, rare: &'static str, usual: &'static str| -> Lent<'static> { if n % every == 0 { rare } else { usual }.into() };
    let open = n % 1_500 == 7;
    let denied = n % 97 == 0;
    let at = now - (MANY - n) * 1_000;
    AuditRow {
        // As `server/src/audit/ids.rs` makes them: by their ids records are narrowed to a time.
        id: (at - 1_735_689_600_000) * 4_096 + 1,
        at,
        username: if n % 1_900 == 3 { "zoe".into() } else { format!("person-{}", n % 20).into() },
        viewer: one_in(700, "ana", ""),
        team: one_in(5, "shop", ""),
        credential: format!("session:session-{}", n % 40).into(),
        door: one_in(801, "console", "engine"),
        address: format!("10.0.0.{}", n % 250).into(),
        client: one_in(900, "curl/8.5.0", "Docker-Client/28.2.2 (linux)"),
        target: format!("engine-{}", n % 7).into(),
        operation: if n % 3 == 0 { "ContainerExec" } else { "ContainerStart" }.into(),
        permission: if n % 3 == 0 { "engine.container.exec" } else { "engine.container.start" }.into(),
        object: format!("container-{:04x}", n % 3_000).into(),
        object_name: one_in(600, "old-name", ""),
        object_id: one_in(2, "0123456789ab", ""),
        decision: if denied { "denied" } else { "allowed" }.into(),
        grant_id: one_in(1_100, "grant-rare", "grant-usual"),
        is_change: n % 1_300 != 0,
        end: EndRow {
            ended_at: (!open).then_some(now),
            outcome: if open {
                "open"
            } else if denied {
                "denied"
            } else {
                "ok"
            }
            .into(),
            status: if open {
                None
            } else if denied {
                Some(403)
            } else if n % 1_000 == 1 {
                Some(201)
            } else {
                Some(204)
            },
            ..EndRow::default()
        },
        ..AuditRow::default()
    }
}

type Fits = fn(&AuditRow<Lent<'static>>) -> bool;

/// Queries, and what they mean.
const QUERIES: [(&str, Fits); 36] = [
    ("", |_| true),
    ("user:zoe", |r| r.username == "zoe"),
    ("user:person-3", |r| r.username == "person-3"),
    ("user:person-*", |r| r.username.starts_with("person-")),
    ("user:nobody", |_| false),
    ("-user:person-*", |r| !r.username.starts_with("person-")),
    ("-user:zoe", |r| r.username != "zoe"),
    ("user:zoe user:person-3 target:engine-1", |r| (r.username == "zoe" || r.username == "person-3") && r.target == "engine-1"),
    ("viewer:ana", |r| r.viewer == "ana"),
    ("team:shop user:zoe", |r| r.team == "shop" && r.username == "zoe"),
    ("door:console", |r| r.door == "console"),
    ("-door:engine", |r| r.door != "engine"),
    ("client:curl*", |r| r.client.starts_with("curl")),
    ("address:10.0.0.17", |r| r.address == "10.0.0.17"),
    ("session:session-11 operation:ContainerExec", |r| r.credential == "session:session-11" && r.operation == "ContainerExec"),
    ("permission:engine.container.* target:engine-2", |r| r.target == "engine-2"),
    ("permission:engine.container.exec user:person-3 target:engine-4", |r| {
        r.permission == "engine.container.exec" && r.username == "person-3" && r.target == "engine-4"
    }),
    ("object:container-0007", |r| r.object == "container-0007"),
    ("object:old-name", |r| r.object_name == "old-name"),
    ("object:0123456789ab target:engine-1", |r| r.object_id == "0123456789ab" && r.target == "engine-1"),
    ("object:container-00*", |r| r.object.starts_with("container-00")),
    ("-object:container-00* outcome:denied", |r| !r.object.starts_with("container-00") && r.end.outcome == "denied"),
    ("decision:denied", |r| r.decision == "denied"),
    ("-decision:allowed user:person-3", |r| r.decision == "denied" && r.username == "person-3"),
    ("outcome:open", |r| r.end.outcome == "open"),
    ("outcome:open outcome:denied", |r| r.end.outcome != "ok"),
    ("operation:ContainerExec -outcome:ok", |r| r.operation == "ContainerExec" && r.end.outcome != "ok"),
    ("-outcome:ok -outcome:open", |r| r.end.outcome == "denied"),
    ("grant:grant-rare", |r| r.grant_id == "grant-rare"),
    ("status:403 -user:person-1", |r| r.end.status == Some(403) && r.username != "person-1"),
    ("status:201", |r| r.end.status == Some(201)),
    // What is open has none.
    ("-status:204", |r| r.end.status != Some(204)),
    ("change:no", |r| !r.is_change),
    ("container-0007", |r| r.object.starts_with("container-0007")),
    ("exec container user:zoe", |r| r.permission == "engine.container.exec" && r.username == "zoe"),
    ("zoe outcome:denied", |r| r.username == "zoe" && r.end.outcome == "denied"),
];

async fn look(store: &Store) {
    let now = now_ms();
    let all: Vec<_> = (1..=MANY).map(|n| record(n, now)).collect();
    for records in all.chunks(2_000) {
        store.write_audit(&Batch { records: records.to_vec(), ..Batch::default() }).await.unwrap();
    }
    let hour_ago = now - 3_600_000;
    for (text, fits) in QUERIES {
        for (limited, since) in [(text.to_owned(), 0), (format!("{text} after:1h"), hour_ago)] {
            let find = query::read(&limited, now).unwrap();
            let fitting: Vec<_> = all.iter().rev().filter(|r| fits(r) && r.at >= since).collect();
            let found: Vec<i64> = store.audit(&find, 100).await.unwrap().iter().map(|record| record.id).collect();
            assert_eq!(found, fitting.iter().take(100).map(|record| record.id).collect::<Vec<_>>(), "{limited:?}");
            // And the next page.
            if let Some(last) = found.last() {
                let next = pilothouse::store::audit::Find { before: Some(*last), ..find.clone() };
                let found: Vec<i64> = store.audit(&next, 100).await.unwrap().iter().map(|record| record.id).collect();
                assert_eq!(found, fitting.iter().skip(100).take(100).map(|record| record.id).collect::<Vec<_>>(), "{limited:?}, the second page");
            }
            // Counts by the hour, and one by one.
            for from in [now - MANY * 1_000 - 7_200_000 * 4, hour_ago] {
                let counts = store.audit_counts(&find, from, now + 1).await.unwrap();
                assert!(!counts.newest_only, "{limited:?}");
                let by_the_hour = from < hour_ago && find.words.is_empty() && counts.width >= 3_600_000;
                // What is open is not counted by the hour, and no hour in part.
                if by_the_hour && (since > 0 || fitting.iter().any(|record| record.end.outcome == "open")) {
                    continue;
                }
                let mut users: BTreeMap<&str, i64> = BTreeMap::new();
                fitting.iter().for_each(|record| *users.entry(&record.username).or_default() += 1);
                let told: BTreeMap<&str, i64> = counts.users.iter().map(|count| (count.value.as_str(), count.records)).collect();
                assert_eq!(told, users, "{limited:?}");
                assert_eq!(counts.bars.iter().map(|bar| bar.records).sum::<i64>(), users.values().sum::<i64>(), "{limited:?}");
            }
        }
    }
}

#[test]
fn what_is_looked_for_is_found_in_either_database() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let file = Store::open(&folder("find").join("pilothouse.db")).await.unwrap();
        look(&file).await;
        file.close().await;
        let shared = Store::open_postgres(&postgres().database()).await.unwrap();
        look(&shared).await;
        shared.close().await;
    });
}
