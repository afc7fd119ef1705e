//! How two images of a repository differ.

use axum::{Extension, Json, extract::State};
use pilothouse_app::api::repositories::{Diff, DiffQuery, ManifestDiff, PlatformImage};

use super::{Place, at, check_reference, registry};
use crate::{
    access::{Operation, Permission},
    api::{Answer, Api, ApiError, Asked, Named, Who},
    backends::oci::{
        RegistryError,
        parsed::Parsed,
        typed::{
            At,
            config::Config,
            diff::{self as compare, Side},
            manifest,
        },
    },
};

pub async fn diff(
    State(api): State<Api>,
    Extension(who): Who,
    Named((name, repository)): Place,
    Asked(query): Asked<DiffQuery>,
) -> Answer<ManifestDiff> {
    let operation = Operation::on_repository("ManifestDiff", Permission::RepositoryPull, &name, &repository, "");
    api.operator
        .operate(&who, operation, async |permit| {
            let registry = registry(&api, &name)?;
            let at = at(&registry, &permit, &repository)?;
            check_reference("from", &query.from)?;
            check_reference("to", &query.to)?;
            let (from, to) = (manifest::read(at, &query.from).await?, manifest::read(at, &query.to).await?);
            let (from_summary, to_summary) = (manifest::summary(at, &from).await?, manifest::summary(at, &to).await?);
            let Chosen { platform, platforms, from, to } = chosen(at, from, to, query.platform.as_deref()).await?;
            let (from, to) = (side(at, &from).await?, side(at, &to).await?);
            Ok(Json(Diff {
                from: from_summary,
                to: to_summary,
                platform,
                platforms,
                layers: compare::layers(&from, &to),
                fields: compare::fields(&from, &to),
            }))
        })
        .await
}

/// What is compared.
struct Chosen {
    /// Nothing where neither is an index.
    platform: Option<String>,
    /// Those that both have.
    platforms: Vec<String>,
    from: Parsed,
    to: Parsed,
}

/// The images to compare: of an index the one for `platform`, else the first that both have.
async fn chosen(at: At<'_>, from: Parsed, to: Parsed, platform: Option<&str>) -> Result<Chosen, ApiError> {
    if !from.is_index() && !to.is_index() {
        return Ok(Chosen { platform: None, platforms: Vec::new(), from, to });
    }
    let (ours, theirs) = (images(at, &from).await?, images(at, &to).await?);
    let has = |images: &[PlatformImage], platform: &str| images.iter().any(|image| image.platform == platform);
    let both = ours.iter().map(|image| image.platform.clone()).filter(|platform| !platform.is_empty() && has(&theirs, platform));
    let mut platforms: Vec<String> = Vec::new();
    both.for_each(|platform| {
        if !platforms.contains(&platform) {
            platforms.push(platform);
        }
    });
    let none = || ApiError::field("platform", "These two have no image for one and the same platform.");
    let chosen = match platform.filter(|platform| !platform.is_empty()) {
        Some(asked) if platforms.iter().any(|platform| platform == asked) => asked.to_owned(),
        Some(_) => return Err(ApiError::field("platform", format!("Both have images for {}.", listed(&platforms)))),
        None => platforms.first().cloned().ok_or_else(none)?,
    };
    let of = |images: &[PlatformImage]| images.iter().find(|image| image.platform == chosen).map(|image| image.digest.clone());
    let (one, other) = (of(&ours).ok_or_else(none)?, of(&theirs).ok_or_else(none)?);
    let (from, to) = (manifest::known(at, &one).await?, manifest::known(at, &other).await?);
    Ok(Chosen { platform: Some(chosen), platforms, from, to })
}

fn listed(platforms: &[String]) -> String {
    if platforms.is_empty() { "no platform".to_owned() } else { platforms.join(", ") }
}

/// The images of a manifest by platform: of an image, itself.
async fn images(at: At<'_>, parsed: &Parsed) -> Result<Vec<PlatformImage>, RegistryError> {
    if parsed.is_index() {
        return manifest::platforms(at, parsed).await;
    }
    let summary = manifest::summary(at, parsed).await?;
    let shown = |platform| PlatformImage { digest: summary.digest.clone(), platform, size: summary.size };
    Ok(summary.platforms.iter().cloned().map(shown).collect())
}

async fn side<'a>(at: At<'_>, parsed: &'a Parsed) -> Result<Side<'a>, RegistryError> {
    let config = match parsed.config() {
        Some(config) => Some(Config::read(at, config).await?.shown(parsed.layers())),
        None => None,
    };
    Ok(Side { config, layers: parsed.layers() })
}
