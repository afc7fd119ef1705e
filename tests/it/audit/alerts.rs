//! Alerts: who is told of what, by webhook and by mail, whatever house and receiver go through.

use std::time::{Duration, Instant};

use pilothouse_tests::{
    http::Answer,
    mail::{self, Mail},
    receiver::{Got, Mood, Receiver},
    sandbox::{Behaviour, House, PASSWORD, Recorder, until},
    store::sql,
};
use serde_json::{Value, json};

use super::{DONE, forward::webhook::signed_with};

const SECRET: &str = "the secret of an alert";

/// A house before an engine of production and another one.
fn house(settings: &str) -> (House, Recorder) {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let engine = |name: &str, env: &str| format!("[[engines]]\nname = \"{name}\"\nurl = \"{}\"\nlabels = {{ env = \"{env}\" }}\n", recorder.url);
    let house = House::with_settings(&[], &format!("{settings}{}{}", engine("ship", "prod"), engine("try", "test")));
    (house, recorder)
}

/// Adds an alert, with more fields than it needs if need be; gives its id.
fn alert(house: &House, name: &str, query: &str, more: Value) -> String {
    let mut body = json!({ "name": name, "query": query });
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    let made = house.post(&house.admin, "/api/v1/audit/alerts", body);
    assert_eq!(made.status, 200, "{made:?}");
    assert!(!made.body.contains(SECRET) && !made.body.contains("hidden"), "a secret is shown: {made:?}");
    made.json()["id"].as_str().unwrap().to_owned()
}

fn hook(receiver: &Receiver) -> Value {
    json!({ "url": receiver.url("/hooks/hidden?key=hidden"), "secret": SECRET, "quiet": 0 })
}

fn change(house: &House, id: &str, body: Value) -> Answer {
    house.send(&house.admin, "PATCH", &format!("/api/v1/audit/alerts/{id}"), &body.to_string())
}

/// What the house says of an alert.
fn standing(house: &House, id: &str) -> Value {
    let answer = house.get(&house.admin, "/api/v1/audit/alerts");
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(!answer.body.contains(SECRET) && !answer.body.contains("hidden"), "a secret is shown: {answer:?}");
    answer.json()["items"].as_array().unwrap().iter().find(|alert| alert["id"] == id).unwrap().clone()
}

/// What was taken, each name once: a receiver drops what it has already. Checks signatures, and that one name has one body.
fn taken(receiver: &Receiver) -> Vec<Value> {
    let mut known: Vec<Got> = Vec::new();
    for got in receiver.got().into_iter().filter(|got| got.taken) {
        signed_with(&got, SECRET);
        let id = got.header("pilothouse-delivery").unwrap().to_owned();
        match known.iter().find(|known| known.header("pilothouse-delivery") == Some(&id)) {
            Some(before) => assert_eq!(before.body, got.body, "{id} came with two bodies"),
            None => known.push(got),
        }
    }
    known.iter().map(|got| serde_json::from_str(&got.body).unwrap()).collect()
}

fn told_by(receiver: &Receiver, name: &str) -> Vec<Value> {
    taken(receiver).into_iter().filter(|told| told["alert"]["name"] == name).collect()
}

fn wrong_password(house: &House) {
    let answer = house.post_as(&[], "/api/v1/session", json!({ "username": "nobody", "password": "wrong wrong wrong" }));
    assert!(matches!(answer.status, 401 | 429), "{answer:?}");
}

fn exec(house: &House, token: &str, engine: &str) -> u16 {
    let headers = [("Authorization", &*format!("Bearer {token}"))];
    house.post_as(&headers, &format!("/engines/{engine}/containers/web/exec"), json!({ "Cmd": ["sh"] })).status
}

fn start(house: &House, container: &str) {
    assert_eq!(house.send(&house.admin, "POST", &format!("/engines/ship/containers/{container}/start"), "").status, 204);
}

/// The records of what alerts did: what, about whom, and what came of it.
fn own(house: &House, operation: &str) -> Vec<Value> {
    house.audit(&format!("&q=operation:{operation}"))
}

