//! What goes or breaks with a manifest: the tags that mean it, and the indexes that need it. Every tag is asked for what it means.

use std::{collections::HashMap, time::Duration};

use futures_util::{StreamExt, stream};
use pilothouse_app::api::repositories::Referrer;
use tokio::time::Instant;

use super::{
    AT_ONCE, At, manifest,
    referrers::attestation,
    tags::{self, digest_of},
};
use crate::backends::oci::{
    RegistryError,
    judge::{DOCKER_LIST, OCI_INDEX},
    lists::Names,
    parsed::Parsed,
};

/// How deep indexes in indexes are looked into, and how many of them.
const INDEXES: usize = 64;
/// How much that attests something is told of.
const ATTESTATIONS: usize = 512;

/// How much is asked for.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Tags at most.
    pub tags: usize,
    /// For all of it.
    pub time: Duration,
}

/// What else is about a manifest.
#[derive(Debug, Default)]
pub struct Sharing {
    /// The tags that mean it, by name.
    pub tags: Vec<String>,
    /// The tags of indexes that need it, by name.
    pub needed_by: Vec<String>,
    /// What attests something of it, in those indexes.
    pub attestations: Vec<Referrer>,
    /// False where not every tag said what it means.
    pub is_complete: bool,
}

/// What a tag comes to.
enum Means {
    /// This one, of this media type.
    It(&'static str, String),
    Gone,
    NotSaid,
}

/// Looks for what else is about the manifest `digest`.
///
/// # Errors
/// When the registry does not list its tags.
pub async fn read(at: At<'_>, digest: &str, effort: Effort) -> Result<Sharing, RegistryError> {
    let end = Instant::now() + effort.time;
    let Names { mut names, is_complete } = tokio::time::timeout_at(end, tags::names(at)).await.unwrap_or(Err(RegistryError::Timeout))?;
    let mut sharing = Sharing { is_complete: is_complete && names.len() <= effort.tags, ..Sharing::default() };
    names.truncate(effort.tags);
    let each = stream::iter(names).map(|name| async move {
        let means = match tokio::time::timeout_at(end, digest_of(at, &name)).await {
            Ok(Ok(Some((media, digest)))) => Means::It(media, digest),
            // One that is not shown here is none of those that are.
            Ok(Ok(None) | Err(RegistryError::Schema1)) => Means::Gone,
            Ok(Err(_)) | Err(_) => Means::NotSaid,
        };
        (name, means)
    });
    let found: Vec<(String, Means)> = each.buffered(AT_ONCE).collect().await;
    // Whether an index needs it, for each that some tag means.
    let mut looked: HashMap<String, bool> = HashMap::new();
    for (name, means) in found {
        let (media, named) = match means {
            Means::It(media, named) => (media, named),
            Means::Gone => continue,
            Means::NotSaid => {
                sharing.is_complete = false;
                continue;
            }
        };
        if named == digest {
            sharing.tags.push(name);
            continue;
        }
        if !matches!(media, OCI_INDEX | DOCKER_LIST) {
            continue;
        }
        let needs = match looked.get(&named) {
            Some(needs) => *needs,
            None => match tokio::time::timeout_at(end, look_into(at, &named, digest, &mut sharing.attestations)).await {
                Ok(Ok(needs)) => {
                    looked.insert(named, needs);
                    needs
                }
                Ok(Err(_)) | Err(_) => {
                    sharing.is_complete = false;
                    continue;
                }
            },
        };
        if needs {
            sharing.needed_by.push(name);
        }
    }
    Ok(sharing)
}

/// Whether the index `index`, or one in it, needs `digest`; what attests something of that is added.
async fn look_into(at: At<'_>, index: &str, digest: &str, attestations: &mut Vec<Referrer>) -> Result<bool, RegistryError> {
    let mut left = vec![index.to_owned()];
    let mut needs = false;
    for _ in 0..INDEXES {
        let Some(next) = left.pop() else { return Ok(needs) };
        let parsed: Parsed = match manifest::known(at, &next).await {
            Ok(parsed) => parsed,
            // An index within, which was not copied along.
            Err(RegistryError::Refused(no)) if no.status == 404 && next != index => continue,
            Err(error) => return Err(error),
        };
        needs |= parsed.manifests().iter().any(|part| part.digest == digest);
        for part in parsed.attestations(Some(digest)) {
            if attestations.len() < ATTESTATIONS && !attestations.iter().any(|known| known.digest == part.digest) {
                attestations.push(attestation(part));
            }
        }
        let inner = parsed.images().filter(|part| matches!(part.media_type.as_str(), OCI_INDEX | DOCKER_LIST));
        left.extend(inner.map(|part| part.digest.clone()));
    }
    if left.is_empty() { Ok(needs) } else { Err(RegistryError::Garbled("it holds indexes within indexes without end")) }
}
