//! Counting what is there of a prefix, by asking the registry: what was pushed before its quota was there, or past Pilothouse.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    pin::pin,
    time::Duration,
};

use futures_util::TryStreamExt;

use super::{
    rules::{Rules, covers},
    walk::{self, Found},
};
use crate::{access::Permit, backends::oci::Registry, clock::now_ms};

/// How long one count may take. What it has counted by then stays, and the next one need not read it again.
const PATIENCE: Duration = Duration::from_secs(50);
/// How many manifests of one repository are counted.
const MOST: usize = 200_000;
/// How many blobs are weighed before they are written down.
const PIECE: usize = 1_000;

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
    let known: BTreeMap<String, i64> = store.held_manifests(name, repository).await.map_err(|e| e.to_string())?.into_iter().collect();
    let mut sizes = rules.held_blobs(name, repository).await.map_err(|e| e.to_string())?;
    sizes.retain(|_, bytes| *bytes > 0);
    let mut counting = Counting { rules, registry, permit, repository, sizes, read: Vec::new() };
    let (mut meant, mut seen, mut inner) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    let mut found = pin!(walk::manifests(registry, permit, repository, tags));
    while let Some((tag, found)) = found.try_next().await? {
        meant.push((tag, found.digest.clone()));
        inner.extend(found.named.manifests.iter().cloned());
        few(&seen, &inner)?;
        if seen.insert(found.digest.clone()) {
            counting.add(found).await?;
        }
    }
    // Indexes stand in indexes. Each manifest is read once, so that this ends.
    while !inner.is_empty() {
        let fresh: Vec<String> = inner.into_iter().filter(|digest| seen.insert(digest.clone())).collect();
        // One that has something which was not there is read again.
        let unread = fresh.into_iter().filter(|digest| known.get(digest).is_none_or(|least| *least == 0)).collect();
        inner = BTreeSet::new();
        let mut found = pin!(walk::manifests(registry, permit, repository, unread));
        while let Some((_, found)) = found.try_next().await? {
            inner.extend(found.named.manifests.iter().cloned());
            few(&seen, &inner)?;
            counting.add(found).await?;
        }
    }
    counting.write().await?;
    store.set_held_tags(name, repository, &meant).await.map_err(|e| e.to_string())?;
    // What no tag leads to counts as long as it is there.
    for digest in known.keys().filter(|digest| !seen.contains(*digest)) {
        if !walk::is_there(registry, permit, repository, digest).await? {
            store.forget_held(name, repository, digest, true).await.map_err(|e| e.to_string())?;
        }
    }
    Ok(())
}

/// Makes sure that there are no more manifests than are counted.
fn few(seen: &BTreeSet<String>, inner: &BTreeSet<String>) -> Result<(), String> {
    if seen.len() + inner.len() <= MOST { Ok(()) } else { Err(format!("The indexes of a repository name more than {MOST} manifests.")) }
}

/// Weighs what manifests of one repository take up, and writes it down piece by piece.
struct Counting<'a> {
    rules: &'a Rules,
    registry: &'a Registry,
    permit: &'a Permit,
    repository: &'a str,
    /// How large blobs are, as far as it is known.
    sizes: HashMap<String, i64>,
    /// What was read and is not written down yet.
    read: Vec<(String, Vec<(String, i64)>)>,
}

impl Counting<'_> {
    async fn add(&mut self, found: Found) -> Result<(), String> {
        let (known, unknown_yet): (Vec<String>, Vec<String>) = found.named.blobs.into_iter().partition(|blob| self.sizes.contains_key(blob));
        let weighed = walk::weigh(self.registry, self.permit, self.repository, unknown_yet).await?;
        self.sizes.extend(weighed.iter().filter(|(_, bytes)| *bytes > 0).cloned());
        let mut blobs: Vec<(String, i64)> =
            known.into_iter().filter_map(|blob| self.sizes.get_key_value(&blob).map(|(blob, bytes)| (blob.clone(), *bytes))).collect();
        blobs.extend(weighed);
        blobs.push((found.digest.clone(), found.bytes));
        self.read.push((found.digest, blobs));
        let is_full = self.read.iter().map(|(_, blobs)| blobs.len()).sum::<usize>() >= PIECE;
        if is_full { self.write().await } else { Ok(()) }
    }

    async fn write(&mut self) -> Result<(), String> {
        let read = std::mem::take(&mut self.read);
        self.rules.store.add_held(&self.registry.name, self.repository, &read).await.map_err(|e| e.to_string())
    }
}
