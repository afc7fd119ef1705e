//! What was done, in words: the trail keeps the names that operations have in their own API.

use crate::api::audit::Outcome;

/// Those that no rule says well: the operation, what one wants to do, what one did, and what with. In the order of their names.
const SPECIAL: &[(&str, &str, &str, &str)] = &[
    ("AffectedList", "look", "looked", "at where a vulnerability is:"),
    ("AuditAlert", "fire", "fired", "an alert:"),
    ("AuditAlertCreate", "add", "added", "an alert"),
    ("AuditAlertDelete", "remove", "removed", "an alert"),
    ("AuditAlertList", "look", "looked", "at the alerts"),
    ("AuditAlertSend", "tell", "told", "of an alert:"),
    ("AuditAlertTry", "send", "sent", "a test of an alert"),
    ("AuditAlertUpdate", "change", "changed", "an alert"),
    ("AuditCount", "count", "counted", "records of the audit trail"),
    ("AuditExport", "export", "exported", "the audit trail"),
    ("AuditForwarding", "look", "looked", "at where the audit trail goes"),
    ("AuditGet", "look", "looked", "at an audit record"),
    ("AuditList", "look", "looked", "at the audit trail"),
    ("AuditProof", "look", "looked", "at the proof of the audit trail"),
    ("AuditPrune", "prune", "pruned", "records of the audit trail:"),
    ("AuditRuleApply", "apply", "applied", "the rules of the audit trail"),
    ("AuditRuleCreate", "add", "added", "a rule of the audit trail"),
    ("AuditRuleDelete", "remove", "removed", "a rule of the audit trail"),
    ("AuditRuleList", "look", "looked", "at the rules of the audit trail"),
    ("AuditSimulate", "try", "tried", "a change against the audit trail"),
    ("AuditVerify", "verify", "verified", "the audit trail"),
    ("AuditViewCreate", "keep", "kept", "a search"),
    ("AuditViewDelete", "forget", "forgot", "a search"),
    ("AuditViewList", "look", "looked", "at their searches"),
    ("BlobGet", "pull", "pulled", "blob"),
    ("BlobHead", "look", "looked", "for blob"),
    ("BundleCreate", "make", "made", "a client bundle"),
    ("Catalog", "list", "listed", "what can be pulled"),
    ("ContainerArchive", "copy", "copied", "files out of container"),
    ("ContainerExec", "prepare", "prepared", "a command in container"),
    ("ContainerOrigin", "look", "looked", "at where an image came from:"),
    ("ContainerTerminal", "open", "opened", "a terminal in container"),
    ("DeletionPreview", "look", "looked", "at what would go with image"),
    ("DeviceApprove", "let", "let", "a command line in"),
    ("DeviceDeny", "refuse", "refused", "a command line"),
    ("DeviceLook", "look", "looked", "at a command line that asks"),
    ("DeviceToken", "hand", "handed", "a command line its token"),
    ("EnginePullToken", "let", "let", "an engine pull image"),
    ("EventsFollow", "follow", "followed", "events"),
    ("ExecStart", "run", "ran", "a command in container"),
    ("FactorList", "look", "looked", "at their factors"),
    ("FactorRuleList", "look", "looked", "at which roles ask for a factor"),
    ("FactorRuleSet", "set", "set", "which roles ask for a factor"),
    ("Grpc", "open", "opened", "BuildKit's tunnel"),
    ("HubSearch", "search", "searched", "Docker Hub:"),
    ("ImageCommit", "commit", "committed", "container"),
    ("ImageCreate", "pull", "pulled", "image"),
    ("ImageGetAll", "save", "saved", "images"),
    ("ImageScan", "scan", "scanned", "image"),
    ("ImageSearch", "search", "searched", "for images:"),
    ("ManifestCopy", "copy", "copied", "image"),
    ("ManifestDelete", "delete", "deleted", "image"),
    ("ManifestDiff", "compare", "compared", "two images of repository"),
    ("ManifestGet", "read", "read", "the manifest of image"),
    ("ManifestHead", "look", "looked", "for image"),
    ("ManifestPut", "push", "pushed", "image"),
    ("Me", "look", "looked", "at their account"),
    ("NetworkConnect", "connect", "connected", "a container to network"),
    ("NetworkDisconnect", "disconnect", "disconnected", "a container from network"),
    ("Overview", "look", "looked", "at the overview"),
    ("PasskeyAdd", "add", "added", "a passkey to their factors"),
    ("PasskeySignIn", "sign", "signed", "in with a passkey"),
    ("PasskeyStart", "begin", "began", "to add a passkey"),
    ("PasswordChange", "change", "changed", "their password"),
    ("PutContainerArchive", "copy", "copied", "files into container"),
    ("RecordingCast", "open", "opened", "a recording"),
    ("RecordingEnd", "end", "ended", "a session"),
    ("RecordingGet", "look", "looked", "at a recording"),
    ("RecordingShown", "play", "played", "a recording"),
    ("RecordingWatch", "watch", "watched", "a session"),
    ("RecoveryRenew", "make", "made", "new recovery codes"),
    ("Referrers", "look", "looked", "at what speaks of image"),
    ("RegistryBase", "ask", "asked", "whether registries answer"),
    ("RegistryHookCreate", "add", "added", "webhook"),
    ("RegistryHookDelete", "remove", "removed", "webhook"),
    ("RegistryHookList", "look", "looked", "at the webhooks"),
    ("RegistryHookUpdate", "change", "changed", "webhook"),
    ("RegistryList", "list", "listed", "the registries"),
    ("RegistryQuotaCount", "count", "counted", "what the quotas hold"),
    ("RegistryRulesGet", "look", "looked", "at the registry's rules"),
    ("RegistryRulesUpdate", "change", "changed", "the registry's rules"),
    ("RegistryToken", "sign", "signed", "docker in:"),
    ("ReportPut", "send", "sent", "a scan report of image"),
    ("RepositoryList", "list", "listed", "the repositories"),
    ("RetentionDelete", "let go", "let go", "of image"),
    ("RetentionPlanGet", "look", "looked", "at what a retention rule would let go:"),
    ("RetentionPlanTags", "look", "looked", "at what a retention rule would let go:"),
    ("RetentionPreview", "work out", "worked out", "what a retention rule would let go:"),
    ("RetentionRuleCreate", "add", "added", "a retention rule:"),
    ("RetentionRuleDelete", "remove", "removed", "a retention rule:"),
    ("RetentionRuleList", "look", "looked", "at the retention rules"),
    ("RetentionRuleUpdate", "change", "changed", "a retention rule:"),
    ("RetentionRunList", "look", "looked", "at the runs of retention rules"),
    ("RetentionRunStart", "run", "ran", "a retention rule:"),
    ("RetentionStorage", "look", "looked", "at how the registry frees space"),
    ("RunList", "look", "looked", "at where an image runs:"),
    ("SecondFactor", "sign", "signed", "in with a second factor"),
    ("Session", "open", "opened", "BuildKit's session"),
    ("SettingsApply", "take over", "took over", "what the settings say:"),
    ("Setup", "make", "made", "the first administrator"),
    ("SignIn", "sign", "signed", "in"),
    ("SignOut", "sign", "signed", "out"),
    ("SwarmInit", "begin", "began", "a swarm"),
    ("SwarmJoin", "join", "joined", "a swarm"),
    ("SwarmLeave", "leave", "left", "the swarm"),
    ("SwarmUnlock", "unlock", "unlocked", "the swarm"),
    ("SwarmUnlockkey", "look", "looked", "at the key that unlocks the swarm"),
    ("SystemAuth", "sign", "signed", "in to a registry"),
    ("SystemDataUsage", "measure", "measured", "the disk's use"),
    ("SystemEvents", "follow", "followed", "events"),
    ("SystemInfo", "ask", "asked", "about the engine"),
    ("SystemPing", "ask", "asked", "whether it answers"),
    ("SystemPingHead", "ask", "asked", "whether it answers"),
    ("SystemVersion", "ask", "asked", "for the version"),
    ("TagDelete", "delete", "deleted", "tag"),
    ("TagList", "list", "listed", "the tags of repository"),
    ("TotpAdd", "add", "added", "an authenticator app to their factors"),
    ("TotpStart", "begin", "began", "to add an authenticator app"),
    ("TwoPeople", "ask", "asked", "as two people at once"),
    ("Unauthenticated", "ask", "asked", "without a credential"),
    ("Unclassified", "ask", "asked", "for something unknown"),
    ("UploadCancel", "cancel", "cancelled", "an upload to repository"),
    ("UploadChunk", "send", "sent", "a part of an upload to repository"),
    ("UploadFinish", "finish", "finished", "an upload to repository"),
    ("UploadStart", "begin", "began", "an upload to repository"),
    ("UploadStatus", "ask", "asked", "how far an upload is:"),
    ("UserFactorsReset", "remove", "removed", "all second factors of"),
    ("VulnerabilityList", "look", "looked", "at what is known of image"),
];

