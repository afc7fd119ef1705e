//! What webhooks of a registry are told: events in the shape of the distribution project's notifications, made of the trail's records.

use pilothouse_app::api::registry_rules::RegistryEvent;
use serde::Serialize;

use super::rules::covers;
use crate::{audit::Change, clock, store::audit::AuditRow};

/// What a message is called.
pub const MEDIA: &str = "application/vnd.docker.distribution.events.v1+json";

/// The operation whose records name further tags in their fields.
const COPY: &str = "ManifestCopy";

/// One message: `{"events": [...]}`.
#[derive(Debug, Serialize)]
pub struct Envelope {
    pub events: Vec<Event>,
}

/// Something that changed.
#[derive(Debug, Eq, PartialEq, Serialize)]
pub struct Event {
    /// The trail's record, and for a further tag of it `/` and that: the same each time that it is told of.
    pub id: String,
    pub timestamp: String,
    pub action: RegistryEvent,
    pub target: Target,
    pub request: Request,
    pub actor: Actor,
    pub source: Source,
}

#[derive(Debug, Default, Eq, PartialEq, Serialize)]
pub struct Target {
    pub repository: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tag: String,
    /// What it is, or was before it was deleted.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// What a tag meant before it was moved.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub previous: String,
    /// How it is pulled.
    pub url: String,
}

#[derive(Debug, Eq, PartialEq, Serialize)]
pub struct Request {
    pub id: String,
    pub addr: String,
    pub useragent: String,
}

#[derive(Debug, Eq, PartialEq, Serialize)]
pub struct Actor {
    pub name: String,
}

#[derive(Debug, Eq, PartialEq, Serialize)]
pub struct Source {
    /// The registry, as Pilothouse calls it.
    pub registry: String,
}

/// What somebody wants to be told of.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub registry: String,
    pub prefix: String,
    pub events: Vec<RegistryEvent>,
    /// Where Pilothouse is, for addresses.
    pub external_url: String,
}

/// The repository, and the tag or the digest of an object.
fn parts<'a>(registry: &str, object: &'a str) -> Option<(&'a str, &'a str, bool)> {
    let rest = object.strip_prefix(registry)?.strip_prefix('/')?;
    match rest.split_once('@') {
        Some((repository, digest)) => Some((repository, digest, true)),
        None => rest.split_once(':').map(|(repository, tag)| (repository, tag, false)),
    }
}

impl Wanted {
    /// What a record is to them: only what was done, and changed a tag or a manifest. Mostly that is one event. A copy may have set tags beside its
    /// own, too, such as a signature's.
    pub fn events(&self, record: &AuditRow) -> Vec<Event> {
        if record.end.outcome != "ok" || record.target != self.registry || !record.permission.starts_with("registry.repository.") {
            return Vec::new();
        }
        let Some((repository, reference, is_digest)) = parts(&self.registry, &record.object) else { return Vec::new() };
        if !covers(&self.prefix, repository) {
            return Vec::new();
        }
        let changes: Vec<Change> = serde_json::from_str(&record.end.changes).unwrap_or_default();
        let mut events = Vec::new();
        // Blobs, which are no more than parts, have another field.
        if let Some(change) = changes.iter().find(|change| matches!(change.field.as_str(), "digest" | "tag")) {
            let tag = if is_digest { "" } else { reference };
            events.extend(self.event(record, repository, tag, change, record.id.to_string()));
        }
        if record.operation == COPY {
            for change in changes.iter().filter(|change| change.field != "digest") {
                events.extend(self.event(record, repository, &change.field, change, format!("{}/{}", record.id, change.field)));
            }
        }
        events
    }

