//! Who is told at once when the trail has something that is looked for.

use std::collections::BTreeMap;

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::{
    Code, Empty, Page, Problem,
    alerts::{
        Alert, AlertInput, AlertSent, AlertTried, AlertUpdateInput, AuditAlertCreate, AuditAlertDelete, AuditAlertList, AuditAlertTry,
        AuditAlertUpdate,
    },
};
use serde::Serialize;

use super::super::{Answer, Api, ApiError, Asked, Input, Named, Who, route};
use crate::{
    access::{Operation, Permission},
    audit::{
        Changed,
        alerts::{Hook, HookError, address, check},
        between, field,
        forward::webhook::{SHORTEST, origin},
    },
    authn::{Principal, secret},
    clock::now_ms,
    operate::Refused,
    outgoing,
    store::{StoreError, audit::AlertRow},
};

/// How many there may be, and how many addresses one has.
const MOST: usize = 100;
const ADDRESSES: usize = 10;
const TIMES: std::ops::RangeInclusive<u32> = 1..=1_000;
/// In minutes: a day, and a week.
const WITHIN: std::ops::RangeInclusive<u32> = 1..=1_440;
const QUIET: std::ops::RangeInclusive<u32> = 0..=10_080;

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    let router = route(router, AuditAlertList, list);
    let router = route(router, AuditAlertCreate, create);
    let router = route(router, AuditAlertUpdate, update);
    let router = route(router, AuditAlertDelete, delete);
    route(router, AuditAlertTry, try_out)
}

fn shown(row: AlertRow, waiting: u64) -> Alert {
    let number = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let unreadable = check(&row.query, &row.scope).err().map(|(_, why)| why);
    Alert {
        id: row.id,
        name: row.name,
        query: row.query,
        scope: row.scope,
        times: number(row.times),
        minutes: number(row.minutes),
        quiet: number(row.quiet),
        webhook: Some(row.webhook).filter(|webhook| !webhook.is_empty()),
        mail: row.mail.lines().map(str::to_owned).collect(),
        enabled: row.enabled,
        created_at: row.created_at,
        created_by: row.created_by,
        fired_at: row.fired_at,
        fired_records: u64::try_from(row.fired).unwrap_or(0),
        waiting,
        sent_at: row.sent_at,
        error: unreadable.or(Some(row.error).filter(|error| !error.is_empty())),
        error_at: row.error_at,
    }
}

/// What the trail is told of an alert: what it is, and not what it did.
#[derive(Serialize)]
struct Settings {
    name: String,
    query: String,
    scope: String,
    times: i64,
    minutes: i64,
    quiet: i64,
    webhook: String,
    mail: Vec<String>,
    enabled: bool,
}

fn settings(row: &AlertRow) -> Settings {
    Settings {
        name: row.name.clone(),
        query: row.query.clone(),
        scope: row.scope.clone(),
        times: row.times,
        minutes: row.minutes,
        quiet: row.quiet,
        webhook: row.webhook.clone(),
        mail: row.mail.lines().map(str::to_owned).collect(),
        enabled: row.enabled,
    }
}

/// Whoever says what of the trail goes out must be able to read it, too.
fn reads_the_trail(api: &Api, who: &Principal) -> Result<(), ApiError> {
    let reads = Operation::on_system("AuditList", Permission::AuditList, "");
    api.operator.policy().decide(&who.subject, reads, now_ms()).map(drop).map_err(|denied| Refused::Denied(denied).into())
}

fn none() -> ApiError {
    ApiError::new(Code::NotFound, "There is no such alert.")
}

fn sealed(why: HookError) -> ApiError {
    tracing::error!(%why, "An alert's webhook cannot be sealed or opened.");
    ApiError::internal()
}

fn exists(name: &str) -> ApiError {
    ApiError(Problem::new(Code::Conflict, format!("There is an alert {name:?} already.")).field("name"))
}

fn within(name: &str, value: u32, range: &std::ops::RangeInclusive<u32>) -> Result<i64, ApiError> {
    if range.contains(&value) {
        return Ok(i64::from(value));
    }
    Err(ApiError::field(name, format!("This is a number from {} to {}.", range.start(), range.end())))
}

/// The addresses as they are kept: a line each.
fn addresses(api: &Api, mail: &[String]) -> Result<String, ApiError> {
    if !mail.is_empty() && !api.alerts.sends_mail() {
        return Err(ApiError::field("mail", "This Pilothouse sends no mail: its settings have no [mail]."));
    }
    if mail.len() > ADDRESSES {
        return Err(ApiError::field("mail", format!("An alert has {ADDRESSES} addresses at most.")));
    }
    let mut lines: Vec<String> = Vec::new();
    for text in mail {
        let shown: String = text.chars().take(100).collect();
        let address = address(text).ok_or_else(|| ApiError::field("mail", format!("{shown:?} is no address, such as ops@example.com.")))?;
        if !lines.contains(&address) {
            lines.push(address);
        }
    }
    Ok(lines.join("\n"))
}

