//! Authenticator apps and recovery codes.

use std::path::Path;

use serde_json::{Value, json};

use super::{App, Browser, awaited, calm, codes, somebody};
use pilothouse_tests::{
    sandbox::{House, PASSWORD},
    store::sql,
};

fn send(browser: &mut Browser, house: &House, code: &str) -> u16 {
    browser.post(house, "/session/factor", json!({ "code": code })).status
}

#[test]
fn a_right_code_lets_in_once_and_only_near_its_time() {
    let house = House::start(&[]);
    let (app, ..) = somebody(&house, "ana").add_app(&house);
    calm();
    let mut browser = awaited(&house, "ana");
    assert_eq!(browser.cookie("__Host-pilothouse"), None, "a password alone begins no session");
    assert!(!browser.is_in(&house));
    let step = browser.get(&house, "/session/factor").json();
    assert_eq!(step, json!({ "awaited": true, "totp": true, "recovery": true, "passkey": false, "passkeys": false }));
    let wrong = browser.post(&house, "/session/factor", json!({ "code": app.wrong() }));
    assert_eq!((wrong.status, &wrong.json()["field"]), (401, &json!("code")), "{wrong:?}");
    assert_eq!(send(&mut browser, &house, &app.used), 401, "the code that it was added with was used");
    assert_eq!(send(&mut browser, &house, &app.code(2)), 401, "a code of a minute from now");
    assert_eq!(send(&mut browser, &house, &app.code(0)), 200);
    assert!(browser.is_in(&house));
    assert_eq!(browser.cookie("__Host-pilothouse-step"), None, "the step is over");
    let sessions = browser.get(&house, "/sessions").json();
    assert!(sessions["items"].as_array().unwrap().iter().any(|it| it["current"] == true && it["factor"] == "totp"), "{sessions}");

    let mut next = awaited(&house, "ana");
    assert_eq!(send(&mut next, &house, &app.code(0)), 401, "a code works once");
    assert_eq!(send(&mut next, &house, &app.code(-1)), 401, "nor one before it");
    let code = app.code(1);
    assert_eq!(send(&mut next, &house, &format!("{} {}", &code[..3], &code[3..])), 200, "an app whose clock is half a minute fast");
}

#[test]
fn of_one_code_sent_many_times_at_once_one_lets_in() {
    let house = House::start(&[]);
    let (app, ..) = somebody(&house, "ana").add_app(&house);
    calm();
    let code = app.code(0);
    let mut browsers: Vec<Browser> = (0..4).map(|_| awaited(&house, "ana")).collect();
    let (house, code) = (&house, &code);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let all: Vec<_> = browsers.iter_mut().map(|browser| scope.spawn(move || send(browser, house, code))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
}

#[test]
fn the_second_step_is_of_one_browser_and_takes_five_codes() {
    let house = House::start(&[]);
    let (app, ..) = somebody(&house, "ana").add_app(&house);
    calm();
    let mut other = Browser::default();
    let mut browser = awaited(&house, "ana");
    let over = other.post(&house, "/session/factor", json!({ "code": app.code(0) }));
    assert_eq!((over.status, &over.json()["title"]), (401, &json!("This sign-in is over.")), "{over:?}");
    for _ in 0..5 {
        assert_eq!(send(&mut browser, &house, &app.wrong()), 401);
    }
    let over = browser.post(&house, "/session/factor", json!({ "code": app.code(0) }));
    assert_eq!((over.status, &over.json()["title"]), (401, &json!("This sign-in is over.")), "{over:?}");
    assert_eq!(browser.get(&house, "/session/factor").json()["awaited"], false);
    assert_eq!(send(&mut awaited(&house, "ana"), &house, &app.code(0)), 200, "the right code was not used up by it");
}

#[test]
fn guesses_of_codes_are_slowed_down_by_user_wherever_they_begin() {
    let house = House::start(&[]);
    let (app, ..) = somebody(&house, "ana").add_app(&house);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let mut browser = awaited(&house, "ana");
        statuses.extend((0..5).map(|_| send(&mut browser, &house, &app.wrong())));
    }
    let free = statuses.iter().filter(|status| **status == 401).count();
    assert!((10..=12).contains(&free) && statuses.last() == Some(&429), "{statuses:?}");
    let mut again = awaited(&house, "ana");
    let slowed = again.post(&house, "/session/factor", json!({ "code": app.code(0) }));
    assert_eq!(slowed.status, 429, "{slowed:?}");
    assert!(slowed.header("retry-after").is_some());
}