#[test]
fn a_denied_exec_on_production_ten_failed_sign_ins_and_a_grant_of_admin_are_told() {
    let (receiver, mail) = (Receiver::start(), Mail::start(""));
    let (house, _recorder) = house(&mail.settings());
    let both = |more: Value| {
        let mut all = hook(&receiver);
        all["mail"] = json!(["ops@example.com", "night@example.com"]);
        for (field, value) in more.as_object().unwrap() {
            all[field] = value.clone();
        }
        all
    };
    let vic = house.user("vic", "viewer", "all");
    alert(&house, "Denied exec", "permission:engine.container.exec outcome:denied", both(json!({ "scope": "env=prod" })));
    alert(&house, "Sign-ins", "operation:SignIn outcome:denied", both(json!({ "times": 10, "minutes": 10 })));
    alert(&house, "New admin", "operation:GrantCreate object:\"role admin on *\" outcome:ok", both(json!({})));

    assert_eq!((exec(&house, &vic, "try"), exec(&house, &vic, "ship")), (403, 403));
    assert_ne!(exec(&house, &house.admin, "ship"), 403);
    until("the denied exec is told", 15, || told_by(&receiver, "Denied exec").len() == 1);
    let told = told_by(&receiver, "Denied exec").remove(0);
    assert_eq!((&told["records"], &told["test"]), (&json!(1), &json!(false)), "{told}");
    let item = &told["items"][0];
    assert_eq!(
        (&item["user"], &item["target"], &item["object"], &item["outcome"], &item["address"]),
        (&json!("vic"), &json!("ship"), &json!("web"), &json!("denied"), &json!("127.0.0.1"))
    );
    // The link leads to what was told of, and to nothing else.
    let link = told["link"].as_str().unwrap();
    let query = link.split("/audit?q=").nth(1).unwrap();
    let found = house.get(&house.admin, &format!("/api/v1/audit?q={query}")).json()["items"].clone();
    assert_eq!(found.as_array().unwrap().iter().map(|record| &record["id"]).collect::<Vec<_>>(), [&item["id"]], "{link}");

    for _ in 0..9 {
        wrong_password(&house);
    }
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(told_by(&receiver, "Sign-ins"), [] as [Value; 0], "nine are not ten");
    wrong_password(&house);
    until("the tenth is told", 15, || told_by(&receiver, "Sign-ins").len() == 1);
    let told = told_by(&receiver, "Sign-ins").remove(0);
    assert_eq!((&told["records"], told["items"].as_array().unwrap().len()), (&json!(10), 10), "{told}");

    // Not a grant of another role, to whom it may be, nor by whom.
    house.user("admin-of-nothing", "viewer", "all");
    assert_eq!(house.post(&vic, "/api/v1/grants", json!({ "user": "vic", "role": "admin", "scope": "all" })).status, 403);
    house.user("ana", "admin", "all");
    until("the grant is told", 15, || told_by(&receiver, "New admin").len() == 1);
    std::thread::sleep(Duration::from_secs(3));
    let told = told_by(&receiver, "New admin");
    assert_eq!((told.len(), &told[0]["items"][0]["object"]), (1, &json!("role admin on all for ana")), "{told:?}");

    until("all mail is there", 15, || mail.messages().len() == 6);
    for to in ["ops@example.com", "night@example.com"] {
        let of: Vec<_> = mail.messages().into_iter().filter(|message| message.to == [to]).collect();
        assert_eq!(of.len(), 3);
        assert!(of.iter().all(|message| message.from == "pilothouse@example.com"));
        let exec = of.iter().find(|message| message.subject == "Pilothouse: Denied exec (1 record)").expect("its subject says which and how many");
        assert!(exec.text.contains(": vic from 127.0.0.1: ContainerExec web on ship: denied (record "), "{}", exec.text);
        assert!(exec.text.contains(link), "{}", exec.text);
        for header in ["Date", "Message-ID"] {
            assert_eq!(exec.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(header)).count(), 1, "{exec:?}");
        }
        let auto = exec.headers.iter().find(|(name, _)| name == "Auto-Submitted");
        assert_eq!(auto.map(|(_, value)| value.as_str()), Some("auto-generated"));
    }
    // The trail says that each fired, and that each was told.
    until("it is in the trail", 10, || own(&house, "AuditAlertSend").len() == 9);
    let fired = own(&house, "AuditAlert");
    assert_eq!(fired.len(), 3, "{fired:?}");
    assert!(fired.iter().all(|record| record["outcome"] == "ok" && record["user"] == "-" && record["door"] == "start"), "{fired:?}");
    let sign_ins = fired.iter().find(|record| record["object"] == "Sign-ins").unwrap();
    assert!(sign_ins["note"].as_str().unwrap().starts_with("10 records fit, from "), "{sign_ins}");
    assert!(own(&house, "AuditAlertSend").iter().all(|record| record["outcome"] == "ok"));
    let verified = house.get(&house.admin, "/api/v1/audit/verify").json();
    assert_eq!(verified["whole"], true, "{verified}");
}

