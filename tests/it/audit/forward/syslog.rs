//! To a real rsyslog, by TLS and by TCP.

use pilothouse_tests::{sandbox::House, syslog::Syslog};
use serde_json::Value;

use super::{house, in_order, length, seq, standing, until, verified, work};

/// What the messages say, each once: syslog takes no notice of what it has already.
fn lines(syslog: &Syslog) -> Vec<String> {
    let mut lines = Vec::new();
    let mut known = std::collections::HashSet::new();
    for message in syslog.messages() {
        let line = message["message"].as_str().unwrap().to_owned();
        if known.insert(line.clone()) {
            lines.push(line);
        }
    }
    lines
}

fn last(syslog: &Syslog) -> i64 {
    let lines = lines(syslog);
    lines.iter().filter(|line| line.starts_with("{\"entry\"")).filter_map(|line| seq(line)).max().unwrap_or(0)
}

fn all_arrives(house: &House, syslog: &Syslog) {
    until("all has arrived", 100, || last(syslog) == length(house));
}

/// Checks what the server read out of a message.
fn is_whole(message: &Value) {
    let text = |name: &str| message[name].as_str().unwrap();
    let line: Value = serde_json::from_str(text("message")).unwrap();
    assert_eq!((text("protocol"), text("host"), text("app")), ("1", "127.0.0.1", "pilothouse"), "{message}");
    assert!(text("process").parse::<u32>().is_ok(), "{message}");
    let entry = &line["entry"];
    let Some(stage) = entry["stage"].as_str() else {
        assert!(matches!(text("id"), "checkpoint" | "before"), "{message}");
        return;
    };
    assert_eq!(text("id"), stage, "{message}");
    let at = entry["at"].as_i64().unwrap();
    assert!(text("at").ends_with(&format!(".{:03}Z", at % 1_000)), "{at}: {message}");
    let data = text("data");
    assert!(data.starts_with(&format!("[pilothouse@32473 writer=\"1\" seq=\"{}\" record=\"{}\" user=", entry["seq"], entry["id"])), "{message}");
    let refused = entry["decision"] == "denied" || entry["outcome"].as_str().is_some_and(|outcome| outcome != "ok");
    // Facility 13, and 4 or 6 as its severity.
    let said = text("pri").parse::<u32>().unwrap();
    assert!(said == if refused { 108 } else { 110 } || stage == "complete", "{message}");
}

/// The files that it takes to speak to a server by TLS, as settings.
fn files(syslog: &Syslog, names: &[&str]) -> String {
    names.iter().map(|name| format!("{name} = \"{}\"\n", syslog.file(&format!("{name}.pem")))).collect()
}

fn goes_on(mut syslog: Syslog, how: &str, names: &[&str]) {
    let files = files(&syslog, names);
    let address = format!("{files}from = \"beginning\"\nsyslog = {{ address = \"127.0.0.1:{}\", transport = \"{how}\" }}", syslog.port);
    let (mut house, _recorder) = house(&address);
    work(&house, 0..50);
    assert_eq!(house.send(&house.admin, "GET", "/engines/fake/unheard-of?a=\"b\"]", "").status / 100, 4);
    all_arrives(&house, &syslog);
    assert_eq!(standing(&house)["address"], format!("{how}://127.0.0.1:{}", syslog.port));
    syslog.stop();
    work(&house, 50..350);
    house.crash();
    work(&house, 350..400);
    until("it is known to be away", 20, || standing(&house)["error"].as_str().is_some_and(|error| error.contains("cannot be reached")));
    syslog.start_again();
    all_arrives(&house, &syslog);
    // A connection that the server has ended meanwhile is found out before anything is lost.
    syslog.stop();
    syslog.start_again();
    work(&house, 400..420);
    all_arrives(&house, &syslog);
    for message in syslog.messages() {
        is_whole(&message);
    }
    let lines = lines(&syslog);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    assert!(in_order(&lines, 1) > 800);
    let verdict = verified(&lines);
    assert!(verdict.is_whole(), "{verdict:?}");
}

#[test]
fn a_real_syslog_server_gets_all_by_tls() {
    goes_on(Syslog::start(""), "tls", &["ca"]);
}

#[test]
fn a_real_syslog_server_gets_all_from_who_shows_a_certificate() {
    goes_on(Syslog::start("--client-certificates"), "tls", &["ca", "cert", "key"]);
}

#[test]
fn a_real_syslog_server_gets_all_by_tcp() {
    goes_on(Syslog::start("--no-tls"), "tcp", &[]);
}

#[test]
fn a_syslog_server_that_nobody_vouches_for_gets_nothing() {
    let syslog = Syslog::start("");
    let (house, _recorder) = house(&format!("from = \"beginning\"\nsyslog = {{ address = \"127.0.0.1:{}\" }}", syslog.port));
    until("its certificate is refused", 20, || standing(&house)["error"].as_str().is_some_and(|error| error.contains("certificate")));
    assert_eq!(syslog.messages().len(), 0);
}

#[test]
fn nothing_counts_as_taken_by_a_syslog_server_that_ends_the_connection_right_away() {
    // It wants a certificate, and says so when what was sent first is on its way already: by TLS 1.3 the handshake is over then.
    let syslog = Syslog::start("--client-certificates");
    let address = format!("{}from = \"beginning\"\nsyslog = {{ address = \"127.0.0.1:{}\" }}", files(&syslog, &["ca"]), syslog.port);
    let (house, _recorder) = house(&address);
    until("it is known to have failed", 20, || standing(&house)["error"].is_string());
    std::thread::sleep(std::time::Duration::from_secs(2));
    let stands = standing(&house);
    assert!(stands["success_at"].is_null() && stands["behind"].as_i64() >= Some(1), "{stands}");
    assert_eq!(syslog.messages().len(), 0);
}
