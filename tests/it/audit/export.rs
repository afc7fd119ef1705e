//! The trail as a file, and found by what it says.

use std::{ffi::OsStr, process::Command};

use pilothouse_tests::{sandbox::folder, trail::verify};
use serde_json::{Value, json};

use super::house_with_work;

/// The script that docs/audit.md offers to whoever does not trust ours.
fn documented() -> String {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/audit.md")).unwrap();
    docs.split("```python\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
}

#[test]
fn an_export_is_verified_by_the_program_and_by_the_documented_script() {
    let (mut house, _recorder) = house_with_work(30);
    house.stop();
    house.start_again();
    let exported = house.get(&house.admin, "/api/v1/audit/export?format=chain");
    assert_eq!(exported.status, 200);
    let dir = folder("export");
    let (file, script) = (dir.join("chain.jsonl"), dir.join("verify.py"));
    std::fs::write(&file, &exported.body).unwrap();
    std::fs::write(&script, documented()).unwrap();
    let verdict = verify(&dir, &[file.as_os_str()]);
    assert!(verdict.is_whole(), "{verdict:?}");
    assert!(verdict.said.contains(" checkpoints, the last of 2"), "it is checked against the checkpoints in it: {}", verdict.said);
    let run = || Command::new("python3").arg(&script).arg(&file).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&run().stdout), "whole\n");
    let outside = house.data.join("checkpoints.jsonl");
    assert!(verify(&dir, &[file.as_os_str(), OsStr::new("--checkpoints"), outside.as_os_str()]).is_whole());

    // The same, compressed.
    assert!(Command::new("gzip").arg("-k").arg(&file).status().unwrap().success());
    assert!(verify(&dir, &[dir.join("chain.jsonl.gz").as_os_str()]).is_whole());

    // Anything that is changed in it is found by both.
    let spoiled = exported.body.replacen(r#""object":"c7""#, r#""object":"c8""#, 1);
    assert_ne!(spoiled, exported.body);
    std::fs::write(&file, &spoiled).unwrap();
    assert_eq!(verify(&dir, &[file.as_os_str()]).code, 1);
    assert!(!run().status.success());
    // A line that was taken out, one that was doubled, and an end that was cut off.
    let lines: Vec<&str> = exported.body.lines().collect();
    let without = |n: usize| [&lines[..n], &lines[n + 1..]].concat().join("\n");
    for (what, text) in
        [("taken out", without(20)), ("doubled", [&lines[..20], &lines[19..]].concat().join("\n")), ("cut off", lines[..20].join("\n"))]
    {
        std::fs::write(&file, text).unwrap();
        let verdict = verify(&dir, &[file.as_os_str()]);
        assert_eq!(verdict.code, 1, "{what}: {verdict:?}");
    }

    // What proves nothing is not called whole.
    let entries: Vec<&str> = lines.iter().copied().filter(|line| !line.contains("\"signature\"")).collect();
    let records = house.get(&house.admin, "/api/v1/audit/export?format=jsonl").body;
    let key = |hex: &'static str| vec![OsStr::new("--key"), OsStr::new(hex)];
    for (what, text, more, said) in [
        ("nothing", String::new(), Vec::new(), "There is no entry"),
        ("no checkpoint", entries.join("\n"), Vec::new(), "There is no checkpoint"),
        ("records", records, Vec::new(), "records without the chain"),
        ("no key", exported.body.clone(), key("zz"), "--key: a key has 64 digits"),
    ] {
        std::fs::write(&file, text).unwrap();
        let verdict = verify(&dir, &[vec![file.as_os_str()], more].concat());
        assert_eq!(verdict.code, 2, "{what}: {verdict:?}");
        assert!(format!("{verdict:?}").contains(said), "{what}: {verdict:?}");
    }
}