#[test]
fn what_happened_before_a_power_cut_is_told_once_after_it() {
    let mut receiver = Receiver::start();
    let (mut house, _recorder) = house("");
    // One looks at beginnings, which are on disk when they are answered; the other at ends, some of which are not: those are unknown.
    alert(&house, "Begun", "operation:ContainerStart", hook(&receiver));
    alert(&house, "Ended", "operation:ContainerStart outcome:ok outcome:unknown", hook(&receiver));
    // Between the record and the look, between the look and the message, and between the message and its being written down.
    for (n, wait) in [0, 300, 900, 1_300, 2_000].into_iter().enumerate() {
        start(&house, &format!("c{n}"));
        std::thread::sleep(Duration::from_millis(wait));
        house.crash();
    }
    // Nobody is there when it fires.
    receiver.stop();
    start(&house, "alone");
    std::thread::sleep(Duration::from_secs(3));
    house.crash();
    receiver.start_again();
    let objects = |name: &str| {
        let told = told_by(&receiver, name);
        assert!(told.iter().all(|told| told["records"] == told["items"].as_array().unwrap().len()));
        let items = told.iter().flat_map(|told| told["items"].as_array().unwrap());
        let mut objects: Vec<String> = items.map(|item| item["object"].as_str().unwrap().to_owned()).collect();
        objects.sort();
        objects
    };
    until("all are told", 60, || ["Begun", "Ended"].iter().all(|name| objects(name).len() >= 6));
    house.crash();
    std::thread::sleep(Duration::from_secs(4));
    for name in ["Begun", "Ended"] {
        assert_eq!(objects(name), ["alone", "c0", "c1", "c2", "c3", "c4"], "{name}: each once");
    }
}

#[test]
fn what_ends_later_is_found_at_its_end_and_else_when_it_begins() {
    let receiver = Receiver::start();
    let silent = Recorder::start(Behaviour::Silent);
    let mut house = House::start(&[("fake", silent.url.clone())]);
    alert(&house, "Unknown", "operation:ContainerStart outcome:unknown", hook(&receiver));
    alert(&house, "Not ok", "operation:ContainerStart -outcome:ok", hook(&receiver));
    alert(&house, "Begun", "operation:ContainerStart", hook(&receiver));
    let (address, admin) = (house.address, house.admin.clone());
    let open = std::thread::spawn(move || {
        pilothouse_tests::http::send(address, "POST", "/engines/fake/containers/x/start", &[("Authorization", &format!("Bearer {admin}"))], "")
    });
    until("its beginning is told", 15, || told_by(&receiver, "Begun").len() == 1);
    assert_eq!(told_by(&receiver, "Begun")[0]["items"][0]["outcome"], "open");
    // Much comes behind it, and it is still open.
    for _ in 0..50 {
        assert_eq!(house.get(&house.admin, "/api/v1/me").status, 200);
    }
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!((told_by(&receiver, "Unknown").len(), told_by(&receiver, "Not ok").len()), (0, 0));
    house.crash();
    let _ = open.join();
    until("its end is told", 15, || told_by(&receiver, "Unknown").len() == 1 && told_by(&receiver, "Not ok").len() == 1);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(taken(&receiver).len(), 3, "each alert looks at a record once");
}

