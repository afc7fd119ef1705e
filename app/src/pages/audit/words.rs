//! What was done, in words: the trail keeps the names that operations have in their own API.

/// Those that no rule says well.
const SPECIAL: &[(&str, &str)] = &[
    ("AuditList", "looked at the audit trail"),
    ("ContainerArchive", "copied files out of container"),
    ("ContainerExec", "prepared a command in container"),
    ("ContainerTerminal", "opened a terminal in container"),
    ("EventsFollow", "followed events"),
    ("ExecStart", "ran a command"),
    ("Grpc", "opened BuildKit's tunnel"),
    ("ImageCreate", "pulled image"),
    ("ImageGetAll", "saved images"),
    ("Me", "looked at their account"),
    ("Overview", "looked at the overview"),
    ("PasswordChange", "changed their password"),
    ("PutContainerArchive", "copied files into container"),
    ("Session", "opened BuildKit's session"),
    ("Setup", "made the first administrator"),
    ("SignIn", "signed in"),
    ("SignOut", "signed out"),
    ("SystemAuth", "signed in to a registry"),
    ("SystemDataUsage", "measured the disk's use"),
    ("SystemEvents", "followed events"),
    ("SystemInfo", "asked about the engine"),
    ("SystemPing", "asked whether it answers"),
    ("SystemPingHead", "asked whether it answers"),
    ("SystemVersion", "asked for the version"),
    ("Unauthenticated", "asked without a credential"),
    ("Unclassified", "asked for something unknown"),
];

/// The verb at the end of a name; what stands before it is the thing.
const VERBS: &[(&str, &str)] = &[
    ("ArchiveInfo", "looked at a file in"),
    ("Attach", "attached to"),
    ("Build", "built"),
    ("Changes", "looked at what changed in"),
    ("Commit", "committed"),
    ("Connect", "connected"),
    ("Create", "created"),
    ("Delete", "removed"),
    ("Disable", "disabled"),
    ("Disconnect", "disconnected"),
    ("Enable", "enabled"),
    ("Export", "exported"),
    ("History", "looked at the history of"),
    ("Inspect", "looked at"),
    ("Kill", "killed"),
    ("List", "listed"),
    ("Load", "loaded"),
    ("LogDownload", "saved the log of"),
    ("Logs", "read the log of"),
    ("Pause", "paused"),
    ("Prune", "pruned"),
    ("Pull", "pulled"),
    ("Push", "pushed"),
    ("Remove", "removed"),
    ("Rename", "renamed"),
    ("Resize", "resized the terminal of"),
    ("Restart", "restarted"),
    ("Revoke", "revoked"),
    ("Start", "started"),
    ("Stats", "watched the use of"),
    ("Stop", "stopped"),
    ("Tag", "tagged"),
    ("Test", "tested"),
    ("Top", "looked at the processes of"),
    ("Unpause", "resumed"),
    ("Update", "changed"),
    ("Usage", "looked at the use of"),
    ("Wait", "waited for"),
];

/// What somebody did who is named before it: `created volume`. `permission` tells apart what two doors call alike.
pub fn did(operation: &str, permission: &str) -> String {
    if let Some((_, words)) = SPECIAL.iter().find(|(name, _)| *name == operation) {
        return (*words).to_owned();
    }
    if let Some(thing) = operation.strip_suffix("Get") {
        let verb = if permission.ends_with(".export") { "saved" } else { "looked at" };
        return format!("{verb} {}", spaced(thing));
    }
    // The longest that fits: `Unpause` is no `Pause`.
    let found = VERBS.iter().filter_map(|(end, verb)| Some((operation.strip_suffix(end)?, *end, *verb)));
    match found.filter(|(thing, ..)| !thing.is_empty()).max_by_key(|(_, end, _)| end.len()) {
        Some((thing, "List" | "Prune", verb)) => format!("{verb} {}s", spaced(thing)),
        Some((thing, _, verb)) => format!("{verb} {}", spaced(thing)),
        None => spaced(operation),
    }
}

/// The same at the beginning of a line.
pub fn deed(operation: &str, permission: &str) -> String {
    let words = did(operation, permission);
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// `SwarmInit` as `swarm init`.
fn spaced(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{deed, did};

    #[test]
    fn operations_have_words() {
        for (operation, permission, words) in [
            ("VolumeCreate", "engine.volume.create", "created volume"),
            ("ContainerUnpause", "engine.container.pause", "resumed container"),
            ("ContainerPause", "engine.container.pause", "paused container"),
            ("ContainerList", "engine.container.list", "listed containers"),
            ("ImageGet", "engine.image.inspect", "looked at image"),
            ("ImageGet", "engine.image.export", "saved image"),
            ("NetworkDisconnect", "engine.network.connect", "disconnected network"),
            ("SignIn", "account.self.view", "signed in"),
            ("SwarmInit", "engine.swarm.manage", "swarm init"),
            ("", "", ""),
        ] {
            assert_eq!(did(operation, permission), words, "{operation}");
        }
        assert_eq!(deed("VolumeCreate", ""), "Created volume");
    }
}
