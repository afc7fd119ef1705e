//! Signing in at a registry: what it asks for, and the tokens it hands out.
//!
//! The credential goes to the registry's own host and to the realm hosts that its settings name, and nowhere else, whatever it asks for.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use data_encoding::BASE64;
use http::{HeaderValue, Uri, header};
use serde::Deserialize;

use super::{Address, RegistryError};

/// How long a token lasts that does not say so (the token spec).
const USUAL: Duration = Duration::from_secs(60);
/// The longest that a token is kept, whatever it says.
const LONGEST: Duration = Duration::from_secs(3_600);
/// A token that ends within this is not used any more.
const SPARE: Duration = Duration::from_secs(10);
/// How many tokens are kept.
const KEPT: usize = 4_096;

/// Who Pilothouse is at a registry.
pub struct Credential {
    pub username: String,
    pub secret: String,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("username", &self.username).finish_non_exhaustive()
    }
}

impl Credential {
    /// As `Authorization` has it.
    pub fn basic(&self) -> Option<HeaderValue> {
        let text = format!("Basic {}", BASE64.encode(format!("{}:{}", self.username, self.secret).as_bytes()));
        let mut value = HeaderValue::try_from(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// What a registry asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Way {
    /// It was not asked yet.
    Unknown,
    Nothing,
    Basic,
    Bearer {
        realm: Uri,
        service: Option<String>,
    },
}

impl Way {
    /// What the answer to an unsigned request asks for.
    pub fn of(headers: &http::HeaderMap) -> Option<Self> {
        let challenges = headers.get_all(header::WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let mut basic = false;
        for text in challenges {
            let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
            if scheme.eq_ignore_ascii_case("bearer") {
                let parameters = parameters(rest);
                let value = |name: &str| parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
                let realm = value("realm")?.parse().ok()?;
                return Some(Self::Bearer { realm, service: value("service") });
            }
            basic |= scheme.eq_ignore_ascii_case("basic");
        }
        basic.then_some(Self::Basic)
    }
}

/// `key="value"` and `key=value`, with commas between them.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let (value, more) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((key.trim_matches([' ', ',']).to_owned(), value.trim().to_owned()));
        rest = more;
    }
    found
}

/// Whether the credential may be shown at `realm` by the registry at `own`.
///
/// # Errors
/// [`RegistryError::ForeignRealm`], with the host that was not asked.
pub fn check_realm(realm: &Uri, own: &Address, realm_hosts: &[String]) -> Result<(), RegistryError> {
    let shown: String = realm.host().unwrap_or("no host at all").chars().take(100).collect();
    let at = Address::of(realm).ok_or_else(|| RegistryError::ForeignRealm(shown.clone()))?;
    let is_known = at == *own || at.host == own.host && at.https || at.is_one_of(realm_hosts);
    // What goes to the registry itself without TLS may go there for a token too; nothing else may.
    let is_private = at.https || at == *own || at.is_loopback();
    if is_known && is_private { Ok(()) } else { Err(RegistryError::ForeignRealm(shown)) }
}

/// The address at which a token for `scopes` is asked for.
pub fn token_uri(realm: &Uri, service: Option<&str>, scopes: &[String]) -> Option<Uri> {
    let mut query = form_urlencoded::Serializer::new(realm.query().unwrap_or_default().to_owned());
    if let Some(service) = service {
        query.append_pair("service", service);
    }
    for scope in scopes {
        query.append_pair("scope", scope);
    }
    let (scheme, authority) = (realm.scheme_str()?, realm.authority()?);
    format!("{scheme}://{authority}{}?{}", realm.path(), query.finish()).parse().ok()
}

/// What a realm answers.
#[derive(Deserialize)]
struct Handed {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// The token in a realm's answer, and how long it lasts.
pub fn read_token(body: &[u8]) -> Result<(String, Duration), RegistryError> {
    let handed: Handed = serde_json::from_slice(body).map_err(|_| RegistryError::Garbled("the token cannot be read"))?;
    let token = handed.token.filter(|token| !token.is_empty()).or(handed.access_token).unwrap_or_default();
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(RegistryError::Garbled("there is no token in its answer"));
    }
    let lasts = handed.expires_in.map_or(USUAL, Duration::from_secs).min(LONGEST);
    Ok((token, lasts))
}

/// The tokens that last, by their scopes.
#[derive(Default)]
pub struct Tokens(Mutex<HashMap<String, (String, Instant)>>);

impl Tokens {
    pub fn get(&self, scopes: &[String]) -> Option<String> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(&scopes.join(" ")).filter(|(_, until)| Instant::now() + SPARE < *until).map(|(token, _)| token.clone())
    }

    pub fn put(&self, scopes: &[String], token: String, lasts: Duration) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if tokens.len() >= KEPT {
            tokens.retain(|_, (_, until)| now < *until);
        }
        if tokens.len() >= KEPT {
            tokens.clear();
        }
        tokens.insert(scopes.join(" "), (token, now + lasts));
    }

    pub fn forget(&self, scopes: &[String]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&scopes.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(value: &'static str) -> Option<Way> {
        let mut headers = http::HeaderMap::new();
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(value));
        Way::of(&headers)
    }

    #[test]
    fn a_challenge_is_read() {
        let bearer = way("Bearer realm=\"https://auth.example/token\",service=\"reg.example\",scope=\"repository:a:pull,push\"");
        assert_eq!(bearer, Some(Way::Bearer { realm: "https://auth.example/token".parse().unwrap(), service: Some("reg.example".to_owned()) }));
        assert_eq!(way("Basic realm=\"x\""), Some(Way::Basic));
        assert_eq!(way("Negotiate"), None);
        assert_eq!(way("Bearer service=\"x\""), None);
    }

    #[test]
    fn the_credential_goes_to_known_realms_only() {
        let own = Address::parse("https://reg.example", false).unwrap();
        let hosts = ["auth.example".to_owned()];
        let goes = |realm: &str| check_realm(&realm.parse().unwrap(), &own, &hosts).is_ok();
        assert!(goes("https://reg.example/token") && goes("https://reg.example:8443/token") && goes("https://auth.example/token"));
        for bad in [
            "http://reg.example/token",
            "http://auth.example/token",
            "https://evil.example/token",
            "https://reg.example.evil/token",
            "https://reg.example@evil.example/",
            "https://auth.example:444/token",
        ] {
            assert!(!goes(bad), "{bad}");
        }
        let near = Address::parse("http://10.0.0.1:5000", false).unwrap();
        let goes = |realm: &str| check_realm(&realm.parse().unwrap(), &near, &[]).is_ok();
        assert!(goes("http://10.0.0.1:5000/token") && !goes("http://10.0.0.1:5001/token") && !goes("http://127.0.0.1:5000/token"));
    }

    #[test]
    fn a_token_is_asked_for_by_its_scopes() {
        let realm: Uri = "https://auth.example/token?x=1".parse().unwrap();
        let uri = token_uri(&realm, Some("reg"), &["repository:a/b:pull".to_owned()]).unwrap();
        assert_eq!(uri.to_string(), "https://auth.example/token?x=1&service=reg&scope=repository%3Aa%2Fb%3Apull");
        assert_eq!(read_token(br#"{"access_token":"t","expires_in":5}"#).unwrap(), ("t".to_owned(), Duration::from_secs(5)));
        assert!(read_token(br#"{"token":"a b"}"#).is_err() && read_token(b"{}").is_err() && read_token(b"[]").is_err());
    }
}
