//! What a rule lets go, by what was read. Pure: this room knows no registry, no engine and no store, so nothing in it can delete.
//!
//! A digest goes or stays as a whole: to delete it takes every tag that means it along. What cannot be told stays.

mod pattern;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use pilothouse_app::api::registry_retention::{Keep, Reason};

pub use pattern::{fits, is_pattern};

const DAY_MS: i64 = 86_400_000;
/// Images that say they were made before the year 2000 say so to be the same each time they are made: it is no age.
const NO_AGE_BEFORE: i64 = 946_684_800_000;

/// All that was read for one look.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// In ms.
    pub now: i64,
    /// What could not be read, a sentence each. With one of them nothing goes.
    pub problems: Vec<String>,
    /// How far back the trail tells of pulls, in ms; `None`: not at all.
    pub pulls_since: Option<i64>,
    /// Digests of manifests and of configs by which engines know the images that containers are made from.
    pub running: BTreeSet<String>,
    pub repositories: Vec<Repository>,
}

/// One repository.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    pub name: String,
    pub tags: BTreeMap<String, Tag>,
    /// By digest: what tags mean, what those need, and what runs.
    pub manifests: BTreeMap<String, Manifest>,
}

impl Repository {
    /// How many bytes the names have that its manifests hold.
    pub fn names(&self) -> usize {
        self.manifests.values().map(Manifest::names).sum()
    }
}

/// A tag.
#[derive(Clone, Debug, Default)]
pub struct Tag {
    pub digest: String,
    /// As far as the trail tells, in ms.
    pub pushed_at: Option<i64>,
    pub pulled_at: Option<i64>,
    pub immutable: bool,
}

/// A manifest.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// When the image says that it was made, in ms; of an index the newest of its images.
    pub created_at: Option<i64>,
    /// The digest of an image's config: engines call the image so.
    pub config: Option<String>,
    /// The manifests that an index names.
    pub needs: BTreeSet<String>,
    /// What it speaks of: a signature's image.
    pub subject: Option<String>,
    /// As far as the trail tells, in ms.
    pub pulled_at: Option<i64>,
}

impl Manifest {
    /// How many bytes the names have that it holds.
    pub fn names(&self) -> usize {
        self.needs.iter().chain(&self.config).chain(&self.subject).map(String::len).sum()
    }
}

/// What becomes of one tag.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    pub repository: String,
    pub tag: String,
    pub digest: String,
    /// By what its age is counted, in ms.
    pub at: Option<i64>,
    pub goes: bool,
    pub reason: Reason,
    pub detail: Option<String>,
}

/// A reason, and the name that goes with it.
type Why = (Reason, Option<String>);

/// What becomes of every tag, by repository and name.
pub fn plan(keep: &Keep, facts: &Facts) -> Vec<Item> {
    facts.repositories.iter().flat_map(|repository| Look::new(keep, facts, repository).items()).collect()
}

/// One repository, looked at.
struct Look<'a> {
    keep: &'a Keep,
    facts: &'a Facts,
    repository: &'a Repository,
    /// The tags of each digest that has some.
    tags_of: BTreeMap<&'a str, Vec<&'a str>>,
    /// What stays for its tags' sake, tag by tag.
    own: BTreeMap<&'a str, Why>,
    /// What stays, with or without a tag.
    kept: BTreeMap<&'a str, Why>,
}

