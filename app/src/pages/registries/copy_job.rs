//! A copy of an image under way: what is copied, to where, and how far it is.

use leptos::prelude::*;

use super::address::is_digest;
use crate::api::Problem;
use crate::api::repositories::{CopyInput, CopyProgress, ManifestCopy};
use crate::client::{Client, LiveHandle};

/// What is copied.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Source {
    pub registry: String,
    pub repository: String,
    /// A tag or a digest.
    pub reference: String,
}

#[derive(Clone, PartialEq)]
pub(super) enum Phase {
    /// Nothing asked for yet.
    Idle,
    Running,
    Done,
    Failed(String),
}

/// It goes on when the dialog is closed, and ends with the page.
#[derive(Clone, Copy)]
pub(super) struct Job {
    pub phase: RwSignal<Phase>,
    pub source: RwSignal<Source>,
    pub registry: RwSignal<String>,
    pub repository: RwSignal<String>,
    pub tag: RwSignal<String>,
    pub referrers: RwSignal<bool>,
    pub overwrite: RwSignal<bool>,
    pub progress: RwSignal<CopyProgress>,
    handle: StoredValue<Option<LiveHandle>>,
}

impl Job {
    pub(super) fn new() -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            phase: RwSignal::new(Phase::Idle),
            source: RwSignal::default(),
            registry: text(),
            repository: text(),
            tag: text(),
            referrers: RwSignal::new(true),
            overwrite: RwSignal::new(false),
            progress: RwSignal::default(),
            handle: StoredValue::new(None),
        }
    }

    /// Asks for another one. While one is under way, it is that which is shown.
    pub(super) fn begin(self, source: Source) {
        if self.phase.get_untracked() == Phase::Running || (source == self.source.get_untracked() && self.failed()) {
            return;
        }
        self.phase.set(Phase::Idle);
        self.progress.set(CopyProgress::default());
        self.registry.set(source.registry.clone());
        self.repository.set(source.repository.clone());
        self.tag.set(if is_digest(&source.reference) { String::new() } else { source.reference.clone() });
        self.overwrite.set(false);
        self.source.set(source);
    }

    fn failed(self) -> bool {
        self.phase.with_untracked(|phase| matches!(phase, Phase::Failed(_)))
    }

    fn input(self) -> CopyInput {
        let read = |text: RwSignal<String>| text.with_untracked(|text| text.trim().to_owned());
        CopyInput {
            reference: self.source.with_untracked(|source| source.reference.clone()),
            to_registry: read(self.registry),
            to_repository: read(self.repository),
            to_tag: read(self.tag),
            referrers: self.referrers.get_untracked(),
            overwrite: self.overwrite.get_untracked(),
        }
    }

    /// Copies; `done` is called when it is there.
    pub(super) fn start(self, client: &Client, done: impl Fn() + 'static) {
        if self.phase.get_untracked() == Phase::Running {
            return;
        }
        self.progress.set(CopyProgress::default());
        self.phase.set(Phase::Running);
        let on_item = move |progress: CopyProgress| {
            let (error, is_done) = (progress.error.clone(), progress.digest.is_some());
            self.progress.set(progress);
            if let Some(why) = error {
                self.phase.set(Phase::Failed(why));
            } else if is_done {
                self.phase.set(Phase::Done);
                done();
            }
        };
        let on_end = move |end: Result<(), Problem>| {
            if self.phase.get_untracked() == Phase::Running {
                let why = end.err().map_or_else(|| "It broke off before the end.".to_owned(), |problem| problem.to_string());
                self.phase.set(Phase::Failed(why));
            }
        };
        let Source { registry, repository, .. } = self.source.get_untracked();
        let handle = client.live::<ManifestCopy>(&[&registry, &repository], &self.input(), on_item, on_end);
        self.handle.set_value(Some(handle));
    }

    /// It ends when nobody listens any more; what is there by then stays there.
    pub(super) fn cancel(self) {
        self.handle.set_value(None);
        self.phase.set(Phase::Idle);
    }
}