/// What the end of a name says, in the same order; what stands before it is the thing.
const VERBS: &[(&str, &str, &str, &str)] = &[
    ("ArchiveInfo", "look", "looked", "at a file in"),
    ("Attach", "attach", "attached", "to"),
    ("Build", "build", "built", ""),
    ("Changes", "look", "looked", "at what changed in"),
    ("Commit", "commit", "committed", ""),
    ("Connect", "connect", "connected", ""),
    ("Create", "create", "created", ""),
    ("Delete", "remove", "removed", ""),
    ("Disable", "disable", "disabled", ""),
    ("Disconnect", "disconnect", "disconnected", ""),
    ("Enable", "enable", "enabled", ""),
    ("Export", "export", "exported", ""),
    ("History", "look", "looked", "at the history of"),
    ("Inspect", "look", "looked", "at"),
    ("Kill", "kill", "killed", ""),
    ("List", "list", "listed", ""),
    ("Load", "load", "loaded", ""),
    ("LogDownload", "save", "saved", "the log of"),
    ("Logs", "read", "read", "the log of"),
    ("Pause", "pause", "paused", ""),
    ("Prune", "prune", "pruned", ""),
    ("Pull", "pull", "pulled", ""),
    ("Push", "push", "pushed", ""),
    ("Remove", "remove", "removed", ""),
    ("Rename", "rename", "renamed", ""),
    ("Resize", "resize", "resized", "the terminal of"),
    ("Restart", "restart", "restarted", ""),
    ("Revoke", "revoke", "revoked", ""),
    ("Start", "start", "started", ""),
    ("Stats", "watch", "watched", "the use of"),
    ("Stop", "stop", "stopped", ""),
    ("Tag", "tag", "tagged", ""),
    ("Test", "test", "tested", ""),
    ("Top", "look", "looked", "at the processes of"),
    ("Unpause", "resume", "resumed", ""),
    ("Update", "change", "changed", ""),
    ("Usage", "look", "looked", "at the use of"),
    ("Wait", "wait", "waited", "for"),
];

