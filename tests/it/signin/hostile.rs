//! A provider that lies, in each way that has worked on somebody: every sign-in is refused, and written down with its reason.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use pilothouse_tests::{
    http::Answer,
    sandbox::House,
    surfer::{Surfer, parameter},
};
use ring::{
    hmac,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

use super::{me, provide, written};

/// What the liar says, and what it was told.
struct Says {
    key: EcdsaKeyPair,
    /// The key that it publishes, if not the one that it signs with.
    published: Option<Vec<u8>>,
    kid: &'static str,
    algorithm: &'static str,
    /// What stands in the ID token; nothing when it gives none.
    claims: Option<Value>,
    user_info: Value,
    /// What stands in the discovery document, over what is usual.
    metadata: Value,
    /// Another answer than the discovery document.
    instead: Option<String>,
    /// Every request that came, with its body.
    heard: Vec<String>,
}

/// A provider on this machine that says what it is told to say.
struct Liar {
    address: String,
    says: Arc<Mutex<Says>>,
}

fn key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap()
}

fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let number = chunk.iter().fold(0_u32, |n, b| (n << 8) | u32::from(*b)) << (8 * (3 - chunk.len()));
        out.extend((0..=chunk.len()).map(|n| char::from(DIGITS[(number >> (18 - 6 * n) & 63) as usize])));
    }
    out
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl Says {
    fn token(&self) -> Option<String> {
        let claims = self.claims.as_ref()?;
        let head = json!({ "alg": self.algorithm, "kid": self.kid, "typ": "JWT" });
        let signed = format!("{}.{}", base64url(head.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
        let signature = match self.algorithm {
            "none" => Vec::new(),
            // As if the public key were a shared secret.
            "HS256" => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, self.key.public_key().as_ref()), signed.as_bytes()).as_ref().to_vec(),
            _ => self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec(),
        };
        Some(format!("{signed}.{}", base64url(&signature)))
    }

    fn answer(&mut self, issuer: &str, request: &str) -> String {
        self.heard.push(request.to_owned());
        let path = request.split(' ').nth(1).unwrap_or_default();
        let said = match path {
            "/.well-known/openid-configuration" => {
                if let Some(instead) = &self.instead {
                    return instead.clone();
                }
                let mut metadata = json!({
                    "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"), "token_endpoint": format!("{issuer}/token"),
                    "jwks_uri": format!("{issuer}/jwks"), "userinfo_endpoint": format!("{issuer}/userinfo"), "response_types_supported": ["code"],
                    "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
                });
                metadata.as_object_mut().unwrap().extend(self.metadata.as_object().unwrap().clone());
                metadata
            }
            "/jwks" => {
                let point = self.published.clone().unwrap_or_else(|| self.key.public_key().as_ref().to_vec());
                let (x, y) = point[1..].split_at(32);
                json!({ "keys": [{ "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.kid, "x": base64url(x), "y": base64url(y) }] })
            }
            "/token" => {
                let mut answer = json!({ "access_token": "access", "token_type": "Bearer" });
                if let Some(token) = self.token() {
                    answer["id_token"] = json!(token);
                }
                answer
            }
            _ => self.user_info.clone(),
        };
        let body = said.to_string();
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    }
}

impl Liar {
    fn start() -> Liar {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let says = Says {
            key: key(),
            published: None,
            kid: "one",
            algorithm: "ES256",
            claims: None,
            user_info: json!({}),
            metadata: json!({}),
            instead: None,
            heard: Vec::new(),
        };
        let says = Arc::new(Mutex::new(says));
        let (told, issuer) = (says.clone(), address.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (told, issuer) = (told.clone(), issuer.clone());
                std::thread::spawn(move || converse(stream, &told, &issuer));
            }
        });
        Liar { address, says }
    }

    fn settings(&self) -> Value {
        json!({ "oidc": { "issuer": self.address, "client_id": "us" } })
    }

    /// Claims that are as they should be.
    fn honest(&self, nonce: &str) -> Value {
        json!({
            "iss": self.address, "sub": "eve", "aud": "us", "exp": now() + 300, "iat": now(), "nonce": nonce,
            "preferred_username": "eve", "groups": ["dev"],
        })
    }
}

fn converse(mut stream: TcpStream, says: &Mutex<Says>, issuer: &str) {
    let mut text = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        let Ok(n) = stream.read(&mut buffer) else { return };
        text.extend_from_slice(&buffer[..n]);
        let seen = String::from_utf8_lossy(&text).into_owned();
        let Some((head, body)) = seen.split_once("\r\n\r\n") else { if n == 0 { return } else { continue } };
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse::<usize>().unwrap()));
        if body.len() >= length.unwrap_or(0) || n == 0 {
            let answer = says.lock().unwrap().answer(issuer, &seen);
            let _ = stream.write_all(answer.as_bytes());
            return;
        }
    }
}

