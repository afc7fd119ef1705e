//! Sign-in providers: list, add, change, forget, try.

use axum::{
    Extension, Json, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use pilothouse_app::api::{
    Code, ListQuery, Problem,
    engines::TestStep,
    providers::{
        Found, Provider as Shown, ProviderCreate, ProviderDelete, ProviderGet, ProviderInput, ProviderList, ProviderSettings, ProviderTest,
        ProviderTestInput, ProviderTestOutput, ProviderTested, ProviderUpdate, ProviderUpdateInput,
    },
};

use super::{
    Answer, Api, ApiError, Asked, Input, Who,
    change::{altered, made, removed},
    list,
    people::holds_what_they_hold,
    route,
    teams::holds_what_the_team_holds,
    ways,
};
use crate::{
    access::{Operation, Permission},
    audit::field,
    authn::{
        Credential, NotVouched, Principal,
        ldap::{self, Directory},
        oidc::OidcProvider,
        secret,
    },
    clock::now_ms,
    providers::{Door, Provider, step},
    store::StoreError,
};

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, ProviderList, list_providers);
    let router = route(router, ProviderCreate, create);
    let router = route(router, ProviderGet, get);
    let router = route(router, ProviderUpdate, update);
    let router = route(router, ProviderDelete, delete);
    let router = route(router, ProviderTest, test);
    route(router, ProviderTested, tested)
}

fn on(name: &'static str, permission: Permission, provider: &str) -> Operation {
    Operation::on_system(name, permission, provider.chars().take(63).collect::<String>())
}

fn no_provider(name: &str) -> ApiError {
    ApiError::new(Code::NotFound, format!("There is no sign-in provider {name}."))
}

fn declared(name: &str) -> ApiError {
    let problem = Problem::new(Code::Conflict, format!("Provider {name} is declared in the settings file."));
    ApiError(problem.detail("Change it there and start Pilothouse again."))
}

fn failed(why: String) -> ApiError {
    tracing::error!(%why, "A provider's row could not be made.");
    ApiError::internal()
}

/// Whoever says which directory is asked says who people are: what it calls somebody is all that tells them apart. An OpenID provider is
/// known by its issuer, which nobody else can speak for.
async fn stands_for_those_of(
    api: &Api,
    who: &Principal,
    name: &str,
    settings: &ProviderSettings,
    old: Option<&ProviderSettings>,
) -> Result<(), ApiError> {
    if settings.ldap.is_none() || old.is_some_and(|old| old.ldap == settings.ldap) {
        return Ok(());
    }
    let issuer = ldap::issuer(name);
    let of_it = api.store.identities().await?.into_iter().filter(|identity| identity.issuer == issuer);
    of_it.into_iter().try_for_each(|identity| holds_what_they_hold(api, who, &identity.username))
}

/// Whoever says which groups are in a team gives them all that the team holds.
fn gives_no_more_than_held(api: &Api, who: &Principal, settings: &ProviderSettings) -> Result<(), ApiError> {
    settings.group_teams.values().try_for_each(|team| holds_what_the_team_holds(api, who, team))
}

async fn list_providers(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<ListQuery>) -> Answer<ProviderList> {
    api.operator
        .operate(&who, on("ProviderList", Permission::ProviderList, ""), async |_| {
            let mut all: Vec<Shown> = api.providers.list().iter().map(|provider| api.providers.shown(provider)).collect();
            all.retain(|provider| list::matches_words(&query, &format!("{} {}", provider.name, provider.settings.label)));
            Ok(Json(list::page(all, &query)?))
        })
        .await
}

