//! The repositories of a registry.

use std::time::Duration;

use axum::{Extension, Json, extract::State};
use pilothouse_app::api::{
    Code, ListQuery, Problem,
    repositories::{Repository, RepositoryList},
};

use super::registry;
use crate::{
    access::{Operation, Permission, Place},
    api::{
        Answer, Api, ApiError, Asked, Named, Who,
        list::{self, Column, Filter},
    },
    backends::oci::{RegistryError, lists},
};

/// How many repositories of one registry are listed.
const MOST: usize = 20_000;
/// How long it may take to read all of its pages.
const PATIENCE: Duration = Duration::from_secs(50);
/// How a registry answers that does not list what it has, or not to everybody.
const NO_CATALOG: [u16; 5] = [401, 403, 404, 405, 501];

const COLUMNS: &[Column<Repository>] = &[("name", |a, b| a.name.cmp(&b.name))];

pub async fn list_repositories(
    State(api): State<Api>,
    Extension(who): Who,
    Named(name): Named<String>,
    Asked(query): Asked<ListQuery>,
) -> Answer<RepositoryList> {
    let operation = Operation::on_registry("RepositoryList", Permission::RepositoryPull, &name, "").at(Place::Catalog);
    api.operator
        .operate(&who, operation, async |permit| {
            let filter = Filter::read(&query)?;
            let registry = registry(&api, &name)?;
            let read = tokio::time::timeout(PATIENCE, lists::repositories(&registry, &permit, None, MOST + 1)).await;
            let names = read.unwrap_or(Err(RegistryError::Timeout)).map_err(unlisted)?;
            let is_cut = names.len() > MOST;
            let shown = |repository: String| Repository { registry: name.clone(), name: repository };
            let mut found: Vec<Repository> = names.into_iter().take(MOST).map(shown).collect();
            found.retain(|repository| filter.passes(&[&repository.name], "", &std::collections::BTreeMap::new()));
            list::sort(&mut found, &query, COLUMNS)?;
            let mut page = list::page(found, &query)?;
            // How many there are is not known then.
            page.total = page.total.filter(|_| !is_cut);
            Ok(Json(page))
        })
        .await
}

/// Why a registry lists nothing. Many list nothing to anybody, and all that they have can be pulled all the same.
fn unlisted(error: RegistryError) -> ApiError {
    let said = match error {
        RegistryError::Refused(no) if NO_CATALOG.contains(&no.status) => no.sentence,
        RegistryError::CredentialRefused | RegistryError::CredentialMissing => error.to_string(),
        error => return error.into(),
    };
    let problem = Problem::new(Code::BackendError, "This registry does not list its repositories.");
    ApiError(problem.detail(format!("Docker Hub and GHCR list theirs to nobody. Open a repository by its name instead. {said}")))
}
