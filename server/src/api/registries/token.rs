//! The token service of the distribution API: a credential in, a token of a few minutes out, cut down to what its owner may do.
//!
//! A password begins a session, as at the sign-in page: it ends when the password is changed, when the user is disabled, and when it is revoked
//! under *Sessions*; what was handed out for it ends with it. Nobody ever learns that session's secret.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Extension, Json, Router,
    body::{Body, to_bytes},
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
    routing::get,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pilothouse_app::api::session::SignInInput;
use serde_json::{Value, json};

use super::super::{Api, ApiError, session::refused, ways::by_password};
use crate::{
    access::{Operation, Permission, Subject, is_repository_name, is_target_name},
    audit::{Ending, field},
    authn::{
        self, Credential, Known, Origin, Principal,
        registry_token::{Access, LASTS_S, SERVICE},
        secret,
        throttle::{Attempt, Throttle, network},
        username,
    },
    clock::{self, now_ms},
    store::users::UserRow,
};

/// How many things one token may be asked for.
const SCOPES: usize = 32;
/// How many sessions of passwords are remembered.
const REMEMBERED: usize = 10_000;
/// How long a form may take to come, and how large it may be, in bytes.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);
const LARGEST: usize = 64 * 1024;
/// No username or secret is longer, in bytes.
const LONGEST: usize = 1024;

/// The sessions that passwords began here: whoever comes again from the same network goes on with theirs.
#[derive(Default)]
pub struct SignIns(Mutex<HashMap<String, Arc<str>>>);

impl SignIns {
    fn key(user: &UserRow, origin: &Origin) -> String {
        // With another password it is another session.
        let password = user.password_hash.as_deref().unwrap_or_default();
        format!("{} {} {}", user.username, network(&origin.address), secret::hex(&secret::hash(password)))
    }

    fn get(&self, key: &str) -> Option<Arc<str>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn put(&self, key: String, session: Arc<str>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(key, session);
    }
}

/// The one path; mounted beside the API, since it is no part of it.
pub fn routes() -> Router<Api> {
    Router::new().route("/token", get(by_get).post(by_post))
}

/// What is asked for.
#[derive(Default)]
struct Wanted {
    service: String,
    scopes: Vec<String>,
    /// Whether what gets more tokens is wanted, too.
    offline: bool,
}

/// Why there is no token.
enum Refusal {
    /// One sentence, for whoever asks.
    No(StatusCode, String),
    Wait(i64),
    Api(ApiError),
}

impl<E: Into<ApiError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Api(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, message, wait) = match self {
            Self::No(status, message) => (status, message, None),
            Self::Wait(seconds) => {
                (StatusCode::TOO_MANY_REQUESTS, format!("Too many failed sign-ins from here; try again in {seconds} s."), Some(seconds))
            }
            Self::Api(error) => (StatusCode::from_u16(error.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), error.0.title, None),
        };
        let code = match status {
            StatusCode::TOO_MANY_REQUESTS => "TOOMANYREQUESTS",
            StatusCode::BAD_REQUEST => "UNSUPPORTED",
            StatusCode::UNAUTHORIZED => "UNAUTHORIZED",
            _ => "UNAVAILABLE",
        };
        let mut response = (status, Json(json!({ "errors": [{ "code": code, "message": message }] }))).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"pilothouse\""));
        }
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(u32::try_from(seconds).unwrap_or(300)));
        }
        response
    }
}

async fn by_get(
    State(api): State<Api>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let wanted = wanted(query.unwrap_or_default().as_bytes());
    let Some((name, given)) = authn::basic(&headers) else {
        refused(&api, &origin, &operation(""), "No username and password, or none that can be read.", 401).await?;
        return Err(Refusal::No(StatusCode::UNAUTHORIZED, "Send a username, and a password or a token.".to_owned()));
    };
    let known = sign_in(&api, &origin, &name, &given).await?;
    Ok(Json(hand_out(&api, &origin, &known, &wanted, None).await?).into_response())
}

