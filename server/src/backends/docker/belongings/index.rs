//! The index itself: in memory, an entry a thing.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use tokio::sync::watch;

use super::{super::typed::names::without_tag, made::Digests, project_of};
use crate::access::{Known, Owner, Thing};

pub type Project = Arc<str>;

/// Commands in containers that are remembered, and things that are gone.
const REMEMBERED: usize = 4_096;

/// What on one engine belongs to which project.
pub struct Belongings {
    state: RwLock<State>,
    /// Whether everything was read, and events are followed since.
    whole: watch::Sender<bool>,
}

impl Default for Belongings {
    fn default() -> Self {
        Self { state: RwLock::default(), whole: watch::Sender::new(false) }
    }
}

#[derive(Default)]
pub(super) struct State {
    pub containers: HashMap<String, Container>,
    pub networks: HashMap<String, Named>,
    pub services: HashMap<String, Named>,
    pub secrets: HashMap<String, Named>,
    pub configs: HashMap<String, Named>,
    pub volumes: HashMap<String, Volume>,
    pub images: HashMap<String, Image>,
    /// By which digests an image is or was known: see `made.rs`.
    pub digests: Digests,
    /// Who gave an image this name, or pulled it by it.
    pub image_names: HashMap<String, BTreeSet<Project>>,
    /// By id, the container of a command and the service of a task: neither ever changes.
    pub execs: Remembered,
    pub tasks: Remembered,
    /// Whose those were that are gone, for the events that tell of it.
    pub gone: VecDeque<(Thing, String, Vec<Project>)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Container {
    pub name: String,
    pub project: Option<Project>,
    /// The image's id.
    pub image: String,
    /// The image as the container names it; its id, where the list says no more.
    pub called: String,
    pub state: Running,
}

/// Whether a container runs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Running {
    #[default]
    No,
    Yes,
    Paused,
}

impl Running {
    /// By the engine's word for a state, or for what happened.
    pub fn of(word: &str) -> Option<Self> {
        match word {
            "running" | "restarting" | "start" | "unpause" => Some(Self::Yes),
            "paused" | "pause" => Some(Self::Paused),
            "created" | "exited" | "dead" | "removing" | "die" => Some(Self::No),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Named {
    pub name: String,
    pub project: Option<Project>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Volume {
    /// What its label says.
    pub project: Option<Project>,
    /// Whose containers mounted it.
    pub mounted_by: BTreeSet<Project>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    /// As the engine writes them: `nginx:latest`, `nginx@sha256:...`.
    pub names: Vec<String>,
    /// Who pulled it or named it.
    pub claimed_by: BTreeSet<Project>,
}

/// A map that forgets what was put in first.
#[derive(Default)]
pub(super) struct Remembered {
    map: HashMap<String, String>,
    order: VecDeque<String>,
}

impl Remembered {
    pub fn insert(&mut self, id: String, of: String) {
        if self.map.insert(id.clone(), of).is_none() {
            self.order.push_back(id);
        }
        while self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.map.remove(&oldest);
            }
        }
    }

    pub fn get(&self, id: &str) -> Option<&String> {
        self.map.get(id)
    }
}

/// What names a thing, for [`find`].
trait HasName {
    fn name(&self) -> &str;
}

impl HasName for Container {
    fn name(&self) -> &str {
        &self.name
    }
}

impl HasName for Named {
    fn name(&self) -> &str {
        &self.name
    }
}

/// What came of looking for a thing by what a client called it.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Found {
    One(Owner),
    /// Several things are called so.
    Several,
    None,
}

/// The thing of this whole id, else of this name, else of the only id that begins so: as the engine goes about it. Of names that several
/// things have, and of beginnings, nothing is said: a beginning must not tell of what is hidden.
fn find<T: HasName>(map: &HashMap<String, T>, called: &str, owner: impl Fn(&str, &T) -> Owner) -> Found {
    if let Some(entry) = map.get(called) {
        return Found::One(owner(called, entry));
    }
    let bare = called.strip_prefix('/').unwrap_or(called);
    let mut named = map.iter().filter(|(_, entry)| entry.name() == bare);
    if let Some((id, entry)) = named.next() {
        return if named.next().is_none() { Found::One(owner(id, entry)) } else { Found::Several };
    }
    if called.is_empty() {
        return Found::None;
    }
    let mut begin = map.iter().filter(|(id, _)| id.starts_with(called));
    match (begin.next(), begin.next()) {
        (Some((id, entry)), None) => Found::One(owner(id, entry)),
        (Some(_), Some(_)) => Found::Several,
        (None, _) => Found::None,
    }
}

fn owner(id: &str, project: Option<&Project>) -> Owner {
    Owner { id: id.to_owned(), projects: project.cloned().into_iter().collect() }
}

impl State {
    pub(super) fn find(&self, thing: Thing, called: &str) -> Found {
        let named = |id: &str, entry: &Named| owner(id, entry.project.as_ref());
        match thing {
            Thing::Container => find(&self.containers, called, |id, entry| owner(id, entry.project.as_ref())),
            Thing::Network => find(&self.networks, called, named),
            Thing::Service => find(&self.services, called, named),
            Thing::Secret => find(&self.secrets, called, named),
            Thing::Config => find(&self.configs, called, named),
            Thing::Exec => match self.execs.get(called).and_then(|container| self.containers.get(container)) {
                Some(container) => Found::One(owner(called, container.project.as_ref())),
                None => Found::None,
            },
            Thing::Task => match self.tasks.get(called).and_then(|service| self.services.get(service)) {
                Some(service) => Found::One(owner(called, service.project.as_ref())),
                None => Found::None,
            },
            Thing::Volume => match self.volumes.get(called) {
                Some(_) => Found::One(Owner { id: called.to_owned(), projects: self.volume_projects(called) }),
                None => Found::None,
            },
            Thing::Image => match self.image_id(called) {
                Some(id) => Found::One(Owner { projects: self.image_projects(&id), id: self.image_called(called, id) }),
                None => Found::None,
            },
        }
    }

