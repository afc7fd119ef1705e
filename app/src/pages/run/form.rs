//! The form that runs an image: filled in by what the image says of itself, it takes one click more.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::config::{self, Config};
use super::start::Starter;
use super::up::Up;
use crate::api::Page;
use crate::api::engines::{Engine, Health};
use crate::client::Client;
use crate::pages::images::{Phase, Progress};
use crate::ui::time::Debounce;
use crate::ui::{Button, Callout, Card, EmptyState, Kind, LinkButton, PageHead, Select, SkeletonText, TextArea, TextField, Tone, icons};
use crate::widgets::{FormProblem, Loaded, use_engines, use_me};

/// The fields that show their own problems.
const FIELDS: &[&str; 4] = &["name", "ports", "volumes", "env"];
/// How long somebody may pause while typing a tag.
const TYPING: Duration = Duration::from_millis(400);

/// What is to be run, as the address says it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wanted {
    /// Without its tag.
    pub image: String,
    /// Where it is in a registry of Pilothouse: that, and the repository.
    pub place: Option<(String, String)>,
    /// Empty for the one that is likely meant.
    pub tag: String,
}

#[component]
pub fn RunImage() -> impl IntoView {
    let params = use_query_map();
    let wanted = Memo::new(move |_| {
        params.with(|params| {
            let part = |name: &str| params.get(name).filter(|text| !text.is_empty());
            Wanted { image: part("image").unwrap_or_default(), place: part("registry").zip(part("repository")), tag: part("tag").unwrap_or_default() }
        })
    });
    move || {
        let wanted = wanted.get();
        untrack(|| view! { <Wanting wanted=wanted/> }.into_any())
    }
}

#[component]
fn Wanting(wanted: Wanted) -> impl IntoView {
    let name = wanted.place.as_ref().map_or_else(|| wanted.image.clone(), |(registry, repository)| format!("{repository} of {registry}"));
    let back = ("/search/images".to_owned(), "Search images".to_owned());
    let engines = use_engines().filter(|_| !wanted.image.is_empty());
    let Some(engines) = engines else {
        return view! {
            <PageHead title="Run an image" back=back/>
            <EmptyState icon=icons::LAYERS title="Which image?" detail=Signal::stored("Look for one first.".to_owned())>
                <LinkButton href="/search/images" label="Search images" kind=Kind::Primary icon=icons::SEARCH/>
            </EmptyState>
        }
        .into_any();
    };
    view! {
        <PageHead title=format!("Run {name}") back=back/>
        <Loaded resource=engines.0 skeleton=|| view! { <SkeletonText lines=8/> } let:page>
            <Somewhere page=page wanted=wanted.clone()/>
        </Loaded>
    }
    .into_any()
}

/// The form, where there is an engine to run it on.
#[component]
fn Somewhere(page: Signal<Page<Engine>>, wanted: Wanted) -> impl IntoView {
    let me = use_me();
    let mut engines = page.with_untracked(|page| page.items.clone());
    engines.retain(|engine| me.lacks("engine.container.create", Some(&engine.name)).is_none());
    // Those that answer come first.
    engines.sort_by_key(|engine| !matches!(engine.health, Health::Up { .. }));
    if engines.is_empty() {
        let why = "To run it, you need engine.container.create on an engine.".to_owned();
        return view! { <EmptyState icon=icons::LOCK title="No engine to run it on" detail=Signal::stored(why)/> }.into_any();
    }
    view! { <Form engines=engines wanted=wanted/> }.into_any()
}

/// What is written in the form.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub engine: RwSignal<String>,
    pub tag: RwSignal<String>,
    pub name: RwSignal<String>,
    pub ports: RwSignal<String>,
    pub volumes: RwSignal<String>,
    pub env: RwSignal<String>,
    /// What the image had it filled in with: ports, volumes and environment.
    filled: StoredValue<[String; 3]>,
    /// What tells its volumes from those of another run.
    mark: StoredValue<String>,
}

impl Draft {
    fn new(engine: String) -> Self {
        let text = || RwSignal::new(String::new());
        let [tag, name, ports, volumes, env] = [text(), text(), text(), text(), text()];
        Self { engine: RwSignal::new(engine), tag, name, ports, volumes, env, filled: StoredValue::default(), mark: StoredValue::default() }
    }

