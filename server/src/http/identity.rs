//! Who asks: by what came with the request, and by the certificate of its connection.

use http::{HeaderMap, header};

use crate::{
    authn::{self, Door, Origin, Principal, registry_token::Signer},
    clock::now_ms,
    gateway::oci::door::Caller,
    house::House,
};

use super::Peer;

/// Who was found.
pub enum Asker {
    Nobody,
    Somebody(Principal),
    /// What came with the request is of one person, the certificate of another.
    Two,
}

impl Asker {
    pub fn principal(&self) -> Option<&Principal> {
        match self {
            Asker::Somebody(principal) => Some(principal),
            _ => None,
        }
    }
}

/// A secret that came with a request.
enum Came {
    Nothing,
    /// It is wrong, expired or revoked. Nothing else counts then: whoever sent it meant it.
    Bad,
    Good(Principal),
}

/// Lets `house` look up what came with a request and is not known here: another replica may have made it.
pub async fn learn(house: &House, headers: &HeaderMap) {
    if let Some((_, given)) = authn::basic(headers).filter(|(_, given)| authn::secret::is_token(given)) {
        house.learn(&given).await;
    }
    for secret in [authn::bearer_token(headers), authn::session_secret(headers)].into_iter().flatten() {
        house.learn(secret).await;
    }
}

/// Finds out who asks at `origin`'s door.
pub fn find(house: &House, headers: &HeaderMap, peer: &Peer, origin: &Origin) -> Asker {
    let came = secret(house, headers, origin);
    let certified = match &peer.certificate {
        Some(fingerprint) if counts(headers, origin.door) => house.certified(fingerprint, origin),
        _ => None,
    };
    match (came, certified) {
        (Came::Bad, _) | (Came::Nothing, None) => Asker::Nobody,
        (Came::Good(who), Some(other)) if who.subject.user != other.subject.user => Asker::Two,
        (Came::Good(who), _) | (Came::Nothing, Some(who)) => Asker::Somebody(who),
    }
}

/// A token; at the doors of the house a session's cookie too. Never both.
fn secret(house: &House, headers: &HeaderMap, origin: &Origin) -> Came {
    let good = |secret: Option<&str>| secret.and_then(|secret| house.principal(secret, origin)).map_or(Came::Bad, Came::Good);
    if headers.contains_key(header::AUTHORIZATION) {
        return good(authn::bearer_token(headers));
    }
    if origin.door == Door::Engine {
        return Came::Nothing;
    }
    match authn::session_secret(headers) {
        None => Came::Nothing,
        // A token in the cookie's place is no session.
        Some(secret) => good(Some(secret).filter(|secret| !authn::secret::is_token(secret))),
    }
}

/// Whether something came that would have shown the way to an engine, had it been in force: a token or a certificate that is bound to
/// one. Its owner uses docker, and is to be told why it does not work any more.
pub fn is_stale(headers: &HeaderMap, peer: &Peer, asker: &Asker) -> bool {
    let came = headers.contains_key(header::AUTHORIZATION) || peer.certificate.is_some();
    matches!(asker, Asker::Nobody) && came && counts(headers, Door::Engine)
}

/// Whether a certificate counts here. A browser shows the one it holds with whatever a page asks, as it does with a cookie; pages and
/// what they ask rest on the session alone.
fn counts(headers: &HeaderMap, door: Door) -> bool {
    matches!(door, Door::Api | Door::Engine) && !has_marks_of_page(headers)
}

fn has_marks_of_page(headers: &HeaderMap) -> bool {
    headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN) || headers.contains_key(header::COOKIE)
}

/// Whether a page of the console asks, and no script with a token.
pub fn is_from_page(headers: &HeaderMap) -> bool {
    has_marks_of_page(headers) && !headers.contains_key(header::AUTHORIZATION)
}

/// Who asks at the door of the distribution API, and what their token is for: by a token of this service, or by a personal token, which may
/// stand in the password's place. A password is no credential there: it is shown to the token service, once.
pub fn at_registries(house: &House, signer: &Signer, headers: &HeaderMap, origin: &Origin) -> Option<Caller> {
    if let Some((name, given)) = authn::basic(headers) {
        let who = Some(given).filter(|given| authn::secret::is_token(given)).and_then(|given| house.principal(&given, origin))?;
        return (*who.subject.user == *name).then_some(Caller { who, access: None });
    }
    if let Some(token) = authn::bearer_token(headers) {
        return Some(Caller { who: house.principal(token, origin)?, access: None });
    }
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = all.next()?.to_str().ok()?.split_once(' ')?;
    if all.next().is_some() || !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let shown = signer.read(token, now_ms())?;
    let who = house.behind(&shown.credential, origin)?;
    // Whoever looks with the rights of somebody else does not do so here.
    (*who.subject.user == *shown.user && who.subject.viewer.is_none()).then_some(Caller { who, access: Some(shown.access) })
}
