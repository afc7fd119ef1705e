//! Permissions in groups: by what they are about, and by what they come to.

/// What a permission is about: `engine.container` of `engine.container.start`.
pub(crate) fn area_of(permission: &str) -> &str {
    permission.rsplit_once('.').map_or(permission, |(area, _)| area)
}

fn area_words(area: &str) -> &str {
    match area {
        "engine.system" => "The engine",
        "engine.container" => "Containers",
        "engine.image" => "Images",
        "engine.buildkit" => "BuildKit",
        "engine.volume" => "Volumes",
        "engine.network" => "Networks",
        "engine.plugin" => "Plugins",
        "engine.swarm" => "Swarm",
        "engine.node" => "Nodes",
        "engine.service" => "Services",
        "engine.task" => "Tasks",
        "engine.secret" => "Secrets",
        "engine.config" => "Configs",
        "registry.registry" => "Registries",
        "registry.rules" => "Rules of registries",
        "registry.hook" => "Webhooks of registries",
        "registry.repository" => "Repositories",
        "system.engine" => "Pilothouse: engines",
        "system.user" => "Pilothouse: people",
        "system.team" => "Pilothouse: teams",
        "system.robot" => "Pilothouse: robots",
        "system.role" => "Pilothouse: roles",
        "system.grant" => "Pilothouse: grants",
        "system.audit" => "Pilothouse: audit",
        "system.access" => "Pilothouse: access",
        "system.guardrail" => "Pilothouse: guardrails",
        "system.provider" => "Pilothouse: sign-in providers",
        "system.factor" => "Pilothouse: second factors",
        other => other,
    }
}

/// `items` by what they are about, in the order in which they come.
pub(crate) fn by_area<T>(items: impl IntoIterator<Item = T>, name: impl Fn(&T) -> &str) -> Vec<(String, Vec<T>)> {
    let mut areas: Vec<(String, Vec<T>)> = Vec::new();
    for item in items {
        let words = area_words(area_of(name(&item))).to_owned();
        match areas.iter_mut().find(|(area, _)| *area == words) {
            Some((_, of_area)) => of_area.push(item),
            None => areas.push((words, vec![item])),
        }
    }
    areas
}

/// What permissions come to, from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    See,
    Logs,
    Operate,
    Exec,
    Deploy,
    Manage,
}

impl Group {
    pub(crate) const ALL: [Self; 6] = [Self::See, Self::Logs, Self::Operate, Self::Exec, Self::Deploy, Self::Manage];

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::See => "See",
            Self::Logs => "Logs",
            Self::Operate => "Operate",
            Self::Exec => "Go inside",
            Self::Deploy => "Deploy",
            Self::Manage => "Manage",
        }
    }

    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::See => "what runs, and its figures",
            Self::Logs => "what containers and services write",
            Self::Operate => "start, stop, restart, pause",
            Self::Exec => "terminals, files and environment variables of containers",
            Self::Deploy => "create, change and remove",
            Self::Manage => "what reaches the host or all of Pilothouse",
        }
    }

    /// The group of the permission of this name.
    pub(crate) fn of(permission: &str) -> Self {
        let mut parts = permission.split('.');
        let (kind, resource, verb) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        match (resource, verb) {
            _ if kind == "system" => Self::Manage,
            // Where a registry is, is about Pilothouse; what is in it is not.
            ("registry", verb) if verb != "view" => Self::Manage,
            ("rules" | "hook", "manage") => Self::Manage,
            (_, "view" | "pull") if kind == "registry" => Self::See,
            ("swarm" | "buildkit", _) | ("node", "update" | "remove") | ("plugin", "manage") => Self::Manage,
            ("image", "load" | "import") | ("container", "checkpoint") => Self::Manage,
            (_, "logs") => Self::Logs,
            ("container", "exec" | "attach" | "copy" | "export" | "environment") => Self::Exec,
            (_, "start" | "stop" | "restart" | "kill" | "pause") => Self::Operate,
            // What configs hold is shown by their list.
            ("config", _) => Self::Deploy,
            (_, "list" | "inspect" | "info" | "events" | "stats" | "processes" | "changes" | "wait") => Self::See,
            _ => Self::Deploy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Group, by_area};

    #[test]
    fn permissions_stand_with_their_like() {
        let areas = by_area(["engine.container.start", "system.user.list", "engine.container.stop"], |name| name);
        assert_eq!(
            areas,
            [
                ("Containers".to_owned(), vec!["engine.container.start", "engine.container.stop"]),
                ("Pilothouse: people".to_owned(), vec!["system.user.list"])
            ]
        );
    }

    #[test]
    fn what_reaches_further_is_in_a_later_group() {
        for (name, group) in [
            ("engine.container.list", Group::See),
            ("engine.service.logs", Group::Logs),
            ("engine.container.kill", Group::Operate),
            ("engine.container.exec", Group::Exec),
            ("engine.image.pull", Group::Deploy),
            ("engine.image.load", Group::Manage),
            ("engine.swarm.inspect", Group::Manage),
            ("registry.repository.pull", Group::See),
            ("registry.repository.push", Group::Deploy),
            ("registry.registry.update", Group::Manage),
            ("registry.rules.view", Group::See),
            ("registry.rules.manage", Group::Manage),
            ("registry.hook.manage", Group::Manage),
            ("system.user.list", Group::Manage),
        ] {
            assert_eq!(Group::of(name), group, "{name}");
        }
    }
}
