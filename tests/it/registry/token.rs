//! The token service: who gets a token, for what, and when it ends.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use pilothouse_tests::{
    http::{self, Answer},
    postgres::postgres,
    registry::{Client, code, house, registry},
    sandbox::{House, PASSWORD, until},
};
use serde_json::{Value, json};

use crate::factors::Browser;

fn user(name: &str, role: &str, scope: &str) -> String {
    Client::admin(house()).push("reg/tokens/x", "latest", "layer");
    house().user(name, role, scope)
}

const SCOPE: &str = "&scope=repository:reg/tokens/x:pull,push,delete";

fn claims(token: &str) -> Value {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(token.split('.').nth(1).unwrap().as_bytes()).unwrap()).unwrap()
}

fn text(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap_or_else(|| panic!("no {name}: {answer:?}")).to_owned()
}

fn with(token: &str) -> Client<'static> {
    Client { house: house(), authorization: format!("Bearer {token}") }
}

fn form(house: &House, body: &str) -> Answer {
    http::send(house.address, "POST", "/token", &[("Content-Type", "application/x-www-form-urlencoded")], body)
}

const LIST: &str = "/v2/reg/tokens/x/tags/list";

#[test]
fn a_token_is_cut_down_to_what_its_owner_may_do() {
    let token = user("t-vic", "viewer", "registry/reg/repository/tokens");
    for secret in [PASSWORD, &token] {
        let answer = Client::token(house(), "t-vic", secret, &format!("{SCOPE}&scope=repository:reg/hidden:pull&scope=odd"));
        assert_eq!(answer.status, 200, "{answer:?}");
        let claims = claims(&text(&answer, "token"));
        assert_eq!(claims["access"], json!([{ "type": "repository", "name": "reg/tokens/x", "actions": ["pull"] }]));
        assert_eq!((claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), &claims["sub"]), (300, &"t-vic".into()));
        let vic = with(&text(&answer, "access_token"));
        assert_eq!((vic.get("/v2/").status, vic.get(LIST).status), (200, 200));
        assert_eq!(vic.send("POST", "/v2/reg/tokens/x/blobs/uploads/", &[], "").status, 403);
    }
}

#[test]
fn a_token_that_is_not_for_this_says_which_one_is() {
    user("t-dev", "deployer", "registry/reg/repository/tokens");
    let answer = Client::token(house(), "t-dev", PASSWORD, "&scope=repository:reg/tokens/x:pull");
    let dev = with(&text(&answer, "token"));
    assert_eq!(dev.get(LIST).status, 200);
    let answer = dev.send("POST", "/v2/reg/tokens/x/blobs/uploads/", &[], "");
    let challenge = answer.header("www-authenticate").unwrap_or_default().to_owned();
    assert_eq!(answer.status, 401, "{answer:?}");
    assert!(challenge.contains("scope=\"repository:reg/tokens/x:pull,push\"") && challenge.contains("insufficient_scope"), "{challenge}");
}

#[test]
fn what_is_wrong_gets_none_and_is_written_down() {
    let token = user("t-wrong", "viewer", "registry/reg");
    let mut bad = token.clone();
    let last = if bad.pop() == Some('a') { 'b' } else { 'a' };
    bad.push(last);
    for (name, secret) in [("t-wrong", "wrong wrong wrong"), ("t-wrong", &bad), ("admin", &token), ("nobody", PASSWORD), ("t-wrong", "")] {
        let answer = Client::token(house(), name, secret, SCOPE);
        assert_eq!((answer.status, code(&answer)), (401, "UNAUTHORIZED".to_owned()), "{name}");
    }
    let answer = http::send(house().address, "GET", "/token?service=pilothouse", &[], "");
    assert_eq!(answer.status, 401, "{answer:?}");
    assert_eq!(Client::token(house(), "t-wrong", &token, "&service=other").status, 400, "another service");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let records = house().audit("&outcome=denied");
    let of = |operation: &str, object: &str| records.iter().any(|r| r["operation"] == operation && r["object"] == object && r["door"] == "registry");
    assert!(of("SignIn", "t-wrong") && of("SignIn", "nobody") && of("RegistryToken", ""), "{records:?}");
}

#[test]
fn guessing_is_slowed_down_as_at_the_sign_in_page() {
    let house = House::start(&[]);
    house.user("bob", "viewer", "all");
    let guess = || Client::token(&house, "bob", "wrong wrong wrong", "");
    let statuses: Vec<u16> = (0..7).map(|_| guess().status).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    assert!(guess().header("retry-after").is_some());
    let page = house.post_as(&[], "/api/v1/session", json!({ "username": "bob", "password": PASSWORD }));
    assert_eq!(page.status, 429, "the counters are the same");
}

