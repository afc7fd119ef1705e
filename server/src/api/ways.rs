//! Signing in by somebody else's word: a directory's for a name and a password, an OpenID provider's for a browser.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Extension, Json, Router,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pilothouse_app::api::{
    Code, Problem,
    providers::{OIDC_CALLBACK, OIDC_START, ProviderTestOutput, StartQuery, Way, WayList, Ways},
    session::SignInInput,
};

use super::{
    Answer, Api, ApiError, Asked,
    factors::second_step,
    route,
    session::{begin_session, end_the_one_before, refused},
};
use crate::{
    access::{Operation, Permission},
    authn::{
        NotVouched, Origin, Person, Principal,
        oidc::{Callback, LASTS, OidcProvider, Pending},
        secret,
        throttle::network,
    },
    house::identities::NotAdmitted,
    providers::{Door, Provider, step},
    store::users::UserRow,
};

/// Binds a sign-in at a provider to the browser that began it.
const COOKIE: &str = "__Host-pilothouse-way";
/// The longest path that is come back to.
const LONGEST_PATH: usize = 2_000;

/// Who is meant by a username and a password: a user, or why not (for the trail; whoever asks is not told).
pub type Meant = Result<UserRow, &'static str>;

/// What needs no credential: part of the reviewed list.
pub fn public_routes() -> Router<Api> {
    let router = route(Router::new(), WayList, list_ways);
    router.route(OIDC_START, get(start)).route(OIDC_CALLBACK, get(callback))
}

async fn list_ways(State(api): State<Api>) -> Answer<WayList> {
    let all = api.providers.list();
    let password = !api.providers.local.hidden || all.iter().any(|provider| matches!(provider.door, Door::Ldap(_)));
    let with_button = all.iter().filter(|provider| matches!(provider.door, Door::Oidc(_)));
    let providers = with_button.map(|provider| Way { name: provider.name.clone(), label: provider.label().to_owned() }).collect();
    Ok(Json(Ways { providers, password }))
}

/// Who signs in with a name and a password. A name with a password here is looked up here and nowhere else, so that no directory
/// takes it over; the others are asked for at the directories, in the order of their names.
pub async fn by_password(api: &Api, origin: &Origin, input: &SignInInput, known: Option<UserRow>) -> Result<Meant, ApiError> {
    const WRONG: &str = "The username or the password is wrong.";
    // The unknown, the disabled and the wrong take equally long and get the same answer.
    let hash = known.as_ref().and_then(|user| user.password_hash.as_deref());
    let right = api.house.passwords.verify(&input.password, hash).await;
    if let Some(user) = known.filter(|user| user.password_hash.is_some()) {
        if !right || user.disabled {
            return Ok(Err(WRONG));
        }
        if !api.providers.local.lets(&user.username) {
            return Ok(Err("Signing in with a password that is kept here is switched off, and this is no break-glass account."));
        }
        if api.store.gone_users().await?.contains(&user.username) {
            return Ok(Err("The provider that they came by does not stand by them any more."));
        }
        return Ok(Ok(user));
    }
    let mut down = None;
    for provider in api.providers.list() {
        if !matches!(provider.door, Door::Ldap(_)) {
            continue;
        }
        match at_directory(provider.clone(), input.username.clone(), input.password.clone()).await {
            Ok(person) => return admit(api, provider, person, origin).await.map(Ok),
            Err(NotVouched::Down(why)) => down = Some((provider, why)),
            Err(NotVouched::Refused(why)) => tracing::warn!(provider = provider.name, why, "A directory's answer cannot be used."),
            Err(NotVouched::Wrong | NotVouched::Gone(_)) => {}
        }
    }
    match down {
        None => Ok(Err(WRONG)),
        Some((provider, why)) => {
            let operation = Operation::on_system("SignIn", Permission::SessionManage, provider.name.clone());
            refused(api, origin, &operation, &why, 502).await?;
            Err(provider_down(&provider, &why))
        }
    }
}