impl<'a> Look<'a> {
    fn new(keep: &'a Keep, facts: &'a Facts, repository: &'a Repository) -> Self {
        let mut tags_of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, tag) in &repository.tags {
            tags_of.entry(&tag.digest).or_default().push(name);
        }
        let mut look = Self { keep, facts, repository, tags_of, own: BTreeMap::new(), kept: BTreeMap::new() };
        look.own = look.own_reasons();
        look.keep_all();
        look
    }

    fn manifest(&self, digest: &str) -> Option<&'a Manifest> {
        self.repository.manifests.get(digest)
    }

    /// By what the age of a tag is counted: what the trail saw, before what an image says of itself.
    fn age(&self, tag: &Tag) -> Option<i64> {
        let claimed = || self.manifest(&tag.digest)?.created_at.filter(|at| *at >= NO_AGE_BEFORE);
        // An image that says it is from tomorrow must not be the newest for ever.
        tag.pushed_at.or_else(claimed).map(|at| at.min(self.facts.now))
    }

    /// What a manifest speaks of, by itself or by the names of all its tags: `sha256-HEX`, and `.sig`, `.att` and `.sbom` behind it.
    fn subject(&self, digest: &str) -> Option<String> {
        if let Some(subject) = self.manifest(digest).and_then(|manifest| manifest.subject.clone()) {
            return Some(subject);
        }
        let subjects: Option<BTreeSet<String>> = self.tags_of.get(digest)?.iter().map(|tag| subject_of_tag(tag)).collect();
        let only = subjects.filter(|all| all.len() == 1)?.into_iter().next()?;
        (only != digest).then_some(only)
    }

    /// Whether a container is made from it, or from something that it names.
    fn runs(&self, digest: &str) -> bool {
        let (mut left, mut seen) = (vec![digest], BTreeSet::new());
        while let Some(digest) = left.pop() {
            if !seen.insert(digest) {
                continue;
            }
            if self.facts.running.contains(digest) {
                return true;
            }
            let Some(manifest) = self.manifest(digest) else { continue };
            if manifest.config.as_ref().is_some_and(|config| self.facts.running.contains(config)) {
                return true;
            }
            left.extend(manifest.needs.iter().map(String::as_str));
        }
        false
    }

    /// Why a tag stays for its own sake.
    fn own_reason(&self, name: &str, tag: &Tag, newest: &BTreeSet<&str>) -> Option<Why> {
        let is_since = |at: Option<i64>, days: Option<u32>| match (at, days) {
            (Some(at), Some(days)) => at >= self.facts.now.saturating_sub(i64::from(days) * DAY_MS),
            _ => false,
        };
        let pulled = tag.pulled_at.max(self.manifest(&tag.digest).and_then(|manifest| manifest.pulled_at));
        let reaches = |days: u32| self.facts.pulls_since.is_some_and(|since| !is_since(Some(since), Some(days)));
        if self.runs(&tag.digest) {
            return Some((Reason::Runs, None));
        }
        if tag.immutable {
            return Some((Reason::Immutable, None));
        }
        if let Some(pattern) = self.keep.patterns.iter().find(|pattern| fits(pattern, name)) {
            return Some((Reason::Pattern, Some(pattern.clone())));
        }
        if is_since(pulled, self.keep.pulled_days) {
            return Some((Reason::Pulled, None));
        }
        if self.keep.pulled_days.is_some_and(|days| !reaches(days)) {
            return Some((Reason::PullsUnknown, None));
        }
        // What speaks of something else follows that, whatever its age.
        if self.subject(&tag.digest).is_some() {
            return None;
        }
        let Some(at) = self.age(tag) else { return Some((Reason::AgeUnknown, None)) };
        if newest.contains(name) {
            return Some((Reason::Newest, None));
        }
        is_since(Some(at), self.keep.younger_days).then_some((Reason::Young, None))
    }

    fn own_reasons(&self) -> BTreeMap<&'a str, Why> {
        let newest = self.newest();
        let why = |(name, tag): (&'a String, &'a Tag)| Some((name.as_str(), self.own_reason(name, tag, &newest)?));
        self.repository.tags.iter().filter_map(why).collect()
    }

    /// The newest tags of those whose age is known and that speak of nothing else.
    fn newest(&self) -> BTreeSet<&'a str> {
        let counts = self.repository.tags.iter().filter(|(_, tag)| self.subject(&tag.digest).is_none());
        let mut aged: Vec<(i64, &str)> = counts.filter_map(|(name, tag)| Some((self.age(tag)?, name.as_str()))).collect();
        aged.sort_unstable_by(|a, b| b.cmp(a));
        let most = self.keep.newest.map_or(0, |newest| usize::try_from(newest).unwrap_or(usize::MAX));
        aged.into_iter().take(most).map(|(_, name)| name).collect()
    }

    /// What stays: what is kept for its own sake or runs, what that needs, and what speaks of it; and so on, until nothing is added.
    fn keep_all(&mut self) {
        let repository = self.repository;
        for (name, tag) in &repository.tags {
            if let Some(why) = self.own.get(name.as_str()).cloned() {
                self.kept.entry(&tag.digest).or_insert(match why.0 {
                    Reason::Runs => why,
                    _ => (Reason::SharesDigest, Some(name.clone())),
                });
            }
        }
        // What runs stays without a tag, too: and with it what it needs.
        for digest in repository.manifests.keys() {
            if !self.kept.contains_key(digest.as_str()) && self.runs(digest) {
                self.kept.insert(digest, (Reason::Runs, None));
            }
        }
        let digests: BTreeSet<&str> = repository.manifests.keys().map(String::as_str).chain(self.tags_of.keys().copied()).collect();
        let subjects: BTreeMap<&str, String> = digests.into_iter().filter_map(|digest| Some((digest, self.subject(digest)?))).collect();
        let mut speakers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (speaker, subject) in &subjects {
            speakers.entry(subject.as_str()).or_default().push(*speaker);
        }
        let mut left: Vec<&str> = self.kept.keys().copied().collect();
        while !left.is_empty() {
            while let Some(digest) = left.pop() {
                let needed =
                    self.manifest(digest).into_iter().flat_map(|manifest| &manifest.needs).map(|need| (need.as_str(), Reason::NeededByIndex));
                let speaks = speakers.get(digest).into_iter().flatten().map(|speaker| (*speaker, Reason::SubjectStays));
                let more: Vec<(&str, Reason)> = needed.chain(speaks).filter(|(more, _)| !self.kept.contains_key(more)).collect();
                for (more, reason) in more {
                    self.kept.insert(more, (reason, Some(self.called(digest))));
                    left.push(more);
                }
            }
            left =
                subjects.keys().copied().filter(|digest| !self.kept.contains_key(digest) && !self.goes_with_its_subject(digest, &subjects)).collect();
            for digest in &left {
                self.kept.insert(digest, (Reason::SubjectUnknown, None));
            }
        }
    }

    /// Whether what it speaks of goes, as things stand: through whatever speaks of something itself, down to what does not.
    fn goes_with_its_subject(&self, digest: &str, subjects: &BTreeMap<&str, String>) -> bool {
        let mut at = digest;
        for _ in 0..=subjects.len() {
            if !self.tags_of.contains_key(at) || self.kept.contains_key(at) {
                return false;
            }
            match subjects.get(at) {
                Some(subject) => at = subject,
                None => return true,
            }
        }
        // They speak of each other.
        false
    }

    /// How a digest is called where it is named as a reason: by its first tag, if it has one.
    fn called(&self, digest: &str) -> String {
        self.tags_of.get(digest).and_then(|tags| tags.first()).map_or_else(|| digest.to_owned(), |tag| (*tag).to_owned())
    }

    fn items(&self) -> Vec<Item> {
        let item = |(name, tag): (&String, &Tag)| {
            let (goes, (reason, detail)) = match (self.own.get(name.as_str()), self.kept.get(tag.digest.as_str())) {
                (Some(why), _) | (None, Some(why)) => (false, why.clone()),
                (None, None) if !self.facts.problems.is_empty() => (false, (Reason::NotRead, None)),
                // A manifest that was not read could need or mean anything.
                (None, None) if self.manifest(&tag.digest).is_none() => (false, (Reason::NotRead, None)),
                (None, None) if self.subject(&tag.digest).is_some() => (true, (Reason::SubjectGoes, self.subject(&tag.digest))),
                (None, None) => (true, (Reason::Unkept, None)),
            };
            Item { repository: self.repository.name.clone(), tag: name.clone(), digest: tag.digest.clone(), at: self.age(tag), goes, reason, detail }
        };
        self.repository.tags.iter().map(item).collect()
    }
}

/// The digest that a tag such as `sha256-HEX.sig` speaks of.
fn subject_of_tag(tag: &str) -> Option<String> {
    let (algorithm, rest) = tag.split_once('-')?;
    let hex = rest.split('.').next().unwrap_or_default();
    let length = match algorithm {
        "sha256" => 64,
        "sha512" => 128,
        _ => return None,
    };
    let is_hex = hex.len() == length && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    is_hex.then(|| format!("{algorithm}:{hex}"))
}
