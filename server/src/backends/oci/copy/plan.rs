//! What a copy takes: every manifest and blob that the root names, by however many steps, and what speaks of them.

use std::{collections::HashSet, pin::Pin};

use serde_json::Value;

use super::{CopyError, Gate, Progress, Side, referrers};
use crate::backends::oci::{
    judge::kind,
    manifests::Manifest,
    parsed::{Descriptor, Names},
};

/// How many manifests are copied at once.
const MANIFESTS: usize = 1_000;
/// How many blobs.
const BLOBS: usize = 10_000;
/// How large the manifests may be together, in bytes: they are held until they are sent.
const TOGETHER: usize = 32 * 1024 * 1024;
/// How deep indexes may lie in indexes.
const DEEPEST: usize = 8;
/// Layers that their owners keep to themselves, for whoever may have them from there: no registry is asked for them.
const FOREIGN: &[&str] = &["application/vnd.docker.image.rootfs.foreign.diff.", "application/vnd.oci.image.layer.nondistributable."];

/// A blob as a manifest names it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Blob {
    pub digest: String,
    /// In bytes.
    pub size: u64,
}

/// All that is to be copied.
#[derive(Default)]
pub struct Plan {
    /// In the order in which they can be stored: none names one that comes after it, but as its subject.
    pub manifests: Vec<Manifest>,
    pub blobs: Vec<Blob>,
    /// What speaks of a manifest, by that one's digest, as lists have it.
    pub referring: Vec<(String, Vec<Value>)>,
    /// What is kept under tags of its own: each tag, and what it means.
    pub tags: Vec<(String, Manifest)>,
    /// How many layers are kept elsewhere.
    foreign: usize,
    /// How many referrers were in a list and are not what it says.
    odd: usize,
}

/// Its owner keeps it, and says where.
fn is_foreign(named: &Descriptor) -> bool {
    named.urls.as_ref().is_some_and(|urls| !urls.is_empty()) && FOREIGN.iter().any(|media| named.media_type.starts_with(media))
}

impl Plan {
    /// Reads at the source what there is. The root was judged by `gate` already, under the name that it was asked for by.
    ///
    /// # Errors
    /// When something is missing there, may not or cannot be taken, or is too much.
    pub async fn of((from, gate): (&Side, &impl Gate), root: Manifest, referrers: bool, progress: &Progress) -> Result<Self, CopyError> {
        let mut reader = Reader { from, gate, progress, plan: Plan::default(), known: HashSet::new(), blobs: HashSet::new(), bytes: 0 };
        reader.known.insert(root.digest.clone());
        reader.tree(root, 0).await?;
        if referrers {
            reader.referrers().await?;
        }
        Ok(reader.plan)
    }

    /// What was not copied, in a sentence, if anything was not.
    pub fn left(&self) -> Option<String> {
        let foreign = (self.foreign > 0).then(|| format!("Layers that their owner keeps elsewhere and that were not sent: {}.", self.foreign));
        let odd = (self.odd > 0).then(|| format!("Entries in lists of referrers that are gone or are none: {}.", self.odd));
        let all: Vec<String> = ["Done.".to_owned()].into_iter().chain(foreign).chain(odd).collect();
        (all.len() > 1).then(|| all.join(" "))
    }
}

/// Reads a plan together.
struct Reader<'c, G> {
    from: &'c Side,
    gate: &'c G,
    progress: &'c Progress,
    plan: Plan,
    /// The digests of the manifests that were found.
    known: HashSet<String>,
    /// The same of the blobs.
    blobs: HashSet<String>,
    bytes: usize,
}

