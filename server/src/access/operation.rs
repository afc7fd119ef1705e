//! One classified request: what is to be done, which permission it takes, and on what.

use std::sync::Arc;

use super::{Permission, Target};

/// One classified request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operation {
    /// The operation's name in its own API, such as `ContainerStart`.
    pub name: &'static str,
    pub permission: Permission,
    pub target: Target,
    /// The object acted on, as the client named it; empty when there is none.
    pub object: String,
    /// What the object is called and its id, where both are known: for the record alone.
    pub known: Option<Known>,
    /// How it stands to the projects on its engine.
    pub place: Place,
    /// Whose the object is, once that was looked up: only for those who hold rights on projects alone.
    pub owner: Option<Owner>,
    /// The repository that it is about, on a registry.
    pub repository: Option<Arc<str>>,
    /// Its intent is on disk before anything happens, whatever its permission is used for otherwise: to take an image out is one thing, to look
    /// whether it is there another.
    pub durable: bool,
}

/// What an engine holds that can belong to a project.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Thing {
    Container,
    /// A command in a container; belongs to whom the container does.
    Exec,
    Image,
    Volume,
    Network,
    Service,
    Task,
    Secret,
    Config,
}

/// How an operation stands to the projects on its engine: what it reaches for whoever holds rights on projects alone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// The engine or the registry as a whole: a right on a project or a prefix is not enough.
    Engine,
    /// Nothing of what is on it: the engine answers, or passes a question to a registry.
    Open,
    /// What the engine says of itself; counts of what one may not see are left out.
    Info,
    /// Everything of a kind; the answer is cut to what one may see.
    List(Thing),
    /// What happens; cut likewise.
    Events,
    /// What takes up space; cut likewise.
    Usage,
    /// One object, which the path names. What one may not see is not there.
    One(Thing),
    /// Objects that the query names. Each is looked up before anything is sent.
    Named(Thing),
    /// Something new, which is put into a project.
    New(Thing),
    /// What is not used any more; cut likewise.
    Prune(Thing),
    /// One repository of a registry. One that may not be pulled is not there.
    Repository,
    /// What a registry has; cut to the repositories that one may see.
    Catalog,
}

/// An object's name and its id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Known {
    pub name: String,
    pub id: String,
}

/// Whose an object is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Owner {
    /// What never names another object: its id, where it has one. It is what the engine is asked about.
    pub id: String,
    /// The projects it belongs to: one for most, several for an image, none for what is nobody's.
    pub projects: Vec<Arc<str>>,
}

impl Operation {
    pub fn new(name: &'static str, permission: Permission, target: Target, object: impl Into<String>) -> Self {
        let object = object.into();
        let place = Place::of(permission, &object);
        Self { name, permission, target, object, known: None, place, owner: None, repository: None, durable: false }
    }

    pub fn on_engine(name: &'static str, permission: Permission, engine: &str, object: impl Into<String>) -> Self {
        Self::new(name, permission, Target::Engine(engine.to_owned()), object)
    }

    /// About a registry as a whole, or about all that one may see of it.
    pub fn on_registry(name: &'static str, permission: Permission, registry: &str, object: impl Into<String>) -> Self {
        Self::new(name, permission, Target::Registry(registry.to_owned()), object)
    }

    /// About one repository of a registry; `reference` is a tag, a digest, or empty.
    pub fn on_repository(name: &'static str, permission: Permission, registry: &str, repository: &str, reference: &str) -> Self {
        let mark = match reference {
            "" => "",
            digest if super::is_digest(digest) => "@",
            _ => ":",
        };
        let mut operation = Self::on_registry(name, permission, registry, format!("{registry}/{repository}{mark}{reference}"));
        operation.repository = Some(repository.into());
        operation
    }

    pub fn on_system(name: &'static str, permission: Permission, object: impl Into<String>) -> Self {
        Self::new(name, permission, Target::System, object)
    }

    /// The same with a place that its row in the table says.
    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// The same, with its intent on disk before anything happens.
    pub fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// Whether its intent must be on disk before anything happens.
    pub fn is_strict(&self) -> bool {
        self.durable || self.permission.is_strict()
    }

    /// What the engine is to be asked about: the object by what never names another one, if that was looked up.
    pub fn subject(&self) -> &str {
        self.owner.as_ref().map_or(&self.object, |owner| &owner.id)
    }
}

impl Place {
    /// The place of an operation of the REST API: there a permission is used for one thing only.
    fn of(permission: Permission, object: &str) -> Self {
        use Permission::*;
        let mut words = permission.name().split('.');
        let (kind, resource, verb) = (words.next(), words.next(), words.next());
        let thing = match (kind, resource) {
            (Some("account"), _) => return Place::Open,
            (Some("registry"), Some("repository")) => return Place::Repository,
            // They bind whoever holds a prefix, too.
            (Some("registry"), Some("rules")) => return Place::Engine,
            (Some("registry"), _) => return Place::Catalog,
            (Some("engine"), Some("container")) => Thing::Container,
            (Some("engine"), Some("image")) => Thing::Image,
            (Some("engine"), Some("volume")) => Thing::Volume,
            (Some("engine"), Some("network")) => Thing::Network,
            (Some("engine"), Some("service")) => Thing::Service,
            (Some("engine"), Some("task")) => Thing::Task,
            (Some("engine"), Some("secret")) => Thing::Secret,
            (Some("engine"), Some("config")) => Thing::Config,
            _ => {
                return match permission {
                    SystemInfo => Place::Info,
                    SystemEvents => Place::Events,
                    SystemLogin => Place::Open,
                    _ => Place::Engine,
                };
            }
        };
        match (permission, verb) {
            (ImageSearch, _) => Place::Open,
            (ImageImport | ImageLoad | ImageBuild, _) => Place::Engine,
            (_, Some("list")) => Place::List(thing),
            (_, Some("create" | "pull")) => Place::New(thing),
            _ if object.is_empty() => Place::Engine,
            _ => Place::One(thing),
        }
    }
}
