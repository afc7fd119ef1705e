//! Where the pages of a registry are, and what the address of one is about.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api::fill;
use crate::api::repositories::DiffQuery;
use crate::client::encode_query;

/// What the address names; empty where it names nothing of the kind.
#[derive(Clone, Default, PartialEq)]
pub(super) struct At {
    pub registry: String,
    pub repository: String,
    /// A tag or a digest.
    pub reference: String,
}

impl At {
    pub(super) fn registry_page(&self) -> String {
        registry(&self.registry)
    }

    pub(super) fn repository_page(&self) -> String {
        repository(&self.registry, &self.repository)
    }

    /// The page of another image of this repository.
    pub(super) fn image_page(&self, reference: &str) -> String {
        image(&self.registry, &self.repository, reference)
    }
}

pub(super) fn registry(name: &str) -> String {
    fill("/registries/{registry}", &[name])
}

/// A repository is one part of the address, whatever slashes its name has.
pub(super) fn repository(registry: &str, name: &str) -> String {
    fill("/registries/{registry}/repositories/{repository}", &[registry, name])
}

pub(super) fn image(registry: &str, repository: &str, reference: &str) -> String {
    fill("/registries/{registry}/repositories/{repository}/images/{reference}", &[registry, repository, reference])
}

pub(super) fn compare(registry: &str, repository: &str, query: &DiffQuery) -> String {
    let path = fill("/registries/{registry}/repositories/{repository}/compare", &[registry, repository]);
    // Three texts can always be written.
    format!("{path}?{}", encode_query(query).unwrap_or_default())
}

/// A tag has no colon, a digest always has one.
pub(super) fn is_digest(reference: &str) -> bool {
    reference.contains(':')
}

/// A page about what the address names: drawn anew when it names something else, so that nothing of the one shows under the other's name.
#[component]
pub(super) fn ByAddress<F, V>(children: F) -> impl IntoView
where
    F: Fn(At) -> V + Send + 'static,
    V: IntoView + 'static,
{
    let params = use_params_map();
    let at = Memo::new(move |_| {
        params.with(|params| {
            let part = |name| params.get(name).unwrap_or_default();
            At { registry: part("registry"), repository: part("repository"), reference: part("reference") }
        })
    });
    move || {
        let at = at.get();
        // Nothing that the page reads while it is made draws it anew.
        untrack(|| children(at))
    }
}

#[cfg(test)]
mod tests {
    use super::{compare, image, is_digest, repository};
    use crate::api::repositories::DiffQuery;

    #[test]
    fn a_repository_is_one_part_of_the_address() {
        assert_eq!(repository("hub", "team/app"), "/registries/hub/repositories/team%2Fapp");
        assert_eq!(image("hub", "team/app", "sha256:0a"), "/registries/hub/repositories/team%2Fapp/images/sha256%3A0a");
        let query = DiffQuery { from: "1".into(), to: "2".into(), platform: Some("linux/arm64".into()) };
        assert_eq!(compare("hub", "a/b", &query), "/registries/hub/repositories/a%2Fb/compare?from=1&platform=linux%2Farm64&to=2");
    }

    #[test]
    fn digests_are_told_from_tags() {
        assert!(is_digest("sha256:0a") && !is_digest("1.0-rc.1"));
    }
}
