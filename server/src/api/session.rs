//! Signing in and out, the first set-up, one's own sessions and tokens.

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use pilothouse_app::api::{
    Code, Empty, Page, Problem,
    session::{
        Me, MeOutput, MyGrant, PasswordChange, PasswordInput, Session, SessionList, SessionRevoke, Setup, SetupGet, SetupInput, SetupState, SignIn,
        SignInInput, SignOut, SignedOut, TokenCreate, TokenInput, TokenList, TokenRevoke,
    },
};

use super::{
    Answer, Api, ApiError, Input, Who, factors, route, tokens,
    ways::{by_password, sign_out_at_provider},
};
use crate::{
    access::{Holder, Operation, Permission, Scope},
    audit::Ending,
    audit::{Changed, field},
    authn::{
        COOKIE, Credential, Origin, Principal, SESSION_ABSOLUTE_MS, password, secret,
        throttle::{Attempt, Throttle},
        username,
    },
    backends::docker::Engine,
    clock::now_ms,
    house::HouseError,
    operate::Failure,
    store::{StoreError, users::UserRow},
};

/// What needs no credential: the reviewed list of it.
pub fn public_routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, SignIn, sign_in);
    let router = route(router, SetupGet, setup_state);
    route(router, Setup, set_up)
}

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, SignOut, sign_out);
    let router = route(router, Me, me);
    let router = route(router, PasswordChange, change_password);
    let router = route(router, SessionList, list_sessions);
    let router = route(router, SessionRevoke, revoke_session);
    let router = route(router, TokenList, list_tokens);
    let router = route(router, TokenCreate, create_token);
    route(router, TokenRevoke, revoke_token)
}

async fn sign_in(
    State(api): State<Api>,
    Extension(origin): Extension<Origin>,
    before: Option<Extension<Principal>>,
    Input(input): Input<SignInInput>,
) -> Result<Response, ApiError> {
    let operation = Operation::on_system("SignIn", Permission::SessionManage, known_as(&input.username));
    // However a name is spelt, it is one name: a directory takes them all.
    let spelt_once = input.username.trim().to_lowercase();
    let attempt = match Attempt::begin(&api.store, &spelt_once, &origin.address).await? {
        Throttle::Free(attempt) => attempt,
        Throttle::Wait(seconds) => {
            refused(&api, &origin, &operation, "Too many failed sign-ins.", 429).await?;
            return Ok(wait(seconds));
        }
    };
    let user = match username(&input.username) {
        Some(name) => api.store.user(name).await?,
        None => None,
    };
    let user = match by_password(&api, &origin, &input, user).await? {
        Ok(user) => user,
        Err(why) => {
            refused(&api, &origin, &operation, why, 401).await?;
            let problem = Problem::new(Code::Unauthenticated, "The username or the password is wrong.");
            return Err(ApiError(problem.detail("Check both; after several failures there is a short wait.")));
        }
    };
    attempt.succeeded(&api.store).await?;
    if let Some(second_step) = factors::second_step(&api, &origin, &user, &operation).await? {
        return Ok(second_step);
    }
    let answer = begin_session(&api, &origin, &user, operation, "").await?;
    end_the_one_before(&api, before).await?;
    Ok(answer)
}

/// The answer to who has failed too often.
pub(super) fn wait(seconds: i64) -> Response {
    let problem = Problem::new(Code::Throttled, "Too many failed sign-ins from here.").detail(format!("Try again in {seconds} s."));
    let mut response = ApiError(problem).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(u32::try_from(seconds).unwrap_or(300)));
    response
}

/// The browser forgets the session it had: so does the house.
pub(super) async fn end_the_one_before(api: &Api, before: Option<Extension<Principal>>) -> Result<(), ApiError> {
    if let Some(Extension(Principal { credential: Credential::Session(id), .. })) = before {
        api.house.end_session(&id).await?;
    }
    Ok(())
}

/// Writes the sign-in down, begins the session and answers with its cookie. `factor` proved it besides the password, or is empty.
pub(super) async fn begin_session(api: &Api, origin: &Origin, user: &UserRow, operation: Operation, factor: &str) -> Result<Response, ApiError> {
    let id = secret::id()?;
    let who = Principal {
        subject: crate::access::Subject::of(&user.username),
        credential: Credential::Session(id.as_str().into()),
        origin: origin.clone(),
    };
    let mut begun = api.operator.begin(&who, operation).await?;
    begun.entry.changed(vec![field("session", None, Some(&id))]);
    let made = match api.house.begin_session(user, origin, secret::random(43)?, id, factor).await {
        Ok(made) => made,
        Err(error) => {
            let error = ApiError::from(error);
            begun.entry.finish(Ending::failed(error.status()));
            return Err(error);
        }
    };
    begun.entry.finish(Ending::ok(200));
    let cookie = format!("{COOKIE}={}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Lax", made.secret, SESSION_ABSOLUTE_MS / 1000);
    let mut response = Json(describe(api, &who)).into_response();
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::try_from(cookie).map_err(|_| ApiError::internal())?);
    Ok(response)
}

