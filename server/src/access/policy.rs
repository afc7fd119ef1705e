//! Who has which grants: what decisions are made from. Swapped whole when anything changes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock},
};

use super::{
    Permission, Role, Roles, Scope,
    permission::Kind,
    rights::{Labels, Rights},
    scope::prefix_includes,
};

/// Who asks, as far as a decision needs it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    pub user: Arc<str>,
    /// The one engine that the credential is good for, if it is bound to one.
    pub bound_to: Option<Arc<str>>,
    /// Who looks, when it is with the rights of `user` and not with their own: then nothing may be changed.
    pub viewer: Option<Arc<str>>,
}

impl Subject {
    /// Somebody with all of their own rights.
    pub fn of(user: &str) -> Self {
        Self { user: user.into(), bound_to: None, viewer: None }
    }
}

/// Who has a grant.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Holder {
    /// A user or a robot.
    User(String),
    Team(String),
}

/// Somebody has a role on a scope.
#[derive(Clone, Debug)]
pub struct Grant {
    pub id: String,
    pub holder: Holder,
    pub role: Arc<Role>,
    pub scope: Scope,
    /// When it ends by itself, in ms.
    pub until: Option<i64>,
}

impl Grant {
    pub fn stands(&self, now: i64) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// As a person reads it: `deployer on engine/a, through team shop (ID)`.
    pub fn reason(&self) -> String {
        match &self.holder {
            Holder::User(_) => format!("{} on {} ({})", self.role.name, self.scope, self.id),
            Holder::Team(team) => format!("{} on {}, through team {team} ({})", self.role.name, self.scope, self.id),
        }
    }
}

/// What a policy is made of.
#[derive(Debug)]
pub struct Facts {
    /// The users and robots, and whether they may act at all: those that are disabled may not.
    pub users: Vec<(String, bool)>,
    /// (team, user)
    pub members: Vec<(String, String)>,
    pub grants: Vec<Grant>,
    pub roles: Roles,
    /// The labels of each engine.
    pub engines: Labels,
    /// The labels of each registry.
    pub registries: Labels,
}

/// Who has which grants.
#[derive(Debug)]
pub struct Policy {
    grants: Vec<Grant>,
    users: HashMap<String, User>,
    roles: Roles,
    engines: Labels,
    registries: Labels,
}

#[derive(Debug, Default)]
struct User {
    active: bool,
    /// Their own grants and their teams', by place.
    grants: Vec<u32>,
    /// Worked out when they first ask.
    rights: OnceLock<Rights>,
}

impl Policy {
    pub fn new(facts: Facts) -> Self {
        let mut users: HashMap<String, User> = facts.users.into_iter().map(|(user, active)| (user, User { active, ..User::default() })).collect();
        let mut teams: HashMap<String, Vec<String>> = HashMap::new();
        for (team, user) in facts.members {
            teams.entry(team).or_default().push(user);
        }
        for (n, grant) in facts.grants.iter().enumerate() {
            let n = u32::try_from(n).unwrap_or(u32::MAX);
            let holders: &[String] = match &grant.holder {
                Holder::User(user) => std::slice::from_ref(user),
                Holder::Team(team) => teams.get(team).map(Vec::as_slice).unwrap_or_default(),
            };
            for holder in holders {
                if let Some(user) = users.get_mut(holder) {
                    user.grants.push(n);
                }
            }
        }
        Self { grants: facts.grants, users, roles: facts.roles, engines: facts.engines, registries: facts.registries }
    }

    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// Every grant, the ended ones too.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Users and robots that may act.
    pub fn active(&self) -> impl Iterator<Item = &str> {
        self.users.iter().filter(|(_, user)| user.active).map(|(name, _)| name.as_str())
    }

    pub fn is_active(&self, user: &str) -> bool {
        self.users.get(user).is_some_and(|user| user.active)
    }

    /// The grants of `user` and of their teams that stand; none for nobody and for the disabled.
    pub fn grants_of(&self, user: &str, now: i64) -> impl Iterator<Item = &Grant> {
        let active = self.is_active(user);
        self.granted(user).filter(move |grant| active && grant.stands(now))
    }

