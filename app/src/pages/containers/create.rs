//! The form that makes a container.

use std::collections::BTreeMap;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use crate::api::ListQuery;
use crate::api::containers::{ContainerCreate, ContainerInput};
use crate::api::images::ImageList;
use crate::api::networks::NetworkList;
use crate::client::Client;
use crate::ui::{Button, Card, Checkbox, Kind, LinkButton, PageHead, Select, TextArea, TextField, Toasts, icons};
use crate::widgets::{ByEngine, FormProblem, Gate, Submit};

const FIELDS: &[&str] = &["name", "image", "command", "ports", "volumes", "env", "labels", "networks", "restart"];

#[component]
pub fn ContainerForm() -> impl IntoView {
    view! {
        <ByEngine let:engine>
            <PageHead
                title="New container"
                back=(format!("/on/{engine}/containers"), "Containers".to_owned())
                about=Signal::stored(format!("On {engine}"))
            />
            <Gate permission="engine.container.create" engine=engine.clone()>
                <Form engine=engine.clone()/>
            </Gate>
        </ByEngine>
    }
    .into_any()
}

/// What is written in the form.
#[derive(Clone, Copy, Default)]
struct Draft {
    name: RwSignal<String>,
    image: RwSignal<String>,
    command: RwSignal<String>,
    ports: RwSignal<String>,
    volumes: RwSignal<String>,
    env: RwSignal<String>,
    labels: RwSignal<String>,
    networks: RwSignal<String>,
    restart: RwSignal<String>,
    start: RwSignal<bool>,
}

impl Draft {
    fn input(&self) -> Result<ContainerInput, String> {
        Ok(ContainerInput {
            name: self.name.get_untracked().trim().to_owned(),
            image: self.image.get_untracked().trim().to_owned(),
            command: words(&self.command.get_untracked())?,
            env: lines(&self.env.get_untracked()),
            labels: pairs(&self.labels.get_untracked()),
            ports: lines(&self.ports.get_untracked()),
            volumes: lines(&self.volumes.get_untracked()),
            networks: lines(&self.networks.get_untracked()),
            restart: self.restart.get_untracked(),
            start: self.start.get_untracked(),
        })
    }
}

#[component]
fn Form(engine: String) -> impl IntoView {
    let draft = Draft::default();
    draft.restart.set("no".to_owned());
    draft.start.set(true);
    let submit = Submit::new();
    let toasts = Toasts::get();
    let navigate = use_navigate();
    let unclear = RwSignal::new(None::<String>);
    let list = format!("/on/{engine}/containers");
    let (images, networks) = (engine.clone(), engine.clone());
    let send = {
        let (submit, engine) = (submit.clone(), engine.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            let input = match draft.input() {
                Ok(input) => input,
                Err(why) => return unclear.set(Some(why)),
            };
            unclear.set(None);
            let engine = engine.clone();
            let navigate = navigate.clone();
            let name = input.name.clone();
            submit.send::<ContainerCreate>(&[&engine.clone()], &input, move |made| {
                toasts.ok(if name.is_empty() { "The container is made.".to_owned() } else { format!("Made {name}.") });
                for warning in made.warnings {
                    toasts.failed("The engine warns.", Some(warning));
                }
                navigate(&format!("/on/{engine}/containers/{}", made.id), NavigateOptions::default());
            });
        }
    };
    let policies = [("no", "Never"), ("on-failure", "When it fails"), ("unless-stopped", "Always, unless it was stopped"), ("always", "Always")];
    let policies: Vec<(String, String)> = policies.map(|(value, words)| (value.to_owned(), words.to_owned())).into();
    let [image_error, name_error, ports_error, networks_error, volumes_error, env_error, labels_error, restart_error] =
        ["image", "name", "ports", "networks", "volumes", "env", "labels", "restart"].map(|name| submit.error(name));
    let command_error = {
        let refused = submit.error("command");
        Signal::derive(move || unclear.get().or_else(|| refused.get()))
    };
    let (busy, problem) = (submit.busy, submit.problem);
    view! {
        <form method="post" class="form" on:submit=send>
            <Card title="What runs">
                <TextField label="Image" name="image" value=draft.image mono=true placeholder="nginx:1.29" autofocus=true autocomplete="off" error=image_error
                    hint="It must be on the engine already, or be pulled first."/>
                <KnownImages engine=images image=draft.image/>
                <TextField label="Name" name="name" value=draft.name mono=true required=false autocomplete="off" placeholder="web-1" error=name_error
                    hint="The engine makes one up when it is empty."/>
                <TextField label="Command" name="command" value=draft.command mono=true required=false autocomplete="off" error=command_error
                    hint="As in a shell, with quotes around spaces. Empty for the image's own."/>
            </Card>
            <Card title="How it is reached">
                <TextArea label="Ports" name="ports" value=draft.ports rows=3 required=false placeholder="8080:80" error=ports_error
                    hint="One a line: 8080:80, 127.0.0.1:8080:80/tcp, or 80 for a port of the engine's choice."/>
                <TextArea label="Networks" name="networks" value=draft.networks rows=2 required=false placeholder="bridge" error=networks_error
                    hint="One a line. The engine's bridge when empty."/>
                <KnownNetworks engine=networks networks=draft.networks/>
            </Card>
            <Card title="What it gets">
                <TextArea label="Volumes" name="volumes" value=draft.volumes rows=3 required=false placeholder="data:/var/lib/data" error=volumes_error
                    hint="One a line: volume:/path, or /path/on/the/host:/path:ro."/>
                <TextArea label="Environment" name="env" value=draft.env rows=4 required=false placeholder="NAME=value" error=env_error
                    hint="NAME=value, one a line. Whoever may see the environment of a container can read it."/>
                <TextArea label="Labels" name="labels" value=draft.labels rows=3 required=false placeholder="env=prod" error=labels_error
                    hint="name=value, one a line."/>
            </Card>
            <Card title="How it lives">
                <Select label="Restart" name="restart" value=draft.restart options=policies error=restart_error/>
                <Checkbox label="Start it at once" checked=draft.start/>
            </Card>
            <FormProblem problem=problem fields=FIELDS/>
            <footer class="form-actions">
                <Button label="Make the container" kind=Kind::Primary icon=icons::PLUS submit=true busy=busy/>
                <LinkButton href=list label="Cancel"/>
            </footer>
        </form>
    }
    .into_any()
}