/// A sign-in at the liar that has been begun.
struct Begun {
    surfer: Surfer,
    state: String,
    nonce: String,
    asked: String,
}

fn begin(house: &House, name: &str) -> Begun {
    let mut surfer = Surfer::default();
    let answer = surfer.get(&format!("http://{}/api/v1/session/oidc/{name}/start?return_to=/done", house.address));
    assert_eq!(answer.status, 303, "{answer:?}");
    let asked = answer.header("location").unwrap().to_owned();
    Begun { surfer, state: parameter(&asked, "state").unwrap(), nonce: parameter(&asked, "nonce").unwrap(), asked }
}

fn back(house: &House, name: &str, surfer: &mut Surfer, query: &str) -> Answer {
    surfer.get(&format!("http://{}/api/v1/session/oidc/{name}/callback?{query}", house.address))
}

/// Refused, no session, and written down.
fn refused(house: &House, what: &str, surfer: &mut Surfer, answer: &Answer, reason: &str) {
    assert_eq!(answer.status, 403, "{what}: {answer:?}");
    assert!(answer.body.contains(reason), "{what}: {answer:?}");
    assert_eq!(me(house, surfer).status, 401, "{what} made a session");
    assert!(written(house, reason), "{what} was not written down: {:?}", house.audit("&outcome=denied"));
}

#[test]
fn what_a_token_says_is_checked() {
    let house = House::start(&[]);
    let liar = Liar::start();
    provide(&house, "liar", &liar.settings(), None);
    type Change<'a> = Box<dyn Fn(&mut Says, &mut Value) + 'a>;
    let set = |name: &'static str, value: Value| -> Change { Box::new(move |_, claims| claims[name] = value.clone()) };
    let lies: Vec<(&str, Change, &str)> = vec![
        ("another nonce", set("nonce", json!("another")), "its nonce is another"),
        ("no nonce", set("nonce", Value::Null), "its nonce is another"),
        ("another issuer", set("iss", json!("https://evil.example")), "of another issuer"),
        ("another audience", set("aud", json!("others")), "for another client"),
        ("one more audience", set("aud", json!(["us", "others"])), "for another client"),
        ("no audience", set("aud", Value::Null), "as tokens"),
        ("another authorized party", set("azp", json!("others")), "given to another client"),
        ("expired", set("exp", json!(now() - 3600)), "has expired"),
        ("expiry as a text", set("exp", json!("9999999999")), "as tokens"),
        ("no expiry", set("exp", Value::Null), "tokens"),
        ("not good yet", set("nbf", json!(now() + 3600)), "not good yet"),
        ("of the future", set("iat", json!(now() + 3600)), "not good yet"),
        ("nobody", set("sub", json!("")), "names nobody"),
        ("no signature", Box::new(|says, _| says.algorithm = "none"), "ID token"),
        ("the public key as a shared secret", Box::new(|says, _| says.algorithm = "HS256"), "not taken here"),
        (
            "another key of that name",
            Box::new(|says, _| {
                says.published = Some(says.key.public_key().as_ref().to_vec());
                says.key = key();
            }),
            "signature is wrong",
        ),
        (
            "userinfo about another",
            Box::new(|says, claims| {
                claims.as_object_mut().unwrap().remove("groups");
                says.user_info = json!({ "sub": "admin", "groups": ["admins"] });
            }),
            "about somebody else",
        ),
    ];
    for (what, lie, reason) in lies {
        // Each liar is new, so that no key of the one before is known.
        let liar = Liar::start();
        let name = "l".to_owned() + &what.replace(|c: char| !c.is_ascii_lowercase(), "-");
        provide(&house, &name, &liar.settings(), None);
        let mut begun = begin(&house, &name);
        let mut claims = liar.honest(&begun.nonce);
        let mut says = liar.says.lock().unwrap();
        lie(&mut says, &mut claims);
        says.claims = Some(claims);
        drop(says);
        let answer = back(&house, &name, &mut begun.surfer, &format!("code=c&state={}", begun.state));
        refused(&house, what, &mut begun.surfer, &answer, reason);
    }
    let mut begun = begin(&house, "liar");
    let answer = back(&house, "liar", &mut begun.surfer, &format!("code=c&state={}", begun.state));
    refused(&house, "no token at all", &mut begun.surfer, &answer, "gave no ID token");

    // The same without a lie comes in: what was refused was the lie.
    let mut begun = begin(&house, "liar");
    liar.says.lock().unwrap().claims = Some(liar.honest(&begun.nonce));
    let answer = back(&house, "liar", &mut begun.surfer, &format!("code=c&state={}", begun.state));
    assert_eq!((answer.status, answer.header("location")), (303, Some("/done")), "{answer:?}");
    assert_eq!(me(&house, &mut begun.surfer).json()["username"], "eve");
    // PKCE: the token was asked for with what the authorization request was only the hash of.
    assert_eq!(parameter(&begun.asked, "code_challenge_method").as_deref(), Some("S256"));
    let heard = liar.says.lock().unwrap().heard.clone();
    let verifier = heard.iter().rev().find(|request| request.starts_with("POST /token")).unwrap();
    let verifier = verifier.split("code_verifier=").nth(1).unwrap().split('&').next().unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
    assert_eq!(parameter(&begun.asked, "code_challenge"), Some(base64url(digest.as_ref())));

    // A key that is new is looked for once, and taken when it is published.
    let mut begun = begin(&house, "liar");
    {
        let mut says = liar.says.lock().unwrap();
        says.key = key();
        says.kid = "two";
        says.claims = Some(liar.honest(&begun.nonce));
    }
    let answer = back(&house, "liar", &mut begun.surfer, &format!("code=c&state={}", begun.state));
    assert_eq!(answer.status, 303, "{answer:?}");
}

