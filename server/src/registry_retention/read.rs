//! Reads all that a plan is made from: the registry, the engines and the trail. What it cannot read is a problem, and with one nothing goes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream};
use tokio::task::JoinSet;

use super::{
    ask::{self, Unread},
    plan::{Facts, Manifest, Repository, Tag},
};
use crate::{
    access::{Permission, Permit, is_digest, watch},
    audit::clean,
    backends::{
        Engines,
        docker::typed::in_use::{InUse, in_use},
        oci::Registry,
    },
    clock::now_ms,
    registries::rules::{Deed, Rules},
    store::Store,
};

/// Questions to a registry at the same time.
const AT_ONCE: usize = 16;
/// How deep indexes are followed.
const DEEPEST: usize = 4;
/// How long all of a look may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long an engine may take to say what it runs.
const ENGINE: Duration = Duration::from_secs(20);
/// How many records of the trail are looked at for one repository.
const MOST_RECORDS: usize = 100_000;
/// How many manifests of one repository are read, and how many tags of all of them.
const MOST_MANIFESTS: usize = 40_000;
const MOST_OF_ALL: usize = 50_000;
/// How many bytes the names have that manifests hold: a million digests.
const MOST_NAMES: usize = 71_000_000;
const DAY_MS: i64 = 86_400_000;

/// Reads, and remembers the manifests that it has read: by their digest they never change.
pub struct Reader {
    pub registry: Arc<Registry>,
    pub engines: Arc<Engines>,
    pub store: Store,
    rules: Arc<Rules>,
    known: Mutex<BTreeMap<String, Manifest>>,
    /// How many bytes the names have that those hold.
    remembered: AtomicUsize,
}

/// What engines run.
pub struct Running {
    pub images: BTreeSet<InUse>,
    /// The engines that did not say.
    pub silent: Vec<String>,
}

impl Reader {
    pub fn new(registry: Arc<Registry>, engines: Arc<Engines>, store: Store, rules: Arc<Rules>) -> Self {
        Self { registry, engines, store, rules, known: Mutex::default(), remembered: AtomicUsize::new(0) }
    }

    /// Everything about the repositories at `prefix` and below it that `is_mine` takes.
    pub async fn facts(&self, permit: &Permit, prefix: &str, is_mine: impl Fn(&str) -> bool) -> Facts {
        let looked = tokio::time::timeout(PATIENCE, async {
            let names = ask::repositories(&self.registry, permit, prefix).await;
            self.facts_of(permit, names.map(|names| names.into_iter().filter(|name| is_mine(name)).collect())).await
        });
        looked.await.unwrap_or_else(|_| Facts {
            now: now_ms(),
            problems: vec![format!("To look at all of registry {} took longer than {} seconds.", self.registry.name, PATIENCE.as_secs())],
            ..Facts::default()
        })
    }

    /// The same of one repository.
    pub async fn facts_of_one(&self, permit: &Permit, repository: &str) -> Facts {
        self.facts_of(permit, Ok(vec![repository.to_owned()])).await
    }

    async fn facts_of(&self, permit: &Permit, names: Result<Vec<String>, Unread>) -> Facts {
        let mut facts = Facts { now: now_ms(), ..Facts::default() };
        let running = self.running().await;
        facts.running = running.digests();
        facts.problems.extend(running.problems());
        match self.pulls_since(facts.now).await {
            Ok(since) => facts.pulls_since = since,
            Err(why) => facts.problems.push(why),
        }
        match names {
            Err(why) => facts.problems.push(why),
            Ok(names) => {
                let mut named = 0;
                for name in names {
                    if facts.repositories.iter().map(|repository| repository.tags.len()).sum::<usize>() > MOST_OF_ALL {
                        facts.problems.push(format!("There are more than {MOST_OF_ALL} tags: make rules for parts of them."));
                        break;
                    }
                    match self.repository(permit, &name, &running).await {
                        Ok(repository) => {
                            named += repository.names();
                            facts.repositories.push(repository);
                        }
                        Err(why) => facts.problems.push(why),
                    }
                    if named > MOST_NAMES {
                        facts.problems.push("The indexes name more than can be looked at: make rules for parts of them.".to_owned());
                        break;
                    }
                }
            }
        }
        facts
    }

