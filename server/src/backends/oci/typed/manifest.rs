//! One manifest: what it is, what it names, and how large all of that is.

use futures_util::{StreamExt, stream};
use http::Method;
use pilothouse_app::api::repositories::{ManifestSummary, PlatformImage};

use super::{AT_ONCE, At, config::Config};
use crate::backends::{
    docker::typed::millis,
    oci::{
        RegistryError,
        answer::there,
        judge::KINDS,
        manifests::{self, Manifest, ask},
        parsed::{Descriptor, Parsed, size},
    },
};

/// Images of one index that are looked at.
const IMAGES: usize = 64;
const CREATED: &str = "org.opencontainers.image.created";

/// Reads a manifest by its tag or digest, as the registry has it now.
///
/// # Errors
/// When there is none, or none that can be shown.
pub async fn read(at: At<'_>, reference: &str) -> Result<Parsed, RegistryError> {
    let ask = ask(Method::GET, at.repository, reference, KINDS, "pull");
    let manifest = manifests::get(at.registry, at.permit, ask, reference).await?;
    at.registry.known.put(at.repository, &manifest.digest, manifest.media, &manifest.body);
    Parsed::new(manifest)
}

/// The same by a digest, which never changes: one that was read before is not asked for again.
///
/// # Errors
/// The same.
pub async fn known(at: At<'_>, digest: &str) -> Result<Parsed, RegistryError> {
    match at.cached(digest)? {
        Some((media, body)) => Parsed::new(Manifest { media, digest: digest.to_owned(), body }),
        None => read(at, digest).await,
    }
}

/// The images of an index, each with its manifest as far as the registry has it.
///
/// # Errors
/// When the registry does not say.
async fn images(at: At<'_>, index: &Parsed) -> Result<Vec<(Descriptor, Option<Parsed>)>, RegistryError> {
    let parts: Vec<Descriptor> = index.images().take(IMAGES).cloned().collect();
    let each = stream::iter(parts).map(|part| async move {
        // Some were not copied along.
        let image = there(known(at, &part.digest).await)?;
        Ok((part, image))
    });
    let found: Vec<Result<_, RegistryError>> = each.buffered(AT_ONCE).collect().await;
    found.into_iter().collect()
}

/// The images of an index, by platform.
///
/// # Errors
/// When the registry does not say, or what it has is no image.
pub async fn platforms(at: At<'_>, index: &Parsed) -> Result<Vec<PlatformImage>, RegistryError> {
    let mut found = Vec::new();
    for (part, image) in images(at, index).await? {
        let platform = match (part.platform(), &image) {
            (Some(platform), _) => platform,
            (None, Some(image)) => own_platform(at, image).await?.unwrap_or_default(),
            (None, None) => String::new(),
        };
        let size = image.as_ref().map_or(0, |image| size([image]));
        found.push(PlatformImage { digest: part.digest, platform, size });
    }
    Ok(found)
}

/// The platform that an image itself says it is for.
async fn own_platform(at: At<'_>, image: &Parsed) -> Result<Option<String>, RegistryError> {
    Ok(match image.config() {
        Some(config) => Config::read(at, config).await?.platform(),
        None => None,
    })
}

/// A manifest in short.
///
/// # Errors
/// When something that it names cannot be read.
pub async fn summary(at: At<'_>, parsed: &Parsed) -> Result<ManifestSummary, RegistryError> {
    let noted = parsed.noted(CREATED).and_then(millis);
    let (platforms, size, created_at) = match parsed.config() {
        Some(config) => {
            let config = Config::read(at, config).await?;
            (config.platform().into_iter().collect(), size([parsed]), config.created_at().or(noted))
        }
        None if parsed.is_index() => {
            let images = images(at, parsed).await?;
            let created_at = match (noted, images.iter().find_map(|(_, image)| image.as_ref()?.config())) {
                (None, Some(config)) => Config::read(at, config).await?.created_at(),
                (noted, _) => noted,
            };
            let mut platforms = Vec::new();
            for (part, image) in &images {
                match (part.platform(), image) {
                    (Some(platform), _) => platforms.push(platform),
                    (None, Some(image)) => platforms.extend(own_platform(at, image).await?),
                    (None, None) => {}
                }
            }
            (platforms, size(images.iter().filter_map(|(_, image)| image.as_ref())), created_at)
        }
        None => (Vec::new(), size([parsed]), noted),
    };
    let Manifest { digest, media, .. } = &parsed.manifest;
    Ok(ManifestSummary { digest: digest.clone(), media_type: (*media).to_owned(), kind: parsed.kind(), platforms, size, created_at })
}