#[test]
fn a_receiver_that_is_away_gets_it_later_and_the_page_and_the_trail_say_so() {
    let mut receiver = Receiver::start();
    let mut mail = Mail::start("--tls");
    let (house, _recorder) = house(&mail.settings());
    let mut where_to = hook(&receiver);
    where_to["mail"] = json!(["ops@example.com"]);
    let id = alert(&house, "Starts", "operation:ContainerStart outcome:ok", where_to);
    receiver.stop();
    mail.stop();
    start(&house, "web");
    until("both are known to be away", 20, || standing(&house, &id)["waiting"] == 2 && standing(&house, &id)["error"].is_string());
    until("both failures are in the trail", 20, || own(&house, "AuditAlertSend").len() == 2);
    let failed = own(&house, "AuditAlertSend");
    assert!(failed.iter().all(|record| record["outcome"] == "failed"), "{failed:?}");
    let note = |part: &str| failed.iter().any(|record| record["note"].as_str().unwrap().contains(part));
    assert!(note("cannot be reached") && note("The mail server 127.0.0.1:") && note("It is tried again."), "{failed:?}");
    let about: Vec<&str> = failed.iter().map(|record| record["object"].as_str().unwrap()).collect();
    assert!(about.contains(&"ops@example.com") && about.contains(&&*format!("http://127.0.0.1:{}", receiver.port)), "{about:?}");

    // It comes back ill; another alert's receiver is not held up by it.
    receiver.mood(Mood::Hang);
    receiver.start_again();
    let other = Receiver::start();
    alert(&house, "Others", "operation:ContainerStart object:other outcome:ok", hook(&other));
    until("it hangs", 40, || !receiver.got().is_empty());
    let begun = Instant::now();
    start(&house, "other");
    until("the other one is told", 8, || !taken(&other).is_empty());
    assert!(begun.elapsed() < Duration::from_secs(8));
    receiver.mood(Mood::Say(500, "no"));
    until("it is known to be ill", 60, || standing(&house, &id)["error"].as_str().unwrap().contains("answered 500"));
    receiver.mood(Mood::Say(204, ""));
    mail.start_again();
    // Whatever is changed of it, what waits is tried at once.
    assert_eq!(change(&house, &id, json!({ "minutes": 11 })).status, 200);
    until("all has arrived", 30, || standing(&house, &id)["waiting"] == 0);
    assert_eq!((told_by(&receiver, "Starts").len(), mail.messages().len()), (2, 2), "what came meanwhile, too");
    // 410 wants nothing more: that message is given up, and it is said.
    receiver.mood(Mood::Say(410, ""));
    start(&house, "last");
    until("it is given up", 20, || {
        own(&house, "AuditAlertSend").iter().any(|record| record["note"].as_str().is_some_and(|note| note.contains("It is given up.")))
    });
    until("nothing waits", 10, || standing(&house, &id)["waiting"] == 0);
    let log = house.log();
    assert!(!log.contains(SECRET) && !log.contains("hidden") && !log.contains(mail::PASSWORD), "a secret is in the log: {log}");
}

