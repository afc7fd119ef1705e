//! What one user holds, worked out once from their grants and their teams': then a decision is a few steps, however many grants there are.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{Grant, Permission, Scope, scope::Part};

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
    fn add(&mut self, n: u32, grant: &Grant) {
        let until = grant.until.unwrap_or(i64::MAX);
        for permission in grant.role.permissions.iter() {
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

/// What one user holds.
#[derive(Debug, Default)]
pub struct Rights {
    pub everywhere: Slots,
    engines: HashMap<Arc<str>, OnEngine>,
}

impl Rights {
    /// `grants` are the user's own and their teams', by their place in the policy.
    pub fn of<'a>(grants: impl Iterator<Item = (u32, &'a Grant)>, engines: &HashMap<String, BTreeMap<String, String>>) -> Self {
        let mut rights = Self::default();
        let none = BTreeMap::new();
        for (n, grant) in grants {
            match &grant.scope {
                Scope::All => rights.everywhere.add(n, grant),
                Scope::Labels(_) => {
                    for (name, _) in engines.iter().filter(|(name, labels)| grant.scope.part_of(name, labels).is_some()) {
                        rights.on(name).whole.add(n, grant);
                    }
                }
                Scope::Engine(name) | Scope::Project { engine: name, .. } => match grant.scope.part_of(name, engines.get(name).unwrap_or(&none)) {
                    Some(Part::Whole) => rights.on(name).whole.add(n, grant),
                    Some(Part::Project(project)) => rights.on(name).projects.entry(project.into()).or_default().add(n, grant),
                    None => {}
                },
            }
        }
        rights
    }

    fn on(&mut self, engine: &str) -> &mut OnEngine {
        self.engines.entry(engine.into()).or_default()
    }

    pub fn engine(&self, name: &str) -> Option<&OnEngine> {
        self.engines.get(name)
    }
}
