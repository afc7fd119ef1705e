//! What a registry holds: repositories, tags, manifests. What one may not pull does not exist.

mod bound;
mod copy;
mod delete;
mod diff;
mod list;
mod manifest;
mod tags;

use std::sync::Arc;

use axum::Router;
use pilothouse_app::api::{
    Code,
    repositories::{DeletionPreview, ManifestCopy, ManifestDelete, ManifestDiff, ManifestGet, RepositoryList, TagDelete, TagList},
};

use super::{Api, ApiError, Named, route, route_live};
use crate::{
    access::{Permit, is_digest, is_repository_name, is_tag},
    backends::oci::{Registry, typed::At},
};

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, RepositoryList, list::list_repositories);
    let router = route(router, TagList, tags::list_tags);
    let router = route(router, ManifestGet, manifest::get);
    let router = route(router, ManifestDiff, diff::diff);
    let router = route(router, DeletionPreview, delete::preview);
    let router = route(router, TagDelete, delete::delete_tag);
    let router = route(router, ManifestDelete, delete::delete_manifest);
    route_live(router, ManifestCopy, copy::copy)
}

/// The registry and the repository that a path names.
type Place = Named<(String, String)>;
/// The same, with a tag or a digest.
type One = Named<(String, String, String)>;

/// The registry of this name. Call it inside the action, after the permit.
fn registry(api: &Api, name: &str) -> Result<Arc<Registry>, ApiError> {
    let none = || ApiError::new(Code::NotFound, format!("There is no registry {name}, or you may not see it."));
    api.registrar.registries.get(name).ok_or_else(none)
}

/// The repository of this name, if it is a name: it will stand in a path.
fn at<'a>(registry: &'a Registry, permit: &'a Permit, repository: &'a str) -> Result<At<'a>, ApiError> {
    if !is_repository_name(repository) {
        return Err(ApiError::new(Code::NotFound, "There is no such repository: this is no repository's name."));
    }
    Ok(At { registry, permit, repository })
}

/// Makes sure that what a client refers to is a tag or a digest.
fn check_reference(field: &str, reference: &str) -> Result<(), ApiError> {
    if is_tag(reference) || is_digest(reference) {
        return Ok(());
    }
    Err(ApiError::field(field, "This is neither a tag nor a digest by sha256 or sha512."))
}