#[test]
fn each_token_is_good_at_its_own_door_only() {
    let token = user("t-doors", "viewer", "all");
    let answer = Client::token(house(), "t-doors", PASSWORD, &format!("{SCOPE}&offline_token=true"));
    let (access, refresh) = (text(&answer, "token"), text(&answer, "refresh_token"));
    assert_eq!(house().get(&access, "/api/v1/me").status, 401);
    assert_eq!(house().get(&refresh, "/api/v1/me").status, 401);
    assert_eq!(house().get(&access, "/engines/x/info").status, 401);
    assert_eq!(with(&refresh).get("/v2/").status, 401, "what gets tokens is none");
    let renewed = |token: &str| form(house(), &format!("grant_type=refresh_token&service=pilothouse&refresh_token={token}")).status;
    assert_eq!((renewed(&refresh), renewed(&access), renewed(&token), renewed("x")), (200, 401, 401, 401));
    for odd in [format!("{access}x"), access.replacen("eyJ", "eyK", 1), format!("eyJhbGciOiJub25lIn0.{}.", access.split('.').nth(1).unwrap())] {
        assert_eq!(with(&odd).get("/v2/").status, 401, "{odd}");
    }
    // A password is for the token service, once; a personal token may stand in its place at the door.
    let basic = |secret: &str| Client { house: house(), authorization: format!("Basic {}", BASE64.encode(format!("t-doors:{secret}").as_bytes())) };
    assert_eq!((basic(&token).get(LIST).status, basic(PASSWORD).get(LIST).status), (200, 401));
    let other = Client { house: house(), authorization: format!("Basic {}", BASE64.encode(format!("admin:{token}").as_bytes())) };
    assert_eq!(other.get(LIST).status, 401, "of somebody else");
}