    /// Fills in what nobody has written anything into.
    pub fn fill(self, config: &Config, image: &str) {
        if self.mark.with_value(String::is_empty) {
            self.mark.set_value(format!("{:04x}", (crate::clock::now() / 1000) & 0xffff));
        }
        let mark = self.mark.get_value();
        let fresh = [config.ports.join("\n"), config.named_volumes(image, &mark).join("\n"), config.env.join("\n")];
        let fields = [self.ports, self.volumes, self.env];
        self.filled.update_value(|filled| {
            for ((field, before), now) in fields.into_iter().zip(filled.iter_mut()).zip(fresh) {
                if field.with_untracked(|text| text == before) {
                    field.set(now.clone());
                    *before = now;
                }
            }
        });
    }
}

#[component]
fn Form(engines: Vec<Engine>, wanted: Wanted) -> impl IntoView {
    let draft = Draft::new(engines.first().map(|engine| engine.name.clone()).unwrap_or_default());
    draft.tag.set(wanted.tag.clone());
    let starter = Starter::new(wanted.clone(), draft, engines.clone());
    let (job, submit, started) = (starter.job, starter.submit.clone(), starter.started);
    let choices: Vec<(String, String)> = engines.iter().map(|engine| (engine.name.clone(), engine.name.clone())).collect();
    let [name_error, ports_error, volumes_error, env_error] = FIELDS.map(|name| submit.error(name));
    let me = use_me();
    let lacks = move || {
        let engine = draft.engine.get();
        let pull = || me.lacks("engine.image.pull", Some(&engine));
        me.lacks("engine.container.create", Some(&engine)).or_else(pull)
    };
    let reason = Signal::derive(move || lacks().or_else(|| draft.tag.with(|tag| tag.trim().is_empty()).then(|| "choose a tag first".to_owned())));
    let (busy, problem) = (submit.busy, submit.problem);
    let under_way = Signal::derive(move || busy.get() || job.phase.get() == Phase::Running);
    let after = {
        let starter = starter.clone();
        Callback::new(move |()| starter.go_on())
    };
    let send = {
        let starter = starter.clone();
        move |event: SubmitEvent| {
            event.prevent_default();
            if reason.get_untracked().is_none() && !under_way.get_untracked() {
                starter.start(after);
            }
        }
    };
    let failed = move || match job.phase.get() {
        Phase::Failed(why) => Some(view! { <Callout tone=Tone::Bad title="It could not be pulled">{why}</Callout> }.into_any()),
        _ => None,
    };
    let up = move || started.get().map(|started| view! { <Card title="What came of it"><Up started=started/></Card> }.into_any());
    view! {
        <form method="post" class="form" on:submit=send>
            <Card title="What runs, and where">
                <Select label="Engine" name="engine" value=draft.engine options=choices/>
                <Chosen wanted=wanted engines=engines draft=draft/>
                <TextField label="Name" name="name" value=draft.name mono=true required=false autocomplete="off" placeholder="web-1" error=name_error
                    hint="The engine makes one up when it is empty."/>
            </Card>
            <Card title="As the image says it">
                <TextArea label="Ports" name="ports" value=draft.ports rows=3 required=false placeholder="8080:80" error=ports_error
                    hint="One a line: 8080:80, or 80 for a port of the engine's choice."/>
                <TextArea label="Volumes" name="volumes" value=draft.volumes rows=2 required=false placeholder="data:/var/lib/data" error=volumes_error
                    hint="One a line: volume:/path. What is kept in a volume stays when the container goes."/>
                <TextArea label="Environment" name="env" value=draft.env rows=5 required=false placeholder="NAME=value" error=env_error
                    hint="NAME=value, one a line. Whoever may see the environment of a container can read it."/>
            </Card>
            <div role="status" class="stack"><Progress job=job/>{failed}</div>
            <FormProblem problem=problem fields=FIELDS/>
            {up}
            <footer class="form-actions">
                <Button label="Start" kind=Kind::Primary icon=icons::PLAY submit=true busy=under_way reason=reason/>
                <Show when=move || job.phase.get() == Phase::Running>
                    <Button label="Stop pulling" on_press=Callback::new(move |()| job.cancel())/>
                </Show>
            </footer>
        </form>
    }
    .into_any()
}

