//! One's own factors: seeing, adding and removing them.

use std::time::Instant;

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use pilothouse_app::api::{
    Code, Empty, Problem,
    factors::{
        FactorAdded, FactorList, FactorRemove, Factors, PasskeyAdd, PasskeyInput, PasskeyOptions, PasskeyStart, ProofInput, RecoveryCodes,
        RecoveryRenew, TotpAdd, TotpInput, TotpStart, TotpStarted,
    },
};

use super::{Api, ApiError, challenge, no_room, rp_id, shown};
use crate::{
    access::{Operation, Permission},
    api::{Answer, Input, Who},
    audit::{Changed, field},
    authn::{
        Credential, Principal,
        factors::{
            Ceremony, Enrolment, FACTORS_EACH, FRESH_MS, MAKING_LASTS, WRONG_CODES,
            passkey::{self, ALGORITHMS, ClientData, Deed},
            place, totp,
        },
        secret,
        throttle::{Attempt, Throttle},
    },
    clock::now_ms,
    house::HouseError,
    store::{StoreError, factors::FactorRow},
};

fn operation(name: &'static str, object: &str) -> Operation {
    Operation::on_system(name, Permission::FactorManage, object.chars().take(64).collect::<String>())
}

/// Whether the session was proved by a factor a moment ago.
fn is_fresh(api: &Api, who: &Principal) -> bool {
    let proved = api.house.credentials.by_id(&who.credential).map_or(0, |known| known.proved_at());
    proved > 0 && (0..FRESH_MS).contains(&(now_ms() - proved))
}

/// The session that asks.
fn session(who: &Principal) -> Result<&str, ApiError> {
    match &who.credential {
        Credential::Session(id) => Ok(id),
        Credential::Token(_) | Credential::Certificate(_) => {
            Err(ApiError::new(Code::Forbidden, "Neither a token nor a certificate can change factors; sign in."))
        }
    }
}

/// Makes sure that it is really they who change their factors: by a sign-in with a factor a moment ago, or by the password. Who has none,
/// since somebody else looks after it, has to have signed in a moment ago.
async fn prove(api: &Api, who: &Principal, password: Option<&str>) -> Result<(), ApiError> {
    let session = session(who)?;
    if is_fresh(api, who) {
        return Ok(());
    }
    let user = &who.subject.user;
    let Some(hash) = api.store.user(user).await?.and_then(|user| user.password_hash) else {
        let begun = api.store.sessions().await?.into_iter().find(|row| row.id == session).map_or(0, |row| row.created_at);
        let again = || ApiError::new(Code::Forbidden, "You signed in longer ago than ten minutes. Sign out and in again, then do this.");
        return (0..FRESH_MS).contains(&(now_ms() - begun)).then_some(()).ok_or_else(again);
    };
    let Some(password) = password.filter(|password| !password.is_empty()) else {
        return Err(ApiError::field("password", "Write your current password: only you are to change this."));
    };
    let attempt = match Attempt::begin(&api.store, user, &who.origin.address).await? {
        Throttle::Free(attempt) => attempt,
        Throttle::Wait(seconds) => {
            return Err(ApiError(Problem::new(Code::Throttled, "Too many wrong passwords.").detail(format!("Try again in {seconds} s."))));
        }
    };
    if !api.house.passwords.verify(password, Some(&hash)).await {
        return Err(ApiError::field("password", "This is not the current password."));
    }
    Ok(attempt.succeeded(&api.store).await?)
}

/// What a factor is called.
fn called(name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    let fits = !name.is_empty() && name.chars().count() <= 60 && !name.chars().any(char::is_control);
    if fits { Ok(name.to_owned()) } else { Err(ApiError::field("name", "A name has 1 to 60 characters.")) }
}

/// The factors of who asks, if there is room for one more.
async fn with_room(api: &Api, who: &Principal) -> Result<Vec<FactorRow>, ApiError> {
    let factors = api.store.factors_of(&who.subject.user).await?;
    let full = || ApiError::new(Code::Conflict, format!("You have {FACTORS_EACH} factors, the most one may have. Remove one first."));
    if factors.len() < FACTORS_EACH { Ok(factors) } else { Err(full()) }
}

