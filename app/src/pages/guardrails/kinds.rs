//! The kinds of rules: what each is called, and what can be set of it.

use serde_json::{Map, Value};

use crate::api::guardrails::Rule;

/// Something of a rule that is set in a form.
pub(super) struct Setting {
    /// Its name in the rule.
    pub name: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
    pub form: Form,
}

/// How a setting is filled in.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Form {
    /// One a line; with an example.
    List(&'static str),
    Number,
    Flag,
    /// Public keys as PEM, one after the other.
    Keys,
    /// One of these, each with its words.
    OneOf(&'static [(&'static str, &'static str)]),
}

const SEVERITIES: &[(&str, &str)] =
    &[("unknown", "None"), ("low", "Low"), ("medium", "Medium"), ("high", "High"), ("critical", "Critical: all are let through")];

/// A kind of rule.
pub(super) struct RuleKind {
    pub name: &'static str,
    pub words: &'static str,
    pub about: &'static str,
    pub settings: &'static [Setting],
}

const fn list(name: &'static str, label: &'static str, example: &'static str, hint: &'static str) -> Setting {
    Setting { name, label, hint, form: Form::List(example) }
}

const fn flag(name: &'static str, label: &'static str, hint: &'static str) -> Setting {
    Setting { name, label, hint, form: Form::Flag }
}

const fn number(name: &'static str, label: &'static str, hint: &'static str) -> Setting {
    Setting { name, label, hint, form: Form::Number }
}

#[rustfmt::skip]
pub(super) const KINDS: &[RuleKind] = &[
    RuleKind { name: "privileged", words: "Privileged", about: "No privileged containers, no privileged programs in them, no plugins.", settings: &[] },
    RuleKind { name: "host_mounts", words: "Host mounts", about: "Nothing of the host's is mounted, in whatever way.", settings: &[
        list("allowed_paths", "Paths that may be mounted", "/srv/data\n/usr/share:ro", "With what is beneath them. :ro behind one allows it to be read only."),
        list("allowed_volumes", "Volumes besides plain ones", "nfs", "File systems that the local driver may mount, and other volume drivers."),
    ] },
    RuleKind { name: "namespaces", words: "Namespaces", about: "No namespaces of the host's, nor of other containers.", settings: &[
        list("allowed", "Those of the host's that may be shared", "network", "network, pid, ipc, uts, user, cgroup."),
        flag("containers", "Those of other containers may be shared", "--network container:web and the like."),
    ] },
    RuleKind { name: "capabilities", words: "Capabilities", about: "No capability is added.", settings: &[
        list("allowed", "Those that may be added", "NET_ADMIN", "What the engine gives by itself is not judged."),
    ] },
    RuleKind { name: "devices", words: "Devices", about: "No devices of the host's.", settings: &[
        list("allowed", "Those that may be used", "/dev/snd\ngpu", "Paths with what is beneath them, and names of other resources."),
    ] },
    RuleKind { name: "security_options", words: "Security options", about: "Nothing that guards a container is loosened.", settings: &[
        list("allowed", "Options that may be set", "apparmor=my-profile", "As docker takes them: key=value."),
    ] },
    RuleKind { name: "sysctls", words: "Kernel settings", about: "No kernel settings are changed.", settings: &[
        list("allowed", "Those that may be", "net.ipv4.*", "* is any text."),
    ] },
    RuleKind { name: "runtimes", words: "Runtimes", about: "No runtime but the engine's own.", settings: &[
        list("allowed", "Others that may be used", "runsc", "By the names that the engine has for them."),
    ] },
    RuleKind { name: "log_drivers", words: "Log drivers", about: "No log driver but the engine's own: others send to addresses.", settings: &[
        list("allowed", "Others that may be used", "json-file", "By name. What is told to one that is allowed, such as an address, is not judged."),
    ] },
    RuleKind { name: "images", words: "Images", about: "Only images of these names are pulled and run.", settings: &[
        list("allowed", "Patterns of names", "docker.io/library/*\nregistry.example/**", "* is any text without a slash, ** any text. With :tag or @sha256:... behind it that must fit, too."),
        flag("require_digest", "A name must carry a digest", "What runs is then what was named, whatever the tag says later."),
        flag("local_names", "Images may be built, tagged, committed, imported and loaded", "They can take any name, so also one that is allowed."),
    ] },
    RuleKind { name: "limits", words: "Limits", about: "What is started has limits, and they are no larger than these.", settings: &[
        number("memory_mib", "Memory, in MiB", "Empty: no limit is asked for."),
        number("cpu_milli", "Processors, in thousandths", "1500 is one and a half."),
        number("pids", "Processes", "Empty: no limit is asked for."),
    ] },
    RuleKind { name: "ports", words: "Published ports", about: "No ports of the host's are published but these.", settings: &[
        list("allowed", "Ports that may be published", "443\n8000-8999", "Ports and ranges."),
        flag("random", "The engine may pick one", "As with --publish 80 and --publish-all."),
    ] },
    RuleKind { name: "restart_policies", words: "Restart policies", about: "No restart policies but these.", settings: &[
        list("allowed", "Those that may be used", "no\non-failure", "no, on-failure, unless-stopped, always."),
    ] },
    RuleKind { name: "labels", words: "Required labels", about: "What is started carries these labels.", settings: &[
        list("required", "Labels", "owner\ntier=web-*", "A name, or name=pattern."),
    ] },
    RuleKind { name: "users", words: "Not root", about: "Nothing runs as root: a user is named by a number that is not 0.", settings: &[] },
    RuleKind { name: "networks", words: "New networks", about: "No networks are made but with these drivers.", settings: &[
        list("allowed_drivers", "Drivers", "bridge", "By name."),
        flag("internal_only", "They must be cut off from the outside", "Containers on them reach each other, and nothing else."),
    ] },
    RuleKind { name: "swarm", words: "Swarm services", about: "What only services can ask for.", settings: &[
        flag("global", "A service may run on every node", "In the mode global."),
        flag("host_ports", "Ports may be published on the nodes themselves", "Round the mesh that all nodes share."),
        number("max_replicas", "Most replicas", "Empty: any number."),
        list("constraints", "Placement constraints each must have", "node.role==worker", "Word by word."),
    ] },
    RuleKind { name: "signed", words: "Signed images", about: "No images are pulled or run but those that one of these has signed.", settings: &[
        Setting { name: "keys", label: "Public keys", hint: "As PEM, one after the other: cosign.pub.", form: Form::Keys },
        list("identities", "Identities", "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main https://token.actions.githubusercontent.com", "Whom a certificate names, a space, and who says so. The settings name the trusted root."),
    ] },
    RuleKind { name: "vulnerabilities", words: "Known holes", about: "No images are pulled or run with known holes that are worse than allowed.", settings: &[
        Setting { name: "worst", label: "The worst that is let through", hint: "A hole of unknown severity counts as the least.", form: Form::OneOf(SEVERITIES) },
        list("exceptions", "Holes that are let through all the same", "CVE-2026-1234 until 2026-12-31", "A name, or a name until a day."),
        flag("unscanned", "Images that nobody has scanned are let through", "Without it they are refused."),
        number("max_age_days", "How old the newest report may be, in days", "Empty: any age."),
    ] },
];

/// The kind of this name; the first for one that is not known.
pub(super) fn of_name(name: &str) -> &'static RuleKind {
    KINDS.iter().find(|kind| kind.name == name).unwrap_or(&KINDS[0])
}

