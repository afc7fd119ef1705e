//! The decision itself: pure, without I/O.

use std::{collections::HashMap, sync::Arc};

use super::{Operation, Permission, Role, Scope, Target, permission::Kind};

/// Who asks, as far as a decision needs it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    pub user: Arc<str>,
    /// The one engine that the credential is good for, if it is bound to one.
    pub bound_to: Option<Arc<str>>,
}

/// A user has a role on a scope.
#[derive(Clone, Debug)]
pub struct Grant {
    pub id: String,
    pub user: String,
    pub role: &'static Role,
    pub scope: Scope,
}

/// Who has which grants: what decisions are made from. Swapped whole when anything changes.
#[derive(Default)]
pub struct Policy {
    /// By user, the users that may act only.
    grants: HashMap<String, Vec<Grant>>,
}

/// Proof that one operation was allowed. Only [`Policy::decide`], [`watch`] and [`first_setup`] make one.
#[derive(Clone, Debug)]
pub struct Permit {
    operation: Operation,
    reason: String,
}

/// Why an operation was not allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Denied {
    /// One sentence that names what is missing.
    pub reason: String,
    /// False when not even the target's existence may be told: the answer is then "not found".
    pub visible: bool,
}

impl Permit {
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The grant that allowed it.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Whether it is the house's own.
    pub fn is_watch(&self) -> bool {
        self.operation.name == "Watch"
    }

    /// Whether it is good for `target`.
    pub fn covers(&self, target: &Target) -> bool {
        &self.operation.target == target
    }
}

/// The house's own permit to look after an engine: its health, its events, its containers' figures. Never for a person.
pub fn watch(engine: &str) -> Permit {
    let target = Target::Engine(engine.to_owned());
    Permit { operation: Operation::new("Watch", Permission::SystemInfo, target, ""), reason: "watch".to_owned() }
}

/// The permit to make the first administrator, for whoever proved to hold the machine: by `proof`. There is nobody yet who could decide.
pub fn first_setup(username: &str, proof: &str) -> Permit {
    Permit { operation: Operation::on_system("Setup", Permission::AccountUpdate, username), reason: proof.to_owned() }
}

/// The permit to follow what a sign-in provider says of somebody: who they are, which teams they are in, that it stands by them no more.
pub fn told_by(provider: &str, about: String) -> Permit {
    Permit { operation: Operation::on_system("ProviderFollow", Permission::AccountUpdate, about), reason: format!("provider {provider}") }
}

impl Policy {
    /// `active` are the users that may act at all: those that are not disabled.
    pub fn new(active: impl IntoIterator<Item = String>, grants: impl IntoIterator<Item = Grant>) -> Self {
        let mut by_user: HashMap<String, Vec<Grant>> = active.into_iter().map(|user| (user, Vec::new())).collect();
        for grant in grants {
            if let Some(list) = by_user.get_mut(&grant.user) {
                list.push(grant);
            }
        }
        Self { grants: by_user }
    }