    /// What a thing is called and its id, if that is more than the name by which it was called.
    pub(super) fn identify(&self, thing: Thing, called: &str) -> Option<Known> {
        let known = |id: &String, name: &str| Known { name: name.to_owned(), id: id.clone() };
        let id = match self.find(thing, called) {
            Found::One(owner) => owner.id,
            _ => return None,
        };
        match thing {
            Thing::Container => self.containers.get(&id).map(|container| known(&id, &container.name)),
            Thing::Network => self.networks.get(&id).map(|network| known(&id, &network.name)),
            Thing::Service => self.services.get(&id).map(|service| known(&id, &service.name)),
            Thing::Secret => self.secrets.get(&id).map(|secret| known(&id, &secret.name)),
            Thing::Config => self.configs.get(&id).map(|config| known(&id, &config.name)),
            Thing::Exec => self.execs.get(called).and_then(|id| Some(known(id, &self.containers.get(id)?.name))),
            Thing::Task => self.tasks.get(called).and_then(|id| Some(known(id, &self.services.get(id)?.name))),
            Thing::Image => self.image_id(called).and_then(|id| Some(known(&id, self.images.get(&id)?.names.first()?))),
            Thing::Volume => None,
        }
    }

    pub fn volume_projects(&self, name: &str) -> Vec<Project> {
        match self.volumes.get(name) {
            Some(Volume { project: Some(project), .. }) => vec![project.clone()],
            Some(volume) => volume.mounted_by.iter().cloned().collect(),
            None => Vec::new(),
        }
    }

