//! Each way to change a trail behind the back of the house, on a real store: found, and named.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use pilothouse_tests::{
    sandbox::{House, folder},
    store::sql,
    trail::{Verdict, verify},
};

use super::{house_with_work, work};

/// A house that has ended, after three starts: so there are checkpoints at several places.
fn finished() -> House {
    let (mut house, _recorder) = house_with_work(10);
    house.stop();
    for round in 1..3 {
        house.start_again();
        work(&house, round * 10..round * 10 + 10);
        house.stop();
    }
    let verdict = verify(&house.data, &[]);
    assert!(verdict.is_whole(), "{verdict:?}");
    house
}

/// A copy of a data folder, to be spoiled.
fn copy(data: &Path) -> PathBuf {
    let to = folder("tamper");
    for entry in std::fs::read_dir(data).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    to
}

/// Says the first finding of a trail that must not pass.
fn first(verdict: &Verdict) -> &str {
    assert_eq!(verdict.code, 1, "{verdict:?}");
    assert!(verdict.complaints[0].contains("NOT what was written"), "{verdict:?}");
    &verdict.complaints[1]
}

/// The record in the middle of all starts, and the numbers of its two entries.
fn middle(data: &Path) -> (i64, i64, i64) {
    let sql = sql(
        data,
        &[
            "SELECT a.id, c.seq, e.seq FROM audit a JOIN audit_chain c ON c.id = a.id AND c.stage = 1 JOIN audit_chain e ON e.id = a.id AND e.stage = 3 \
           WHERE a.object = 'c14' AND a.operation = 'ContainerStart'",
        ],
    );
    let number = |n: usize| sql[0][0][n].as_i64().unwrap();
    (number(0), number(1), number(2))
}

#[test]
fn every_column_of_a_record_is_proved() {
    let house = finished();
    let (id, seq, end) = middle(&house.data);
    let columns = sql(&house.data, &["SELECT name FROM pragma_table_info('audit')"]);
    let columns: Vec<&str> = columns[0].iter().map(|row| row[0].as_str().unwrap()).filter(|name| *name != "id").collect();
    assert!(columns.len() > 20, "{columns:?}");
    for column in columns {
        let spoiled = copy(&house.data);
        // Another value, or one where there was none.
        let value = match column {
            "changes" => "'[{\"field\": \"x\"}]'".to_owned(),
            "is_change" => "1 - is_change".to_owned(),
            _ => format!("CASE typeof({column}) WHEN 'text' THEN {column} || 'x' WHEN 'null' THEN 1 ELSE {column} + 1 END"),
        };
        sql(&spoiled, &[&format!("UPDATE audit SET {column} = {value} WHERE id = {id}")]);
        let verdict = verify(&spoiled, &[]);
        let found = first(&verdict);
        assert!(found.contains(&format!("record {id}")), "{column}: {found}");
        // The stage that the column belongs to: the intent, or what came of it.
        assert!(column == "started_at" || [seq, end].iter().any(|seq| found.contains(&format!("entry {seq} of writer 1"))), "{column}: {found}");
        std::fs::remove_dir_all(spoiled).unwrap();
    }
}

