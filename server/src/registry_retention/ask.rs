//! Questions to a registry, with caps and deadlines: GET and HEAD, and no other method.

use std::collections::BTreeSet;

use http::{Method, header};
use serde::Deserialize;

use super::plan::Manifest;
use crate::{
    access::{Permit, is_digest, is_under},
    backends::oci::{
        Ask, Registry, RegistryError,
        answer::{granted, is, one, there},
        judge::{DOCKER_LIST, DOCKER_MANIFEST, LARGEST, OCI_INDEX, OCI_MANIFEST},
        lists::{self, Names},
        manifests::{self, SCHEMA_1, ask},
    },
};

/// The largest config of an image that is read, in bytes.
const LARGEST_CONFIG: usize = 1024 * 1024;
/// How many tags of a repository, and repositories of a registry, are looked at.
pub const MOST_TAGS: usize = 20_000;
pub const MOST_REPOSITORIES: usize = 500;
/// A manifest is taken in whatever kind the registry has it.
const ACCEPT: &[&str] = &[OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST, "*/*;q=0.1"];

/// Why something was not read, as a sentence.
pub type Unread = String;

/// As much of a manifest as is looked at. A field that comes twice is an error.
#[derive(Deserialize)]
struct Wire {
    config: Option<Named>,
    #[serde(default)]
    manifests: Vec<Named>,
    subject: Option<Named>,
    #[serde(default)]
    annotations: Option<std::collections::BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Named {
    digest: String,
}

#[derive(Deserialize)]
struct Config {
    created: Option<String>,
}

fn unread(registry: &Registry, what: &str, error: &RegistryError) -> Unread {
    format!("{what} of registry {} could not be read. {error}", registry.name)
}

/// All of a list, if all of it can be looked at.
fn all(registry: &Registry, what: &str, list: Names) -> Result<BTreeSet<String>, Unread> {
    if list.is_complete {
        Ok(list.names.into_iter().collect())
    } else {
        Err(format!("{what} of registry {} are too many to be looked at.", registry.name))
    }
}

/// The repositories at `prefix` and below it. Of a registry that lists none it is `prefix` itself: what is not listed is not touched.
pub async fn repositories(registry: &Registry, permit: &Permit, prefix: &str) -> Result<BTreeSet<String>, Unread> {
    let what = "The repositories";
    let picks = |name: &str| prefix.is_empty() || is_under(name, prefix);
    let listed = match there(lists::all_repositories(registry, permit, MOST_REPOSITORIES, picks).await) {
        Ok(listed) => listed.map(|list| all(registry, what, list)).transpose(),
        Err(error) => Err(unread(registry, what, &error)),
    };
    match listed {
        Ok(Some(found)) => Ok(found),
        Ok(None) | Err(_) if !prefix.is_empty() => Ok(BTreeSet::from([prefix.to_owned()])),
        Ok(None) => Err(format!("Registry {} does not list its repositories: name one of them as the rule's prefix.", registry.name)),
        Err(why) => Err(why),
    }
}

/// The tags of a repository; none where it is not there.
pub async fn tags(registry: &Registry, permit: &Permit, repository: &str) -> Result<BTreeSet<String>, Unread> {
    let what = format!("The tags of {repository}");
    let listed = there(lists::all_tags(registry, permit, repository, MOST_TAGS).await).map_err(|error| unread(registry, &what, &error))?;
    listed.map_or(Ok(BTreeSet::new()), |list| all(registry, &what, list))
}

/// What a tag means now; `None` where it is gone.
pub async fn resolve(registry: &Registry, permit: &Permit, repository: &str, tag: &str) -> Result<Option<String>, Unread> {
    let ask = ask(Method::HEAD, repository, tag, ACCEPT, "pull");
    manifests::meaning(registry, permit, ask).await.map_err(|error| unread(registry, &format!("The tag {repository}:{tag}"), &error))
}

/// A manifest; `None` where it is not there. Its own word for its age is its annotation, until its config is read.
pub async fn manifest(registry: &Registry, permit: &Permit, repository: &str, digest: &str) -> Result<Option<Manifest>, Unread> {
    let unread = |error| unread(registry, &format!("The manifest {repository}@{digest}"), &error);
    let answer = registry.send(permit, ask(Method::GET, repository, digest, ACCEPT, "pull")).await.map_err(unread)?;
    let Some((parts, bytes)) = there(granted(answer, LARGEST).await).map_err(unread)? else { return Ok(None) };
    // Of schema 1 the digest is that of a part of it: it is not read, so what means it stays. It names no others.
    if one(&parts.headers, header::CONTENT_TYPE.as_str()).unwrap_or_default().starts_with(SCHEMA_1) {
        return Ok(None);
    }
    if !is(&bytes, digest) {
        return Err(unread(RegistryError::WrongDigest));
    }
    let wire: Wire = serde_json::from_slice(&bytes).map_err(|_| unread(RegistryError::Garbled("its manifest cannot be read")))?;
    let named = wire.manifests.into_iter().map(|named| named.digest);
    let annotated = wire.annotations.and_then(|all| millis(all.get("org.opencontainers.image.created")?));
    Ok(Some(Manifest {
        created_at: annotated,
        config: wire.config.map(|config| config.digest),
        needs: named.collect(),
        subject: wire.subject.map(|subject| subject.digest),
        pulled_at: None,
    }))
}

/// When an image says that it was made, by its config; `None` where it does not say so, or is no image.
pub async fn created(registry: &Registry, permit: &Permit, repository: &str, config: &str) -> Result<Option<i64>, Unread> {
    if !is_digest(config) {
        return Ok(None);
    }
    let unread = |error| unread(registry, &format!("The config {repository}@{config}"), &error);
    let ask = Ask::within(Method::GET, repository, &format!("blobs/{config}"), "pull");
    let answer = registry.send(permit, ask).await.map_err(unread)?;
    match there(granted(answer, LARGEST_CONFIG).await) {
        Ok(Some((_, bytes))) => Ok(serde_json::from_slice::<Config>(&bytes).ok().and_then(|config| millis(&config.created?))),
        Err(error @ RegistryError::Refused(_)) => Err(unread(error)),
        // Where clients are sent on, or it is not there or no config, nobody says how old it is: so it stays.
        Ok(None) | Err(_) => Ok(None),
    }
}

fn millis(text: &str) -> Option<i64> {
    Some(text.parse::<jiff::Timestamp>().ok()?.as_millisecond())
}