#[test]
fn it_is_quiet_for_a_while_and_then_tells_of_what_came_meanwhile() {
    let receiver = Receiver::start();
    let (mut house, _recorder) = house("");
    let mut quiet = hook(&receiver);
    quiet["quiet"] = json!(15);
    let id = alert(&house, "Starts", "operation:ContainerStart outcome:ok", quiet);
    start(&house, "first");
    until("the first is told", 15, || taken(&receiver).len() == 1);
    for n in 0..12 {
        start(&house, &format!("c{n}"));
    }
    std::thread::sleep(Duration::from_secs(3));
    house.crash();
    start(&house, "c12");
    std::thread::sleep(Duration::from_secs(7));
    assert_eq!(taken(&receiver).len(), 1, "it is quiet");
    // The quarter of an hour passes.
    sql(&house.data, &["UPDATE audit_alert_firings SET due_at = due_at - 900000 WHERE body = ''"]);
    until("the rest is told together", 15, || taken(&receiver).len() == 2);
    let rest = taken(&receiver).remove(1);
    assert_eq!((&rest["records"], rest["items"].as_array().unwrap().len()), (&json!(13), 10), "{rest}");
    assert_eq!(standing(&house, &id)["fired_records"], 13);

    // While it is off nothing counts, and what was gathering is forgotten.
    start(&house, "gathers");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(change(&house, &id, json!({ "enabled": false })).status, 200);
    start(&house, "unseen");
    assert_eq!(change(&house, &id, json!({ "enabled": true, "quiet": 0 })).status, 200);
    sql(&house.data, &["UPDATE audit_alerts SET fired_at = 0"]);
    start(&house, "seen");
    until("it is on again", 15, || taken(&receiver).len() == 3);
    std::thread::sleep(Duration::from_secs(3));
    let told = taken(&receiver);
    assert_eq!((told.len(), &told[2]["records"], &told[2]["items"][0]["object"]), (3, &json!(1), &json!("seen")), "{told:?}");
}

#[test]
fn an_alert_does_not_feed_itself() {
    let receiver = Receiver::start();
    let (house, _recorder) = house("");
    // The house's own records are by nobody, and about itself: two that would find each other's.
    let ids = ["One", "Other"].map(|name| alert(&house, name, "user:nobody target:pilothouse", hook(&receiver)));
    receiver.mood(Mood::Say(500, ""));
    wrong_password(&house);
    until("both failed", 15, || ids.iter().all(|id| standing(&house, id)["error"].is_string()));
    receiver.mood(Mood::Say(204, ""));
    until("both are told", 30, || taken(&receiver).len() == 2);
    std::thread::sleep(Duration::from_secs(8));
    let told = taken(&receiver);
    assert!(told.len() == 2 && told.iter().all(|told| told["records"] == 1 && told["items"][0]["operation"] == "SignIn"), "{told:?}");
    assert_eq!((own(&house, "AuditAlert").len(), own(&house, "AuditAlertSend").len()), (2, 4));
}

#[test]
fn a_mail_has_no_secret_and_no_line_of_a_stranger() {
    let mail = Mail::start("");
    let receiver = Receiver::start();
    let (house, _recorder) = house(&mail.settings());
    let mut where_to = hook(&receiver);
    where_to["mail"] = json!(["ops@example.com"]);
    alert(&house, "Grants \u{202e}of äll kinds", "operation:GrantCreate", where_to);
    let hostile = "eve\r\nBcc: all@example.com\r\n\r\n- nobody: nothing happened\u{2028}\u{85}.\r\n.\r\nMAIL FROM:<x@example.com>";
    let refused = house.post(&house.admin, "/api/v1/grants", json!({ "user": hostile, "role": "admin", "scope": "all" }));
    assert_ne!(refused.status, 200, "{refused:?}");
    until("it is told", 20, || mail.messages().len() == 1 && taken(&receiver).len() == 1);
    std::thread::sleep(Duration::from_secs(1));
    let messages = mail.messages();
    assert_eq!((messages.len(), &messages[0].to), (1, &vec!["ops@example.com".to_owned()]));
    let message = &messages[0];
    let mut names: Vec<String> = message.headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.sort();
    let known = ["auto-submitted", "content-transfer-encoding", "content-type", "date", "from", "message-id", "mime-version", "subject", "to"];
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
    assert_eq!(names.iter().collect::<std::collections::HashSet<_>>().len(), names.len(), "{names:?}");
    assert_eq!(message.text.lines().filter(|line| line.starts_with("- ")).count(), 1, "{}", message.text);
    assert!(!message.text.lines().any(|line| line.starts_with("Bcc") || line.starts_with('.')), "{}", message.text);
    assert!(!message.text.contains('\u{202e}') && !message.subject.contains('\u{202e}'), "{message:?}");
    assert!(message.subject.contains("äll"), "{}", message.subject);
    for secret in [SECRET, "hidden", PASSWORD, mail::PASSWORD, &house.admin] {
        assert!(!message.raw.contains(secret) && !message.text.contains(secret), "{secret} is in {}", message.raw);
        assert!(!receiver.got()[0].body.contains(secret), "{secret} is in {}", receiver.got()[0].body);
    }
    assert_eq!(receiver.got()[0].body.lines().count(), 1);
}