/// What somebody did who is named before it: `created volume`; or `wanted to create volume`, if it was not done. `permission` tells
/// apart what two doors call alike.
pub fn did(operation: &str, permission: &str, outcome: Outcome) -> String {
    did_to(operation, permission, outcome, "").trim_end_matches(':').to_owned()
}

/// The same, and what it was done to.
pub(super) fn did_to(operation: &str, permission: &str, outcome: Outcome, object: &str) -> String {
    let (want, past, rest) = words(operation, permission);
    let told = match outcome {
        // Whoever asked has asked, whatever the answer was.
        Outcome::Denied if want != "ask" => format!("wanted to {want}"),
        Outcome::Failed | Outcome::Unknown if want != "ask" => format!("tried to {want}"),
        _ => past.to_owned(),
    };
    let told = match (operation, object) {
        ("Unauthenticated", path) if !path.is_empty() => format!("{told} for {path} {rest}"),
        _ => format!("{told} {rest} {object}"),
    };
    told.trim_end().to_owned()
}

/// The verb in both forms, and the rest.
fn words(operation: &str, permission: &str) -> (&'static str, &'static str, String) {
    if let Some((_, want, past, rest)) = SPECIAL.iter().find(|(name, ..)| *name == operation) {
        return (want, past, (*rest).to_owned());
    }
    if let Some(thing) = operation.strip_suffix("Get") {
        let exported = permission.ends_with(".export");
        return if exported { ("save", "saved", spaced(thing)) } else { ("look", "looked", format!("at {}", spaced(thing))) };
    }
    // The longest that fits: `Unpause` is no `Pause`.
    let found = VERBS.iter().filter_map(|row| Some((operation.strip_suffix(row.0)?, row)));
    let longest = found.filter(|(thing, _)| !thing.is_empty()).max_by_key(|(_, (end, ..))| end.len());
    let Some((thing, (end, want, past, rest))) = longest else { return ("ask", "asked", format!("for {}", spaced(operation))) };
    let many = if matches!(*end, "List" | "Prune") { "s" } else { "" };
    (want, past, format!("{rest} {}{many}", spaced(thing)).trim_start().to_owned())
}