async fn by_post(State(api): State<Api>, Extension(origin): Extension<Origin>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refusal::No(StatusCode::BAD_REQUEST, "The body is a form.".to_owned()));
    }
    let body = match tokio::time::timeout(PATIENCE, to_bytes(body, LARGEST)).await {
        Ok(Ok(body)) => body,
        _ => return Err(Refusal::No(StatusCode::BAD_REQUEST, "The form broke off, is too large, or did not come in time.".to_owned())),
    };
    let wanted = wanted(&body);
    let said: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let one = |name: &str| said.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    let (known, refresh) = match one("grant_type") {
        "password" => (sign_in(&api, &origin, one("username"), one("password")).await?, None),
        "refresh_token" => {
            let token = one("refresh_token");
            let shown = api.signer.read_refresh(token, now_ms());
            let known = match &shown {
                Some(shown) => api.house.credentials.find_by_id(&shown.credential).filter(|known| *known.user == *shown.user),
                None => None,
            };
            match known {
                Some(known) => (known, Some(token)),
                None => {
                    refused(&api, &origin, &operation(""), "The refresh token is wrong, or what it was made from is not in force any more.", 401)
                        .await?;
                    return Err(Refusal::No(StatusCode::UNAUTHORIZED, "This sign-in has ended; use docker login again.".to_owned()));
                }
            }
        }
        _ => return Err(Refusal::No(StatusCode::BAD_REQUEST, "grant_type is password or refresh_token.".to_owned())),
    };
    Ok(Json(hand_out(&api, &origin, &known, &wanted, refresh).await?).into_response())
}

fn operation(object: impl Into<String>) -> Operation {
    Operation::on_system("RegistryToken", Permission::AccountView, object)
}

fn wanted(text: &[u8]) -> Wanted {
    let mut wanted = Wanted::default();
    for (key, value) in form_urlencoded::parse(text) {
        match &*key {
            "service" => wanted.service = value.into_owned(),
            "scope" => wanted.scopes.extend(value.split_ascii_whitespace().take(SCOPES).map(str::to_owned)),
            "offline_token" => wanted.offline |= value == "true",
            "access_type" => wanted.offline |= value == "offline",
            // Others tell who the client is.
            _ => {}
        }
    }
    wanted.scopes.truncate(SCOPES);
    wanted
}

/// The credential that a username and a secret stand for.
async fn sign_in(api: &Api, origin: &Origin, name: &str, given: &str) -> Result<Arc<Known>, Refusal> {
    const WRONG: &str = "The username, or the password or token, is wrong.";
    if given.len() > LONGEST || name.len() > LONGEST {
        return Err(Refusal::No(StatusCode::UNAUTHORIZED, WRONG.to_owned()));
    }
    if secret::is_token(given) {
        api.house.learn(given).await;
        let known = api.house.credentials.find(given).filter(|known| *known.user == *name && known.engine.is_none());
        if known.is_none() {
            refused(api, origin, &operation(""), "The token is wrong, expired, revoked, of somebody else, or bound to an engine.", 401).await?;
        }
        return known.ok_or_else(|| Refusal::No(StatusCode::UNAUTHORIZED, WRONG.to_owned()));
    }
    let operation = Operation::on_system("SignIn", Permission::SessionManage, username(name).unwrap_or("(what is no name)"));
    let attempt = match Attempt::begin(&api.store, &name.trim().to_lowercase(), &origin.address).await? {
        Throttle::Free(attempt) => attempt,
        Throttle::Wait(seconds) => {
            refused(api, origin, &operation, "Too many failed sign-ins.", 429).await?;
            return Err(Refusal::Wait(seconds));
        }
    };
    let kept = match username(name) {
        Some(name) => api.store.user(name).await?,
        None => None,
    };
    let input = SignInInput { username: name.to_owned(), password: given.to_owned() };
    let user = match by_password(api, origin, &input, kept).await? {
        Ok(user) => user,
        Err(why) => {
            refused(api, origin, &operation, why, 401).await?;
            return Err(Refusal::No(StatusCode::UNAUTHORIZED, WRONG.to_owned()));
        }
    };
    attempt.succeeded(&api.store).await?;
    if needs_factor(api, origin, &user).await? {
        refused(api, origin, &operation, "The password was right; a second factor cannot be asked for here.", 401).await?;
        let message =
            "This account needs a second factor, which cannot be asked for here: make a personal token in the console and use it as the password.";
        return Err(Refusal::No(StatusCode::UNAUTHORIZED, message.to_owned()));
    }
    begin_session(api, origin, &user, operation).await
}

/// Whether `user` has a second factor, or a role that asks for one.
async fn needs_factor(api: &Api, origin: &Origin, user: &UserRow) -> Result<bool, ApiError> {
    if !api.store.factors_of(&user.username).await?.is_empty() {
        return Ok(true);
    }
    // A session that nothing proved, as one that is about to begin.
    let who = principal(&user.username, Credential::Session("".into()), origin);
    Ok(api.operator.is_held_back(&who))
}