fn provider_down(provider: &Provider, why: &str) -> ApiError {
    tracing::warn!(provider = provider.name, why, "A sign-in provider is down.");
    let problem = Problem::new(Code::BackendUnreachable, format!("{} cannot be asked now, so nobody can sign in by it.", provider.label()));
    ApiError(problem.detail("Try again shortly, or sign in another way. The log of Pilothouse says more."))
}

/// In a task of its own: what reads a directory's answers may break off at one that is no LDAP.
async fn at_directory(provider: Arc<Provider>, username: String, password: String) -> Result<Person, NotVouched> {
    let asked = tokio::spawn(async move {
        match &provider.door {
            Door::Ldap(directory) => directory.sign_in(&username, &password).await,
            Door::Oidc(_) => Err(NotVouched::Wrong),
        }
    });
    asked.await.unwrap_or_else(|_| Err(NotVouched::Down("The directory's answer cannot be read.".to_owned())))
}

/// Who somebody is here. What has begun is finished, whether or not their browser stays: half of it would be in the store and not in force.
async fn admit(api: &Api, provider: Arc<Provider>, person: Person, origin: &Origin) -> Result<UserRow, ApiError> {
    let (providers, house, operation_on) = (api.providers.clone(), api.house.clone(), person.name.clone());
    let (by, asked_from) = (provider.clone(), origin.clone());
    let admitted = tokio::spawn(async move { providers.admit(&house, &by, &person, &asked_from).await });
    let not = match admitted.await {
        Ok(Ok(user)) => return Ok(user),
        Ok(Err(NotAdmitted::House(error))) => return Err(error.into()),
        Ok(Err(not)) => not.to_string(),
        Err(_) => return Err(ApiError::internal()),
    };
    let operation = Operation::on_system("SignIn", Permission::SessionManage, format!("{operation_on} by {}", provider.name));
    refused(api, origin, &operation, &not, 403).await?;
    Err(ApiError::new(Code::Forbidden, not))
}

/// Where `user` ends their session at the provider that they came by, if that has such a place. It is not waited for long: they are
/// signed out here already.
pub async fn sign_out_at_provider(api: &Api, user: &str) -> Result<Option<String>, ApiError> {
    let Some(identity) = api.store.identity_of(user).await? else { return Ok(None) };
    let place = tokio::time::timeout(Duration::from_secs(3), api.providers.sign_out(&identity.provider));
    Ok(place.await.unwrap_or(None))
}

/// A provider of this name that browsers go to.
fn oidc(provider: &Option<Arc<Provider>>) -> Result<(&Arc<Provider>, &OidcProvider), ApiError> {
    match provider.as_ref().map(|provider| (provider, &provider.door)) {
        Some((provider, Door::Oidc(oidc))) => Ok((provider, oidc)),
        _ => Err(ApiError::new(Code::NotFound, "There is no such sign-in provider.")),
    }
}

async fn start(
    State(api): State<Api>,
    Extension(origin): Extension<Origin>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Asked(query): Asked<StartQuery>,
) -> Response {
    let begun = async {
        let return_to = inside(query.return_to.as_deref().unwrap_or("/"))
            .ok_or_else(|| ApiError::field("return_to", "This does not lead back into Pilothouse: give a path that begins with one /."));
        let return_to = match return_to {
            Ok(path) => path,
            Err(error) => {
                refused(&api, &origin, &sign_in_by(&name), "The sign-in would lead to another site.", 400).await?;
                return Err(error);
            }
        };
        begin(&api, &origin, &name, &headers, return_to, None).await
    };
    match begun.await {
        Ok((url, cookie)) => to(&url, &[cookie]),
        Err(error) => shown(error, &headers),
    }
}

fn sign_in_by(provider: &str) -> Operation {
    Operation::on_system("SignIn", Permission::SessionManage, format!("by {}", provider.chars().take(63).collect::<String>()))
}

