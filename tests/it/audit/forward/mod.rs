//! The trail, forwarded to receivers that fail, hang and come back.

mod otlp;
mod s3;
mod syslog;
pub mod webhook;

use std::{collections::HashMap, path::Path};

use pilothouse_tests::{
    receiver::{Got, Receiver},
    sandbox::{Behaviour, House, Recorder, folder, until},
    store::sql,
    trail::{Verdict, verify},
};
use serde_json::Value;

use super::{DONE, work};

/// A house that forwards to a place of this name, in front of an engine that does all.
fn house(forward: &str) -> (House, Recorder) {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::with_settings(&[("fake", recorder.url.clone())], &format!("[[audit.forward]]\nname = \"siem\"\n{forward}\n"));
    (house, recorder)
}

/// A file with this in it.
fn file(text: &str) -> String {
    let path = folder("file").join("secret");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// How long the chain is.
fn length(house: &House) -> i64 {
    sql(&house.data, &["SELECT COALESCE(MAX(seq), 0) FROM audit_chain"])[0][0][0].as_i64().unwrap()
}

/// How many checkpoints there are.
fn checkpoints(house: &House) -> i64 {
    sql(&house.data, &["SELECT COUNT(*) FROM audit_checkpoints"])[0][0][0].as_i64().unwrap()
}

/// What the house says of its only place.
fn standing(house: &House) -> Value {
    let answer = house.get(&house.admin, "/api/v1/audit/forwarding");
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["items"][0].clone()
}

/// The number of a line that is an entry, or of a checkpoint.
fn seq(line: &str) -> Option<i64> {
    let line: Value = serde_json::from_str(line).unwrap();
    line["entry"]["seq"].as_i64().or_else(|| line["checkpoint"]["n"].as_i64())
}

/// What was taken, piece by piece as it came; of what came twice the first. Says when the same name was on two different pieces.
fn pieces(receiver: &Receiver) -> Vec<Got> {
    let mut known: HashMap<String, String> = HashMap::new();
    let mut pieces = Vec::new();
    for got in receiver.got() {
        let id = got.header("pilothouse-delivery").expect("a delivery has a name").to_owned();
        if let Some(body) = known.get(&id) {
            assert_eq!(*body, got.body, "{id} came with two bodies");
        }
        known.insert(id.clone(), got.body.clone());
        if got.taken && !pieces.iter().any(|piece: &Got| piece.header("pilothouse-delivery") == Some(&id)) {
            pieces.push(got);
        }
    }
    pieces
}

/// The lines of entries, and those of checkpoints.
fn split<'a>(lines: impl Iterator<Item = &'a str>) -> (Vec<&'a str>, Vec<&'a str>) {
    lines.partition(|line| !line.starts_with(r#"{"checkpoint":"#))
}

/// Checks that no entry between the first and the last is missing, twice or out of its order, and that each checkpoint came behind what it covers.
fn in_order(lines: &[&str], first: i64) -> i64 {
    let (mut last, mut last_checkpoint) = (first - 1, None);
    for line in lines {
        let value: Value = serde_json::from_str(line).unwrap();
        if let Some(seq) = value["entry"]["seq"].as_i64() {
            assert_eq!(seq, last + 1, "a gap, or not in order: {line}");
            last = seq;
        } else if let Some(n) = value["checkpoint"]["n"].as_i64() {
            assert!(last_checkpoint.is_none_or(|before| n == before + 1), "{n} stands behind {last_checkpoint:?}");
            last_checkpoint = Some(n);
            assert!(value["checkpoint"]["heads"][0]["seq"].as_i64().unwrap() <= last, "{line} came before entry {last}");
        }
    }
    last
}

/// What the program says of lines that a receiver got, in files of the receiver's own.
fn verified(lines: &[&str]) -> Verdict {
    let (entries, checkpoints) = split(lines.iter().copied());
    let dir = folder("received");
    let write = |name: &str, lines: &[&str]| {
        let path = dir.join(name);
        std::fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
        path
    };
    let (entries, checkpoints) = (write("entries.jsonl", &entries), write("checkpoints.jsonl", &checkpoints));
    // Not the house's own folder: this is all that a receiver has.
    verify(Path::new("/nowhere"), &[entries.as_os_str(), "--checkpoints".as_ref(), checkpoints.as_os_str()])
}