#[test]
fn what_comes_back_is_of_this_sign_in_this_browser_and_this_provider() {
    let house = House::start(&[]);
    let (liar, other) = (Liar::start(), Liar::start());
    provide(&house, "liar", &liar.settings(), None);
    provide(&house, "other", &other.settings(), None);
    let ready = |name: &str, liar: &Liar| {
        let begun = begin(&house, name);
        liar.says.lock().unwrap().claims = Some(liar.honest(&begun.nonce));
        begun
    };
    let mut begun = ready("liar", &liar);
    let answer = back(&house, "liar", &mut begun.surfer, "code=c&state=another");
    refused(&house, "another state", &mut begun.surfer, &answer, "was not begun here");
    let answer = back(&house, "liar", &mut begun.surfer, "code=c");
    refused(&house, "no state", &mut begun.surfer, &answer, "was not begun here");
    let answer = back(&house, "liar", &mut begun.surfer, &format!("code=c&state={0}&state={0}", begun.state));
    refused(&house, "two states", &mut begun.surfer, &answer, "says something twice");

    // Another browser: the victim's, at an attacker's link, and one with a cookie of its own.
    let begun = ready("liar", &liar);
    let mut victim = Surfer::default();
    let answer = back(&house, "liar", &mut victim, &format!("code=c&state={}", begun.state));
    refused(&house, "another browser", &mut victim, &answer, "in another browser");
    let (mine, mut theirs) = (ready("liar", &liar), begin(&house, "liar"));
    let answer = back(&house, "liar", &mut theirs.surfer, &format!("code=c&state={}", mine.state));
    refused(&house, "another browser with a sign-in of its own", &mut theirs.surfer, &answer, "in another browser");

    // Mix-up: what was begun at one comes back at the other.
    let mut begun = ready("liar", &liar);
    let answer = back(&house, "other", &mut begun.surfer, &format!("code=c&state={}", begun.state));
    refused(&house, "mix-up", &mut begun.surfer, &answer, "at another provider");
    let mut begun = ready("liar", &liar);
    let answer = back(&house, "liar", &mut begun.surfer, &format!("code=c&state={}&iss={}", begun.state, other.address));
    refused(&house, "mix-up by issuer", &mut begun.surfer, &answer, "of another issuer than the one that was asked");
    assert!(!other.says.lock().unwrap().heard.iter().any(|request| request.starts_with("POST /token")), "a code went to another provider");

    // A code that comes twice: the second time there is nothing to it.
    let mut begun = ready("liar", &liar);
    let query = format!("code=c&state={}", begun.state);
    assert_eq!(back(&house, "liar", &mut begun.surfer, &query).status, 303);
    begun.surfer.forget(house.address);
    let answer = back(&house, "liar", &mut begun.surfer, &query);
    refused(&house, "replayed", &mut begun.surfer, &answer, "has come back already");

    let mut begun = ready("liar", &liar);
    let answer = back(&house, "liar", &mut begun.surfer, &format!("error=access_denied&state={}", begun.state));
    refused(&house, "refused there", &mut begun.surfer, &answer, "The provider refused: access_denied.");

    // Who always says who answers, and does not.
    let strict = Liar::start();
    strict.says.lock().unwrap().metadata = json!({ "authorization_response_iss_parameter_supported": true });
    provide(&house, "strict", &strict.settings(), None);
    let mut begun = ready("strict", &strict);
    let answer = back(&house, "strict", &mut begun.surfer, &format!("code=c&state={}", begun.state));
    refused(&house, "no issuer", &mut begun.surfer, &answer, "does not say which issuer");
}

