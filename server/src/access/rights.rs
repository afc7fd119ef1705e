//! What one user holds, worked out once from their grants and their teams': then a decision is a few steps, however many grants there are.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    Grant, Permission, Scope,
    repository::is_under,
    scope::{Part, Share},
};

/// A grant that gives a permission, and until when.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    /// Which of the policy's grants.
    pub grant: u32,
    /// In ms; `i64::MAX` for ever.
    until: i64,
}

/// For each permission the grant that gives it for longest.
#[derive(Debug)]
pub struct Slots(Box<[Option<Slot>]>);

impl Default for Slots {
    fn default() -> Self {
        Self(vec![None; Permission::ALL.len()].into())
    }
}

impl Slots {
    /// Adds what of the grant's role is worth something here.
    fn add(&mut self, n: u32, grant: &Grant, is_worth: impl Fn(Permission) -> bool) {
        let until = grant.until.unwrap_or(i64::MAX);
        for permission in grant.role.permissions.iter().filter(|permission| is_worth(*permission)) {
            let Some(slot) = self.0.get_mut(permission as usize) else { continue };
            if slot.is_none_or(|held| held.until < until) {
                *slot = Some(Slot { grant: n, until });
            }
        }
    }

    /// The grant that gives `permission` now.
    pub fn get(&self, permission: Permission, now: i64) -> Option<Slot> {
        self.0.get(permission as usize).copied().flatten().filter(|slot| now < slot.until)
    }

    /// Whether anything is given now.
    pub fn any(&self, now: i64) -> bool {
        self.0.iter().flatten().any(|slot| now < slot.until)
    }
}

/// What is held on one engine, beyond what is held everywhere.
#[derive(Debug, Default)]
pub struct OnEngine {
    pub whole: Slots,
    pub projects: BTreeMap<Arc<str>, Slots>,
}

/// What is held on one registry, beyond what is held everywhere.
#[derive(Debug, Default)]
pub struct OnRegistry {
    pub whole: Slots,
    pub prefixes: BTreeMap<Arc<str>, Slots>,
}

impl OnRegistry {
    /// What is held on `repository` by its prefixes.
    pub fn over<'a>(&'a self, repository: &'a str) -> impl Iterator<Item = &'a Slots> {
        self.prefixes.iter().filter(move |(prefix, _)| is_under(repository, prefix)).map(|(_, slots)| slots)
    }
}

/// What one user holds.
#[derive(Debug, Default)]
pub struct Rights {
    pub everywhere: Slots,
    engines: HashMap<Arc<str>, OnEngine>,
    registries: HashMap<Arc<str>, OnRegistry>,
}

/// The labels of targets of one kind, by name.
pub type Labels = HashMap<String, BTreeMap<String, String>>;

impl Rights {
    /// `grants` are the user's own and their teams', by their place in the policy.
    pub fn of<'a>(grants: impl Iterator<Item = (u32, &'a Grant)>, engines: &Labels, registries: &Labels) -> Self {
        // What is about registries is worth nothing on an engine.
        let on_engines = |permission: Permission| !permission.is_registry();
        let mut rights = Self::default();
        let none = BTreeMap::new();
        for (n, grant) in grants {
            match &grant.scope {
                Scope::All => rights.everywhere.add(n, grant, |_| true),
                Scope::Labels(_) => {
                    for (name, _) in engines.iter().filter(|(name, labels)| grant.scope.part_of(name, labels).is_some()) {
                        rights.on(name).whole.add(n, grant, on_engines);
                    }
                    for (name, _) in registries.iter().filter(|(name, labels)| grant.scope.share_of(name, labels).is_some()) {
                        rights.on_registry(name).whole.add(n, grant, Permission::is_registry);
                    }
                }
                Scope::Engine(name) | Scope::Project { engine: name, .. } => match grant.scope.part_of(name, engines.get(name).unwrap_or(&none)) {
                    Some(Part::Whole) => rights.on(name).whole.add(n, grant, on_engines),
                    Some(Part::Project(project)) => {
                        rights.on(name).projects.entry(project.into()).or_default().add(n, grant, on_engines);
                    }
                    None => {}
                },
                Scope::Registry(name) | Scope::Repository { registry: name, .. } => match grant.scope.share_of(name, &none) {
                    Some(Share::Whole) => rights.on_registry(name).whole.add(n, grant, Permission::is_registry),
                    Some(Share::Prefix(prefix)) => {
                        rights.on_registry(name).prefixes.entry(prefix.into()).or_default().add(n, grant, Permission::is_registry);
                    }
                    None => {}
                },
            }
        }
        rights
    }

    fn on(&mut self, engine: &str) -> &mut OnEngine {
        self.engines.entry(engine.into()).or_default()
    }

    fn on_registry(&mut self, registry: &str) -> &mut OnRegistry {
        self.registries.entry(registry.into()).or_default()
    }

    pub fn engine(&self, name: &str) -> Option<&OnEngine> {
        self.engines.get(name)
    }

    /// What is held on each registry.
    pub fn registries(&self) -> impl Iterator<Item = &OnRegistry> {
        self.registries.values()
    }

    pub fn registry(&self, name: &str) -> Option<&OnRegistry> {
        self.registries.get(name)
    }
}
