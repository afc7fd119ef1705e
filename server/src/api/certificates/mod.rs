//! One's own client certificates, and the bundles they come in.

mod bundle;

use std::sync::Arc;

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use pilothouse_app::api::{
    Code, Empty, Page, Problem,
    certificates::{
        BundleCreate, BundleInput, Certificate, CertificateCreate, CertificateCreated, CertificateInput, CertificateList, CertificateRevoke,
    },
};

use super::{Answer, Api, ApiError, Input, Who, route, tokens};
use crate::{
    access::{Operation, Permission},
    audit::{Change, Changed, field},
    authn::{Credential, Principal, secret},
    authority::{Authority, AuthorityError, Issued},
    clock::{self, now_ms},
    store::certificates::CertificateRow,
};

const DEFAULT_S: u64 = 7 * 86_400;
const LONGEST_S: u64 = 90 * 86_400;
/// Certificates in force one person may have.
const EACH: usize = 100;

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, CertificateList, list);
    let router = route(router, CertificateCreate, create);
    let router = route(router, BundleCreate, bundle);
    route(router, CertificateRevoke, revoke)
}

impl From<AuthorityError> for ApiError {
    fn from(error: AuthorityError) -> Self {
        match error {
            AuthorityError::Store(error) => error.into(),
            error => {
                tracing::error!(%error, "The authority failed.");
                Self::internal()
            }
        }
    }
}

async fn list(State(api): State<Api>, Extension(who): Who) -> Answer<CertificateList> {
    let operation = Operation::on_system("CertificateList", Permission::AccountView, "");
    api.operator
        .operate(&who, operation, async |_| {
            let rows = api.store.certificates().await?.into_iter().filter(|row| row.username == *who.subject.user);
            let items: Vec<Certificate> = rows
                .map(|row| {
                    let known = api.house.credentials.by_id(&Credential::Certificate(row.id.as_str().into()));
                    let last_used_at = known.map(|known| known.last_used()).filter(|at| *at > 0).or(row.last_used_at);
                    Certificate {
                        id: row.id,
                        name: row.name,
                        engine: row.engine,
                        fingerprint: secret::hex(&row.fingerprint),
                        created_at: row.created_at,
                        expires_at: row.expires_at,
                        last_used_at,
                        revoked_at: row.revoked_at,
                    }
                })
                .collect();
            let total = Some(items.len() as u64);
            Ok::<_, ApiError>(Json(Page { items, next: None, total }))
        })
        .await
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<CertificateInput>) -> Answer<CertificateCreate> {
    let operation = Operation::on_system("CertificateCreate", Permission::CertificateManage, object(&input.name, input.engine.as_deref()));
    api.operator
        .change(&who, operation, async |_| {
            let Some(authority) = api.reach.authority.clone() else {
                let problem = Problem::new(Code::Conflict, "Pilothouse does not speak TLS itself here, so a certificate would never reach it.");
                return Err(ApiError(
                    problem.detail("Make a token instead, or give Pilothouse a certificate of its own: see [tls] in its settings."),
                ));
            };
            let name = tokens::name("certificate", &input.name)?;
            if let Some(engine) = &input.engine {
                tokens::engine(&api, &who.subject, engine)?;
            }
            let (row, issued) = issue(&api, &authority, &who, name, input.engine.as_deref(), lifetime(input.expires_in_s)?).await?;
            let told = Changed::new(of_certificate(&row, true), ()).with_id(&row.id);
            Ok(told.answering(Json(CertificateCreated {
                id: row.id,
                fingerprint: secret::hex(&issued.fingerprint),
                expires_at: row.expires_at,
                certificate: issued.certificate,
                key: issued.key,
                ca: api.reach.ca.clone(),
            })))
        })
        .await
}

async fn revoke(State(api): State<Api>, Extension(who): Who, Path(id): Path<String>) -> Answer<CertificateRevoke> {
    let operation = Operation::on_system("CertificateRevoke", Permission::CertificateManage, &id);
    api.operator
        .change(&who, operation, async |_| {
            let mine = api.house.credentials.by_id(&Credential::Certificate(id.as_str().into())).is_some_and(|known| known.user == who.subject.user);
            let before = api.store.certificates().await?.into_iter().find(|row| row.id == id);
            let Some(before) = before.filter(|_| mine) else {
                return Err(ApiError::new(Code::NotFound, "You have no such certificate in force."));
            };
            api.house.revoke_certificate(&id).await?;
            Ok(Changed::new(of_certificate(&before, false), Json(Empty {})))
        })
        .await
}