/// The same at the beginning of a line.
pub fn deed(operation: &str, permission: &str, outcome: Outcome) -> String {
    let words = did(operation, permission, outcome);
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
    use super::{Outcome, SPECIAL, deed, did, did_to};

    #[test]
    fn special_words_are_in_order_and_once() {
        assert!(SPECIAL.is_sorted_by(|one, next| one.0 < next.0));
    }

    #[test]
    fn operations_on_registries_have_words() {
        for (operation, object, words) in [
            ("RegistryCreate", "hub", "created registry hub"),
            ("RepositoryList", "", "listed the repositories"),
            ("TagList", "hub/team/app", "listed the tags of repository hub/team/app"),
            ("ManifestPut", "hub/team/app:1", "pushed image hub/team/app:1"),
            ("ManifestGet", "hub/team/app:1", "read the manifest of image hub/team/app:1"),
            ("HubSearch", "redis", "searched Docker Hub: redis"),
            ("RetentionDelete", "hub/app@sha256:0a", "let go of image hub/app@sha256:0a"),
            ("BlobDelete", "hub/app@sha256:0a", "removed blob hub/app@sha256:0a"),
        ] {
            assert_eq!(did_to(operation, "", Outcome::Ok, object), words, "{operation}");
        }
        assert_eq!(did("HubSearch", "", Outcome::Denied), "wanted to search Docker Hub");
    }

    #[test]
    fn operations_have_words() {
        for (operation, permission, words) in [
            ("VolumeCreate", "engine.volume.create", "created volume"),
            ("ContainerUnpause", "engine.container.pause", "resumed container"),
            ("ContainerPause", "engine.container.pause", "paused container"),
            ("ContainerList", "engine.container.list", "listed containers"),
            ("ImageGet", "engine.image.inspect", "looked at image"),
            ("ImageGet", "engine.image.export", "saved image"),
            ("NetworkDisconnect", "engine.network.connect", "disconnected a container from network"),
            ("SignIn", "account.self.view", "signed in"),
            ("SwarmInit", "engine.swarm.manage", "began a swarm"),
            ("AuditAlert", "system.audit.manage", "fired an alert"),
            ("ContainerTop", "engine.container.top", "looked at the processes of container"),
        ] {
            assert_eq!(did(operation, permission, Outcome::Ok), words, "{operation}");
        }
        assert_eq!(deed("VolumeCreate", "", Outcome::Ok), "Created volume");
    }

    #[test]
    fn what_was_not_done_is_not_told_as_done() {
        assert_eq!(deed("SignIn", "", Outcome::Denied), "Wanted to sign in");
        assert_eq!(did("ImageCreate", "", Outcome::Failed), "tried to pull image");
        assert_eq!(did("ContainerStop", "", Outcome::Unknown), "tried to stop container");
        assert_eq!(did("Unauthenticated", "", Outcome::Denied), "asked without a credential");
    }

    #[test]
    fn what_it_was_done_to_stands_where_it_belongs() {
        let to = |operation, object| did_to(operation, "", Outcome::Ok, object);
        assert_eq!(to("ExecStart", "mine"), "ran a command in container mine");
        assert_eq!(to("Unauthenticated", "/api/v1/me"), "asked for /api/v1/me without a credential");
        assert_eq!(to("SettingsApply", "mira"), "took over what the settings say: mira");
    }
}