    /// What all engines run. Each is asked for itself: one that does not answer delays no other.
    pub async fn running(&self) -> Running {
        let mut asked = JoinSet::new();
        for engine in self.engines.list() {
            asked.spawn(async move {
                let answer = tokio::time::timeout(ENGINE, in_use(&engine, &watch(&engine.name))).await;
                answer.ok().and_then(Result::ok).ok_or_else(|| engine.name.clone())
            });
        }
        let mut running = Running { images: BTreeSet::new(), silent: Vec::new() };
        for answer in asked.join_all().await {
            match answer {
                Ok(images) => running.images.extend(images),
                Err(name) => running.silent.push(name),
            }
        }
        running.silent.sort_unstable();
        if !running.silent.is_empty() {
            tracing::warn!(engines = ?running.silent, "These engines do not say what they run, so retention deletes nothing.");
        }
        running
    }

    /// How far back the trail tells of pulls: as far as it goes, and as far as no rule lets some of it go.
    async fn pulls_since(&self, now: i64) -> Result<Option<i64>, Unread> {
        let read = async {
            let rules = self.store.keep_rules().await?;
            let oldest = self.store.oldest_record().await?;
            let shortest = rules.iter().filter_map(|rule| rule.days).min();
            Ok::<_, crate::store::StoreError>(oldest.map(|oldest| shortest.map_or(oldest, |days| oldest.max(now - days * DAY_MS))))
        };
        read.await.map_err(|_| "The trail could not be asked how far back it goes.".to_owned())
    }

    /// One repository, whole.
    pub async fn repository(&self, permit: &Permit, name: &str, running: &Running) -> Result<Repository, Unread> {
        let tags = ask::tags(&self.registry, permit, name).await?;
        let mut repository = Repository { name: name.to_owned(), ..Repository::default() };
        let mut resolved =
            stream::iter(tags).map(|tag| async move { (ask::resolve(&self.registry, permit, name, &tag).await, tag) }).buffer_unordered(AT_ONCE);
        while let Some((digest, tag)) = resolved.next().await {
            if let Some(digest) = digest? {
                repository.tags.insert(tag, Tag { digest, ..Tag::default() });
            }
        }
        let wanted: BTreeSet<String> = repository.tags.values().map(|tag| tag.digest.clone()).collect();
        self.add_manifests(permit, &mut repository, wanted).await?;
        self.add_running(permit, &mut repository, running).await?;
        self.add_uses(&mut repository).await?;
        Ok(repository)
    }

    /// Reads what runs from this repository without a tag of it: it may be an index whose images have tags.
    pub async fn add_running(&self, permit: &Permit, repository: &mut Repository, running: &Running) -> Result<(), Unread> {
        let names = running.images.iter().flat_map(|image| &image.digests).filter_map(|name| name.split_once('@'));
        let of_here = names.filter(|(place, _)| place.ends_with(&repository.name)).map(|(_, digest)| digest.to_owned());
        let wanted = of_here.filter(|digest| is_digest(digest) && !repository.manifests.contains_key(digest)).collect();
        self.add_manifests(permit, repository, wanted).await
    }

    /// Reads these manifests and all that they need. One that is not there is left out, and so stays if a tag means it.
    async fn add_manifests(&self, permit: &Permit, repository: &mut Repository, mut wanted: BTreeSet<String>) -> Result<(), Unread> {
        let name = repository.name.clone();
        let many = || format!("The indexes of {name} name more, or deeper, than can be looked at.");
        let mut added: Vec<String> = Vec::new();
        let mut named = repository.names();
        for _ in 0..DEEPEST {
            if added.len() + wanted.len() > MOST_MANIFESTS {
                return Err(many());
            }
            let mut found = Vec::new();
            {
                let name = name.as_str();
                let read =
                    stream::iter(std::mem::take(&mut wanted)).map(|digest| async move { (self.manifest(permit, name, &digest).await, digest) });
                let mut read = read.buffer_unordered(AT_ONCE);
                while let Some((manifest, digest)) = read.next().await {
                    let Some(manifest) = manifest? else { continue };
                    named += manifest.names();
                    if named > MOST_NAMES {
                        return Err(many());
                    }
                    found.push((digest, manifest));
                }
            }
            for (digest, manifest) in found {
                wanted.extend(manifest.needs.iter().filter(|need| is_digest(need)).cloned());
                added.push(digest.clone());
                repository.manifests.insert(digest, manifest);
            }
            wanted.retain(|digest| !repository.manifests.contains_key(digest));
            if wanted.is_empty() {
                break;
            }
        }
        if !wanted.is_empty() {
            return Err(many());
        }
        // An index is as old as the newest of its images. Twice, for indexes of indexes.
        for _ in 0..2 {
            for digest in &added {
                let Some(manifest) = repository.manifests.get(digest).filter(|manifest| !manifest.needs.is_empty()) else { continue };
                let newest = manifest.needs.iter().filter_map(|need| repository.manifests.get(need)?.created_at).max();
                if let (Some(newest), Some(manifest)) = (newest, repository.manifests.get_mut(digest)) {
                    manifest.created_at = Some(newest);
                }
            }
        }
        Ok(())
    }

