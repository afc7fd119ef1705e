//! Registries, as one page and another needs them: their names, and what one may do there as far as a page can tell. The server decides,
//! whatever this says.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::me::{Who, use_me};
use crate::api::registries::{Registry, RegistryList};
use crate::api::{Code, ListQuery, Page, Problem};
use crate::client::Client;

/// To see that a registry is there.
const SEE: &str = "registry.registry.view";

/// Where a right has to be held.
#[derive(Clone, Copy)]
pub enum Within<'a> {
    /// On any registry, or on a part of one.
    Any,
    /// On all of this registry.
    Whole(&'a str),
    /// On this registry, or on a part of it.
    PartOf(&'a str),
    /// On this repository of a registry.
    Repository(&'a str, &'a str),
}

impl Within<'_> {
    /// Whether a grant on `scope` may be about it. Which registries have a label is not known here.
    fn is_reached_by(self, scope: &str) -> bool {
        let Some(rest) = scope.strip_prefix("registry/") else {
            return scope == "all" || scope.contains('=');
        };
        let (name, prefix) = rest.split_once("/repository/").map_or((rest, None), |(name, prefix)| (name, Some(prefix)));
        match self {
            Self::Any => true,
            Self::Whole(registry) => name == registry && prefix.is_none(),
            Self::PartOf(registry) => name == registry,
            Self::Repository(registry, repository) => name == registry && prefix.is_none_or(|prefix| is_under(repository, prefix)),
        }
    }

    fn words(self) -> String {
        match self {
            Self::Any => "a registry".to_owned(),
            Self::Whole(registry) | Self::PartOf(registry) => format!("registry {registry}"),
            Self::Repository(registry, repository) => format!("{registry}/{repository}"),
        }
    }
}

/// Whether a repository is the one of this prefix, or below it.
fn is_under(repository: &str, prefix: &str) -> bool {
    repository.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Who {
    /// Whether one of `permissions` is held there.
    pub fn may_within(&self, permissions: &[&str], within: Within) -> bool {
        let mut held = self.0.grants.iter().filter(|grant| within.is_reached_by(&grant.scope)).flat_map(|grant| &grant.permissions);
        held.any(|permission| permissions.contains(&permission.as_str()))
    }

    /// Why one cannot look at it: none of `permissions` is held there.
    pub fn cannot_see(&self, permissions: &[&str], within: Within) -> Option<String> {
        (!self.may_within(permissions, within)).then(|| format!("you need {} on {}", permissions.join(" or "), within.words()))
    }

    /// Why it cannot be done: none of `permissions` is held there, or one looks with another's rights, and that changes nothing.
    pub fn cannot_change(&self, permissions: &[&str], within: Within) -> Option<String> {
        let looking = || self.viewer().is_some().then(|| "go back to your own rights first".to_owned());
        self.cannot_see(permissions, within).or_else(looking)
    }
}

/// The registries that `me` may see. Who may see none is not refused, and is not written down as somebody who tried.
pub async fn read_registries(client: Client, me: Who, query: ListQuery) -> Result<Page<Registry>, Problem> {
    let none = || Page { items: Vec::new(), next: None, total: Some(0) };
    if !me.may_within(&[SEE], Within::Any) {
        return Ok(none());
    }
    match client.call::<RegistryList>(&[], &query).await {
        // They hold it on labels that no registry has.
        Err(problem) if problem.code == Code::Forbidden => Ok(none()),
        answer => answer,
    }
}

/// Whether one may see any registry, as far as is known here.
pub fn sees_registries(me: &Who) -> bool {
    me.may_within(&[SEE], Within::Any)
}

/// The names of the registries that one may see, read in the browser: a page works without them.
pub fn registry_names() -> RwSignal<Vec<String>> {
    let (client, me) = (Client::get(), use_me());
    let names = RwSignal::new(Vec::new());
    Effect::new(move || {
        let call = read_registries(client.clone(), me.clone(), ListQuery { limit: Some(500), ..ListQuery::default() });
        spawn_local(async move {
            let Ok(page) = call.await else { return };
            // The reader may have gone on by now.
            let _ = names.try_set(page.items.into_iter().map(|registry| registry.name).collect());
        });
    });
    names
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Within::{self, Any, PartOf, Repository, Whole};
    use super::sees_registries;
    use crate::api::session::{MeOutput, MyGrant};
    use crate::widgets::Who;

    #[test]
    fn a_prefix_ends_at_a_slash() {
        let app = Repository("hub", "team/app");
        for (scope, is) in [
            ("all", true),
            ("env=prod", true),
            ("engine/hub", false),
            ("registry/hub", true),
            ("registry/other", false),
            ("registry/hub/repository/team", true),
            ("registry/hub/repository/team/app", true),
            ("registry/hub/repository/tea", false),
            ("registry/hub/repository/team/app/x", false),
            ("registry/other/repository/team", false),
        ] {
            assert_eq!(app.is_reached_by(scope), is, "{scope}");
        }
    }

    #[test]
    fn a_part_of_a_registry_is_of_it_and_not_all_of_it() {
        let part = "registry/hub/repository/team";
        let reached = |within: Within, scope| within.is_reached_by(scope);
        assert!(reached(Any, part) && reached(PartOf("hub"), part) && !reached(Whole("hub"), part));
        assert!(reached(Whole("hub"), "registry/hub") && !reached(PartOf("hub"), "registry/hubs"));
        assert!(!reached(Any, "engine/hub") && !reached(PartOf("hub"), "registry/other/repository/hub"));
    }

    #[test]
    fn what_is_missing_is_said_with_its_place() {
        let who = |scope: &str, viewer: Option<&str>| {
            let permissions = vec!["registry.registry.view".to_owned(), "registry.rules.manage".to_owned()];
            let grants = vec![MyGrant { role: "r".into(), scope: scope.into(), team: None, until: None, engines: Vec::new(), permissions }];
            Who(Arc::new(MeOutput { username: "ana".into(), session: None, grants, needs_factor: false, viewer: viewer.map(str::to_owned) }))
        };
        let (on_hub, looking) = (who("registry/hub", None), who("registry/hub", Some("admin")));
        let manage = ["registry.rules.manage"];
        assert_eq!(on_hub.cannot_change(&manage, Whole("hub")), None);
        assert_eq!(on_hub.cannot_change(&manage, Whole("lab")).as_deref(), Some("you need registry.rules.manage on registry lab"));
        assert_eq!(looking.cannot_see(&manage, Whole("hub")), None);
        assert_eq!(looking.cannot_change(&manage, Whole("hub")).as_deref(), Some("go back to your own rights first"));
        assert!(sees_registries(&on_hub) && !sees_registries(&who("engine/hub", None)));
    }
}
