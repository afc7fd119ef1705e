//! The way through a real directory, and what has been tried on others.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
};

use pilothouse_tests::{
    http::Answer,
    identity::{DIRECTORY_SECRET, Ldap},
    sandbox::{House, PASSWORD},
};
use serde_json::{Value, json};

use super::{change, provide, team, teams_of, until, viewers, written};

const ANA: &str = "password of ana";
const BEN: &str = "password of ben";

fn house_with(ldap: &Ldap, more: &Value) -> House {
    let house = House::start(&[]);
    let mut settings = ldap.settings();
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    provide(&house, "corp", &settings, Some(DIRECTORY_SECRET));
    house
}

fn sign_in(house: &House, username: &str, password: &str) -> Answer {
    house.post_as(&[], "/api/v1/session", json!({ "username": username, "password": password }))
}

fn users(house: &House) -> Vec<String> {
    let all = house.get(&house.admin, "/api/v1/users").json();
    all["items"].as_array().unwrap().iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn people_come_in_by_a_directory_and_groups_of_groups_are_teams() {
    let mut ldap = Ldap::start();
    let house = house_with(&ldap, &json!({ "group_teams": { "dev": "developers", "staff": "everybody" } }));
    team(&house, "developers");
    team(&house, "everybody");
    viewers(&house, "everybody");
    let tried = house.post(&house.admin, "/api/v1/providers/corp/test", json!({ "username": "ana" })).json();
    assert_eq!((&tried["ok"], &tried["found"]["groups"]), (&json!(true), &json!(["dev", "staff"])), "{tried}");
    assert_eq!(tried["found"]["teams"], json!(["developers", "everybody"]));
    assert_eq!(users(&house), ["admin"], "a test makes no user");

    assert_eq!(sign_in(&house, "ana", ANA).json()["username"], "ana");
    assert_eq!(teams_of(&house, "ana", "corp"), ["developers", "everybody"]);
    let anas = house.token_of("ana", ANA);
    let rights = || house.get(&anas, "/api/v1/me").json()["grants"].as_array().map_or(0, Vec::len);
    assert_eq!(rights(), 1);

    // Out of a group, and out of the directory: within what is promised, for the token too.
    ldap.change("dn: cn=dev,ou=groups,dc=example,dc=com\nchangetype: modify\nreplace: member\nmember: uid=Ben,ou=people,dc=example,dc=com\n");
    until("the groups that were lost do not count", || rights() == 0);
    assert_eq!(teams_of(&house, "ana", "corp"), Vec::<String>::new());
    ldap.change("dn: uid=ana,ou=people,dc=example,dc=com\nchangetype: delete\n");
    until("who is gone may nothing", || house.get(&anas, "/api/v1/me").status == 404);

    // A directory that is down says so, and stops nobody else.
    ldap.stop();
    let answer = sign_in(&house, "ben", BEN);
    assert_eq!(answer.status, 502, "{answer:?}");
    assert_eq!(answer.json()["title"], "corp cannot be asked now, so nobody can sign in by it.");
    house.sign_in("admin", PASSWORD);
    ldap.start_again();
    assert_eq!(sign_in(&house, "ben", BEN).status, 200);
}

#[test]
fn one_account_an_entry_however_a_name_is_spelt() {
    let ldap = Ldap::start();
    let house = house_with(&ldap, &json!({}));
    for name in ["Ben", "ben", "BEN", " bEn ", "ben"] {
        let answer = sign_in(&house, name, BEN);
        assert_eq!((answer.status, answer.json()["username"].as_str()), (200, Some("ben")), "{name:?}: {answer:?}");
    }
    assert_eq!(users(&house), ["admin", "ben"]);
    // Whoever has a password here is asked for it here.
    let made = house.post(&house.admin, "/api/v1/users", json!({ "username": "ana", "password": PASSWORD }));
    assert_eq!(made.status, 200);
    assert_eq!(sign_in(&house, "ana", ANA).status, 401, "a directory took over a local name");
    assert_eq!(sign_in(&house, "ana", PASSWORD).status, 200);
}

/// Whoever says which directory is asked could put another one in its place, that calls anybody by anybody's name.
#[test]
fn a_directory_is_not_exchanged_by_who_holds_less_than_its_people() {
    let ldap = Ldap::start();
    let house = house_with(&ldap, &json!({}));
    assert_eq!(sign_in(&house, "ana", ANA).status, 200);
    let boss = house.post(&house.admin, "/api/v1/grants", json!({ "user": "ana", "role": "admin", "scope": "all" }));
    assert_eq!(boss.status, 200, "{boss:?}");
    let providers = ["system.provider.list", "system.provider.create", "system.provider.update", "system.provider.delete"];
    assert_eq!(house.post(&house.admin, "/api/v1/roles", json!({ "name": "clerk", "permissions": providers })).status, 200);
    let mal = house.user("mal", "clerk", "all");
    let mut settings = ldap.settings();
    settings["ldap"]["url"] = json!("ldaps://127.0.0.1:1");
    let exchange = |settings: &Value| house.send(&mal, "PATCH", "/api/v1/providers/corp", &json!({ "settings": settings }).to_string());
    let refused = exchange(&settings);
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.body.contains("ana holds admin on all"), "{refused:?}");
    let mut label = ldap.settings();
    label["label"] = json!("Another label");
    assert_eq!(exchange(&label).status, 200, "what says nothing of people may be changed");
    // Nor removed, and one of the same name made.
    assert_eq!(house.send(&mal, "DELETE", "/api/v1/providers/corp", "").status, 200);
    let again = house.post(&mal, "/api/v1/providers", json!({ "name": "corp", "settings": settings, "secret": DIRECTORY_SECRET }));
    assert_eq!(again.status, 403, "{again:?}");
}

