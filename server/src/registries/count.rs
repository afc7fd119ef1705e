//! Counting what is there of a prefix, by asking the registry: what was pushed before its quota was there, or past Pilothouse.

use std::{collections::BTreeSet, time::Duration};

use super::{
    rules::{Rules, covers},
    walk,
};
use crate::{access::Permit, backends::oci::Registry, clock::now_ms};

/// How long one count may take. What it has counted by then stays, and the next one need not read it again.
const PATIENCE: Duration = Duration::from_secs(50);
/// How many manifests are read before they are written down.
const PIECE: usize = 100;

/// Counts what is there of `prefix`.
///
/// # Errors
/// One sentence about why not all of it was counted.
pub async fn count(rules: &Rules, registry: &Registry, permit: &Permit, prefix: &str) -> Result<(), String> {
    let all = async {
        let mut names: BTreeSet<String> = match walk::repositories(registry, permit).await {
            Ok(names) => names.into_iter().collect(),
            // Some have no catalog, and a repository that is named is known without.
            Err(_) if !prefix.is_empty() => BTreeSet::from([prefix.to_owned()]),
            Err(why) => return Err(why),
        };
        names.retain(|name| covers(prefix, name));
        names.extend(rules.store.held_repositories(&registry.name, prefix).await.map_err(|e| e.to_string())?);
        for repository in names {
            one(rules, registry, permit, &repository).await?;
        }
        rules.store.set_counted(&registry.name, prefix, now_ms()).await.map_err(|e| e.to_string())
    };
    match tokio::time::timeout(PATIENCE, all).await {
        Ok(done) => done,
        Err(_) => Err(format!("It was not done within {} s; count again to go on.", PATIENCE.as_secs())),
    }
}

/// Counts one repository.
async fn one(rules: &Rules, registry: &Registry, permit: &Permit, repository: &str) -> Result<(), String> {
    let (store, name) = (&rules.store, &registry.name);
    let tags = walk::tags(registry, permit, repository).await?;
    let known: BTreeSet<String> = store.held_manifests(name, repository).await.map_err(|e| e.to_string())?.into_iter().collect();
    let (mut meant, mut seen) = (Vec::new(), BTreeSet::new());
    for piece in tags.chunks(PIECE) {
        let found = walk::manifests(registry, permit, repository, piece.to_vec()).await?;
        let mut manifests = Vec::new();
        let mut inner: BTreeSet<String> = BTreeSet::new();
        for (tag, found) in found {
            meant.push((tag, found.digest.clone()));
            inner.extend(found.named.manifests.iter().cloned());
            if seen.insert(found.digest.clone()) {
                manifests.push(weighed(found));
            }
        }
        // Indexes stand in indexes. Each manifest is read once, so that this ends.
        while !inner.is_empty() {
            let fresh: Vec<String> = inner.into_iter().filter(|digest| seen.insert(digest.clone())).collect();
            let unread = fresh.into_iter().filter(|digest| !known.contains(digest)).collect();
            inner = BTreeSet::new();
            for (_, found) in walk::manifests(registry, permit, repository, unread).await? {
                inner.extend(found.named.manifests.iter().cloned());
                manifests.push(weighed(found));
            }
        }
        store.add_held(name, repository, &manifests).await.map_err(|e| e.to_string())?;
    }
    store.set_held_tags(name, repository, &meant).await.map_err(|e| e.to_string())?;
    // What no tag leads to counts as long as it is there.
    for digest in known.difference(&seen) {
        if !walk::is_there(registry, permit, repository, digest).await? {
            store.forget_held(name, repository, digest, true).await.map_err(|e| e.to_string())?;
        }
    }
    Ok(())
}

/// A manifest, and all that it takes up.
fn weighed(found: walk::Found) -> (String, Vec<(String, i64)>) {
    let mut blobs = found.named.blobs;
    blobs.push((found.digest.clone(), found.bytes));
    (found.digest, blobs)
}
