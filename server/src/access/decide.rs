//! The decision itself: pure, without I/O.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Holder, Operation, Permission, Permit, Place, Policy, Reach, Subject, Target,
    permission::Kind,
    permit::ByGrant,
    rights::{OnEngine, OnRegistry, Rights, Slot},
};

/// Why an operation was not allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Denied {
    /// One sentence that names what is missing.
    pub reason: String,
    /// What must not even be told to exist: the answer is then "not found".
    pub hides: Hides,
}

/// What a refusal must not tell of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Hides {
    Nothing,
    /// That the object is there.
    Object,
    /// That the target is there.
    Target,
}

impl Policy {
    /// Whether `subject` may do `operation` at the time `now` (ms), and by which grant.
    pub fn decide(&self, subject: &Subject, operation: Operation, now: i64) -> Result<Permit, Denied> {
        let Some(rights) = self.rights(&subject.user) else {
            return Err(Denied { reason: "This user is disabled or does not exist.".to_owned(), hides: Hides::Target });
        };
        let permission = operation.permission;
        if let Some(engine) = &subject.bound_to
            && (operation.target != Target::Engine(engine.to_string()) || permission.is_house())
        {
            let reason = format!("This credential is good for engine {engine} only; use another one here.");
            return Err(Denied { reason, hides: Hides::Target });
        }
        if let Some(viewer) = &subject.viewer {
            self.may_look(viewer, &subject.user, permission, now)?;
        }
        if permission.kind() == Kind::Own {
            return Ok(Permit { operation, reason: "own account".to_owned(), grant: None, reach: Reach::Everything, environment: false });
        }
        if let (Target::Registry(name), false) = (&operation.target, permission.is_house()) {
            return self.on_registry(subject, rights, rights.registry(name), operation.clone(), now);
        }
        if permission.is_registry() && (&operation.target, operation.place) == (&Target::System, Place::Catalog) {
            return self.on_any_registry(subject, rights, operation, now);
        }
        let on_engine = match &operation.target {
            Target::Engine(name) if !permission.is_house() => rights.engine(name),
            _ => None,
        };
        let whole = |permission| rights.everywhere.get(permission, now).or_else(|| on_engine?.whole.get(permission, now));
        if let Some(slot) = whole(permission) {
            let environment = whole(Permission::ContainerEnvironment).is_some();
            return Ok(self.permit(operation, slot, Reach::Everything, environment));
        }
        match on_engine.and_then(|on| within(on, &operation, now)) {
            Some((slot, reach, environment)) => Ok(self.permit(operation, slot, reach, environment)),
            None => Err(denied(subject, &operation, rights, on_engine, now)),
        }
    }

    /// The same for what is about a registry and what it has.
    fn on_registry(&self, subject: &Subject, rights: &Rights, on: Option<&OnRegistry>, operation: Operation, now: i64) -> Result<Permit, Denied> {
        let permission = operation.permission;
        let whole = |permission| rights.everywhere.get(permission, now).or_else(|| on?.whole.get(permission, now));
        if let Some(slot) = whole(permission) {
            return Ok(self.permit(operation, slot, Reach::Everything, false));
        }
        let repository = operation.repository.clone();
        let held = |permission| match (operation.place, &repository) {
            (Place::Repository, Some(repository)) => on?.over(repository).find_map(|slots| slots.get(permission, now)),
            (Place::Catalog, _) => on?.prefixes.values().find_map(|slots| slots.get(permission, now)),
            _ => None,
        };
        if let Some(slot) = held(permission) {
            let prefixes = on.into_iter().flat_map(|on| &on.prefixes).filter(|(_, slots)| slots.get(permission, now).is_some());
            let reach = match repository {
                Some(repository) => [repository].into(),
                None => prefixes.map(|(prefix, _)| prefix.clone()).collect(),
            };
            return Ok(self.permit(operation, slot, Reach::Repositories(Arc::new(reach)), false));
        }
        // Whoever holds something there knows that it is there.
        let mut tells = Permission::ALL.iter().filter(|it| it.is_registry() && (repository.is_none() || it.is_repository()));
        let knows = tells.any(|it| whole(*it).or_else(|| held(*it)).is_some());
        let place = match (&operation.target, &repository) {
            (target, Some(repository)) => format!("registry/{target}/repository/{repository}"),
            (target, None) => format!("registry/{target}"),
        };
        let hides = if knows { Hides::Nothing } else { Hides::Object };
        Err(Denied { reason: format!("{} needs the permission {permission} on {place}.", subject.user), hides })
    }

    /// The same for what is about all registries: it is held on one of them, or on a part of one. Each is decided on its own besides.
    fn on_any_registry(&self, subject: &Subject, rights: &Rights, operation: Operation, now: i64) -> Result<Permit, Denied> {
        let permission = operation.permission;
        let held = |on: &OnRegistry| on.whole.get(permission, now).or_else(|| on.prefixes.values().find_map(|slots| slots.get(permission, now)));
        match rights.everywhere.get(permission, now).or_else(|| rights.registries().find_map(held)) {
            Some(slot) => Ok(self.permit(operation, slot, Reach::Everything, false)),
            None => {
                let reason = format!("{} needs the permission {permission} on a registry.", subject.user);
                Err(Denied { reason, hides: Hides::Nothing })
            }
        }
    }

    /// Whether it depends on whose the object is: then that must be looked up first.
    pub fn depends_on_owner(&self, subject: &Subject, operation: &Operation, now: i64) -> bool {
        let (Place::One(_), Target::Engine(engine)) = (operation.place, &operation.target) else { return false };
        let Some(rights) = self.rights(&subject.user) else { return false };
        let Some(on_engine) = rights.engine(engine) else { return false };
        let whole = rights.everywhere.get(operation.permission, now).or_else(|| on_engine.whole.get(operation.permission, now));
        whole.is_none() && !on_engine.projects.is_empty()
    }

