//! The way through a real OpenID provider.

use pilothouse_tests::{
    http,
    identity::{CLIENT_SECRET, OpenId},
    sandbox::{House, PASSWORD},
    surfer::Surfer,
};
use serde_json::json;

use super::{change, me, provide, sign_in, team, teams_of, token, until, viewers, written};

#[test]
fn people_come_in_by_an_openid_provider_and_their_groups_are_their_teams() {
    let house = House::start(&[]);
    let mut openid = OpenId::start(json!({ "ana": { "groups": ["dev", "ops"] }, "ben": {} }), &[&house]);
    let mut settings = openid.settings();
    settings["group_teams"] = json!({ "dev": "developers", "ops": "operations", "boss": "nobody" });
    team(&house, "developers");
    team(&house, "operations");
    viewers(&house, "developers");
    provide(&house, "corp", &settings, Some(CLIENT_SECRET));

    let ways = http::send(house.address, "GET", "/api/v1/session/providers", &[], "").json();
    assert_eq!(ways, json!({ "providers": [{ "name": "corp", "label": "Corporate sign-in" }], "password": true }));

    let (mut ana, url, answer) = sign_in(&house, "corp", "ana", "/engines?q=a");
    assert!(url.ends_with("/engines?q=a"), "{url}: {answer:?}");
    let who = me(&house, &mut ana).json();
    assert_eq!(who["username"], "ana");
    assert_eq!(who["grants"][0]["role"], "viewer", "{who}");
    assert_eq!(teams_of(&house, "ana", "corp"), ["developers", "operations"]);
    let list = |token: &str| house.get(token, "/api/v1/engines").status;
    let visible = |token: &str| house.get(token, "/api/v1/me").json()["grants"].as_array().map_or(0, Vec::len);
    let anas = token(&house, &ana);
    assert_eq!((list(&anas), visible(&anas)), (200, 1));
    // What was given by hand is none of the provider's business.
    let answer = house.post(&house.admin, "/api/v1/teams/operations/members", json!({ "username": "ana" }));
    assert_eq!(answer.status, 200, "{answer:?}");

    // A group is gained and one is lost: at the next sign-in at once, for the token too.
    openid.people(json!({ "ana": { "groups": ["ops"] }, "ben": {} }));
    let (mut again, ..) = sign_in(&house, "corp", "ana", "/");
    assert_eq!(me(&house, &mut again).json()["username"], "ana", "the same person is the same user");
    assert_eq!(teams_of(&house, "ana", "corp"), ["operations"]);
    assert_eq!(visible(&anas), 0, "the token goes by what the groups say now");
    openid.people(json!({ "ana": { "groups": ["dev"] }, "ben": {} }));
    // And without one, within what is promised.
    until("the group that was gained counts", || visible(&anas) == 1);
    assert_eq!(teams_of(&house, "ana", "corp"), ["developers"]);
    assert_eq!(teams_of(&house, "ana", ""), ["operations"]);
    openid.people(json!({ "ana": { "groups": [] }, "ben": {} }));
    until("the group that was lost does not count", || visible(&anas) == 0);

    // Keys change; the new one is looked for.
    openid.start_again();
    let (mut ben, url, answer) = sign_in(&house, "corp", "ben", "/");
    assert_eq!(me(&house, &mut ben).json()["username"], "ben", "{url}: {answer:?}");

    // Signing out leads to the provider's own end.
    let answer = http::send(house.address, "DELETE", "/api/v1/session", &[("Cookie", &ben.cookies_of(house.address))], "");
    let end = answer.json()["go_to"].as_str().unwrap().to_owned();
    assert!(end.starts_with(&format!("{}/session/end?client_id=pilothouse&post_logout_redirect_uri=http", openid.issuer())), "{end}");
    assert_eq!(ben.get(&end).status, 200, "the provider takes it");
    assert_eq!(me(&house, &mut ben).status, 401);

    // Whoever is gone at the provider may nothing any more: their sessions end, their tokens stop.
    let (benjamin, ..) = sign_in(&house, "corp", "ben", "/");
    let bens = token(&house, &benjamin);
    assert_eq!(house.get(&bens, "/api/v1/me").status, 200);
    openid.people(json!({ "ana": { "groups": [] } }));
    until("who is gone may nothing", || house.get(&bens, "/api/v1/me").status == 404);
    let mut gone = benjamin.clone();
    assert_eq!(me(&house, &mut gone).status, 401);
    // Until the provider vouches for them again.
    openid.people(json!({ "ana": { "groups": [] }, "ben": {} }));
    sign_in(&house, "corp", "ben", "/");
    assert_eq!(house.get(&bens, "/api/v1/me").status, 200);
    let followed = house.audit("").into_iter().filter(|record| record["operation"] == "ProviderFollow").map(|record| record["object"].to_string());
    let followed: Vec<String> = followed.collect();
    for wanted in ["ana is new", "+developers +operations", "-developers", "is not known to the provider any more"] {
        assert!(followed.iter().any(|object| object.contains(wanted)), "{wanted}: {followed:?}");
    }
}