    /// One change as an event, if it is one of those that are wanted.
    fn event(&self, record: &AuditRow, repository: &str, tag: &str, change: &Change, id: String) -> Option<Event> {
        let (action, digest, previous) = match (change.before.clone(), change.after.clone()) {
            (None, Some(now)) => (RegistryEvent::Push, now, String::new()),
            (Some(before), Some(now)) if before == now => return None,
            (Some(before), Some(now)) => (RegistryEvent::Tag, now, before),
            (Some(before), None) => (RegistryEvent::Delete, before, String::new()),
            (None, None) => return None,
        };
        if !self.events.contains(&action) {
            return None;
        }
        let url = format!("{}/v2/{}/{repository}/manifests/{digest}", self.external_url, self.registry);
        Some(Event {
            id,
            timestamp: clock::text(record.end.ended_at.unwrap_or(record.at)),
            action,
            target: Target { repository: repository.to_owned(), tag: tag.to_owned(), digest, previous, url },
            request: Request { id: record.id.to_string(), addr: record.address.clone(), useragent: record.client.clone() },
            actor: Actor { name: record.username.clone() },
            source: Source { registry: self.registry.clone() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{audit::field, store::audit::EndRow};

    fn wanted(prefix: &str, events: &[RegistryEvent]) -> Wanted {
        Wanted { registry: "hub".into(), prefix: prefix.into(), events: events.to_vec(), external_url: "https://house.example".into() }
    }

    fn record(object: &str, change: Change) -> AuditRow {
        let changes = serde_json::to_string(&[change]).unwrap();
        AuditRow {
            id: 7,
            username: "ana".into(),
            target: "hub".into(),
            permission: "registry.repository.push".into(),
            object: object.into(),
            end: EndRow { outcome: "ok".into(), changes, ended_at: Some(1_795_000_000_123), ..EndRow::default() },
            ..AuditRow::default()
        }
    }

    const ALL: &[RegistryEvent] = &[RegistryEvent::Push, RegistryEvent::Tag, RegistryEvent::Delete];

    #[test]
    fn what_was_changed_says_what_it_is() {
        let action = |object: &str, change| wanted("", ALL).events(&record(object, change)).pop().map(|event| (event.action, event.target));
        let (action_is, target) = action("hub/team/x:v1", field("digest", None, Some("sha256:a"))).unwrap();
        assert_eq!(
            (action_is, target.repository.as_str(), target.tag.as_str(), target.digest.as_str()),
            (RegistryEvent::Push, "team/x", "v1", "sha256:a")
        );
        let (action_is, target) = action("hub/team/x:v1", field("digest", Some("sha256:a"), Some("sha256:b"))).unwrap();
        assert_eq!((action_is, target.digest.as_str(), target.previous.as_str()), (RegistryEvent::Tag, "sha256:b", "sha256:a"));
        let (action_is, target) = action("hub/team/x@sha256:a", field("digest", Some("sha256:a"), None)).unwrap();
        assert_eq!((action_is, target.tag.as_str(), target.digest.as_str()), (RegistryEvent::Delete, "", "sha256:a"));
        assert_eq!(action("hub/team/x@sha256:a", field("blob", None, Some("sha256:a"))), None, "a blob is a part");
        assert_eq!(action("other/team/x:v1", field("digest", None, Some("sha256:a"))), None);
    }

    #[test]
    fn only_what_was_done_and_is_wanted_is_told() {
        let pushed = record("hub/team/x:v1", field("digest", None, Some("sha256:a")));
        assert!(wanted("team", ALL).events(&pushed).len() == 1 && wanted("tea", ALL).events(&pushed).is_empty());
        assert!(wanted("", &[RegistryEvent::Delete]).events(&pushed).is_empty());
        let failed = AuditRow { end: EndRow { outcome: "failed".into(), ..pushed.end.clone() }, ..pushed };
        assert!(wanted("", ALL).events(&failed).is_empty());
    }

    #[test]
    fn a_copy_tells_of_each_tag_that_it_set() {
        let changes = [field("sha256-a.sig", None, Some("sha256:s")), field("digest", None, Some("sha256:a"))];
        let mut copied = record("hub/team/x:v1", field("digest", None, None));
        copied.operation = COPY.to_owned();
        copied.end.changes = serde_json::to_string(&changes).unwrap();
        let told: Vec<(String, String, String)> =
            wanted("", ALL).events(&copied).into_iter().map(|event| (event.id, event.target.tag, event.target.digest)).collect();
        let of = |id: &str, tag: &str, digest: &str| (id.to_owned(), tag.to_owned(), digest.to_owned());
        assert_eq!(told, [of("7", "v1", "sha256:a"), of("7/sha256-a.sig", "sha256-a.sig", "sha256:s")]);
    }

    #[test]
    fn what_retention_let_go_is_told() {
        let mut gone = record("hub/team/x@sha256:a", field("digest", Some("sha256:a"), None));
        (gone.operation, gone.permission) = ("RetentionDelete".to_owned(), "registry.repository.delete".to_owned());
        gone.end.changes = serde_json::to_string(&[field("digest", Some("sha256:a"), None), field("tags", Some("v1, v2"), None)]).unwrap();
        let told = wanted("", ALL).events(&gone);
        assert_eq!((told.len(), told[0].action, told[0].target.digest.as_str()), (1, RegistryEvent::Delete, "sha256:a"));
    }
}
