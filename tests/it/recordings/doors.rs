//! The command line: `docker exec` and `docker attach`, with a terminal and without.

use std::{io::Write, time::Duration};

use pilothouse_tests::{http, sandbox::House};
use serde_json::json;

use super::{Box, at_terminal, docker, events, is_on_disk, proof, record_of, rule, text};
use crate::parity::process::Process;

#[test]
fn exec_with_a_terminal_is_recorded_as_it_was_shown() {
    let house = House::of_engine();
    let room = Box::new(&house, "rec-exec");
    let script = "stty -a | head -1; read a; echo got-$a; printf 'caf\\303\\251 \\342\\202\\254\\n'";
    let mut process =
        at_terminal(&house, &["exec", "-it", room.name, "sh", "-c", &format!("until stty size | grep -q 24; do sleep 0.1; done; {script}")]);
    process.hear("columns").unwrap();
    process.say("typed\n");
    let ended = process.finish();
    assert_eq!((ended.exit, ended.hung), (Some(0), None), "{} {}", ended.stdout, ended.stderr);
    let recording = room.ended();
    let kept = events(&house, &recording["id"]);
    assert_eq!(text(&kept, "o"), ended.stdout);
    assert!(ended.stdout.contains("got-typed") && ended.stdout.contains("café €"), "{}", ended.stdout);
    assert_eq!((text(&kept, "i").as_str(), &recording["operation"], &recording["door"]), ("", &json!("ExecStart"), &json!("engine")));
    assert_eq!((&recording["container"], &recording["width"], &recording["height"]), (&json!("rec-exec"), &json!(80), &json!(24)), "{recording}");
    assert_eq!(proof(&house, &recording["id"])["proved"], true);
    assert_eq!(record_of(&house, &recording["id"])["recording"].as_str().unwrap().len(), 64);
}

#[test]
fn exec_without_a_terminal_is_taken_out_of_its_frames() {
    let house = House::of_engine();
    let room = Box::new(&house, "rec-plain");
    let run =
        Process::start(docker(&house, &["exec", "-i", room.name, "sh", "-c", "cat; echo wrong >&2; seq 1 20000"]), None, Duration::from_secs(30));
    let mut run = run.unwrap();
    run.say("from the pipe\n");
    run.close_stdin();
    let ended = run.finish();
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    let recording = room.ended();
    assert_eq!((&recording["tty"], &recording["lost"]), (&json!(false), &json!(0)));
    let kept = text(&events(&house, &recording["id"]), "o");
    // The two outputs are two streams to the command line, and one in what was shown.
    assert_eq!(kept.replacen("wrong\n", "", 1), ended.stdout);
    assert!(ended.stderr.contains("wrong") && kept.contains("wrong\n") && kept.contains("\n20000\n"));
    assert_eq!(proof(&house, &recording["id"])["proved"], true);

    // Without an upgrade the same comes as a plain answer: that is no way around it.
    let made = house.post(&house.admin, "/engines/demo/containers/rec-plain/exec", json!({ "Cmd": ["echo", "no-upgrade"], "AttachStdout": true }));
    let exec = made.json()["Id"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {}", house.admin);
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let answer = http::send(house.address, "POST", &format!("/engines/demo/exec/{exec}/start"), &headers, r#"{"Detach":false,"Tty":false}"#);
    assert!(answer.body.contains("no-upgrade"), "{answer:?}");
    let recording = room.ended();
    assert_eq!(text(&events(&house, &recording["id"]), "o"), "no-upgrade\n");
    assert_eq!(room.recordings().len(), 2);

    // What the engine refuses leaves nothing; nor does what nobody sees.
    assert!(!docker(&house, &["exec", "rec-nowhere", "true"]).output().unwrap().status.success());
    assert!(docker(&house, &["exec", "-d", room.name, "true"]).output().unwrap().status.success());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(room.recordings().len(), 2);
}

#[test]
fn attach_is_recorded_with_a_terminal_and_without() {
    let house = House::of_engine();
    let script = "read a; echo seen-$a; sleep 1";
    let config = |tty: bool| json!({ "Tty": tty, "OpenStdin": true, "StdinOnce": true, "AttachStdin": true, "Cmd": ["sh", "-c", script] });
    let room = Box::with(&house, "rec-attach", config(true));
    let mut process = at_terminal(&house, &["attach", room.name]);
    room.running();
    process.say("tty\n");
    let ended = process.finish();
    assert_eq!(ended.exit, Some(0), "{} {}", ended.stdout, ended.stderr);
    let recording = room.ended();
    let kept = events(&house, &recording["id"]);
    assert!(text(&kept, "o").contains("seen-tty\r\n") && ended.stdout.contains(text(&kept, "o").as_str()), "{:?} {kept:?}", ended.stdout);
    assert!(text(&kept, "r").contains("80x24") || recording["width"] == 80, "{kept:?}");
    assert_eq!((&recording["operation"], &recording["tty"]), (&json!("ContainerAttach"), &json!(true)));

    let plain = Box::with(&house, "rec-attached", config(false));
    let mut child = docker(&house, &["attach", plain.name]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    plain.running();
    child.stdin.take().unwrap().write_all(b"plain\n").unwrap();
    let shown = child.wait_with_output().unwrap();
    let recording = plain.ended();
    let kept = events(&house, &recording["id"]);
    assert_eq!((text(&kept, "o").as_str(), &recording["tty"]), ("seen-plain\n", &json!(false)));
    assert_eq!(String::from_utf8_lossy(&shown.stdout), "seen-plain\n");
}

#[test]
fn what_is_typed_is_kept_only_where_a_rule_says_so() {
    let house = House::of_engine();
    let room = Box::new(&house, "rec-typed");
    let ask = |canary: &str| {
        let mut process = at_terminal(&house, &["exec", "-it", room.name, "sh", "-c", "stty -echo; echo ask; read a; echo thanks"]);
        process.hear("ask").unwrap();
        process.say(&format!("{canary}\n"));
        let ended = process.finish();
        assert_eq!(ended.exit, Some(0), "{}", ended.stdout);
        let recording = room.ended();
        let body = house.get(&house.admin, &format!("/api/v1/recordings/{}/cast", recording["id"])).body;
        (body, recording)
    };
    let (body, recording) = ask("canary-one-82");
    assert!(body.contains("thanks") && !body.contains("canary"), "{body}");
    assert_eq!(recording["input"], false);
    rule(&house, json!({ "scope": "engine/demo", "input": true }));
    let (body, recording) = ask("canary-two-82");
    assert_eq!((&recording["input"], &recording["rule"]), (&json!(true), &json!("engine/demo")));
    assert!(body.contains("canary-two-82"), "{body}");
    assert!(!is_on_disk(&house.data, "canary") && !house.log().contains("canary"), "what was typed stands in a file");
}