/// Puts a webhook in its place, as far as it was given. Says whether there is a new address, and whether a new secret.
fn set_hook(api: &Api, row: &mut AlertRow, url: Option<String>, secret: Option<String>) -> Result<(bool, bool), ApiError> {
    let old = api.alerts.hook(row).map_err(sealed)?;
    let (url, secret) = (url.map(|url| url.trim().to_owned()), secret.filter(|secret| !secret.is_empty()));
    if url.as_deref() == Some("") || (url.is_none() && old.is_none()) {
        if secret.is_some() {
            return Err(ApiError::field("url", "A secret needs a webhook that it is for."));
        }
        row.webhook.clear();
        row.secret = None;
        return Ok((false, false));
    }
    let (old_url, old_secret) = old.map(|old| (old.url, old.secret)).unzip();
    let new_url = url.is_some() && url != old_url;
    let Some(url) = url.or(old_url) else { return Err(none()) };
    let uri = outgoing::address(&url).map_err(|why| ApiError::field("url", format!("For a webhook, {why}")))?;
    if url.len() > 2_000 {
        return Err(ApiError::field("url", "An address has 2000 characters at most."));
    }
    if secret.as_ref().is_some_and(|secret| !(SHORTEST..=1_000).contains(&secret.chars().count())) {
        return Err(ApiError::field("secret", format!("A secret has {SHORTEST} to 1000 characters.")));
    }
    let new_secret = secret.is_some();
    // A secret is for whom it was given for: another address must not be offered it unasked.
    let Some(secret) = secret.or(old_secret.filter(|_| !new_url)) else {
        return Err(ApiError::field("secret", "A webhook's address needs a secret of its own, which its messages are signed with."));
    };
    row.webhook = origin(&uri);
    row.secret = Some(api.alerts.seal_hook(&row.id, &Hook { url, secret }).map_err(sealed)?);
    Ok((new_url, new_secret))
}

/// What is wrong with an alert as a whole.
fn checked(row: &AlertRow) -> Result<(), ApiError> {
    if row.name.is_empty() || row.name.chars().count() > 60 || row.name.chars().any(char::is_control) {
        return Err(ApiError::field("name", "An alert's name has 1 to 60 characters."));
    }
    check(&row.query, &row.scope).map_err(|(field, why)| ApiError::field(field, why))?;
    if row.secret.is_none() && row.mail.is_empty() {
        return Err(ApiError::field("url", "An alert tells somebody: give a webhook, or addresses for mail."));
    }
    Ok(())
}

async fn list(State(api): State<Api>, Extension(who): Who, _: Asked<Empty>) -> Answer<AuditAlertList> {
    let operation = Operation::on_system("AuditAlertList", Permission::AuditList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let waiting: BTreeMap<String, i64> = api.store.waiting_deliveries().await?.into_iter().collect();
            let of = |row: &AlertRow| waiting.get(&row.id).and_then(|count| u64::try_from(*count).ok()).unwrap_or(0);
            let items: Vec<Alert> = api.store.alerts().await?.into_iter().map(|row| (of(&row), row)).map(|(count, row)| shown(row, count)).collect();
            let total = Some(items.len() as u64);
            Ok::<_, ApiError>(Json(Page { items, next: None, total }))
        })
        .await
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<AlertInput>) -> Answer<AuditAlertCreate> {
    let operation = Operation::on_system("AuditAlertCreate", Permission::AuditManage, input.name.chars().take(64).collect::<String>());
    api.operator
        .change(&who, operation, async |_| {
            reads_the_trail(&api, &who)?;
            let mut row = AlertRow {
                id: secret::id()?,
                name: input.name.trim().to_owned(),
                query: input.query.trim().to_owned(),
                scope: input.scope.as_deref().map(str::trim).filter(|scope| !scope.is_empty()).unwrap_or("all").to_owned(),
                times: within("times", input.times.unwrap_or(1), &TIMES)?,
                minutes: within("minutes", input.minutes.unwrap_or(10), &WITHIN)?,
                quiet: within("quiet", input.quiet.unwrap_or(15), &QUIET)?,
                webhook: String::new(),
                secret: None,
                mail: addresses(&api, &input.mail)?,
                enabled: true,
                created_at: now_ms(),
                created_by: who.subject.user.to_string(),
                fired_at: None,
                fired: 0,
                sent_at: None,
                error: String::new(),
                error_at: None,
            };
            set_hook(&api, &mut row, input.url, input.secret)?;
            checked(&row)?;
            let _alone = api.alerts.changes.lock().await;
            if api.store.alerts().await?.len() >= MOST {
                return Err(ApiError::new(Code::Conflict, format!("There are {MOST} alerts, and there may be no more.")));
            }
            let positions = api.store.chain_lengths().await?;
            match api.store.add_alert(&row, &positions).await {
                Err(StoreError::Exists) => return Err(exists(&row.name)),
                done => done?,
            }
            let changes = between(None, Some(&settings(&row)));
            Ok(Changed::new(changes, Json(shown(row, 0))))
        })
        .await
}

