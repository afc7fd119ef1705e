//! The second step of a sign-in, and signing in with a passkey alone.

use std::time::Instant;

use axum::{
    Extension, Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use pilothouse_app::api::{
    Code, Empty, Problem,
    factors::{CodeInput, PasskeyChallenge, PasskeyProof, PasskeySignInStart, PasskeyStartInput, SecondStep, SecondStepGet},
};

use super::{Api, ApiError, challenge, no_room, rp_id};
use crate::{
    access::{Operation, Permission},
    api::{
        Answer, Asked, Input,
        session::{begin_session, end_the_one_before, refused, wait},
    },
    authn::{
        self, Origin, Principal,
        factors::{
            Ceremony, STEP_COOKIE, STEP_LASTS, WRONG_CODES,
            passkey::{self, ClientData, Deed},
            place, recovery, totp,
        },
        secret,
        throttle::{Attempt, Throttle, network},
    },
    clock::now_ms,
    store::{factors::FactorRow, users::UserRow},
};

/// No code is longer, however it is typed.
const LONGEST_CODE: usize = 64;

/// Asks who sent a right password for their second factor, if they have one: the answer, which bears nothing but a cookie for it.
pub async fn second_step(api: &Api, origin: &Origin, user: &UserRow, operation: &Operation) -> Result<Option<Response>, ApiError> {
    if api.store.factors_of(&user.username).await?.is_empty() {
        return Ok(None);
    }
    let step = secret::random(43)?;
    let owner = format!("{} from {}", user.username, network(&origin.address));
    if !api.house.factors.steps.put(secret::hash(&step), &owner, user.clone(), Instant::now()) {
        return Err(no_room());
    }
    refused(api, origin, operation, "The password was right; a second factor is asked for.", 401).await?;
    let problem = Problem::new(Code::SecondFactorRequired, "A second factor is needed.");
    let problem = problem.detail("Send a code of your authenticator app or a recovery code, or use your passkey.");
    let mut response = ApiError(problem).into_response();
    let cookie = format!("{STEP_COOKIE}={step}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Strict", STEP_LASTS.as_secs());
    response.headers_mut().insert(header::SET_COOKIE, HeaderValue::try_from(cookie).map_err(|_| ApiError::internal())?);
    Ok(Some(response))
}

/// The hash of this browser's step, and whose it is.
async fn awaited(api: &Api, headers: &HeaderMap) -> Result<Option<(secret::Hash, UserRow)>, ApiError> {
    let Some(hash) = authn::cookie(headers, STEP_COOKIE).map(secret::hash) else { return Ok(None) };
    let Some(user) = api.house.factors.steps.get(&hash, Instant::now()) else { return Ok(None) };
    Ok(is_unchanged(api, &user).await?.then_some((hash, user)))
}

/// Whether the user may still sign in, and by the password that was right.
async fn is_unchanged(api: &Api, user: &UserRow) -> Result<bool, ApiError> {
    let now = api.store.user(&user.username).await?;
    Ok(now.is_some_and(|now| !now.disabled && now.password_hash == user.password_hash))
}

pub async fn state(State(api): State<Api>, headers: HeaderMap, Asked(_): Asked<Empty>) -> Answer<SecondStepGet> {
    let passkeys = api.house.factors.site.rp_id.is_some();
    let Some((_, user)) = awaited(&api, &headers).await? else {
        return Ok(Json(SecondStep { awaited: false, totp: false, recovery: false, passkey: false, passkeys }));
    };
    let factors = api.store.factors_of(&user.username).await?;
    let has = |kind: &str| factors.iter().any(|factor| factor.kind == kind);
    let recovery = api.store.recovery_codes_left(&user.username).await? > 0;
    Ok(Json(SecondStep { awaited: true, totp: has("totp"), recovery, passkey: has("passkey") && passkeys, passkeys }))
}

pub async fn code(
    State(api): State<Api>,
    Extension(origin): Extension<Origin>,
    before: Option<Extension<Principal>>,
    headers: HeaderMap,
    Input(input): Input<CodeInput>,
) -> Result<Response, ApiError> {
    let operation = |object: String| Operation::on_system("SecondFactor", Permission::SessionManage, object);
    let Some((step, user)) = awaited(&api, &headers).await? else { return over(&api, &origin, &operation(String::new())).await };
    let name = user.username.clone();
    let attempt = match Attempt::begin_factor(&api.store, &name, &origin.address).await? {
        Throttle::Free(attempt) => attempt,
        Throttle::Wait(seconds) => {
            refused(&api, &origin, &operation(name), "Too many wrong codes.", 429).await?;
            return Ok(wait(seconds));
        }
    };
    if api.house.factors.steps.attempt(&step, WRONG_CODES, Instant::now()).is_none() {
        return over(&api, &origin, &operation(name)).await;
    }
    let Some(factor) = right(&api, &name, &input.code).await? else {
        refused(&api, &origin, &operation(name), "The code is wrong, or was used before.", 401).await?;
        let problem = Problem::new(Code::Unauthenticated, "The code is wrong, or was used before.").field("code");
        return Err(ApiError(problem.detail("Wait for the next one in your app, and see that its clock is right.")));
    };
    attempt.succeeded(&api.store).await?;
    if api.house.factors.steps.take(&step, Instant::now()).is_none() {
        return over(&api, &origin, &operation(name)).await;
    }
    finish(&api, &origin, &user, operation(format!("{name}: {factor}")), factor, before).await
}

/// There is no step any more, or none of this browser.
async fn over(api: &Api, origin: &Origin, operation: &Operation) -> Result<Response, ApiError> {
    refused(api, origin, operation, "No sign-in of this browser waits for a second factor.", 401).await?;
    let problem = Problem::new(Code::Unauthenticated, "This sign-in is over.");
    Err(ApiError(problem.detail("It lasts five minutes and takes five codes. Start again with your password.")))
}

/// By what `code` is right for `username`. It is used up by that.
async fn right(api: &Api, username: &str, code: &str) -> Result<Option<&'static str>, ApiError> {
    let now = now_ms();
    if code.len() > LONGEST_CODE {
        return Ok(None);
    }
    if totp::digits(code).is_none() {
        let used = api.store.use_recovery_code(username, &recovery::hash(code), now).await?;
        return Ok(used.then_some("recovery"));
    }
    for factor in api.store.factors_of(username).await?.iter().filter(|factor| factor.kind == "totp") {
        let Some(secret) = open(api, factor) else { continue };
        if let Some(step) = secret.step_of(code, now, factor.counter)
            && api.store.use_factor(&factor.id, step, now).await?
        {
            return Ok(Some("totp"));
        }
    }
    Ok(None)
}

