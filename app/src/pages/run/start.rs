//! What "Start" does: the image is pulled unless it is there, what was left empty is filled in, and the container is made and started.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::config;
use super::form::{Draft, Wanted};
use super::up::Started;
use crate::api::containers::{ContainerCreate, ContainerInput};
use crate::api::engines::Engine;
use crate::client::Client;
use crate::pages::containers::lines;
use crate::pages::images::Job;
use crate::ui::Toasts;
use crate::widgets::Submit;

#[derive(Clone)]
pub(super) struct Starter {
    wanted: Wanted,
    draft: Draft,
    engines: Vec<Engine>,
    client: Client,
    toasts: Toasts,
    pub job: Job,
    pub submit: Submit,
    /// What was started last.
    pub started: RwSignal<Option<Started>>,
    /// The engine and the image that are being pulled for: the form may say others by the time it is done.
    aim: StoredValue<(String, String)>,
}

impl Starter {
    pub fn new(wanted: Wanted, draft: Draft, engines: Vec<Engine>) -> Self {
        let (client, toasts) = (Client::get(), Toasts::get());
        let (started, aim) = (RwSignal::new(None), StoredValue::default());
        Self { wanted, draft, engines, client, toasts, job: Job::new(), submit: Submit::new(), started, aim }
    }

    /// Starts it with what the form says now. `after` a pull comes [`Starter::go_on`].
    pub fn start(&self, after: Callback<()>) {
        let Some(engine) = self.draft.engine.try_get_untracked() else { return };
        let image = format!("{}:{}", self.wanted.image, self.draft.tag.get_untracked().trim());
        self.started.set(None);
        self.submit.problem.set(None);
        let this = self.clone();
        // What a registry has is pulled in any case: what its tag means now is what is run. So is what the form was filled in with.
        if this.wanted.place.is_some() {
            return this.pull(engine, image, after);
        }
        this.submit.busy.set(true);
        spawn_local(async move {
            let here = config::on_engine(this.client.clone(), engine.clone(), image.clone()).await;
            if this.submit.busy.try_set(false).is_some() {
                return;
            }
            match here {
                Ok(Some(_)) => this.make(engine, image),
                // If the list cannot be read, the pull says what is wrong.
                Ok(None) | Err(_) => this.pull(engine, image, after),
            }
        });
    }

    fn pull(&self, engine: String, image: String, after: Callback<()>) {
        self.job.image.set(image.clone());
        self.aim.set_value((engine.clone(), image));
        self.job.start(&self.client, &engine, self.toasts, after);
    }

    /// Reads what was pulled, fills in what was left empty, and goes on.
    pub fn go_on(&self) {
        let (this, (engine, image)) = (self.clone(), self.aim.get_value());
        self.submit.busy.set(true);
        spawn_local(async move {
            let read = config::pulled(this.client.clone(), engine.clone(), image.clone()).await;
            if this.submit.busy.try_set(false).is_some() {
                return;
            }
            match read {
                Ok(config) => {
                    this.draft.fill(&config, &this.wanted.image);
                    this.make(engine, image);
                }
                Err(problem) => this.submit.problem.set(Some(problem)),
            }
        });
    }

    fn make(&self, engine: String, image: String) {
        let text = |field: RwSignal<String>| field.get_untracked();
        let input = ContainerInput {
            name: text(self.draft.name).trim().to_owned(),
            image,
            ports: lines(&text(self.draft.ports)),
            volumes: lines(&text(self.draft.volumes)),
            env: lines(&text(self.draft.env)),
            labels: BTreeMap::new(),
            restart: "no".to_owned(),
            start: true,
            ..ContainerInput::default()
        };
        let url = self.engines.iter().find(|known| known.name == engine).map(|known| known.url.clone()).unwrap_or_default();
        let (started, toasts) = (self.started, self.toasts);
        self.submit.send::<ContainerCreate>(&[&engine.clone()], &input, move |made| {
            for warning in made.warnings {
                toasts.failed("The engine warns.", Some(warning));
            }
            started.set(Some(Started { engine, url, id: made.id }));
        });
    }
}
