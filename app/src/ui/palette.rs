//! The command palette: everything one can go to or do, by a few letters of its name.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::dialog::Dialog;
use super::icon::{Icon, Outlines, icons};

/// One line of the palette.
#[derive(Clone)]
pub struct Command {
    /// The heading it stands under; lines of a group follow each other.
    pub group: String,
    pub label: String,
    /// More about it, to the right; searched too.
    pub hint: String,
    pub icon: Outlines,
    pub action: Action,
}

/// What choosing a line does.
#[derive(Clone)]
pub enum Action {
    Go(String),
    Do(Callback<()>),
}

impl Command {
    pub fn go(group: &str, label: impl Into<String>, hint: impl Into<String>, icon: Outlines, href: impl Into<String>) -> Self {
        Self { group: group.to_owned(), label: label.into(), hint: hint.into(), icon, action: Action::Go(href.into()) }
    }
}

/// The palette's dialog. `query` is what is typed, for those who search elsewhere with it.
#[component]
pub fn Palette(open: RwSignal<bool>, query: RwSignal<String>, #[prop(into)] commands: Signal<Vec<Command>>) -> impl IntoView {
    view! {
        <Dialog open=open title="Go to or do">
            <Finder open=open query=query commands=commands/>
        </Dialog>
    }
    .into_any()
}

#[component]
fn Finder(open: RwSignal<bool>, query: RwSignal<String>, commands: Signal<Vec<Command>>) -> impl IntoView {
    const MOST: usize = 40;
    query.set(String::new());
    let navigate = use_navigate();
    let found = Signal::derive(move || query.with(|query| commands.with(|all| find(all, query, MOST))));
    let at = RwSignal::new(0_usize);
    let input = NodeRef::<html::Input>::new();
    Effect::new(move || {
        if let Some(input) = input.get() {
            drop(input.focus());
        }
    });
    let choose = Callback::new(move |command: Command| {
        open.set(false);
        match command.action {
            Action::Go(href) => navigate(&href, NavigateOptions::default()),
            Action::Do(action) => action.run(()),
        }
    });
    let keys = move |event: KeyboardEvent| {
        let count = found.with_untracked(Vec::len).max(1);
        match event.key().as_str() {
            "ArrowDown" => at.update(|at| *at = (*at + 1) % count),
            "ArrowUp" => at.update(|at| *at = (*at + count - 1) % count),
            "Enter" => {
                if let Some(command) = found.with_untracked(|found| found.get(at.get_untracked()).cloned()) {
                    choose.run(command);
                }
            }
            _ => return,
        }
        event.prevent_default();
        request_animation_frame(move || {
            let line = at.try_get_untracked().and_then(|at| document().get_element_by_id(&format!("command-{at}")));
            if let Some(active) = line {
                active.scroll_into_view_with_bool(false);
            }
        });
    };
    let lines = move || {
        let mut group = String::new();
        let line = |(index, command): (usize, Command)| {
            let heading = (command.group != group).then(|| command.group.clone());
            group.clone_from(&command.group);
            let Command { label, hint, icon, .. } = command.clone();
            view! {
                {heading.map(|heading| view! { <li class="heading" role="presentation">{heading}</li> })}
                <li
                    class="command"
                    role="option"
                    id=format!("command-{index}")
                    aria-selected=move || if at.get() == index { "true" } else { "false" }
                    on:mousemove=move |_| at.set(index)
                    on:click=move |_| choose.run(command.clone())
                >
                    <Icon of=icon/>
                    <span class="label">{label}</span>
                    <span class="hint">{hint}</span>
                </li>
            }
        };
        found.get().into_iter().enumerate().map(line).collect_view()
    };
    view! {
        <div class="palette">
            <div class="search-box">
                <Icon of=icons::SEARCH/>
                <input
                    class="input"
                    type="text"
                    role="combobox"
                    aria-label="Search pages, engines, containers and actions"
                    aria-expanded="true"
                    aria-controls="commands"
                    aria-activedescendant=move || format!("command-{}", at.get())
                    placeholder="Search pages, engines, containers and actions"
                    autocomplete="off"
                    spellcheck="false"
                    node_ref=input
                    prop:value=move || query.get()
                    on:input:target=move |event| {
                        at.set(0);
                        query.set(event.target().value());
                    }
                    on:keydown=keys
                />
            </div>
            <ul id="commands" role="listbox" aria-label="Found">{lines}</ul>
            <Show when=move || found.with(Vec::is_empty)>
                <p class="nothing">"Nothing goes by that name."</p>
            </Show>
        </div>
    }
    .into_any()
}

/// The commands that hold every word of `query`, in their order, those whose name starts with it first.
fn find(all: &[Command], query: &str, most: usize) -> Vec<Command> {
    let query = query.trim().to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let fits = |command: &&Command| {
        let text = format!("{} {} {}", command.label, command.hint, command.group).to_lowercase();
        words.iter().all(|word| text.contains(word))
    };
    let starts = |command: &Command| !query.is_empty() && command.label.to_lowercase().starts_with(&query);
    let mut found: Vec<&Command> = all.iter().filter(fits).collect();
    // Groups stay together: the best group first, the best line first in it.
    if let Some(best) = found.iter().find(|command| starts(command)).map(|command| command.group.clone()) {
        found.sort_by_key(|command| (command.group != best, !starts(command)));
        let mut order: Vec<&str> = Vec::new();
        for command in &found {
            if !order.contains(&command.group.as_str()) {
                order.push(&command.group);
            }
        }
        found.sort_by_key(|command| order.iter().position(|group| *group == command.group));
    }
    found.into_iter().take(most).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::{Command, find};
    use crate::ui::icons;

    fn all() -> Vec<Command> {
        [("Pages", "Overview", ""), ("Pages", "Audit", "who did what"), ("Engines", "demo", "up"), ("Containers", "audit-web", "demo")]
            .map(|(group, label, hint)| Command::go(group, label, hint, icons::HOME, "/"))
            .into()
    }

    fn labels(query: &str) -> Vec<String> {
        find(&all(), query, 10).into_iter().map(|command| command.label).collect()
    }

    #[test]
    fn every_word_must_occur_somewhere() {
        assert_eq!(labels("  "), ["Overview", "Audit", "demo", "audit-web"]);
        assert_eq!(labels("what WHO"), ["Audit"]);
        assert_eq!(labels("web demo"), ["audit-web"]);
        assert!(labels("nothing").is_empty());
    }

    #[test]
    fn names_that_start_so_come_first() {
        assert_eq!(labels("demo"), ["demo", "audit-web"]);
        assert_eq!(find(&all(), "", 2).len(), 2);
    }
}