/// Begins a sign-in: where the browser goes, and the cookie that it has to come back with. `test` is who only tries, and the test's id.
pub async fn begin(
    api: &Api,
    origin: &Origin,
    name: &str,
    headers: &HeaderMap,
    return_to: String,
    test: Option<(String, String)>,
) -> Result<(String, String), ApiError> {
    let provider = api.providers.get(name);
    let (provider, oidc) = oidc(&provider)?;
    let begun = match oidc.begin().await {
        Ok(begun) => begun,
        Err(not) => return Err(not_vouched(api, origin, provider, not).await),
    };
    // Several tabs of one browser may be under way: they share its cookie.
    let browser = match cookie(headers) {
        Some(cookie) => cookie.to_owned(),
        None => secret::random(43)?,
    };
    let pending = Pending {
        provider: name.to_owned(),
        nonce: begun.nonce,
        verifier: begun.verifier,
        browser: secret::hash(&browser),
        return_to,
        test,
        network: network(&origin.address),
        begun: Instant::now(),
    };
    api.providers.pendings.put(&begun.state, pending);
    let cookie = format!("{COOKIE}={browser}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Lax", LASTS.as_secs());
    Ok((begun.url, cookie))
}

/// Our cookie of sign-ins under way, if exactly one was sent and it is shaped like one.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut ours = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    let first = ours.next()?;
    let shaped = first.len() == 43 && first.bytes().all(|b| b.is_ascii_alphanumeric());
    (shaped && ours.next().is_none()).then_some(first)
}

async fn not_vouched(api: &Api, origin: &Origin, provider: &Provider, not: NotVouched) -> ApiError {
    let (status, error) = match &not {
        NotVouched::Down(why) => (502, provider_down(provider, why)),
        other => {
            let problem = Problem::new(Code::Forbidden, format!("The sign-in by {} was refused.", provider.label()));
            (403, ApiError(problem.detail(other.to_string())))
        }
    };
    match refused(api, origin, &sign_in_by(&provider.name), &not.to_string(), status).await {
        Ok(()) => error,
        Err(down) => down,
    }
}

async fn callback(
    State(api): State<Api>,
    Extension(origin): Extension<Origin>,
    before: Option<Extension<Principal>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    match come_back(&api, &origin, before, &name, &headers, &query.unwrap_or_default()).await {
        Ok(response) => response,
        Err(error) => shown(error, &headers),
    }
}

/// What a provider sent a browser back with.
#[derive(Default)]
struct Back {
    state: Option<String>,
    callback: Callback,
}

/// Reads it; `None` when something is said twice. What else a provider says is not for us.
fn read_back(query: &str) -> Option<Back> {
    let mut back = Back::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let place = match &*name {
            "state" => &mut back.state,
            "code" => &mut back.callback.code,
            "iss" => &mut back.callback.iss,
            "error" => &mut back.callback.error,
            _ => continue,
        };
        if place.replace(value.into_owned()).is_some() {
            return None;
        }
    }
    Some(back)
}

async fn come_back(
    api: &Api,
    origin: &Origin,
    before: Option<Extension<Principal>>,
    name: &str,
    headers: &HeaderMap,
    query: &str,
) -> Result<Response, ApiError> {
    let provider = api.providers.get(name);
    let (provider, oidc) = oidc(&provider)?;
    let refuse = async |why: &str| Err(not_vouched(api, origin, provider, NotVouched::Refused(why.to_owned())).await);
    let Some(back) = read_back(query) else { return refuse("The answer says something twice.").await };
    // A state is good once, whatever comes of it.
    let Some(pending) = back.state.as_deref().and_then(|state| api.providers.pendings.take(state)) else {
        return refuse("This sign-in was not begun here, has come back already, or took longer than 10 minutes. Begin again.").await;
    };
    if pending.provider != name {
        return refuse("This sign-in was begun at another provider.").await;
    }
    if cookie(headers).map(secret::hash) != Some(pending.browser) {
        return refuse("This sign-in was begun in another browser.").await;
    }
    let vouched = oidc.finish(&pending, &back.callback).await;
    if let Some((username, id)) = &pending.test {
        return tested(api, origin, provider, vouched, username, id).await;
    }
    let person = match vouched {
        Ok(person) => person,
        Err(not) => return Err(not_vouched(api, origin, provider, not).await),
    };
    let factor = if person.second_factor { "oidc" } else { "" };
    let user = admit(api, provider.clone(), person, origin).await?;
    let operation = Operation::on_system("SignIn", Permission::SessionManage, format!("{} by {name}", user.username));
    if factor.is_empty()
        && let Some(second_step) = second_step(api, origin, &user, &operation).await?
    {
        let next: String = form_urlencoded::byte_serialize(pending.return_to.as_bytes()).collect();
        return Ok(to(&format!("/sign-in?step=2&next={next}"), &cookies(&second_step)));
    }
    let session = begin_session(api, origin, &user, operation, factor).await?;
    end_the_one_before(api, before).await?;
    Ok(to(&pending.return_to, &cookies(&session)))
}

