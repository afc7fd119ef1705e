//! Every permission there is.

/// What a permission lets happen, which decides who has it by default and how its use is written down.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Looks, and takes nothing out that a viewer should not have.
    View,
    /// Looks, but at what is worth stealing: files, images, keys. The intent is durable before the answer.
    Sensitive,
    /// Changes something. The intent is durable before the action.
    Change,
    /// One's own account: everybody signed in has it.
    Own,
}

macro_rules! permissions {
    ($($variant:ident $name:literal $kind:ident;)*) => {
        /// One thing that a role may allow, named `<kind>.<resource>.<verb>`.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Permission { $($variant),* }

        impl Permission {
            pub const ALL: &[Permission] = &[$(Permission::$variant),*];

            /// The name, as roles, audit records and error messages spell it.
            pub fn name(self) -> &'static str {
                match self { $(Permission::$variant => $name),* }
            }

            pub fn kind(self) -> Kind {
                match self { $(Permission::$variant => Kind::$kind),* }
            }
        }
    };
}

permissions! {
    // Docker engines
    SystemInfo "engine.system.info" View;
    SystemEvents "engine.system.events" View;
    SystemLogin "engine.system.login" Change;
    ContainerList "engine.container.list" View;
    ContainerInspect "engine.container.inspect" View;
    ContainerLogs "engine.container.logs" View;
    ContainerStats "engine.container.stats" View;
    ContainerProcesses "engine.container.processes" View;
    ContainerChanges "engine.container.changes" View;
    ContainerWait "engine.container.wait" View;
    ContainerCreate "engine.container.create" Change;
    ContainerStart "engine.container.start" Change;
    ContainerStop "engine.container.stop" Change;
    ContainerRestart "engine.container.restart" Change;
    ContainerKill "engine.container.kill" Change;
    ContainerPause "engine.container.pause" Change;
    ContainerRename "engine.container.rename" Change;
    ContainerUpdate "engine.container.update" Change;
    ContainerRemove "engine.container.remove" Change;
    ContainerAttach "engine.container.attach" Change;
    ContainerExec "engine.container.exec" Change;
    ContainerExport "engine.container.export" Sensitive;
    // Not an operation: without it, values of environment variables are left out of what is shown (threats K3).
    ContainerEnvironment "engine.container.environment" Sensitive;
    ContainerCopy "engine.container.copy" Change;
    ContainerCheckpoint "engine.container.checkpoint" Change;
    ImageList "engine.image.list" View;
    ImageInspect "engine.image.inspect" View;
    // The engine asks whatever registry the term names.
    ImageSearch "engine.image.search" Sensitive;
    ImagePull "engine.image.pull" Change;
    ImageImport "engine.image.import" Change;
    ImageLoad "engine.image.load" Change;
    ImageExport "engine.image.export" Sensitive;
    ImagePush "engine.image.push" Change;
    ImageTag "engine.image.tag" Change;
    ImageRemove "engine.image.remove" Change;
    ImageBuild "engine.image.build" Change;
    ImageCommit "engine.image.commit" Change;
    BuildkitSession "engine.buildkit.session" Change;
    VolumeList "engine.volume.list" View;
    VolumeInspect "engine.volume.inspect" View;
    VolumeCreate "engine.volume.create" Change;
    VolumeUpdate "engine.volume.update" Change;
    VolumeRemove "engine.volume.remove" Change;
    NetworkList "engine.network.list" View;
    NetworkInspect "engine.network.inspect" View;
    NetworkCreate "engine.network.create" Change;
    NetworkConnect "engine.network.connect" Change;
    NetworkRemove "engine.network.remove" Change;
    PluginList "engine.plugin.list" View;
    PluginInspect "engine.plugin.inspect" View;
    PluginManage "engine.plugin.manage" Change;
    SwarmInspect "engine.swarm.inspect" Sensitive;
    SwarmManage "engine.swarm.manage" Change;
    NodeList "engine.node.list" View;
    NodeInspect "engine.node.inspect" View;
    NodeUpdate "engine.node.update" Change;
    NodeRemove "engine.node.remove" Change;
    ServiceList "engine.service.list" View;
    ServiceInspect "engine.service.inspect" View;
    ServiceLogs "engine.service.logs" View;
    ServiceCreate "engine.service.create" Change;
    ServiceUpdate "engine.service.update" Change;
    ServiceRemove "engine.service.remove" Change;
    TaskList "engine.task.list" View;
    TaskInspect "engine.task.inspect" View;
    SecretList "engine.secret.list" View;
    SecretCreate "engine.secret.create" Change;
    SecretUpdate "engine.secret.update" Change;
    SecretRemove "engine.secret.remove" Change;
    ConfigList "engine.config.list" Sensitive;
    ConfigCreate "engine.config.create" Change;
    ConfigUpdate "engine.config.update" Change;
    ConfigRemove "engine.config.remove" Change;

    // Registries
    RegistryView "registry.registry.view" View;
    // Where a registry is, and by which credential, is about Pilothouse itself: see `is_house`.
    RegistryCreate "registry.registry.create" Change;
    RegistryUpdate "registry.registry.update" Change;
    RegistryDelete "registry.registry.delete" Change;
    // It sends a credential to an address of somebody's choice.
    RegistryTest "registry.registry.test" Sensitive;
    // Tags that stay, quotas, limits, and who is told: of a registry as a whole.
    RulesView "registry.rules.view" View;
    RulesManage "registry.rules.manage" Change;
    // It lets Pilothouse speak to an address of somebody's choice, its own machine's too: about Pilothouse itself, see `is_house`.
    HookManage "registry.hook.manage" Change;
    // Manifests, blobs, tags and referrers; and to see that the repository is there.
    RepositoryPull "registry.repository.pull" View;
    // Blobs, manifests by digest, and tags that there are not yet.
    RepositoryCreate "registry.repository.create" Change;
    // To let a tag mean something else, too.
    RepositoryPush "registry.repository.push" Change;
    RepositoryDelete "registry.repository.delete" Change;
    // To give another tag to what the repository has already.
    RepositoryRetag "registry.repository.retag" Change;
    // Retention rules and what they let go. To let it go takes the right to delete there, too.
    RetentionView "registry.retention.view" View;
    RetentionManage "registry.retention.manage" Change;
    // To have an image scanned, and to say what was found in it: rules let images through by that.
    RepositoryScan "registry.repository.scan" Change;

    // Pilothouse itself
    EngineCreate "system.engine.create" Change;
    EngineUpdate "system.engine.update" Change;
    EngineDelete "system.engine.delete" Change;
    UserList "system.user.list" Sensitive;
    UserCreate "system.user.create" Change;
    UserUpdate "system.user.update" Change;
    UserDelete "system.user.delete" Change;
    // To look with another one's rights; changes nothing by itself, and is written down like a change.
    UserViewAs "system.user.view-as" Change;
    TeamList "system.team.list" Sensitive;
    TeamCreate "system.team.create" Change;
    TeamUpdate "system.team.update" Change;
    TeamDelete "system.team.delete" Change;
    RobotList "system.robot.list" Sensitive;
    RobotCreate "system.robot.create" Change;
    RobotUpdate "system.robot.update" Change;
    RobotDelete "system.robot.delete" Change;
    RobotToken "system.robot.token" Change;
    RoleList "system.role.list" Sensitive;
    RoleCreate "system.role.create" Change;
    RoleUpdate "system.role.update" Change;
    RoleDelete "system.role.delete" Change;
    GrantList "system.grant.list" Sensitive;
    GrantCreate "system.grant.create" Change;
    GrantDelete "system.grant.delete" Change;
    AuditList "system.audit.list" Sensitive;
    AuditManage "system.audit.manage" Change;
    FactorRule "system.factor.rule" Change;
    RecordingList "system.recording.list" Sensitive;
    RecordingView "system.recording.view" Sensitive;
    // To look at a session while it goes on.
    RecordingWatch "system.recording.watch" Sensitive;
    // To end the session that is recorded.
    RecordingEnd "system.recording.end" Change;
    RecordingRule "system.recording.rule" Change;
    GuardrailList "system.guardrail.list" Sensitive;
    GuardrailCreate "system.guardrail.create" Change;
    GuardrailUpdate "system.guardrail.update" Change;
    GuardrailDelete "system.guardrail.delete" Change;
    AccessExplain "system.access.explain" Sensitive;
    AccessReview "system.access.review" Sensitive;
    ProviderList "system.provider.list" Sensitive;
    ProviderCreate "system.provider.create" Change;
    ProviderUpdate "system.provider.update" Change;
    ProviderDelete "system.provider.delete" Change;
    ProviderTest "system.provider.test" Sensitive;

    // One's own account
    AccountView "account.self.view" Own;
    AccountUpdate "account.self.update" Own;
    EngineList "account.engine.list" Own;
    // That the distribution API is spoken here, and a catalog of what may be pulled.
    RegistryList "account.registry.list" Own;
    OverviewView "account.overview.view" Own;
    SessionManage "account.session.manage" Own;
    TokenManage "account.token.manage" Own;
    FactorManage "account.factor.manage" Own;
    CertificateManage "account.certificate.manage" Own;
    DeviceManage "account.device.manage" Own;
}