#[test]
fn a_table_is_safe_for_a_spreadsheet_and_lines_are_records() {
    let (house, _recorder) = house_with_work(3);
    // What somebody may call themselves, to be taken for a formula.
    house.post_as(&[("User-Agent", "=cmd|' /C calc'!A0")], "/api/v1/session", json!({ "username": "x", "password": "wrong" }));
    let table = house.get(&house.admin, "/api/v1/audit/export?format=csv&q=outcome:denied");
    assert_eq!((table.status, table.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    assert!(table.body.starts_with("id,time,user,"), "{}", table.body);
    assert!(table.body.contains(",'=cmd|"), "{}", table.body);
    assert!(!table.body.contains(",=cmd"));
    assert_eq!(table.body.lines().count(), 4, "the head, and the three refusals: {}", table.body);
    let lines = house.get(&house.admin, "/api/v1/audit/export?format=jsonl&q=operation:ContainerStart%20outcome:ok");
    let records: Vec<Value> = lines.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.len(), 3);
    assert!(records.iter().all(|record| record["operation"] == "ContainerStart"));
    // Who exported what is in the trail, too; and it is refused to those who may not read it.
    let exports = house.audit("&permission=system.audit.list&outcome=ok");
    assert!(exports.iter().any(|record| record["operation"] == "AuditExport" && record["object"] == "csv outcome:denied"), "{exports:?}");
    let viewer = house.user("vera", "viewer", "all");
    assert_eq!(house.get(&viewer, "/api/v1/audit/export?format=chain").status, 403);
    assert_eq!(house.get(&house.admin, "/api/v1/audit/export?format=csv&q=colour:red").status, 400);
}

#[test]
fn records_are_found_by_fields_words_and_time_and_are_counted() {
    let (house, _recorder) = house_with_work(12);
    let found = |query: &str| {
        let query: String = query.bytes().map(|b| format!("%{b:02x}")).collect();
        let page = house.get(&house.admin, &format!("/api/v1/audit?limit=100&q={query}"));
        assert_eq!(page.status, 200, "{query}: {page:?}");
        page.json()["items"].as_array().unwrap().clone()
    };
    let objects = |query: &str| found(query).iter().map(|record| record["object"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(objects("operation:ContainerStart object:c7"), ["c7"]);
    assert_eq!(objects("permission:engine.container.* target:fake outcome:denied"), ["x"]);
    assert_eq!(objects("operation:ContainerStart object:c1*"), ["c11", "c10", "c1"], "newest first");
    assert_eq!(objects("c11"), ["c11"], "a word");
    assert_eq!(objects("containerst fake user:ana"), ["x"], "beginnings of words, and a field");
    assert_eq!(found("user:ana user:admin target:fake").len(), 13, "of one field any value fits");
    assert!(found("-user:admin -user:ana target:pilothouse").iter().all(|record| record["user"] == "-"));
    assert_eq!(found("operation:ContainerStart after:1h").len(), 13);
    assert_eq!(found("operation:ContainerStart before:1h").len(), 0);
    assert_eq!(found("status:401 operation:SignIn").len(), 1);
    assert!(found("change:yes after:1d").iter().all(|record| record["change"] == true));
    assert_eq!(found("'); DROP TABLE audit;").len(), 0, "hostile text is words");
    // A page leads to the next.
    let first = house.get(&house.admin, "/api/v1/audit?limit=5&q=operation:ContainerStart").json();
    let next = house.get(&house.admin, &format!("/api/v1/audit?limit=5&q=operation:ContainerStart&after={}", first["next"].as_str().unwrap())).json();
    let ids = |page: &Value| page["items"].as_array().unwrap().iter().map(|record| record["id"].as_i64().unwrap()).collect::<Vec<_>>();
    assert!(ids(&next).iter().all(|id| *id < *ids(&first).last().unwrap()), "{first} {next}");
    let one = house.get(&house.admin, &format!("/api/v1/audit/records/{}", ids(&first)[0])).json();
    assert_eq!(one["id"], ids(&first)[0]);
    assert_eq!(house.get(&house.admin, "/api/v1/audit/records/1").status, 404);

    let counts = |query: &str| house.get(&house.admin, &format!("/api/v1/audit/counts?q={query}")).json();
    for query in ["target:fake", "target:fake%20after:2d", "target:fake%20start"] {
        let counts = counts(query);
        assert_eq!(counts["records"], 13, "{query}: {counts}");
        assert_eq!(counts["users"][0], json!({ "value": "admin", "records": 12 }), "{query}: {counts}");
        let outcomes = counts["outcomes"].as_array().unwrap();
        assert_eq!(outcomes.iter().map(|outcome| outcome["records"].as_i64().unwrap()).collect::<Vec<_>>(), [12, 1], "{query}: {counts}");
        assert_eq!(counts["bars"].as_array().unwrap().iter().map(|bar| bar["bad"].as_i64().unwrap()).sum::<i64>(), 1, "{query}: {counts}");
    }
}

#[test]
fn searches_are_kept_by_whoever_keeps_them() {
    let (house, _recorder) = house_with_work(1);
    let made = house.post(&house.admin, "/api/v1/audit/views", json!({ "name": "Denied", "query": "outcome:denied" }));
    assert_eq!(made.status, 200, "{made:?}");
    assert_eq!(house.post(&house.admin, "/api/v1/audit/views", json!({ "name": "Denied", "query": "" })).status, 409);
    assert_eq!(house.post(&house.admin, "/api/v1/audit/views", json!({ "name": "x", "query": "colour:red" })).status, 400);
    let vera = house.user("vera", "auditor", "all");
    assert_eq!(house.get(&vera, "/api/v1/audit/views").json()["items"], json!([]), "one's own alone");
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(house.send(&vera, "DELETE", &format!("/api/v1/audit/views/{id}"), "").status, 404);
    assert_eq!(house.get(&house.admin, "/api/v1/audit/views").json()["items"][0]["query"], "outcome:denied");
    assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/audit/views/{id}"), "").status, 200);
    assert_eq!(house.get(&house.admin, "/api/v1/audit/views").json()["items"], json!([]));
}