    /// The grants of `user`; empty for nobody and for the disabled.
    pub fn grants_of(&self, user: &str) -> &[Grant] {
        self.grants.get(user).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether `subject` may do `operation`, and by which grant.
    pub fn decide(&self, subject: &Subject, operation: Operation) -> Result<Permit, Denied> {
        let Some(grants) = self.grants.get(&*subject.user) else {
            return Err(Denied { reason: "This user is disabled or does not exist.".to_owned(), visible: false });
        };
        if let Some(engine) = &subject.bound_to
            && (operation.target != Target::Engine(engine.to_string()) || operation.permission.is_house())
        {
            let reason = format!("This credential is good for engine {engine} only; use another one here.");
            return Err(Denied { reason, visible: false });
        }
        if operation.permission.kind() == Kind::Own {
            return Ok(Permit { operation, reason: "own account".to_owned() });
        }
        let here = || grants.iter().filter(|grant| grant.scope.covers(&operation.target));
        let good = |grant: &&Grant| !operation.permission.is_house() || grant.scope == Scope::All;
        if let Some(grant) = here().filter(good).find(|grant| grant.role.holds(operation.permission)) {
            let reason = format!("{} on {} ({})", grant.role.name, grant.scope, grant.id);
            return Ok(Permit { operation, reason });
        }
        let place = match &operation.target {
            _ if operation.permission.is_house() => "all".to_owned(),
            Target::System => "all".to_owned(),
            Target::Engine(name) => format!("engine/{name}"),
        };
        let reason = format!("{} needs the permission {} on {place}.", subject.user, operation.permission);
        // What is only to be added is not there yet: a refusal tells nothing of it.
        let adds = operation.permission == Permission::EngineCreate;
        let visible = adds || operation.target == Target::System || here().next().is_some();
        Err(Denied { reason, visible })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        let grant = |user: &str, role: &str, scope: &str| Grant {
            id: format!("g-{user}"),
            user: user.to_owned(),
            role: Role::named(role).unwrap(),
            scope: scope.parse().unwrap(),
        };
        Policy::new(
            ["ana", "vic", "nil"].map(str::to_owned),
            [grant("ana", "admin", "all"), grant("vic", "viewer", "engine/a"), grant("gone", "admin", "all")],
        )
    }

    fn ask(user: &str, permission: Permission, target: Target) -> Result<Permit, Denied> {
        let subject = Subject { user: user.into(), bound_to: None };
        policy().decide(&subject, Operation::new("Test", permission, target, "x"))
    }

    fn engine(name: &str) -> Target {
        Target::Engine(name.to_owned())
    }

    #[test]
    fn an_admin_may_do_everything() {
        for permission in Permission::ALL {
            assert!(ask("ana", *permission, engine("a")).is_ok(), "{permission}");
        }
    }

    #[test]
    fn a_viewer_looks_and_nothing_else() {
        for permission in Permission::ALL {
            let allowed = ask("vic", *permission, engine("a")).is_ok();
            assert_eq!(allowed, matches!(permission.kind(), Kind::View | Kind::Own), "{permission}");
        }
    }

    #[test]
    fn an_engine_out_of_scope_is_invisible_and_one_in_scope_is_not() {
        assert!(!ask("vic", Permission::ContainerList, engine("b")).unwrap_err().visible);
        assert!(ask("vic", Permission::ContainerStart, engine("a")).unwrap_err().visible);
        assert!(!ask("vic", Permission::EngineDelete, engine("b")).unwrap_err().visible);
        assert!(ask("vic", Permission::EngineCreate, engine("new")).unwrap_err().visible);
    }

    #[test]
    fn a_grant_of_a_user_who_may_not_act_is_worth_nothing() {
        assert!(ask("gone", Permission::ContainerList, engine("a")).is_err());
        assert!(ask("nil", Permission::ContainerList, engine("a")).is_err());
    }

    #[test]
    fn a_bound_credential_reaches_its_engine_only() {
        let subject = Subject { user: "ana".into(), bound_to: Some("a".into()) };
        let ask = |target| policy().decide(&subject, Operation::new("Test", Permission::ContainerList, target, ""));
        assert!(ask(engine("a")).is_ok());
        assert!(ask(engine("b")).is_err());
        assert!(ask(Target::System).is_err());
    }

    #[test]
    fn a_right_on_one_engine_does_not_say_where_it_is() {
        let grant = Grant { id: "g".to_owned(), user: "eve".to_owned(), role: Role::named("admin").unwrap(), scope: Scope::Engine("a".to_owned()) };
        let policy = Policy::new(["eve".to_owned(), "ana".to_owned()], [grant.clone(), Grant { user: "ana".to_owned(), scope: Scope::All, ..grant }]);
        let ask = |user: &str, bound: Option<&str>, permission| {
            let subject = Subject { user: user.into(), bound_to: bound.map(Into::into) };
            policy.decide(&subject, Operation::new("Test", permission, engine("a"), ""))
        };
        for permission in Permission::ALL.iter().copied().filter(|permission| permission.is_house()) {
            assert!(ask("eve", None, permission).is_err(), "{permission}");
            assert!(ask("ana", Some("a"), permission).is_err(), "{permission}");
            assert!(ask("ana", None, permission).is_ok(), "{permission}");
        }
        assert!(ask("eve", None, Permission::ContainerCreate).is_ok());
        assert!(ask("ana", Some("a"), Permission::ContainerCreate).is_ok());
    }

    #[test]
    fn the_reason_names_the_grant_or_what_is_missing() {
        assert_eq!(ask("vic", Permission::ContainerList, engine("a")).unwrap().reason(), "viewer on engine/a (g-vic)");
        let denied = ask("vic", Permission::ContainerStart, engine("a")).unwrap_err();
        assert_eq!(denied.reason, "vic needs the permission engine.container.start on engine/a.");
    }
}