impl Permission {
    /// The permission of this name.
    pub fn named(name: &str) -> Option<Permission> {
        Self::ALL.iter().copied().find(|p| p.name() == name)
    }

    /// Whether its intent must be on disk before anything happens. Plain reads are written down too, but nobody waits for it.
    pub fn is_strict(self) -> bool {
        self.kind() == Kind::Sensitive || self.is_change()
    }

    /// Whether it is about Pilothouse itself, which no right on one target gives. Where an engine is belongs to it: whoever may say that
    /// the engine `a` is at another address reaches every engine there is. The same goes for registries, and for where their webhooks are.
    pub fn is_house(self) -> bool {
        self.name().starts_with("system.")
            || matches!(
                self,
                Permission::RegistryCreate
                    | Permission::RegistryUpdate
                    | Permission::RegistryDelete
                    | Permission::RegistryTest
                    | Permission::HookManage
            )
    }

    /// Whether it is about what an engine holds.
    pub fn is_engine(self) -> bool {
        self.name().starts_with("engine.")
    }

    /// Whether it is about a registry and what it holds, and may be held on one.
    pub fn is_registry(self) -> bool {
        self.name().starts_with("registry.") && !self.is_house()
    }

    /// Whether it is about one repository of a registry.
    pub fn is_repository(self) -> bool {
        self.name().starts_with("registry.repository.")
    }

    /// Whether its use may change something.
    pub fn is_change(self) -> bool {
        self.kind() == Kind::Change
            || matches!(
                self,
                Permission::AccountUpdate
                    | Permission::SessionManage
                    | Permission::TokenManage
                    | Permission::FactorManage
                    | Permission::CertificateManage
                    | Permission::DeviceManage
            )
    }
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
