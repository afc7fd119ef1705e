//! What a registry and scanners say of an image: whether somebody has signed it, and which holes are known. What cannot be found out speaks against it.

mod bundle;
mod cosign;
pub mod holes;
pub mod keys;
mod place;
mod proof;
mod provider;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use pilothouse_app::api::guardrails::Rule;

use crate::{
    access::{Permit, guard::image::Reference, watch_registry},
    backends::{
        Registries,
        oci::{Registry, fetch},
    },
    reach::Reach,
    store::{Store, scans::ImageKey},
};

pub use proof::Signers;

/// How long it may take to find out whether an image is signed.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it is known that it is. That it is not is asked anew each time: it may be signed by then.
const KNOWN: Duration = Duration::from_secs(60);
/// How many of that are known at a time.
const MOST_KNOWN: usize = 4_096;
/// How many places of one image are looked at.
const MOST_PLACES: usize = 8;
/// How many indexes that name an image are looked at.
pub(super) const MOST_INDEXES: u32 = 8;
/// How many images an index may name, of those that are kept.
pub const MOST_MEMBERS: usize = 256;
/// What stands behind the name of an image that is not known.
const SILENT: &str = "of which its registry does not say what it is now";

/// What is known of images, and whom to ask.
pub struct ImagePolicy {
    registries: Arc<Registries>,
    store: Store,
    own: Reach,
    /// Whose certificates count.
    root: Option<bundle::Root>,
    known: Mutex<HashMap<String, Instant>>,
}

/// An image that is to be judged.
pub struct Subject {
    /// As it is named in a sentence.
    pub name: String,
    pub places: Vec<Place>,
    /// Whether a registry did not say what its name means.
    pub silent: bool,
}

/// Where an image is known by a digest.
pub struct Place {
    pub registry: Arc<Registry>,
    pub repository: String,
    pub digest: String,
}

impl Place {
    pub fn key(&self) -> ImageKey {
        ImageKey { registry: self.registry.name.clone(), repository: self.repository.clone(), digest: self.digest.clone() }
    }
}

impl ImagePolicy {
    /// `root` is the trusted root of the settings, as JSON.
    ///
    /// # Errors
    /// One sentence about what is wrong with it.
    pub fn new(registries: Arc<Registries>, store: Store, own: Reach, root: Option<&str>) -> Result<Self, String> {
        let root = root.map(bundle::Root::read).transpose()?;
        Ok(Self { registries, store, own, root, known: Mutex::default() })
    }

    /// What a rule does not allow about an image, to stand in "does not allow ... here". `permit` is for the registry of an image that is pulled;
    /// what runs is looked after by the house itself.
    pub async fn objection(&self, rule: &Rule, subject: &Subject, permit: Option<&Permit>) -> Option<String> {
        match rule {
            Rule::Signed { keys, identities } => {
                let asked = self.unsigned(keys, identities, subject, permit);
                let why = match tokio::time::timeout(PATIENCE, asked).await {
                    Ok(why) => why?,
                    Err(_) => "of which it could not be found out in time who has signed it".to_owned(),
                };
                Some(format!("the image {}, {why},", subject.name))
            }
            // An image that nobody has scanned may be let through, one that is not known at all may not.
            Rule::Vulnerabilities { .. } if subject.silent && subject.places.is_empty() => Some(format!("the image {}, {SILENT},", subject.name)),
            Rule::Vulnerabilities { .. } => Some(format!("the image {} {}", subject.name, holes::objection(&self.store, rule, subject).await?)),
            _ => None,
        }
    }

