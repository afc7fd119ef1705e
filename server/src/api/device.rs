//! Signing in from the command line: it asks, somebody in a browser says yes or no, it gets a token.

use axum::{
    Extension, Json, Router,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use pilothouse_app::api::{
    Code, Empty, Problem,
    device::{
        DeviceApprove, DeviceAsking, DeviceBegin, DeviceCodes, DeviceDeny, DeviceInput, DeviceLook, DevicePoll, DeviceToken, DeviceTokenInput,
        UserCodeInput,
    },
};

use super::{Answer, Api, ApiError, Input, Who, route, tokens::add_token};
use crate::{
    access::{Operation, Permission},
    audit::{Changed, field},
    authn::{
        Credential, Origin, Principal,
        device::{About, INTERVAL_MS, LASTS_MS, NotBegun, Polled},
        throttle::{Attempt, Throttle},
    },
    clock::now_ms,
};

/// How long the token lasts: a working day.
const TOKEN_LASTS_S: u64 = 12 * 3_600;
/// How long a name may be, in characters.
const NAME: usize = 100;

/// What needs no credential: whoever asks has none yet.
pub fn public_routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, DeviceBegin, begin);
    route(router, DevicePoll, poll)
}

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, DeviceLook, look);
    let router = route(router, DeviceApprove, approve);
    route(router, DeviceDeny, deny)
}

/// Nothing is written down of it: nothing was done, and nobody is known who could have done it. Who says yes is, with all that was shown.
async fn begin(State(api): State<Api>, Extension(origin): Extension<Origin>, Input(input): Input<DeviceInput>) -> Answer<DeviceBegin> {
    let about = About {
        client_name: plain("client_name", &input.client_name)?,
        machine: input.machine.as_deref().map(|machine| plain("machine", machine)).transpose()?,
        address: origin.address.to_string(),
        client: origin.client.to_string(),
        asked_at: now_ms(),
    };
    let (device_code, user_code) = api.devices.begin(about).map_err(|error| match error {
        NotBegun::TooMany => {
            ApiError(Problem::new(Code::Throttled, "Too many sign-ins wait already.").detail("Finish one of them, or wait ten minutes."))
        }
        NotBegun::NoRandomness(error) => error.into(),
    })?;
    let page = format!("{}/device", api.reach.url);
    Ok(Json(DeviceCodes {
        verification_uri_complete: format!("{page}?code={user_code}"),
        verification_uri: page,
        device_code,
        user_code,
        expires_in: (LASTS_MS / 1000).unsigned_abs(),
        interval: (INTERVAL_MS / 1000).unsigned_abs(),
    }))
}

/// A name that whoever asks gave: it is shown to somebody who has to decide by it.
fn plain(field: &str, text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    // What turns the direction of writing could make a name look like another.
    let odd = |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    if text.is_empty() || text.chars().count() > NAME || text.chars().any(odd) {
        return Err(ApiError::field(field, format!("A name has 1 to {NAME} plain characters.")));
    }
    Ok(text.to_owned())
}

/// Only who sits at a browser can say who they are looking at.
fn with_session(who: &Principal) -> Result<(), ApiError> {
    match who.credential {
        Credential::Session(_) => Ok(()),
        _ => Err(ApiError(Problem::new(Code::Forbidden, "This takes a session in a browser.").detail("Sign in there and open /device."))),
    }
}

/// Does something with a code that was entered. Wrong ones cost time, as wrong passwords do.
async fn with_code<T>(api: &Api, who: &Principal, action: impl FnOnce() -> Option<T>) -> Result<T, ApiError> {
    let attempt = match Attempt::begin(&api.store, &format!("device {}", who.subject.user), &who.origin.address).await? {
        Throttle::Free(attempt) => attempt,
        Throttle::Wait(seconds) => {
            return Err(ApiError(Problem::new(Code::Throttled, "Too many wrong codes.").detail(format!("Try again in {seconds} s."))));
        }
    };
    let Some(found) = action() else {
        let problem = Problem::new(Code::NotFound, "Nobody waits with this code.").field("user_code");
        return Err(ApiError(problem.detail("Check it letter by letter. A code is good for ten minutes and for one answer.")));
    };
    attempt.succeeded(&api.store).await?;
    Ok(found)
}

/// The code, for the trail: whatever was entered.
fn object(input: &UserCodeInput) -> String {
    input.user_code.chars().take(20).collect()
}