async fn update(
    State(api): State<Api>,
    Extension(who): Who,
    Named(id): Named<String>,
    Input(input): Input<AlertUpdateInput>,
) -> Answer<AuditAlertUpdate> {
    let operation = Operation::on_system("AuditAlertUpdate", Permission::AuditManage, &id);
    api.operator
        .change(&who, operation, async |_| {
            reads_the_trail(&api, &who)?;
            let _alone = api.alerts.changes.lock().await;
            let before = api.store.alert(&id).await?.ok_or_else(none)?;
            let mut row = before.clone();
            let text = |given: Option<String>, old: &String| given.map_or_else(|| old.clone(), |text| text.trim().to_owned());
            row.name = text(input.name, &before.name);
            row.query = text(input.query, &before.query);
            row.scope = text(input.scope, &before.scope);
            row.times = input.times.map_or(Ok(before.times), |times| within("times", times, &TIMES))?;
            row.minutes = input.minutes.map_or(Ok(before.minutes), |minutes| within("minutes", minutes, &WITHIN))?;
            row.quiet = input.quiet.map_or(Ok(before.quiet), |quiet| within("quiet", quiet, &QUIET))?;
            row.enabled = input.enabled.unwrap_or(before.enabled);
            if let Some(mail) = &input.mail {
                row.mail = addresses(&api, mail)?;
            }
            let (new_url, new_secret) = match (input.url, input.secret) {
                (None, None) => (false, false),
                (url, secret) => set_hook(&api, &mut row, url, secret)?,
            };
            checked(&row)?;
            // Something else is looked for, or for the first time since it was off: what was before does not count.
            let anew = row.query != before.query || row.scope != before.scope || (row.enabled && !before.enabled);
            let positions = if anew { Some(api.store.chain_lengths().await?) } else { None };
            match api.store.change_alert(&row, positions.as_deref()).await {
                Err(StoreError::Exists) => return Err(exists(&row.name)),
                done => done?,
            }
            let mut changes = between(Some(&settings(&before)), Some(&settings(&row)));
            changes.extend(new_url.then(|| field("url", None, Some("a new one"))));
            changes.extend(new_secret.then(|| field("secret", None, Some("a new one"))));
            let waiting = api.store.waiting_deliveries().await?.into_iter().find(|(alert, _)| *alert == id);
            let waiting = waiting.and_then(|(_, count)| u64::try_from(count).ok()).unwrap_or(0);
            Ok(Changed::new(changes, Json(shown(row, waiting))))
        })
        .await
}

async fn delete(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>, _: Asked<Empty>) -> Answer<AuditAlertDelete> {
    let operation = Operation::on_system("AuditAlertDelete", Permission::AuditManage, &id);
    api.operator
        .change(&who, operation, async |_| {
            reads_the_trail(&api, &who)?;
            let _alone = api.alerts.changes.lock().await;
            let before = api.store.alert(&id).await?.ok_or_else(none)?;
            if !api.store.delete_alert(&id).await? {
                return Err(none());
            }
            Ok(Changed::new(between(Some(&settings(&before)), None), Json(Empty {})))
        })
        .await
}

async fn try_out(State(api): State<Api>, Extension(who): Who, Named(id): Named<String>, Input(_): Input<Empty>) -> Answer<AuditAlertTry> {
    let operation = Operation::on_system("AuditAlertTry", Permission::AuditManage, &id);
    api.operator
        .change(&who, operation, async |_| {
            reads_the_trail(&api, &who)?;
            let row = api.store.alert(&id).await?.ok_or_else(none)?;
            let sent = api.alerts.try_out(&row).await.into_iter().map(|sent| {
                let ok = sent.said.is_ok();
                AlertSent { to: sent.to, ok, message: sent.said.unwrap_or_else(|why| why) }
            });
            let sent: Vec<AlertSent> = sent.collect();
            let told = |sent: &AlertSent| field("message", None, Some(&format!("{} {}", if sent.ok { "taken by" } else { "not taken by" }, sent.to)));
            let changes = sent.iter().map(told).collect();
            Ok::<_, ApiError>(Changed::new(changes, Json(AlertTried { ok: sent.iter().all(|sent| sent.ok), sent })))
        })
        .await
}
