//! What is written in the form of a provider.

use std::collections::BTreeMap;

use leptos::prelude::*;

use crate::api::providers::{Ldap, Oidc, Provider, ProviderSettings};

pub(super) const OPENID: &str = "oidc";
pub(super) const DIRECTORY: &str = "ldap";

type Text = RwSignal<String>;

/// Each field of it.
#[derive(Clone, Copy)]
pub(super) struct Draft {
    pub name: Text,
    pub label: Text,
    pub kind: Text,
    pub secret: Text,
    pub ca: Text,
    pub preset: Text,
    pub issuer: Text,
    pub client_id: Text,
    pub scopes: Text,
    pub username_claim: Text,
    pub groups_claim: Text,
    pub second_factor: RwSignal<bool>,
    pub url: Text,
    pub bind_dn: Text,
    pub base_dn: Text,
    pub user_filter: Text,
    pub username_attribute: Text,
    pub id_attribute: Text,
    pub group_base_dn: Text,
    pub group_filter: Text,
    pub group_attribute: Text,
    pub nested: RwSignal<bool>,
    pub active_directory: RwSignal<bool>,
    /// Kept as it is: a file or a script says it, the form does not.
    plaintext: RwSignal<bool>,
    pub create_users: RwSignal<bool>,
    pub allowed_groups: Text,
    pub group_teams: Text,
    pub check_every_s: Text,
}

impl Draft {
    pub(super) fn new() -> Self {
        Self::from("", &ProviderSettings::default())
    }

    pub(super) fn of(provider: &Provider) -> Self {
        Self::from(&provider.name, &provider.settings)
    }

    fn from(name: &str, settings: &ProviderSettings) -> Self {
        let text = |text: &str| RwSignal::new(text.to_owned());
        let oidc = |of: fn(&Oidc) -> &str| text(settings.oidc.as_ref().map_or("", of));
        let ldap = |of: fn(&Ldap) -> &str| text(settings.ldap.as_ref().map_or("", of));
        let ticked = |of: fn(&Ldap) -> bool| RwSignal::new(settings.ldap.as_ref().is_some_and(of));
        let ca = settings.oidc.as_ref().map(|oidc| &oidc.ca).or(settings.ldap.as_ref().map(|ldap| &ldap.ca));
        let preset = settings.oidc.as_ref().map(|oidc| oidc.preset.as_str()).filter(|preset| !preset.is_empty());
        Self {
            name: text(name),
            label: text(&settings.label),
            kind: text(if settings.ldap.is_some() { DIRECTORY } else { OPENID }),
            secret: text(""),
            ca: text(ca.map_or("", String::as_str)),
            preset: text(preset.unwrap_or("generic")),
            issuer: oidc(|oidc| &oidc.issuer),
            client_id: oidc(|oidc| &oidc.client_id),
            scopes: text(&settings.oidc.as_ref().map(|oidc| oidc.scopes.join(" ")).unwrap_or_default()),
            username_claim: oidc(|oidc| &oidc.username_claim),
            groups_claim: oidc(|oidc| &oidc.groups_claim),
            second_factor: RwSignal::new(settings.oidc.as_ref().is_some_and(|oidc| oidc.second_factor)),
            url: ldap(|ldap| &ldap.url),
            bind_dn: ldap(|ldap| &ldap.bind_dn),
            base_dn: ldap(|ldap| &ldap.base_dn),
            user_filter: ldap(|ldap| &ldap.user_filter),
            username_attribute: ldap(|ldap| &ldap.username_attribute),
            id_attribute: ldap(|ldap| &ldap.id_attribute),
            group_base_dn: ldap(|ldap| &ldap.group_base_dn),
            group_filter: ldap(|ldap| &ldap.group_filter),
            group_attribute: ldap(|ldap| &ldap.group_attribute),
            nested: ticked(|ldap| ldap.nested),
            active_directory: ticked(|ldap| ldap.active_directory),
            plaintext: ticked(|ldap| ldap.plaintext),
            create_users: RwSignal::new(settings.create_users()),
            allowed_groups: text(&settings.allowed_groups.join("\n")),
            group_teams: text(&settings.group_teams.iter().map(|(group, team)| format!("{group} = {team}")).collect::<Vec<_>>().join("\n")),
            check_every_s: text(&settings.check_every_s.map(|seconds| seconds.to_string()).unwrap_or_default()),
        }
    }

    pub(super) fn is_directory(&self) -> bool {
        self.kind.with(|kind| kind == DIRECTORY)
    }

    /// What stands in it now, without the secret.
    pub(super) fn settings(&self) -> ProviderSettings {
        let read = |text: Text| text.with_untracked(|text| text.trim().to_owned());
        let directory = self.kind.with_untracked(|kind| kind == DIRECTORY);
        let oidc = || Oidc {
            preset: read(self.preset),
            issuer: read(self.issuer),
            client_id: read(self.client_id),
            scopes: self.scopes.with_untracked(|text| text.split_whitespace().map(str::to_owned).collect()),
            username_claim: read(self.username_claim),
            groups_claim: read(self.groups_claim),
            second_factor: self.second_factor.get_untracked(),
            ca: read(self.ca),
        };
        let ldap = || Ldap {
            url: read(self.url),
            bind_dn: read(self.bind_dn),
            base_dn: read(self.base_dn),
            user_filter: read(self.user_filter),
            username_attribute: read(self.username_attribute),
            id_attribute: read(self.id_attribute),
            group_base_dn: read(self.group_base_dn),
            group_filter: read(self.group_filter),
            group_attribute: read(self.group_attribute),
            nested: self.nested.get_untracked(),
            active_directory: self.active_directory.get_untracked(),
            ca: read(self.ca),
            plaintext: self.plaintext.get_untracked(),
        };
        ProviderSettings {
            label: read(self.label),
            oidc: (!directory).then(oidc),
            ldap: directory.then(ldap),
            create_users: (!self.create_users.get_untracked()).then_some(false),
            allowed_groups: self.allowed_groups.with_untracked(|text| lines(text).map(str::to_owned).collect()),
            group_teams: self.group_teams.with_untracked(|text| teams(text)),
            check_every_s: self.check_every_s.with_untracked(|text| text.trim().parse().ok()),
        }
    }

    /// The secret, if one is written.
    pub(super) fn new_secret(&self) -> Option<String> {
        self.secret.with_untracked(|secret| (!secret.is_empty()).then(|| secret.clone()))
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// `group = team`, one a line. A group's name may hold a `=`, a team's cannot.
fn teams(text: &str) -> BTreeMap<String, String> {
    let pairs = lines(text).filter_map(|line| line.rsplit_once('='));
    pairs
        .map(|(group, team)| (group.trim().to_owned(), team.trim().to_owned()))
        .filter(|(group, team)| !group.is_empty() && !team.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::teams;

    #[test]
    fn teams_are_read_by_line() {
        let read = teams("dev = developers\n cn=ops,dc=x = operations\n\nnothing\n = x\n");
        let pairs: Vec<_> = read.iter().map(|(group, team)| (group.as_str(), team.as_str())).collect();
        assert_eq!(pairs, [("cn=ops,dc=x", "operations"), ("dev", "developers")]);
    }
}