#[test]
fn what_is_removed_put_in_or_moved_is_found_and_named() {
    let house = finished();
    let (id, seq, end) = middle(&house.data);
    let next = seq + 1;
    let renumber = "CREATE TEMP TABLE r AS SELECT writer, row_number() OVER (ORDER BY seq) AS seq, id, stage, hash, digest FROM audit_chain; \
                    DELETE FROM audit_chain; INSERT INTO audit_chain SELECT * FROM r";
    let reopen = "outcome = 'open', ended_at = NULL, status = NULL, bytes_in = NULL, bytes_out = NULL, duration_ms = NULL";
    let cases = [
        ("a record is removed", format!("DELETE FROM audit WHERE id = {id}"), format!("entry {seq} of writer 1, record {id}: The record is gone")),
        (
            "a record is removed with its entries",
            format!("DELETE FROM audit WHERE id = {id}; DELETE FROM audit_chain WHERE id = {id}"),
            format!("entry {seq} of writer 1: Entry {seq} is missing."),
        ),
        (
            "the gap is closed",
            format!("DELETE FROM audit WHERE id = {id}; DELETE FROM audit_chain WHERE id = {id}; {renumber}"),
            format!("entry {seq} of writer 1"),
        ),
        (
            "a removed record is said to be pruned",
            format!("DELETE FROM audit WHERE id = {id}; UPDATE audit_chain SET digest = hash WHERE id = {id}"),
            format!("entry {seq} of writer 1, record {id}: It is not what was written"),
        ),
        (
            "a record is put in",
            format!(
                "CREATE TEMP TABLE t AS SELECT * FROM audit WHERE id = {id}; UPDATE t SET id = id + 1, username = 'eve'; INSERT INTO audit SELECT * FROM t"
            ),
            format!("record {}: No entry of the chain is about this record", id + 1),
        ),
        (
            "a record is put in with an entry",
            format!(
                "CREATE TEMP TABLE t AS SELECT * FROM audit WHERE id = {id}; UPDATE t SET id = id + 1, {reopen}; INSERT INTO audit SELECT * FROM t; \
                 UPDATE audit_chain SET seq = -seq WHERE seq > {end}; UPDATE audit_chain SET seq = -seq + 1 WHERE seq < 0; \
                 INSERT INTO audit_chain SELECT writer, seq + 1, {id} + 1, 1, hash, digest FROM audit_chain WHERE seq = {end}"
            ),
            format!("entry {} of writer 1, record {}: It is not what was written", end + 1, id + 1),
        ),
        (
            "two entries change places",
            format!(
                "UPDATE audit_chain SET seq = -seq WHERE seq IN ({seq}, {next}); UPDATE audit_chain SET seq = {seq} + {next} + seq WHERE seq < 0"
            ),
            format!("entry {seq} of writer 1"),
        ),
        (
            "two records change places",
            format!(
                "UPDATE audit SET id = -1 WHERE id = {id}; UPDATE audit SET id = {id} WHERE id = (SELECT max(id) FROM audit); \
                 UPDATE audit_chain SET id = -1 WHERE id = {id}"
            ),
            format!("entry {seq} of writer 1, record -1: It is not what was written"),
        ),
        (
            "an end is taken back",
            format!("UPDATE audit SET {reopen} WHERE id = {id}"),
            format!("entry {end} of writer 1, record {id}: The record is gone, or has no such stage any more."),
        ),
        (
            "the tail is cut off",
            format!("DELETE FROM audit_chain WHERE seq > {end}; DELETE FROM audit WHERE id NOT IN (SELECT id FROM audit_chain)"),
            format!("The trail ends at entry {end} of writer 1"),
        ),
        (
            "the tail is cut off with the checkpoints over it",
            format!(
                "DELETE FROM audit_chain WHERE seq > {end}; DELETE FROM audit WHERE id NOT IN (SELECT id FROM audit_chain); \
                 DELETE FROM audit_checkpoints WHERE n > 1"
            ),
            "its end was cut off".to_owned(),
        ),
        (
            "everything is gone",
            "DELETE FROM audit; DELETE FROM audit_chain; DELETE FROM audit_checkpoints".to_owned(),
            "its end was cut off".to_owned(),
        ),
        (
            "a checkpoint is changed",
            "UPDATE audit_checkpoints SET body = replace(body, '\"n\":2', '\"n\":7') WHERE n = 2".to_owned(),
            "not signed by the key".to_owned(),
        ),
        ("a checkpoint is removed", "DELETE FROM audit_checkpoints WHERE n = 2".to_owned(), "stands behind checkpoint 1".to_owned()),
    ];
    for (what, statements, expected) in cases {
        let spoiled = copy(&house.data);
        let statements: Vec<&str> = statements.split("; ").collect();
        sql(&spoiled, &statements);
        let verdict = verify(&spoiled, &[]);
        let found = first(&verdict);
        assert!(found.contains(&expected), "{what}: {found:?} does not say {expected:?}");
        println!("{what}: {found}");
        std::fs::remove_dir_all(spoiled).unwrap();
    }
}