pub(super) async fn refused(api: &Api, origin: &Origin, operation: &Operation, reason: &str, status: u16) -> Result<(), ApiError> {
    api.operator.trail().refused(None, origin, operation, reason, status).await.map_err(|_| ApiError::trail_down())
}

async fn setup_state(State(api): State<Api>) -> Answer<SetupGet> {
    Ok(Json(SetupState { needed: !api.store.is_set_up().await? }))
}

async fn set_up(State(api): State<Api>, Extension(origin): Extension<Origin>, Input(input): Input<SetupInput>) -> Result<Response, ApiError> {
    let object = known_as(&input.username);
    if !api.house.is_setup_link(&input.secret).await {
        let operation = Operation::on_system("Setup", Permission::AccountUpdate, object);
        refused(&api, &origin, &operation, "The set-up link is wrong, old or used.", 403).await?;
        let problem = Problem::new(Code::Forbidden, "This set-up link is wrong, old or used.");
        return Err(ApiError(problem.detail("Use the link that Pilothouse printed in its log at its last start.")));
    }
    let name = username(&input.username).ok_or_else(bad_username)?;
    let hash = api.house.passwords.hash(&input.password, name).await?;
    match api.house.make_first_admin(name, &hash, "the set-up link", &origin).await {
        Err(HouseError::Store(StoreError::Exists)) => return Err(ApiError::new(Code::Conflict, "The first administrator exists already.")),
        done => done?,
    }
    let user = api.store.user(name).await?.ok_or_else(ApiError::internal)?;
    begin_session(&api, &origin, &user, Operation::on_system("SignIn", Permission::SessionManage, object), "").await
}

/// What is wrong with a username.
pub fn bad_username() -> ApiError {
    ApiError::field("username", "A username is 1 to 64 of a-z, 0-9, ., _ and -, and starts with a letter or a digit.")
}

