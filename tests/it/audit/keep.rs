//! How long records are kept: what is pruned leaves a chain that is whole, what is held stays, and the archive has it all.

use std::path::Path;

use pilothouse_tests::{
    sandbox::{House, folder},
    store::sql,
    trail::verify,
};
use serde_json::json;

use super::{DONE, work};
use pilothouse_tests::sandbox::{Behaviour, Recorder};

/// A house with an archive and work that lies a hundred days back, by its records.
fn aged() -> (House, Recorder, std::path::PathBuf) {
    let archive = folder("archive");
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let settings = format!("[audit]\narchive = \"{}\"\n", archive.display());
    let house = House::with_settings(&[("fake", recorder.url.clone())], &settings);
    work(&house, 0..40);
    assert_eq!(house.get(&house.admin, "/api/v1/engines").status, 200);
    (house, recorder, archive)
}

/// Makes the house's clock say that its records are a hundred days old: the rules are about them, and the chain must not be broken for it.
/// So the rules are made to keep less than nothing, by the database.
fn rule(house: &House, name: &str, query: &str, days: Option<u32>) {
    let made = house.post(&house.admin, "/api/v1/audit/rules", json!({ "name": name, "query": query, "days": days }));
    assert_eq!(made.status, 200, "{made:?}");
}

fn expire(house: &House, name: &str) {
    sql(&house.data, &[&format!("UPDATE audit_rules SET days = -1 WHERE name = '{name}'")]);
}

fn left(house: &House, object: &str) -> i64 {
    sql(&house.data, &[&format!("SELECT count(*) FROM audit WHERE operation = 'ContainerStart' AND object LIKE '{object}'")])[0][0][0]
        .as_i64()
        .unwrap()
}

fn prune(house: &House) -> i64 {
    let done = house.post(&house.admin, "/api/v1/audit/prune", json!({}));
    assert_eq!(done.status, 200, "{done:?}\n{}", house.log());
    done.json()["records"].as_i64().unwrap()
}

fn files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_is_pruned_leaves_a_whole_chain_and_stands_in_the_archive() {
    let (mut house, _recorder, archive) = aged();
    // Only what a checkpoint covers is archived, and only what is archived goes.
    house.stop();
    house.start_again();
    rule(&house, "starts", "operation:ContainerStart", Some(30));
    assert_eq!(prune(&house), 0, "nothing is that old");
    assert_eq!(files(&archive).len(), 1);
    rule(&house, "hold", "object:c3*", None);
    expire(&house, "starts");
    assert_eq!(prune(&house), 29);
    assert_eq!((left(&house, "c%"), left(&house, "c3%")), (11, 11), "c3 and c30 to c39 are held");
    let verified = house.get(&house.admin, "/api/v1/audit/verify").json();
    assert_eq!((&verified["whole"], &verified["withheld"]), (&json!(true), &json!(58)), "{verified}");
    // The trail says that they went, by which rule, and how many.
    let told = house.get(&house.admin, "/api/v1/audit?q=operation:AuditPrune").json()["items"][0].clone();
    assert_eq!((&told["object"], &told["reason"]), (&json!("29"), &json!("rule starts")), "{told}");

    // Nobody can remove one more and call it pruned.
    house.stop();
    let verdict = verify(&house.data, &[]);
    assert!(verdict.is_whole(), "{verdict:?}");
    let rows = sql(&house.data, &["SELECT min(id) FROM audit WHERE object = 'c3'"]);
    let id = rows[0][0][0].as_i64().unwrap();
    digest_by_hand(&house.data, id);
    let verdict = verify(&house.data, &[]);
    assert!(verdict.complaints.iter().any(|line| line.contains("30 records are gone, and the trail tells of 29")), "{verdict:?}");

    // The archive still has all of it, and proves it.
    let file = &files(&archive)[0];
    let verdict = verify(&archive, &[file.as_os_str()]);
    assert!(verdict.is_whole(), "{verdict:?}");
    let text = std::process::Command::new("gzip").args(["-dc"]).arg(file).output().unwrap().stdout;
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.matches("\"object\":\"c7\",\"operation\":\"ContainerStart\"").count(), 1);
    std::fs::remove_dir_all(archive).unwrap();
}

/// Removes a record and leaves the right digests of its entries, as pruning does.
fn digest_by_hand(data: &Path, id: i64) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/audit/forge.py");
    let done = std::process::Command::new("python3").arg(script).arg(data.join("pilothouse.db")).arg(id.to_string()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn archives_follow_each_other_without_a_gap() {
    let (mut house, _recorder, archive) = aged();
    for round in 1..4 {
        house.stop();
        house.start_again();
        prune(&house);
        assert_eq!(files(&archive).len(), round, "one more each time");
        work(&house, 0..10);
    }
    prune(&house);
    for file in files(&archive) {
        let verdict = verify(&archive, &[file.as_os_str()]);
        assert!(verdict.is_whole(), "{verdict:?}");
        assert_eq!(file.extension().unwrap(), "gz");
    }
    // Put together they are what was written, from the first entry to the last checkpoint.
    let archived = sql(
        &house.data,
        &["SELECT count(DISTINCT file), max(seq) FROM audit_archives", "SELECT body FROM audit_checkpoints ORDER BY n DESC LIMIT 1"],
    );
    let last: serde_json::Value = serde_json::from_str(archived[1][0][0].as_str().unwrap()).unwrap();
    assert_eq!(archived[0][0][1], last["heads"][0]["seq"]);
    std::fs::remove_dir_all(archive).unwrap();
}

#[test]
fn rules_are_made_with_care() {
    let (house, _recorder, archive) = aged();
    let refused = |body: serde_json::Value| house.post(&house.admin, "/api/v1/audit/rules", body).status;
    for body in [
        json!({ "name": "", "query": "" }),
        json!({ "name": "x", "query": "colour:red", "days": 1 }),
        json!({ "name": "x", "query": "after:2d", "days": 1 }),
        json!({ "name": "x", "query": "", "days": 0 }),
    ] {
        assert_eq!(refused(body.clone()), 400, "{body}");
    }
    let auditor = house.user("vera", "auditor", "all");
    assert_eq!(house.post(&auditor, "/api/v1/audit/rules", json!({ "name": "x", "query": "", "days": 1 })).status, 403, "who reads does not remove");
    assert_eq!(house.post(&auditor, "/api/v1/audit/prune", json!({})).status, 403);
    // Of two rules that find the same, the longer one counts.
    rule(&house, "all", "", Some(30));
    rule(&house, "starts", "operation:ContainerStart", Some(400));
    expire(&house, "all");
    let starts = left(&house, "c%");
    prune(&house);
    assert_eq!(left(&house, "c%"), starts);
    std::fs::remove_dir_all(archive).unwrap();
}
