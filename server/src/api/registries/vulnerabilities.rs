//! What scanners found in images: shown, taken in, looked for.

use std::collections::BTreeSet;

use axum::{
    Extension, Json, Router,
    extract::{Request, State},
};
use pilothouse_app::api::{
    Code,
    vulnerabilities::{
        Affected, AffectedImage, AffectedList, AffectedQuery, ImageScan, ReportInput, ReportPut, ScanInput, SeverityCounts, Vulnerabilities,
        VulnerabilityList,
    },
};

use super::super::{Answer, Api, ApiError, Asked, Input, Named, Who, input::with_file, route};
use crate::{
    access::{Operation, Permission, Permit, is_digest, is_repository_name},
    audit::{Changed, field},
    authn::Principal,
    backends::oci::{Registry, fetch},
    clock::now_ms,
    scans::{
        Attached, Raw, ScanError, Target,
        running::{Running, running},
        severity_of,
    },
    store::{
        StoreError,
        scans::{FindingRow, ImageKey},
    },
};

/// How many images with one hole are shown.
const MOST: u32 = 500;
/// How many indexes that name an image are looked for.
const MOST_INDEXES: u32 = 8;

/// The registry, the repository and the digest that a path names.
type One = Named<(String, String, String)>;

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, VulnerabilityList, list_vulnerabilities);
    let router = route(router, ReportPut, put_report);
    let router = route(router, ImageScan, scan);
    route(router, AffectedList, affected)
}

fn operation(name: &'static str, permission: Permission, (registry, repository, digest): &(String, String, String)) -> Operation {
    Operation::on_repository(name, permission, registry, repository, digest)
}

/// An image that is there.
struct Here {
    registry: std::sync::Arc<Registry>,
    key: ImageKey,
}

/// The image that a path names, if the registry has it: by a digest that one only knows of nothing is shown.
async fn here(api: &Api, permit: &Permit, (registry, repository, digest): (String, String, String)) -> Result<Here, ApiError> {
    let none = || ApiError::new(Code::NotFound, "There is no such image, or you may not see it.");
    if !is_digest(&digest) {
        return Err(ApiError::field("digest", "An image is named by its digest: sha256:..."));
    }
    if !is_repository_name(&repository) {
        return Err(none());
    }
    let found = api.registrar.registries.get(&registry).ok_or_else(none)?;
    fetch::manifest(&found, permit, &repository, &digest).await.map_err(ScanError::from)?.ok_or_else(none)?;
    Ok(Here { registry: found, key: ImageKey { registry, repository, digest } })
}

async fn list_vulnerabilities(State(api): State<Api>, Extension(who): Who, Named(one): One) -> Answer<VulnerabilityList> {
    let operation = operation("VulnerabilityList", Permission::RepositoryPull, &one);
    api.operator
        .operate(&who, operation, async |permit| {
            let here = here(&api, &permit, one).await?;
            Ok(Json(api.scans.shown(&here.key).await?))
        })
        .await
}

async fn put_report(State(api): State<Api>, Extension(who): Who, Named(one): One, request: Request) -> Answer<ReportPut> {
    let operation = operation("ReportPut", Permission::RepositoryScan, &one);
    api.operator
        .change(&who, operation, async |permit| {
            let here = here(&api, &permit, one).await?;
            let ReportInput { scanner, report: text } = with_file(request).await?;
            let raw = Raw { scanner, text };
            let counts = api.scans.keep(&here.key, &raw, &who.subject.user).await?;
            taken(&api, &here.key, vec![(raw.scanner, counts)]).await
        })
        .await
}

async fn scan(State(api): State<Api>, Extension(who): Who, Named(one): One, Input(input): Input<ScanInput>) -> Answer<ImageScan> {
    let operation = operation("ImageScan", Permission::RepositoryScan, &one);
    api.operator
        .change(&who, operation, async |permit| {
            let here = here(&api, &permit, one).await?;
            let Here { registry, key } = &here;
            let target = Target { registry, permit: &permit, repository: &key.repository, digest: &key.digest };
            let by = &who.subject.user;
            let kept = match (input.attached, &api.scans.command) {
                (true, _) => api.scans.scan(&Attached, &target, key, by).await?,
                (false, Some(command)) => api.scans.scan(command, &target, key, by).await?,
                (false, None) => return Err(ApiError::new(Code::Conflict, "The settings name no scanner; reports of others can be sent here.")),
            };
            taken(&api, key, kept).await
        })
        .await
}