async fn sign_out(State(api): State<Api>, Extension(who): Who) -> Result<Response, ApiError> {
    let operation = Operation::on_system("SignOut", Permission::SessionManage, "");
    let credential = who.credential.clone();
    let go_to = api
        .operator
        .change(&who, operation, async |_| match &credential {
            Credential::Session(id) => {
                api.house.end_session(id).await?;
                let go_to = sign_out_at_provider(&api, &who.subject.user).await?;
                Ok(Changed::new(vec![field("session", Some(id), None)], go_to))
            }
            Credential::Token(_) => Err(ApiError::new(Code::InvalidInput, "A token has no session to end; revoke it instead.")),
            Credential::Certificate(_) => Err(ApiError::new(Code::InvalidInput, "A certificate has no session to end; revoke it instead.")),
        })
        .await?;
    let mut response = Json(SignedOut { go_to }).into_response();
    let cookie = format!("{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::try_from(cookie).map_err(|_| ApiError::internal())?);
    Ok(response)
}

pub(super) fn describe(api: &Api, who: &Principal) -> MeOutput {
    let policy = api.operator.policy();
    let engines = api.engines.list();
    // Where it holds, as far as the credential reaches.
    let places = |scope: &Scope| -> Vec<String> {
        let within = |engine: &&Arc<Engine>| {
            let bound = who.subject.bound_to.as_deref().is_none_or(|bound| bound == engine.name);
            bound && scope.part_of(&engine.name, &engine.labels).is_some()
        };
        engines.iter().filter(within).map(|engine| engine.name.clone()).collect()
    };
    let mut grants: Vec<MyGrant> = policy
        .grants_of(&who.subject.user, now_ms())
        .map(|grant| MyGrant {
            role: grant.role.name.clone(),
            scope: grant.scope.to_string(),
            team: match &grant.holder {
                Holder::Team(team) => Some(team.clone()),
                Holder::User(_) => None,
            },
            until: grant.until,
            engines: places(&grant.scope),
            permissions: grant.role.permissions.iter().map(|permission| permission.name().to_owned()).collect(),
        })
        .collect();
    if let Some(engine) = &who.subject.bound_to {
        grants.retain(|grant| !grant.engines.is_empty());
        for grant in grants.iter_mut().filter(|grant| !grant.scope.starts_with("engine/")) {
            grant.scope = format!("engine/{engine}");
        }
    }
    let session = match &who.credential {
        Credential::Session(id) => Some(id.to_string()),
        Credential::Token(_) | Credential::Certificate(_) => None,
    };
    let viewer = who.subject.viewer.as_ref().map(ToString::to_string);
    MeOutput { username: who.subject.user.to_string(), session, grants, needs_factor: api.operator.is_held_back(who), viewer }
}

async fn me(State(api): State<Api>, Extension(who): Who) -> Answer<Me> {
    let operation = Operation::on_system("Me", Permission::AccountView, "");
    api.operator.operate(&who, operation, async |_| Ok(Json(describe(&api, &who)))).await
}

async fn change_password(State(api): State<Api>, Extension(who): Who, Input(input): Input<PasswordInput>) -> Answer<PasswordChange> {
    let operation = Operation::on_system("PasswordChange", Permission::AccountUpdate, "");
    api.operator
        .change(&who, operation, async |_| {
            let Credential::Session(session) = &who.credential else {
                return Err(ApiError::new(Code::Forbidden, "Only a session can change a password; sign in."));
            };
            let attempt = match Attempt::begin(&api.store, &who.subject.user, &who.origin.address).await? {
                Throttle::Free(attempt) => attempt,
                Throttle::Wait(seconds) => {
                    return Err(ApiError(Problem::new(Code::Throttled, "Too many wrong passwords.").detail(format!("Try again in {seconds} s."))));
                }
            };
            let user = api.store.user(&who.subject.user).await?;
            let hash = user.and_then(|user| user.password_hash);
            if !api.house.passwords.verify(&input.current, hash.as_deref()).await {
                return Err(ApiError::field("current", "This is not the current password."));
            }
            attempt.succeeded(&api.store).await?;
            let hash = api.house.passwords.hash(&input.new, &who.subject.user).await.map_err(|error| match error {
                password::PasswordError::Failed => ApiError::internal(),
                error => ApiError::field("new", error.to_string()),
            })?;
            let alone = api.house.alone().await?;
            api.house.update_user(&alone, &who.subject.user, None, Some(&hash), Some(session)).await?;
            Ok(Changed::new(vec![field("password", None, Some("a new one"))], Json(Empty {})))
        })
        .await
}

async fn list_sessions(State(api): State<Api>, Extension(who): Who) -> Answer<SessionList> {
    let operation = Operation::on_system("SessionList", Permission::AccountView, "");
    api.operator
        .operate(&who, operation, async |_| {
            let now = now_ms();
            let mut items: Vec<Session> = Vec::new();
            for row in api.store.sessions().await?.into_iter().filter(|row| row.username == *who.subject.user && row.expires_at > now) {
                let credential = Credential::Session(row.id.as_str().into());
                // Idle ones are out of force before they are out of the store.
                let Some(known) = api.house.credentials.by_id(&credential) else { continue };
                items.push(Session {
                    current: credential == who.credential,
                    id: row.id,
                    username: row.username,
                    created_at: row.created_at,
                    last_used_at: known.last_used(),
                    expires_at: row.expires_at,
                    address: row.address,
                    client: row.client,
                    factor: row.factor,
                });
            }
            items.sort_by_key(|session| std::cmp::Reverse(session.last_used_at));
            let total = Some(items.len() as u64);
            Ok(Json(Page { items, next: None, total }))
        })
        .await
}

async fn revoke_session(State(api): State<Api>, Extension(who): Who, Path(id): Path<String>) -> Answer<SessionRevoke> {
    let operation = Operation::on_system("SessionRevoke", Permission::SessionManage, &id);
    api.operator
        .change(&who, operation, async |_| {
            owned(&api, &who, &Credential::Session(id.as_str().into()))?;
            api.house.end_session(&id).await?;
            Ok(Changed::new(vec![field("session", Some(&id), None)], Json(Empty {})))
        })
        .await
}

/// What somebody calls themselves, as it may be written down. What cannot be a name is not: passwords are typed into the wrong field (threats K1).
fn known_as(name: &str) -> &str {
    username(name).unwrap_or("(what is no name)")
}

/// Somebody else's credential is not there at all.
fn owned(api: &Api, who: &Principal, credential: &Credential) -> Result<(), ApiError> {
    let mine = api.house.credentials.by_id(credential).is_some_and(|known| known.user == who.subject.user);
    if mine { Ok(()) } else { Err(ApiError::new(Code::NotFound, "You have no such session or token.")) }
}

async fn list_tokens(State(api): State<Api>, Extension(who): Who) -> Answer<TokenList> {
    let operation = Operation::on_system("TokenList", Permission::AccountView, "");
    api.operator
        .operate(&who, operation, async |_| {
            let items = tokens::of(&api, &who.subject.user).await?;
            let total = Some(items.len() as u64);
            Ok(Json(Page { items, next: None, total }))
        })
        .await
}

async fn create_token(State(api): State<Api>, Extension(who): Who, Input(input): Input<TokenInput>) -> Answer<TokenCreate> {
    let operation = Operation::on_system("TokenCreate", Permission::TokenManage, input.name.chars().take(100).collect::<String>());
    api.operator.change(&who, operation, async |_| tokens::make(&api, &who.subject, &input).await).await
}

async fn revoke_token(State(api): State<Api>, Extension(who): Who, Path(id): Path<String>) -> Answer<TokenRevoke> {
    let operation = Operation::on_system("TokenRevoke", Permission::TokenManage, &id);
    api.operator
        .change(&who, operation, async |_| {
            owned(&api, &who, &Credential::Token(id.as_str().into()))?;
            let name = api.store.tokens().await?.into_iter().find(|token| token.id == id).map(|token| token.name);
            api.house.revoke_token(&id).await?;
            Ok(Changed::new(vec![field("token", name.as_deref(), None)], Json(Empty {})))
        })
        .await
}