    /// A manifest with its age, read once.
    async fn manifest(&self, permit: &Permit, repository: &str, digest: &str) -> Result<Option<Manifest>, Unread> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let Some(mut manifest) = ask::manifest(&self.registry, permit, repository, digest).await? else { return Ok(None) };
        if let Some(config) = manifest.config.clone() {
            manifest.created_at = ask::created(&self.registry, permit, repository, &config).await?.or(manifest.created_at);
        }
        // What is over the bound is read again where it is asked for again.
        if self.remembered.fetch_add(manifest.names(), Ordering::Relaxed) <= MOST_NAMES {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(digest.to_owned(), manifest.clone());
        }
        Ok(Some(manifest))
    }

    /// Marks the tags that the registry's rules let nobody delete by now.
    pub fn mark_immutable(&self, repository: &mut Repository) {
        let may = |tag: &str| self.rules.may(&self.registry.name, &repository.name, tag, Deed::Delete);
        for (name, tag) in &mut repository.tags {
            tag.immutable |= may(name).is_err();
        }
    }

    /// Whether somebody has begun to push to a repository through Pilothouse since then: its intent is on disk before the registry hears of it.
    pub async fn is_pushed_since(&self, repository: &str, since: i64) -> Result<bool, Unread> {
        let pushed = self.store.is_pushed_since(&self.registry.name, &self.place(repository)?, since).await;
        pushed.map_err(|_| format!("The trail could not be asked about {repository}."))
    }

    /// What the objects of the trail's records about a repository begin with.
    fn place(&self, repository: &str) -> Result<String, Unread> {
        let place = format!("{}/{repository}", self.registry.name);
        if clean(&format!("{place}:x")).ends_with('\u{2026}') {
            return Err(format!("The name of {repository} is too long for the trail to be asked about it."));
        }
        Ok(place)
    }

    /// Who pushed and pulled what when, as the trail has it.
    async fn add_uses(&self, repository: &mut Repository) -> Result<(), Unread> {
        let place = self.place(&repository.name)?;
        let unread = || format!("The trail could not be asked about {}.", repository.name);
        let records = self.store.repository_uses(&self.registry.name, &place, MOST_RECORDS + 1).await.map_err(|_| unread())?;
        if records.len() > MOST_RECORDS {
            return Err(format!("The trail has too many records of {} to be looked at.", repository.name));
        }
        let mut pushed: BTreeMap<String, i64> = BTreeMap::new();
        let mut pulled: BTreeMap<String, i64> = BTreeMap::new();
        for record in records {
            let of = if record.permission == Permission::RepositoryPull.name() { &mut pulled } else { &mut pushed };
            let mut add = |reference: String| {
                let at = of.entry(reference).or_default();
                *at = record.at.max(*at);
            };
            // A pull by tag says in its note what came.
            record
                .note
                .split([' ', ','])
                .map(|word| word.trim_end_matches('.'))
                .filter(|word| is_digest(word))
                .for_each(|digest| add(digest.to_owned()));
            add(record.object);
        }
        let by = |of: &BTreeMap<String, i64>, mark: char, reference: &str| of.get(&clean(&format!("{place}{mark}{reference}"))).copied();
        for (name, tag) in &mut repository.tags {
            tag.pushed_at = by(&pushed, ':', name);
            tag.pulled_at = by(&pulled, ':', name);
        }
        self.mark_immutable(repository);
        for (digest, manifest) in &mut repository.manifests {
            manifest.pulled_at = by(&pulled, '@', digest).max(pulled.get(digest).copied());
        }
        Ok(())
    }
}

impl Running {
    /// By what engines know what they run.
    pub fn digests(&self) -> BTreeSet<String> {
        let named = self.images.iter().flat_map(|image| &image.digests).filter_map(|name| Some(name.split_once('@')?.1.to_owned()));
        self.images.iter().filter_map(|image| image.id.clone()).chain(named).collect()
    }

    /// The log names the engines: whoever reads a plan may not see all of them.
    pub fn problems(&self) -> impl Iterator<Item = Unread> {
        (!self.silent.is_empty()).then(|| "An engine does not say what it runs.".to_owned()).into_iter()
    }
}