    pub fn image_projects(&self, id: &str) -> Vec<Project> {
        let using = self.containers.values().filter(|container| container.image == id).filter_map(|container| container.project.clone());
        let claimed = self.images.get(id).into_iter().flat_map(|image| image.claimed_by.iter().cloned());
        using.chain(claimed).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What to call an image so that the engine takes nothing else for it. A name stays a name, for to remove a name is not to remove the
    /// image; it gets its tag, without which the engine takes it for the beginning of an id, or for all tags that there are.
    fn image_called(&self, called: &str, id: String) -> String {
        let name = familiar(called);
        if self.images.get(&id).is_some_and(|image| image.names.contains(&name)) { name } else { id }
    }

    /// Whether the image of this name was made here: no registry is known that has it under the name's repository.
    pub fn is_of_here(&self, name: &str) -> bool {
        let (repository, _) = without_tag(name.split('@').next().unwrap_or_default());
        let image = self.image_id(name).and_then(|id| self.images.get(&id));
        image.is_some_and(|image| !image.names.iter().any(|name| name.split_once('@').is_some_and(|(of, _)| of == repository)))
    }

    /// Whether something outside of these projects uses an image.
    pub fn image_is_used_outside(&self, id: &str, within: impl Fn(Option<&str>) -> bool) -> bool {
        self.containers.values().any(|container| container.image == id && !within(container.project.as_deref()))
            || self.image_projects(id).iter().any(|project| !within(Some(project)))
    }

    /// Whether an image was given this name by them alone.
    pub fn is_own_name(&self, called: &str, within: impl Fn(Option<&str>) -> bool) -> bool {
        self.image_names.get(&familiar(called)).is_some_and(|named_by| named_by.iter().all(|project| within(Some(project))))
    }

    /// Whether to remove what is called so takes a name away that is theirs alone, and leaves the image.
    pub fn is_own_name_of_several(&self, called: &str, within: impl Fn(Option<&str>) -> bool) -> bool {
        let name = familiar(called);
        let several =
            self.images.values().any(|image| image.names.contains(&name) && image.names.iter().filter(|name| !name.contains('@')).count() > 1);
        several && self.is_own_name(&name, within)
    }

    /// The id of the image that is called so.
    pub fn image_id(&self, called: &str) -> Option<String> {
        let whole = familiar(called);
        if let Some((id, _)) = self.images.iter().find(|(_, image)| image.names.contains(&whole)) {
            return Some(id.clone());
        }
        let hex = called.strip_prefix("sha256:").unwrap_or(called);
        if hex.is_empty() || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut begin = self.images.keys().filter(|id| id.strip_prefix("sha256:").is_some_and(|id| id.starts_with(hex)));
        match (begin.next(), begin.next()) {
            (Some(id), None) => Some(id.clone()),
            _ => None,
        }
    }

    /// Remembers whose a thing was that is gone.
    pub fn bury(&mut self, thing: Thing, id: &str) {
        if let Found::One(owner) = self.find(thing, id) {
            self.gone.push_back((thing, id.to_owned(), owner.projects));
            while self.gone.len() > REMEMBERED {
                self.gone.pop_front();
            }
        }
    }
}

impl Belongings {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_whole(&self, whole: bool) {
        self.whole.send_replace(whole);
    }

    /// Whether everything was read, and events are followed since.
    pub fn is_whole(&self) -> bool {
        *self.whole.borrow()
    }

    pub(super) fn watch_whole(&self) -> watch::Receiver<bool> {
        self.whole.subscribe()
    }

    /// Whose a thing is, or was until just now; empty when nobody's.
    pub fn projects(&self, thing: Thing, id: &str) -> Vec<Project> {
        let state = self.read();
        match state.find(thing, id) {
            Found::One(owner) => owner.projects,
            Found::Several => Vec::new(),
            Found::None => {
                let last = state.gone.iter().rev().find(|(kind, gone, _)| *kind == thing && gone == id);
                last.map(|(_, _, projects)| projects.clone()).unwrap_or_default()
            }
        }
    }

    /// Somebody with rights on `project` pulled an image or gave it a name: it is theirs, too.
    pub fn claim_image(&self, called: &str, project: &str) {
        let mut state = self.write();
        if let Some(id) = state.image_id(called) {
            state.images.entry(id).or_default().claimed_by.insert(project.into());
            state.image_names.entry(familiar(called)).or_default().insert(project.into());
        }
    }