fn open(api: &Api, factor: &FactorRow) -> Option<totp::Secret> {
    match api.house.factors.seal.open_sealed(&place(&factor.id), factor.secret.as_deref()?) {
        Ok(text) => totp::Secret::from_base32(&text),
        Err(error) => {
            tracing::error!(%error, "The secret of an authenticator app of {} cannot be read.", factor.username);
            None
        }
    }
}

/// Begins the session, and forgets the step.
async fn finish(
    api: &Api,
    origin: &Origin,
    user: &UserRow,
    operation: Operation,
    factor: &str,
    before: Option<Extension<Principal>>,
) -> Result<Response, ApiError> {
    let mut response = begin_session(api, origin, user, operation, factor).await?;
    let cookie = format!("{STEP_COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
    response.headers_mut().append(header::SET_COOKIE, HeaderValue::try_from(cookie).map_err(|_| ApiError::internal())?);
    end_the_one_before(api, before).await?;
    Ok(response)
}

pub async fn passkey_start(
    State(api): State<Api>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    Input(input): Input<PasskeyStartInput>,
) -> Answer<PasskeySignInStart> {
    let rp_id = rp_id(&api)?;
    let (ceremony, allow) = if input.second {
        let over = || ApiError::new(Code::Unauthenticated, "This sign-in is over. Start again with your password.");
        let (step, user) = awaited(&api, &headers).await?.ok_or_else(over)?;
        let theirs = api.store.factors_of(&user.username).await?.into_iter().filter_map(|factor| factor.credential);
        (Ceremony::Second(step), theirs.map(|id| passkey::encode(&id)).collect())
    } else {
        (Ceremony::Alone, Vec::new())
    };
    let challenge = challenge()?;
    if !api.house.factors.ceremonies.put(secret::hash(&challenge), &network(&origin.address), ceremony, Instant::now()) {
        return Err(no_room());
    }
    Ok(Json(PasskeyChallenge { challenge, rp_id, allow, verify: !input.second }))
}

pub async fn passkey(
    State(api): State<Api>,
    Extension(origin): Extension<Origin>,
    before: Option<Extension<Principal>>,
    Input(input): Input<PasskeyProof>,
) -> Result<Response, ApiError> {
    let operation = |object: &str| Operation::on_system("PasskeySignIn", Permission::SessionManage, object);
    let attempt = match Attempt::begin(&api.store, "passkey", &origin.address).await? {
        Throttle::Free(attempt) => attempt,
        Throttle::Wait(seconds) => {
            refused(&api, &origin, &operation(""), "Too many failed sign-ins.", 429).await?;
            return Ok(wait(seconds));
        }
    };
    let user = match proved(&api, &input).await {
        Ok(user) => user,
        Err(error) if error.0.status >= 500 => return Err(error),
        Err(error) => {
            refused(&api, &origin, &operation(""), &error.0.title, 401).await?;
            return Err(ApiError(Problem::new(Code::Unauthenticated, error.0.title)));
        }
    };
    attempt.succeeded(&api.store).await?;
    finish(&api, &origin, &user, operation(&user.username), "passkey", before).await
}

/// Whose passkey was used, if all about it is right.
async fn proved(api: &Api, input: &PasskeyProof) -> Result<UserRow, ApiError> {
    let (factors, now) = (&api.house.factors, Instant::now());
    let wrong = |title: &str| ApiError::new(Code::InvalidInput, title);
    let client_data = passkey::decode(&input.client_data, "the client data")?;
    let said = ClientData::read(&client_data, Deed::Use, &factors.site)?;
    let over = || wrong("This took too long, or was done before. Try again.");
    let ceremony = factors.ceremonies.take(&secret::hash(&said.challenge), now).ok_or_else(over)?;
    let unknown = || wrong("This passkey is not known here.");
    let row = api.store.passkey(&passkey::decode(&input.id, "the id")?).await?.ok_or_else(unknown)?;
    let handle = input.user_handle.as_deref().map(|handle| passkey::decode(handle, "the user handle")).transpose()?;
    let (user, step) = match ceremony {
        Ceremony::Second(step) => (factors.steps.attempt(&step, WRONG_CODES, now).ok_or_else(over)?, Some(step)),
        Ceremony::Alone if handle.is_some() => (api.store.user(&row.username).await?.ok_or_else(unknown)?, None),
        Ceremony::Alone | Ceremony::Making { .. } => return Err(unknown()),
    };
    if user.username != row.username || !is_unchanged(api, &user).await? || handle.is_some() && handle != row.user_handle {
        return Err(unknown());
    }
    let [data, signature] = [passkey::decode(&input.authenticator_data, "its data")?, passkey::decode(&input.signature, "its signature")?];
    let public_key = row.public_key.unwrap_or_default();
    let used = passkey::used(&factors.site, &public_key, &client_data, &data, &signature, step.is_none())?;
    if !api.store.use_factor(&row.id, i64::from(used.count), now_ms()).await? {
        return Err(wrong("This passkey counts fewer uses than it had: it may have been copied. Remove it, and add it anew."));
    }
    if step.is_some_and(|step| factors.steps.take(&step, now).is_none()) {
        return Err(over());
    }
    Ok(user)
}