/// What the trail says of whoever was let in or refused.
fn of(api: &Api, input: &UserCodeInput) -> String {
    let code = object(input);
    let Some((about, _)) = api.devices.look(&input.user_code, now_ms()) else { return code };
    let machine = about.machine.map(|machine| format!(" on {machine}")).unwrap_or_default();
    format!("{code} {}{machine} from {}", about.client_name, about.address)
}

async fn look(State(api): State<Api>, Extension(who): Who, Input(input): Input<UserCodeInput>) -> Answer<DeviceLook> {
    let operation = Operation::on_system("DeviceLook", Permission::AccountView, object(&input));
    api.operator
        .operate(&who, operation, async |_| {
            with_session(&who)?;
            let (about, expires_at) = with_code(&api, &who, || api.devices.look(&input.user_code, now_ms())).await?;
            Ok(Json(DeviceAsking {
                user_code: input.user_code.trim().to_uppercase(),
                client_name: about.client_name,
                machine: about.machine,
                address: about.address,
                client: about.client,
                asked_at: about.asked_at,
                expires_at,
                token_lasts_s: TOKEN_LASTS_S,
            }))
        })
        .await
}

async fn approve(State(api): State<Api>, Extension(who): Who, Input(input): Input<UserCodeInput>) -> Answer<DeviceApprove> {
    answer(&api, &who, "DeviceApprove", &input, Some(who.clone())).await
}

async fn deny(State(api): State<Api>, Extension(who): Who, Input(input): Input<UserCodeInput>) -> Answer<DeviceDeny> {
    answer(&api, &who, "DeviceDeny", &input, None).await
}

async fn answer(api: &Api, who: &Principal, name: &'static str, input: &UserCodeInput, by: Option<Principal>) -> Result<Json<Empty>, ApiError> {
    let operation = Operation::on_system(name, Permission::DeviceManage, of(api, input));
    api.operator
        .change(who, operation, async |_| {
            with_session(who)?;
            let now = if by.is_some() { "yes" } else { "no" };
            with_code(api, who, || api.devices.decide(&input.user_code, by, now_ms()).then_some(())).await?;
            Ok(Changed::new(vec![field("answer", None, Some(now))], Json(Empty {})))
        })
        .await
}

async fn poll(State(api): State<Api>, Extension(origin): Extension<Origin>, Input(input): Input<DeviceTokenInput>) -> Result<Response, ApiError> {
    let (error, words) = match api.devices.poll(&input.device_code, now_ms()) {
        Polled::Approved(by, about) => {
            let made = tokio::spawn(async move { hand_out(&api, &by, &about, origin).await });
            // Whoever asked may leave; the token is in the store and in force then, or in neither.
            return Ok(Json(made.await.map_err(|_| ApiError::internal())??).into_response());
        }
        Polled::Pending => ("authorization_pending", "Nobody has said yes or no yet."),
        Polled::SlowDown => ("slow_down", "Wait longer between two questions."),
        Polled::Denied => ("access_denied", "Somebody said no."),
        Polled::Expired => ("expired_token", "This code is not good any more, or never was."),
    };
    Ok(not_yet(error, words))
}

/// Makes the token of whoever said yes, unless their session or their right to it has ended since.
async fn hand_out(api: &Api, by: &Principal, about: &About, origin: Origin) -> Result<DeviceToken, ApiError> {
    if !api.house.credentials.stands(&by.credential) {
        return Err(ApiError::new(Code::Forbidden, "Whoever said yes has signed out since."));
    }
    let name = format!("{} on {}", about.client_name, about.machine.as_deref().unwrap_or(&about.address));
    let name: String = name.chars().take(NAME).collect();
    let who = Principal { origin, ..by.clone() };
    let operation = Operation::on_system("DeviceToken", Permission::TokenManage, &name);
    let made = api
        .operator
        .change(&who, operation, async |_| {
            let made = add_token(api, &who.subject.user, &name, None, TOKEN_LASTS_S).await?;
            let id = made.id.clone();
            Ok::<_, ApiError>(Changed::new(vec![field("name", None, Some(&name))], made).with_id(&id))
        })
        .await?;
    Ok(DeviceToken {
        access_token: made.token,
        token_type: "Bearer".to_owned(),
        expires_in: TOKEN_LASTS_S,
        expires_at: made.expires_at,
        username: who.subject.user.to_string(),
        id: made.id,
    })
}

/// A problem with the `error` that RFC 8628 asks for.
fn not_yet(error: &str, words: &str) -> Response {
    let problem = Problem::new(Code::InvalidInput, words);
    let body = serde_json::json!({ "error": error, "code": problem.code, "status": problem.status, "title": problem.title });
    let mut response = (StatusCode::BAD_REQUEST, Json(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}