    /// How much belongs to projects that `within` says of.
    pub fn counts(&self, within: impl Fn(Option<&str>) -> bool) -> Counts {
        let state = self.read();
        let mut counts = Counts::default();
        for container in state.containers.values().filter(|container| within(container.project.as_deref())) {
            match container.state {
                Running::Yes => counts.running += 1,
                Running::Paused => counts.paused += 1,
                Running::No => counts.stopped += 1,
            }
        }
        let own = |id: &&String| state.image_projects(id).iter().any(|project| within(Some(project)));
        counts.images = u32::try_from(state.images.keys().filter(own).count()).unwrap_or(u32::MAX);
        counts
    }
}

/// How much of what an engine holds belongs to somebody.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    pub running: u32,
    pub paused: u32,
    pub stopped: u32,
    pub images: u32,
}

/// The project of these labels.
pub(super) fn labelled(labels: &BTreeMap<String, String>) -> Option<Project> {
    project_of(|key| labels.get(key).map(String::as_str)).map(Project::from)
}

/// A reference as the engine writes it in lists: without Docker Hub's own name, and with a tag.
pub(super) fn familiar(reference: &str) -> String {
    let name = ["docker.io/library/", "index.docker.io/library/", "docker.io/", "index.docker.io/", "library/"]
        .iter()
        .find_map(|prefix| reference.strip_prefix(prefix))
        .unwrap_or(reference);
    if let Some((repository, digest)) = name.split_once('@') {
        return format!("{}@{digest}", without_tag(repository).0);
    }
    match name.rsplit_once(':') {
        Some((_, tag)) if !tag.contains('/') => name.to_owned(),
        _ => format!("{name}:latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        let mut state = State::default();
        let container = |name: &str, project: Option<&str>, image: &str| Container {
            name: name.into(),
            project: project.map(Into::into),
            image: image.into(),
            state: Running::Yes,
            ..Container::default()
        };
        state.containers.insert("aaa1".into(), container("web", Some("shop"), "sha256:11"));
        state.containers.insert("aab2".into(), container("db", Some("blog"), "sha256:11"));
        state.containers.insert("bbb3".into(), container("aaa", None, "sha256:22"));
        state.images.insert("sha256:11".into(), Image { names: vec!["nginx:latest".into(), "nginx@sha256:99".into()], ..Image::default() });
        state.images.insert("sha256:22".into(), Image { names: vec!["host:5000/a/b:1".into()], ..Image::default() });
        state.volumes.insert("data".into(), Volume { project: Some("shop".into()), mounted_by: BTreeSet::from(["blog".into()]) });
        state.volumes.insert("anon".into(), Volume { project: None, mounted_by: BTreeSet::from(["blog".into()]) });
        state
    }

    fn who(found: Found) -> String {
        match found {
            Found::One(owner) => format!("{}:{}", owner.id, owner.projects.join(",")),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_thing_is_found_as_the_engine_finds_it() {
        let state = state();
        let find = |called: &str| who(state.find(Thing::Container, called));
        assert_eq!(find("aaa1"), "aaa1:shop");
        assert_eq!(find("web"), "aaa1:shop");
        assert_eq!(find("/web"), "aaa1:shop");
        // A name wins over the beginning of an id.
        assert_eq!(find("aaa"), "bbb3:");
        assert_eq!(find("aab"), "aab2:blog");
        assert_eq!(find("aa"), "Several");
        assert_eq!(find("x"), "None");
        assert_eq!(find(""), "None");
    }

    #[test]
    fn a_label_says_more_than_a_mount() {
        let state = state();
        assert_eq!(who(state.find(Thing::Volume, "data")), "data:shop");
        assert_eq!(who(state.find(Thing::Volume, "anon")), "anon:blog");
        assert_eq!(who(state.find(Thing::Volume, "none")), "None");
    }

    #[test]
    fn an_image_belongs_to_all_who_use_it_in_any_spelling_of_its_name() {
        let state = state();
        for called in
            ["nginx", "nginx:latest", "docker.io/library/nginx", "library/nginx:latest", "nginx@sha256:99", "nginx:x@sha256:99", "sha256:11", "11"]
        {
            let Found::One(owner) = state.find(Thing::Image, called) else { panic!("{called}") };
            assert_eq!(owner.projects, ["blog".into(), "shop".into()], "{called}");
            let is_name = !matches!(called, "sha256:11" | "11");
            let canonical = if called.contains('@') {
                "nginx@sha256:99"
            } else if is_name {
                "nginx:latest"
            } else {
                "sha256:11"
            };
            assert_eq!(owner.id, canonical, "{called}");
        }
        assert!(!state.is_of_here("nginx:latest") && state.is_of_here("host:5000/a/b:1") && !state.is_of_here("none:1"));
        assert_eq!(who(state.find(Thing::Image, "host:5000/a/b:1")), "host:5000/a/b:1:");
        assert_eq!(who(state.find(Thing::Image, "host:5000/a/b")), "None");
        assert!(state.image_is_used_outside("sha256:11", |project| project == Some("shop")));
        assert!(!state.image_is_used_outside("sha256:11", |project| project.is_some()));
        assert!(state.image_is_used_outside("sha256:22", |project| project.is_some()), "what is nobody's is not theirs");
    }

    #[test]
    fn whose_it_was_is_known_a_while_after() {
        let belongings = Belongings::default();
        belongings.write().volumes.insert("data".into(), Volume { project: Some("shop".into()), mounted_by: BTreeSet::new() });
        belongings.write().bury(Thing::Volume, "data");
        belongings.write().volumes.clear();
        assert_eq!(belongings.projects(Thing::Volume, "data"), ["shop".into()]);
        assert!(belongings.projects(Thing::Volume, "other").is_empty());
    }

    #[test]
    fn a_memory_has_an_end() {
        let mut remembered = Remembered::default();
        for n in 0..REMEMBERED + 10 {
            remembered.insert(n.to_string(), String::new());
        }
        assert!(remembered.get("0").is_none() && remembered.get(&(REMEMBERED + 9).to_string()).is_some());
        assert_eq!(remembered.map.len(), REMEMBERED);
    }
}