fn principal(user: &str, credential: Credential, origin: &Origin) -> Principal {
    Principal { subject: Subject::of(user), credential, origin: origin.clone() }
}

/// Begins a session for a password that was right, or goes on with the one there is.
async fn begin_session(api: &Api, origin: &Origin, user: &UserRow, operation: Operation) -> Result<Arc<Known>, Refusal> {
    let key = SignIns::key(user, origin);
    if let Some(known) = api.sign_ins.get(&key).and_then(|id| api.house.credentials.find_by_id(&Credential::Session(id))) {
        return Ok(known);
    }
    let id = secret::id().map_err(ApiError::from)?;
    let credential = Credential::Session(id.as_str().into());
    let who = principal(&user.username, credential.clone(), origin);
    let mut begun = api.operator.begin(&who, operation).await?;
    begun.entry.changed(vec![field("session", None, Some(&id))]);
    // Its secret is nobody's.
    let unknown = secret::random(43).map_err(ApiError::from)?;
    match api.house.begin_session(user, origin, unknown, id.clone(), "").await {
        Ok(_) => begun.entry.finish(Ending::ok(200)),
        Err(error) => {
            let error = ApiError::from(error);
            begun.entry.finish(Ending::failed(error.0.status));
            return Err(Refusal::Api(error));
        }
    }
    api.sign_ins.put(key, id.as_str().into());
    api.house.credentials.find_by_id(&credential).ok_or_else(|| Refusal::Api(ApiError::internal()))
}

/// The tokens for `known`'s owner. `refresh` is what they came with, if it stays good.
async fn hand_out(api: &Api, origin: &Origin, known: &Arc<Known>, wanted: &Wanted, refresh: Option<&str>) -> Result<Value, Refusal> {
    let who = Principal { subject: known.subject(), credential: known.credential.clone(), origin: origin.clone() };
    let object: String = wanted.scopes.join(" ").chars().take(200).collect();
    let answer = api
        .operator
        .operate(&who, operation(object), async |_| {
            if !matches!(wanted.service.as_str(), "" | SERVICE) {
                return Err(ApiError::field("service", "Tokens are handed out here for the service pilothouse alone."));
            }
            let access: Vec<Access> = wanted.scopes.iter().filter_map(|scope| cut(api, &who, scope)).collect();
            let now = now_ms();
            let token = api.signer.access(known, access.clone(), secret::id()?, now).ok_or_else(ApiError::internal)?;
            let mut answer = json!({ "token": token, "access_token": token, "expires_in": LASTS_S, "issued_at": clock::text(now / 1000 * 1000) });
            if refresh.is_some() {
                let scope = |access: &Access| format!("{}:{}:{}", access.kind, access.name, access.actions.join(","));
                answer["scope"] = access.iter().map(scope).collect::<Vec<_>>().join(" ").into();
            }
            if let Some(refresh) = refresh {
                answer["refresh_token"] = refresh.into();
            } else if wanted.offline {
                answer["refresh_token"] = api.signer.refresh(known, secret::id()?, now).ok_or_else(ApiError::internal)?.into();
            }
            Ok(answer)
        })
        .await?;
    Ok(answer)
}

/// What of a scope that is asked for `who` may have now; `None` for nothing.
fn cut(api: &Api, who: &Principal, scope: &str) -> Option<Access> {
    let (kind, rest) = scope.split_once(':')?;
    let (name, asked) = rest.rsplit_once(':')?;
    if (kind, name) == ("registry", "catalog") {
        return Some(Access { kind: kind.to_owned(), name: name.to_owned(), actions: vec!["*".to_owned()] });
    }
    let (registry, repository) = name.split_once('/')?;
    if kind != "repository" || !is_target_name(registry) || !is_repository_name(repository) {
        return None;
    }
    let may = |permission| api.operator.may(who, &Operation::on_repository("RegistryToken", permission, registry, repository, ""));
    let pushes = [Permission::RepositoryCreate, Permission::RepositoryPush, Permission::RepositoryRetag];
    let can = [("pull", may(Permission::RepositoryPull)), ("push", pushes.into_iter().any(may)), ("delete", may(Permission::RepositoryDelete))];
    let wants = |action: &str| asked.split(',').any(|word| word == action || word == "*");
    let actions: Vec<String> = can.into_iter().filter(|(action, can)| *can && wants(action)).map(|(action, _)| action.to_owned()).collect();
    (!actions.is_empty()).then(|| Access { kind: kind.to_owned(), name: name.to_owned(), actions })
}
