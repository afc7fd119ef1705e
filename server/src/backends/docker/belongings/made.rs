//! Which containers are made from what, by the digests of registries.
//!
//! An engine knows an image by its own id, and by the digests under which registries have it: one that was built or loaded there has none. The
//! digests are kept for as long as a container is made from the image, also when the engine lets go of them because their tag was moved or
//! taken off: it runs all the same.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::index::{Belongings, Project, Running, State};

/// Digests of one image that are kept: the same image in so many repositories.
const MOST: usize = 64;

/// By an image's id, the digests that it is or was known by, as the engine writes them: `host/name@sha256:...`.
#[derive(Default)]
pub(super) struct Digests(HashMap<String, BTreeSet<String>>);

impl Digests {
    pub fn learn(&mut self, image: &str, digests: &[String]) {
        let real = digests.iter().filter(|name| name.contains('@') && !name.starts_with("<none>"));
        for name in real {
            let known = self.0.entry(image.to_owned()).or_default();
            if known.len() < MOST {
                known.insert(name.clone());
            }
        }
    }

    fn of(&self, image: &str) -> impl Iterator<Item = &String> {
        self.0.get(image).into_iter().flatten()
    }
}

/// The digest in `host/name@sha256:...`.
pub fn digest_of(name: &str) -> Option<&str> {
    name.split_once('@').map(|(_, digest)| digest)
}

/// A container made from an image that was asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Made {
    pub id: String,
    pub name: String,
    pub project: Option<Project>,
    /// The image as the container names it.
    pub image: String,
    /// `running`, `paused` or `stopped`.
    pub state: &'static str,
    /// By which digests the engine knows the image, without names.
    pub digests: Vec<String>,
    /// By which of the digests that were asked for it was found.
    pub by: BTreeSet<String>,
}

/// Ids of images, and by which of the digests that were asked for each is known.
pub type Images = BTreeMap<String, BTreeSet<String>>;

impl State {
    /// Lets the digests of an image go, if it is gone and no container is made from it.
    pub fn forget_unused_digests(&mut self, image: Option<&str>) {
        let Some(image) = image.filter(|image| !self.images.contains_key(*image)) else { return };
        if !self.containers.values().any(|container| container.image == image) {
            self.digests.0.remove(image);
        }
    }

    /// The same of all images.
    pub fn forget_all_unused_digests(&mut self) {
        let used: BTreeSet<&str> = self.containers.values().map(|container| container.image.as_str()).collect();
        let images = &self.images;
        self.digests.0.retain(|id, _| images.contains_key(id) || used.contains(id.as_str()));
    }

    fn plain_digests(&self, image: &str) -> Vec<String> {
        let plain: BTreeSet<&str> = self.digests.of(image).filter_map(|name| digest_of(name)).collect();
        plain.into_iter().map(str::to_owned).collect()
    }
}

impl Belongings {
    /// The ids of the images that are known by some of these digests, with those. An engine that keeps images as registries do has them as ids.
    pub fn images_known_by(&self, digests: &BTreeSet<String>) -> Images {
        let state = self.read();
        let mut images = Images::new();
        for id in state.images.keys().chain(state.digests.0.keys()) {
            let names = state.digests.of(id).filter_map(|name| digest_of(name)).chain([id.as_str()]);
            let known_by: BTreeSet<String> = names.filter(|name| digests.contains(*name)).map(str::to_owned).collect();
            if !known_by.is_empty() {
                images.insert(id.clone(), known_by);
            }
        }
        images
    }

    /// The containers that are made from these images.
    pub fn made_from(&self, images: &Images) -> Vec<Made> {
        let state = self.read();
        let mut made = Vec::new();
        for (id, container) in &state.containers {
            let Some(by) = images.get(&container.image) else { continue };
            made.push(Made {
                id: id.clone(),
                name: container.name.clone(),
                project: container.project.clone(),
                image: container.called.clone(),
                state: word(container.state),
                digests: state.plain_digests(&container.image),
                by: by.clone(),
            });
        }
        made
    }

    /// The digests that an image is or was known by, as the engine writes them; `None` when there is no such image in the index.
    pub fn digests_of(&self, image: &str) -> Option<Vec<String>> {
        let state = self.read();
        let known = state.digests.0.get(image).map(|names| names.iter().cloned().collect());
        known.or_else(|| state.images.contains_key(image).then(Vec::new))
    }
}

fn word(state: Running) -> &'static str {
    match state {
        Running::Yes => "running",
        Running::Paused => "paused",
        Running::No => "stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::index::{Container, Image},
        *,
    };

    fn belongings() -> Belongings {
        let belongings = Belongings::default();
        let mut state = belongings.write();
        let container =
            |name: &str, image: &str| Container { name: name.into(), image: image.into(), called: "h/a:1".into(), ..Container::default() };
        state.containers.insert("c1".into(), container("web", "sha256:i1"));
        state.containers.insert("c2".into(), container("db", "sha256:i2"));
        for id in ["sha256:i1", "sha256:i2", "sha256:i3"] {
            state.images.insert(id.into(), Image::default());
        }
        state.digests.learn("sha256:i1", &["h/a@sha256:d1".into(), "h/b@sha256:d1".into(), "<none>@<none>".into()]);
        state.digests.learn("sha256:i3", &["h/c@sha256:d3".into()]);
        drop(state);
        belongings
    }

    fn set(digests: &[&str]) -> BTreeSet<String> {
        digests.iter().map(|digest| (*digest).to_owned()).collect()
    }

    #[test]
    fn containers_are_found_by_their_images_digests_and_by_its_id() {
        let belongings = belongings();
        let found = |digests: &[&str]| {
            let images = belongings.images_known_by(&set(digests));
            belongings.made_from(&images).into_iter().map(|made| (made.name, made.digests)).collect::<Vec<_>>()
        };
        assert_eq!(found(&["sha256:d1"]), [("web".to_owned(), vec!["sha256:d1".to_owned()])]);
        assert_eq!(found(&["sha256:i2"]), [("db".to_owned(), vec![])]);
        assert!(found(&["sha256:d3"]).is_empty() && found(&["sha256:nothing"]).is_empty() && found(&[]).is_empty());
    }

    #[test]
    fn what_runs_is_known_by_its_digests_after_the_engine_let_go_of_them() {
        let belongings = belongings();
        let mut state = belongings.write();
        for id in ["sha256:i1", "sha256:i3"] {
            state.images.remove(id);
            state.forget_unused_digests(Some(id));
        }
        drop(state);
        let known = belongings.images_known_by(&set(&["sha256:d1", "sha256:d3"]));
        assert_eq!(known, Images::from([("sha256:i1".to_owned(), set(&["sha256:d1"]))]));
        assert_eq!(belongings.digests_of("sha256:i1").map(|names| names.len()), Some(2));
        assert_eq!((belongings.digests_of("sha256:i2"), belongings.digests_of("sha256:i3")), (Some(vec![]), None));
        belongings.write().containers.clear();
        belongings.write().forget_all_unused_digests();
        assert!(belongings.images_known_by(&set(&["sha256:d1"])).is_empty());
    }

    #[test]
    fn an_image_is_known_by_so_many_digests_and_no_more() {
        let mut digests = Digests::default();
        for n in 0..MOST + 5 {
            digests.learn("i", &[format!("h/{n}@sha256:d")]);
        }
        assert_eq!(digests.of("i").count(), MOST);
    }
}
