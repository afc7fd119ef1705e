//! Sign-in by others' word: a real OpenID provider, a real directory, and a provider that lies.

mod hostile;
mod ldap;
mod openid;

use std::time::{Duration, Instant};

use pilothouse_tests::{http::Answer, sandbox::House, surfer::Surfer};
use serde_json::{Value, json};

/// Adds a provider.
pub fn provide(house: &House, name: &str, settings: &Value, secret: Option<&str>) {
    let answer = house.post(&house.admin, "/api/v1/providers", json!({ "name": name, "settings": settings, "secret": secret }));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(secret.is_none_or(|secret| !answer.body.contains(secret)), "a secret is shown: {answer:?}");
}

/// Changes a provider's settings.
pub fn change(house: &House, name: &str, settings: &Value) {
    let answer = house.send(&house.admin, "PATCH", &format!("/api/v1/providers/{name}"), &json!({ "settings": settings }).to_string());
    assert_eq!(answer.status, 200, "{answer:?}");
}

pub fn team(house: &House, name: &str) {
    let answer = house.post(&house.admin, "/api/v1/teams", json!({ "name": name }));
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// Gives a team the viewer's rights on everything.
pub fn viewers(house: &House, team: &str) {
    let answer = house.post(&house.admin, "/api/v1/grants", json!({ "team": team, "role": "viewer", "scope": "all" }));
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// The teams of a user that `source` says of.
pub fn teams_of(house: &House, username: &str, source: &str) -> Vec<String> {
    let all = house.get(&house.admin, "/api/v1/teams?limit=500").json();
    let is_in = |team: &&Value| team["members"].as_array().unwrap().iter().any(|member| member["username"] == username && member["source"] == source);
    all["items"].as_array().unwrap().iter().filter(is_in).map(|team| team["name"].as_str().unwrap().to_owned()).collect()
}

/// Goes through a whole sign-in at an OpenID provider; tells where it ended.
pub fn sign_in(house: &House, provider: &str, login: &str, return_to: &str) -> (Surfer, String, Answer) {
    let mut surfer = Surfer::default();
    let start = format!("http://{}/api/v1/session/oidc/{provider}/start?return_to={return_to}", house.address);
    let (url, answer) = surfer.walk(&start, login, |url| url.ends_with(return_to));
    (surfer, url, answer)
}

/// Who a browser is here.
pub fn me(house: &House, surfer: &mut Surfer) -> Answer {
    surfer.get(&format!("http://{}/api/v1/me", house.address))
}

/// A token that a browser's session makes.
pub fn token(house: &House, surfer: &Surfer) -> String {
    let answer = house.post_as(&[("Cookie", &surfer.cookies_of(house.address))], "/api/v1/tokens", json!({ "name": "test" }));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["token"].as_str().unwrap().to_owned()
}

/// Waits until it is so, for what is asked again in the background every 10 s.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(40);
    while !so() {
        assert!(Instant::now() < end, "not within 40 s: {what}");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Whether a refused sign-in with this reason was written down.
pub fn written(house: &House, reason: &str) -> bool {
    let end = Instant::now() + Duration::from_secs(2);
    loop {
        let records = house.audit("&outcome=denied");
        if records.iter().any(|record| record["operation"] == "SignIn" && record["reason"].as_str().unwrap().contains(reason)) {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}