#[test]
fn a_local_name_without_a_password_is_not_joined() {
    let ldap = Ldap::start();
    let house = house_with(&ldap, &json!({}));
    let made = house.post(&house.admin, "/api/v1/users", json!({ "username": "ana" }));
    assert_eq!(made.status, 200);
    assert_eq!(sign_in(&house, "ana", ANA).json()["username"], "ana-corp");
}

#[test]
fn what_has_been_tried_on_others_is_refused() {
    let twins = "dn: ou=more,ou=people,dc=example,dc=com\nobjectClass: organizationalUnit\nou: more\n\n\
        dn: uid=twin,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: twin\ncn: twin\nsn: twin\nuserPassword: password of twin\n\n\
        dn: uid=twin,ou=more,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: twin\ncn: twin\nsn: twin\nuserPassword: password of twin\n\n\
        dn: uid=far,ou=people,dc=example,dc=com\nobjectClass: referral\nobjectClass: extensibleObject\nuid: far\nref: ldap://127.0.0.1:1/uid=far,dc=elsewhere\n\n";
    let ldap = Ldap::with(twins, &[]);
    let house = house_with(&ldap, &json!({}));
    let tries = [
        ("ana", ""),
        ("", "x"),
        ("*", ANA),
        ("a*", ANA),
        ("*)(uid=*", ANA),
        ("ana)(|(uid=*", ANA),
        ("ana\0", ANA),
        ("ana,ou=people", ANA),
        ("uid=ana,ou=people,dc=example,dc=com", ANA),
        ("ana\\2a", ANA),
        ("ana", "\0"),
        ("twin", "password of twin"),
        ("far", "x"),
        ("ana", BEN),
    ];
    for (name, password) in tries {
        // What fails is slowed down: each try comes with a house that has forgotten the last.
        let answer = sign_in(&house, name, password);
        if answer.status == 429 {
            panic!("slowed down before {name:?}");
        }
        assert_eq!(answer.status, 401, "{name:?} {password:?}: {answer:?}");
    }
    assert_eq!(users(&house), ["admin"]);
    assert_eq!(sign_in(&house, "ana", ANA).status, 200);
}

#[test]
fn guessing_at_a_directory_is_slowed_down_however_a_name_is_spelt() {
    let ldap = Ldap::start();
    let house = house_with(&ldap, &json!({}));
    let spellings = ["ana", "Ana", "ANA", " ana", "ana ", "aNa", "anA"];
    let answers: Vec<u16> = spellings.iter().map(|name| sign_in(&house, name, "wrong wrong wrong").status).collect();
    assert_eq!(answers, [401, 401, 401, 401, 401, 429, 429]);
}

#[test]
fn no_password_goes_out_before_tls() {
    // It reads, and refuses StartTLS as an old server would: with a protocol error.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let all = heard.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = [0; 4096];
            while let Ok(n) = stream.read(&mut buffer) {
                if n == 0 {
                    break;
                }
                all.lock().unwrap().extend_from_slice(&buffer[..n]);
                let _ = stream.write_all(&[0x30, 0x0c, 0x02, 0x01, buffer[4], 0x78, 0x07, 0x0a, 0x01, 0x02, 0x04, 0x00, 0x04, 0x00]);
            }
        }
    });
    let house = House::start(&[]);
    let mut settings =
        json!({ "ldap": { "url": format!("ldap://127.0.0.1:{port}"), "bind_dn": "cn=admin,dc=example,dc=com", "base_dn": "dc=example,dc=com" } });
    provide(&house, "corp", &settings, Some("the bind password"));
    assert_eq!(sign_in(&house, "ana", ANA).status, 502);
    let said = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
    assert!(said.contains("1.3.6.1.4.1.1466.20037"), "it was not asked for TLS");
    assert!(!said.contains("the bind password") && !said.contains(ANA), "a password went out without TLS");
    assert!(written(&house, "The directory does not answer as it should"));

    // A real one without TLS is no better; a certificate of another authority neither.
    let ldap = Ldap::with("", &["--no-tls"]);
    provide(&house, "bare", &ldap.settings(), Some(DIRECTORY_SECRET));
    assert_eq!(sign_in(&house, "ana", ANA).status, 502);
    let ldap = Ldap::start();
    let mut stranger = ldap.settings();
    stranger["ldap"]["ca"] = json!("");
    provide(&house, "stranger", &stranger, Some(DIRECTORY_SECRET));
    let tried = house.post(&house.admin, "/api/v1/providers/stranger/test", json!({ "username": "ana" })).json();
    assert_eq!((&tried["ok"], &tried["steps"][0]["step"]), (&json!(false), &json!("bind")), "{tried}");

    // Without TLS only where it is said, and only to this machine.
    settings["ldap"]["plaintext"] = json!(true);
    settings["ldap"]["url"] = json!("ldap://ldap.example.com");
    let answer = house.post(&house.admin, "/api/v1/providers", json!({ "name": "plain", "settings": settings, "secret": "x" }));
    assert_eq!((answer.status, answer.json()["field"].as_str()), (400, Some("plaintext")), "{answer:?}");
    let mut plain = ldap.settings();
    plain["ldap"]["plaintext"] = json!(true);
    change(&house, "stranger", &plain);
    let tried = house.post(&house.admin, "/api/v1/providers/stranger/test", json!({ "username": "ana" })).json();
    assert_eq!(tried["ok"], true, "{tried}");
}