/// Keeps a new factor.
async fn add(api: &Api, who: &Principal, row: FactorRow) -> Result<Changed<Json<FactorAdded>>, ApiError> {
    match api.house.add_factor(&row, session(who)?).await {
        Err(HouseError::Store(StoreError::Exists)) => Err(ApiError::new(Code::Conflict, "This passkey was added before.")),
        codes => {
            let (id, told) = (row.id.clone(), field("factor", None, Some(&described(&row))));
            Ok(Changed::new(vec![told], Json(FactorAdded { recovery_codes: codes?, factor: shown(row) })).with_id(&id))
        }
    }
}

/// A factor, in a record.
fn described(row: &FactorRow) -> String {
    format!("{} {}", row.kind, row.name)
}

pub async fn list(State(api): State<Api>, Extension(who): Who) -> Answer<FactorList> {
    let operation = Operation::on_system("FactorList", Permission::AccountView, "");
    api.operator
        .operate(&who, operation, async |_| {
            let user = &*who.subject.user;
            let has_password = api.store.user(user).await?.is_some_and(|user| user.password_hash.is_some());
            Ok::<_, ApiError>(Json(Factors {
                items: api.store.factors_of(user).await?.into_iter().map(shown).collect(),
                recovery_left: u32::try_from(api.store.recovery_codes_left(user).await?).unwrap_or(0),
                required: api.operator.factor_rules().asks(&api.operator.policy(), user, now_ms()),
                ask_password: has_password && !is_fresh(&api, &who),
                passkeys: api.house.factors.site.rp_id.is_some(),
            }))
        })
        .await
}

pub async fn totp_start(State(api): State<Api>, Extension(who): Who, Input(input): Input<ProofInput>) -> Answer<TotpStart> {
    api.operator
        .operate(&who, operation("TotpStart", ""), async |_| {
            prove(&api, &who, input.password.as_deref()).await?;
            with_room(&api, &who).await?;
            let (id, secret) = (secret::id()?, totp::Secret::new()?);
            let enrolment = Enrolment { session: session(&who)?.to_owned(), secret: secret.clone() };
            if !api.house.factors.enrolments.put(secret::hash(&id), &who.subject.user, enrolment, Instant::now()) {
                return Err(no_room());
            }
            let site = &api.house.factors.site;
            let host = site.origin.split("://").last().unwrap_or_default();
            let uri = secret.uri(&format!("Pilothouse {host}"), &who.subject.user);
            let qr = totp::picture(&uri).ok_or_else(ApiError::internal)?;
            let expires_at = now_ms() + i64::try_from(MAKING_LASTS.as_millis()).unwrap_or(0);
            let qr_size = u32::try_from(qr.size).unwrap_or(0);
            Ok(Json(TotpStarted { id, secret: secret.base32(), uri, qr: qr.path, qr_size, expires_at }))
        })
        .await
}

pub async fn totp_add(State(api): State<Api>, Extension(who): Who, Path(begun): Path<String>, Input(input): Input<TotpInput>) -> Answer<TotpAdd> {
    api.operator
        .change(&who, operation("TotpAdd", &input.name), async |_| {
            let name = called(&input.name)?;
            let (shelf, key) = (&api.house.factors.enrolments, secret::hash(&begun));
            let enrolment = shelf.attempt(&key, WRONG_CODES, Instant::now()).filter(|it| session(&who).is_ok_and(|session| session == it.session));
            let over = || ApiError::new(Code::NotFound, "This took too long, or too many codes were wrong. Begin again.");
            let enrolment = enrolment.ok_or_else(over)?;
            let now = now_ms();
            let Some(step) = enrolment.secret.step_of(&input.code, now, 0) else {
                return Err(ApiError::field("code", "This is not the code that the app shows now. See that the clocks of both are right."));
            };
            with_room(&api, &who).await?;
            shelf.take(&key, Instant::now()).ok_or_else(over)?;
            let id = secret::id()?;
            let sealed = api.house.factors.seal.seal(&place(&id), &enrolment.secret.base32()).map_err(|_| ApiError::internal())?;
            let row = FactorRow {
                id,
                username: who.subject.user.to_string(),
                kind: "totp".to_owned(),
                name,
                created_at: now,
                last_used_at: None,
                secret: Some(sealed),
                counter: step,
                credential: None,
                public_key: None,
                user_handle: None,
            };
            add(&api, &who, row).await
        })
        .await
}

