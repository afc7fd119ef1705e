//! Choosing a place: everything, an engine, a project on one, or engines by their labels.

use leptos::prelude::*;
use leptos::task::spawn_local;
use std::collections::BTreeSet;

use crate::api::ListQuery;
use crate::api::containers::ContainerList;
use crate::client::Client;
use crate::ui::{Select, TextField};
use crate::widgets::{use_engines, use_me};

const EVERYTHING: &str = "all";
const PROJECT: &str = "project";
const LABELS: &str = "labels";

/// A place that is being chosen.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    /// `all`, `engine/NAME`, `project` or `labels`.
    choice: RwSignal<String>,
    engine: RwSignal<String>,
    project: RwSignal<String>,
    labels: RwSignal<String>,
}

impl Place {
    /// Begins with this scope.
    pub(crate) fn new(scope: &str) -> Self {
        let (choice, engine, project, labels) = parts(scope);
        let signal = |text: String| RwSignal::new(text);
        Self { choice: signal(choice), engine: signal(engine), project: signal(project), labels: signal(labels) }
    }

    /// The scope as it is written.
    pub(crate) fn scope(&self) -> String {
        let text = |signal: RwSignal<String>| signal.with_untracked(|text| text.trim().to_owned());
        match self.choice.get_untracked().as_str() {
            PROJECT => format!("engine/{}/project/{}", text(self.engine), text(self.project)),
            LABELS => text(self.labels).replace(' ', ""),
            chosen => chosen.to_owned(),
        }
    }
}

fn parts(scope: &str) -> (String, String, String, String) {
    let (none, own) = (String::new, str::to_owned);
    if let Some((engine, project)) = scope.strip_prefix("engine/").and_then(|rest| rest.split_once("/project/")) {
        return (own(PROJECT), own(engine), own(project), none());
    }
    if scope.contains('=') {
        return (own(LABELS), none(), none(), own(scope));
    }
    (if scope.is_empty() { own(EVERYTHING) } else { own(scope) }, none(), none(), none())
}

/// The controls of a place. `error` is what is wrong with the scope.
#[component]
pub(crate) fn PlaceFields(place: Place, #[prop(optional, into)] error: Signal<Option<String>>) -> impl IntoView {
    let chosen = Memo::new(move |_| place.choice.get());
    let by = move |what: &'static str| move || chosen.with(|chosen| chosen == what);
    let plain = Signal::derive(move || error.get().filter(|_| chosen.with(|chosen| chosen != PROJECT && chosen != LABELS)));
    view! {
        <Choices place=place error=plain/>
        <Show when=by(PROJECT)><Project place=place error=error/></Show>
        <Show when=by(LABELS)>
            <TextField label="Labels" name="labels" value=place.labels mono=true autocomplete="off" placeholder="env=prod" error=error
                hint="Every engine that has all of these, those added later too. Several with a comma between them."/>
        </Show>
    }
    .into_any()
}

#[component]
fn Choices(place: Place, error: Signal<Option<String>>) -> impl IntoView {
    let engines = use_engines();
    let options = Signal::derive(move || {
        let mut names: Vec<String> = engines.map(|engines| engines.all().into_iter().map(|engine| engine.name).collect()).unwrap_or_default();
        // One that is gone keeps its place while it is chosen.
        place.choice.with(|choice| {
            if let Some(name) = choice.strip_prefix("engine/").filter(|name| !names.iter().any(|known| known == name)) {
                names.push(name.to_owned());
            }
        });
        let pair = |key: &str, words: &str| (key.to_owned(), words.to_owned());
        let mut options = vec![pair(EVERYTHING, "Everything, Pilothouse too")];
        options.extend(names.iter().map(|name| (format!("engine/{name}"), format!("Engine {name}"))));
        options.push(pair(PROJECT, "One project on an engine"));
        options.push(pair(LABELS, "Engines by their labels"));
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
    use super::parts;

    #[test]
    fn a_scope_is_taken_apart() {
        let taken = |scope| {
            let (choice, engine, project, labels) = parts(scope);
            [choice, engine, project, labels].join("|")
        };
        assert_eq!(taken(""), "all|||");
        assert_eq!(taken("all"), "all|||");
        assert_eq!(taken("engine/demo"), "engine/demo|||");
        assert_eq!(taken("engine/demo/project/shop"), "project|demo|shop|");
        assert_eq!(taken("env=prod,site=a"), "labels|||env=prod,site=a");
    }
}
