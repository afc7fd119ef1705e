//! Copies: an image, an index or an artifact with all that it names and all that speaks of it, from one repository to another.
//!
//! The order is what keeps the target whole at any time: blobs, then the manifests that name them, then those that name these, then referrers, and
//! the tag last. What is there already is not sent again, so a copy that broke off is gone on with by asking for it again.

mod blob;
mod error;
mod gate;
mod passage;
mod plan;
mod progress;
mod referrers;
mod side;

use std::sync::Arc;

use futures_util::{StreamExt, stream::FuturesUnordered};

pub use error::CopyError;
pub use gate::Gate;
pub use progress::Progress;
pub use side::Side;

use super::{RegistryError, answer::is, manifests::Manifest};
use crate::{access::Permission, backends::Registries};
use plan::{Blob, Plan};

/// How many blobs are on their way at once.
const AT_ONCE: usize = 3;

/// What is to be copied, and what it is to be called.
pub struct Wanted {
    /// A tag or a digest at the source.
    pub reference: String,
    /// The tag at the target.
    pub tag: String,
    /// What speaks of it, too.
    pub referrers: bool,
    /// The tag may mean something else by now.
    pub overwrite: bool,
}

/// A tag that came to mean something else, or was about to.
pub struct Moved {
    pub tag: String,
    pub before: Option<String>,
    pub after: String,
}

/// A copy that may begin.
pub struct Copy<G> {
    registries: Arc<Registries>,
    from: Side,
    to: Side,
    gate: G,
    wanted: Wanted,
    root: Manifest,
}

impl<G: Gate> Copy<G> {
    /// Looks what the source has, and whether the tag at the target may come to mean it. Nothing is changed.
    ///
    /// # Errors
    /// When there is no such thing at the source, or it may not be taken out of it, or the tag means something else already and may not be moved.
    pub async fn prepare(registries: Arc<Registries>, from: Side, to: Side, gate: G, wanted: Wanted) -> Result<Self, CopyError> {
        let missing = || CopyError::NotThere(format!("There is no {} in {}.", wanted.reference, from.name()));
        let root = from.manifest(&wanted.reference).await?.ok_or_else(missing)?;
        gate.may_take(&from, &wanted.reference, &root).await?;
        let copy = Self { registries, from, to, gate, wanted, root };
        copy.tag_now(&copy.wanted.tag, &copy.root).await?;
        Ok(copy)
    }

    /// What is copied.
    pub fn digest(&self) -> &str {
        &self.root.digest
    }

    /// Copies it. Each tag is in `moved` before it is set: whoever drops this in the middle still knows which may have been.
    ///
    /// # Errors
    /// When something could not be read or was not taken. What has arrived by then stays, without the tag.
    pub async fn run(&self, progress: &Arc<Progress>, moved: &mut Vec<Moved>) -> Result<(), CopyError> {
        let mut left = None;
        if !self.is_there() {
            progress.tell("Reading what there is.");
            let plan = Plan::of((&self.from, &self.gate), self.root.clone(), self.wanted.referrers, progress).await?;
            progress.planned(&plan);
            progress.tell("Sending what it is made of.");
            self.send_blobs(&plan.blobs, progress).await?;
            progress.tell("Sending its manifests.");
            for manifest in &plan.manifests {
                if self.to.meaning(&manifest.digest).await?.is_none() {
                    self.put(&manifest.digest, manifest).await?;
                }
                progress.manifest_done();
            }
            for (subject, items) in &plan.referring {
                referrers::list(self, subject, items, moved).await?;
            }
            for (tag, kept) in &plan.tags {
                self.set_tag(tag, kept, moved).await?;
            }
            left = plan.left();
        }
        progress.tell("Setting the tag.");
        self.set_tag(&self.wanted.tag, &self.root, moved).await?;
        progress.tell(&left.unwrap_or_else(|| "Done.".to_owned()));
        Ok(())
    }

    /// Whether nothing is to be sent, and the tag alone is new: within one repository, or by the right to retag and nothing else.
    fn is_there(&self) -> bool {
        self.from.is_same_place(&self.to) || self.to.held() == Permission::RepositoryRetag
    }

    async fn send_blobs(&self, blobs: &[Blob], progress: &Arc<Progress>) -> Result<(), CopyError> {
        let mut waiting = blobs.iter();
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < AT_ONCE
                && let Some(next) = waiting.next()
            {
                running.push(blob::bring(&self.from, &self.to, &self.gate, next, progress));
            }
            match running.next().await {
                Some(done) => done?,
                None => return Ok(()),
            }
        }
    }

    /// What a tag of the target means now, if it may come to mean `manifest`.
    async fn tag_now(&self, tag: &str, manifest: &Manifest) -> Result<Option<String>, CopyError> {
        let to = &self.to;
        let before = to.meaning(tag).await?;
        match &before {
            Some(digest) if !is(&manifest.body, digest) => {
                if !self.wanted.overwrite {
                    let sentence =
                        format!("The tag {tag} is in {} already and means {digest}. Say overwrite to let it mean something else.", to.name());
                    return Err(CopyError::Taken(sentence));
                }
                if to.held() != Permission::RepositoryPush {
                    return Err(to.lacks(Permission::RepositoryPush, "This tag is there already and would come to mean something else"));
                }
                self.gate.may_move(to, tag)?;
            }
            None if to.held() == Permission::RepositoryRetag && to.meaning(&manifest.digest).await?.is_none() => {
                return Err(to.lacks(Permission::RepositoryCreate, "The target does not have it yet: to copy it makes it"));
            }
            _ => {}
        }
        Ok(before)
    }

    async fn set_tag(&self, tag: &str, manifest: &Manifest, moved: &mut Vec<Moved>) -> Result<(), CopyError> {
        // Two who set one tag at once, at whichever door: each is told what it meant before.
        let _alone = self.registries.tags.take(format!("{}:{tag}", self.to.name())).await;
        let before = self.tag_now(tag, manifest).await?;
        if before.as_ref().is_some_and(|digest| is(&manifest.body, digest)) {
            return Ok(());
        }
        moved.push(Moved { tag: tag.to_owned(), before, after: manifest.digest.clone() });
        self.put(tag, manifest).await
    }

    /// Puts a manifest at the target. It counts before the registry has it, so that of two at once only one gets the last room.
    async fn put(&self, reference: &str, manifest: &Manifest) -> Result<(), CopyError> {
        let pass = self.gate.let_in(&self.to, reference, manifest).await?;
        let done = self.to.put(reference, manifest.media, manifest.body.clone(), &manifest.digest).await;
        // Of an answer that does not come nobody knows what was done: it counts, until it is counted anew.
        if let Err(CopyError::Registry { error: RegistryError::Refused(_), .. }) = &done {
            self.gate.take_back(pass).await;
        }
        done
    }
}