#[test]
fn who_may_and_what_is_never_shown_again() {
    let receiver = Receiver::start();
    let (house, _recorder) = house("");
    let add = |token: &str, body: Value| house.post(token, "/api/v1/audit/alerts", body);
    let whole = |more: Value| {
        let mut body = json!({ "name": "Denied", "query": "outcome:denied", "url": receiver.url("/hidden"), "secret": SECRET });
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        body
    };
    let auditor = house.user("otto", "auditor", "all");
    assert_eq!(house.get(&auditor, "/api/v1/audit/alerts").status, 200);
    assert_eq!(add(&auditor, whole(json!({}))).status, 403, "who reads does not send out");
    // Nor does who manages the trail and may not read it.
    let role = json!({ "name": "keeper", "permissions": ["system.audit.manage"] });
    assert_eq!(house.post(&house.admin, "/api/v1/roles", role).status, 200);
    let keeper = house.user("kim", "keeper", "all");
    let refused = add(&keeper, whole(json!({})));
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.json()["title"].as_str().unwrap().contains("system.audit.list"), "{refused:?}");

    for (more, field, part) in [
        (json!({ "name": "" }), "name", "1 to 60"),
        (json!({ "name": "a\nb" }), "name", "1 to 60"),
        (json!({ "query": "colour:red" }), "query", "no field"),
        (json!({ "query": "after:2d" }), "query", "leave after and before out"),
        (json!({ "query": "outcome:open" }), "query", "open"),
        (json!({ "scope": "engine/ship/project/x" }), "scope", "project"),
        (json!({ "times": 0 }), "times", "from 1 to 1000"),
        (json!({ "minutes": 1441 }), "minutes", "from 1 to 1440"),
        (json!({ "quiet": 10081 }), "quiet", "from 0 to 10080"),
        (json!({ "url": "http://hooks.example/x" }), "url", "https://"),
        (json!({ "url": "https://u:p@hooks.example/x" }), "url", "without a user"),
        (json!({ "secret": "short" }), "secret", "16"),
        (json!({ "secret": "" }), "secret", "of its own"),
        (json!({ "url": "", "secret": "" }), "url", "tells somebody"),
        (json!({ "mail": ["ops@example.com"] }), "mail", "sends no mail: its settings have no [mail]"),
    ] {
        let answer = add(&house.admin, whole(more.clone()));
        assert_eq!((answer.status, &answer.json()["field"]), (400, &json!(field)), "{more}: {answer:?}");
        assert!(answer.json()["title"].as_str().unwrap().contains(part), "{more}: {answer:?}");
    }
    let id = alert(&house, "Denied", "outcome:denied", hook(&receiver));
    assert_eq!(add(&house.admin, whole(json!({}))).status, 409);
    let shown = standing(&house, &id);
    assert_eq!(
        (&shown["webhook"], &shown["times"], &shown["scope"]),
        (&json!(format!("http://127.0.0.1:{}", receiver.port)), &json!(1), &json!("all"))
    );

    // Somebody else's address is not offered the secret unasked.
    let elsewhere = change(&house, &id, json!({ "url": receiver.url("/elsewhere") }));
    assert_eq!((elsewhere.status, &elsewhere.json()["field"]), (400, &json!("secret")), "{elsewhere:?}");
    let changed = change(&house, &id, json!({ "name": "Refused", "times": 3, "url": receiver.url("/hidden/2"), "secret": "another secret of it" }));
    assert_eq!(changed.status, 200, "{changed:?}");
    assert!(!changed.body.contains("another secret") && !changed.body.contains("hidden"), "{changed:?}");
    assert_eq!(change(&house, &id, json!({ "url": "" })).status, 400, "then it would tell nobody");
    let records = house.audit("&q=operation:AuditAlertUpdate%20outcome:ok");
    let changes = records[0]["changes"].as_array().unwrap();
    let of = |field: &str| changes.iter().find(|change| change["field"] == field).map(|change| (&change["before"], &change["after"]));
    assert_eq!((of("name"), of("times")), (Some((&json!("Denied"), &json!("Refused"))), Some((&json!("1"), &json!("3")))), "{changes:?}");
    assert_eq!((of("secret").map(|change| change.1), of("url").map(|change| change.1)), (Some(&json!("a new one")), Some(&json!("a new one"))));
    let everything = house.get(&house.admin, "/api/v1/audit/export?format=chain").body;
    assert!(!everything.contains(SECRET) && !everything.contains("another secret") && !everything.contains("hidden"), "a secret is in the trail");
    let rows = sql(&house.data, &["SELECT hex(secret), webhook FROM audit_alerts"]);
    let sealed = rows[0][0][0].as_str().unwrap();
    assert!(!sealed.contains(&data_encoding::HEXUPPER.encode(b"another secret")), "it is not sealed");

    // A test says what came back, now.
    let tried = |token: &str| house.post(token, &format!("/api/v1/audit/alerts/{id}/try"), json!({}));
    assert_eq!((tried(&auditor).status, tried(&keeper).status), (403, 403));
    let good = tried(&house.admin).json();
    assert_eq!((&good["ok"], &good["sent"][0]["message"]), (&json!(true), &json!("It answered that it took it.")), "{good}");
    assert_eq!(serde_json::from_str::<Value>(&receiver.got().last().unwrap().body).unwrap()["test"], true);
    receiver.mood(Mood::Say(503, "secret words"));
    let bad = tried(&house.admin).json();
    assert_eq!(bad["ok"], false);
    assert!(bad["sent"][0]["message"].as_str().unwrap().ends_with("answered 503."), "{bad}");
    assert_eq!(receiver.got().len(), 2, "a test is sent once");
    let remove = |token: &str| house.send(token, "DELETE", &format!("/api/v1/audit/alerts/{id}"), "").status;
    assert_eq!((remove(&auditor), remove(&keeper), remove(&house.admin), remove(&house.admin)), (403, 403, 200, 404));
    assert_eq!(change(&house, &id, json!({ "name": "x" })).status, 404);
}