pub async fn passkey_start(State(api): State<Api>, Extension(who): Who, Input(input): Input<ProofInput>) -> Answer<PasskeyStart> {
    api.operator
        .operate(&who, operation("PasskeyStart", ""), async |_| {
            prove(&api, &who, input.password.as_deref()).await?;
            let rp_id = rp_id(&api)?;
            let factors = with_room(&api, &who).await?;
            // One user is one account in an authenticator, however many passkeys they make.
            let handle = match factors.iter().find_map(|factor| factor.user_handle.clone()) {
                Some(handle) => handle,
                None => secret::random(32)?.into_bytes(),
            };
            let user_id = passkey::encode(&handle);
            let challenge = challenge()?;
            let user = who.subject.user.to_string();
            let ceremony = Ceremony::Making { user: user.clone(), session: session(&who)?.to_owned(), handle };
            if !api.house.factors.ceremonies.put(secret::hash(&challenge), &user, ceremony, Instant::now()) {
                return Err(no_room());
            }
            let exclude = factors.into_iter().filter_map(|factor| Some(passkey::encode(&factor.credential?))).collect();
            Ok(Json(PasskeyOptions { challenge, rp_id, user_id, user_name: user, algorithms: ALGORITHMS.to_vec(), exclude }))
        })
        .await
}

pub async fn passkey_add(State(api): State<Api>, Extension(who): Who, Input(input): Input<PasskeyInput>) -> Answer<PasskeyAdd> {
    api.operator
        .change(&who, operation("PasskeyAdd", &input.name), async |_| {
            let (name, factors) = (called(&input.name)?, &api.house.factors);
            let client_data = passkey::decode(&input.client_data, "the client data")?;
            let said = ClientData::read(&client_data, Deed::Make, &factors.site)?;
            let handle = match factors.ceremonies.take(&secret::hash(&said.challenge), Instant::now()) {
                Some(Ceremony::Making { user, session: begun, handle }) if *user == *who.subject.user && begun == session(&who)? => handle,
                _ => return Err(ApiError::new(Code::NotFound, "This took too long, or was done before. Begin again.")),
            };
            let made = passkey::made(&factors.site, &passkey::decode(&input.attestation, "the attestation")?)?;
            with_room(&api, &who).await?;
            let row = FactorRow {
                id: secret::id()?,
                username: who.subject.user.to_string(),
                kind: "passkey".to_owned(),
                name,
                created_at: now_ms(),
                last_used_at: None,
                secret: None,
                counter: i64::from(made.count),
                credential: Some(made.id),
                public_key: Some(made.public_key),
                user_handle: Some(handle),
            };
            add(&api, &who, row).await
        })
        .await
}

pub async fn remove(State(api): State<Api>, Extension(who): Who, Path(id): Path<String>, Input(input): Input<ProofInput>) -> Answer<FactorRemove> {
    api.operator
        .change(&who, operation("FactorRemove", &id), async |_| {
            prove(&api, &who, input.password.as_deref()).await?;
            let before = api.store.factors_of(&who.subject.user).await?.into_iter().find(|row| row.id == id);
            let found = api.house.remove_factor(&who.subject.user, &id).await?;
            let Some(before) = before.filter(|_| found) else { return Err(ApiError::new(Code::NotFound, "You have no such factor.")) };
            Ok(Changed::new(vec![field("factor", Some(&described(&before)), None)], Json(Empty {})))
        })
        .await
}

pub async fn renew_codes(State(api): State<Api>, Extension(who): Who, Input(input): Input<ProofInput>) -> Answer<RecoveryRenew> {
    api.operator
        .change(&who, operation("RecoveryRenew", ""), async |_| {
            prove(&api, &who, input.password.as_deref()).await?;
            if api.store.factors_of(&who.subject.user).await?.is_empty() {
                return Err(ApiError::new(Code::Conflict, "Recovery codes go with a factor: add one first."));
            }
            let codes = api.house.renew_recovery_codes(&who.subject.user).await?;
            Ok(Changed::new(vec![field("recovery codes", None, Some("new ones"))], Json(RecoveryCodes { codes })))
        })
        .await
}