    /// Why an image is not signed as it has to be, to stand behind its name.
    async fn unsigned(&self, keys: &[String], identities: &[String], subject: &Subject, permit: Option<&Permit>) -> Option<String> {
        let Ok(signers) = Signers::read(keys, identities) else { return Some("since whom it has to be signed by cannot be read".to_owned()) };
        let mut why = None;
        for place in &subject.places {
            let own;
            let permit = match permit {
                Some(permit) => permit,
                None => {
                    own = watch_registry(&place.registry.name);
                    &own
                }
            };
            let Ok(indexes) = self.store.indexes_of(&place.key(), MOST_INDEXES).await else {
                return Some("of which it cannot be read what it is part of".to_owned());
            };
            // An image of an index is signed along with it: the index names its digest.
            for digest in std::iter::once(&place.digest).chain(&indexes) {
                let mark = format!("{} {}/{}@{digest}", signers.mark(), place.registry.name, place.repository);
                if self.is_known(&mark) {
                    return None;
                }
                match proof::look(&place.registry, permit, &place.repository, digest, &signers, self.root.as_ref()).await {
                    Ok(proof::Proof::Signed) => {
                        self.know(mark);
                        return None;
                    }
                    Ok(proof::Proof::Unsigned) => _ = why.get_or_insert_with(|| "which nobody has signed".to_owned()),
                    Ok(proof::Proof::ByOthers(None)) => _ = why.get_or_insert_with(|| "which nobody has signed who may".to_owned()),
                    Ok(proof::Proof::ByOthers(Some(reason))) => {
                        _ = why.get_or_insert_with(|| format!("which nobody has signed who may ({reason})"));
                    }
                    Err(error) => _ = why.get_or_insert_with(|| format!("of which it cannot be found out who has signed it ({error})")),
                }
            }
        }
        let unknown = if subject.silent { SILENT } else { "which comes from no registry that is known here" };
        Some(why.unwrap_or_else(|| unknown.to_owned()))
    }

    fn is_known(&self, mark: &str) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(mark).is_some_and(|since| since.elapsed() < KNOWN)
    }

    fn know(&self, mark: String) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.retain(|_, since| since.elapsed() < KNOWN);
        }
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(mark, Instant::now());
    }

    /// Keeps which images an index names, so that they are known by it.
    pub async fn learn(&self, index: &ImageKey, members: &[String]) {
        let mark = format!("members of {}/{}@{}", index.registry, index.repository, index.digest);
        if self.is_known(&mark) {
            return;
        }
        match self.store.add_index_members(index, members, crate::clock::now_ms()).await {
            Ok(()) => self.know(mark),
            Err(error) => tracing::warn!(%error, "Which images an index names could not be kept; they are judged by themselves."),
        }
    }

    /// An image that an engine has, by the names with digests that the engine knows it by.
    pub fn of_engine(&self, name: &str, digests: &[String]) -> Subject {
        let mut places = Vec::new();
        for text in digests.iter().take(MOST_PLACES) {
            let Ok(image) = Reference::read(text) else { continue };
            let Some(digest) = image.digest.clone() else { continue };
            places.extend(self.places(&image, &digest));
        }
        Subject { name: crate::access::guard::image_name(name), places, silent: false }
    }

    /// An image that is named with its digest.
    pub fn by_digest(&self, image: &Reference, digest: &str) -> Subject {
        Subject { name: crate::access::guard::image_name(&image.to_string()), places: self.places(image, digest), silent: false }
    }

    /// An image that an engine would pull: what its tag means now.
    pub async fn by_tag(&self, image: &Reference, tag: &str) -> Subject {
        let mut subject = Subject { name: crate::access::guard::image_name(&image.to_string()), places: Vec::new(), silent: false };
        for place in self.places(image, "") {
            let permit = watch_registry(&place.registry.name);
            match fetch::manifest(&place.registry, &permit, &place.repository, tag).await {
                Ok(Some(manifest)) => subject.places.push(Place { digest: manifest.digest, ..place }),
                Ok(None) | Err(_) => subject.silent = true,
            }
        }
        subject
    }

    fn places(&self, image: &Reference, digest: &str) -> Vec<Place> {
        let registries = self.registries.list();
        let named = registries.iter().map(|registry| (registry.name.as_str(), registry.address()));
        let found = place::places(image, named, &self.own).into_iter().take(MOST_PLACES);
        let place = |(name, repository): (&str, String)| {
            let registry = registries.iter().find(|registry| registry.name == name)?.clone();
            Some(Place { registry, repository, digest: digest.to_owned() })
        };
        found.filter_map(place).collect()
    }
}
