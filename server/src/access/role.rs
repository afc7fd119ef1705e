//! Roles: named sets of permissions.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use super::{
    Permission::{self, *},
    PermissionSet,
    permission::Kind,
};

/// A named set of permissions.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Role {
    pub name: String,
    pub summary: String,
    pub permissions: PermissionSet,
    /// It ships, and is the same everywhere.
    pub built_in: bool,
}

impl Role {
    pub fn holds(&self, permission: Permission) -> bool {
        self.permissions.contains(permission)
    }
}

/// What an operator may do beyond looking: work with what exists.
const OPERATES: &[Permission] =
    &[ContainerStart, ContainerStop, ContainerRestart, ContainerKill, ContainerPause, ContainerAttach, ContainerExec, ContainerEnvironment];

/// What a deployer may do beyond operating: create, change and remove.
const DEPLOYS: &[Permission] = &[
    SystemLogin,
    ContainerCreate,
    ContainerRename,
    ContainerUpdate,
    ContainerRemove,
    ContainerExport,
    ImageSearch,
    ImagePull,
    ImageExport,
    ImagePush,
    ImageTag,
    ImageRemove,
    ImageBuild,
    ImageCommit,
    VolumeCreate,
    VolumeUpdate,
    VolumeRemove,
    NetworkCreate,
    NetworkConnect,
    NetworkRemove,
    ServiceCreate,
    ServiceUpdate,
    ServiceRemove,
    SecretCreate,
    SecretUpdate,
    SecretRemove,
    ConfigList,
    ConfigCreate,
    ConfigUpdate,
    ConfigRemove,
    RepositoryCreate,
    RepositoryPush,
    RepositoryRetag,
];

/// What an auditor reads: what was done, and who may do what. Nothing of an engine.
const AUDITS: &[Permission] =
    &[AuditList, RecordingList, RecordingView, UserList, TeamList, RobotList, RoleList, GrantList, AccessExplain, AccessReview];

/// The roles that ship, by name.
static BUILT_IN: LazyLock<Vec<Arc<Role>>> = LazyLock::new(|| {
    let views = || Permission::ALL.iter().copied().filter(|permission| permission.kind() == Kind::View);
    let operates = || views().chain(OPERATES.iter().copied());
    let role = |name: &str, summary: &str, permissions: PermissionSet| {
        Arc::new(Role { name: name.to_owned(), summary: summary.to_owned(), permissions, built_in: true })
    };
    vec![
        role(
            "viewer",
            "Sees what runs, its logs and its figures, and pulls images. Changes nothing, opens no terminal, and reads neither files nor environment variables.",
            views().collect(),
        ),
        role("operator", "Works with what exists: start, stop, restart, logs, terminals. Creates and removes nothing.", operates().collect()),
        role(
            "deployer",
            "Creates, changes and removes containers, images, volumes, networks, services, secrets and configs, and pushes images.",
            operates().chain(DEPLOYS.iter().copied()).collect(),
        ),
        role(
            "auditor",
            "Reads the audit trail, the recordings of terminals and who may do what. Sees nothing of the engines and registries, and changes nothing.",
            AUDITS.iter().copied().collect(),
        ),
        role("admin", "May do everything.", Permission::ALL.iter().copied().collect()),
    ]
});

/// The roles that ship.
pub fn built_in() -> &'static [Arc<Role>] {
    &BUILT_IN
}

/// Every role there is, by name. What ships cannot be replaced.
#[derive(Clone, Debug)]
pub struct Roles(BTreeMap<String, Arc<Role>>);

impl Roles {
    /// Those that ship, and these.
    pub fn with(own: impl IntoIterator<Item = Role>) -> Self {
        let own = own.into_iter().map(|role| Arc::new(Role { built_in: false, ..role }));
        Self(own.chain(BUILT_IN.iter().cloned()).map(|role| (role.name.clone(), role)).collect())
    }

    pub fn named(&self, name: &str) -> Option<&Arc<Role>> {
        self.0.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Role>> {
        self.0.values()
    }
}

/// Whether `name` may name a role or a team: 1 to 63 of `a-z`, `0-9` and `-`, not starting with `-`.
pub fn is_role_name(name: &str) -> bool {
    super::is_target_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_that_works_on_engines_holds_what_the_one_before_it_holds() {
        let roles = Roles::with([]);
        let order = ["viewer", "operator", "deployer", "admin"];
        for pair in order.windows(2) {
            let (less, more) = (roles.named(pair[0]).unwrap(), roles.named(pair[1]).unwrap());
            assert!(less.permissions.iter().all(|permission| more.holds(permission)), "{pair:?}");
            assert_ne!(less.permissions, more.permissions);
        }
    }

    #[test]
    fn an_auditor_touches_no_engine_and_changes_nothing() {
        for permission in Roles::with([]).named("auditor").unwrap().permissions.iter() {
            assert!(permission.is_house() && !permission.is_change(), "{permission}");
        }
    }

    /// Whoever holds one of these owns the host, or what everybody else has (threats B8 and B12).
    #[test]
    fn only_an_administrator_reaches_the_host() {
        let reaches = [
            PluginManage,
            SwarmManage,
            SwarmInspect,
            NodeUpdate,
            NodeRemove,
            ImageLoad,
            ImageImport,
            ContainerCopy,
            BuildkitSession,
            ContainerCheckpoint,
        ];
        for role in built_in().iter().filter(|role| role.name != "admin") {
            for permission in reaches {
                assert!(!role.holds(permission), "{} {permission}", role.name);
            }
        }
    }

    #[test]
    fn what_ships_cannot_be_replaced() {
        let mine = Role { name: "viewer".to_owned(), summary: String::new(), permissions: PermissionSet::from_iter([ContainerExec]), built_in: true };
        assert!(!Roles::with([mine]).named("viewer").unwrap().holds(ContainerExec));
    }
}