/// A rule as its kind and the values of its settings.
pub(super) fn taken_apart(rule: &Rule) -> (&'static RuleKind, Map<String, Value>) {
    let map = serde_json::to_value(rule).ok().and_then(|value| value.as_object().cloned()).unwrap_or_default();
    (of_name(map.get("kind").and_then(Value::as_str).unwrap_or_default()), map)
}

/// The rule in a few words.
pub(super) fn summary(rule: &Rule) -> String {
    let (kind, values) = taken_apart(rule);
    let mut parts = Vec::new();
    for setting in kind.settings {
        match (setting.form, values.get(setting.name)) {
            (Form::List(_), Some(Value::Array(items))) if !items.is_empty() => {
                parts.push(items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "));
            }
            (Form::Number, Some(Value::Number(number))) => parts.push(format!("{}: {number}", setting.label.to_lowercase())),
            (Form::Flag, Some(Value::Bool(true))) => parts.push(setting.label.to_lowercase()),
            (Form::Keys, Some(Value::Array(keys))) if !keys.is_empty() => parts.push(format!("{}: {}", setting.label.to_lowercase(), keys.len())),
            (Form::OneOf(choices), Some(Value::String(chosen))) => {
                let words = choices.iter().find(|(name, _)| name == chosen).map_or(chosen.as_str(), |(_, words)| words);
                parts.push(format!("{}: {}", setting.label.to_lowercase(), words.to_lowercase()));
            }
            _ => {}
        }
    }
    if parts.is_empty() { kind.about.to_owned() } else { parts.join("; ") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_and_every_setting_of_a_rule_has_its_place_in_the_form() {
        assert_eq!(KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>(), crate::api::guardrails::KINDS);
        for kind in KINDS {
            let rule: Rule = serde_json::from_value(json!({ "kind": kind.name })).unwrap();
            let (found, values) = taken_apart(&rule);
            assert_eq!(found.name, kind.name);
            let mut settings: Vec<&str> = kind.settings.iter().map(|setting| setting.name).collect();
            settings.push("kind");
            settings.sort_unstable();
            let mut names: Vec<&str> = values.keys().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, settings, "{}", kind.name);
        }
    }

    #[test]
    fn a_rule_has_a_few_words() {
        let rule = Rule::Ports { allowed: vec!["443".into(), "8000-8999".into()], random: true };
        assert_eq!(summary(&rule), "443, 8000-8999; the engine may pick one");
        assert_eq!(summary(&Rule::Limits { memory_mib: Some(512), cpu_milli: None, pids: None }), "memory, in mib: 512");
        assert!(summary(&Rule::Privileged {}).starts_with("No privileged"));
        assert_eq!(summary(&Rule::Signed { keys: vec!["x".into(), "y".into()], identities: vec![] }), "public keys: 2");
        let rule: Rule = serde_json::from_value(json!({ "kind": "vulnerabilities", "worst": "high" })).unwrap();
        assert_eq!(summary(&rule), "the worst that is let through: high");
    }
}