impl<G: Gate> Reader<'_, G> {
    /// The same as [`Reader::tree`] of a manifest that may be taken, as if it were pulled by its digest.
    async fn take(&mut self, manifest: Manifest, depth: usize) -> Result<(), CopyError> {
        self.gate.may_take(self.from, &manifest.digest, &manifest).await?;
        self.tree(manifest, depth).await
    }

    /// Takes in a manifest and all that it names, what is named first.
    fn tree(&mut self, manifest: Manifest, depth: usize) -> Pin<Box<dyn Future<Output = Result<(), CopyError>> + Send + '_>> {
        Box::pin(async move {
            if depth > DEEPEST {
                return Err(CopyError::Wrong(format!("Indexes lie more than {DEEPEST} deep in each other: that is not copied.")));
            }
            self.counted(&manifest)?;
            let names = self.names(&manifest)?;
            for child in names.manifests {
                match kind(&child.media_type) {
                    None => self.blob(child)?,
                    Some(media) if self.known.insert(child.digest.clone()) => {
                        let found = self.from.manifest(&child.digest).await?;
                        let found = found.ok_or_else(|| self.missing(&child.digest, &manifest.digest))?;
                        if found.media != media {
                            return Err(CopyError::Wrong(format!(
                                "The manifest {} is of another kind than the index says that names it.",
                                child.digest
                            )));
                        }
                        self.take(found, depth + 1).await?;
                    }
                    Some(_) => {}
                }
            }
            names.config.into_iter().chain(names.layers).try_for_each(|layer| self.blob(layer))?;
            self.plan.manifests.push(manifest);
            Ok(())
        })
    }

    /// Takes in what speaks of all that was found, and of what is found so.
    async fn referrers(&mut self) -> Result<(), CopyError> {
        let mut looked = 0;
        while let Some(subject) = self.plan.manifests.get(looked).map(|manifest| manifest.digest.clone()) {
            looked += 1;
            let mut items = Vec::new();
            for item in referrers::of(self.from, &subject).await? {
                let digest = item["digest"].as_str().unwrap_or_default().to_owned();
                if items.iter().any(|known: &Value| known["digest"] == item["digest"]) {
                    continue;
                }
                if self.referrer(&digest, &subject).await? { items.push(item) } else { self.odd()? }
            }
            for (tag, kept) in referrers::beside(self.from, &subject).await? {
                self.plan.tags.push((tag, kept.clone()));
                if self.known.insert(kept.digest.clone()) {
                    self.take(kept, 0).await?;
                }
            }
            if !items.is_empty() {
                self.plan.referring.push((subject, items));
            }
        }
        Ok(())
    }

    /// Takes in what a list says to speak of `subject`, if it does.
    async fn referrer(&mut self, digest: &str, subject: &str) -> Result<bool, CopyError> {
        let speaks = |names: &Names| names.subject.as_ref().is_some_and(|named| named.digest == subject);
        if self.known.contains(digest) {
            let found = self.plan.manifests.iter().find(|manifest| manifest.digest == digest);
            return found.map_or(Ok(false), |found| self.names(found).map(|names| speaks(&names)));
        }
        // Lists that clients keep are not always told of what goes.
        let Some(found) = self.from.manifest(digest).await? else { return Ok(false) };
        if !speaks(&self.names(&found)?) {
            return Ok(false);
        }
        self.known.insert(digest.to_owned());
        self.take(found, 0).await?;
        Ok(true)
    }

    fn odd(&mut self) -> Result<(), CopyError> {
        self.plan.odd += 1;
        let many = || CopyError::Wrong(format!("More than {MANIFESTS} referrers in its lists are gone, or are none: mend the lists first."));
        (self.plan.odd <= MANIFESTS).then_some(()).ok_or_else(many)
    }

    fn counted(&mut self, manifest: &Manifest) -> Result<(), CopyError> {
        self.bytes += manifest.body.len();
        if self.known.len() > MANIFESTS {
            return Err(CopyError::Wrong(format!("There are more than {MANIFESTS} manifests: so many are not copied at once.")));
        }
        if self.bytes > TOGETHER {
            return Err(CopyError::Wrong("The manifests are larger than 32 MiB together: so many are not copied at once.".to_owned()));
        }
        self.progress.found();
        Ok(())
    }

    fn blob(&mut self, named: Descriptor) -> Result<(), CopyError> {
        if is_foreign(&named) {
            self.plan.foreign += 1;
            return Ok(());
        }
        if !self.blobs.insert(named.digest.clone()) {
            return Ok(());
        }
        if self.blobs.len() > BLOBS {
            return Err(CopyError::Wrong(format!("There are more than {BLOBS} blobs: so many are not copied at once.")));
        }
        self.plan.blobs.push(Blob { digest: named.digest, size: named.size });
        Ok(())
    }

    fn names(&self, manifest: &Manifest) -> Result<Names, CopyError> {
        Names::read(&manifest.body).map_err(|_| CopyError::Wrong(format!("The manifest {} in {} cannot be read.", manifest.digest, self.from.name())))
    }

    fn missing(&self, digest: &str, named_by: &str) -> CopyError {
        CopyError::Wrong(format!("{} does not have the manifest {digest} that {named_by} names.", self.from.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_layers_that_say_where_they_are_kept_are_left_there() {
        let layer = |media: &str, urls: &str| {
            let text = format!(r#"{{"mediaType":"{media}","digest":"sha256:{}","size":1{urls}}}"#, "0".repeat(64));
            is_foreign(&serde_json::from_str(&text).unwrap())
        };
        let urls = r#","urls":["https://layers.example/x"]"#;
        assert!(layer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", urls));
        assert!(layer("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", urls));
        assert!(!layer("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", ""));
        assert!(!layer("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", r#","urls":[]"#));
        assert!(!layer("application/vnd.oci.image.layer.v1.tar+gzip", urls), "that is one of ours that lies elsewhere, too");
    }

    #[test]
    fn what_was_not_sent_is_said() {
        let plan = |foreign, odd| Plan { foreign, odd, ..Plan::default() }.left();
        assert_eq!(plan(0, 0), None);
        assert_eq!(plan(2, 0).as_deref(), Some("Done. Layers that their owner keeps elsewhere and that were not sent: 2."));
        assert!(plan(1, 3).unwrap().ends_with("are none: 3."));
    }
}