/// Which tag, and what its image says of itself.
#[component]
fn Chosen(wanted: Wanted, engines: Vec<Engine>, draft: Draft) -> impl IntoView {
    match wanted.place.clone() {
        Some((registry, repository)) => view! { <OfRegistry registry repository image=wanted.image engines draft/> }.into_any(),
        None => view! { <OfHub image=wanted.image draft/> }.into_any(),
    }
}

#[component]
fn OfRegistry(registry: String, repository: String, image: String, engines: Vec<Engine>, draft: Draft) -> impl IntoView {
    let client = Client::get();
    let tags = {
        let (client, registry, repository) = (client.clone(), registry.clone(), repository.clone());
        Resource::new(|| (), move |()| config::tags(client.clone(), registry.clone(), repository.clone()))
    };
    let arch_of = move |name: &str| {
        let engine = engines.iter().find(|engine| engine.name == name);
        engine.and_then(|engine| engine.info.as_ref()).map(|info| info.arch.clone()).unwrap_or_default()
    };
    let read = Resource::new(
        move || (draft.tag.get(), draft.engine.with(|engine| arch_of(engine))),
        move |(tag, arch)| {
            let asked = (!tag.is_empty()).then(|| config::of_registry(client.clone(), registry.clone(), repository.clone(), tag, arch));
            async move {
                match asked {
                    Some(asked) => asked.await.map(Some),
                    None => Ok(None),
                }
            }
        },
    );
    view! {
        <Loaded resource=tags skeleton=|| view! { <SkeletonText lines=2/> } let:tags>
            <PickTag tags=tags draft=draft/>
        </Loaded>
        <Loaded resource=read skeleton=|| view! { <SkeletonText lines=1/> } let:read>
            <Read read=read image=image.clone() draft=draft/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn PickTag(tags: Signal<Vec<String>>, draft: Draft) -> impl IntoView {
    let asked = draft.tag.get_untracked();
    let options = Signal::derive(move || {
        let mut tags = tags.get();
        // It may be beyond those that are listed.
        if !asked.is_empty() && !tags.contains(&asked) {
            tags.push(asked.clone());
        }
        tags.into_iter().map(|tag| (tag.clone(), tag)).collect::<Vec<_>>()
    });
    Effect::new(move |_| {
        if let (true, Some(tag)) = (draft.tag.with_untracked(String::is_empty), tags.with(|tags| tags.first().cloned())) {
            draft.tag.set(tag);
        }
    });
    let none = move || {
        tags.with(Vec::is_empty).then(|| view! { <Callout tone=Tone::Warn>"This repository has no tag, so nothing of it can be run."</Callout> })
    };
    view! {
        <Select label="Tag" name="tag" value=draft.tag options=options/>
        {none}
    }
    .into_any()
}

#[component]
fn OfHub(image: String, draft: Draft) -> impl IntoView {
    let client = Client::get();
    if draft.tag.with_untracked(String::is_empty) {
        draft.tag.set("latest".to_owned());
    }
    let settled = RwSignal::new(draft.tag.get_untracked());
    let wait = Debounce::new(TYPING);
    Effect::new(move |before: Option<()>| {
        let tag = draft.tag.get().trim().to_owned();
        if before.is_some() {
            wait.run(move || settled.set(tag));
        }
    });
    let read = {
        let image = image.clone();
        Resource::new(
            move || (draft.engine.get(), settled.get()),
            move |(engine, tag)| config::on_engine(client.clone(), engine, format!("{image}:{tag}")),
        )
    };
    view! {
        <TextField label="Tag" name="tag" value=draft.tag mono=true autocomplete="off" placeholder="latest"/>
        <Loaded resource=read skeleton=|| view! { <SkeletonText lines=1/> } let:read>
            <Read read=read image=image.clone() draft=draft/>
        </Loaded>
    }
    .into_any()
}

/// Fills in the form with what was read, and says whether anything was.
#[component]
fn Read(read: Signal<Option<Config>>, image: String, draft: Draft) -> impl IntoView {
    Effect::new(move |_| {
        if let Some(config) = read.get() {
            draft.fill(&config, &image);
        }
    });
    let known = Memo::new(move |_| read.with(Option::is_some));
    let note = move || match known.get() {
        true => "Filled in below with what the image says of itself. What you change stays.",
        false => "It is not on this engine yet. What you leave empty below is filled in once it is pulled, and it starts with that.",
    };
    view! { <p class="field-hint" role="status">{note}</p> }.into_any()
}