async fn bundle(State(api): State<Api>, Extension(who): Who, Input(input): Input<BundleInput>) -> Result<Response, ApiError> {
    let operation = Operation::on_system("BundleCreate", Permission::CertificateManage, object(&input.name, input.engine.as_deref()));
    api.operator
        .change(&who, operation, async |_| {
            let name = tokens::name("bundle", &input.name)?;
            let engine = the_engine(&api, &who, input.engine.as_deref())?;
            tokens::engine(&api, &who.subject, &engine)?;
            let lasts_s = lifetime(input.expires_in_s)?;
            let (told, key) = match &api.reach.authority {
                Some(authority) => {
                    let (row, issued) = issue(&api, authority, &who, name, Some(&engine), lasts_s).await?;
                    (Changed::new(of_certificate(&row, true), ()).with_id(&row.id), bundle::Key::Certificate(issued))
                }
                None => {
                    let made = tokens::add_token(&api, &who.subject.user, name, Some(&engine), lasts_s).await?;
                    let fields = vec![field("token", None, Some(name)), field("engine", None, Some(&engine))];
                    (Changed::new(fields, ()).with_id(&made.id), bundle::Key::Token(made.token))
                }
            };
            let until = now_ms().saturating_add_unsigned(lasts_s * 1000);
            let archive = bundle::archive(&api.reach, &engine, &key, until).map_err(|error| {
                tracing::error!(%error, "A bundle could not be put together.");
                ApiError::internal()
            })?;
            Ok(told.answering(download(&format!("pilothouse-{engine}.tar"), archive)?))
        })
        .await
}

/// What a record tells of a certificate that came to be, or that is no more.
fn of_certificate(row: &CertificateRow, made: bool) -> Vec<Change> {
    let (fingerprint, until) = (secret::hex(&row.fingerprint), clock::text(row.expires_at));
    let fields =
        [("name", Some(row.name.as_str())), ("engine", row.engine.as_deref()), ("fingerprint", Some(&fingerprint)), ("expires_at", Some(&until))];
    let told = |(name, value): (&str, Option<&str>)| if made { field(name, None, value) } else { field(name, value, None) };
    fields.into_iter().filter(|(_, value)| value.is_some()).map(told).collect()
}

/// The engine that was asked for, or the only one there is for who asks.
fn the_engine(api: &Api, who: &Principal, asked: Option<&str>) -> Result<String, ApiError> {
    if let Some(engine) = asked {
        return Ok(engine.to_owned());
    }
    let engines = api.engines.list();
    let mut seen = engines.iter().filter(|engine| tokens::engine(api, &who.subject, &engine.name).is_ok()).map(|engine| engine.name.clone());
    match (seen.next(), seen.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(ApiError::field("engine", "There is no engine that you may see.")),
        (Some(first), Some(second)) => Err(ApiError::field("engine", format!("Say which engine it is for: {first}, {second}, ..."))),
    }
}

/// Makes a certificate of theirs and puts it in force. What goes in was looked at.
async fn issue(
    api: &Api,
    authority: &Arc<Authority>,
    who: &Principal,
    name: &str,
    engine: Option<&str>,
    lasts_s: u64,
) -> Result<(CertificateRow, Issued), ApiError> {
    let now = now_ms();
    let live = |row: &&CertificateRow| row.username == *who.subject.user && row.expires_at > now && row.revoked_at.is_none();
    if api.store.certificates().await?.iter().filter(live).count() >= EACH {
        return Err(ApiError::new(Code::Conflict, format!("You have {EACH} certificates, the most one may have. Revoke some first.")));
    }
    let (id, expires_at) = (secret::id()?, now.saturating_add_unsigned(lasts_s * 1000));
    let issued = authority.client(&id, &who.subject.user, expires_at)?;
    let row = CertificateRow {
        id,
        username: who.subject.user.to_string(),
        name: name.to_owned(),
        engine: engine.map(str::to_owned),
        fingerprint: issued.fingerprint.to_vec(),
        created_at: now,
        expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    api.house.add_certificate(&row).await?;
    Ok((row, issued))
}

fn lifetime(asked: Option<u64>) -> Result<u64, ApiError> {
    let lasts = asked.unwrap_or(DEFAULT_S);
    if (60..=LONGEST_S).contains(&lasts) {
        Ok(lasts)
    } else {
        Err(ApiError::field("expires_in_s", "It lasts 60 seconds at least and 90 days at most."))
    }
}

/// What the trail says of it.
fn object(name: &str, engine: Option<&str>) -> String {
    let name: String = name.chars().take(100).collect();
    engine.map_or(name.clone(), |engine| format!("{name} for {engine}").chars().take(200).collect())
}

fn download(file: &str, archive: Vec<u8>) -> Result<Response, ApiError> {
    let mut response = archive.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-tar"));
    let offered = HeaderValue::try_from(format!("attachment; filename=\"{file}\"")).map_err(|_| ApiError::internal())?;
    headers.insert(header::CONTENT_DISPOSITION, offered);
    Ok(response)
}
