//! Choosing a place: everything, an engine, a project on one, a registry, some repositories of one, or engines and registries by their labels.

use leptos::prelude::*;
use leptos::task::spawn_local;
use std::collections::BTreeSet;

use super::place_registry::Repositories;
use crate::api::ListQuery;
use crate::api::containers::ContainerList;
use crate::client::Client;
use crate::ui::{Select, TextField};
use crate::widgets::{registry_names, use_engines, use_me};

const EVERYTHING: &str = "all";
const PROJECT: &str = "project";
const REPOSITORIES: &str = "repositories";
const LABELS: &str = "labels";

/// A place that is being chosen.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// `all`, `engine/NAME`, `project`, `registry/NAME`, `repositories` or `labels`.
    choice: RwSignal<String>,
    engine: RwSignal<String>,
    project: RwSignal<String>,
    pub(super) registry: RwSignal<String>,
    /// The repository of this name and those below it.
    pub(super) prefix: RwSignal<String>,
    labels: RwSignal<String>,
}

impl Place {
    /// Begins with this scope.
    pub(crate) fn new(scope: &str) -> Self {
        let Parts { choice, engine, project, registry, prefix, labels } = Parts::of(scope);
        let [choice, engine, project, registry, prefix, labels] = [choice, engine, project, registry, prefix, labels].map(RwSignal::new);
        Self { choice, engine, project, registry, prefix, labels }
    }

    /// The scope as it is written.
    pub(crate) fn scope(&self) -> String {
        let text = |signal: RwSignal<String>| signal.with_untracked(|text| text.trim().to_owned());
        match self.choice.get_untracked().as_str() {
            PROJECT => format!("engine/{}/project/{}", text(self.engine), text(self.project)),
            REPOSITORIES => format!("registry/{}/repository/{}", text(self.registry), text(self.prefix).trim_matches('/')),
            LABELS => text(self.labels).replace(' ', ""),
            chosen => chosen.to_owned(),
        }
    }
}

/// A scope taken apart: the choice, and what belongs to it.
#[derive(Debug, Default, PartialEq)]
struct Parts {
    choice: String,
    engine: String,
    project: String,
    registry: String,
    prefix: String,
    labels: String,
}

impl Parts {
    fn of(scope: &str) -> Self {
        let choice = |choice: &str| Self { choice: choice.to_owned(), ..Self::default() };
        let within = |kind: &str, part: &str| scope.strip_prefix(kind)?.split_once(part).map(|(name, rest)| (name.to_owned(), rest.to_owned()));
        if let Some((engine, project)) = within("engine/", "/project/") {
            return Self { engine, project, ..choice(PROJECT) };
        }
        if let Some((registry, prefix)) = within("registry/", "/repository/") {
            return Self { registry, prefix, ..choice(REPOSITORIES) };
        }
        match scope {
            "" => choice(EVERYTHING),
            labels if labels.contains('=') => Self { labels: labels.to_owned(), ..choice(LABELS) },
            other => choice(other),
        }
    }
}

/// The controls of a place. `error` is what is wrong with the scope.
#[component]
pub(crate) fn PlaceFields(place: Place, #[prop(optional, into)] error: Signal<Option<String>>) -> impl IntoView {
    let registries = registry_names();
    let chosen = Memo::new(move |_| place.choice.get());
    let by = move |what: &'static str| move || chosen.with(|chosen| chosen == what);
    let plain = Signal::derive(move || error.get().filter(|_| chosen.with(|chosen| ![PROJECT, REPOSITORIES, LABELS].contains(&chosen.as_str()))));
    view! {
        <Choices place=place registries=registries error=plain/>
        <Show when=by(PROJECT)><Project place=place error=error/></Show>
        <Show when=by(REPOSITORIES)><Repositories place=place registries=registries error=error/></Show>
        <Show when=by(LABELS)>
            <TextField label="Labels" name="labels" value=place.labels mono=true autocomplete="off" placeholder="env=prod" error=error
                hint="Every engine and registry that has all of these, those added later too. Several with a comma between them."/>
        </Show>
    }
    .into_any()
}

