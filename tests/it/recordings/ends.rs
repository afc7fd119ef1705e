//! Watching a session, ending it, and what is left when the power goes.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use pilothouse_tests::{http, sandbox::House, trail::verify};
use serde_json::{Value, json};

use super::{Box, at_terminal, console::Terminal, docker, events, proof, record_of, text, until};

/// Looks on at a session.
fn watch(house: &House, id: &Value) -> TcpStream {
    let mut stream = http::connect(house.address);
    write!(stream, "GET /api/v1/recordings/{id}/watch HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n", house.admin)
        .unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Reads until `text` was told.
fn hear(stream: &mut TcpStream, heard: &mut String, text: &str) {
    let mut buffer = [0; 4096];
    while !heard.contains(text) {
        let n = stream.read(&mut buffer).unwrap_or_else(|e| panic!("{e}: {text:?} is not in {heard}"));
        assert!(n > 0, "{text:?} is not in {heard}");
        heard.push_str(&String::from_utf8_lossy(&buffer[..n]));
    }
}

#[test]
fn a_running_session_is_watched_and_ended() {
    let house = House::of_engine();
    let room = Box::new(&house, "rec-watch");
    let mut terminal = Terminal::open(&house, room.name).unwrap();
    terminal.until("#");
    terminal.type_in("echo first-$((1+1))\n");
    terminal.until("first-2");
    let id = room.running()["id"].clone();
    let mut heard = String::new();
    let mut looking = watch(&house, &id);
    hear(&mut looking, &mut heard, "first-2");
    // So that some of it is read from disk by the next one.
    std::thread::sleep(Duration::from_secs(3));
    let begun = Instant::now();
    terminal.type_in("echo second-$((1+2))\n");
    hear(&mut looking, &mut heard, "second-3");
    assert!(begun.elapsed() < Duration::from_secs(5), "it was shown after {:?}", begun.elapsed());
    let (mut later, mut late) = (String::new(), watch(&house, &id));
    hear(&mut late, &mut later, "second-3");
    assert!(later.find("first-2").is_some_and(|first| first < later.find("second-3").unwrap()), "{later}");
    let begun = Instant::now();
    assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/recordings/{id}/session"), "").status, 200);
    let (_, code, reason) = terminal.until_its_end();
    assert_eq!((code, reason.as_str()), (4002, "Ended by admin."));
    // The watch ends with it.
    let mut rest = String::new();
    looking.read_to_string(&mut rest).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "it ended after {:?}", begun.elapsed());
    let recording = room.ended();
    let record = record_of(&house, &recording["id"]);
    assert_eq!((&record["outcome"], &record["note"]), (&json!("revoked"), &json!("Ended by admin.")), "{record}");
    assert_eq!(proof(&house, &id)["proved"], true);
    let over = house.get(&house.admin, &format!("/api/v1/recordings/{id}/watch"));
    assert_eq!(over.status, 409, "{over:?}");

    // The same for a command line.
    let process = at_terminal(&house, &["exec", "-it", room.name, "sh", "-c", "echo ready; sleep 60"]);
    let id = until("it runs", || room.recordings().first().filter(|recording| recording["running"] == true).map(|recording| recording["id"].clone()));
    let begun = Instant::now();
    assert_eq!(house.send(&house.admin, "DELETE", &format!("/api/v1/recordings/{id}/session"), "").status, 200);
    let ended = process.finish();
    assert!(ended.hung.is_none() && begun.elapsed() < Duration::from_secs(5), "after {:?}: {:?}", begun.elapsed(), ended.hung);
    assert_eq!(record_of(&house, &id)["note"], "Ended by admin.");
}

#[test]
fn what_was_there_when_the_power_went_is_kept() {
    let mut house = House::of_engine();
    super::remove("rec-crash");
    let mut terminal;
    let id = {
        let room = std::mem::ManuallyDrop::new(Box::new(&house, "rec-crash"));
        terminal = Terminal::open(&house, room.name).unwrap();
        terminal.until("#");
        terminal.type_in("echo kept-$((2+2))\n");
        terminal.until("kept-4");
        let id = room.running()["id"].clone();
        until("it is on disk", || room.recordings().first().filter(|recording| recording["bytes"].as_u64() > Some(200)).cloned());
        id
    };
    std::thread::sleep(Duration::from_secs(3));
    house.crash();
    let told = proof(&house, &id);
    assert_eq!((&told["proved"], &told["recording"]["running"], &told["recording"]["cut"]), (&json!(null), &json!(false), &json!(true)), "{told}");
    assert!(told["proof"].as_str().unwrap().contains("Pilothouse ended before"), "{told}");
    assert!(text(&events(&house, &id), "o").contains("kept-4"));
    let record = record_of(&house, &id);
    assert_eq!((&record["outcome"], &record["recording"]), (&json!("unknown"), &json!(null)), "{record}");
    house.stop();
    assert!(verify(&house.data, &[]).is_whole());
    super::remove("rec-crash");
}

#[test]
fn more_than_a_recording_holds_is_counted_and_marked_or_ends_the_session() {
    const MUCH: usize = 90_000_000;
    let house = House::of_engine();
    let room = Box::new(&house, "rec-flood");
    let flood = || {
        let command = format!("yes 0123456789abcdef | head -c {MUCH}");
        let begun = Instant::now();
        let done = docker(&house, &["exec", room.name, "sh", "-c", &command]).output().unwrap();
        println!("{} bytes came in {:?}, the house holds {} MiB", done.stdout.len(), begun.elapsed(), house.resident_mib());
        done.stdout.len()
    };
    assert_eq!(flood(), MUCH, "a recording is in the way of its session");
    let recording = room.ended();
    let (bytes, lost) = (recording["bytes"].as_u64().unwrap(), recording["lost"].as_u64().unwrap());
    assert!(bytes <= 64 * 1024 * 1024 + 4096 && lost > 0, "{recording}");
    let told = proof(&house, &recording["id"]);
    assert_eq!(told["proved"], true, "{told}");
    let kept = events(&house, &recording["id"]);
    let shown: usize = kept.iter().filter(|event| event.1 == "o").map(|event| event.2.len()).sum();
    assert_eq!(u64::try_from(shown).unwrap() + lost, u64::try_from(MUCH).unwrap(), "something is neither kept nor counted");
    assert!(kept.iter().any(|event| event.1 == "m"), "nothing says where something is missing");
    super::rule(&house, json!({ "scope": "all", "strict": true }));
    assert!(flood() < MUCH, "the session went on without a recording");
    let recording = room.ended();
    let record = record_of(&house, &recording["id"]);
    assert!(record["outcome"] == "failed" && record["note"].as_str().unwrap().contains("must be recorded"), "{record}");
    assert!(house.resident_mib() < 300, "the house holds {} MiB", house.resident_mib());
}