#[test]
fn a_provider_that_is_down_says_so_and_stops_nobody_else() {
    let house = House::start(&[]);
    let mut openid = OpenId::start(json!({ "ana": {} }), &[&house]);
    provide(&house, "corp", &openid.settings(), Some(CLIENT_SECRET));
    let mut surfer = Surfer::default();
    let start = format!("http://{}/api/v1/session/oidc/corp/start", house.address);
    let (callback, _) = surfer.walk(&start, "ana", |url| url.contains("/callback"));
    openid.stop();
    let answer = surfer.get(&callback);
    assert_eq!(answer.status, 502, "{answer:?}");
    assert_eq!(answer.json()["title"], "Corporate sign-in cannot be asked now, so nobody can sign in by it.");
    assert!(written(&house, "does not answer"));
    // One that was never reached.
    provide(&house, "corp2", &json!({ "oidc": { "issuer": "http://127.0.0.1:1", "client_id": "pilothouse" } }), None);
    let answer = surfer.get(&format!("http://{}/api/v1/session/oidc/corp2/start", house.address));
    assert_eq!((answer.status, answer.json()["code"].as_str()), (502, Some("backend-unreachable")), "{answer:?}");
    house.sign_in("admin", PASSWORD);
    // A browser is led back to the sign-in page, which says what happened.
    surfer.accept = "text/html";
    let answer = surfer.get(&format!("http://{}/api/v1/session/oidc/corp2/start", house.address));
    assert_eq!((answer.status, answer.header("location")), (303, Some("/sign-in?problem=down")));
    openid.start_again();
    let (mut ana, ..) = sign_in(&house, "corp", "ana", "/");
    assert_eq!(me(&house, &mut ana).json()["username"], "ana");
}

#[test]
fn the_same_name_and_address_at_another_issuer_are_another_user() {
    let house = House::start(&[]);
    let people = json!({ "ana": { "email": "ana@corp.example", "email_verified": true } });
    let (one, two) = (OpenId::start(people.clone(), &[&house]), OpenId::start(people, &[&house]));
    provide(&house, "corp", &one.settings(), Some(CLIENT_SECRET));
    provide(&house, "other", &two.settings(), Some(CLIENT_SECRET));
    // And so is whoever has the name here already.
    let made = house.post(&house.admin, "/api/v1/users", json!({ "username": "ana" }));
    assert_eq!(made.status, 200);
    let name = |provider: &str| {
        let (mut surfer, ..) = sign_in(&house, provider, "ana", "/");
        me(&house, &mut surfer).json()["username"].as_str().unwrap().to_owned()
    };
    assert_eq!((name("corp"), name("other")), ("ana-corp".to_owned(), "ana-other".to_owned()));
    assert_eq!((name("corp"), name("other")), ("ana-corp".to_owned(), "ana-other".to_owned()));
    for user in ["ana-corp", "ana-other"] {
        assert_eq!(house.get(&house.admin, &format!("/api/v1/grants?filter={user}")).json()["items"], json!([]), "{user} begins with no right");
    }
}