    /// The grants of `user` and of their teams, whether they may act or not, and those that have ended, too.
    pub fn granted(&self, user: &str) -> impl Iterator<Item = &Grant> {
        let own = self.users.get(user).map(|user| user.grants.as_slice()).unwrap_or_default();
        own.iter().filter_map(|n| self.grants.get(*n as usize))
    }

    pub(super) fn grant(&self, n: u32) -> Option<&Grant> {
        self.grants.get(n as usize)
    }

    /// What `user` holds; `None` for nobody and for the disabled.
    pub(super) fn rights(&self, user: &str) -> Option<&Rights> {
        let user = self.users.get(user).filter(|user| user.active)?;
        let numbered = || user.grants.iter().filter_map(|n| Some((*n, self.grants.get(*n as usize)?)));
        Some(user.rights.get_or_init(|| Rights::of(numbered(), &self.engines, &self.registries)))
    }

    pub fn labels_of(&self, engine: &str) -> Option<&BTreeMap<String, String>> {
        self.engines.get(engine)
    }

    pub fn labels_of_registry(&self, registry: &str) -> Option<&BTreeMap<String, String>> {
        self.registries.get(registry)
    }

    /// Whether `outer` takes in all of `inner`.
    pub fn includes(&self, outer: &Scope, inner: &Scope) -> bool {
        let none = BTreeMap::new();
        match (outer, inner) {
            (Scope::All, _) => true,
            (Scope::Labels(wanted), Scope::Labels(labels)) => wanted.iter().all(|(key, value)| labels.get(key) == Some(value)),
            (Scope::Labels(_) | Scope::Engine(_), Scope::Engine(name) | Scope::Project { engine: name, .. }) => {
                outer.part_of(name, self.labels_of(name).unwrap_or(&none)).is_some()
            }
            (Scope::Labels(_) | Scope::Registry(_), Scope::Registry(name) | Scope::Repository { registry: name, .. }) => {
                outer.share_of(name, self.labels_of_registry(name).unwrap_or(&none)).is_some()
            }
            (Scope::Project { .. }, Scope::Project { .. }) => outer == inner,
            (Scope::Repository { registry, prefix }, Scope::Repository { registry: of, prefix: within }) => {
                registry == of && prefix_includes(prefix, within)
            }
            _ => false,
        }
    }

    /// The grant by which `user` holds `permission` on all of `scope`, at least until `until`.
    pub fn held(&self, user: &str, permission: Permission, scope: &Scope, now: i64, until: Option<i64>) -> Option<&Grant> {
        let lasts = |grant: &&Grant| grant.until.is_none_or(|end| until.is_some_and(|until| until <= end));
        let here = |grant: &&Grant| if permission.is_house() { grant.scope == Scope::All } else { self.includes(&grant.scope, scope) };
        self.grants_of(user, now).filter(|grant| grant.role.holds(permission)).filter(lasts).find(here)
    }

    /// The first permission of `role` that `user` does not hold on `scope` until `until`: nobody can grant what they do not hold.
    pub fn cannot_give(&self, user: &str, role: &Role, scope: &Scope, now: i64, until: Option<i64>) -> Option<Permission> {
        // What a role has of Pilothouse's own rights is worth nothing on less than everything, nor what it has of registries on an engine.
        let worth = |permission: &Permission| permission.kind() != Kind::Own && scope.takes(*permission);
        role.permissions.iter().filter(worth).find(|permission| self.held(user, *permission, scope, now, until).is_none())
    }

    /// A grant of `other` that `user` could not have given: whoever could act as `other` would have it, all the same.
    pub fn beyond(&self, user: &str, other: &str, now: i64) -> Option<&Grant> {
        self.granted(other)
            .filter(|grant| grant.stands(now))
            .find(|grant| self.cannot_give(user, &grant.role, &grant.scope, now, grant.until).is_some())
    }

    /// When the next grant ends by itself, after `now`.
    pub fn next_end(&self, now: i64) -> Option<i64> {
        self.grants.iter().filter_map(|grant| grant.until).filter(|until| *until > now).min()
    }
}
