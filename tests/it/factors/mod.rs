//! Second factors, over HTTP and with a real server: codes, recovery codes, passkeys, and the roles that ask for one.

mod codes;
pub mod passkeys;
mod rules;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::BASE32_NOPAD;
use ring::hmac;
use serde_json::{Value, json};

use pilothouse_tests::{
    http::{self, Answer},
    sandbox::{House, PASSWORD},
};

/// An authenticator app, after RFC 6238.
pub struct App {
    key: hmac::Key,
    /// The code that it was added with.
    pub used: String,
}

impl App {
    pub fn new(base32: &str) -> App {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &BASE32_NOPAD.decode(base32.as_bytes()).unwrap());
        App { key, used: String::new() }
    }

    /// The code of the step that is `away` from now.
    pub fn code(&self, away: i64) -> String {
        let step = i64::try_from(now_s() / 30).unwrap() + away;
        let tag = hmac::sign(&self.key, &step.to_be_bytes());
        let at = usize::from(tag.as_ref()[19] & 0xf);
        let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }

    /// Six digits that are right at no time near now.
    pub fn wrong(&self) -> String {
        let near: Vec<String> = (-2..=2).map(|away| self.code(away)).collect();
        (0..).map(|n| format!("{n:06}")).find(|code| !near.contains(code)).unwrap()
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Waits until the step of codes does not change for 15 seconds.
pub fn calm() {
    let left = 30 - now_s() % 30;
    if left < 15 {
        std::thread::sleep(Duration::from_secs(left));
    }
}

/// A browser: it keeps the cookies that it is given.
#[derive(Default)]
pub struct Browser {
    cookies: Vec<(String, String)>,
}

impl Browser {
    pub fn send(&mut self, house: &House, method: &str, path: &str, body: Value) -> Answer {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut headers = vec![("Content-Type", "application/json")];
        if !cookies.is_empty() {
            headers.push(("Cookie", cookies.as_str()));
        }
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let answer = http::send(house.address, method, &format!("/api/v1{path}"), &headers, &body);
        for line in answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(kept, _)| kept != name);
            if !line.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        answer
    }

    pub fn post(&mut self, house: &House, path: &str, body: Value) -> Answer {
        self.send(house, "POST", path, body)
    }

    pub fn get(&mut self, house: &House, path: &str) -> Answer {
        self.send(house, "GET", path, json!({}))
    }

    /// Sends the password; what comes of it is for the caller.
    pub fn sign_in(&mut self, house: &House, user: &str) -> Answer {
        self.post(house, "/session", json!({ "username": user, "password": PASSWORD }))
    }

    /// Signs in with a password alone.
    pub fn of(house: &House, user: &str) -> Browser {
        let mut browser = Browser::default();
        let answer = browser.sign_in(house, user);
        assert_eq!(answer.status, 200, "{answer:?}");
        browser
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.iter().find(|(kept, _)| kept == name).map(|(_, value)| value.as_str())
    }

    pub fn is_in(&mut self, house: &House) -> bool {
        self.get(house, "/me").status == 200
    }

    /// Adds an authenticator app; answers with it, its secret and what the server said. The code it is added with is the one before now's.
    pub fn add_app(&mut self, house: &House) -> (App, String, Value) {
        let begun = self.post(house, "/account/factors/totp", json!({ "password": PASSWORD }));
        assert_eq!(begun.status, 200, "{begun:?}");
        let (begun, secret) = (begun.json(), begun.json()["secret"].as_str().unwrap().to_owned());
        let mut app = App::new(&secret);
        calm();
        app.used = app.code(-1);
        let path = format!("/account/factors/totp/{}", begun["id"].as_str().unwrap());
        let added = self.post(house, &path, json!({ "code": app.used, "name": "phone" }));
        assert_eq!(added.status, 200, "{added:?}");
        (app, secret, added.json())
    }
}

/// A user of this name, and a browser of theirs.
pub fn somebody(house: &House, name: &str) -> Browser {
    let made = house.post(&house.admin, "/api/v1/users", json!({ "username": name, "password": PASSWORD }));
    assert_eq!(made.status, 200, "{made:?}");
    Browser::of(house, name)
}

/// A browser of `user` whose password was right and whose second factor is awaited.
pub fn awaited(house: &House, user: &str) -> Browser {
    let mut browser = Browser::default();
    let answer = browser.sign_in(house, user);
    assert_eq!((answer.status, &answer.json()["code"]), (401, &json!("second-factor-required")), "{answer:?}");
    browser
}

/// The recovery codes in an answer.
pub fn codes(answer: &Value) -> Vec<String> {
    let list = answer.get("recovery_codes").or(answer.get("codes")).unwrap();
    list.as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}