#[test]
fn a_refresh_token_gets_tokens_until_its_credential_ends() {
    user("t-fresh", "viewer", "registry/reg");
    let answer = form(
        house(),
        &format!("grant_type=password&service=pilothouse&client_id=x&access_type=offline&username=t-fresh&password={}", PASSWORD.replace(' ', "+")),
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    let refresh = text(&answer, "refresh_token");
    let renew = || form(house(), &format!("grant_type=refresh_token&service=pilothouse&refresh_token={refresh}&scope=repository:reg/tokens/x:pull"));
    let renewed = renew();
    assert_eq!((renewed.status, text(&renewed, "scope").as_str()), (200, "repository:reg/tokens/x:pull"));
    let fresh = with(&text(&renewed, "access_token"));
    assert_eq!(fresh.get(LIST).status, 200);
    // Another password ends all that the old one began.
    let changed = house().send(&house().admin, "PATCH", "/api/v1/users/t-fresh", &json!({ "password": "another horse battery" }).to_string());
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!((renew().status, fresh.get(LIST).status, fresh.get("/v2/").status), (401, 401, 401));
}

#[test]
fn a_token_ends_with_the_personal_token_it_was_made_from_and_with_its_user() {
    let token = user("t-ends", "viewer", "registry/reg");
    let made = || with(&text(&Client::token(house(), "t-ends", &token, SCOPE), "token"));
    let (first, cookie) = (made(), house().sign_in("t-ends", PASSWORD));
    assert_eq!(first.get(LIST).status, 200);
    let list = http::send(house().address, "GET", "/api/v1/tokens", &[("Cookie", &cookie)], "").json();
    let id = list["items"][0]["id"].as_str().unwrap().to_owned();
    let gone = http::send(house().address, "DELETE", &format!("/api/v1/tokens/{id}"), &[("Cookie", &cookie)], "");
    assert_eq!((gone.status, first.get(LIST).status), (200, 401), "{gone:?}");
    let by_password = with(&text(&Client::token(house(), "t-ends", PASSWORD, SCOPE), "token"));
    assert_eq!(by_password.get(LIST).status, 200);
    assert_eq!(house().send(&house().admin, "PATCH", "/api/v1/users/t-ends", r#"{"disabled":true}"#).status, 200);
    assert_eq!(by_password.get(LIST).status, 401);
    assert_eq!(Client::token(house(), "t-ends", PASSWORD, SCOPE).status, 401);
}

#[test]
fn a_password_begins_one_session_and_not_one_a_pull() {
    user("t-one", "viewer", "registry/reg");
    let before = sessions("t-one");
    for _ in 0..5 {
        assert_eq!(Client::token(house(), "t-one", PASSWORD, SCOPE).status, 200);
    }
    assert_eq!(sessions("t-one"), before + 1);
}

fn sessions(user: &str) -> i64 {
    let rows = pilothouse_tests::store::sql(&house().data, &[&format!("SELECT count(*) FROM sessions WHERE username = '{user}'")]);
    rows[0][0][0].as_i64().unwrap()
}

#[test]
fn who_has_a_second_factor_uses_a_personal_token() {
    let token = user("t-two", "viewer", "registry/reg");
    let mut browser = Browser::of(house(), "t-two");
    browser.add_app(house());
    let answer = Client::token(house(), "t-two", PASSWORD, SCOPE);
    assert_eq!(answer.status, 401, "{answer:?}");
    assert!(answer.body.contains("personal token"), "{answer:?}");
    assert_eq!(Client::token(house(), "t-two", &token, SCOPE).status, 200);
}

#[test]
fn a_robot_signs_in_with_its_token_and_a_bound_token_does_not() {
    Client::admin(house()).push("reg/tokens/x", "latest", "layer");
    let admin = &house().admin;
    assert_eq!(house().post(admin, "/api/v1/robots", json!({ "name": "t-ci" })).status, 200);
    assert_eq!(
        house().post(admin, "/api/v1/grants", json!({ "robot": "t-ci", "role": "deployer", "scope": "registry/reg/repository/tokens" })).status,
        200
    );
    let robot = house().post(admin, "/api/v1/robots/t-ci/tokens", json!({ "name": "pipeline" })).json();
    let robot = robot["token"].as_str().unwrap().to_owned();
    let token = with(&text(&Client::token(house(), "t-ci", &robot, SCOPE), "token"));
    assert_eq!(claims(token.authorization.trim_start_matches("Bearer "))["access"][0]["actions"], json!(["pull", "push"]));
    assert_eq!(token.send("POST", "/v2/reg/tokens/x/blobs/uploads/", &[], "").status, 202);
}

#[test]
fn no_secret_reaches_the_registry_the_log_or_the_trail() {
    let settings = format!("[[registries]]\nname = \"reg\"\nurl = \"{}\"\n", registry().url);
    let house = House::with_settings(&[], &settings);
    let token = house.user("kay", "deployer", "registry/reg");
    let answer = Client::token(&house, "kay", PASSWORD, "&scope=repository:reg/secrets:pull,push&offline_token=true");
    let kay = Client { house: &house, authorization: format!("Bearer {}", answer.json()["token"].as_str().unwrap()) };
    kay.push("reg/secrets", "latest", "layer");
    let records = house.audit("").iter().map(Value::to_string).collect::<String>() + &house.log();
    let body = answer.json();
    for secret in [&token, PASSWORD, body["token"].as_str().unwrap(), body["refresh_token"].as_str().unwrap()] {
        assert!(!records.contains(secret));
    }
}

#[test]
fn what_one_replica_hands_out_is_good_at_the_other_and_ends_there_too() {
    let house = House::on(postgres(), &[], "external_url = \"http://pilothouse.example\"\n");
    let other = house.replica(&[]);
    let added = house.post(&house.admin, "/api/v1/registries", json!({ "name": "reg", "settings": { "url": registry().url } }));
    assert_eq!(added.status, 200, "{added:?}");
    Client::admin(&house).push("reg/replicas/x", "latest", "layer");
    house.user("rio", "deployer", "registry/reg/repository/replicas");
    let answer = Client::token(&house, "rio", PASSWORD, "&scope=repository:reg/replicas/x:pull,push");
    let there = Client { house: &other, authorization: format!("Bearer {}", answer.json()["token"].as_str().unwrap()) };
    until("the other knows the registry and the session", 10, || there.get("/v2/reg/replicas/x/tags/list").status == 200);
    // An upload that one began, the other goes on with.
    let location = Client { house: &house, authorization: there.authorization.clone() }.begin("reg/replicas/x");
    let finished = there.finish(&location, &pilothouse_tests::registry::digest("more"), "more");
    assert_eq!(finished.status, 201, "{finished:?}");
    assert_eq!(house.send(&house.admin, "PATCH", "/api/v1/users/rio", r#"{"disabled":true}"#).status, 200);
    until("what is taken away here is gone there", 10, || there.get("/v2/reg/replicas/x/tags/list").status == 401);
}
