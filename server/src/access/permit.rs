//! Permits: proof that one operation was allowed, and how far it reaches.

use std::{collections::BTreeSet, sync::Arc};

use super::{Operation, Permission, Target, is_under};

/// Proof that one operation was allowed. Only [`super::Policy::decide`] makes one for a person; what else does is below.
#[derive(Clone, Debug)]
pub struct Permit {
    pub(super) operation: Operation,
    pub(super) reason: String,
    pub(super) grant: Option<ByGrant>,
    pub(super) reach: Reach,
    pub(super) environment: bool,
}

/// The grant that allowed it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ByGrant {
    pub id: String,
    pub role: String,
    /// The team that holds it, if it is held through one.
    pub team: Option<String>,
}

/// What of its engine a permit reaches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reach {
    Everything,
    /// What belongs to one of these projects.
    Projects(Arc<BTreeSet<Arc<str>>>),
    /// The repositories of a registry by these names, and those below them.
    Repositories(Arc<BTreeSet<Arc<str>>>),
}

/// The projects of what is about no engine.
static NO_PROJECTS: BTreeSet<Arc<str>> = BTreeSet::new();

impl Reach {
    /// Whether it takes in what belongs to `project`. What is nobody's is reached by those alone who reach everything.
    pub fn includes(&self, project: Option<&str>) -> bool {
        match self {
            Reach::Everything => true,
            Reach::Projects(projects) => project.is_some_and(|project| projects.contains(project)),
            Reach::Repositories(_) => false,
        }
    }

    /// Whether it takes in something that belongs to all of these.
    pub fn includes_any(&self, projects: &[Arc<str>]) -> bool {
        matches!(self, Reach::Everything) || projects.iter().any(|project| self.includes(Some(project)))
    }

    /// Whether it takes in all that `other` does.
    pub fn contains(&self, other: &Reach) -> bool {
        match (self, other) {
            (Reach::Everything, _) => true,
            (Reach::Projects(these), Reach::Projects(those)) => those.is_subset(these),
            (Reach::Repositories(these), Reach::Repositories(those)) => those.iter().all(|that| these.iter().any(|this| is_under(that, this))),
            (Reach::Projects(_) | Reach::Repositories(_), _) => false,
        }
    }

    /// The projects, unless it is everything.
    pub fn projects(&self) -> Option<&BTreeSet<Arc<str>>> {
        match self {
            Reach::Everything => None,
            Reach::Projects(projects) => Some(projects),
            Reach::Repositories(_) => Some(&NO_PROJECTS),
        }
    }

    /// Whether it takes in this repository of its registry.
    pub fn includes_repository(&self, repository: &str) -> bool {
        match self {
            Reach::Everything => true,
            Reach::Projects(_) => false,
            Reach::Repositories(prefixes) => prefixes.iter().any(|prefix| is_under(repository, prefix)),
        }
    }
}

impl Permit {
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The grant that allowed it, as a person reads it.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The grant that allowed it; `None` for one's own account and for the house itself.
    pub fn grant(&self) -> Option<&ByGrant> {
        self.grant.as_ref()
    }

    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Whether values of environment variables may be shown (threats K3).
    pub fn shows_environment(&self) -> bool {
        self.environment
    }

    /// Whether it is the house's own.
    pub fn is_watch(&self) -> bool {
        self.operation.name == "Watch"
    }

    /// Whether it is good for `target`.
    pub fn covers(&self, target: &Target) -> bool {
        &self.operation.target == target
    }

    fn of_the_house(operation: Operation, reason: &str) -> Self {
        Self { operation, reason: reason.to_owned(), grant: None, reach: Reach::Everything, environment: true }
    }
}

/// The house's own permit to look after an engine: its health, its events, its containers' figures. Never for a person.
pub fn watch(engine: &str) -> Permit {
    let target = Target::Engine(engine.to_owned());
    Permit::of_the_house(Operation::new("Watch", Permission::SystemInfo, target, ""), "watch")
}

/// The house's own permit to look at a registry: whether it answers. Never for a person.
pub fn watch_registry(registry: &str) -> Permit {
    let target = Target::Registry(registry.to_owned());
    Permit::of_the_house(Operation::new("Watch", Permission::RegistryView, target, ""), "watch")
}

/// The permit to make the first administrator, for whoever proved to hold the machine: by `proof`. There is nobody yet who could decide.
pub fn first_setup(username: &str, proof: &str) -> Permit {
    Permit::of_the_house(Operation::on_system("Setup", Permission::AccountUpdate, username), proof)
}

/// The permit to follow what a sign-in provider says of somebody: who they are, which teams they are in, that it stands by them no more.
pub fn told_by(provider: &str, about: String) -> Permit {
    Permit::of_the_house(Operation::on_system("ProviderFollow", Permission::AccountUpdate, about), &format!("provider {provider}"))
}

/// The permit to let records of the trail go that a rule does not keep any longer: whoever made the rule was asked. The record says how
/// many, before they go.
pub fn pruned(records: usize, rule: &str) -> Permit {
    let operation = Operation::on_system("AuditPrune", Permission::AuditManage, records.to_string());
    Permit::of_the_house(operation, &format!("rule {rule}"))
}

/// The permit to run a retention rule by its schedule, in a registry: whoever gave it the schedule was asked, and held the right to delete
/// there. `operation` is one of [`TIDIES`].
pub fn tidied(operation: Operation, rule: &str) -> Option<Permit> {
    TIDIES.contains(&operation.name).then(|| Permit::of_the_house(operation, &format!("retention rule {rule}")))
}

/// The operations that a retention rule does by its schedule.
pub const TIDIES: [&str; 2] = ["RetentionRunStart", "RetentionDelete"];

/// The permit to tell of what an alert found: whoever made the alert was asked. `operation` is one of [`TOLD`].
pub fn alerted(operation: &'static str, about: String, alert: &str) -> Permit {
    Permit::of_the_house(Operation::on_system(operation, Permission::AuditManage, about), &format!("alert {alert}"))
}

/// The operations whose records say what alerts did, which no alert finds: that one fired, and that somebody was told or was not.
pub const TOLD: [&str; 2] = ["AuditAlert", "AuditAlertSend"];

/// The permit to put in force what the settings file declares: whoever writes it holds the machine.
pub fn declared(about: String) -> Permit {
    Permit::of_the_house(Operation::on_system("SettingsApply", Permission::AccountUpdate, about), "settings file")
}