async fn get(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<ProviderGet> {
    api.operator
        .operate(&who, on("ProviderGet", Permission::ProviderList, &name), async |_| {
            let provider = api.providers.get(&name).ok_or_else(|| no_provider(&name))?;
            Ok(Json(api.providers.shown(&provider)))
        })
        .await
}

async fn create(State(api): State<Api>, Extension(who): Who, Input(input): Input<ProviderInput>) -> Answer<ProviderCreate> {
    api.operator
        .change(&who, on("ProviderCreate", Permission::ProviderCreate, &input.name), async |_| {
            gives_no_more_than_held(&api, &who, &input.settings)?;
            let secret = input.secret.filter(|secret| !secret.is_empty());
            let provider = api.providers.build(&input.name, input.settings, secret, false).map_err(|(field, why)| ApiError::field(field, why))?;
            let exists = || ApiError(Problem::new(Code::Conflict, format!("There is a provider {} already.", provider.name)).field("name"));
            let _alone = api.providers.changes.lock().await;
            if api.providers.get(&provider.name).is_some() {
                return Err(exists());
            }
            // One of this name may have been here before, and its people with it.
            stands_for_those_of(&api, &who, &provider.name, &provider.settings, None).await?;
            match api.store.add_provider(&api.providers.row(&provider, now_ms()).map_err(failed)?).await {
                Err(StoreError::Exists) => return Err(exists()),
                done => done?,
            }
            let answer = api.providers.shown(&provider);
            api.providers.put(provider);
            Ok(made(answer))
        })
        .await
}

async fn update(
    State(api): State<Api>,
    Extension(who): Who,
    Path(name): Path<String>,
    Input(input): Input<ProviderUpdateInput>,
) -> Answer<ProviderUpdate> {
    api.operator
        .change(&who, on("ProviderUpdate", Permission::ProviderUpdate, &name), async |_| {
            let _alone = api.providers.changes.lock().await;
            let old = api.providers.get(&name).ok_or_else(|| no_provider(&name))?;
            if old.declared {
                return Err(declared(&name));
            }
            let settings = input.settings.unwrap_or_else(|| old.settings.clone());
            gives_no_more_than_held(&api, &who, &settings)?;
            stands_for_those_of(&api, &who, &name, &settings, Some(&old.settings)).await?;
            // A secret is for whom it was given for: another address must not be offered it unasked.
            let fresh = input.secret.filter(|secret| !secret.is_empty());
            let is_fresh = fresh.is_some();
            let secret = fresh.or_else(|| old.secret_for(&settings));
            let provider = api.providers.build(&name, settings, secret, false).map_err(|(field, why)| ApiError::field(field, why))?;
            let row = api.providers.row(&provider, 0).map_err(failed)?;
            api.store.update_provider(&name, &row.settings, row.secret.as_deref()).await?;
            let mut changed = altered(&api.providers.shown(&old), api.providers.shown(&provider));
            changed.also(is_fresh.then(|| field("secret", None, Some("a new one"))));
            api.providers.put(provider);
            Ok(changed)
        })
        .await
}

async fn delete(State(api): State<Api>, Extension(who): Who, Path(name): Path<String>) -> Answer<ProviderDelete> {
    api.operator
        .change(&who, on("ProviderDelete", Permission::ProviderDelete, &name), async |_| {
            let _alone = api.providers.changes.lock().await;
            let before = api.providers.get(&name).ok_or_else(|| no_provider(&name))?;
            if before.declared {
                return Err(declared(&name));
            }
            api.store.delete_provider(&name).await?;
            api.providers.remove(&name);
            for identity in api.store.identities().await?.into_iter().filter(|identity| identity.provider == name && !identity.gone) {
                api.house.let_go(&identity, "came by a provider that is no more").await?;
            }
            Ok(removed(&api.providers.shown(&before)))
        })
        .await
}

async fn test(
    State(api): State<Api>,
    Extension(who): Who,
    Path(name): Path<String>,
    headers: HeaderMap,
    Input(input): Input<ProviderTestInput>,
) -> Result<Response, ApiError> {
    let (output, cookie) = api
        .operator
        .operate(&who, on("ProviderTest", Permission::ProviderTest, &name), async |_| {
            let provider = api.providers.get(&name).ok_or_else(|| no_provider(&name))?;
            match &provider.door {
                Door::Ldap(directory) => Ok((look_up(&provider, directory, input.username.as_deref()).await, None)),
                Door::Oidc(oidc) => walk(&api, &who, &provider, oidc, &headers).await,
            }
        })
        .await?;
    let mut response = Json(output).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, HeaderValue::try_from(cookie).map_err(|_| ApiError::internal())?);
    }
    Ok(response)
}

fn output(steps: Vec<TestStep>, go_to: Option<String>, found: Option<Found>) -> ProviderTestOutput {
    ProviderTestOutput { ok: steps.iter().all(|step| step.ok), steps, go_to, found }
}

async fn look_up(provider: &Provider, directory: &Directory, username: Option<&str>) -> ProviderTestOutput {
    let username = username.map(str::trim).filter(|name| !name.is_empty());
    let Some(username) = username else {
        return match directory.reach().await {
            Ok(()) => output(vec![step("bind", true, "The directory answers, and takes the entry that searches.")], None, None),
            Err(not) => output(vec![step("bind", false, not.to_string())], None, None),
        };
    };
    match directory.look(username).await {
        Ok(person) => {
            let steps = vec![
                step("bind", true, "The directory answers, and takes the entry that searches."),
                step("search", true, "Exactly one entry is meant by this name."),
            ];
            output(steps, None, Some(provider.found(person)))
        }
        Err(not @ NotVouched::Down(_)) => output(vec![step("bind", false, not.to_string())], None, None),
        Err(not) => output(vec![step("search", false, not.to_string())], None, None),
    }
}

type Tried = (ProviderTestOutput, Option<String>);

async fn walk(api: &Api, who: &Principal, provider: &Provider, oidc: &OidcProvider, headers: &HeaderMap) -> Result<Tried, ApiError> {
    let mut steps = match oidc.look().await {
        Ok((page, keys)) => {
            vec![step("discovery", true, format!("The discovery document can be read; people sign in at {page}. Keys published: {keys}."))]
        }
        Err(not) => return Ok((output(vec![step("discovery", false, not.to_string())], None, None), None)),
    };
    if matches!(who.credential, Credential::Token(_)) {
        steps.push(step("sign-in", true, "Walking through a sign-in takes a browser: open this page in the console."));
        return Ok((output(steps, None, None), None));
    }
    let test = (who.subject.user.to_string(), secret::id()?);
    let (url, cookie) = ways::begin(api, &who.origin, &provider.name, headers, "/".to_owned(), Some(test)).await?;
    Ok((output(steps, Some(url), None), Some(cookie)))
}

async fn tested(State(api): State<Api>, Extension(who): Who, Path((name, id)): Path<(String, String)>) -> Answer<ProviderTested> {
    api.operator
        .operate(&who, on("ProviderTested", Permission::ProviderTest, &name), async |_| {
            let missing = || ApiError::new(Code::NotFound, "There is no such test of yours, or it is older than 10 minutes.");
            api.providers.tests.get(&id, &who.subject.user).map(Json).ok_or_else(missing)
        })
        .await
}