#[component]
fn Choices(place: Place, registries: RwSignal<Vec<String>>, error: Signal<Option<String>>) -> impl IntoView {
    let engines = use_engines();
    let options = Signal::derive(move || {
        let mut engines: Vec<String> = engines.map(|engines| engines.all().into_iter().map(|engine| engine.name).collect()).unwrap_or_default();
        let mut registries = registries.get();
        // One that is gone, or not read yet, keeps its place while it is chosen.
        place.choice.with(|choice| {
            for (kind, names) in [("engine/", &mut engines), ("registry/", &mut registries)] {
                if let Some(name) = choice.strip_prefix(kind).filter(|name| !names.iter().any(|known| known == name)) {
                    names.push(name.to_owned());
                }
            }
        });
        let pair = |key: &str, words: &str| (key.to_owned(), words.to_owned());
        let mut options = vec![pair(EVERYTHING, "Everything, Pilothouse too")];
        options.extend(engines.iter().map(|name| (format!("engine/{name}"), format!("Engine {name}"))));
        options.push(pair(PROJECT, "One project on an engine"));
        options.extend(registries.iter().map(|name| (format!("registry/{name}"), format!("Everything in registry {name}"))));
        options.push(pair(REPOSITORIES, "Some repositories of a registry"));
        options.push(pair(LABELS, "Engines and registries by their labels"));
        options
    });
    view! { <Transition><Select label="On" name="scope" value=place.choice options=options error=error/></Transition> }.into_any()
}

#[component]
fn Project(place: Place, error: Signal<Option<String>>) -> impl IntoView {
    let engines = use_engines();
    let projects = RwSignal::new(Vec::new());
    let names = move || engines.map(|engines| engines.all()).unwrap_or_default().into_iter().map(|engine| engine.name);
    let options = Signal::derive(move || {
        let mut names: Vec<String> = names().collect();
        place.engine.with(|engine| {
            if !engine.is_empty() && !names.contains(engine) {
                names.push(engine.clone());
            }
        });
        names.into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>()
    });
    Effect::new(move || {
        // Nothing was chosen yet: what the control shows is the first.
        if place.engine.with(String::is_empty)
            && let Some(first) = names().next()
        {
            place.engine.set(first);
        }
    });
    suggest_projects(place.engine.into(), projects);
    view! {
        <Transition><Select label="Engine" name="scope-engine" value=place.engine options=options/></Transition>
        <TextField label="Project" name="scope-project" value=place.project mono=true autocomplete="off" placeholder="shop" error=error
            suggestions=projects hint="As in the label com.docker.compose.project of its containers."/>
    }
    .into_any()
}

/// The projects of the engine's containers, as far as one sees them.
fn suggest_projects(engine: Signal<String>, projects: RwSignal<Vec<String>>) {
    let (client, me) = (Client::get(), use_me());
    Effect::new(move || {
        let engine = engine.get();
        projects.set(Vec::new());
        if engine.is_empty() || !me.may("engine.container.list", Some(&engine)) {
            return;
        }
        let call = client.call::<ContainerList>(&[&engine], &ListQuery { limit: Some(500), ..ListQuery::default() });
        spawn_local(async move {
            let Ok(page) = call.await else { return };
            let found: BTreeSet<String> = page.items.into_iter().filter_map(|container| container.project).collect();
            // The reader may have gone on by now.
            let _ = projects.try_set(found.into_iter().collect());
        });
    });
}

#[cfg(test)]
mod tests {
    use leptos::prelude::Owner;

    use super::{Parts, Place};

    #[test]
    fn a_scope_is_taken_apart() {
        let taken = |scope| {
            let Parts { choice, engine, project, registry, prefix, labels } = Parts::of(scope);
            [choice, engine, project, registry, prefix, labels].join("|")
        };
        assert_eq!(taken(""), "all|||||");
        assert_eq!(taken("all"), "all|||||");
        assert_eq!(taken("engine/demo"), "engine/demo|||||");
        assert_eq!(taken("engine/demo/project/shop"), "project|demo|shop|||");
        assert_eq!(taken("registry/hub"), "registry/hub|||||");
        assert_eq!(taken("registry/hub/repository/team/app"), "repositories|||hub|team/app|");
        assert_eq!(taken("env=prod,site=a"), "labels|||||env=prod,site=a");
    }

    #[test]
    fn a_scope_is_put_together_again() {
        // Signals belong to somebody.
        let owner = Owner::new();
        owner.set();
        for scope in ["all", "engine/demo", "engine/demo/project/shop", "registry/hub", "registry/hub/repository/team/app", "env=prod,site=a"] {
            assert_eq!(Place::new(scope).scope(), scope);
        }
    }
}