/// Whoever writes the whole chain anew, with right hashes, is found by what was kept elsewhere.
#[test]
fn a_chain_that_is_written_anew_is_found_by_a_checkpoint() {
    let house = finished();
    let (id, seq, _) = middle(&house.data);
    let spoiled = copy(&house.data);
    sql(&spoiled, &[&format!("UPDATE audit SET username = 'eve' WHERE id = {id}")]);
    forge(&spoiled);
    // With nothing but the database, and the checkpoints taken out of it, nothing is wrong any more: that is why they are kept elsewhere.
    sql(&spoiled, &["DELETE FROM audit_checkpoints"]);
    std::fs::rename(spoiled.join("checkpoints.jsonl"), spoiled.join("elsewhere")).unwrap();
    let verdict = verify(&spoiled, &[]);
    assert!(verdict.is_whole(), "the forgery is not right: {verdict:?}");
    let verdict = verify(&spoiled, &[OsStr::new("--checkpoints"), spoiled.join("elsewhere").as_os_str()]);
    let found = first(&verdict).to_owned();
    assert!(found.contains("was written anew"), "{found}");
    let named: i64 = found.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    assert!(named > seq, "the checkpoint over it stands behind it: {found}");
}

/// Makes every hash right again, as docs/audit.md says how.
fn forge(data: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/audit/forge.py");
    let done = std::process::Command::new("python3").arg(script).arg(data.join("pilothouse.db")).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn yesterdays_database_is_found_even_if_work_went_on_in_it() {
    let (mut house, _recorder) = house_with_work(10);
    house.stop();
    let yesterday = copy(&house.data);
    house.start_again();
    work(&house, 10..20);
    house.stop();
    // Back in its place, next to the file of checkpoints, which is elsewhere and stays.
    for name in ["pilothouse.db", "pilothouse.db-wal", "pilothouse.db-shm"] {
        let _ = std::fs::remove_file(house.data.join(name));
        if yesterday.join(name).exists() {
            std::fs::copy(yesterday.join(name), house.data.join(name)).unwrap();
        }
    }
    let verdict = verify(&house.data, &[]);
    assert!(first(&verdict).contains("an old database was put in its place"), "{verdict:?}");
    // Work goes on in it, past where the checkpoints were: they still say otherwise.
    house.start_again();
    work(&house, 20..60);
    let shown = house.get(&house.admin, "/api/v1/audit/verify").json();
    assert_eq!(shown["whole"], false, "{shown}");
    house.stop();
    let verdict = verify(&house.data, &[]);
    let found = verdict.complaints.join("\n");
    assert!(found.contains("was written anew"), "{found}");
}

#[test]
fn checkpoints_of_another_key_prove_nothing() {
    let (ours, theirs) = (finished(), finished());
    let spoiled = copy(&ours.data);
    let file = theirs.data.join("checkpoints.jsonl");
    let verdict = verify(&spoiled, &[OsStr::new("--checkpoints"), file.as_os_str()]);
    assert!(first(&verdict).contains("is signed by another key"), "{verdict:?}");
    // A key that replaces ours is not the one that was written down elsewhere.
    let key = ours_key(&ours.data);
    let verdict = verify(&ours.data, &[OsStr::new("--key"), OsStr::new(&key)]);
    assert!(verdict.is_whole(), "{verdict:?}");
    let verdict = verify(&ours.data, &[OsStr::new("--key"), OsStr::new(&ours_key(&theirs.data))]);
    assert!(first(&verdict).contains("is signed by another key"), "{verdict:?}");
}

fn ours_key(data: &Path) -> String {
    sql(data, &["SELECT lower(hex(public)) FROM audit_key"])[0][0][0].as_str().unwrap().to_owned()
}

#[test]
fn what_cannot_be_told_is_not_said_to_be_whole() {
    let house = finished();
    let nowhere = folder("nowhere");
    assert_eq!(verify(&nowhere, &[]).code, 2);
    let missing = nowhere.join("missing");
    assert_eq!(verify(&house.data, &[OsStr::new("--checkpoints"), missing.as_os_str()]).code, 2);
    let nonsense = nowhere.join("nonsense.jsonl");
    std::fs::write(&nonsense, "{}\n").unwrap();
    let verdict = verify(&house.data, &[nonsense.as_os_str()]);
    assert_eq!((verdict.code, verdict.complaints.len()), (2, 1), "{verdict:?}");
    assert!(verdict.complaints[0].contains("Line 1 is no line of an export of the chain."), "{verdict:?}");
}