#[test]
fn who_may_not_come_in_does_not() {
    let house = House::start(&[]);
    let openid = OpenId::start(json!({ "ana": { "groups": ["dev"] }, "ben": { "groups": ["other"] }, "eve": { "groups": ["dev"] } }), &[&house]);
    let mut settings = openid.settings();
    settings["allowed_groups"] = json!(["dev"]);
    provide(&house, "corp", &settings, Some(CLIENT_SECRET));
    let refused = |login: &str| {
        let (_, url, answer) = sign_in(&house, "corp", login, "/done");
        assert!(!url.ends_with("/done"), "{login} came in");
        assert_eq!(answer.status, 403, "{answer:?}");
        answer.json()["title"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused("ben"), "You are in none of the groups that may come in here.");
    assert!(written(&house, "none of the groups"));
    let (ana, ..) = sign_in(&house, "corp", "ana", "/done");
    let anas = token(&house, &ana);
    // Out of the group: at the sign-in, for the token too.
    openid.people(json!({ "ana": { "groups": [] }, "ben": {}, "eve": { "groups": ["dev"] } }));
    assert_eq!(refused("ana"), "You are in none of the groups that may come in here.");
    assert_eq!(house.get(&anas, "/api/v1/me").status, 404);
    // Nobody new.
    settings["create_users"] = json!(false);
    change(&house, "corp", &settings);
    assert_eq!(refused("eve"), "You have no account here, and this provider makes none. Ask an administrator.");
    // And nobody who is disabled.
    openid.people(json!({ "ana": { "groups": ["dev"] } }));
    let disabled = house.send(&house.admin, "PATCH", "/api/v1/users/ana", &json!({ "disabled": true }).to_string());
    assert_eq!(disabled.status, 200);
    assert_eq!(refused("ana"), "Your account here is disabled.");
    let enabled = house.send(&house.admin, "PATCH", "/api/v1/users/ana", &json!({ "disabled": false }).to_string());
    assert_eq!(enabled.status, 200);
    sign_in(&house, "corp", "ana", "/done");
    assert_eq!(house.get(&anas, "/api/v1/me").status, 200);
    // A provider that is no more stands by nobody.
    let removed = house.send(&house.admin, "DELETE", "/api/v1/providers/corp", "");
    assert_eq!(removed.status, 200, "{removed:?}");
    assert_eq!(house.get(&anas, "/api/v1/me").status, 404);
}

#[test]
fn a_sign_in_leads_back_into_this_site_only() {
    let house = House::start(&[]);
    let openid = OpenId::start(json!({ "ana": {} }), &[&house]);
    provide(&house, "corp", &openid.settings(), Some(CLIENT_SECRET));
    let bad = [
        "//evil.example",
        "%2F%2Fevil.example",
        "%5Cevil.example",
        "/%5Cevil.example",
        "javascript:alert(1)",
        "https://evil.example",
        "/%09/evil.example",
        "/x%0d%0aSet-Cookie:%20a",
        "",
    ];
    for bad in bad {
        let answer = http::send(house.address, "GET", &format!("/api/v1/session/oidc/corp/start?return_to={bad}"), &[], "");
        assert_eq!(answer.status, 400, "{bad}: {answer:?}");
    }
    assert!(written(&house, "another site"));
}

#[test]
fn a_provider_is_tried_out_without_a_session_and_its_secret_stays_where_it_is() {
    let house = House::start(&[]);
    let openid = OpenId::start(json!({ "ana": { "groups": ["dev"] } }), &[&house]);
    let mut settings = openid.settings();
    settings["group_teams"] = json!({ "dev": "developers" });
    provide(&house, "corp", &settings, Some(CLIENT_SECRET));
    let mut admin = Surfer::default();
    let url = |path: &str| format!("http://{}{path}", house.address);
    let signed_in = house.sign_in("admin", PASSWORD);
    let tried = house.post_as(&[("Cookie", &signed_in)], "/api/v1/providers/corp/test", json!({}));
    assert_eq!(tried.status, 200, "{tried:?}");
    let cookie = tried.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let way = tried.json()["go_to"].as_str().unwrap().to_owned();
    let (callback, _) = admin.walk(&way, "ana", |url| url.contains("/callback"));
    let back = http::send(house.address, "GET", callback.strip_prefix(&url("")).unwrap(), &[("Cookie", &cookie)], "");
    assert_eq!(back.status, 303, "{back:?}");
    assert_eq!(back.header("set-cookie"), None, "a test ends in no session");
    let id = back.header("location").unwrap().strip_prefix("/providers/corp?test=").unwrap().to_owned();
    let found = house.get(&house.admin, &format!("/api/v1/providers/corp/tests/{id}")).json();
    assert_eq!(
        (&found["found"]["username"], &found["found"]["groups"], &found["found"]["teams"]),
        (&json!("ana"), &json!(["dev"]), &json!(["developers"])),
        "{found}"
    );
    assert!(found["found"]["claims"].as_array().unwrap().iter().any(|claim| claim["name"] == "sub" && claim["value"] == "ana"), "{found}");
    assert_eq!(house.get(&house.admin, "/api/v1/users?filter=ana").json()["items"], json!([]), "and in no user");

    // A secret is neither shown nor sent to another address.
    let shown = house.get(&house.admin, "/api/v1/providers/corp");
    assert!(shown.json()["secret"] == true && !shown.body.contains(CLIENT_SECRET), "{shown:?}");
    settings["oidc"]["issuer"] = json!("https://elsewhere.example");
    change(&house, "corp", &settings);
    assert_eq!(house.get(&house.admin, "/api/v1/providers/corp").json()["secret"], false);
    let database = std::fs::read(house.data.join("pilothouse.db-wal")).unwrap();
    assert!(!database.windows(CLIENT_SECRET.len()).any(|bytes| bytes == CLIENT_SECRET.as_bytes()), "the secret is in the database as it is");
}

#[test]
fn what_the_settings_declare_is_applied_and_not_editable_and_local_sign_in_can_be_hidden() {
    let first = House::start(&[]);
    let openid = OpenId::start(json!({ "ana": {} }), &[&first]);
    drop(first);
    let secret = openid.settings()["oidc"]["issuer"].as_str().unwrap().to_owned();
    let file = std::env::temp_dir().join(format!("ph-secret-{}", std::process::id()));
    std::fs::write(&file, format!("{CLIENT_SECRET}\n")).unwrap();
    let settings = format!(
        "local_sign_in = \"hidden\"\nbreak_glass = [\"admin\"]\n[[providers]]\nname = \"corp\"\nlabel = \"Corp\"\nclient_secret_file = {file:?}\n\
         [providers.oidc]\nissuer = \"{secret}\"\nclient_id = \"pilothouse\"\n"
    );
    let house = House::with_settings(&[], &settings);
    std::fs::remove_file(file).unwrap();
    let ways = http::send(house.address, "GET", "/api/v1/session/providers", &[], "").json();
    assert_eq!(ways, json!({ "providers": [{ "name": "corp", "label": "Corp" }], "password": false }));
    let shown = house.get(&house.admin, "/api/v1/providers/corp").json();
    assert_eq!((&shown["declared"], &shown["secret"]), (&json!(true), &json!(true)), "{shown}");
    for (method, body) in [("PATCH", "{}"), ("DELETE", "")] {
        assert_eq!(house.send(&house.admin, method, "/api/v1/providers/corp", body).status, 409, "{method}");
    }
    // Only the break-glass account has a way by password.
    let made = house.post(&house.admin, "/api/v1/users", json!({ "username": "lee", "password": PASSWORD }));
    assert_eq!(made.status, 200);
    let answer = house.post_as(&[], "/api/v1/session", json!({ "username": "lee", "password": PASSWORD }));
    assert_eq!(answer.status, 401, "{answer:?}");
    assert!(written(&house, "switched off"));
    house.sign_in("admin", PASSWORD);
}
