//! What is written in the form of a registry.

use leptos::prelude::*;

use crate::api::registries::{Redirects, Registry, RegistryCredential, RegistryInput, RegistrySettings, RegistryUpdateInput};
use crate::pages::engines::{label_lines, read_labels};

pub(super) const FOLLOW: &str = "follow";
pub(super) const HAND_ON: &str = "hand_on";

type Text = RwSignal<String>;

/// Each field of it.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub name: Text,
    pub labels: Text,
    pub url: Text,
    pub plain_http: RwSignal<bool>,
    pub ca: Text,
    pub username: Text,
    pub secret: Text,
    /// Forget the credential that is kept.
    pub anonymous: RwSignal<bool>,
    pub redirects: Text,
    pub realm_hosts: Text,
}

impl Draft {
    pub(super) fn new() -> Self {
        let empty = || RwSignal::new(String::new());
        Self {
            name: empty(),
            labels: empty(),
            url: empty(),
            plain_http: RwSignal::new(false),
            ca: empty(),
            username: empty(),
            secret: empty(),
            anonymous: RwSignal::new(false),
            redirects: RwSignal::new(FOLLOW.to_owned()),
            realm_hosts: empty(),
        }
    }

    pub(super) fn of(registry: &Registry) -> Self {
        let (draft, settings) = (Self::new(), &registry.settings);
        draft.name.set(registry.name.clone());
        draft.labels.set(label_lines(&registry.labels));
        draft.url.set(settings.url.clone());
        draft.plain_http.set(settings.plain_http);
        draft.ca.set(settings.ca.clone());
        if settings.redirects == Redirects::HandOn {
            draft.redirects.set(HAND_ON.to_owned());
        }
        draft.realm_hosts.set(settings.realm_hosts.join("\n"));
        draft
    }

    fn settings(&self) -> RegistrySettings {
        let read = |text: Text| text.with_untracked(|text| text.trim().to_owned());
        RegistrySettings {
            url: read(self.url),
            plain_http: self.plain_http.get_untracked(),
            ca: read(self.ca),
            redirects: if self.redirects.with_untracked(|text| text == HAND_ON) { Redirects::HandOn } else { Redirects::Follow },
            realm_hosts: self.realm_hosts.with_untracked(|text| text.split_whitespace().map(str::to_owned).collect()),
        }
    }

    /// A new credential, if one is written: a name or a secret alone is sent too, and refused.
    fn credential(&self) -> Option<RegistryCredential> {
        let username = self.username.with_untracked(|text| text.trim().to_owned());
        let secret = self.secret.get_untracked();
        (!username.is_empty() || !secret.is_empty()).then_some(RegistryCredential { username, secret })
    }

    pub(super) fn input(&self) -> RegistryInput {
        RegistryInput {
            name: self.name.with_untracked(|name| name.trim().to_owned()),
            labels: self.labels.with_untracked(|text| read_labels(text)),
            settings: self.settings(),
            credential: self.credential(),
        }
    }

    pub(super) fn update(&self) -> RegistryUpdateInput {
        let RegistryInput { labels, settings, credential, .. } = self.input();
        RegistryUpdateInput { labels, settings, credential, anonymous: self.anonymous.get_untracked() }
    }
}
