//! Choosing some repositories of a registry: by the name of one, with all that are below it.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::place::Place;
use crate::api::ListQuery;
use crate::api::repositories::RepositoryList;
use crate::client::Client;
use crate::ui::{Select, TextField};
use crate::widgets::{Within, use_me};

#[component]
pub(super) fn Repositories(place: Place, registries: RwSignal<Vec<String>>, error: Signal<Option<String>>) -> impl IntoView {
    let prefixes = RwSignal::new(Vec::new());
    let options = Signal::derive(move || {
        let mut names = registries.get();
        place.registry.with(|registry| {
            if !registry.is_empty() && !names.contains(registry) {
                names.push(registry.clone());
            }
        });
        names.into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>()
    });
    Effect::new(move || {
        // Nothing was chosen yet: what the control shows is the first.
        if place.registry.with(String::is_empty)
            && let Some(first) = registries.with(|names| names.first().cloned())
        {
            place.registry.set(first);
        }
    });
    suggest_prefixes(place.registry.into(), prefixes);
    view! {
        <Select label="Registry" name="scope-registry" value=place.registry options=options/>
        <TextField label="Repositories" name="scope-prefix" value=place.prefix mono=true autocomplete="off" placeholder="team" error=error
            suggestions=prefixes hint="The repository of this name and those below it: team is team and team/app, not teamwork."/>
    }
    .into_any()
}

/// The repositories of the registry, and what they stand below, as far as one may pull from them.
fn suggest_prefixes(registry: Signal<String>, prefixes: RwSignal<Vec<String>>) {
    let (client, me) = (Client::get(), use_me());
    Effect::new(move || {
        let registry = registry.get();
        prefixes.set(Vec::new());
        if registry.is_empty() || !me.may_within(&["registry.repository.pull"], Within::PartOf(&registry)) {
            return;
        }
        let call = client.call::<RepositoryList>(&[&registry], &ListQuery { limit: Some(500), ..ListQuery::default() });
        spawn_local(async move {
            // A registry that does not list what it has is none to suggest from.
            let Ok(page) = call.await else { return };
            let names = page.items.into_iter().map(|repository| repository.name).collect::<Vec<_>>();
            // The reader may have gone on by now.
            let _ = prefixes.try_set(with_parents(&names));
        });
    });
}

/// Each name, and each part of one that others stand below, in order.
fn with_parents(names: &[String]) -> Vec<String> {
    let parents = |name: &String| name.match_indices('/').map(|(at, _)| name.split_at(at).0.to_owned()).chain([name.clone()]).collect::<Vec<_>>();
    let mut all: Vec<String> = names.iter().flat_map(parents).collect();
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::with_parents;

    #[test]
    fn what_names_stand_below_can_be_chosen_too() {
        let names = ["team/app".to_owned(), "team/web/api".to_owned(), "single".to_owned()];
        assert_eq!(with_parents(&names), ["single", "team", "team/app", "team/web", "team/web/api"]);
    }
}
