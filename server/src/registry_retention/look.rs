//! What is looked at just before each deletion: whether it may still go, by what is read anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use pilothouse_app::api::registry_retention::Keep;

use super::{
    ask,
    plan::{Facts, plan},
    read::Reader,
    run::Goer,
};
use crate::access::Permit;

/// How old what was read of a repository may be. Where to read it takes longer than that, it may be as old as it took.
const FRESH: Duration = Duration::from_secs(10);

/// How deep manifests name each other here.
const DEEPEST: usize = 8;

/// One repository, as it was read last.
pub(super) struct Look<'a> {
    pub reader: &'a Reader,
    keep: Keep,
    pub repository: String,
    /// Of this repository alone.
    facts: Facts,
    /// When reading it began, and how long it took.
    read: Option<(Instant, Duration)>,
    /// What was to go and stays: with what it needs.
    spared: BTreeSet<String>,
}

impl<'a> Look<'a> {
    pub fn new(reader: &'a Reader, keep: Keep, repository: String) -> Self {
        Self { reader, keep, repository, facts: Facts::default(), read: None, spared: BTreeSet::new() }
    }

    /// Says that what was read is of no use any more.
    pub fn outdate(&mut self) {
        self.read = None;
    }

    /// Reads all of the repository anew when what was read is old.
    pub async fn refresh(&mut self, permit: &Permit) -> Result<(), String> {
        if self.read.is_some_and(|(at, took)| at.elapsed() < FRESH.max(took * 2)) {
            return Ok(());
        }
        let begun = Instant::now();
        self.facts = self.reader.facts_of_one(permit, &self.repository).await;
        self.read = Some((begun, begun.elapsed()));
        self.mark();
        match self.facts.problems.first() {
            Some(problem) => Err(problem.clone()),
            None => Ok(()),
        }
    }

    /// Puts those first that name others: what is left when a run stops is not to name what is gone.
    pub fn order(&self, goers: &mut [Goer]) {
        let mut ranks: BTreeMap<String, usize> = goers.iter().map(|goer| (goer.digest.clone(), 0)).collect();
        let manifests = self.facts.repositories.first().map(|repository| &repository.manifests);
        for _ in 0..DEEPEST {
            for goer in goers.iter() {
                let below = ranks.get(&goer.digest).map_or(0, |rank| rank + 1);
                let needs = manifests.and_then(|manifests| manifests.get(&goer.digest)).into_iter().flat_map(|manifest| &manifest.needs);
                for named in needs.chain(&goer.subject) {
                    if let Some(rank) = ranks.get_mut(named) {
                        *rank = below.max(*rank);
                    }
                }
            }
        }
        goers.sort_by_key(|goer| ranks.get(&goer.digest).copied());
    }

    /// Says that something stays although it was to go: then what it needs stays, too.
    pub fn spare(&mut self, digest: &str) {
        self.spared.insert(digest.to_owned());
        self.mark();
    }

    /// The tags of what was spared are not to be gone without.
    fn mark(&mut self) {
        for repository in &mut self.facts.repositories {
            repository.tags.values_mut().filter(|tag| self.spared.contains(&tag.digest)).for_each(|tag| tag.immutable = true);
        }
    }

    /// Forgets what was deleted.
    pub fn forget(&mut self, digest: &str) {
        for repository in &mut self.facts.repositories {
            repository.tags.retain(|_, tag| tag.digest != digest);
            repository.manifests.remove(digest);
        }
    }

    /// Why a manifest may not go any more; `None` where it may. It reads what runs, which tags there are and what those of the manifest mean,
    /// and then asks the same code that made the plan.
    ///
    /// # Errors
    /// When something could not be read.
    pub async fn still_goes(&mut self, permit: &Permit, digest: &str, tags: &BTreeSet<String>) -> Result<Option<String>, String> {
        let there = ask::tags(&self.reader.registry, permit, &self.repository).await?;
        let is_new = |tag: &String| self.facts.repositories.iter().all(|repository| !repository.tags.contains_key(tag));
        if there.iter().any(is_new) || self.reader.is_pushed_since(&self.repository, self.facts.now).await? {
            self.read = None;
            self.refresh(permit).await?;
        }
        for tag in tags {
            match ask::resolve(&self.reader.registry, permit, &self.repository, tag).await? {
                Some(now) if now == digest => {}
                Some(_) => return Ok(Some(format!("The tag {tag} means something else by now."))),
                None => return Ok(Some(format!("The tag {tag} is gone."))),
            }
        }
        let running = self.reader.running().await;
        if let Some(problem) = running.problems().next() {
            return Err(problem);
        }
        self.facts.running = running.digests();
        for repository in &mut self.facts.repositories {
            self.reader.add_running(permit, repository, &running).await?;
            self.reader.mark_immutable(repository);
        }
        let items = plan(&self.keep, &self.facts);
        let mut now = items.iter().filter(|item| item.digest == digest);
        if let Some(stays) = now.clone().find(|item| !item.goes) {
            return Ok(Some(format!("{}.", stays.reason.words())));
        }
        let is_the_same = now.clone().count() == tags.len() && now.all(|item| tags.contains(&item.tag));
        Ok((!is_the_same).then(|| "It has other tags by now.".to_owned()))
    }
}