/// Images that are on the engine, to choose from.
#[component]
fn KnownImages(engine: String, image: RwSignal<String>) -> impl IntoView {
    const MOST: usize = 8;
    let client = Client::get();
    let query = ListQuery { limit: Some(50), sort: Some("-created_at".to_owned()), ..ListQuery::default() };
    let images = Resource::new(|| (), move |()| client.call::<ImageList>(&[&engine], &query));
    let chips = move || {
        let page = images.get().and_then(Result::ok)?;
        let tags = page.items.into_iter().flat_map(|image| image.tags).take(MOST);
        let chip = move |tag: String| {
            let chosen = tag.clone();
            view! { <button type="button" class="chip" on:click=move |_| image.set(chosen.clone())>{tag}</button> }
        };
        Some(tags.map(chip).collect_view())
    };
    view! { <div class="chips" role="group" aria-label="Images on this engine"><Transition>{chips}</Transition></div> }.into_any()
}

/// Networks of the engine, to choose from.
#[component]
fn KnownNetworks(engine: String, networks: RwSignal<String>) -> impl IntoView {
    let client = Client::get();
    let query = ListQuery { limit: Some(20), ..ListQuery::default() };
    let known = Resource::new(|| (), move |()| client.call::<NetworkList>(&[&engine], &query));
    let chips = move || {
        let page = known.get().and_then(Result::ok)?;
        let chip = move |name: String| {
            let add = name.clone();
            let press = move |_| {
                networks.update(|text| {
                    if !lines(text).contains(&add) {
                        if !text.is_empty() && !text.ends_with('\n') {
                            text.push('\n');
                        }
                        text.push_str(&add);
                    }
                });
            };
            view! { <button type="button" class="chip" on:click=press>{name}</button> }
        };
        Some(page.items.into_iter().map(|network| chip(network.name)).collect_view())
    };
    view! { <div class="chips" role="group" aria-label="Networks of this engine"><Transition>{chips}</Transition></div> }.into_any()
}

/// The lines that say something.
pub(in crate::pages) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// `name=value` lines; a name alone has an empty value.
pub(in crate::pages) fn pairs(text: &str) -> BTreeMap<String, String> {
    let pair = |line: String| line.split_once('=').map_or((line.clone(), String::new()), |(name, value)| (name.to_owned(), value.to_owned()));
    lines(text).into_iter().map(pair).collect()
}

/// The words of a command line, with quotes and backslashes as a shell reads them; nothing is expanded.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('"') | None, '\\') => {
                let Some(next) = chars.next() else {
                    return Err("It ends with a lone backslash.".to_owned());
                };
                word.get_or_insert_default().push(next);
            }
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    if let Some(open) = quote {
        return Err(format!("A quote ( {open} ) is not closed."));
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::{lines, pairs, words};

    #[test]
    fn a_command_is_split_as_a_shell_would() {
        let split = |text| words(text).unwrap_or_default().join("|");
        assert_eq!(split("sh -c 'echo \"hi  there\"'"), "sh|-c|echo \"hi  there\"");
        assert_eq!(split("a\\ b  \"c \\\" d\" ''"), "a b|c \" d|");
        assert_eq!(words("  "), Ok(vec![]));
        assert!(words("sh 'open").is_err());
        assert!(words("sh \\").is_err());
    }

    #[test]
    fn lines_and_pairs_skip_what_is_empty() {
        assert_eq!(lines(" a \n\n b"), ["a", "b"]);
        let labels = pairs("env=prod\nnote=a=b\nalone\n");
        assert_eq!(labels.get("note").map(String::as_str), Some("a=b"));
        assert_eq!(labels.get("alone").map(String::as_str), Some(""));
        assert_eq!(labels.len(), 3);
    }
}