    /// Whether `viewer` may look with the rights of `user`.
    fn may_look(&self, viewer: &str, user: &str, permission: Permission, now: i64) -> Result<(), Denied> {
        let may = self.rights(viewer).is_some_and(|rights| rights.everywhere.get(Permission::UserViewAs, now).is_some());
        if !may {
            let reason = format!("{viewer} needs the permission {} on all.", Permission::UserViewAs);
            return Err(Denied { reason, hides: Hides::Nothing });
        }
        // They may have got more since.
        if let Some(grant) = self.beyond(viewer, user, now) {
            let reason = format!("{user} holds {} on {}, which {viewer} does not hold.", grant.role.name, grant.scope);
            return Err(Denied { reason, hides: Hides::Nothing });
        }
        if permission.is_change() {
            let reason = format!("You look at this with the rights of {user}, and nothing can be changed so. Go back to your own first.");
            return Err(Denied { reason, hides: Hides::Nothing });
        }
        Ok(())
    }

    fn permit(&self, operation: Operation, slot: Slot, reach: Reach, environment: bool) -> Permit {
        let grant = self.grant(slot.grant);
        let reason = grant.map(super::Grant::reason).unwrap_or_default();
        let grant = grant.map(|grant| {
            let team = match &grant.holder {
                Holder::Team(team) => Some(team.clone()),
                Holder::User(_) => None,
            };
            ByGrant { id: grant.id.clone(), role: grant.role.name.clone(), team }
        });
        Permit { operation, reason, grant, reach, environment }
    }
}

/// What a right on projects alone allows: by which grant, how far, and whether environments are shown.
fn within(on_engine: &OnEngine, operation: &Operation, now: i64) -> Option<(Slot, Reach, bool)> {
    let permission = operation.permission;
    let holding = || on_engine.projects.iter().filter_map(|(name, slots)| Some((name, slots, slots.get(permission, now)?)));
    let shows = |slots: &super::rights::Slots| slots.get(Permission::ContainerEnvironment, now).is_some();
    match operation.place {
        Place::Engine | Place::Repository | Place::Catalog => None,
        Place::One(_) => {
            let owner = operation.owner.as_ref()?;
            let mut held = owner.projects.iter().filter_map(|name| {
                let (name, slots) = on_engine.projects.get_key_value(name)?;
                Some((name, slots, slots.get(permission, now)?))
            });
            let (name, slots, slot) = held.next()?;
            let all = [name.clone()].into_iter().chain(held.map(|(name, _, _)| name.clone())).collect();
            Some((slot, Reach::Projects(Arc::new(all)), shows(slots)))
        }
        Place::Open | Place::Info | Place::List(_) | Place::Events | Place::Usage | Place::Named(_) | Place::New(_) | Place::Prune(_) => {
            let (_, _, slot) = holding().next()?;
            let all: BTreeSet<Arc<str>> = holding().map(|(name, _, _)| name.clone()).collect();
            // One answer for all of them shows what every one of them may show.
            let environment = holding().all(|(_, slots, _)| shows(slots));
            Some((slot, Reach::Projects(Arc::new(all)), environment))
        }
    }
}

fn denied(subject: &Subject, operation: &Operation, rights: &Rights, on_engine: Option<&OnEngine>, now: i64) -> Denied {
    let permission = operation.permission;
    // Where a registry is, is a right on everything: a refusal tells nothing of it.
    if let Target::Registry(name) = &operation.target {
        let knows = rights.everywhere.any(now)
            || rights.registry(name).is_some()
            || matches!(permission, Permission::RegistryCreate | Permission::RegistryTest);
        let reason = format!("{} needs the permission {permission} on all.", subject.user);
        return Denied { reason, hides: if knows { Hides::Nothing } else { Hides::Target } };
    }
    let engine = match &operation.target {
        Target::Engine(name) => Some(name),
        Target::Registry(_) | Target::System => None,
    };
    let place = match engine {
        Some(name) if !permission.is_house() => format!("engine/{name}"),
        _ => "all".to_owned(),
    };
    let reason = format!("{} needs the permission {permission} on {place}.", subject.user);
    // What is only to be added is not there yet: a refusal tells nothing of it.
    if permission == Permission::EngineCreate || engine.is_none() {
        return Denied { reason, hides: Hides::Nothing };
    }
    let on_engine = on_engine.or_else(|| rights.engine(engine?));
    if rights.everywhere.any(now) || on_engine.is_some_and(|on| on.whole.any(now)) {
        return Denied { reason, hides: Hides::Nothing };
    }
    let mut projects = on_engine.into_iter().flat_map(|on| &on.projects).filter(|(_, slots)| slots.any(now)).peekable();
    if projects.peek().is_none() {
        return Denied { reason, hides: Hides::Target };
    }
    match (operation.place, &operation.owner) {
        (Place::One(_), Some(owner)) if projects.any(|(name, _)| owner.projects.contains(name)) => Denied { reason, hides: Hides::Nothing },
        (Place::One(_), _) => Denied { reason, hides: Hides::Object },
        (Place::Engine, _) => {
            let reason = format!("{reason} A right on a project of it is not enough: this reaches the whole engine.");
            Denied { reason, hides: Hides::Nothing }
        }
        _ => Denied { reason, hides: Hides::Nothing },
    }
}

#[cfg(test)]
mod tests;
