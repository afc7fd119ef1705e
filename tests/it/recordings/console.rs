//! The console's terminal.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use pilothouse_tests::{http, sandbox::House, store::sql, trail::verify};
use serde_json::json;

use super::{Box, events, is_on_disk, proof, record_of, text};

/// A terminal in a container, from after its handshake on.
pub(super) struct Terminal(TcpStream);

impl Terminal {
    /// The status of the answer, when it is no terminal.
    pub fn open(house: &House, container: &str) -> Result<Self, String> {
        let mut stream = http::connect(house.address);
        write!(
            stream,
            "GET /api/v1/engines/demo/containers/{container}/terminal HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            house.admin
        )
        .unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        if head.starts_with("HTTP/1.1 101") {
            return Ok(Self(stream));
        }
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let mut body = Vec::new();
        let _ = stream.read_to_end(&mut body);
        Err(format!("{head}{}", String::from_utf8_lossy(&body)))
    }

    /// A short message; the mask is all zeros.
    pub fn send(&mut self, kind: u8, bytes: &[u8]) {
        let head = [0x80 | kind, 0x80 | u8::try_from(bytes.len()).unwrap(), 0, 0, 0, 0];
        self.0.write_all(&[&head, bytes].concat()).unwrap();
    }

    pub fn type_in(&mut self, text: &str) {
        self.send(2, text.as_bytes());
    }

    /// The next message: its kind and its bytes.
    pub fn next(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.0.read_exact(&mut length).unwrap();
                u16::from_be_bytes(length).into()
            }
            length => usize::from(length),
        };
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).unwrap();
        (head[0] & 0x0f, payload)
    }

    /// Reads on until `end` was shown; gives all that was.
    pub fn until(&mut self, end: &str) -> String {
        let mut shown = Vec::new();
        loop {
            let (kind, bytes) = self.next();
            assert_ne!(kind, 8, "it closed: {}", String::from_utf8_lossy(&bytes));
            if kind == 2 {
                shown.extend_from_slice(&bytes);
            }
            let text = String::from_utf8_lossy(&shown).into_owned();
            if text.contains(end) {
                return text;
            }
        }
    }

    /// Reads to its end: what was shown, the close code, and the reason.
    pub fn until_its_end(&mut self) -> (String, u16, String) {
        let mut shown = Vec::new();
        loop {
            let (kind, bytes) = self.next();
            match kind {
                2 => shown.extend_from_slice(&bytes),
                8 => {
                    let code = bytes.get(..2).map_or(0, |code| u16::from_be_bytes([code[0], code[1]]));
                    return (
                        String::from_utf8_lossy(&shown).into_owned(),
                        code,
                        String::from_utf8_lossy(bytes.get(2..).unwrap_or_default()).into_owned(),
                    );
                }
                _ => {}
            }
        }
    }
}

#[test]
fn what_the_consoles_terminal_showed_is_kept_sealed_and_proved() {
    let mut house = House::of_engine();
    let id = {
        let room = Box::new(&house, "rec-console");
        let mut terminal = Terminal::open(&house, room.name).unwrap();
        let (kind, told) = terminal.next();
        assert_eq!((kind, String::from_utf8(told).unwrap().as_str()), (1, r#"{"type":"recorded","typed":false}"#), "said before anything else");
        terminal.send(1, br#"{"type":"resize","columns":100,"rows":30}"#);
        let mut shown = terminal.until("#");
        terminal.type_in("echo needle-$((6*7))\n");
        shown += &terminal.until("needle-42");
        assert_eq!(proof(&house, &room.running()["id"])["proved"], json!(null), "a session that goes on is not proved yet");
        terminal.type_in("exit 3\n");
        let (rest, code, reason) = terminal.until_its_end();
        assert_eq!((code, reason.as_str()), (1000, "3"));
        shown += &rest;
        let recording = room.ended();
        let id = recording["id"].clone();
        let kept = events(&house, &id);
        assert_eq!(text(&kept, "o"), shown);
        assert_eq!(text(&kept, "i"), "", "what was typed is left out");
        assert!(text(&kept, "r").contains("100x30"), "{kept:?}");
        assert_eq!(
            (&recording["operation"], &recording["user"], &recording["engine"]),
            (&json!("ContainerTerminal"), &json!("admin"), &json!("demo"))
        );
        assert_eq!(
            (&recording["tty"], &recording["input"], &recording["lost"], &recording["cut"]),
            (&json!(true), &json!(false), &json!(0), &json!(false))
        );
        let told = proof(&house, &id);
        assert_eq!(told["proved"], true, "{told}");
        let record = record_of(&house, &id);
        assert_eq!((&record["recording"], &record["outcome"]), (&told["digest"], &json!("ok")), "{record}");
        let file = house.get(&house.admin, &format!("/api/v1/recordings/{id}/cast")).body;
        let digest = ring::digest::digest(&ring::digest::SHA256, file.as_bytes());
        assert_eq!(record["recording"], data_encoding::HEXLOWER.encode(digest.as_ref()), "what is downloaded is not what is proved");
        id
    };
    assert!(!is_on_disk(&house.data, "needle-42") && !is_on_disk(&house.data, "needle-$"), "what was shown stands in a file");
    house.stop();
    assert!(!is_on_disk(&house.data, "needle-42"), "what was shown stands in a file");
    let verdict = verify(&house.data, &[]);
    assert!(verdict.is_whole(), "{verdict:?}");
    // Somebody changes it behind the back of the house, each time otherwise.
    let chunk = sql(&house.data, &["SELECT hex(sealed) FROM recording_chunks ORDER BY n LIMIT 1"])[0][0][0].as_str().unwrap().to_owned();
    let cases = [
        format!("UPDATE recording_chunks SET sealed = zeroblob(length(sealed)) WHERE recording = {id} AND n = 0"),
        format!("UPDATE recording_chunks SET sealed = X'{chunk}', n = n + 100 WHERE recording = {id} AND n = 0"),
        format!("DELETE FROM recording_chunks WHERE recording = {id} AND n = (SELECT max(n) FROM recording_chunks WHERE recording = {id})"),
        format!(
            "UPDATE recordings SET chunks = (SELECT count(*) FROM recording_chunks WHERE recording = {id}), ended_at = ended_at + 1 WHERE id = {id}"
        ),
    ];
    for (n, statement) in cases.iter().enumerate() {
        if n == 0 {
            sql(&house.data, &["CREATE TABLE kept AS SELECT * FROM recording_chunks"]);
        }
        if n < 3 {
            sql(&house.data, &["DELETE FROM recording_chunks", "INSERT INTO recording_chunks SELECT * FROM kept"]);
        }
        sql(&house.data, &[statement]);
        house.start_again();
        let told = proof(&house, &id);
        assert_eq!(told["proved"], false, "{statement}: {told}");
        house.stop();
    }
    sql(&house.data, &["DELETE FROM recordings"]);
    house.start_again();
    let gone = house.get(&house.admin, &format!("/api/v1/recordings/{id}"));
    assert_eq!(gone.status, 404);
    assert!(gone.body.contains("names a recording, and it is gone"), "{gone:?}");
}