#[test]
fn a_changed_or_disabled_user_does_not_finish_the_sign_in_of_before() {
    let house = House::start(&[]);
    let (app, ..) = somebody(&house, "ana").add_app(&house);
    calm();
    let change = |body: &str| assert_eq!(house.send(&house.admin, "PATCH", "/api/v1/users/ana", body).status, 200);
    let mut browser = awaited(&house, "ana");
    change(r#"{"password":"another horse battery"}"#);
    assert_eq!(send(&mut browser, &house, &app.code(0)), 401);
    assert!(!browser.is_in(&house));
    change(&format!(r#"{{"password":"{PASSWORD}"}}"#));
    let mut browser = awaited(&house, "ana");
    change(r#"{"disabled":true}"#);
    assert_eq!(send(&mut browser, &house, &app.code(1)), 401);
    assert!(!browser.is_in(&house));
}

#[test]
fn a_recovery_code_lets_in_once_and_new_ones_end_the_old() {
    let house = House::start(&[]);
    let mut ana = somebody(&house, "ana");
    let (.., added) = ana.add_app(&house);
    let old = codes(&added);
    assert_eq!(old.len(), 10);
    let typed = old[0].to_uppercase().replace('-', " ");
    assert_eq!(send(&mut awaited(&house, "ana"), &house, &typed), 200);
    let mut browser = awaited(&house, "ana");
    assert_eq!(send(&mut browser, &house, &old[0]), 401, "it works once");
    assert_eq!(send(&mut browser, &house, &old[1]), 200);
    let factors = browser.get(&house, "/account/factors").json();
    assert_eq!((&factors["recovery_left"], &factors["ask_password"]), (&json!(8), &json!(false)), "{factors}");
    let new = codes(&browser.post(&house, "/account/recovery-codes", json!({})).json());
    let mut browser = awaited(&house, "ana");
    assert_eq!((send(&mut browser, &house, &old[2]), send(&mut browser, &house, &new[2])), (401, 200));
    somebody(&house, "bob").add_app(&house);
    assert_eq!(send(&mut awaited(&house, "bob"), &house, &new[3]), 401, "a code is one user's");
}

#[test]
fn an_app_counts_with_a_right_code_only_and_changes_ask_for_the_password() {
    let house = House::start(&[]);
    let mut ana = somebody(&house, "ana");
    let start = |browser: &mut Browser, body: Value| browser.post(&house, "/account/factors/totp", body);
    assert_eq!(start(&mut ana, json!({})).json()["field"], "password");
    assert_eq!(start(&mut ana, json!({ "password": "not the password" })).json()["field"], "password");
    let begun = start(&mut ana, json!({ "password": PASSWORD })).json();
    assert!(begun["uri"].as_str().unwrap().starts_with("otpauth://totp/Pilothouse"), "{begun}");
    assert!(begun["qr"].as_str().unwrap().len() > 1000);
    let (app, path) = (App::new(begun["secret"].as_str().unwrap()), format!("/account/factors/totp/{}", begun["id"].as_str().unwrap()));
    assert_eq!(ana.post(&house, &path, json!({ "code": app.wrong(), "name": "phone" })).json()["field"], "code");
    assert_eq!(Browser::of(&house, "ana").get(&house, "/account/factors").json()["items"], json!([]), "it does not count yet");
    let mut bob = somebody(&house, "bob");
    assert_eq!(bob.post(&house, &path, json!({ "code": app.code(0), "name": "phone" })).status, 404, "it is another's");
    assert_eq!(house.post(&house.admin, "/api/v1/account/factors/totp", json!({ "password": PASSWORD })).status, 403, "a token changes no factors");
    let added = ana.post(&house, &path, json!({ "code": app.code(0), "name": "phone" }));
    assert_eq!(added.status, 200, "{added:?}");
    // The session was proved just now: it may change more without the password.
    assert_eq!(start(&mut ana, json!({})).status, 200);
    let id = added.json()["factor"]["id"].as_str().unwrap().to_owned();
    let gone = ana.post(&house, &format!("/account/factors/{id}/remove"), json!({}));
    assert_eq!(gone.status, 200, "{gone:?}");
    let factors = ana.get(&house, "/account/factors").json();
    assert_eq!((&factors["items"], &factors["recovery_left"], &factors["ask_password"]), (&json!([]), &json!(0), &json!(true)), "{factors}");
    Browser::of(&house, "ana");
}

#[test]
fn an_administrator_helps_who_has_lost_everything() {
    let house = House::start(&[]);
    let mut ana = somebody(&house, "ana");
    let (app, ..) = ana.add_app(&house);
    let mut browser = awaited(&house, "ana");
    let viewer = house.user("vic", "viewer", "all");
    assert_eq!(house.send(&viewer, "DELETE", "/api/v1/users/ana/factors", "").status, 403);
    assert_eq!(house.send(&house.admin, "DELETE", "/api/v1/users/nobody/factors", "").status, 404);
    assert_eq!(house.send(&house.admin, "DELETE", "/api/v1/users/ana/factors", "").status, 200);
    assert!(!ana.is_in(&house), "their sessions end");
    assert_eq!(send(&mut browser, &house, &app.code(0)), 401, "the app is nothing any more");
    Browser::of(&house, "ana");
    let record = house.audit("").into_iter().find(|record| record["operation"] == "UserFactorsReset" && record["outcome"] == "ok").unwrap();
    assert_eq!((&record["user"], &record["object"]), (&json!("admin"), &json!("ana")), "{record}");
}

#[test]
fn a_restart_keeps_everything_and_nothing_secret_is_in_clear_anywhere() {
    let mut house = House::start(&[]);
    let (app, secret, added) = somebody(&house, "ana").add_app(&house);
    let recovery = codes(&added);
    calm();
    let mut browser = awaited(&house, "ana");
    let step = browser.cookie("__Host-pilothouse-step").unwrap().to_owned();
    let code = app.code(0);
    assert_eq!(send(&mut browser, &house, &code), 200);
    let session = browser.cookie("__Host-pilothouse").unwrap().to_owned();
    assert_eq!(send(&mut awaited(&house, "ana"), &house, &recovery[0]), 200);
    house.crash();
    assert!(browser.is_in(&house));
    let mut next = awaited(&house, "ana");
    assert_eq!((send(&mut next, &house, &code), send(&mut next, &house, &recovery[0])), (401, 401), "what was used stays used");
    assert_eq!(send(&mut next, &house, &recovery[1]), 200);

    let records = house.audit("").iter().map(Value::to_string).collect::<String>();
    assert!(records.contains("ana: totp") && records.contains("ana: recovery") && records.contains("a second factor is asked for"), "{records}");
    house.stop();
    let mut files = Vec::new();
    read_all(house.data.parent().unwrap(), &mut files);
    let raw = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let plain = recovery[0].replace('-', "");
    let secrets = [secret.as_bytes(), &raw, recovery[0].as_bytes(), plain.as_bytes(), step.as_bytes(), session.as_bytes(), PASSWORD.as_bytes()];
    for (path, bytes) in &files {
        for (n, secret) in secrets.iter().enumerate() {
            assert!(!bytes.windows(secret.len()).any(|window| window == *secret), "secret {n} is in {path}");
            assert!(!records.contains(&*String::from_utf8_lossy(secret)), "secret {n} is in the trail");
        }
    }
    assert!(
        files.iter().any(|(path, bytes)| path.ends_with("pilothouse.db") && bytes.windows(5).any(|window| window == b"phone")),
        "{:?}",
        files.len()
    );
    let kept = sql(&house.data, &["SELECT count(*) FROM recovery_codes WHERE used_at IS NOT NULL", "SELECT length(secret) FROM factors"]);
    assert_eq!((&kept[0][0][0], kept[1][0][0].as_u64() > Some(32)), (&json!(2), true), "{kept:?}");
}

fn read_all(dir: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            read_all(&entry.path(), into);
        } else if let Ok(bytes) = std::fs::read(entry.path()) {
            into.push((entry.path().display().to_string(), bytes));
        }
    }
}