#[test]
fn what_a_provider_publishes_is_checked_and_has_limits() {
    let house = House::start(&[]);
    let start = |name: &str, change: &dyn Fn(&mut Says)| {
        let liar = Liar::start();
        change(&mut liar.says.lock().unwrap());
        provide(&house, name, &liar.settings(), None);
        let answer = Surfer::default().get(&format!("http://{}/api/v1/session/oidc/{name}/start", house.address));
        (answer, liar.says.lock().unwrap().heard.len())
    };
    let (answer, _) = start("issuer", &|says| says.metadata = json!({ "issuer": "https://evil.example" }));
    assert_eq!(answer.status, 403, "{answer:?}");
    assert!(written(&house, "names another issuer"));
    let (answer, _) = start("keys", &|says| says.metadata = json!({ "jwks_uri": "http://evil.example/jwks" }));
    assert_eq!(answer.status, 403, "{answer:?}");
    let (answer, _) = start("page", &|says| says.metadata = json!({ "authorization_endpoint": "http://evil.example/authorize" }));
    assert_eq!(answer.status, 403, "{answer:?}");
    let (answer, _) = start("script", &|says| says.metadata = json!({ "authorization_endpoint": "javascript:alert(1)" }));
    assert_eq!(answer.status, 403, "{answer:?}");
    // A redirect is not followed.
    let trap = Liar::start();
    let to = format!("HTTP/1.1 302 Found\r\nLocation: {}/\r\nContent-Length: 0\r\n\r\n", trap.address);
    let (answer, heard) = start("redirect", &|says| says.instead = Some(to.clone()));
    assert_eq!((answer.status, heard), (502, 1), "{answer:?}");
    assert_eq!(trap.says.lock().unwrap().heard.len(), 0);
    // An answer has a largest size, and a time.
    let big = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{{\"x\":\"{}\"}}", "x".repeat(3 * 1024 * 1024));
    let (answer, _) = start("big", &|says| says.instead = Some(big.clone()));
    assert_eq!(answer.status, 502, "{answer:?}");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = json!({ "oidc": { "issuer": format!("http://{}", silent.local_addr().unwrap()), "client_id": "us" } });
    provide(&house, "silent", &settings, None);
    let begun = Instant::now();
    let answer = Surfer::default().get(&format!("http://{}/api/v1/session/oidc/silent/start", house.address));
    assert_eq!(answer.status, 502, "{answer:?}");
    assert!(begun.elapsed().as_secs() < 15, "{:?}", begun.elapsed());
    // Without TLS only this machine is asked at all.
    let far = json!({ "name": "far", "settings": { "oidc": { "issuer": "http://id.example.com", "client_id": "us" } } });
    let answer = house.post(&house.admin, "/api/v1/providers", far);
    assert_eq!((answer.status, answer.json()["field"].as_str()), (400, Some("issuer")), "{answer:?}");
}
