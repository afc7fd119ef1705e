//! As much of everything as a large team has.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    sync::Arc,
    thread,
};

use serde_json::{Value, json};

use crate::store::sql;

/// A list of ten thousand containers as an engine writes it, of which one in a hundred is of project `shop`.
fn list() -> String {
    let containers: Vec<Value> = (0..10_000)
        .map(|n| {
            let project = if n % 100 == 0 { "shop" } else { "blog" };
            json!({ "Id": format!("{n:064x}"), "Names": [format!("/c{n}")], "Image": "busybox", "ImageID": "sha256:1", "Command": "sleep 600", "Created": 1,
                "State": "running", "Status": "Up 2 hours", "Ports": [{ "PrivatePort": 80, "Type": "tcp" }], "Mounts": [],
                "Labels": { "com.docker.compose.project": project, "com.docker.compose.service": "web", "com.example.owner": "somebody" },
                "NetworkSettings": { "Networks": { "default": { "NetworkID": "a".repeat(64), "IPAddress": "172.17.0.2" } } } })
        })
        .collect();
    Value::Array(containers).to_string()
}

/// An engine that answers with such a list from memory, at once: no engine is faster.
pub fn crowded_engine() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp+plain://{}", listener.local_addr().unwrap());
    let list: Arc<str> = list().into();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, list) = (stream.unwrap(), list.clone());
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                loop {
                    let mut first = String::new();
                    if reader.read_line(&mut first).unwrap_or(0) == 0 {
                        return;
                    }
                    let mut line = String::new();
                    while reader.read_line(&mut line).unwrap_or(0) > 2 {
                        line.clear();
                    }
                    if first.contains("/events") {
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                        continue;
                    }
                    let body = match first.split(' ').nth(1).unwrap_or_default() {
                        path if path.starts_with("/containers/json") => &*list,
                        path if path.starts_with("/volumes") => "{\"Volumes\":[]}",
                        path if path.starts_with("/info") || path.starts_with("/version") => "{}",
                        _ => "[]",
                    };
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
                    if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

/// Puts somebody into a thousand teams with ten thousand grants. The house must not run.
pub fn ten_thousand_grants(data: &Path, username: &str) {
    let upto = |most: u32| format!("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {})", most - 1);
    let statements = [
        format!("{} INSERT INTO teams (name, summary, created_at) SELECT 't' || i, '', 0 FROM n", upto(1_000)),
        format!("{} INSERT INTO team_members (team, username) SELECT 't' || i, '{username}' FROM n", upto(1_000)),
        format!(
            "{} INSERT INTO grants (id, team, role, scope, created_at, created_by) \
             SELECT 'g' || i, 't' || (i % 1000), 'deployer', 'engine/e' || (i % 100) || '/project/p' || (i / 100), 0, 'x' FROM n",
            upto(10_000)
        ),
    ];
    sql(data, &statements.iter().map(String::as_str).collect::<Vec<_>>());
}