/// What came in, for the trail, and what is known by now.
async fn taken(api: &Api, key: &ImageKey, kept: Vec<(String, SeverityCounts)>) -> Result<Changed<Json<Vulnerabilities>>, ApiError> {
    let said = |(scanner, counts): (String, SeverityCounts)| {
        let SeverityCounts { critical, high, medium, low, unknown } = counts;
        let text = format!("{critical} critical, {high} high, {medium} medium, {low} low, {unknown} unknown");
        field(&scanner, None, Some(&text))
    };
    Ok(Changed::new(kept.into_iter().map(said).collect(), Json(api.scans.shown(key).await?)))
}

async fn affected(State(api): State<Api>, Extension(who): Who, Asked(query): Asked<AffectedQuery>) -> Answer<AffectedList> {
    let id: String = query.id.chars().take(64).collect();
    let operation = Operation::on_system("AffectedList", Permission::RegistryList, &id);
    api.operator
        .operate(&who, operation, async |_| {
            if id.is_empty() {
                return Err(ApiError::field("id", "Name a hole, such as CVE-2026-1234."));
            }
            let mut found = with_hole(&api, &who, &id).await?;
            let complete = found.len() <= MOST as usize;
            found.truncate(MOST as usize);
            // Engines know an image of an index by the index.
            let mut images = Vec::new();
            for key in found {
                // One image may have the hole in several packages: the worst stands for all.
                let Some(row) = api.store.finding_in(&id, &key).await? else { continue };
                let mut digests = api.store.indexes_of(&key, MOST_INDEXES).await?;
                digests.push(key.digest);
                images.push((row, digests));
            }
            let running = where_it_runs(&api, &who, images.iter().flat_map(|(_, digests)| digests.clone()).collect()).await;
            let mut items: Vec<AffectedImage> = images.into_iter().map(|(row, digests)| shown(row, &digests, &running)).collect();
            items.sort_by_key(|image| std::cmp::Reverse(image.runs.len()));
            Ok(Json(Affected { items, complete, silent_engines: running.silent }))
        })
        .await
}

/// The images with a hole that `who` may pull: one more than are shown, if there are so many. What others have is neither seen nor counted.
async fn with_hole(api: &Api, who: &Principal, id: &str) -> Result<Vec<ImageKey>, StoreError> {
    let mut found: Vec<ImageKey> = Vec::new();
    let mut after = None;
    while found.len() <= MOST as usize {
        let page = api.store.images_with(id, after.as_ref(), MOST).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.clone());
        found.extend(page.into_iter().filter(|key| may_pull(api, who, key)));
    }
    found.truncate(MOST as usize + 1);
    Ok(found)
}

fn may_pull(api: &Api, who: &Principal, key: &ImageKey) -> bool {
    let operation = Operation::on_repository("VulnerabilityList", Permission::RepositoryPull, &key.registry, &key.repository, &key.digest);
    api.operator.may(who, &operation)
}

/// What runs of these digests, where `who` may look.
async fn where_it_runs(api: &Api, who: &Principal, digests: BTreeSet<String>) -> Running {
    let policy = api.operator.policy();
    let permits = api.engines.list().into_iter().filter_map(|engine| {
        let operation = Operation::on_engine("ContainerList", Permission::ContainerList, &engine.name, "");
        let permit = policy.decide(&who.subject, operation, now_ms()).ok()?;
        Some((engine, permit))
    });
    running(permits.collect(), &digests).await
}

fn shown(row: FindingRow, digests: &[String], running: &Running) -> AffectedImage {
    let runs = digests.iter().filter_map(|digest| running.by_digest.get(digest)).flatten().cloned().collect();
    let FindingRow { registry, repository, digest, severity, package, version, fixed, .. } = row;
    AffectedImage { registry, repository, digest, severity: severity_of(severity), package, version, fixed, runs }
}

impl From<ScanError> for ApiError {
    fn from(error: ScanError) -> Self {
        let text = error.to_string();
        match error {
            ScanError::Failed(_) | ScanError::Registry(_) => Self::new(Code::BackendError, text),
            ScanError::Unreadable(_) => Self::new(Code::InvalidInput, text),
            ScanError::TooMany => Self::new(Code::Conflict, text),
            ScanError::Store(error) => error.into(),
        }
    }
}