/// What a browser is to keep by an answer.
fn cookies(answer: &Response) -> Vec<String> {
    answer.headers().get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok()).map(str::to_owned).collect()
}

/// Ends a sign-in that was only a test: what was found is kept for whoever tried.
async fn tested(
    api: &Api,
    origin: &Origin,
    provider: &Provider,
    vouched: Result<Person, NotVouched>,
    username: &str,
    id: &str,
) -> Result<Response, ApiError> {
    let output = match vouched {
        Ok(person) => {
            let steps = vec![step("sign-in", true, "The provider vouches for them, and everything it gave was checked.")];
            ProviderTestOutput { ok: true, steps, go_to: None, found: Some(provider.found(person)) }
        }
        Err(not) => {
            let steps = vec![step("sign-in", false, not.to_string())];
            refused(api, origin, &sign_in_by(&provider.name), &format!("A test by {username}: {not}"), 403).await?;
            ProviderTestOutput { ok: false, steps, go_to: None, found: None }
        }
    };
    api.providers.tests.put(id, username, output);
    Ok(to(&format!("/providers/{}?test={id}", provider.name), &[]))
}

/// Sends the browser to `url`.
fn to(url: &str, cookies: &[String]) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let Ok(url) = HeaderValue::from_str(url) else { return ApiError::internal().into_response() };
    response.headers_mut().insert(header::LOCATION, url);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for cookie in cookies {
        let Ok(cookie) = HeaderValue::from_str(cookie) else { return ApiError::internal().into_response() };
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A refusal: for a browser on the sign-in page, which says what happened; for the others as a problem.
fn shown(error: ApiError, headers: &HeaderMap) -> Response {
    let page = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    if !page {
        return error.into_response();
    }
    let kind = match error.0.code {
        Code::BackendUnreachable | Code::BackendTimeout | Code::Overloaded => "down",
        Code::AuditUnavailable | Code::Internal => "failed",
        Code::NotFound => "unknown",
        Code::Forbidden if error.0.detail.is_none() => "account",
        _ => "refused",
    };
    to(&format!("/sign-in?problem={kind}"), &[])
}

/// `path` if it stays in this site. Browsers take `\` for `/` and skip tabs and line ends, so that `/\host` would lead away too.
fn inside(path: &str) -> Option<String> {
    let mut chars = path.chars();
    let starts_well = chars.next() == Some('/') && !matches!(chars.next(), Some('/' | '\\'));
    let plain = path.len() <= LONGEST_PATH && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    (starts_well && plain).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_comes_back_into_this_site_only() {
        for good in ["/", "/engines", "/on/demo/containers?q=a%20b&at=x", "/a//b"] {
            assert_eq!(inside(good).as_deref(), Some(good));
        }
        let bad = [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\evil",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil",
            "/x\r\nSet-Cookie: a",
            "/é",
        ];
        for bad in bad {
            assert_eq!(inside(bad), None, "{bad:?}");
        }
    }
}