#[test]
fn a_mail_server_that_does_not_know_us_is_told_of_and_one_without_tls_gets_nothing() {
    let mail = Mail::start("");
    let wrong = mail.settings().replace("[mail]\n", "[mail]\n# another password\n").replace("username = \"pilothouse\"", "username = \"stranger\"");
    let (house, _recorder) = house(&wrong);
    let id = alert(&house, "Denied", "outcome:denied", json!({ "mail": ["ops@example.com"] }));
    let tried = |house: &House, id: &str| house.post(&house.admin, &format!("/api/v1/audit/alerts/{id}/try"), json!({})).json();
    let said = tried(&house, &id);
    assert_eq!(said["ok"], false, "{said}");
    assert!(said["sent"][0]["message"].as_str().unwrap().contains("535"), "{said}");
    assert!(!said.to_string().contains(mail::PASSWORD), "{said}");
    drop(house);
    // An authority that did not sign its certificate.
    let other = Mail::start("");
    let strange = mail
        .settings()
        .replace("ca = \"", &format!("ca = \"{}\"\n# \"", other.settings().split("ca = \"").nth(1).unwrap().trim_end().trim_end_matches('"')));
    let (house, _recorder) = self::house(&strange);
    let id = alert(&house, "Denied", "outcome:denied", json!({ "mail": ["ops@example.com"] }));
    let said = tried(&house, &id);
    assert_eq!(said["ok"], false, "{said}");
    assert_eq!(mail.messages().len(), 0);
}
