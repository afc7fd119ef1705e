//! Whose a thing is where no label of its own says so. The engine cannot be asked for it again, so it is kept across starts.

use std::collections::BTreeSet;

use super::index::{Belongings, Project, State};

/// What is claimed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Claimed {
    /// An image, by its id: somebody of the project pulled it.
    Image,
    /// A name for an image: somebody of the project gave it.
    ImageName,
    /// A volume without a label: a container of the project mounted it.
    Volume,
}

/// A project's claim on something.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Claim {
    pub what: Claimed,
    pub called: String,
    pub project: Project,
}

impl State {
    /// Forgets who gave names that are at no image any more.
    pub(super) fn forget_unused_names(&mut self) {
        let used: BTreeSet<&str> = self.images.values().flat_map(|image| &image.names).map(String::as_str).collect();
        self.image_names.retain(|name, _| used.contains(name.as_str()));
    }

    fn claims(&self) -> BTreeSet<Claim> {
        let each = |what: Claimed, called: &String, projects: &BTreeSet<Project>| -> Vec<Claim> {
            projects.iter().map(|project| Claim { what, called: called.clone(), project: project.clone() }).collect()
        };
        let images = self.images.iter().flat_map(|(id, image)| each(Claimed::Image, id, &image.claimed_by));
        let names = self.image_names.iter().flat_map(|(name, projects)| each(Claimed::ImageName, name, projects));
        let unlabelled = self.volumes.iter().filter(|(_, volume)| volume.project.is_none());
        let volumes = unlabelled.flat_map(|(name, volume)| each(Claimed::Volume, name, &volume.mounted_by));
        images.chain(names).chain(volumes).collect()
    }
}

impl Belongings {
    /// All claims that there are now.
    pub fn claims(&self) -> BTreeSet<Claim> {
        self.read().claims()
    }

    /// Puts back what was known before a start. What is no longer there is forgotten when everything is read.
    pub fn recall(&self, claims: impl IntoIterator<Item = Claim>) {
        let mut state = self.write();
        for Claim { what, called, project } in claims {
            match what {
                Claimed::Image => state.images.entry(called).or_default().claimed_by.insert(project),
                Claimed::ImageName => state.image_names.entry(called).or_default().insert(project),
                Claimed::Volume => state.volumes.entry(called).or_default().mounted_by.insert(project),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backends::docker::belongings::index::Image;

    #[test]
    fn what_was_claimed_is_known_again_and_unused_names_are_not() {
        let before = Belongings::default();
        before.write().images.insert("sha256:1".into(), Image { names: vec!["a:1".into()], ..Image::default() });
        before.claim_image("a:1", "shop");
        before.write().volumes.entry("v".into()).or_default().mounted_by.insert("blog".into());
        let claims = before.claims();
        let words: Vec<_> = claims.iter().map(|claim| (claim.what, claim.called.as_str(), &*claim.project)).collect();
        assert_eq!(words, [(Claimed::Image, "sha256:1", "shop"), (Claimed::ImageName, "a:1", "shop"), (Claimed::Volume, "v", "blog")]);

        let after = Belongings::default();
        after.recall(claims.clone());
        assert_eq!(after.claims(), claims);
        after.write().forget_unused_names();
        assert_eq!(after.claims().len(), 2, "no image is called so any more");
    }
}
